/* The STM32L1 of categories 1 to 3, as far as the examples touch it. Source: RM0038. */
#pragma once

#include "cortex_m.h"

enum { CLOCK_HZ = 32000000 };

/* RM0038 6.3 */
struct rcc {
    reg32 CR, ICSCR, CFGR, CIR, AHBRSTR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR;
};
#define RCC               ((struct rcc *)0x40023800)
#define RCC_CR_HSEON      BIT(16)
#define RCC_CR_HSERDY     BIT(17)
#define RCC_CR_HSEBYP     BIT(18)
#define RCC_CR_PLLON      BIT(24)
#define RCC_CR_PLLRDY     BIT(25)
#define RCC_CFGR_SW_PLL   (3u << 0)
#define RCC_CFGR_SWS      (3u << 2)
#define RCC_CFGR_SWS_PLL  (3u << 2)
#define RCC_CFGR_PLLSRC   BIT(16)
#define RCC_CFGR_PLLMUL   18 /* the field's first bit */
#define RCC_CFGR_PLLDIV_3 (2u << 22)
#define RCC_AHB_GPIOB     BIT(1)
#define RCC_APB2_SYSCFG   BIT(0)
#define RCC_APB1_USB      BIT(23)
#define RCC_APB1_PWR      BIT(28)

/* RM0038 7.4 */
struct gpio {
    reg32 MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFR[2];
};
#define GPIOB           ((struct gpio *)0x40020400)
#define GPIO_OUTPUT     1u
#define GPIO_RESET(pin) BIT((pin) + 16)
#define GPIO_MODE(gpio, pin, mode)                                                                           \
    ((gpio)->MODER = ((gpio)->MODER & ~(3u << 2 * (pin))) | (mode) << 2 * (pin))

/* RM0038 5.4 */
struct pwr {
    reg32 CR, CSR;
};
#define PWR          ((struct pwr *)0x40007000)
#define PWR_CR_VOS   (3u << 11)
#define PWR_CR_VOS_1 (1u << 11) /* range 1: up to 32 MHz */
#define PWR_CSR_VOSF BIT(4)

/* RM0038 3.9.1 */
#define FLASH_ACR         (*(reg32 *)0x40023C00)
#define FLASH_ACR_LATENCY BIT(0)
#define FLASH_ACR_ACC64   BIT(2)

/* RM0038 8.5.2: the pull-up of D+ is in the chip. */
#define SYSCFG_PMC        (*(reg32 *)0x40010004)
#define SYSCFG_PMC_USB_PU BIT(0)

static inline void usb_disconnect(void)
{
    RCC->APB2ENR |= RCC_APB2_SYSCFG;
    SYSCFG_PMC &= ~SYSCFG_PMC_USB_PU;
}

static inline void usb_connect(void)
{
    SYSCFG_PMC |= SYSCFG_PMC_USB_PU;
}

/*
 * RM0038 30.6.1, 31.1; i from 0 to 11. Words at 0, 4 and 0x14 of a place that depends on the category: of the
 * devices of category 3, 0x427, and not of 0x416 and 0x429, both of these bits of DBGMCU_IDCODE are set.
 */
static inline uint8_t unique_id_byte(unsigned i)
{
    const uint32_t category_3 = BIT(5) | BIT(1);
    const uint8_t *id =
        (const uint8_t *)((*(reg32 *)0xE0042000 & category_3) == category_3 ? 0x1FF800D0 : 0x1FF80050);

    return id[i < 8 ? i : i - 8 + 0x14];
}

/* RM0038 table 63 */
enum { USB_LP_IRQ = 20, IRQS = 45 };
