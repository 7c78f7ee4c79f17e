/* MCU debug component of the F1: dbgmcu_f1.c */
#pragma once

#include "chip/device.h"

extern const struct device_class dbgmcu_f1_class;
