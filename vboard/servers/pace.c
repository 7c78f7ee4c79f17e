/* See pace.h. */
#include "pace.h"

#include <time.h>

enum {
    MAX_LAG_US = 2000000, /* a board that fell further behind does not catch up: nothing may run faster than
                             real time */
};

int64_t pace_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct pace pace_begin(bool kept, unsigned slower)
{
    return (struct pace){.kept = kept, .slower = slower, .offset_us = pace_clock_us()};
}

void pace_change(struct pace *pace, bool kept, unsigned slower, ticks now)
{
    pace->kept = kept;
    pace->slower = slower;
    pace->offset_us = pace_clock_us() - (int64_t)ticks_to_us(now) * slower;
}

int pace_ahead_ms(struct pace *pace, ticks now)
{
    if (!pace->kept)
        return 0;
    int64_t ahead = (int64_t)ticks_to_us(now) * pace->slower + pace->offset_us - pace_clock_us();
    if (ahead < -MAX_LAG_US)
        pace->offset_us -= ahead;
    return ahead > 0 ? (int)((ahead + 999) / 1000) : 0;
}
