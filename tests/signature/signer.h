/* A maker's key with OpenSSL, its verifier, and ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ed25519.h"

struct signer {
    void *pair;         /* EVP_PKEY */
    uint8_t scalar[32]; /* a, RFC 8032 5.1.5 */
    uint8_t encoded[32];
    struct ed25519_key key;
};

/* The same pair for the same seed. */
struct signer signer_new(uint64_t seed);
void signer_free(struct signer *signer);
void signer_sign(const struct signer *signer, const uint8_t *message, size_t length, uint8_t signature[64]);

/*
 * A signature with this R and the S that a holder of r and a would answer: what OpenSSL makes if R is r B and
 * A is a B, and what nobody makes otherwise. Returns k modulo 8.
 */
unsigned forge(uint8_t signature[64], const uint8_t encoded_r[32], const uint8_t r[32],
               const uint8_t encoded_a[32], const uint8_t a[32], const uint8_t *message, size_t length);

bool openssl_accepts(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message,
                     size_t length);
/* The message in pieces of so many bytes; 0: at once. */
bool we_accept(const struct ed25519_key *key, const uint8_t signature[64], const uint8_t *message,
               size_t length, size_t piece);
/* The answer of both, who agree. */
bool accepted(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message, size_t length);

/* Pseudo-random bytes, the same from the same seed. */
void noise(uint8_t *bytes, size_t length, uint64_t seed);
