/*
 * For applications: how to ask for the bootloader. Header only, no library needed; works with any compiler
 * that knows <stdint.h>, with CMSIS, libopencm3 or nothing beside it.
 *
 *     #include "dapboot.h"
 *     ...
 *     dapboot_enter();     does not return: the board restarts as a DFU device
 *
 * The chip is an STM32F103, or an STM32L1 if STM32L1 (libopencm3, ST's stm32l1xx.h), STM32L1xx (Arduino) or
 * the name of ST's header, such as STM32L152xB, is defined. A project that defines none of them calls the
 * compiler with -DSTM32L1.
 *
 * The request is a number in a backup register, which outlives a reset but not the loss of power (without a
 * battery). To use another register or number, define DAPBOOT_REGISTER (STM32F103: 1 to 10, STM32L1: 0 to 19)
 * and DAPBOOT_COMMAND as the bootloader was built with REG_BOOT and CMD_BOOT.
 */
#ifndef DAPBOOT_H
#define DAPBOOT_H

#include <stdint.h>

#if defined(STM32L151xD) || defined(STM32L151xDX) || defined(STM32L151xE) || defined(STM32L152xD) ||         \
    defined(STM32L152xDX) || defined(STM32L152xE) || defined(STM32L162xD) || defined(STM32L162xDX) ||        \
    defined(STM32L162xE)
#error "dapboot.h: there is no dapboot for the STM32L1 of categories 4 to 6; take one of up to 256 KiB."
#elif defined(STM32L1) || defined(STM32L1xx) || defined(STM32L1XX_MD) || defined(STM32L1XX_MDP) ||           \
    defined(STM32L100xB) || defined(STM32L100xBA) || defined(STM32L100xC) || defined(STM32L151xB) ||         \
    defined(STM32L151xBA) || defined(STM32L151xC) || defined(STM32L151xCA) || defined(STM32L152xB) ||        \
    defined(STM32L152xBA) || defined(STM32L152xC) || defined(STM32L152xCA) || defined(STM32L162xC) ||        \
    defined(STM32L162xCA)
#define DAPBOOT_STM32L1 1
#if defined(STM32F1) || defined(STM32F1xx)
#error "dapboot.h: the project defines names of two families, STM32F1 and STM32L1; leave one of them out."
#endif
#elif defined(STM32C0) || defined(STM32F0) || defined(STM32F2) || defined(STM32F3) || defined(STM32F4) ||    \
    defined(STM32F7) || defined(STM32G0) || defined(STM32G4) || defined(STM32H5) || defined(STM32H7) ||      \
    defined(STM32L0) || defined(STM32L4) || defined(STM32L5) || defined(STM32U5) || defined(STM32WB) ||      \
    defined(STM32C0xx) || defined(STM32F0xx) || defined(STM32F2xx) || defined(STM32F3xx) ||                  \
    defined(STM32F4xx) || defined(STM32F7xx) || defined(STM32G0xx) || defined(STM32G4xx) ||                  \
    defined(STM32H5xx) || defined(STM32H7xx) || defined(STM32L0xx) || defined(STM32L4xx) ||                  \
    defined(STM32L5xx) || defined(STM32U5xx) || defined(STM32WBxx)
#error "dapboot.h: there is no dapboot for this family; there are STM32F103 and STM32L1."
#endif

/* Where the registers are: RM0008 3.3, RM0038 2.3. [n] of the backup registers is BKP_DRn, RTC_BKPnR. */
#ifdef DAPBOOT_STM32L1
#define DAPBOOT_RCC_APB1ENR      0x40023824
#define DAPBOOT_BACKUP_CLOCKS    (1u << 28) /* PWREN */
#define DAPBOOT_BACKUP_REGISTERS 0x40002850
#define DAPBOOT_USUAL_COMMAND    0x544F4F42
#else
#define DAPBOOT_RCC_APB1ENR      0x4002101C
#define DAPBOOT_BACKUP_CLOCKS    (1u << 28 | 1u << 27) /* PWREN, BKPEN */
#define DAPBOOT_BACKUP_REGISTERS 0x40006C00
#define DAPBOOT_USUAL_COMMAND    0x4F42
#endif

#ifndef DAPBOOT_REGISTER
#define DAPBOOT_REGISTER 1
#endif
#ifndef DAPBOOT_COMMAND
#define DAPBOOT_COMMAND DAPBOOT_USUAL_COMMAND
#endif

/*
 * Leaves the request for the next reset, whenever the application wants that. (RM0008 5.4.1, 6.4.1, 7.3.8;
 * RM0038 5.4.1, 6.3, 20.6)
 */
static inline void dapboot_request(void)
{
    volatile uint32_t *const rcc_apb1enr = (volatile uint32_t *)DAPBOOT_RCC_APB1ENR;
    volatile uint32_t *const pwr_cr = (volatile uint32_t *)0x40007000;
    volatile uint32_t *const backup = (volatile uint32_t *)DAPBOOT_BACKUP_REGISTERS;

    *rcc_apb1enr |= DAPBOOT_BACKUP_CLOCKS;
    (void)*rcc_apb1enr; /* the clock runs after this read */
    *pwr_cr |= 1u << 8; /* DBP: backup registers can be written */
    backup[DAPBOOT_REGISTER] = DAPBOOT_COMMAND;
    *pwr_cr &= ~(1u << 8);
}

/* Restarts into the bootloader. Does not return. Disconnect from USB before, if the board can. */
static inline void dapboot_enter(void)
{
    volatile uint32_t *const scb_aircr = (volatile uint32_t *)0xE000ED0C;

    dapboot_request();
    *scb_aircr = 0x05FA0004; /* VECTKEY, SYSRESETREQ (PM0056 4.4.5) */
    for (;;) {}
}

/* For a bootloader built with APP_WATCHDOG_MS: the watchdog counts from the start again. Harmless otherwise.
 * (RM0008 19.4.1, RM0038 21.4.1) */
static inline void dapboot_feed_watchdog(void)
{
    *(volatile uint32_t *)0x40003000 = 0xAAAA;
}

#endif
