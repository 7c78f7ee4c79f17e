/*
 * The two DAC channels (RM0008 chapter 12): holding and output registers, triggers, noise and triangle, DMA.
 * An output register takes its value at once, not one or three cycles of APB1 later. What it makes is seen
 * by the ADCs on PA4 and PA5.
 */
#include "base/pin.h"
#include "tim_registers.h"

enum { DAC_CR = 0x00, SWTRIGR = 0x04, DHR12R1 = 0x08, DHR12R2 = 0x14, DHR12RD = 0x20, DHR12LD = 0x24 };
enum { DHR8RD = 0x28, DOR1 = 0x2C, CHANNEL_REGISTERS = 12 };
enum { RIGHT_12, LEFT_12, RIGHT_8 };
/* A channel's half of CR. */
enum {
    HALF = 16,
    CR_EN = 1 << 0,
    CR_TEN = 1 << 2,
    CR_TSEL_SHIFT = 3,
    CR_TSEL = 7,
    CR_WAVE_SHIFT = 6,
    CR_WAVE = 3,
    CR_MAMP_SHIFT = 8,
    CR_MAMP = 0xF,
    CR_DMAEN = 1 << 12
};
enum { TSEL_EXTI9 = 6, TSEL_SOFTWARE = 7, WAVE_NONE = 0, WAVE_NOISE = 1, FULL_SCALE = 0xFFF };
enum { LFSR_START = 0xAAA, LFSR_TOP = 1 << 11 };

static uint32_t control(const struct chip *chip, unsigned channel)
{
    return chip->dac.CR >> HALF * channel;
}

static unsigned trigger_of(const struct chip *chip, unsigned channel)
{
    return control(chip, channel) >> CR_TSEL_SHIFT & CR_TSEL;
}

static bool is_triggered(const struct chip *chip, unsigned channel)
{
    return (control(chip, channel) & (CR_EN | CR_TEN)) == (CR_EN | CR_TEN);
}

int dac_output(const struct chip *chip, uint8_t pin)
{
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        if (pin == BOARD_PIN('A', 4 + i) && control(chip, i) & CR_EN)
            return chip->dac.channel[i].DOR;
    }
    return -1;
}

/* Waves (12.3.8, 12.3.9) */

static uint32_t amplitude(uint32_t CR_value)
{
    uint32_t mask = (2u << (CR_value >> CR_MAMP_SHIFT & CR_MAMP)) - 1;
    return mask > FULL_SCALE ? FULL_SCALE : mask;
}

/* Shifted right; bits 0, 1, 4 and 6 make the new one, and all zeros a one (figure 46). */
static void step_noise(struct dac_channel *channel)
{
    unsigned lfsr = channel->LFSR;
    bool one = (lfsr ^ lfsr >> 1 ^ lfsr >> 4 ^ lfsr >> 6) & 1 || lfsr == 0;
    channel->LFSR = (uint16_t)(lfsr >> 1 | (one ? LFSR_TOP : 0));
}

static void step_triangle(struct dac_channel *channel, uint32_t top)
{
    if (channel->triangle >= top)
        channel->falls = true;
    else if (channel->triangle == 0)
        channel->falls = false;
    channel->triangle = (uint16_t)(channel->falls ? channel->triangle - 1 : channel->triangle + 1);
}

/* Added without overflow. */
static void load_output(struct chip *chip, unsigned n)
{
    struct dac_channel *channel = &chip->dac.channel[n];
    uint32_t CR_value = control(chip, n), wave = CR_value >> CR_WAVE_SHIFT & CR_WAVE, value = channel->DHR;
    if (is_triggered(chip, n) && wave == WAVE_NOISE) {
        value += channel->LFSR & amplitude(CR_value);
        step_noise(channel);
    } else if (is_triggered(chip, n) && wave != WAVE_NONE) {
        value += channel->triangle;
        step_triangle(channel, amplitude(CR_value));
    }
    channel->DOR = (uint16_t)(value > FULL_SCALE ? FULL_SCALE : value);
}

/* Triggers (12.3.6) */

static void trigger(struct chip *chip, unsigned n)
{
    static const uint8_t dma_line[DAC_CHANNELS] = {DMA2_CHANNEL + 3, DMA2_CHANNEL + 4};
    load_output(chip, n);
    if (control(chip, n) & CR_DMAEN && trigger_of(chip, n) != TSEL_SOFTWARE)
        dma_request(chip, dma_line[n], true);
    chip->cpu.side_effects++;
}

/* Table 74: TRGO of these timers. */
static bool listens_to(const struct chip *chip, unsigned n, unsigned timer)
{
    static const uint8_t timers[] = {TIM6, TIM8, TIM7, TIM5, TIM2, TIM4};
    unsigned from = trigger_of(chip, n);
    return is_triggered(chip, n) && from < TSEL_EXTI9 && timers[from] == timer;
}

uint32_t dac_awaits(const struct chip *chip, unsigned timer)
{
    bool any = false;
    for (unsigned i = 0; i < DAC_CHANNELS; i++)
        any |= listens_to(chip, i, timer);
    return any ? tim_trigger_output(&chip->tim[timer]) : 0;
}

void dac_trigger(struct chip *chip, unsigned timer, uint32_t flags)
{
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        if (listens_to(chip, i, timer) && flags & tim_trigger_output(&chip->tim[timer]))
            trigger(chip, i);
    }
}

void dac_exti(struct chip *chip, uint32_t lines)
{
    enum { LINE_9 = 1 << 9 };
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        if (lines & LINE_9 && is_triggered(chip, i) && trigger_of(chip, i) == TSEL_EXTI9)
            trigger(chip, i);
    }
}

/* Registers */

/* Timers are asked for the moments that trigger from now on. */
static void write_CR(struct chip *chip, uint32_t value)
{
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_settle(chip, timer);
    chip->dac.CR = value;
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        struct dac_channel *channel = &chip->dac.channel[i];
        if ((control(chip, i) >> CR_WAVE_SHIFT & CR_WAVE) <= WAVE_NOISE)
            channel->triangle = 0;
        if ((control(chip, i) >> CR_WAVE_SHIFT & CR_WAVE) != WAVE_NOISE)
            channel->LFSR = LFSR_START;
    }
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_plan(chip, timer);
}

static void write_SWTRIGR(struct chip *chip, uint32_t value)
{
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        if (value >> i & 1 && is_triggered(chip, i) && trigger_of(chip, i) == TSEL_SOFTWARE)
            trigger(chip, i);
    }
}

/* Without a trigger the output follows. */
static void hold(struct chip *chip, unsigned n, uint32_t value)
{
    chip->dac.channel[n].DHR = (uint16_t)(value & FULL_SCALE);
    if (!(control(chip, n) & CR_TEN))
        load_output(chip, n);
}

static uint32_t from_form(unsigned form, uint32_t value)
{
    return form == RIGHT_12 ? value : form == LEFT_12 ? value >> 4 : (value & 0xFF) << 4;
}

static uint32_t to_form(unsigned form, uint32_t value)
{
    return form == RIGHT_12 ? value : form == LEFT_12 ? value << 4 : value >> 4;
}

static unsigned dual_shift(uint32_t offset)
{
    return offset == DHR8RD ? 8 : HALF;
}

void dac_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned form = (offset - DHR12R1) / 4 % 3;
    if (offset == DAC_CR) {
        write_CR(chip, value);
    } else if (offset == SWTRIGR) {
        write_SWTRIGR(chip, value);
    } else if (offset < DHR12RD) {
        hold(chip, (offset - DHR12R1) / CHANNEL_REGISTERS, from_form(form, value));
    } else {
        hold(chip, 0, from_form(form, value));
        hold(chip, 1, from_form(form, value >> dual_shift(offset)));
    }
}

uint32_t dac_read(struct chip *chip, uint32_t offset)
{
    const struct dac_channel *channel = chip->dac.channel;
    unsigned form = (offset - DHR12R1) / 4 % 3;
    if (offset == DAC_CR)
        return chip->dac.CR;
    if (offset >= DOR1)
        return channel[(offset - DOR1) / 4].DOR;
    if (offset < DHR12RD)
        return to_form(form, channel[(offset - DHR12R1) / CHANNEL_REGISTERS].DHR);
    return to_form(form, channel[0].DHR) | to_form(form, channel[1].DHR) << dual_shift(offset);
}

void dac_reset(struct chip *chip)
{
    chip->dac = (struct dac){.channel = {{.LFSR = LFSR_START}, {.LFSR = LFSR_START}}};
}
