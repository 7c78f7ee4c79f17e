/* Clock tree (RM0008 7.2). */
#include "clock.h"

#include <stdbool.h>

#include "chip.h"
#include "dapboot.h" // dapboot_enter

/* Passes of a loop of about 10 cycles at 8 MHz: 0.1 s; a crystal takes 2 ms (DS5319 table 21). */
enum { CRYSTAL_PATIENCE = 80000 };

static bool crystal_starts(void)
{
    RCC->CR |= RCC_CR_HSEON;
    for (uint32_t patience = CRYSTAL_PATIENCE; patience; patience--)
        if (RCC->CR & RCC_CR_HSERDY)
            return true;
    return false;
}

void clock_start(void)
{
    const uint32_t pll = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL_9 | RCC_CFGR_PLLSRC;

    if (!crystal_starts())
        dapboot_enter();
    FLASH_ACR = FLASH_ACR_72MHZ;
    RCC->CFGR = pll;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {}
    RCC->CFGR = pll | RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {}
}
