/* The devices of an STM32L1 by number, for its tables: by address (RM0038 table 5). */
#pragma once

#include "chip/chip.h"

enum stm32l1_device {
    TIM2,
    TIM3,
    TIM4,
    TIM5,
    TIM6,
    TIM7,
    LCD,
    RTC_CAT1,
    RTC_CAT2,
    RTC_CAT3,
    WWDG,
    IWDG,
    SPI2,
    SPI3,
    USART2,
    USART3,
    I2C1,
    I2C2,
    USB,
    USB_MEMORY,
    PWR,
    DAC,
    COMP,
    SYSCFG,
    EXTI,
    EXTI_CAT3,
    TIM9,
    TIM10,
    TIM11,
    ADC,
    SPI1,
    USART1,
    GPIOA,
    GPIOB,
    GPIOC,
    GPIOD,
    GPIOE,
    GPIOH,
    CRC,
    RCC,
    FLASH,
    DMA1,
    DMA2,
    DBGMCU,
    STM32L1_DEVICES
};
/* Categories 1 to 3 (RM0038 1.5): up to 128 KiB of flash; the same with an A in the name; up to 256 KiB. */
enum stm32l1_variant { CATEGORY_1, CATEGORY_2, CATEGORY_3 };

extern const struct pin_function stm32l1_pin_functions[];
extern const struct route stm32l1_routes[];
