/* SHA-512 (FIPS 180-4) of one message at a time, in small steps. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void sha512_begin(void);
/* More of the message, which is below 512 MiB. Hashes what was left before it needs the room. */
void sha512_add(const uint8_t *bytes, uint32_t length);
/* Some rounds of a block that is full; true if no full block is left. */
bool sha512_step(void);
/* No more message. Call it whenever sha512_step returns true, until both do: then the digest is there. */
bool sha512_end(void);
/* Bit 0..511 of the digest taken as a number whose least significant byte comes first. */
bool sha512_bit(uint32_t bit);
