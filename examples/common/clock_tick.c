/* SysTick (PM0056 4.5). */
#include "chip.h" // CLOCK_HZ
#include "clock.h"

void clock_tick(uint32_t hertz)
{
    SYSTICK->LOAD = CLOCK_HZ / hertz - 1;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_CLKSOURCE | SYSTICK_CTRL_TICKINT | SYSTICK_CTRL_ENABLE;
}
