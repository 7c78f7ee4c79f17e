/* MCU debug component of the L1: dbgmcu_l1.c */
#pragma once

#include "chip/device.h"

extern const struct device_class dbgmcu_l1_class;
