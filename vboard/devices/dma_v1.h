/* DMA controller of the F1: dma_v1.c. Inputs: requests of the channels, from 0. */
#pragma once

#include "chip/device.h"

enum dma_v1_output { DMA_V1_IRQ /* of channel 1; those of the others follow */ };

extern const struct device_class dma_v1_class;
/* With five channels, not seven. */
extern const struct device_class dma_v1_small_class;
