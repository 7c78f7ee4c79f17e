/* SDIO: sdio.c */
#pragma once

#include "chip/device.h"

enum sdio_output { SDIO_IRQ };

extern const struct device_class sdio_class;
