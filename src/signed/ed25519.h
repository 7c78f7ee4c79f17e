/*
 * Is this signature the maker's? Pure Ed25519 (RFC 8032, 5.1.7) in steps so small that USB is served between
 * them. One signature at a time. Nothing here is secret, so time may depend on the data.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* tools/public-key makes it of a PEM file, and refuses keys that would weaken what a signature says. */
struct ed25519_key {
    uint32_t encoded[8]; /* the 32 bytes of RFC 8032, in this order in memory */
    uint32_t minus_x[8]; /* -x of the point modulo p, least significant word first; saves a square root */
};

enum ed25519_verdict { ED25519_WORKING, ED25519_GENUINE, ED25519_FORGED };

/* Forgets what was before. Keeps `key`, copies the signature. */
void ed25519_begin(const struct ed25519_key *key, const uint8_t signature[64]);
/*
 * More of the message, in pieces of any length. Hashing waits until there is a call for it: of
 * ed25519_hashed, or of this one when it finds no room. Pieces of 64 bytes always find room if ed25519_hashed
 * was true before.
 */
void ed25519_message(const uint8_t *bytes, uint32_t length);
/*
 * Hashes a small part of what is left to do of the message so far; true if nothing is left. The first 128
 * bytes after power-up take 30 ms longer: SHA-512's constants are computed.
 */
bool ed25519_hashed(void);
/*
 * After the last of the message, again and again until it is no longer ED25519_WORKING. No call takes longer
 * than 80 us at 72 MHz.
 */
enum ed25519_verdict ed25519_step(void);
