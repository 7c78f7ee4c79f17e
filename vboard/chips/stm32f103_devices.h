/* The devices of an STM32F103 by number, for its tables: by address (RM0008 table 3). */
#pragma once

#include "chip/chip.h"

enum stm32f103_device {
    TIM2,
    TIM3,
    TIM4,
    TIM5,
    TIM6,
    TIM7,
    TIM12,
    TIM13,
    TIM14,
    RTC,
    WWDG,
    IWDG,
    SPI2,
    SPI3,
    USART2,
    USART3,
    USART4,
    USART5,
    I2C1,
    I2C2,
    USB,
    USB_MEMORY,
    CAN,
    BKP,
    BKP_LARGE,
    PWR,
    DAC,
    AFIO,
    AFIO_LARGE,
    EXTI,
    GPIOA,
    GPIOB,
    GPIOC,
    GPIOD,
    GPIOE,
    GPIOF,
    GPIOG,
    ADC1,
    ADC2,
    TIM1,
    SPI1,
    TIM8,
    USART1,
    ADC3,
    TIM9,
    TIM10,
    TIM11,
    SDIO,
    DMA1,
    DMA2,
    RCC,
    FLASH,
    CRC,
    FSMC,
    DBGMCU,
    STM32F103_DEVICES
};
/* Density lines (RM0008 2.2): up to 128 KiB of flash, and above. */
enum stm32f103_variant { MEDIUM_DENSITY, HIGH_DENSITY };

extern const struct pin_function stm32f103_pin_functions[];
extern const struct route stm32f103_routes[];
