/* Timers 1 to 8 (RM0008 chapters 14, 15 and 17): the registers. */
#include "private.h"

#include <stddef.h>

void tim_tell_pins(struct device *device)
{
    chip_outputs_changed(device_chip(device));
    chip_inputs_changed(device_chip(device));
}

static void unmodelled(struct device *device, const char *reg, uint32_t value, const char *what)
{
    device_violation(device, SUSPICIOUS, "unmodelled", "%s_%s = 0x%X: %s", device_name(device), reg,
                     (unsigned)value, what);
}

/* Registers */

static void check_CR1(struct device *device, uint32_t value)
{
    const struct tim *tim = tim_of(device);
    if (tim->CR1 & value & CR1_CEN && !(tim->CR1 & CR1_CMS) && value & CR1_CMS) {
        device_violation(device, FORBIDDEN, "tim-cms-while-on",
                         "%s_CR1 = 0x%X: from edge-aligned to centre-aligned only with CEN off (RM0008 "
                         "14.4.1, 15.4.1)",
                         device_name(device), (unsigned)value);
    }
}

static void write_CR1(struct device *device, uint32_t value)
{
    struct tim *tim = tim_of(device);
    check_CR1(device, value);
    if (value & CR1_CMS)
        value = (value & ~(uint32_t)CR1_DIR) | (tim->CR1 & CR1_DIR); /* read-only then */
    bool was_counting = tim_is_counting(tim);
    bool was_on = tim->CR1 & CR1_CEN;
    tim->CR1 = (value & ~(uint32_t)CR1_CEN) | (tim->CR1 & CR1_CEN);
    if (!(value & CR1_ARPE))
        tim->ARR_now = tim->ARR;
    if (was_on != (bool)(value & CR1_CEN))
        tim->CR1 ^= CR1_CEN;
    if (was_counting != tim_is_counting(tim))
        tim->since = device_now(device) - tim->since;
}

static void write_SMCR(struct device *device, uint32_t value)
{
    struct tim *tim = tim_of(device);
    bool was_counting = tim_is_counting(tim);
    tim->SMCR = value;
    if (value & (SMCR_SMS | SMCR_ECE)) {
        unmodelled(device, "SMCR", value,
                   "slave modes and external clocks (RM0008 14.3.19, 15.3.14) are not "
                   "modelled, no trigger ever comes");
    }
    if (was_counting != tim_is_counting(tim))
        tim->since = device_now(device) - tim->since;
}

/* By software; CNT starts anew, the prescaler with it (15.4.6 UG). */
static void generate_update(struct device *device)
{
    struct tim *tim = tim_of(device);
    if (!(tim->CR1 & CR1_UDIS))
        tim_load(tim);
    tim->CNT = tim_counts_down(tim) && !tim_is_centred(tim) ? tim->ARR_now : 0;
    if (tim_is_centred(tim))
        tim->CR1 &= ~(uint32_t)CR1_DIR;
    tim->since = tim_is_counting(tim) ? device_now(device) : 0;
    if (!(tim->CR1 & (CR1_URS | CR1_UDIS)))
        tim_raise(device, UIF);
}

static void write_EGR(struct device *device, uint32_t value)
{
    struct tim *tim = tim_of(device);
    if (value & UG)
        generate_update(device);
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        if (value & CC1G << i) {
            if (tim_channel_is_output(tim, i))
                tim_raise(device, CC1IF << i);
            else
                tim_capture(device, i);
        }
    }
    if (value & BG && tim_is_advanced(device))
        tim->BDTR &= ~(uint32_t)BDTR_MOE;
    uint32_t known = TG | (tim_is_advanced(device) ? COMG | BG : 0);
    tim_raise(device, value & known);
}

static void write_CCMR(struct device *device, unsigned half, uint32_t value)
{
    struct tim *tim = tim_of(device);
    for (unsigned i = 0; i < 2; i++) {
        unsigned channel = 2 * half + i;
        uint32_t mode = value >> 8 * i & 0xFF, before = tim_channel_mode(tim, channel);
        if ((mode ^ before) & 3 && tim_channel_enables(tim, channel) & CCER_CCE) {
            device_violation(device, SUSPICIOUS, "tim-ccs-while-on",
                             "%s_CCMR%u = 0x%X: CC%uS is writable only while CC%uE is 0 (RM0008 14.4.7, "
                             "15.4.7)",
                             device_name(device), half + 1, (unsigned)value, channel + 1, channel + 1);
            value = (value & ~(3u << 8 * i)) | (before & 3) << 8 * i;
        }
        uint32_t output = mode >> 4 & 7;
        if ((mode & 3) == CCS_OUTPUT && (output == OC_FORCE_LOW || output == OC_FORCE_HIGH)) {
            uint8_t bit = (uint8_t)(1u << channel);
            tim->references =
                output == OC_FORCE_HIGH ? tim->references | bit : tim->references & (uint8_t)~bit;
        }
        if (!(mode & CCMR_OCPE) && (mode & 3) == CCS_OUTPUT)
            tim->CCR_now[channel] = tim->CCR[channel];
    }
    tim->CCMR[half] = value;
    tim->inputs = tim_input_levels(device);
}

static void write_CCR(struct device *device, unsigned channel, uint32_t value)
{
    struct tim *tim = tim_of(device);
    if (!tim_channel_is_output(tim, channel)) {
        device_violation(device, SUSPICIOUS, "read-only-register",
                         "%s_CCR%u = 0x%X: read-only while the channel is an input (RM0008 15.4.13)",
                         device_name(device), channel + 1, (unsigned)value);
        return;
    }
    tim->CCR[channel] = value;
    if (!(tim_channel_mode(tim, channel) & CCMR_OCPE))
        tim->CCR_now[channel] = value;
}

static void write_BDTR(struct device *device, uint32_t value)
{
    if (value & (BDTR_LOCK | BDTR_BKE))
        unmodelled(device, "BDTR", value, "break input and LOCK (RM0008 14.4.18) are not modelled");
    tim_of(device)->BDTR = value;
}

static void write_ARR(struct device *device, uint32_t value)
{
    struct tim *tim = tim_of(device);
    bool was_counting = tim_is_counting(tim);
    tim->ARR = value;
    if (!(tim->CR1 & CR1_ARPE))
        tim->ARR_now = value;
    if (was_counting != tim_is_counting(tim))
        tim->since = device_now(device) - tim->since;
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
static uint32_t burst_offset(struct device *device)
{
    struct tim *tim = tim_of(device);
    uint32_t base = tim->DCR & 0x1F, length = tim->DCR >> 8 & 0x1F;
    uint32_t offset = 4 * (base + tim->burst);
    bool more = tim->burst < length;
    tim->burst = more ? (uint8_t)(tim->burst + 1) : 0;
    if (more)
        tim_request_dma(device, tim->DIER >> DMA_SHIFT & (UIF | CC_FLAGS));
    return offset;
}

static void write_register(struct device *device, uint32_t offset, uint32_t value)
{
    struct tim *tim = tim_of(device);
    switch (offset) {
    case CR1: write_CR1(device, value); break;
    case SMCR: write_SMCR(device, value); break;
    case SR:
        tim->SR &= value;
        tim_update_irqs(device);
        break;
    case EGR: write_EGR(device, value); break;
    case CCMR1:
    case CCMR2: write_CCMR(device, (offset - CCMR1) / 4, value); break;
    case ARR: write_ARR(device, value); break;
    case BDTR: write_BDTR(device, value); break;
    default: {
        uint32_t *plain = plain_register(tim, offset);
        if (plain) {
            *plain = value;
            tim_update_irqs(device);
        } else if (offset >= CCR1 && offset <= CCR4) {
            write_CCR(device, (offset - CCR1) / 4, value);
        }
        break;
    }
    }
}

void tim_write(struct device *device, uint32_t offset, uint32_t value)
{
    struct tim *tim = tim_of(device);
    tim_settle(device);
    tim->polled = false;
    bool drives = tim->CCER != 0;
    if (offset == DMAR)
        offset = burst_offset(device);
    write_register(device, offset, value & 0xFFFF);
    tim_plan(device);
    if (drives || tim->CCER != 0)
        tim_tell_pins(device);
}

static uint32_t read_register(struct device *device, uint32_t offset)
{
    struct tim *tim = tim_of(device);
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
static void captured_value_read(struct device *device, unsigned channel)
{
    struct tim *tim = tim_of(device);
    if (!tim_channel_is_output(tim, channel) && tim->SR & CC1IF << channel) {
        tim->SR &= ~(CC1IF << channel);
        tim_update_irqs(device);
        device_changed(device);
    }
}

uint32_t tim_read(struct device *device, uint32_t offset)
{
    struct tim *tim = tim_of(device);
    tim_settle(device);
    if ((offset == SR || offset == CR1) && !tim->polled) {
        tim->polled = true;
        device_changed(device);
    }
    if (offset == DMAR)
        offset = burst_offset(device);
    uint32_t value = read_register(device, offset);
    if (offset >= CCR1 && offset <= CCR4)
        captured_value_read(device, (offset - CCR1) / 4);
    tim_plan(device);
    return value;
}
