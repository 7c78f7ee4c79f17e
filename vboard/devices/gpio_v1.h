/* Port of pins of the F1: gpio_v1.c */
#pragma once

#include "chip/device.h"

struct gpio_v1_info {
    uint8_t port; /* A is 0 */
};

extern const struct device_class gpio_v1_class;
