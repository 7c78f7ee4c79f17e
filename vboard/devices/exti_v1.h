/* External interrupts and events, 19 lines: exti_v1.c. Inputs: the lines that are no pins, by number. */
#pragma once

#include "chip/device.h"

/* Each with the number of the line on top. */
enum exti_v1_output { EXTI_IRQ = 0, EXTI_EDGE = 32, EXTI_WAKES = 63 /* the chip, from Stop */ };

extern const struct device_class exti_v1_class;
