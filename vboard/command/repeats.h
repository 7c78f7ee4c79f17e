/* Keeps a program that breaks the same rule at the same place over and over from flooding the terminal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { REPEATS = 256 };

/* Begins as { 0 }. */
struct repeats {
    struct {
        uint64_t place; /* rule and instruction */
        uint32_t times;
    } known[REPEATS];
};

/* Whether to tell it: the first three times, the 10th, the 100th and so on.
 * *times: how often it has happened. */
bool repeats_wanted(struct repeats *repeats, const char *violation, uint32_t *times);
