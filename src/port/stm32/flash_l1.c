/* Flash operations of the STM32L1, started and not waited for (RM0038 3.4). */
#include "flash_l1.h"

#include "flash.h"
#include "port.h" // port_flash_*

void flash_start(void)
{
    FLASH->PEKEYR = FLASH_PE_KEY1;
    FLASH->PEKEYR = FLASH_PE_KEY2;
    FLASH->PRGKEYR = FLASH_PRG_KEY1;
    FLASH->PRGKEYR = FLASH_PRG_KEY2;
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
    uint32_t status = FLASH->SR;

    return status & FLASH_SR_WRPERR                       ? errWRITE
           : status & (FLASH_SR_PGAERR | FLASH_SR_SIZERR) ? errPROG
                                                          : STATUS_OK;
}

/* With the locks left open: their bits can only be set. */
NOINLINE static void begin(uint32_t operation)
{
    FLASH->SR = FLASH_SR_EOP | FLASH_SR_WRPERR | FLASH_SR_PGAERR | FLASH_SR_SIZERR | FLASH_SR_OPTVERR;
    FLASH->PECR = operation;
}

NOINLINE void port_flash_erase(uint32_t address)
{
    begin(FLASH_PECR_ERASE | FLASH_PECR_PROG);
    *(reg32 *)address = 0;
}

void port_flash_program(uint32_t address, flash_unit value)
{
    begin(0);
    *(reg32 *)address = value;
}

/* No flash may be read until the last word is there: this code, its data and its stack are in RAM. */
void port_flash_program_burst(uint32_t address, const flash_unit *values)
{
    reg32 *to = (reg32 *)address;

    begin(FLASH_PECR_FPRG | FLASH_PECR_PROG);
    for (uint32_t i = 0; i < FLASH_BURST; i++) {
        *to++ = *values++;
        __asm__("" : "+r"(to)); /* two pointers are smaller than one and their difference */
    }
}
