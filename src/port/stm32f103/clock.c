/* The clock tree (RM0008 7.2). */
#include "clock.h"

#include "port.h"           // port_crystal_works
#include "registers.h"      // RCC
#include "stm32/flash_f1.h" // FLASH

enum {
    /* of a 16 MHz crystal the PLL takes half */
    PLL_INPUT_MHZ = HSE_MHZ > 12 ? HSE_MHZ / 2 : HSE_MHZ,
    CRYSTAL_KHZ = HSE_MHZ == 4 ? 48000 : 72000, /* the PLL multiplies by 16 at most */
    INTERNAL_KHZ = 48000,                       /* 8 MHz internal oscillator / 2 times 12 */
    /* passes of a loop of about 10 cycles at 8 MHz: 0.1 s; a crystal takes 2 ms (DS5319 table 21) */
    CRYSTAL_PATIENCE = 80000,
};

static inline bool crystal_starts(void)
{
    if (HSE_BYPASS)
        RCC->CR |= RCC_CR_HSEBYP;
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
        pll = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(CRYSTAL_KHZ / 1000u / PLL_INPUT_MHZ) | RCC_CFGR_PLLSRC |
              (PLL_INPUT_MHZ == HSE_MHZ ? 0 : RCC_CFGR_PLLXTPRE) |
              (CRYSTAL_KHZ == 48000 ? RCC_CFGR_USBPRE : 0);
    }
    run_from(pll);
    return khz;
}

/* Multiplied by 16, the internal oscillator is too coarse for USB, and good for anything else. */
void clock_start_check(void)
{
    run_from(RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(16));
}

void clock_end_check(void)
{
    RCC->CFGR = RCC_CFGR_PPRE1_2 | RCC_CFGR_PLLMUL(16); /* nothing else may change before the PLL is off */
    while (RCC->CFGR & RCC_CFGR_SWS_PLL) {}
    RCC->CR &= ~RCC_CR_PLLON;
    RCC->CFGR = 0;
    FLASH->ACR = FLASH_ACR_RESET;
}
