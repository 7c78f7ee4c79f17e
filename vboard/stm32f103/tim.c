/* Timers 1 to 8 (RM0008 chapters 14, 15 and 17): the registers. */
#include "tim_registers.h"

#include <stddef.h>

static const uint32_t bases[TIMERS] = {0x40012C00, 0x40000000, 0x40000400, 0x40000800,
                                       0x40000C00, 0x40001000, 0x40001400, 0x40013400};

static void pins_changed(struct chip *chip)
{
    chip->board.pins_changed(chip->board.context);
    gpio_inputs_changed(chip);
}

static void unmodelled(struct chip *chip, unsigned timer, const char *reg, uint32_t value, const char *what)
{
    chip_violation(chip, SUSPICIOUS, "unmodelled", "TIM%u_%s = 0x%X: %s", timer + 1, reg, (unsigned)value,
                   what);
}

/* Registers */

static void check_CR1(struct chip *chip, unsigned timer, uint32_t value)
{
    const struct tim *tim = &chip->tim[timer];
    if (tim->CR1 & value & CR1_CEN && !(tim->CR1 & CR1_CMS) && value & CR1_CMS) {
        chip_violation(chip, FORBIDDEN, "tim-cms-while-on",
                       "TIM%u_CR1 = 0x%X: from edge-aligned to centre-aligned only with CEN off (RM0008 "
                       "14.4.1, 15.4.1)",
                       timer + 1, (unsigned)value);
    }
}

static void write_CR1(struct chip *chip, unsigned timer, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    check_CR1(chip, timer, value);
    if (value & CR1_CMS) {
        value = (value & ~(uint32_t)CR1_DIR) | (tim->CR1 & CR1_DIR); /* read-only then */
    }
    bool was_counting = tim_is_counting(tim);
    bool was_on = tim->CR1 & CR1_CEN;
    tim->CR1 = (value & ~(uint32_t)CR1_CEN) | (tim->CR1 & CR1_CEN);
    if (!(value & CR1_ARPE)) {
        tim->ARR_now = tim->ARR;
    }
    if (was_on != (bool)(value & CR1_CEN)) {
        tim->CR1 ^= CR1_CEN;
    }
    if (was_counting != tim_is_counting(tim)) {
        tim->since = chip_now(chip) - tim->since;
    }
}

static void write_SMCR(struct chip *chip, unsigned timer, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    bool was_counting = tim_is_counting(tim);
    tim->SMCR = value;
    if (value & (SMCR_SMS | SMCR_ECE)) {
        unmodelled(chip, timer, "SMCR", value,
                   "slave modes and external clocks (RM0008 14.3.19, 15.3.14) are not "
                   "modelled, no trigger ever comes");
    }
    if (was_counting != tim_is_counting(tim)) {
        tim->since = chip_now(chip) - tim->since;
    }
}

/* By software; CNT starts anew, the prescaler with it (15.4.6 UG). */
static void generate_update(struct chip *chip, unsigned timer)
{
    struct tim *tim = &chip->tim[timer];
    if (!(tim->CR1 & CR1_UDIS)) {
        tim_load(tim);
    }
    tim->CNT = tim_counts_down(tim) && !tim_is_centred(tim) ? tim->ARR_now : 0;
    if (tim_is_centred(tim)) {
        tim->CR1 &= ~(uint32_t)CR1_DIR;
    }
    tim->since = tim_is_counting(tim) ? chip_now(chip) : 0;
    if (!(tim->CR1 & (CR1_URS | CR1_UDIS))) {
        tim_raise(chip, timer, UIF);
    }
}

static void write_EGR(struct chip *chip, unsigned timer, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    if (value & UG) {
        generate_update(chip, timer);
    }
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        if (value & CC1G << i) {
            if (tim_channel_is_output(tim, i)) {
                tim_raise(chip, timer, CC1IF << i);
            } else {
                tim_capture(chip, timer, i);
            }
        }
    }
    if (value & BG && tim_is_advanced(timer)) {
        tim->BDTR &= ~(uint32_t)BDTR_MOE;
    }
    uint32_t known = TG | (tim_is_advanced(timer) ? COMG | BG : 0);
    tim_raise(chip, timer, value & known);
}

static void write_CCMR(struct chip *chip, unsigned timer, unsigned half, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    for (unsigned i = 0; i < 2; i++) {
        unsigned channel = 2 * half + i;
        uint32_t mode = value >> 8 * i & 0xFF, before = tim_channel_mode(tim, channel);
        if ((mode ^ before) & 3 && tim_channel_enables(tim, channel) & CCER_CCE) {
            chip_violation(chip, SUSPICIOUS, "tim-ccs-while-on",
                           "TIM%u_CCMR%u = 0x%X: CC%uS is writable only while CC%uE is 0 (RM0008 14.4.7, "
                           "15.4.7)",
                           timer + 1, half + 1, (unsigned)value, channel + 1, channel + 1);
            value = (value & ~(3u << 8 * i)) | (before & 3) << 8 * i;
        }
        uint32_t output = mode >> 4 & 7;
        if ((mode & 3) == CCS_OUTPUT && (output == OC_FORCE_LOW || output == OC_FORCE_HIGH)) {
            uint8_t bit = (uint8_t)(1u << channel);
            tim->references =
                output == OC_FORCE_HIGH ? tim->references | bit : tim->references & (uint8_t)~bit;
        }
        if (!(mode & CCMR_OCPE) && (mode & 3) == CCS_OUTPUT) {
            tim->CCR_now[channel] = tim->CCR[channel];
        }
    }
    tim->CCMR[half] = value;
    tim->inputs = tim_input_levels(chip, timer);
}

static void write_CCR(struct chip *chip, unsigned timer, unsigned channel, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    if (!tim_channel_is_output(tim, channel)) {
        chip_violation(chip, SUSPICIOUS, "read-only-register",
                       "TIM%u_CCR%u = 0x%X: read-only while the channel is an input (RM0008 15.4.13)",
                       timer + 1, channel + 1, (unsigned)value);
        return;
    }
    tim->CCR[channel] = value;
    if (!(tim_channel_mode(tim, channel) & CCMR_OCPE)) {
        tim->CCR_now[channel] = value;
    }
}

static void write_BDTR(struct chip *chip, unsigned timer, uint32_t value)
{
    if (value & (BDTR_LOCK | BDTR_BKE)) {
        unmodelled(chip, timer, "BDTR", value, "break input and LOCK (RM0008 14.4.18) are not modelled");
    }
    chip->tim[timer].BDTR = value;
}

static void write_ARR(struct chip *chip, unsigned timer, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    bool was_counting = tim_is_counting(tim);
    tim->ARR = value;
    if (!(tim->CR1 & CR1_ARPE)) {
        tim->ARR_now = value;
    }
    if (was_counting != tim_is_counting(tim)) {
        tim->since = chip_now(chip) - tim->since;
    }
}

static uint32_t *plain_register(struct tim *tim, uint32_t offset)
{
    switch (offset) {
    case CR2: return &tim->CR2;
    case DIER: return &tim->DIER;
    case CCER: return &tim->CCER;
    case CNT: return &tim->CNT;
    case PSC: return &tim->PSC;
    case RCR: return &tim->RCR;
    case DCR: return &tim->DCR;
    default: return NULL;
    }
}

/* DMAR stands for the register that DCR and the accesses so far say; the next request follows at once. */
static uint32_t burst_offset(struct chip *chip, unsigned timer)
{
    struct tim *tim = &chip->tim[timer];
    uint32_t base = tim->DCR & 0x1F, length = tim->DCR >> 8 & 0x1F;
    uint32_t offset = 4 * (base + tim->burst);
    bool more = tim->burst < length;
    tim->burst = more ? (uint8_t)(tim->burst + 1) : 0;
    if (more) {
        tim_request_dma(chip, timer, tim->DIER >> DMA_SHIFT & (UIF | CC_FLAGS));
    }
    return offset;
}

static void write_register(struct chip *chip, unsigned timer, uint32_t offset, uint32_t value)
{
    struct tim *tim = &chip->tim[timer];
    switch (offset) {
    case CR1: write_CR1(chip, timer, value); break;
    case SMCR: write_SMCR(chip, timer, value); break;
    case SR:
        tim->SR &= value;
        tim_update_irqs(chip, timer);
        break;
    case EGR: write_EGR(chip, timer, value); break;
    case CCMR1:
    case CCMR2: write_CCMR(chip, timer, (offset - CCMR1) / 4, value); break;
    case ARR: write_ARR(chip, timer, value); break;
    case BDTR: write_BDTR(chip, timer, value); break;
    default: {
        uint32_t *plain = plain_register(tim, offset);
        if (plain) {
            *plain = value;
            tim_update_irqs(chip, timer);
        } else if (offset >= CCR1 && offset <= CCR4) {
            write_CCR(chip, timer, (offset - CCR1) / 4, value);
        }
        break;
    }
    }
}

void tim_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned timer = offset / INSTANCE_SIZE;
    struct tim *tim = &chip->tim[timer];
    offset %= INSTANCE_SIZE;
    tim_settle(chip, timer);
    tim->polled = false;
    bool drives = tim->CCER != 0;
    if (offset == DMAR) {
        offset = burst_offset(chip, timer);
    }
    write_register(chip, timer, offset, value & 0xFFFF);
    tim_plan(chip, timer);
    if (drives || tim->CCER != 0) {
        pins_changed(chip);
    }
}

static uint32_t read_register(struct chip *chip, unsigned timer, uint32_t offset)
{
    struct tim *tim = &chip->tim[timer];
    switch (offset) {
    case CR1: return tim->CR1;
    case SMCR: return tim->SMCR;
    case SR: return tim->SR;
    case CCMR1:
    case CCMR2: return tim->CCMR[(offset - CCMR1) / 4];
    case ARR: return tim->ARR;
    case BDTR: return tim->BDTR;
    default: {
        const uint32_t *plain = plain_register(tim, offset);
        return plain ? *plain : offset >= CCR1 && offset <= CCR4 ? tim->CCR[(offset - CCR1) / 4] : 0;
    }
    }
}

/* Reading a captured value clears its flag (15.4.5 CC1IF). */
static void captured_value_read(struct chip *chip, unsigned timer, unsigned channel)
{
    struct tim *tim = &chip->tim[timer];
    if (!tim_channel_is_output(tim, channel) && tim->SR & CC1IF << channel) {
        tim->SR &= ~(CC1IF << channel);
        tim_update_irqs(chip, timer);
        chip->cpu.side_effects++;
    }
}

uint32_t tim_read(struct chip *chip, uint32_t offset)
{
    unsigned timer = offset / INSTANCE_SIZE;
    struct tim *tim = &chip->tim[timer];
    offset %= INSTANCE_SIZE;
    tim_settle(chip, timer);
    if (offset == CNT && tim_is_counting(tim)) {
        chip->cpu.side_effects++;
    }
    if ((offset == SR || offset == CR1) && !tim->polled) {
        tim->polled = true;
        chip->cpu.side_effects++;
    }
    if (offset == DMAR) {
        offset = burst_offset(chip, timer);
    }
    uint32_t value = read_register(chip, timer, offset);
    if (offset >= CCR1 && offset <= CCR4) {
        captured_value_read(chip, timer, (offset - CCR1) / 4);
    }
    tim_plan(chip, timer);
    return value;
}

void tim_clock_changed(struct chip *chip)
{
    ticks now = chip_now(chip);
    for (unsigned timer = 0; timer < TIMERS; timer++) {
        struct tim *tim = &chip->tim[timer];
        ticks clock = rcc_timer_clock(chip, bases[timer]);
        if (clock == tim->clock) {
            continue;
        }
        tim_settle(chip, timer);
        bool was_counting = tim_is_counting(tim);
        ticks had = was_counting ? now - tim->since : tim->since;
        if (tim->clock != 0 && clock != 0) {
            had = had / tim->clock * clock;
        }
        tim->clock = clock;
        tim->since = tim_is_counting(tim) ? now - had : had;
        tim_plan(chip, timer);
    }
}

void tim_replan(struct chip *chip)
{
    for (unsigned timer = 0; timer < TIMERS; timer++) {
        if (chip->tim[timer].CCER != 0) {
            tim_settle(chip, timer);
            tim_plan(chip, timer);
        }
    }
}

void tim_reset(struct chip *chip, unsigned timer)
{
    struct tim *tim = &chip->tim[timer];
    bool drove = tim->CCER != 0;
    *tim = (struct tim){.ARR = COUNTS - 1, .ARR_now = COUNTS - 1, .clock = tim->clock};
    tim_update_irqs(chip, timer);
    chip_schedule(chip, (enum event)(EVENT_TIM + timer), TICKS_NEVER);
    if (drove) {
        pins_changed(chip);
    }
}
