/* Option bytes of the STM32F1 (PM0075 2.5): PROTECT_BOOTLOADER. */
#include "option_bytes.h"

#include "flash_f1.h" // FLASH
#include "port.h"     // port_flash_busy

static void wait(void)
{
    while (port_flash_busy()) {}
}

/*
 * Option bytes are erased all at once, read protection among them, and with it set they could not be written
 * again without losing all flash. So it is written first, and a read-protected chip is left alone. The others
 * are kept as they are in force: of a byte that a power cut tore that is 0xFF, whatever stands there.
 */
FROM_FLASH void option_bytes_protect_bootloader(void)
{
    enum { GROUP = 4096, COUNT = 8, WRP0 = 4 };
    const uint32_t first = (BOOTLOADER_BASE - FLASH_BASE + GROUP - 1) / GROUP;
    const uint32_t behind = (BOOTLOADER_BASE - FLASH_BASE + BOOTLOADER_SIZE) / GROUP;
    const uint32_t own = (uint32_t)(~0ull >> (64 - (behind - first)) << first);
    uint32_t writable = FLASH->WRPR & ~own;

    if (FLASH->OBR & FLASH_OBR_RDPRT || FLASH->WRPR == writable)
        return;

    uint8_t bytes[COUNT] = {OPTION_RDP_OFF};

    for (uint32_t i = 1; i < COUNT; i++)
        bytes[i] =
            (i < WRP0 ? FLASH->OBR >> (FLASH_OBR_USER + (i - 1) * 8) : writable >> (i - WRP0) * 8) & 0xFF;
    FLASH->OPTKEYR = FLASH_KEY1;
    FLASH->OPTKEYR = FLASH_KEY2;
    FLASH->CR = FLASH_CR_OPTWRE | FLASH_CR_OPTER;
    FLASH->CR = FLASH_CR_OPTWRE | FLASH_CR_OPTER | FLASH_CR_STRT;
    wait();
    FLASH->CR = FLASH_CR_OPTWRE | FLASH_CR_OPTPG;
    for (uint32_t i = 0; i < COUNT; i++) {
        OPTION_BYTES[i] = bytes[i];
        wait();
    }
    FLASH->CR = 0;
}
