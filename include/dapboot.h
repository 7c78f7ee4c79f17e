/*
 * For applications: how to ask for the bootloader. Header only, no library needed; works with any compiler
 * that knows <stdint.h>, with CMSIS, libopencm3 or nothing beside it.
 *
 *     #include "dapboot.h"
 *     ...
 *     dapboot_enter();     does not return: the board restarts as a DFU device
 *
 * The request is a number in a backup register, which outlives a reset but not the loss of power (without a
 * battery). To use another register or number, define DAPBOOT_REGISTER (1 to 10) and DAPBOOT_COMMAND as the
 * bootloader was built with REG_BOOT and CMD_BOOT.
 */
#ifndef DAPBOOT_H
#define DAPBOOT_H

#include <stdint.h>

#ifndef DAPBOOT_REGISTER
#define DAPBOOT_REGISTER 1
#endif
#ifndef DAPBOOT_COMMAND
#define DAPBOOT_COMMAND 0x4F42
#endif

/* Leaves the request for the next reset, whenever the application wants that. (RM0008 5.4.1, 6.4.1, 7.3.8) */
static inline void dapboot_request(void)
{
    volatile uint32_t *const rcc_apb1enr = (volatile uint32_t *)0x4002101C;
    volatile uint32_t *const pwr_cr = (volatile uint32_t *)0x40007000;
    volatile uint32_t *const bkp_dr = (volatile uint32_t *)0x40006C00; /* [1] is BKP_DR1 */

    *rcc_apb1enr |= 1u << 28 | 1u << 27; /* PWREN, BKPEN */
    (void)*rcc_apb1enr;                  /* the clock runs after this read */
    *pwr_cr |= 1u << 8;                  /* DBP: backup registers can be written */
    bkp_dr[DAPBOOT_REGISTER] = DAPBOOT_COMMAND;
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
 * (RM0008 19.4.1) */
static inline void dapboot_feed_watchdog(void)
{
    *(volatile uint32_t *)0x40003000 = 0xAAAA;
}

#endif
