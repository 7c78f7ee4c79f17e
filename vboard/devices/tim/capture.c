/* Input capture (RM0008 15.3.5): edges on the channels' pins take the count. Filters are not modelled. */
#include "private.h"

/* The levels of inputs that nobody looked at since are taken as they are. */
uint8_t tim_input_levels(const struct device *device)
{
    uint8_t levels = 0;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        levels |= (uint8_t)(device_pin_level(device, TIM_CH1 + i) << i);
    return levels;
}

void tim_capture(struct device *device, unsigned channel)
{
    struct tim *tim = tim_of(device);
    uint32_t overrun = tim->SR & CC1IF << channel ? CC1OF << channel : 0;
    tim->CCR[channel] = tim->CCR_now[channel] = tim->CNT;
    tim_raise(device, CC1IF << channel | overrun);
}

static void edge(struct device *device, unsigned channel, bool rising)
{
    struct tim *tim = tim_of(device);
    uint32_t enables = tim_channel_enables(tim, channel);
    uint32_t divider = 1u << (tim_channel_mode(tim, channel) >> 2 & 3);
    bool both = enables & CCER_CCNP && !tim_is_advanced(device); /* RM0038 17.4.9; reserved on the F1 */
    if (!(enables & CCER_CCE) || (!both && rising == !!(enables & CCER_CCP)))
        return;
    if (++tim->captured[channel] >= divider) {
        tim->captured[channel] = 0;
        tim_capture(device, channel);
    }
}

/* TIx feeds channel x directly and its neighbour (1 and 2, 3 and 4) crossed. */
static void input_changed(struct device *device, unsigned input, bool rising)
{
    const struct tim *tim = tim_of(device);
    unsigned neighbour = input ^ 1;
    if ((tim_channel_mode(tim, input) & 3) == CCS_DIRECT)
        edge(device, input, rising);
    if ((tim_channel_mode(tim, neighbour) & 3) == CCS_CROSSED)
        edge(device, neighbour, rising);
}

static bool has_inputs(const struct tim *tim)
{
    bool any = false;
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        any |= !tim_channel_is_output(tim, i);
    return any && tim->clock != 0;
}

void tim_inputs_changed(struct device *device)
{
    struct tim *tim = tim_of(device);
    if (!has_inputs(tim))
        return;
    uint8_t levels = tim_input_levels(device), changed = levels ^ tim->inputs;
    tim->inputs = levels;
    tim_settle(device);
    for (unsigned i = 0; i < TIMER_CHANNELS; i++)
        if (changed >> i & 1)
            input_changed(device, i, levels >> i & 1);
    tim_plan(device);
}
