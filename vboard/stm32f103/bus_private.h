/* What bus.c and bus_peripheral.c share. */
#pragma once

#include "chip.h"
#include "map.h"

bool bus_read_peripheral(struct chip *chip, const struct map_region *region, uint32_t address, unsigned size,
                         uint32_t *value);
bool bus_write_peripheral(struct chip *chip, const struct map_region *region, uint32_t address, unsigned size,
                          uint32_t value);
