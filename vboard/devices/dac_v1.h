/* DAC of the F1: dac_v1.c. Inputs: triggers, as TSEL counts them. */
#pragma once

#include "chip/device.h"

enum dac_v1_output { DAC_V1_DMA1, DAC_V1_DMA2 };
enum dac_v1_signal { DAC_V1_OUT1, DAC_V1_OUT2 };

extern const struct device_class dac_v1_class;
