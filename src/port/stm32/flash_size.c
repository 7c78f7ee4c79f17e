/* How much flash there is: as configured, as the chip says, and as a look finds. */
#include "flash_size.h"

#include "chip.h"           // LARGEST_FLASH
#include "cortex_m/probe.h" // probe
#include "port.h"
#include "registers.h" // flash_kib

enum { SMALLEST_KIB = SMALLEST_FLASH / 1024, LARGEST_KIB = LARGEST_FLASH / 1024 };

static uint32_t flash_size;

FROM_FLASH uint32_t port_flash_limit(void)
{
    uint32_t kib = flash_kib();

    /* a register that says less or more is none */
    return (kib - SMALLEST_KIB <= LARGEST_KIB - SMALLEST_KIB ? kib : LARGEST_KIB) * 1024;
}

uint32_t port_flash_size(void)
{
    return flash_size;
}

FROM_FLASH bool port_flash_is_there(void)
{
    uint32_t ccr = SCB->CCR;

    SCB->CCR = ccr | PROBE_CCR;

    bool found = probe(APP_BASE_ADDRESS);

    SCB->CCR = ccr;
    return found;
}

void flash_size_find(void)
{
    if (HIGH)
        return; /* where the bootloader is, is flash */

    uint32_t size = flash_limit();

    SCB->CCR = SCB_CCR_STKALIGN | PROBE_CCR;
    while (!probe(FLASH_BASE + size - 4))
        size /= 2;
    flash_size = size;
}

void flash_size_find_for_check(void)
{
    uint32_t ccr = SCB->CCR;

    flash_size_find();
    SCB->CCR = ccr;
}
