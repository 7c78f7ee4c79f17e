/* SPI of the F1: spi_v1.c */
#pragma once

#include "chip/device.h"

enum spi_v1_output { SPI_V1_IRQ, SPI_V1_DMA_RX, SPI_V1_DMA_TX };
enum spi_v1_signal { SPI_V1_MISO };

/* The second has the TI frame format, as the L1 and F4. */
extern const struct device_class spi_v1_class, spi_v1_frf_class;
