/* What survives a reset: backup registers, reset flags, the watchdog's bite. */
#include "clock.h" // wait_cycles
#include "port.h"
#include "registers.h"

enum { SECOND_RESET_MS = 500, PART_MS = 100, RESET_KHZ = 8000 };

/* Runs with the backup registers' clocks on, and leaves them off as after reset. */
static inline void write_request(uint32_t value)
{
    PWR->CR = PWR_CR_DBP;
    BKP->DR[REG_BOOT - 1] = value;
    PWR->CR = 0;
}

FROM_FLASH bool port_boot_command(void)
{
    RCC->APB1ENR = RCC_APB1_BKP | RCC_APB1_PWR;

    bool found = BKP->DR[REG_BOOT - 1] == CMD_BOOT;

    if (found)
        write_request(0);
    RCC->APB1ENR = 0;
    return found;
}

FROM_FLASH void port_wait_for_second_reset(void)
{
    RCC->APB1ENR = RCC_APB1_BKP | RCC_APB1_PWR;

    uint32_t content = BKP->DR[REG_BOOT - 1];

    write_request(CMD_BOOT);
    for (uint32_t ms = 0; ms < SECOND_RESET_MS; ms += PART_MS) {
        wait_cycles(PART_MS * RESET_KHZ);
        IWDG->KR = IWDG_KR_RELOAD; /* option bytes may have started it */
    }
    write_request(content);
    RCC->APB1ENR = 0;
}

FROM_FLASH bool port_watchdog_has_bitten(void)
{
    bool bitten = RCC->CSR & RCC_CSR_IWDGRSTF;

    if (bitten)
        RCC->CSR = RCC_CSR_RMVF;
    return bitten;
}

FROM_FLASH void port_start_watchdog(void)
{
    /* 40 kHz divided by 256, in steps of 6.4 ms, rounded up (RM0008 19.4) */
    IWDG->KR = IWDG_KR_START;
    IWDG->KR = IWDG_KR_ACCESS;
    IWDG->PR = IWDG_PR_256;
    IWDG->RLR = APP_WATCHDOG_MS * 10 / 64;
    while (IWDG->SR) { /* 5 cycles of 40 kHz */
    }
    IWDG->KR = IWDG_KR_RELOAD; /* only now it counts from RLR */
}
