/* Which triggers start conversions (RM0008 tables 69 to 72). */
#include "private.h"

enum { CHOICES = 7, OF_PIN = 6 };

/* CHOICES: by software, or not at all. */
static unsigned selected(uint32_t control, bool injected)
{
    uint32_t enable = (injected ? CR2_JEXTTRIG : CR2_EXTTRIG) | CR2_ADON;
    unsigned shift = injected ? CR2_JEXTSEL_SHIFT : CR2_EXTSEL_SHIFT;
    return (control & enable) == enable ? control >> shift & CR2_EXTSEL : CHOICES;
}

static uint64_t input_of(const struct device *device, uint32_t control, bool injected)
{
    unsigned from = selected(control, injected), first = injected ? ADC_V1_INJECTED : ADC_V1_REGULAR;
    if (from == OF_PIN && adc_of(device)->remapped[injected])
        from = ADC_V1_REGULAR_REMAPPED;
    else if (from >= CHOICES)
        return 0;
    return 1ull << (first + from);
}

/* Those who drive them are asked for the moments that start conversions from now on, not for those before. */
void adc_set_control(struct device *device, uint32_t control)
{
    device_listen(device, input_of(device, control, false) | input_of(device, control, true));
    *adc_register(adc_of(device), ADC_CR2) = control;
}

void adc_line(struct device *device, unsigned input, bool level)
{
    if (input >= ADC_V1_REMAP_REGULAR) {
        adc_of(device)->remapped[input - ADC_V1_REMAP_REGULAR] = level;
        adc_set_control(device, *adc_register(adc_of(device), ADC_CR2));
    } else if (level && device->listens >> input & 1) {
        if (input >= ADC_V1_INJECTED)
            adc_start_injected(device);
        else
            adc_start_regular(device);
    }
}
