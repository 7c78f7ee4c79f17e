/*
 * How a timer counts (RM0008 14.3, 15.3). Nothing happens per count: the state is brought up to date when
 * somebody looks, and an event is planned only for what somebody waits for.
 */
#include "private.h"

static ticks count_time(const struct tim *tim)
{
    return (ticks)(tim->PSC_now + 1) * tim->clock;
}

/* Without a trigger from outside the modes that need one do not count (15.4.3 SMS). */
static bool waits_for_trigger(const struct tim *tim)
{
    enum { ENCODER_LAST = 3, GATED = 5, EXTERNAL = 7 };
    uint32_t mode = tim->SMCR & SMCR_SMS;
    return (mode >= 1 && mode <= ENCODER_LAST) || mode == GATED || mode == EXTERNAL || tim->SMCR & SMCR_ECE;
}

bool tim_is_counting(const struct tim *tim)
{
    return tim->CR1 & CR1_CEN && tim->clock != 0 && tim->ARR_now != 0 && !waits_for_trigger(tim);
}

uint32_t tim_period_counts(const struct tim *tim)
{
    return tim_is_centred(tim) ? 2 * tim->ARR_now : tim->ARR_now + 1;
}

void tim_load(struct tim *tim)
{
    tim->PSC_now = tim->PSC;
    tim->ARR_now = tim->ARR;
    tim->repetitions = tim->RCR;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        tim->CCR_now[i] = tim->CCR[i];
}

/* Counting */

/* Counts until the counter turns: overflows, underflows, or changes direction. */
static uint32_t counts_to_turn(const struct tim *tim)
{
    if (tim_counts_down(tim))
        return tim_is_centred(tim) ? tim->CNT : tim->CNT + 1;
    if (tim->CNT > tim->ARR_now)
        return COUNTS - tim->CNT; /* it missed the end and goes all the way */
    return tim_is_centred(tim) ? tim->ARR_now - tim->CNT : tim->ARR_now - tim->CNT + 1;
}

/* CMS 1: compare flags only while counting down, 2: only up (14.4.1, 15.4.1). */
static bool flags_in_this_direction(const struct tim *tim)
{
    enum { ONLY_DOWN = 1, ONLY_UP = 2 };
    uint32_t CMS = (tim->CR1 & CR1_CMS) >> CR1_CMS_SHIFT;
    return !(CMS == ONLY_DOWN && !tim_counts_down(tim)) && !(CMS == ONLY_UP && tim_counts_down(tim));
}

/* The counter went through these values. */
static uint32_t match(struct tim *tim, uint32_t low, uint32_t high)
{
    uint32_t raised = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        if (tim_channel_is_output(tim, i) && tim->CCR_now[i] >= low && tim->CCR_now[i] <= high) {
            tim_output_match(tim, i);
            raised |= CC1IF << i;
        }
    }
    return flags_in_this_direction(tim) ? raised : 0;
}

/* Compare values beyond the end raise their flag at the end (15.4.5 CC1IF). */
static uint32_t match_beyond_end(const struct tim *tim)
{
    uint32_t raised = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        raised |= tim_channel_is_output(tim, i) && tim->CCR_now[i] > tim->ARR_now ? CC1IF << i : 0;
    return raised;
}

static uint32_t update(struct tim *tim)
{
    uint32_t raised = match_beyond_end(tim);
    if (tim->CR1 & CR1_UDIS)
        return raised;
    if (tim->repetitions > 0) {
        tim->repetitions--;
        return raised;
    }
    tim_load(tim);
    return raised | UIF;
}

static uint32_t turn_edge_aligned(struct tim *tim)
{
    uint32_t raised = 0;
    if (tim_counts_down(tim)) {
        raised |= update(tim);
        tim->CNT = tim->ARR_now;
        return raised | match(tim, tim->CNT, tim->CNT);
    }
    bool overflow = tim->CNT <= tim->ARR_now;
    raised |= match(tim, tim->CNT + 1, overflow ? tim->ARR_now : COUNTS - 1);
    raised |= overflow ? update(tim) : 0;
    tim->CNT = 0;
    return raised | match(tim, 0, 0);
}

static uint32_t turn(struct tim *tim)
{
    if (!tim_is_centred(tim))
        return turn_edge_aligned(tim);
    bool overrun = !tim_counts_down(tim) && tim->CNT > tim->ARR_now;
    tim->CNT = tim_counts_down(tim) || overrun ? 0 : tim->ARR_now;
    uint32_t raised = match(tim, tim->CNT, tim->CNT);
    tim->CR1 ^= overrun ? 0 : CR1_DIR;
    return raised | (overrun ? 0 : update(tim));
}

/* Fewer counts than to the turn. */
static uint32_t move(struct tim *tim, uint32_t counts)
{
    if (counts == 0)
        return 0;
    uint32_t from = tim->CNT;
    if (tim_counts_down(tim)) {
        tim->CNT = from - counts;
        return match(tim, tim->CNT, from - 1);
    }
    tim->CNT = from + counts;
    return match(tim, from + 1, tim->CNT);
}

/* All of the way to the turn, and around. */
static uint32_t move_around(struct tim *tim, uint32_t counts)
{
    bool leaves_range = !tim_is_centred(tim) && !tim_counts_down(tim);
    uint32_t before = leaves_range ? 0 : move(tim, counts - 1);
    uint32_t raised = before | turn(tim);
    if (raised & UIF && tim->CR1 & CR1_OPM) {
        tim->CR1 &= ~(uint32_t)CR1_CEN;
        tim->since = 0;
    }
    return raised;
}

static bool is_steady(const struct tim *tim)
{
    bool steady = tim->PSC == tim->PSC_now && tim->ARR == tim->ARR_now;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        steady &= tim->CCR[i] == tim->CCR_now[i];
    return steady;
}

/* Of periods that are all alike an even number is left out: outputs that toggle come back. */
static void skip_periods(struct tim *tim, ticks now)
{
    if (!is_steady(tim) || now <= tim->since)
        return;
    ticks cycle = (ticks)tim_period_counts(tim) * (tim->RCR + 1) * count_time(tim);
    ticks cycles = (now - tim->since) / cycle;
    if (cycles > 3)
        tim->since += (cycles - 2) / 2 * 2 * cycle;
}

static uint32_t advance(struct tim *tim, ticks now)
{
    uint32_t raised = 0;
    while (tim_is_counting(tim)) {
        if (tim_is_centred(tim) && tim->CNT == (tim_counts_down(tim) ? 0 : tim->ARR_now))
            tim->CR1 ^= CR1_DIR;
        ticks step = count_time(tim);
        uint64_t counts = now > tim->since ? (now - tim->since) / step : 0;
        uint32_t to_turn = counts_to_turn(tim);
        if (counts < to_turn) {
            tim->since += counts * step;
            return raised | move(tim, (uint32_t)counts);
        }
        tim->since += to_turn * step;
        raised |= move_around(tim, to_turn);
        skip_periods(tim, now);
    }
    return raised;
}

void tim_settle_copy(struct tim *tim, ticks now)
{
    (void)advance(tim, now);
}

void tim_settle(struct device *device)
{
    uint32_t raised = advance(tim_of(device), device_now(device));
    if (raised)
        tim_raise(device, raised);
}

/* Requests */

void tim_update_irqs(struct device *device)
{
    const struct tim *tim = tim_of(device);
    uint32_t active = tim->SR & tim->DIER;
    if (!tim_is_advanced(device)) {
        device_drive(device, TIM_IRQ, active & (UIF | CC_FLAGS | TIF));
        return;
    }
    device_drive(device, TIM_IRQ_BRK, active & BIF);
    device_drive(device, TIM_IRQ_UP, active & UIF);
    device_drive(device, TIM_IRQ_TRG, active & (TIF | COMIF));
    device_drive(device, TIM_IRQ_CC, active & CC_FLAGS);
}

void tim_request_dma(struct device *device, uint32_t flags)
{
    const struct tim *tim = tim_of(device);
    uint32_t sources = tim->CR2 & CR2_CCDS ? (flags & UIF ? UIF | CC_FLAGS : 0) : flags;
    uint32_t requests = sources & tim->DIER >> DMA_SHIFT;
    for (unsigned i = 0; i <= TIMER_CHANNELS; i++)
        if (requests >> i & 1)
            device_drive(device, TIM_DMA_UP + i, true);
}

static void send_triggers(struct device *device, uint32_t flags)
{
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        if (flags & CC1IF << i)
            device_pulse(device, TIM_CC1 + i);
    if (flags & tim_trigger_output(tim_of(device)))
        device_pulse(device, TIM_TRGO);
}

void tim_raise(struct device *device, uint32_t flags)
{
    flags &= tim_is_basic(device) ? UIF : UINT32_MAX;
    tim_of(device)->SR |= flags;
    tim_request_dma(device, flags);
    send_triggers(device, flags);
    tim_update_irqs(device);
}

/* Plans */

static uint32_t counts_to_match(const struct tim *tim, unsigned channel)
{
    uint32_t to_turn = counts_to_turn(tim), compare = tim->CCR_now[channel];
    uint32_t away = tim_counts_down(tim) ? tim->CNT - compare : compare - tim->CNT;
    return away != 0 && away < to_turn ? away : to_turn;
}

static uint32_t visible_flags(const struct device *device)
{
    uint32_t flags = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        flags |= tim_output_is_visible(device, i) ? UIF | CC1IF << i : 0;
    return flags;
}

/* Of the moments that others wait for. */
static uint32_t heard_flags(const struct device *device)
{
    uint32_t flags = device_is_heard(device, TIM_TRGO) ? tim_trigger_output(tim_of(device)) : 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        flags |= device_is_heard(device, TIM_CC1 + i) ? CC1IF << i : 0;
    return flags;
}

/* The flags whose moment somebody waits for. */
static uint32_t awaited(const struct device *device)
{
    const struct tim *tim = tim_of(device);
    uint32_t all = tim_is_basic(device) ? UIF : UIF | CC_FLAGS;
    uint32_t interrupts = (tim->polled ? all : tim->DIER & all) & ~tim->SR;
    uint32_t requests = tim->DIER >> DMA_SHIFT & all;
    bool loads = tim->CR1 & CR1_OPM || (tim->CCER && !is_steady(tim)) || tim->CR2 & CR2_CCDS;
    return interrupts | requests | (loads ? UIF : 0) | visible_flags(device) | heard_flags(device);
}

void tim_plan(struct device *device)
{
    const struct tim *tim = tim_of(device);
    uint32_t wanted = awaited(device), counts = COUNTS;
    if (!wanted || !tim_is_counting(tim)) {
        device_schedule(device, 0, TICKS_NEVER);
        return;
    }
    if (wanted & UIF)
        counts = counts_to_turn(tim);
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        if (wanted & CC1IF << i && tim_channel_is_output(tim, i)) {
            uint32_t away = counts_to_match(tim, i);
            counts = away < counts ? away : counts;
        }
    }
    /* an empty way: the counter stands at its turn, the next count goes around */
    device_schedule(device, 0, tim->since + (counts ? counts : 1) * count_time(tim));
}

void tim_event(struct device *device, unsigned n)
{
    (void)n;
    bool seen = visible_flags(device) != 0 || tim_of(device)->CCER != 0;
    tim_settle(device);
    tim_plan(device);
    if (seen) {
        chip_outputs_changed(device_chip(device));
        chip_inputs_changed(device_chip(device));
    }
}
