/* What test_board.c and its firmware share: signatures in flash, what became of them in RAM. */
#pragma once

#include <stdint.h>

#include "ed25519.h"

enum {
    RECORDS_AT = 0x08004000,
    REPORT_AT = 0x20004000,
    STACK_TOP = 0x20005000,
    MOST_RECORDS = 64,
    PIECE = 64, /* bytes of the message at a time */
};

/* One signature; its message follows, filled up to whole words. The end: `length` is blank. */
struct record {
    struct ed25519_key key;
    uint8_t signature[64];
    uint32_t length;
};

/* Processor cycles. */
struct outcome {
    uint32_t verdict;
    uint32_t hashing, curve;
    uint32_t longest_step; /* of any call */
};

struct report {
    uint32_t done; /* records */
    uint32_t complete;
    uint32_t preparation; /* cycles until the first block is hashed, for once */
    uint32_t longest_preparation;
    struct outcome outcomes[MOST_RECORDS];
};
