/* The constants of SHA-512's rounds: computed, because the table would take 640 bytes of flash. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A small part of the work; true when another constant is complete: the first 64 bits of the fractional part
 * of the cube root of the next prime, beginning with 2. For once: they do not begin anew.
 */
bool cube_root_step(uint64_t *fraction);
