/* External interrupts and events: exti_v1.c. Inputs: the lines that are no pins, by number. */
#pragma once

#include "chip/device.h"

/* Each with the number of the line on top. */
enum exti_v1_output { EXTI_IRQ = 0, EXTI_EDGE = 32, EXTI_WAKES = 63 /* the chip, from Stop */ };

/* With 19 lines (F1), 23 (L1 of categories 1 and 2) and 24. */
extern const struct device_class exti_v1_class, exti_v1_23_class, exti_v1_24_class;
