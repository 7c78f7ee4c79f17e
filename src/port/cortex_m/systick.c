/* SysTick, the timer of the processor (PM0056 4.5). */
#include "systick.h"

#include "port.h" // FROM_FLASH

FROM_FLASH void systick_wait(uint32_t cycles)
{
    SYSTICK->LOAD = cycles;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_ENABLE | SYSTICK_CTRL_CLKSOURCE;
    while (!systick_elapsed()) {}
    systick_stop();
}

void systick_start(uint32_t khz)
{
    SYSTICK->LOAD = khz - 1;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_ENABLE | SYSTICK_CTRL_CLKSOURCE;
}
