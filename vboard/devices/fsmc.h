/* FSMC and the memory behind it: fsmc.c */
#pragma once

#include "chip/device.h"

extern const struct device_class fsmc_class;
