/* How fast virtual time goes: as fast as this PC can, or with the clock on the wall. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ticks.h"

struct pace {
    bool kept;         /* with the clock */
    int64_t offset_us; /* wall clock minus virtual time */
};

struct pace pace_begin(bool kept);
/* How many milliseconds, rounded up, virtual time is ahead of the clock on the wall; 0: go on. */
int pace_ahead_ms(struct pace *pace, ticks now);
/* The clock itself. */
int64_t pace_clock_us(void);
