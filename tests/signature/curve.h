/*
 * The curve of Ed25519 and numbers modulo its order L, with OpenSSL's big numbers: slow, and
 * written from RFC 8032 alone, to make keys and signatures that no honest program makes. Points and
 * scalars are 32 bytes, as encoded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ed25519.h"

enum { TORSION_POINTS = 8, NOT_CANONICAL = 6 };

/*
 * What tools/public-key makes of a key; but any point will do here, in encodings that are not canonical too.
 * False: no point.
 */
bool curve_key(struct ed25519_key *key, const uint8_t encoded[32]);
/* sum = a + b */
void curve_add(uint8_t sum[32], const uint8_t a[32], const uint8_t b[32]);
/* n times a point of order 8: 0 is the neutral one, 4 has order 2, 2 and 6 have order 4. */
void curve_torsion(uint8_t point[32], unsigned n);
/* Encodings of points of small order that are not canonical; all there are. Returns n of curve_torsion. */
unsigned curve_not_canonical(uint8_t encoded[32], unsigned which);

/* s = r + k * a modulo L, k being the digest's 64 bytes. */
void scalar_respond(uint8_t s[32], const uint8_t r[32], const uint8_t digest[64], const uint8_t a[32]);
/* s += times * L; false: that needs more than 256 bits. */
bool scalar_add_order(uint8_t s[32], unsigned times);
/* The digest modulo L, modulo 8: how often a point of small order is counted. */
unsigned scalar_modulo_8(const uint8_t digest[64]);
