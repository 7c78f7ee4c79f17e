/*
 * How a timer counts (RM0008 14.3, 15.3). Nothing happens per count: the state is brought up to date when
 * somebody looks, and an event is planned only for what somebody waits for.
 */
#include "tim_registers.h"

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
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        tim->CCR_now[i] = tim->CCR[i];
    }
}

/* Counting */

/* Counts until the counter turns: overflows, underflows, or changes direction. */
static uint32_t counts_to_turn(const struct tim *tim)
{
    if (tim_counts_down(tim)) {
        return tim_is_centred(tim) ? tim->CNT : tim->CNT + 1;
    }
    if (tim->CNT > tim->ARR_now) {
        return COUNTS - tim->CNT; /* it missed the end and goes all the way */
    }
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
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        raised |= tim_channel_is_output(tim, i) && tim->CCR_now[i] > tim->ARR_now ? CC1IF << i : 0;
    }
    return raised;
}

static uint32_t update(struct tim *tim)
{
    uint32_t raised = match_beyond_end(tim);
    if (tim->CR1 & CR1_UDIS) {
        return raised;
    }
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
    if (!tim_is_centred(tim)) {
        return turn_edge_aligned(tim);
    }
    bool overrun = !tim_counts_down(tim) && tim->CNT > tim->ARR_now;
    tim->CNT = tim_counts_down(tim) || overrun ? 0 : tim->ARR_now;
    uint32_t raised = match(tim, tim->CNT, tim->CNT);
    tim->CR1 ^= overrun ? 0 : CR1_DIR;
    return raised | (overrun ? 0 : update(tim));
}

/* Fewer counts than to the turn. */
static uint32_t move(struct tim *tim, uint32_t counts)
{
    if (counts == 0) {
        return 0;
    }
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
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        steady &= tim->CCR[i] == tim->CCR_now[i];
    }
    return steady;
}

/* Of periods that are all alike an even number is left out: outputs that toggle come back. */
static void skip_periods(struct tim *tim, ticks now)
{
    if (!is_steady(tim) || now <= tim->since) {
        return;
    }
    ticks cycle = (ticks)tim_period_counts(tim) * (tim->RCR + 1) * count_time(tim);
    ticks cycles = (now - tim->since) / cycle;
    if (cycles > 3) {
        tim->since += (cycles - 2) / 2 * 2 * cycle;
    }
}

static uint32_t advance(struct tim *tim, ticks now)
{
    uint32_t raised = 0;
    while (tim_is_counting(tim)) {
        if (tim_is_centred(tim) && tim->CNT == (tim_counts_down(tim) ? 0 : tim->ARR_now)) {
            tim->CR1 ^= CR1_DIR;
        }
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

void tim_settle(struct chip *chip, unsigned timer)
{
    uint32_t raised = advance(&chip->tim[timer], chip_now(chip));
    if (raised) {
        tim_raise(chip, timer, raised);
    }
}

/* Requests */

void tim_update_irqs(struct chip *chip, unsigned timer)
{
    const struct tim *tim = &chip->tim[timer];
    uint32_t active = tim->SR & tim->DIER;
    if (!tim_is_advanced(timer)) {
        static const uint8_t line[TIMERS] = {0,        IRQ_TIM2, IRQ_TIM3, IRQ_TIM4,
                                             IRQ_TIM5, IRQ_TIM6, IRQ_TIM7, 0};
        cortex_m3_set_irq(&chip->cpu, line[timer], active & (UIF | CC_FLAGS | TIF));
        return;
    }
    unsigned first = timer == TIM1 ? IRQ_TIM1_BRK : IRQ_TIM8_BRK;
    cortex_m3_set_irq(&chip->cpu, first, active & BIF);
    cortex_m3_set_irq(&chip->cpu, first + 1, active & UIF);
    cortex_m3_set_irq(&chip->cpu, first + 2, active & (TIF | COMIF));
    cortex_m3_set_irq(&chip->cpu, first + 3, active & CC_FLAGS);
}

/* RM0008 tables 78 and 79. Of update and the four channels; 0: none. */
static const uint8_t dma_line[TIMERS][1 + TIMER_CHANNELS] = {
    {5, 2, 3, 6, 4},
    {2, 5, 7, 1, 7},
    {3, 6, 0, 2, 3},
    {7, 1, 4, 5, 0},
    {DMA2_CHANNEL + 2, DMA2_CHANNEL + 5, DMA2_CHANNEL + 4, DMA2_CHANNEL + 2, DMA2_CHANNEL + 1},
    {DMA2_CHANNEL + 3},
    {DMA2_CHANNEL + 4},
    {DMA2_CHANNEL + 1, DMA2_CHANNEL + 3, DMA2_CHANNEL + 5, DMA2_CHANNEL + 1, DMA2_CHANNEL + 2},
};

void tim_request_dma(struct chip *chip, unsigned timer, uint32_t flags)
{
    const struct tim *tim = &chip->tim[timer];
    uint32_t sources = tim->CR2 & CR2_CCDS ? (flags & UIF ? UIF | CC_FLAGS : 0) : flags;
    uint32_t requests = sources & tim->DIER >> DMA_SHIFT;
    for (unsigned i = 0; i <= TIMER_CHANNELS; i++) {
        if (requests >> i & 1) {
            dma_request(chip, dma_line[timer][i], true);
        }
    }
}

void tim_raise(struct chip *chip, unsigned timer, uint32_t flags)
{
    flags &= tim_is_basic(timer) ? UIF : UINT32_MAX;
    chip->tim[timer].SR |= flags;
    tim_request_dma(chip, timer, flags);
    adc_trigger(chip, timer, flags);
    dac_trigger(chip, timer, flags);
    tim_update_irqs(chip, timer);
}

/* Plans */

static uint32_t counts_to_match(const struct tim *tim, unsigned channel)
{
    uint32_t to_turn = counts_to_turn(tim), compare = tim->CCR_now[channel];
    uint32_t away = tim_counts_down(tim) ? tim->CNT - compare : compare - tim->CNT;
    return away != 0 && away < to_turn ? away : to_turn;
}

static uint32_t visible_flags(const struct chip *chip, unsigned timer)
{
    uint32_t flags = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        flags |= tim_output_is_visible(chip, timer, i) ? UIF | CC1IF << i : 0;
    }
    return flags;
}

/* The flags whose moment somebody waits for. */
static uint32_t awaited(const struct chip *chip, unsigned timer)
{
    const struct tim *tim = &chip->tim[timer];
    uint32_t all = tim_is_basic(timer) ? UIF : UIF | CC_FLAGS;
    uint32_t interrupts = (tim->polled ? all : tim->DIER & all) & ~tim->SR;
    uint32_t requests = tim->DIER >> DMA_SHIFT & all;
    bool loads = tim->CR1 & CR1_OPM || (tim->CCER && !is_steady(tim)) || tim->CR2 & CR2_CCDS;
    return interrupts | requests | (loads ? UIF : 0) | visible_flags(chip, timer) | adc_awaits(chip, timer) |
           dac_awaits(chip, timer);
}

void tim_plan(struct chip *chip, unsigned timer)
{
    const struct tim *tim = &chip->tim[timer];
    uint32_t wanted = awaited(chip, timer), counts = COUNTS;
    enum event event = (enum event)(EVENT_TIM + timer);
    if (!wanted || !tim_is_counting(tim)) {
        chip_schedule(chip, event, TICKS_NEVER);
        return;
    }
    if (wanted & UIF) {
        counts = counts_to_turn(tim);
    }
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        if (wanted & CC1IF << i && tim_channel_is_output(tim, i)) {
            uint32_t away = counts_to_match(tim, i);
            counts = away < counts ? away : counts;
        }
    }
    /* an empty way: the counter stands at its turn, the next count goes around */
    chip_schedule(chip, event, tim->since + (counts ? counts : 1) * count_time(tim));
}

void tim_event(struct chip *chip, unsigned timer)
{
    bool seen = visible_flags(chip, timer) != 0 || chip->tim[timer].CCER != 0;
    tim_settle(chip, timer);
    tim_plan(chip, timer);
    if (seen) {
        chip->board.pins_changed(chip->board.context);
        gpio_inputs_changed(chip);
    }
}
