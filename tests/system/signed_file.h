/* Signed files, as tools/sign makes them: an application and a trailer (docs/signing.md). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TRAILER = 104, SIGNATURE = 64, BOARD_BYTES = 20 };

/* What a trailer says before its signature. */
struct trailer_head {
    char magic[4];
    uint32_t address;
    uint16_t vendor, product;
    char board[BOARD_BYTES];
    uint32_t length;
    uint16_t version, reserved;
};

/* What the maker's tool says of a file of `length` bytes for TARGET. */
struct trailer_head trailer_of(const char *target, uint32_t app_base, uint32_t length, uint16_t version);
/* Puts a trailer into the last bytes of a file of `length` bytes and signs it with tests/maker.pem. */
void sign(uint8_t *file, uint32_t length, const struct trailer_head *trailer);
/* The same with a key of somebody else. */
void sign_as_stranger(uint8_t *file, uint32_t length, const struct trailer_head *trailer);
