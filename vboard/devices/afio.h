/* Alternate functions of the F1: afio.c */
#pragma once

#include "chip/device.h"

/* Triggers of the ADCs that come from a timer in the place of a pin. */
enum afio_output {
    AFIO_ADC1_ETRGINJ,
    AFIO_ADC1_ETRGREG,
    AFIO_ADC2_ETRGINJ,
    AFIO_ADC2_ETRGREG,
    AFIO_ADC_REMAPS
};

extern const struct device_class afio_class;
/* With MAPR2. */
extern const struct device_class afio_large_class;
