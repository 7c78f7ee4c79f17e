/* Which moments of the timers, and which pins, start conversions (RM0008 tables 69 to 72). */
#include "adc_registers.h"
#include "tim_registers.h"

enum { TRGO = 0, NONE = 0xFF, CHOICES = 7, OF_PIN = 6, ADC3 = 2 };
enum { MAPR_REMAPS_SHIFT = 17, LINE_REGULAR = 1 << 11, LINE_INJECTED = 1 << 15 };

/* TRGO, or the flag of a channel. */
struct trigger {
    uint8_t timer, flag;
};
#define CC(number) (CC1IF << ((number)-1))
#define PIN                                                                                                  \
    {                                                                                                        \
        NONE, 0                                                                                              \
    }
/* Of ADC1 and ADC2, then of ADC3. */
static const struct trigger regular[2][CHOICES] = {
    {{TIM1, CC(1)}, {TIM1, CC(2)}, {TIM1, CC(3)}, {TIM2, CC(2)}, {TIM3, TRGO}, {TIM4, CC(4)}, PIN},
    {{TIM3, CC(1)}, {TIM2, CC(3)}, {TIM1, CC(3)}, {TIM8, CC(1)}, {TIM8, TRGO}, {TIM5, CC(1)}, {TIM5, CC(3)}},
};
static const struct trigger injected[2][CHOICES] = {
    {{TIM1, TRGO}, {TIM1, CC(4)}, {TIM2, TRGO}, {TIM2, CC(1)}, {TIM3, CC(4)}, {TIM4, TRGO}, PIN},
    {{TIM1, TRGO}, {TIM1, CC(4)}, {TIM4, CC(3)}, {TIM8, CC(2)}, {TIM8, CC(4)}, {TIM5, TRGO}, {TIM5, CC(4)}},
};
static const struct trigger remapped_regular = {TIM8, TRGO}, remapped_injected = {TIM8, CC(4)};

/* AFIO_MAPR.ADC1_ETRGINJ, ADC1_ETRGREG, and the two of ADC2: TIM8 in the place of the pin (9.4.2). */
static bool is_remapped(const struct chip *chip, unsigned n, bool is_injected)
{
    return chip->afio.MAPR >> (MAPR_REMAPS_SHIFT + 2 * n + !is_injected) & 1;
}

/* CHOICES: by software; NONE: the trigger is off. */
static unsigned selected(const struct chip *chip, unsigned n, bool is_injected)
{
    uint32_t control = chip->adc[n].registers[ADC_CR2 / 4];
    uint32_t enable = (is_injected ? CR2_JEXTTRIG : CR2_EXTTRIG) | CR2_ADON;
    unsigned shift = is_injected ? CR2_JEXTSEL_SHIFT : CR2_EXTSEL_SHIFT;
    return (control & enable) == enable ? control >> shift & CR2_EXTSEL : NONE;
}

static struct trigger trigger_of(const struct chip *chip, unsigned n, bool is_injected)
{
    unsigned from = selected(chip, n, is_injected);
    if (from >= CHOICES)
        return (struct trigger)PIN;
    if (n != ADC3 && from == OF_PIN && is_remapped(chip, n, is_injected))
        return is_injected ? remapped_injected : remapped_regular;
    return (is_injected ? injected : regular)[n == ADC3][from];
}

static uint32_t flag_of(const struct chip *chip, unsigned n, bool is_injected, unsigned timer)
{
    struct trigger trigger = trigger_of(chip, n, is_injected);
    return trigger.timer != timer ? 0
           : trigger.flag == TRGO ? tim_trigger_output(&chip->tim[timer])
                                  : trigger.flag;
}

uint32_t adc_awaits(const struct chip *chip, unsigned timer)
{
    uint32_t flags = 0;
    for (unsigned n = 0; n < ADCS; n++)
        flags |= flag_of(chip, n, false, timer) | flag_of(chip, n, true, timer);
    return flags;
}

void adc_trigger(struct chip *chip, unsigned timer, uint32_t flags)
{
    for (unsigned n = 0; n < ADCS; n++) {
        if (flags & flag_of(chip, n, false, timer))
            adc_start_regular(chip, n);
        if (flags & flag_of(chip, n, true, timer))
            adc_start_injected(chip, n);
    }
}

static bool listens_to_pin(const struct chip *chip, unsigned n, bool is_injected)
{
    return n != ADC3 && selected(chip, n, is_injected) == OF_PIN && !is_remapped(chip, n, is_injected);
}

void adc_exti(struct chip *chip, uint32_t lines)
{
    for (unsigned n = 0; n < ADCS; n++) {
        if (lines & LINE_REGULAR && listens_to_pin(chip, n, false))
            adc_start_regular(chip, n);
        if (lines & LINE_INJECTED && listens_to_pin(chip, n, true))
            adc_start_injected(chip, n);
    }
}

/* Timers are asked for the moments that start conversions from now on, not for those before. */
void adc_set_control(struct chip *chip, unsigned n, uint32_t control)
{
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_settle(chip, timer);
    *adc_register(&chip->adc[n], ADC_CR2) = control;
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_plan(chip, timer);
}
