/*
 * A file that keeps the flash of a virtual board from one run to the next: the bare bytes from 0x08000000 on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that does not exist leaves the flash as it is. On failure `error` says what is wrong. */
bool flash_file_read(const char *path, uint8_t *flash, uint32_t flash_bytes, char *error, size_t error_size);

/* All or nothing: whoever reads the file, and whenever power fails, it is the old flash or the new one. */
bool flash_file_write(const char *path, const uint8_t *flash, uint32_t flash_bytes, char *error,
                      size_t error_size);
