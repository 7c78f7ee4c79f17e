/* Backup registers of the F1: bkp_f1.c */
#pragma once

#include "chip/device.h"

extern const struct device_class bkp_f1_class;
/* 42 data registers, not 10. */
extern const struct device_class bkp_f1_large_class;
