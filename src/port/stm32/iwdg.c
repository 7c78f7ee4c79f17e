/* The independent watchdog of an application: APP_WATCHDOG_MS. */
#include "iwdg.h"

#include "port.h"
#include "registers.h" // RCC_CSR_*

FROM_FLASH bool port_watchdog_has_bitten(void)
{
    bool bitten = RCC->CSR & RCC_CSR_IWDGRSTF;

    if (bitten)
        RCC->CSR = RCC_CSR_RMVF;
    return bitten;
}

FROM_FLASH void port_start_watchdog(void)
{
    IWDG->KR = IWDG_KR_START;
    IWDG->KR = IWDG_KR_ACCESS;
    IWDG->PR = IWDG_PR_256;
    IWDG->RLR = APP_WATCHDOG_MS * LSI_KHZ / 256; /* counts from 0, so this is rounded up (RM0008 19.4) */
    while (IWDG->SR) {                           /* 5 cycles of the watchdog's clock */
    }
    iwdg_feed(); /* only now it counts from RLR */
}
