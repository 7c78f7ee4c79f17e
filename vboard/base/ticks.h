/* Virtual time. Nothing in the virtual board reads the clock of the PC it runs on, but what meets hosts and
 * people who live by it (pace.h, think_time.h). */
#pragma once

#include <stdint.h>

/*
 * One tick is the longest time of which every clock the chip can make is a whole multiple: 4 MHz times the
 * least common multiple of 2..18, the PLL's factors. 64 bits last for four days.
 */
typedef uint64_t ticks;

#define TICKS_PER_MICROSECOND 49008960ull
#define TICKS_PER_MILLISECOND (1000 * TICKS_PER_MICROSECOND)
#define TICKS_PER_SECOND      (1000000 * TICKS_PER_MICROSECOND)
#define TICKS_NEVER           UINT64_MAX

static inline ticks ticks_from_us(uint64_t us)
{
    return us * TICKS_PER_MICROSECOND;
}

/* Rounds down. */
static inline uint64_t ticks_to_us(ticks time)
{
    return time / TICKS_PER_MICROSECOND;
}
