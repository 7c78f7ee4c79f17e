/* Flash operations of the STM32F1, F0 and F3, started and not waited for (PM0075 2.3). */
#include "flash_f1.h"

#include "flash.h"
#include "port.h" // port_flash_*

void flash_start(void)
{
    FLASH->KEYR = FLASH_KEY1;
    FLASH->KEYR = FLASH_KEY2;
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

NOINLINE void port_flash_program(uint32_t address, flash_unit value)
{
    forget_errors();
    FLASH->CR = FLASH_CR_PG;
    *(reg16 *)address = value;
}
