/* ADC of the F1. Its kernel clock is ADCCLK */
#pragma once

#include "chip/device.h"

enum adc_v1_output { ADC_V1_IRQ, ADC_V1_DMA };
/* Triggers as EXTSEL and JEXTSEL count them; those that come in the place of number 6; whether they do. */
enum adc_v1_input {
    ADC_V1_REGULAR = 0,
    ADC_V1_REGULAR_REMAPPED = 7,
    ADC_V1_INJECTED = 8,
    ADC_V1_INJECTED_REMAPPED = 15,
    ADC_V1_REMAP_REGULAR = 16,
    ADC_V1_REMAP_INJECTED = 17
};

enum { ADC_V1_PINS = 16 };
struct adc_v1_info {
    uint8_t pin[ADC_V1_PINS]; /* of the channels, or NO_PIN */
    bool inside;              /* has the temperature sensor and the reference */
};

extern const struct device_class adc_v1_class;
