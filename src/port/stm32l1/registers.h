/*
 * The registers that are this family's own, as far as the bootloader touches them, and what the shared parts
 * of the port ask of them. Source: RM0038.
 */
#pragma once

#include <stdbool.h>

#include "cortex_m/cortex_m.h" // BIT, reg32
#include "stm32/gpio_v2.h"     // the kind of GPIO

/* RM0038 6.3 */
struct rcc {
    reg32 CR, ICSCR, CFGR, CIR, AHBRSTR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, AHBLPENR, APB2LPENR,
        APB1LPENR, CSR;
};
#define RCC               ((struct rcc *)0x40023800)
#define RCC_CR_HSION      BIT(0)
#define RCC_CR_HSIRDY     BIT(1)
#define RCC_CR_MSION      BIT(8)
#define RCC_CR_HSEON      BIT(16)
#define RCC_CR_HSERDY     BIT(17)
#define RCC_CR_HSEBYP     BIT(18)
#define RCC_CR_PLLON      BIT(24)
#define RCC_CR_PLLRDY     BIT(25)
#define RCC_CFGR_SW_PLL   (3u << 0)
#define RCC_CFGR_SWS_PLL  (3u << 2)
#define RCC_CFGR_PLLSRC   BIT(16)
#define RCC_CFGR_PLLDIV_3 (2u << 22)
#define RCC_CSR_RMVF      BIT(24)
#define RCC_CSR_IWDGRSTF  BIT(29)
#define RCC_AHB_FLITF     BIT(15) /* the flash interface, on after reset */
#define RCC_APB2_SYSCFG   BIT(0)
#define RCC_APB1_USB      BIT(23)
#define RCC_APB1_PWR      BIT(28)

/* Clocks of GPIO ports. */
#define GPIO_CLOCK(port) BIT(port)

/* Turns these on, and all others on AHB off, as after reset. */
static inline void gpio_clocks(uint32_t clocks)
{
    RCC->AHBENR = RCC_AHB_FLITF | clocks;
}

/* Resets these ports. */
static inline void gpio_reset(uint32_t clocks)
{
    RCC->AHBRSTR = clocks;
    RCC->AHBRSTR = 0;
}

/* The pins of the debug port have a mode as others do (RM0038 7.3.1). */
#define DEBUG_PINS_CLOCK 0
static inline void take_debug_pins(bool swd, bool jtag)
{
    (void)swd, (void)jtag;
}

/* RM0038 8.5 */
struct syscfg {
    reg32 MEMRMP, PMC;
};
#define SYSCFG            ((struct syscfg *)0x40010000)
#define SYSCFG_PMC_USB_PU BIT(0)

/* With its clock on, which stays on. */
static inline void usb_pull_up(bool on)
{
    SYSCFG->PMC = on ? SYSCFG_PMC_USB_PU : 0;
}

static inline void usb_pull_up_start(void)
{
    RCC->APB2ENR = RCC_APB2_SYSCFG;
}

/* RM0038 5.4 */
struct pwr {
    reg32 CR, CSR;
};
#define PWR            ((struct pwr *)0x40007000)
#define PWR_CR_RESET   (2u << 11) /* core voltage range 2: up to 16 MHz */
#define PWR_CR_RANGE_1 (1u << 11)
#define PWR_CR_DBP     BIT(8)
#define PWR_CSR_VOSF   BIT(4)

/* RM0038 20.6: backup register n, 0 to 19, and the clocks on APB1 that it needs. */
#define BACKUP_REGISTER(n) (*(reg32 *)(0x40002850 + 4 * (n)))
#define BACKUP_CLOCKS      RCC_APB1_PWR

/*
 * RM0038 30.6.1, 31.1: where the electronic signature is depends on the category. Of the devices of
 * categories 3 and up, 0x427, 0x436 and 0x437, and not of 0x416 and 0x429, both of these bits are set.
 */
static inline uint32_t signature_address(void)
{
    const uint32_t category_3 = BIT(5) | BIT(1);

    return (*(reg32 *)0xE0042000 & category_3) == category_3 ? 0x1FF800CC : 0x1FF8004C;
}

/*
 * The lower byte: category 2 has noise in the upper one. Of category 3, which has LARGEST_FLASH, it is 0.
 */
static inline uint32_t flash_kib(void)
{
    return *(const volatile uint8_t *)signature_address();
}

/* Its words are at 0, 4 and 0x14. */
static inline const volatile uint8_t *unique_id_byte(uint32_t i)
{
    return (const volatile uint8_t *)(signature_address() + 4 + i + (i >= 8 ? 0x14 - 8 : 0));
}
