/*
 * A host on a clock of its own waits between an answer and its next request, often as long as the device told
 * it to. The board must live through as much before the request comes, even on a PC that is too slow for it:
 * else a host that did all right finds a device that is not ready.
 */
#pragma once

#include "base/ticks.h"

struct think_time {
    ticks answered;   /* when the board last answered, in its own time; 0: never */
    ticks told;       /* the answer that the host heard last */
    int64_t since_us; /* when it did, by the clock of the PC */
};

/* All that was answered has just been sent. */
static inline void think_time_begins(struct think_time *think, int64_t clock_us)
{
    if (think->told == think->answered)
        return;
    think->told = think->answered;
    think->since_us = clock_us;
}

/* When a request that came now may go on the bus, in the board's time. */
static inline ticks think_time_ends(const struct think_time *think, int64_t clock_us, ticks now)
{
    /* Who waits longer does not wait for something that is due; and is not to lose patience with us. */
    enum { LONGEST_US = 250000 };
    int64_t waited = clock_us - think->since_us;
    if (think->told == 0 || waited <= 0)
        return now;
    ticks end = think->told + ticks_from_us(waited < LONGEST_US ? (uint64_t)waited : LONGEST_US);
    return end < now ? now : end;
}
