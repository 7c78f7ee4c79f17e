/* Tests of the STM32L1: its registers by name, and its ways to do what most tests need. */
#pragma once

#include "chips/stm32l1.h"
#include "lab.h"

#define RCC(offset)    (0x40023800u + (offset))
#define FLASH(offset)  (0x40023C00u + (offset))
#define PWR(offset)    (0x40007000u + (offset))
#define RTC(offset)    (0x40002800u + (offset))
#define SYSCFG(offset) (0x40010000u + (offset))
#define EXTI(offset)   (0x40010400u + (offset))
#define USB(offset)    (0x40005C00u + (offset))
#define DBGMCU(offset) (0xE0042000u + (offset))
#define GPIO(letter, offset)                                                                                 \
    (0x40020000u + 0x400u * ((letter) == 'H' ? 5u : (unsigned)(letter) - 'A') + (offset))
#define EEPROM_AT  0x08080000u
#define OPTIONS_AT 0x1FF80000u

enum { RCC_CR = 0x00, RCC_ICSCR = 0x04, RCC_CFGR = 0x08, RCC_AHBRSTR = 0x10, RCC_AHBENR = 0x1C };
enum { RCC_APB2ENR = 0x20, RCC_APB1ENR = 0x24, RCC_CSR = 0x34 };
enum { HSION = 1 << 0, HSIRDY = 1 << 1, MSION = 1 << 8, MSIRDY = 1 << 9, HSEON = 1 << 16, HSERDY = 1 << 17 };
enum {
    PLLON = 1 << 24,
    PLLRDY = 1 << 25,
    PLLSRC_HSE = 1 << 16,
    PLLDIV_2 = 1 << 22,
    PLLDIV_3 = 2 << 22,
    PLLDIV_4 = 3 << 22
};
enum { PLLMUL_3 = 0 << 18, PLLMUL_4 = 1 << 18, PLLMUL_6 = 2 << 18, PLLMUL_12 = 4 << 18 };
enum { SW_MSI, SW_HSI, SW_HSE, SW_PLL };
enum { PWR_CR = 0x00, PWR_CSR = 0x04, VOS_1 = 1 << 11, VOS_2 = 2 << 11, VOS_3 = 3 << 11, VOSF = 1 << 4 };
enum { DBP = 1 << 8, APB1ENR_PWR = 1 << 28, APB1ENR_USB = 1 << 23, APB2ENR_SYSCFG = 1 << 0 };
enum { AHBENR_PORTS = 0x3F, AHBENR_FLITF = 1 << 15 };
enum { FLASH_ACR = 0x00, FLASH_PECR = 0x04, FLASH_PDKEYR = 0x08, FLASH_PEKEYR = 0x0C, FLASH_PRGKEYR = 0x10 };
enum { FLASH_OPTKEYR = 0x14, FLASH_SR = 0x18, FLASH_OBR = 0x1C, FLASH_WRPR1 = 0x20 };
enum { LATENCY = 1 << 0, PRFTEN = 1 << 1, ACC64 = 1 << 2, RUN_PD = 1 << 4 };
enum { PELOCK = 1 << 0, PRGLOCK = 1 << 1, OPTLOCK = 1 << 2, PROG = 1 << 3, DATA = 1 << 4, FTDW = 1 << 8 };
enum { ERASE = 1 << 9, FPRG = 1 << 10, OBL_LAUNCH = 1 << 18 };
enum { BSY = 1 << 0, EOP = 1 << 1, ENDHV = 1 << 2, WRPERR = 1 << 8, PGAERR = 1 << 9, SIZERR = 1 << 10 };
enum { PAGE = 256, HALF_PAGE = 128, HALF_PAGE_WORDS = 32 };
enum {
    MODER = 0x00,
    OTYPER = 0x04,
    PUPDR = 0x0C,
    IDR = 0x10,
    ODR = 0x14,
    BSRR = 0x18,
    LCKR = 0x1C,
    AFRL = 0x20
};

static inline struct lab *lab_new(void)
{
    return lab_with("STM32L1", NULL);
}

static inline void unlock_pecr(struct lab *lab)
{
    put(lab, FLASH(FLASH_PEKEYR), 0x89ABCDEF);
    put(lab, FLASH(FLASH_PEKEYR), 0x02030405);
}

static inline void unlock_flash(struct lab *lab)
{
    unlock_pecr(lab);
    put(lab, FLASH(FLASH_PRGKEYR), 0x8C9DAEBF);
    put(lab, FLASH(FLASH_PRGKEYR), 0x13141516);
}

/* Waits for the operation's end: a read of the memory does. */
static inline void finish(struct lab *lab)
{
    get(lab, FLASH_AT);
}

static inline void erase_page(struct lab *lab, uint32_t address)
{
    put(lab, FLASH(FLASH_PECR), ERASE | PROG);
    put(lab, address, 0);
    finish(lab);
    put(lab, FLASH(FLASH_PECR), 0);
}

/* first, first + 1, ... */
static inline void program_half_page(struct lab *lab, uint32_t address, uint32_t first)
{
    put(lab, FLASH(FLASH_PECR), FPRG | PROG);
    for (uint32_t i = 0; i < HALF_PAGE_WORDS; i++)
        put(lab, address + 4 * i, first + i);
}

static inline void set_range(struct lab *lab, uint32_t vos)
{
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    put(lab, PWR(PWR_CR), vos);
    wait_us(lab, 100);
}
