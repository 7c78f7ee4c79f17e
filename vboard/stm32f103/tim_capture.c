/* Input capture (RM0008 15.3.5): edges on the channels' pins take the count. Filters are not modelled. */
#include "tim_registers.h"

/* The levels of inputs that nobody looked at since are taken as they are. */
uint8_t tim_input_levels(const struct chip *chip, unsigned timer)
{
    uint8_t levels = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_TIM, (uint8_t)timer, (uint8_t)i});
        bool high = at >= 0 && gpio_peek_level(chip, (unsigned)at >> 4, (unsigned)at & 0xF);
        levels |= (uint8_t)(high << i);
    }
    return levels;
}

void tim_capture(struct chip *chip, unsigned timer, unsigned channel)
{
    struct tim *tim = &chip->tim[timer];
    uint32_t overrun = tim->SR & CC1IF << channel ? CC1OF << channel : 0;
    tim->CCR[channel] = tim->CCR_now[channel] = tim->CNT;
    tim_raise(chip, timer, CC1IF << channel | overrun);
}

static void edge(struct chip *chip, unsigned timer, unsigned channel, bool rising)
{
    struct tim *tim = &chip->tim[timer];
    uint32_t enables = tim_channel_enables(tim, channel);
    uint32_t divider = 1u << (tim_channel_mode(tim, channel) >> 2 & 3);
    if (!(enables & CCER_CCE) || rising == !!(enables & CCER_CCP)) {
        return;
    }
    if (++tim->captured[channel] >= divider) {
        tim->captured[channel] = 0;
        tim_capture(chip, timer, channel);
    }
}

/* TIx feeds channel x directly and its neighbour (1 and 2, 3 and 4) crossed. */
static void input_changed(struct chip *chip, unsigned timer, unsigned input, bool rising)
{
    const struct tim *tim = &chip->tim[timer];
    unsigned neighbour = input ^ 1;
    if ((tim_channel_mode(tim, input) & 3) == CCS_DIRECT) {
        edge(chip, timer, input, rising);
    }
    if ((tim_channel_mode(tim, neighbour) & 3) == CCS_CROSSED) {
        edge(chip, timer, neighbour, rising);
    }
}

static bool has_inputs(const struct tim *tim)
{
    bool any = false;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
        any |= !tim_channel_is_output(tim, i);
    }
    return any && tim->clock != 0;
}

void tim_inputs_changed(struct chip *chip)
{
    for (unsigned timer = 0; timer < TIMERS; timer++) {
        struct tim *tim = &chip->tim[timer];
        if (!has_inputs(tim)) {
            continue;
        }
        uint8_t levels = tim_input_levels(chip, timer), changed = levels ^ tim->inputs;
        tim->inputs = levels;
        tim_settle(chip, timer);
        for (unsigned i = 0; i < TIMER_CHANNELS; i++) {
            if (changed >> i & 1) {
                input_changed(chip, timer, i, levels >> i & 1);
            }
        }
        tim_plan(chip, timer);
    }
}
