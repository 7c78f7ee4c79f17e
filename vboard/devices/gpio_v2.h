/* Port of pins of every STM32 except the F1: gpio_v2.c. Its pins choose their functions by number. */
#pragma once

#include "chip/device.h"

struct gpio_v2_info {
    uint8_t port; /* A is 0 */
};

/* They differ in the modes after a reset: ports A and B have the debug port's pins. */
extern const struct device_class gpio_v2_class, gpio_v2_port_a_class, gpio_v2_port_b_class;
