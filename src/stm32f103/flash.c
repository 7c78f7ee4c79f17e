/* Flash operations, started and not waited for (PM0075 2.3). */
#include "flash.h"

#include "image_writer.h" // enum dfu_status
#include "port.h"
#include "registers.h"

/* A size register that says less or more is not one. */
enum { SMALLEST_KIB = SMALLEST_FLASH / 1024, LARGEST_KIB = 1024 };

static uint32_t flash_size;

uint32_t port_flash_limit(void)
{
    if (FLASH_SIZE_OVERRIDE)
        return FLASH_SIZE_OVERRIDE;

    uint32_t kib = FLASH_SIZE_KIB;

    return (kib - SMALLEST_KIB <= LARGEST_KIB - SMALLEST_KIB ? kib : LARGEST_KIB) * 1024;
}

uint32_t port_flash_size(void)
{
    return flash_size;
}

/* Where there is no memory a read is a bus error, ignored with FAULTMASK and CCR.BFHFNMIGN set
 * (PM0056 4.4.7). */
static inline bool is_there(uint32_t address)
{
    __asm__ volatile("cpsid f\n\t"
                     "ldr %0, [%0]\n\t"
                     "cpsie f"
                     : "+r"(address));

    uint32_t faults = SCB->CFSR;

    SCB->CFSR = faults;
    return !faults;
}

FROM_FLASH bool port_flash_is_there(void)
{
    uint32_t ccr = SCB->CCR;

    SCB->CCR = ccr | SCB_CCR_BFHFNMIGN;

    bool found = is_there(APP_BASE_ADDRESS);

    SCB->CCR = ccr;
    return found;
}

static inline void measure(void)
{
    if (HIGH)
        return; /* where the bootloader is, is flash */

    uint32_t size = port_flash_limit();

    SCB->CCR = SCB_CCR_STKALIGN | SCB_CCR_BFHFNMIGN;
    while (!is_there(FLASH_BASE + size - 4))
        size /= 2;
    flash_size = size;
}

void flash_start(void)
{
    FLASH->KEYR = FLASH_KEY1;
    FLASH->KEYR = FLASH_KEY2;
    measure();
}

void flash_measure(void)
{
    uint32_t ccr = SCB->CCR;

    measure();
    SCB->CCR = ccr;
}

static void wait(void)
{
    while (port_flash_busy()) {}
}

/*
 * Option bytes are erased all at once, read protection among them, and with it set they could not be written
 * again without losing all flash. So it is written first, and a read-protected chip is left alone. The others
 * are kept as they are in force: of a byte that a power cut tore that is 0xFF, whatever stands there.
 */
FROM_FLASH void flash_protect_bootloader(void)
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

/* Chips with more than 128 KiB have pages of 2 KiB (PM0075 2.1). A register above 1 MiB says nothing. */
bool port_flash_pages_fit(void)
{
    return FLASH_PAGE_SIZE == 2048 || FLASH_SIZE_KIB - 129u > LARGEST_KIB - 129u;
}

const volatile void *port_flash(uint32_t address)
{
    return (const volatile void *)address;
}

bool port_flash_busy(void)
{
    return FLASH->SR & FLASH_SR_BSY;
}

uint8_t port_flash_error(void)
{
    return FLASH->SR & FLASH_SR_WRPRTERR ? errWRITE : FLASH->SR & FLASH_SR_PGERR ? errPROG : STATUS_OK;
}

static void forget_errors(void)
{
    FLASH->SR = FLASH_SR_PGERR | FLASH_SR_WRPRTERR | FLASH_SR_EOP;
}

NOINLINE void port_flash_erase(uint32_t address)
{
    forget_errors();
    FLASH->CR = FLASH_CR_PER;
    FLASH->AR = address;
    FLASH->CR = FLASH_CR_PER | FLASH_CR_STRT;
}

NOINLINE void port_flash_program(uint32_t address, uint16_t value)
{
    forget_errors();
    FLASH->CR = FLASH_CR_PG;
    *(reg16 *)address = value;
}
