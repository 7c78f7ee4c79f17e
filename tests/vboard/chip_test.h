/* Tests of the STM32F103: its registers by name, and a Blue Pill in the lab. */
#pragma once

#include "chips/stm32f103.h"
#include "lab.h"

#define RCC(offset)          (0x40021000u + (offset))
#define FLASH(offset)        (0x40022000u + (offset))
#define PWR(offset)          (0x40007000u + (offset))
#define BKP(offset)          (0x40006C00u + (offset))
#define IWDG(offset)         (0x40003000u + (offset))
#define AFIO(offset)         (0x40010000u + (offset))
#define EXTI(offset)         (0x40010400u + (offset))
#define CRC(offset)          (0x40023000u + (offset))
#define RTC(offset)          (0x40002800u + (offset))
#define WWDG(offset)         (0x40002C00u + (offset))
#define TIM1(offset)         (0x40012C00u + (offset))
#define TIM2(offset)         (0x40000000u + (offset))
#define TIM3(offset)         (0x40000400u + (offset))
#define TIM4(offset)         (0x40000800u + (offset))
#define USART1(offset)       (0x40013800u + (offset))
#define USART2(offset)       (0x40004400u + (offset))
#define DMA(offset)          (0x40020000u + (offset))
#define USB(offset)          (0x40005C00u + (offset))
#define GPIO(letter, offset) (0x40010800u + 0x400u * ((letter) - 'A') + (offset))

enum { RCC_CR = 0x00, RCC_CFGR = 0x04, RCC_CIR = 0x08, RCC_APB2RSTR = 0x0C, RCC_APB1RSTR = 0x10 };
enum { RCC_AHBENR = 0x14, RCC_APB2ENR = 0x18, RCC_APB1ENR = 0x1C, RCC_BDCR = 0x20, RCC_CSR = 0x24 };
enum { FLASH_ACR = 0x00, FLASH_KEYR = 0x04, FLASH_OPTKEYR = 0x08, FLASH_SR = 0x0C, FLASH_CR = 0x10 };
enum { FLASH_AR = 0x14, FLASH_OBR = 0x1C, FLASH_WRPR = 0x20 };
enum {
    GPIO_CRL = 0x00,
    GPIO_CRH = 0x04,
    GPIO_IDR = 0x08,
    GPIO_ODR = 0x0C,
    GPIO_BSRR = 0x10,
    GPIO_BRR = 0x14
};
enum { GPIO_LCKR = 0x18, AFIO_MAPR = 0x04, AFIO_EXTICR1 = 0x08 };
enum { APB1ENR_USB = 1 << 23, APB1ENR_BKP_PWR = 3 << 27, APB2ENR_ALL_PORTS = 0x7D, PWR_DBP = 1 << 8 };

enum { TIM_CR1 = 0x00, TIM_CR2 = 0x04, TIM_SMCR = 0x08, TIM_DIER = 0x0C, TIM_SR = 0x10, TIM_EGR = 0x14 };
enum { TIM_CCMR1 = 0x18, TIM_CCMR2 = 0x1C, TIM_CCER = 0x20, TIM_CNT = 0x24, TIM_PSC = 0x28, TIM_ARR = 0x2C };
enum { TIM_RCR = 0x30, TIM_CCR1 = 0x34, TIM_CCR2 = 0x38, TIM_CCR4 = 0x40, TIM_BDTR = 0x44, TIM_DCR = 0x48 };
enum { TIM_DMAR = 0x4C };
enum {
    USART_SR = 0x00,
    USART_DR = 0x04,
    USART_BRR = 0x08,
    USART_CR1 = 0x0C,
    USART_CR2 = 0x10,
    USART_CR3 = 0x14
};
enum { APB1ENR_TIMERS = 7, APB1ENR_WWDG = 1 << 11, APB1ENR_USART2 = 1 << 17 };
enum { APB2ENR_TIM1 = 1 << 11, APB2ENR_USART1 = 1 << 14, AHBENR_DMA1 = 1, AHBENR_CRC = 1 << 6 };

static inline struct lab *lab_new(void)
{
    return lab_with("BLUEPILL", NULL);
}

/* On HSI: what one cycle of 8 MHz lasts, that many times. */
static inline void wait_cycles(struct lab *lab, uint64_t cycles)
{
    board_run(lab->board, cycles * (TICKS_PER_MICROSECOND / 8));
}

static inline void unlock_flash(struct lab *lab)
{
    put(lab, FLASH(FLASH_KEYR), 0x45670123);
    put(lab, FLASH(FLASH_KEYR), 0xCDEF89AB);
}
