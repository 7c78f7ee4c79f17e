/* What a timer's channels make of its count: reference signals, pins and their duty (RM0008 14.3, 15.3). */
#include "private.h"

/* A frequency below it is seen to flicker: its edges are made one by one. */
enum { FLICKER_MS = 20 };

static unsigned output_mode(const struct tim *tim, unsigned channel)
{
    return tim_channel_mode(tim, channel) >> 4 & 7;
}

void tim_output_match(struct tim *tim, unsigned channel)
{
    uint8_t bit = (uint8_t)(1u << channel);
    switch (output_mode(tim, channel)) {
    case OC_ACTIVE: tim->references |= bit; break;
    case OC_INACTIVE: tim->references &= (uint8_t)~bit; break;
    case OC_TOGGLE: tim->references ^= bit; break;
    default: break;
    }
}

/* Of PWM mode 1: active below the compare value on the way up, at it, too, on the way down (15.4.7 OC1M). */
static bool pwm(const struct tim *tim, unsigned channel)
{
    uint32_t compare = tim->CCR_now[channel];
    return tim_counts_down(tim) ? tim->CNT <= compare : tim->CNT < compare;
}

static bool reference(const struct tim *tim, unsigned channel)
{
    switch (output_mode(tim, channel)) {
    case OC_FORCE_LOW: return false;
    case OC_FORCE_HIGH: return true;
    case OC_PWM1: return pwm(tim, channel);
    case OC_PWM2: return !pwm(tim, channel);
    default: return tim->references >> channel & 1;
    }
}

/* Active counts of a period of PWM mode 1. */
static uint32_t pwm_counts(const struct tim *tim, unsigned channel)
{
    uint32_t compare = tim->CCR_now[channel], period = tim_period_counts(tim);
    uint32_t active = tim_is_centred(tim) ? 2 * compare : tim_counts_down(tim) ? compare + 1 : compare;
    return active < period ? active : period;
}

static bool is_pwm(const struct tim *tim, unsigned channel)
{
    return output_mode(tim, channel) >= OC_PWM1;
}

static int reference_duty(const struct tim *tim, unsigned channel)
{
    enum { HALF = DUTY_FULL / 2 };
    if (!tim_is_counting(tim))
        return reference(tim, channel) ? DUTY_FULL : 0;
    if (output_mode(tim, channel) == OC_TOGGLE)
        return tim->CCR_now[channel] <= tim->ARR_now ? HALF : reference(tim, channel) ? DUTY_FULL : 0;
    if (!is_pwm(tim, channel))
        return reference(tim, channel) ? DUTY_FULL : 0;
    int duty = (int)((uint64_t)pwm_counts(tim, channel) * DUTY_FULL / tim_period_counts(tim));
    return output_mode(tim, channel) == OC_PWM1 ? duty : DUTY_FULL - duty;
}

/* Enabled, and for TIM1 and TIM8 with the main switch on (table 83); complementary: OCxN. */
static bool is_driven(const struct tim *tim, const struct device *device, unsigned channel,
                      bool complementary)
{
    uint32_t enables = tim_channel_enables(tim, channel);
    if (!tim_channel_is_output(tim, channel) || !(enables & (complementary ? CCER_CCNE : CCER_CCE)))
        return false;
    return !tim_is_advanced(device) || tim->BDTR & (BDTR_MOE | BDTR_OSSI);
}

static bool is_idle(const struct tim *tim, const struct device *device)
{
    return tim_is_advanced(device) && !(tim->BDTR & BDTR_MOE);
}

static bool idle_level(const struct tim *tim, unsigned channel, bool complementary)
{
    return tim->CR2 >> (2 * channel + complementary) & CR2_OIS1;
}

/* OCxN is the complement of OCx where both are on, else the reference itself (table 83). */
static bool is_inverted(const struct tim *tim, unsigned channel, bool complementary)
{
    uint32_t enables = tim_channel_enables(tim, channel);
    if (!complementary)
        return enables & CCER_CCP;
    return !!(enables & CCER_CCNP) != !!(enables & CCER_CCE);
}

int tim_output_level(const struct device *device, unsigned signal)
{
    unsigned channel = signal % TIM_CH1N;
    bool complementary = signal >= TIM_CH1N;
    struct tim tim = *tim_of(device);
    tim_settle_copy(&tim, device_now(device));
    if (!is_driven(&tim, device, channel, complementary))
        return -1;
    if (is_idle(&tim, device))
        return idle_level(&tim, channel, complementary);
    return reference(&tim, channel) != is_inverted(&tim, channel, complementary);
}

static bool is_slow(const struct tim *tim)
{
    ticks period = (ticks)tim_period_counts(tim) * (tim->PSC_now + 1) * tim->clock;
    return period > FLICKER_MS * TICKS_PER_MILLISECOND;
}

int tim_output_duty(const struct device *device, unsigned signal)
{
    unsigned channel = signal % TIM_CH1N;
    bool complementary = signal >= TIM_CH1N;
    struct tim tim = *tim_of(device);
    tim_settle_copy(&tim, device_now(device));
    if (!is_driven(&tim, device, channel, complementary))
        return -1;
    if (is_idle(&tim, device) || is_slow(&tim))
        return tim_output_level(device, signal) ? DUTY_FULL : 0;
    int duty = reference_duty(&tim, channel);
    return is_inverted(&tim, channel, complementary) ? DUTY_FULL - duty : duty;
}

static bool pin_shows_edges(const struct device *device, unsigned signal)
{
    return device_pin_is_out(device, signal) &&
           (is_slow(tim_of(device)) || device_pin_is_watched(device, signal));
}

bool tim_output_is_visible(const struct device *device, unsigned channel)
{
    const struct tim *tim = tim_of(device);
    uint32_t enables = tim_channel_enables(tim, channel);
    if (!tim_channel_is_output(tim, channel) || is_idle(tim, device))
        return false;
    return (enables & CCER_CCE && pin_shows_edges(device, TIM_CH1 + channel)) ||
           (enables & CCER_CCNE && pin_shows_edges(device, TIM_CH1N + channel));
}

uint32_t tim_trigger_output(const struct tim *tim)
{
    enum { MMS_SHIFT = 4, MMS = 7, MMS_UPDATE = 2, MMS_COMPARE_PULSE = 3 };
    unsigned mode = tim->CR2 >> MMS_SHIFT & MMS;
    return mode == MMS_UPDATE ? UIF : mode == MMS_COMPARE_PULSE ? CC1IF : 0;
}
