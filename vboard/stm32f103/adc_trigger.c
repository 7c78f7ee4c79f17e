/* Which moments of the timers start conversions (RM0008 table 69, table 70). */
#include "adc_registers.h"
#include "tim_registers.h"

/* TRGO, or the flag of a channel. */
enum { TRGO = 0, NONE = 0xFF, PIN = 6 };

static const struct {
    uint8_t timer, flag; /* TIM1 is 0 */
} regular[] = {{0, CC1IF}, {0, CC1IF << 1}, {0, CC1IF << 2}, {1, CC1IF << 1}, {2, TRGO}, {3, CC1IF << 3}},
  injected[] = {{0, TRGO}, {0, CC1IF << 3}, {1, TRGO}, {1, CC1IF}, {2, CC1IF << 3}, {3, TRGO}};

/* What a trigger output stands for (14.4.2 MMS): the update or a match of channel 1; 0: something else. */
static uint32_t trigger_output(const struct tim *tim)
{
    enum { MMS_SHIFT = 4, MMS = 7, MMS_UPDATE = 2, MMS_COMPARE_PULSE = 3 };
    unsigned mode = tim->CR2 >> MMS_SHIFT & MMS;
    return mode == MMS_UPDATE ? UIF : mode == MMS_COMPARE_PULSE ? CC1IF : 0;
}

static uint32_t flag_of(const struct stm32f103 *chip, unsigned timer, unsigned of, uint32_t flag)
{
    return timer != of ? 0 : flag == TRGO ? trigger_output(&chip->tim[timer]) : flag;
}

static unsigned selected(uint32_t control, uint32_t enable, unsigned shift)
{
    return (control & (enable | CR2_ADON)) == (enable | CR2_ADON) ? control >> shift & CR2_EXTSEL : NONE;
}

static uint32_t regular_flag(const struct stm32f103 *chip, unsigned n, unsigned timer)
{
    unsigned from = selected(chip->adc[n].registers[ADC_CR2 / 4], CR2_EXTTRIG, CR2_EXTSEL_SHIFT);
    return from < PIN ? flag_of(chip, timer, regular[from].timer, regular[from].flag) : 0;
}

static uint32_t injected_flag(const struct stm32f103 *chip, unsigned n, unsigned timer)
{
    unsigned from = selected(chip->adc[n].registers[ADC_CR2 / 4], CR2_JEXTTRIG, CR2_JEXTSEL_SHIFT);
    return from < PIN ? flag_of(chip, timer, injected[from].timer, injected[from].flag) : 0;
}

uint32_t adc_awaits(const struct stm32f103 *chip, unsigned timer)
{
    uint32_t flags = 0;
    for (unsigned n = 0; n < ADCS; n++)
        flags |= regular_flag(chip, n, timer) | injected_flag(chip, n, timer);
    return flags;
}

void adc_trigger(struct stm32f103 *chip, unsigned timer, uint32_t flags)
{
    for (unsigned n = 0; n < ADCS; n++) {
        if (flags & regular_flag(chip, n, timer))
            adc_start_regular(chip, n);
        if (flags & injected_flag(chip, n, timer))
            adc_start_injected(chip, n);
    }
}

/* Timers are asked for the moments that start conversions from now on, not for those before. */
void adc_set_control(struct stm32f103 *chip, unsigned n, uint32_t control)
{
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_settle(chip, timer);
    *adc_register(&chip->adc[n], ADC_CR2) = control;
    for (unsigned timer = 0; timer < TIMERS; timer++)
        tim_plan(chip, timer);
}
