/* Chips that differ from a new one of ST's, by names for the command line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "chip/chip.h"

/* The names, for help and messages. */
extern const char chip_kinds[];
/* There is such a kind, and chips of this family are not so. */
bool chip_kind_is_foreign(const struct chip_config *config, const char *name, size_t length);
/* Makes the chip so; false: no such kind. */
bool chip_kind_apply(struct chip_config *config, const char *name, size_t length);
