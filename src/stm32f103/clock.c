/* Clock tree, SysTick and waiting. */
#include "clock.h"

#include "port.h"
#include "registers.h"

enum {
    CRYSTAL_KHZ = 72000,  /* 8 MHz crystal times 9 */
    INTERNAL_KHZ = 48000, /* 8 MHz internal oscillator / 2 times 12 */
    /* passes of a loop of about 10 cycles at 8 MHz: 0.1 s; a crystal takes 2 ms (DS5319 table 21) */
    CRYSTAL_PATIENCE = 80000,
};

FROM_FLASH void wait_cycles(uint32_t cycles)
{
    SYSTICK->LOAD = cycles;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_ENABLE | SYSTICK_CTRL_CLKSOURCE;
    while (!(SYSTICK->CTRL & SYSTICK_CTRL_COUNTFLAG)) {}
    SYSTICK->CTRL = 0;
    SYSTICK->LOAD = 0;
    SYSTICK->VAL = 0;
}

static inline bool crystal_starts(void)
{
    RCC->CR |= RCC_CR_HSEON;
    for (uint32_t patience = CRYSTAL_PATIENCE; patience; patience--)
        if (RCC->CR & RCC_CR_HSERDY)
            return true;
    return false;
}

bool port_crystal_works(void)
{
    return USE_HSI || RCC->CFGR & RCC_CFGR_PLLSRC;
}

static void run_from(uint32_t pll)
{
    FLASH->ACR = FLASH_ACR_72MHZ;
    RCC->CFGR = pll;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {}
    RCC->CFGR = pll | RCC_CFGR_SW_PLL;
    while (!(RCC->CFGR & RCC_CFGR_SWS_PLL)) {} /* was 0, the internal oscillator */
}

uint32_t clock_start(void)
{
    uint32_t khz = INTERNAL_KHZ, pll = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(12) | RCC_CFGR_USBPRE;

    if (!USE_HSI && crystal_starts()) {
        khz = CRYSTAL_KHZ;
        pll = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(9) | RCC_CFGR_PLLSRC;
    }
    run_from(pll);
    return khz;
}

/* Multiplied by 16, the internal oscillator is too coarse for USB, and good for anything else. */
void clock_hurry(void)
{
    run_from(RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(16));
}

void clock_rest(void)
{
    RCC->CFGR = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(16); /* nothing else may change before the PLL is off */
    while (RCC->CFGR & RCC_CFGR_SWS_PLL) {}
    RCC->CR &= ~RCC_CR_PLLON;
    RCC->CFGR = 0;
    FLASH->ACR = FLASH_ACR_RESET;
}

bool port_tick(void)
{
    if (!(SYSTICK->CTRL & SYSTICK_CTRL_COUNTFLAG))
        return false;
    IWDG->KR = IWDG_KR_RELOAD; /* option bytes may have started it */
    return true;
}
