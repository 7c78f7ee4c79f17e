/*
 * The registers that are this family's own, as far as the bootloader touches them, and what the shared parts
 * of the port ask of them. Source: RM0008.
 */
#pragma once

#include <stdbool.h>

#include "cortex_m/cortex_m.h" // BIT, reg32
#include "stm32/gpio_v1.h"     // the kind of GPIO

/* RM0008 7.3 */
struct rcc {
    reg32 CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
};
#define RCC                ((struct rcc *)0x40021000)
#define RCC_CR_HSEON       BIT(16)
#define RCC_CR_HSERDY      BIT(17)
#define RCC_CR_HSEBYP      BIT(18)
#define RCC_CR_PLLON       BIT(24)
#define RCC_CR_PLLRDY      BIT(25)
#define RCC_CFGR_SW_PLL    (2u << 0)
#define RCC_CFGR_SWS_PLL   (2u << 2)
#define RCC_CFGR_PPRE1_2   (4u << 8)
#define RCC_CFGR_PLLSRC    BIT(16)
#define RCC_CFGR_PLLXTPRE  BIT(17)
#define RCC_CFGR_PLLMUL(n) (((n)-2u) << 18)
#define RCC_CFGR_USBPRE    BIT(22)
#define RCC_CSR_RMVF       BIT(24)
#define RCC_CSR_IWDGRSTF   BIT(29)
#define RCC_APB2_AFIO      BIT(0)
#define RCC_APB1_USB       BIT(23)
#define RCC_APB1_BKP       BIT(27)
#define RCC_APB1_PWR       BIT(28)

/* Clocks of GPIO ports. */
#define GPIO_CLOCK(port) BIT(2 + (port))

/* Turns these on, and all others on APB2 off. */
static inline void gpio_clocks(uint32_t clocks)
{
    RCC->APB2ENR = clocks;
}

/* Resets these ports. */
static inline void gpio_reset(uint32_t clocks)
{
    RCC->APB2RSTR = clocks;
    RCC->APB2RSTR = 0;
}

/* RM0008 9.4.2 */
struct afio {
    reg32 EVCR, MAPR;
};
#define AFIO              ((struct afio *)0x40010000)
#define AFIO_MAPR_NO_JTAG (2u << 24)
#define AFIO_MAPR_NO_SWJ  (4u << 24)

/* The pins of the debug port are that until taken from it (RM0008 9.3.5); needs this among the clocks. */
#define DEBUG_PINS_CLOCK RCC_APB2_AFIO
static inline void take_debug_pins(bool swd, bool jtag)
{
    if (swd)
        AFIO->MAPR = AFIO_MAPR_NO_SWJ;
    else if (jtag)
        AFIO->MAPR = AFIO_MAPR_NO_JTAG;
}

/* RM0008 5.4, 6.4 */
struct pwr {
    reg32 CR;
};
#define PWR          ((struct pwr *)0x40007000)
#define PWR_CR_RESET 0
#define PWR_CR_DBP   BIT(8)
struct bkp {
    reg32 reserved, DR[10];
};
#define BKP ((struct bkp *)0x40006C00)

/* RM0008 30.1, 30.2 */
static inline uint32_t flash_kib(void)
{
    return *(const volatile uint16_t *)0x1FFFF7E0;
}

/* There is nothing in the chip that pulls D+ up. */
static inline void usb_pull_up(bool on)
{
    (void)on;
}

static inline void usb_pull_up_start(void) {}

static inline const volatile uint8_t *unique_id_byte(uint32_t i)
{
    return (const volatile uint8_t *)(0x1FFFF7E8 + i);
}

/* Backup register n, 1 to 10, and the clocks on APB1 that it needs. */
#define BACKUP_REGISTER(n) (BKP->DR[(n)-1])
#define BACKUP_CLOCKS      (RCC_APB1_BKP | RCC_APB1_PWR)
