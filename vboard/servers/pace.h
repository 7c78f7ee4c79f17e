/* How fast virtual time goes: as fast as this PC can, with the clock on the wall, or slower. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ticks.h"

struct pace {
    bool kept;         /* with the clock */
    unsigned slower;   /* so many times; 1: as fast as the clock */
    int64_t offset_us; /* wall clock minus virtual time, stretched */
};

struct pace pace_begin(bool kept, unsigned slower);
/* From now on. */
void pace_change(struct pace *pace, bool kept, unsigned slower, ticks now);
/* How many milliseconds of the wall, rounded up, virtual time is ahead of the clock on the wall; 0: go on. */
int pace_ahead_ms(struct pace *pace, ticks now);
/* The clock itself. */
int64_t pace_clock_us(void);
