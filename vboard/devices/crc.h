/* CRC unit: crc.c */
#pragma once

#include "chip/device.h"

extern const struct device_class crc_class;
