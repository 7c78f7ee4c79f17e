/*
 * The two DAC channels (RM0008 chapter 12): holding and output registers, triggers, noise and triangle, DMA.
 * An output register takes its value at once, not one or three cycles of APB1 later. What it makes is seen
 * by the ADCs on PA4 and PA5.
 */
#include "dac_v1.h"

#include "chip/chip.h"

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
enum { TSEL_SOFTWARE = 7, WAVE_NONE = 0, WAVE_NOISE = 1, FULL_SCALE = 0xFFF };
enum { LFSR_START = 0xAAA, LFSR_TOP = 1 << 11 };

enum { DAC_CHANNELS = 2 };
struct dac_channel {
    uint16_t DHR, DOR;
    uint16_t LFSR, triangle;
    bool falls; /* the triangle */
};

struct dac {
    uint32_t CR;
    struct dac_channel channel[DAC_CHANNELS];
};

static inline struct dac *dac_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xE000E000},      AT(0x04) = {"SWTRIGR", WRITE_ONLY, 0xFFFFFFFC},
    AT(0x08) = {"DHR12R1", RW | STABLE, 0xFFFFF000}, AT(0x0C) = {"DHR12L1", RW | STABLE, 0xFFFF000F},
    AT(0x10) = {"DHR8R1", RW | STABLE, 0xFFFFFF00},  AT(0x14) = {"DHR12R2", RW | STABLE, 0xFFFFF000},
    AT(0x18) = {"DHR12L2", RW | STABLE, 0xFFFF000F}, AT(0x1C) = {"DHR8R2", RW | STABLE, 0xFFFFFF00},
    AT(0x20) = {"DHR12RD", RW | STABLE, 0xF000F000}, AT(0x24) = {"DHR12LD", RW | STABLE, 0x000F000F},
    AT(0x28) = {"DHR8RD", RW | STABLE, 0xFFFF0000},  AT(0x2C) = {"DOR1", READ_ONLY | STABLE, 0},
    AT(0x30) = {"DOR2", READ_ONLY | STABLE, 0},
};

static uint32_t control(const struct device *device, unsigned channel)
{
    return dac_of(device)->CR >> HALF * channel;
}

static unsigned trigger_of(const struct device *device, unsigned channel)
{
    return control(device, channel) >> CR_TSEL_SHIFT & CR_TSEL;
}

static bool is_triggered(const struct device *device, unsigned channel)
{
    return (control(device, channel) & (CR_EN | CR_TEN)) == (CR_EN | CR_TEN);
}

static int pin_analog(const struct device *device, unsigned signal)
{
    return control(device, signal) & CR_EN ? dac_of(device)->channel[signal].DOR : -1;
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
static void load_output(struct device *device, unsigned n)
{
    struct dac_channel *channel = &dac_of(device)->channel[n];
    uint32_t CR_value = control(device, n), wave = CR_value >> CR_WAVE_SHIFT & CR_WAVE, value = channel->DHR;
    if (is_triggered(device, n) && wave == WAVE_NOISE) {
        value += channel->LFSR & amplitude(CR_value);
        step_noise(channel);
    } else if (is_triggered(device, n) && wave != WAVE_NONE) {
        value += channel->triangle;
        step_triangle(channel, amplitude(CR_value));
    }
    channel->DOR = (uint16_t)(value > FULL_SCALE ? FULL_SCALE : value);
}

/* Triggers (12.3.6) */

static void trigger(struct device *device, unsigned n)
{
    load_output(device, n);
    if (control(device, n) & CR_DMAEN && trigger_of(device, n) != TSEL_SOFTWARE)
        device_drive(device, DAC_V1_DMA1 + n, true);
    device_changed(device);
}

/* The inputs are in the order of TSEL. */
static void line(struct device *device, unsigned input, bool level)
{
    for (unsigned i = 0; level && i < DAC_CHANNELS; i++)
        if (is_triggered(device, i) && trigger_of(device, i) == input)
            trigger(device, i);
}

/* Registers */

/* What triggers from now on. */
static void listen(struct device *device, uint32_t CR_value)
{
    uint64_t inputs = 0;
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        uint32_t half = CR_value >> HALF * i;
        if ((half & (CR_EN | CR_TEN)) == (CR_EN | CR_TEN))
            inputs |= 1ull << (half >> CR_TSEL_SHIFT & CR_TSEL);
    }
    device_listen(device, inputs);
}

static void write_CR(struct device *device, uint32_t value)
{
    listen(device, value);
    dac_of(device)->CR = value;
    for (unsigned i = 0; i < DAC_CHANNELS; i++) {
        struct dac_channel *channel = &dac_of(device)->channel[i];
        if ((control(device, i) >> CR_WAVE_SHIFT & CR_WAVE) <= WAVE_NOISE)
            channel->triangle = 0;
        if ((control(device, i) >> CR_WAVE_SHIFT & CR_WAVE) != WAVE_NOISE)
            channel->LFSR = LFSR_START;
    }
}

static void write_SWTRIGR(struct device *device, uint32_t value)
{
    for (unsigned i = 0; i < DAC_CHANNELS; i++)
        if (value >> i & 1 && is_triggered(device, i) && trigger_of(device, i) == TSEL_SOFTWARE)
            trigger(device, i);
}

/* Without a trigger the output follows. */
static void hold(struct device *device, unsigned n, uint32_t value)
{
    dac_of(device)->channel[n].DHR = (uint16_t)(value & FULL_SCALE);
    if (!(control(device, n) & CR_TEN))
        load_output(device, n);
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

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    unsigned form = (offset - DHR12R1) / 4 % 3;
    if (offset == DAC_CR) {
        write_CR(device, value);
    } else if (offset == SWTRIGR) {
        write_SWTRIGR(device, value);
    } else if (offset < DHR12RD) {
        hold(device, (offset - DHR12R1) / CHANNEL_REGISTERS, from_form(form, value));
    } else {
        hold(device, 0, from_form(form, value));
        hold(device, 1, from_form(form, value >> dual_shift(offset)));
    }
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct dac_channel *channel = dac_of(device)->channel;
    unsigned form = (offset - DHR12R1) / 4 % 3;
    if (offset == DAC_CR)
        return dac_of(device)->CR;
    if (offset >= DOR1)
        return channel[(offset - DOR1) / 4].DOR;
    if (offset < DHR12RD)
        return to_form(form, channel[(offset - DHR12R1) / CHANNEL_REGISTERS].DHR);
    return to_form(form, channel[0].DHR) | to_form(form, channel[1].DHR) << dual_shift(offset);
}

static void reset(struct device *device)
{
    listen(device, 0);
    *dac_of(device) = (struct dac){.channel = {{.LFSR = LFSR_START}, {.LFSR = LFSR_START}}};
}

const struct device_class dac_v1_class = {
    .state = sizeof(struct dac),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .read = read,
    .write = write,
    .reset = reset,
    .line = line,
    .pin_analog = pin_analog,
};
