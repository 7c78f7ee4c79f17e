/* Peripherals of which only the registers are there: unmodelled.c */
#pragma once

#include "chip/device.h"

/* Of the L1: ADC, LCD, comparators with the routing interface. */
extern const struct device_class unmodelled_adc_l1_class, unmodelled_lcd_class, unmodelled_comp_l1_class;
