/* I2C of the F1: i2c_v1.c */
#pragma once

#include "chip/device.h"

enum i2c_v1_output { I2C_V1_EVENT_IRQ, I2C_V1_ERROR_IRQ };

extern const struct device_class i2c_v1_class;
