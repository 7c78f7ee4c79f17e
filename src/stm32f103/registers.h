/* The registers of the STM32F103 that the bootloader touches, no others. Source: RM0008, PM0056, PM0075. */
#pragma once

#include <stdint.h>

typedef volatile uint32_t reg32;
typedef volatile uint16_t reg16;

#define BIT(n) (1u << (n))

/* RM0008 7.3 */
struct rcc {
    reg32 CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
};
#define RCC                ((struct rcc *)0x40021000)
#define RCC_CR_HSEON       BIT(16)
#define RCC_CR_HSERDY      BIT(17)
#define RCC_CR_PLLON       BIT(24)
#define RCC_CR_PLLRDY      BIT(25)
#define RCC_CFGR_SW_PLL    (2u << 0)
#define RCC_CFGR_SWS_PLL   (2u << 2)
#define RCC_CFGR_PPRE1_2   (4u << 8)
#define RCC_CFGR_PLLSRC    BIT(16)
#define RCC_CFGR_PLLMUL(n) (((n)-2u) << 18)
#define RCC_CFGR_USBPRE    BIT(22)
#define RCC_CSR_RMVF       BIT(24)
#define RCC_CSR_IWDGRSTF   BIT(29)
#define RCC_APB2_AFIO      BIT(0)
#define RCC_APB2_IOP(port) BIT(2 + (port))
#define RCC_APB1_USB       BIT(23)
#define RCC_APB1_BKP       BIT(27)
#define RCC_APB1_PWR       BIT(28)

/* RM0008 9.2 and 9.4.2 */
struct gpio {
    reg32 CR[2], IDR, ODR, BSRR, BRR, LCKR;
    uint32_t reserved[249];
};
#define GPIO                        ((struct gpio *)0x40010800)
#define GPIO_CR_RESET               0x44444444u /* all inputs, floating */
#define GPIO_MODE_INPUT_PULL        8u
#define GPIO_MODE_OUTPUT_PUSH_PULL  2u
#define GPIO_MODE_OUTPUT_OPEN_DRAIN 6u
struct afio {
    reg32 EVCR, MAPR;
};
#define AFIO              ((struct afio *)0x40010000)
#define AFIO_MAPR_NO_JTAG (2u << 24)
#define AFIO_MAPR_NO_SWJ  (4u << 24)

/* PM0075 3 */
struct flash {
    reg32 ACR, KEYR, OPTKEYR, SR, CR, AR, reserved, OBR, WRPR;
};
#define FLASH             ((struct flash *)0x40022000)
#define FLASH_ACR_72MHZ   (BIT(4) | 2u) /* prefetch, two wait states */
#define FLASH_ACR_RESET   BIT(4)        /* prefetch */
#define FLASH_KEY1        0x45670123u
#define FLASH_KEY2        0xCDEF89ABu
#define FLASH_SR_BSY      BIT(0)
#define FLASH_SR_PGERR    BIT(2)
#define FLASH_SR_WRPRTERR BIT(4)
#define FLASH_SR_EOP      BIT(5)
#define FLASH_CR_PG       BIT(0)
#define FLASH_CR_PER      BIT(1)
#define FLASH_CR_OPTPG    BIT(4)
#define FLASH_CR_OPTER    BIT(5)
#define FLASH_CR_STRT     BIT(6)
#define FLASH_CR_OPTWRE   BIT(9)
#define FLASH_OBR_RDPRT   BIT(1)
#define FLASH_OBR_USER    2 /* first bit of the user option byte; both data bytes follow */
/* RDP, USER, Data0, Data1, WRP0 to WRP3: each a byte, and its complement in the upper half */
#define OPTION_BYTES   ((reg16 *)0x1FFFF800)
#define OPTION_RDP_OFF 0xA5u

/* RM0008 23.5 */
struct usb {
    reg32 EPR[8], reserved[8], CNTR, ISTR, FNR, DADDR, BTABLE, reserved2[235];
    reg32 packet_memory[256]; /* half-words, one at every fourth byte */
};
#define USB            ((struct usb *)0x40005C00)
#define USB_CNTR_FRES  BIT(0)
#define USB_CNTR_PDWN  BIT(1)
#define USB_ISTR_RESET BIT(10)
#define USB_DADDR_EF   BIT(7)
#define USB_EP_CTR_RX  BIT(15)
#define USB_EP_STAT_RX (3u << 12)
#define USB_EP_SETUP   BIT(11)
#define USB_EP_CONTROL (1u << 9)
#define USB_EP_CTR_TX  BIT(7)
#define USB_EP_STAT_TX (3u << 4)
/* both, and once more in the upper half, which reads 0: a constant that fits into one instruction */
#define USB_EP_STAT     ((USB_EP_STAT_RX | USB_EP_STAT_TX) * 0x10001)
#define USB_RX_STALL    (1u << 12)
#define USB_RX_NAK      (2u << 12)
#define USB_RX_VALID    (3u << 12)
#define USB_TX_STALL    (1u << 4)
#define USB_TX_NAK      (2u << 4)
#define USB_TX_VALID    (3u << 4)
#define USB_COUNT_RX    0x3FFu
#define USB_COUNT_RX_64 0x8400u /* BL_SIZE 1, NUM_BLOCK 1: two blocks of 32 bytes */

/* RM0008 5.4, 6.4, 19.4 */
struct pwr {
    reg32 CR;
};
#define PWR        ((struct pwr *)0x40007000)
#define PWR_CR_DBP BIT(8)
struct bkp {
    reg32 reserved, DR[10];
};
#define BKP ((struct bkp *)0x40006C00)
struct iwdg {
    reg32 KR, PR, RLR, SR;
};
#define IWDG           ((struct iwdg *)0x40003000)
#define IWDG_KR_START  0xCCCCu
#define IWDG_KR_ACCESS 0x5555u
#define IWDG_PR_256    6u
#define IWDG_KR_RELOAD 0xAAAAu

/* PM0056 4.4 and 4.5 */
struct systick {
    reg32 CTRL, LOAD, VAL;
};
#define SYSTICK                ((struct systick *)0xE000E010)
#define SYSTICK_CTRL_ENABLE    BIT(0)
#define SYSTICK_CTRL_CLKSOURCE BIT(2)
#define SYSTICK_CTRL_COUNTFLAG BIT(16)
struct scb {
    reg32 CPUID, ICSR, VTOR, AIRCR, SCR, CCR, SHPR[3], SHCSR, CFSR;
};
#define SCB                   ((struct scb *)0xE000ED00)
#define SCB_CCR_BFHFNMIGN     BIT(8)
#define SCB_CCR_STKALIGN      BIT(9)
#define SCB_AIRCR_SYSRESETREQ (0x05FA0000u | BIT(2))

/* RM0008 30.1 and 30.2 */
#define FLASH_SIZE_KIB (*(reg16 *)0x1FFFF7E0)
#define UNIQUE_ID      ((const uint8_t *)0x1FFFF7E8)
