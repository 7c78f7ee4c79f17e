/* The STM32F103, as far as the examples touch it. Source: RM0008, PM0075. */
#pragma once

#include "cortex_m.h"

enum { CLOCK_HZ = 72000000 };

/* RM0008 7.3 */
struct rcc {
    reg32 CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
};
#define RCC               ((struct rcc *)0x40021000)
#define RCC_CR_HSEON      BIT(16)
#define RCC_CR_HSERDY     BIT(17)
#define RCC_CR_PLLON      BIT(24)
#define RCC_CR_PLLRDY     BIT(25)
#define RCC_CFGR_SW_PLL   (2u << 0)
#define RCC_CFGR_SWS      (3u << 2)
#define RCC_CFGR_SWS_PLL  (2u << 2)
#define RCC_CFGR_PPRE1_2  (4u << 8)
#define RCC_CFGR_PLLSRC   BIT(16)
#define RCC_CFGR_PLLMUL_9 (7u << 18)
#define RCC_APB2_IOPA     BIT(2)
#define RCC_APB2_IOPB     BIT(3)
#define RCC_APB2_IOPC     BIT(4)
#define RCC_APB2_USART1   BIT(14)
#define RCC_APB1_USB      BIT(23)

/* RM0008 9.2 */
struct gpio {
    reg32 CRL, CRH, IDR, ODR, BSRR, BRR, LCKR;
};
#define GPIOA                    ((struct gpio *)0x40010800)
#define GPIOB                    ((struct gpio *)0x40010C00)
#define GPIOC                    ((struct gpio *)0x40011000)
#define GPIO_INPUT               4u
#define GPIO_PUSH_PULL           2u /* output, 2 MHz */
#define GPIO_OPEN_DRAIN          6u
#define GPIO_ALTERNATE           10u
#define GPIO_RESET(pin)          BIT((pin) + 16)
#define GPIO_FIELD(pin)          (((pin) % 8) * 4)
#define GPIO_MODE(cr, pin, mode) ((cr) = ((cr) & ~(15u << GPIO_FIELD(pin))) | (mode) << GPIO_FIELD(pin))

/* PM0075 3.1 */
#define FLASH_ACR       (*(reg32 *)0x40022000)
#define FLASH_ACR_72MHZ (BIT(4) | 2u) /* prefetch, two wait states */

/* RM0008 27.6 */
struct usart {
    reg32 SR, DR, BRR, CR1, CR2, CR3, GTPR;
};
#define USART1       ((struct usart *)0x40013800)
#define USART_SR_TXE BIT(7)
#define USART_CR1_TE BIT(3)
#define USART_CR1_UE BIT(13)

/*
 * D+ of the Blue Pill is always pulled up: low, so that the host sees whatever was on the bus before leave
 * it.
 */
static inline void usb_disconnect(void)
{
    enum { DP_PIN = 12 };

    RCC->APB2ENR |= RCC_APB2_IOPA;
    GPIOA->BSRR = GPIO_RESET(DP_PIN);
    GPIO_MODE(GPIOA->CRH, DP_PIN, GPIO_PUSH_PULL);
}

static inline void usb_connect(void)
{
    enum { DP_PIN = 12 };

    GPIO_MODE(GPIOA->CRH, DP_PIN, GPIO_INPUT);
}

/* RM0008 30.2; i from 0 to 11 */
static inline uint8_t unique_id_byte(unsigned i)
{
    return ((const uint8_t *)0x1FFFF7E8)[i];
}

/* RM0008 table 63; the first is shared with CAN */
enum { USB_LP_IRQ = 20, IRQS = 43 };
