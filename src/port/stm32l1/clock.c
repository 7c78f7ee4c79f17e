/* The clock tree (RM0038 6.2) and what it asks of core voltage and flash (RM0038 5.1.6, 3.3.2). */
#include "clock.h"

#include "port.h"           // port_crystal_works
#include "registers.h"      // RCC, PWR
#include "stm32/flash_l1.h" // FLASH

/*
 * The PLL runs at 96 MHz: half of that is USB's clock, a third the processor's (RM0038 6.2.5). Its factors
 * are 3, 4, 6, 8, 12, 16 and so on.
 */
enum {
    HSE_TIMES = 96 / HSE_MHZ,
    HSI_TIMES = 96 / 16,
    /* passes of a loop of about 10 cycles at 2.1 MHz: 0.1 s; a crystal takes 1 ms */
    CRYSTAL_PATIENCE = 20000,
};
#define PLLMUL(times)                                                                                        \
    ((times) == 4    ? 1u << 18                                                                              \
     : (times) == 6  ? 2u << 18                                                                              \
     : (times) == 8  ? 3u << 18                                                                              \
     : (times) == 12 ? 4u << 18                                                                              \
     : (times) == 16 ? 5u << 18                                                                              \
                     : 6u << 18)

static inline bool crystal_starts(void)
{
    /* HSEBYP is written while the oscillator is off still. The HSI is for when it does not start: by then it
     * has been ready for long. */
    RCC->CR = RCC_CR_MSION | RCC_CR_HSION | (HSE_BYPASS ? RCC_CR_HSEBYP : 0) | RCC_CR_HSEON;
    for (uint32_t patience = CRYSTAL_PATIENCE; patience; patience--)
        if (RCC->CR & RCC_CR_HSERDY)
            return true;
    return false;
}

bool port_crystal_works(void)
{
    return USE_HSI || RCC->CFGR & RCC_CFGR_PLLSRC;
}

static inline void await_voltage(void)
{
    while (PWR->CSR & PWR_CSR_VOSF) {}
}

/* Once the range before is there. */
static inline void set_voltage(uint32_t range)
{
    RCC->APB1ENR = RCC_APB1_PWR;
    PWR->CR = range;
    await_voltage();
}

static void run_from(uint32_t pll)
{
    set_voltage(PWR_CR_RANGE_1);
    FLASH->ACR = FLASH_ACR_ACC64; /* one after the other (RM0038 3.3.2) */
    FLASH->ACR = FLASH_ACR_ACC64 | FLASH_ACR_LATENCY;
    RCC->CFGR = pll;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {}
    RCC->CFGR = pll | RCC_CFGR_SW_PLL;
    while (!(RCC->CFGR & RCC_CFGR_SWS_PLL)) {} /* was 0, the MSI */
}

static inline void start_internal(void)
{
    RCC->CR = RCC_CR_MSION | RCC_CR_HSION;
    while (!(RCC->CR & RCC_CR_HSIRDY)) {}
}

uint32_t clock_start(void)
{
    uint32_t pll = RCC_CFGR_PLLDIV_3 | PLLMUL(HSE_TIMES) | RCC_CFGR_PLLSRC;

    if (USE_HSI)
        start_internal();
    if (USE_HSI || !crystal_starts())
        pll = RCC_CFGR_PLLDIV_3 | PLLMUL(HSI_TIMES);
    run_from(pll);
    return SERVING_KHZ;
}

/* Right after a reset, which may have changed the voltage. */
void clock_start_check(void)
{
    RCC->APB1ENR = RCC_APB1_PWR;
    await_voltage();
    start_internal();
    run_from(RCC_CFGR_PLLDIV_3 | PLLMUL(HSI_TIMES));
}

void clock_end_check(void)
{
    RCC->CFGR = RCC_CFGR_PLLDIV_3 | PLLMUL(HSI_TIMES); /* nothing else may change before the PLL is off */
    while (RCC->CFGR & RCC_CFGR_SWS_PLL) {}
    RCC->CR = RCC_CR_MSION | RCC_CR_HSION;
    while (RCC->CR & RCC_CR_PLLRDY) {}
    RCC->CR = RCC_CR_MSION;
    RCC->CFGR = 0;
    FLASH->ACR = FLASH_ACR_ACC64; /* the same way back */
    FLASH->ACR = FLASH_ACR_RESET;
    set_voltage(PWR_CR_RESET);
    RCC->APB1ENR = 0;
}
