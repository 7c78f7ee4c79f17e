/* The registers of the STM32F103 that the examples touch, no others. Source: RM0008, PM0056, PM0075. */
#pragma once

#include <stdint.h>

typedef volatile uint32_t reg32;
typedef volatile uint16_t reg16;

#define BIT(n) (1u << (n))

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

/* RM0008 23.5 */
struct usb {
    reg32 EPR[8], reserved[8], CNTR, ISTR, FNR, DADDR, BTABLE;
};
#define USB             ((struct usb *)0x40005C00)
#define USB_CNTR_FRES   BIT(0)
#define USB_CNTR_PDWN   BIT(1)
#define USB_CNTR_LPMODE BIT(2)
#define USB_CNTR_FSUSP  BIT(3)
/* the same bits in CNTR and ISTR */
#define USB_SOF        BIT(9)
#define USB_RESET      BIT(10)
#define USB_SUSP       BIT(11)
#define USB_WKUP       BIT(12)
#define USB_CTR        BIT(15)
#define USB_ISTR_EP_ID 15u
#define USB_DADDR_EF   BIT(7)
#define USB_EP_CTR_RX  BIT(15)
#define USB_EP_DTOG_RX BIT(14)
#define USB_EP_STAT_RX (3u << 12)
#define USB_EP_SETUP   BIT(11)
#define USB_EP_TYPE    (3u << 9)
#define USB_EP_KIND    BIT(8)
#define USB_EP_CTR_TX  BIT(7)
#define USB_EP_DTOG_TX BIT(6)
#define USB_EP_STAT_TX (3u << 4)
#define USB_EP_EA      15u
#define USB_RX_STALL   (1u << 12)
#define USB_RX_NAK     (2u << 12)
#define USB_RX_VALID   (3u << 12)
#define USB_TX_STALL   (1u << 4)
#define USB_TX_NAK     (2u << 4)
#define USB_TX_VALID   (3u << 4)
/* packet memory: 256 half-words, one at every fourth byte */
#define USB_PACKET_MEMORY ((reg32 *)0x40006000)
#define USB_COUNT_RX      0x3FFu

/* RM0008 30.2 */
#define UNIQUE_ID       ((const uint8_t *)0x1FFFF7E8)
#define UNIQUE_ID_BYTES 12

/* PM0056 4.3 to 4.5 */
struct systick {
    reg32 CTRL, LOAD, VAL;
};
#define SYSTICK                ((struct systick *)0xE000E010)
#define SYSTICK_CTRL_ENABLE    BIT(0)
#define SYSTICK_CTRL_TICKINT   BIT(1)
#define SYSTICK_CTRL_CLKSOURCE BIT(2)
struct nvic {
    reg32 ISER[8], reserved1[24], ICER[8], reserved2[24], ISPR[8], reserved3[24], ICPR[8];
};
#define NVIC ((struct nvic *)0xE000E100)
struct scb {
    reg32 CPUID, ICSR, VTOR, AIRCR, SCR, CCR, SHPR[3];
};
#define SCB                ((struct scb *)0xE000ED00)
#define SCB_ICSR_PENDSVSET BIT(28)

/* RM0008 table 63 */
enum { USB_LP_CAN_RX0_IRQ = 20, IRQS = 43 };
