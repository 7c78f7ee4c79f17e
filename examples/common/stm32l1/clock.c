/* Clock tree (RM0038 6.2), and what it asks of core voltage and flash (RM0038 5.1.6, 3.3.2). */
#include "clock.h"

#include <stdbool.h>

#include "chip.h"
#include "dapboot.h" // dapboot_enter

/* Passes of a loop of about 10 cycles at 2.1 MHz: 0.1 s; a crystal takes 1 ms. */
enum { CRYSTAL_PATIENCE = 20000 };

/* The PLL makes 96 MHz, half of which is for USB (RM0038 6.2.5). */
#if HSE_MHZ == 8
enum { PLL_TIMES_12 = 4, PLLMUL = PLL_TIMES_12 };
#elif HSE_MHZ == 16
enum { PLL_TIMES_6 = 2, PLLMUL = PLL_TIMES_6 };
#else
#error "HSE_MHZ must be 8 or 16; add the PLL's factor for another one that divides 96."
#endif

static bool crystal_starts(void)
{
    RCC->CR |= HSE_BYPASS ? RCC_CR_HSEBYP : 0; /* while the oscillator is off still (RM0038 6.3.1) */
    RCC->CR |= RCC_CR_HSEON;
    for (uint32_t patience = CRYSTAL_PATIENCE; patience; patience--)
        if (RCC->CR & RCC_CR_HSERDY)
            return true;
    return false;
}

static void await_voltage(void)
{
    while (PWR->CSR & PWR_CSR_VOSF) {}
}

static void raise_voltage(void)
{
    RCC->APB1ENR |= RCC_APB1_PWR;
    await_voltage();
    PWR->CR = (PWR->CR & ~PWR_CR_VOS) | PWR_CR_VOS_1;
    await_voltage();
}

void clock_start(void)
{
    const uint32_t pll = RCC_CFGR_PLLDIV_3 | (uint32_t)PLLMUL << RCC_CFGR_PLLMUL | RCC_CFGR_PLLSRC;

    if (!crystal_starts())
        dapboot_enter();
    raise_voltage();
    FLASH_ACR |= FLASH_ACR_ACC64; /* one after the other (RM0038 3.3.2) */
    FLASH_ACR |= FLASH_ACR_LATENCY;
    RCC->CFGR = pll;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {}
    RCC->CFGR = pll | RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {}
}
