/* bxCAN */
#pragma once

#include "chip/device.h"

enum bxcan_output { BXCAN_TX_IRQ, BXCAN_RX0_IRQ, BXCAN_RX1_IRQ, BXCAN_SCE_IRQ };
enum bxcan_input { BXCAN_MEMORY_TAKEN }; /* by USB, which shares it */
enum bxcan_signal { BXCAN_TX, BXCAN_RX };

extern const struct device_class bxcan_class;
