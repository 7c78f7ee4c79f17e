/* System configuration of the L1: syscfg_l1.c */
#pragma once

#include "chip/device.h"

enum syscfg_l1_output { SYSCFG_L1_USB_PULL_UP };

extern const struct device_class syscfg_l1_class;
