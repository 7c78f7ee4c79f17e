/* SysTick, the timer of the processor. Internal to the ports. */
#pragma once

#include <stdbool.h>

#include "cortex_m.h" // SYSTICK

/* Waits so many cycles of the processor's clock, up to 2^24; leaves SysTick as after reset. */
void systick_wait(uint32_t cycles);
/* Counts milliseconds from now on; `khz` is the processor's clock. */
void systick_start(uint32_t khz);
/* True once per millisecond. */
static inline bool systick_elapsed(void)
{
    return SYSTICK->CTRL & SYSTICK_CTRL_COUNTFLAG;
}

/* As after reset again. */
static inline void systick_stop(void)
{
    SYSTICK->CTRL = 0;
    SYSTICK->LOAD = 0;
    SYSTICK->VAL = 0;
}
