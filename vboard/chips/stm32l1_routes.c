/* Interrupts, DMA requests, triggers and other lines of an STM32L1. */
#include "stm32l1.h"
#include "stm32l1_devices.h"

#include "devices/dac_v1.h"
#include "devices/dma_v1.h"
#include "devices/exti_v1.h"
#include "devices/flash_l1/flash_l1.h"
#include "devices/i2c_v1.h"
#include "devices/iwdg.h"
#include "devices/pwr/pwr.h"
#include "devices/rcc_l1/rcc_l1.h"
#include "devices/rtc_v2/rtc_v2.h"
#include "devices/spi_v1.h"
#include "devices/syscfg_l1.h"
#include "devices/tim/tim.h"
#include "devices/usart_v1/usart_v1.h"
#include "devices/usb_fsdev/usb_fsdev.h"
#include "devices/wwdg.h"

/* RM0038 10.2.5. */
enum { LINE_PVD = 16, LINE_RTC_ALARM, LINE_USB_WAKEUP, LINE_TAMPER, LINE_RTC_WAKEUP };
/* As the manual counts a channel. */
#define CHANNEL(number) ((number)-1)

/* The EXTI of category 3 has one line more, and the same interrupts. */
#define EXTI_ROUTES(exti)                                                                                    \
    {exti, EXTI_IRQ + 0, NVIC, L1_IRQ_EXTI0}, {exti, EXTI_IRQ + 1, NVIC, L1_IRQ_EXTI1},                      \
        {exti, EXTI_IRQ + 2, NVIC, L1_IRQ_EXTI2}, {exti, EXTI_IRQ + 3, NVIC, L1_IRQ_EXTI3},                  \
        {exti, EXTI_IRQ + 4, NVIC, L1_IRQ_EXTI4}, {exti, EXTI_IRQ + 5, NVIC, L1_IRQ_EXTI9_5},                \
        {exti, EXTI_IRQ + 6, NVIC, L1_IRQ_EXTI9_5}, {exti, EXTI_IRQ + 7, NVIC, L1_IRQ_EXTI9_5},              \
        {exti, EXTI_IRQ + 8, NVIC, L1_IRQ_EXTI9_5}, {exti, EXTI_IRQ + 9, NVIC, L1_IRQ_EXTI9_5},              \
        {exti, EXTI_IRQ + 10, NVIC, L1_IRQ_EXTI15_10}, {exti, EXTI_IRQ + 11, NVIC, L1_IRQ_EXTI15_10},        \
        {exti, EXTI_IRQ + 12, NVIC, L1_IRQ_EXTI15_10}, {exti, EXTI_IRQ + 13, NVIC, L1_IRQ_EXTI15_10},        \
        {exti, EXTI_IRQ + 14, NVIC, L1_IRQ_EXTI15_10}, {exti, EXTI_IRQ + 15, NVIC, L1_IRQ_EXTI15_10},        \
        {exti, EXTI_IRQ + LINE_PVD, NVIC, L1_IRQ_PVD},                                                       \
        {exti, EXTI_IRQ + LINE_RTC_ALARM, NVIC, L1_IRQ_RTC_ALARM},                                           \
        {exti, EXTI_IRQ + LINE_USB_WAKEUP, NVIC, L1_IRQ_USB_WAKEUP},                                         \
        {exti, EXTI_IRQ + LINE_TAMPER, NVIC, L1_IRQ_TAMPER_STAMP},                                           \
        {exti, EXTI_IRQ + LINE_RTC_WAKEUP, NVIC, L1_IRQ_RTC_WKUP}, {exti, EXTI_IRQ + 21, NVIC, L1_IRQ_COMP}, \
        {exti, EXTI_IRQ + 22, NVIC, L1_IRQ_COMP}, {exti, EXTI_EDGE + 9, DAC, 6},                             \
    {                                                                                                        \
        exti, EXTI_WAKES, PWR, PWR_WAKE                                                                      \
    }
#define RTC_ROUTES(rtc)                                                                                      \
    {rtc, RTC_V2_ALARM, EXTI, LINE_RTC_ALARM}, {rtc, RTC_V2_ALARM, EXTI_CAT3, LINE_RTC_ALARM},               \
        {rtc, RTC_V2_WAKEUP, EXTI, LINE_RTC_WAKEUP}, {rtc, RTC_V2_WAKEUP, EXTI_CAT3, LINE_RTC_WAKEUP},       \
        {rtc, RTC_V2_ALARM, PWR, PWR_ALARM},                                                                 \
    {                                                                                                        \
        rtc, RTC_V2_WAKEUP, PWR, PWR_ALARM                                                                   \
    }

const struct route stm32l1_routes[] = {
    /* RM0038 tables 54, 55 and 75. */
    {TIM2, TIM_IRQ, NVIC, L1_IRQ_TIM2},
    {TIM2, TIM_DMA_UP, DMA1, CHANNEL(2)},
    {TIM2, TIM_DMA_CC1, DMA1, CHANNEL(5)},
    {TIM2, TIM_DMA_CC2, DMA1, CHANNEL(7)},
    {TIM2, TIM_DMA_CC3, DMA1, CHANNEL(1)},
    {TIM2, TIM_DMA_CC4, DMA1, CHANNEL(7)},
    {TIM2, TIM_TRGO, DAC, 4},
    {TIM3, TIM_IRQ, NVIC, L1_IRQ_TIM3},
    {TIM3, TIM_DMA_UP, DMA1, CHANNEL(3)},
    {TIM3, TIM_DMA_CC1, DMA1, CHANNEL(6)},
    {TIM3, TIM_DMA_CC3, DMA1, CHANNEL(2)},
    {TIM3, TIM_DMA_CC4, DMA1, CHANNEL(3)},
    {TIM4, TIM_IRQ, NVIC, L1_IRQ_TIM4},
    {TIM4, TIM_DMA_UP, DMA1, CHANNEL(7)},
    {TIM4, TIM_DMA_CC1, DMA1, CHANNEL(1)},
    {TIM4, TIM_DMA_CC2, DMA1, CHANNEL(4)},
    {TIM4, TIM_DMA_CC3, DMA1, CHANNEL(5)},
    {TIM4, TIM_TRGO, DAC, 5},
    {TIM5, TIM_IRQ, NVIC, L1_IRQ_TIM5},
    {TIM5, TIM_DMA_UP, DMA2, CHANNEL(2)},
    {TIM5, TIM_DMA_CC1, DMA2, CHANNEL(5)},
    {TIM5, TIM_DMA_CC2, DMA2, CHANNEL(4)},
    {TIM5, TIM_DMA_CC3, DMA2, CHANNEL(2)},
    {TIM5, TIM_DMA_CC4, DMA2, CHANNEL(1)},
    {TIM6, TIM_IRQ, NVIC, L1_IRQ_TIM6},
    {TIM6, TIM_DMA_UP, DMA1, CHANNEL(2)},
    {TIM6, TIM_TRGO, DAC, 0},
    {TIM7, TIM_IRQ, NVIC, L1_IRQ_TIM7},
    {TIM7, TIM_DMA_UP, DMA1, CHANNEL(3)},
    {TIM7, TIM_TRGO, DAC, 2},
    {TIM9, TIM_IRQ, NVIC, L1_IRQ_TIM9},
    {TIM9, TIM_TRGO, DAC, 3},
    {TIM10, TIM_IRQ, NVIC, L1_IRQ_TIM10},
    {TIM11, TIM_IRQ, NVIC, L1_IRQ_TIM11},
    {USART1, USART_V1_IRQ, NVIC, L1_IRQ_USART1},
    {USART1, USART_V1_DMA_TX, DMA1, CHANNEL(4)},
    {USART1, USART_V1_DMA_RX, DMA1, CHANNEL(5)},
    {USART2, USART_V1_IRQ, NVIC, L1_IRQ_USART2},
    {USART2, USART_V1_DMA_TX, DMA1, CHANNEL(7)},
    {USART2, USART_V1_DMA_RX, DMA1, CHANNEL(6)},
    {USART3, USART_V1_IRQ, NVIC, L1_IRQ_USART3},
    {USART3, USART_V1_DMA_TX, DMA1, CHANNEL(2)},
    {USART3, USART_V1_DMA_RX, DMA1, CHANNEL(3)},
    {SPI1, SPI_V1_IRQ, NVIC, L1_IRQ_SPI1},
    {SPI1, SPI_V1_DMA_RX, DMA1, CHANNEL(2)},
    {SPI1, SPI_V1_DMA_TX, DMA1, CHANNEL(3)},
    {SPI2, SPI_V1_IRQ, NVIC, L1_IRQ_SPI2},
    {SPI2, SPI_V1_DMA_RX, DMA1, CHANNEL(4)},
    {SPI2, SPI_V1_DMA_TX, DMA1, CHANNEL(5)},
    {SPI3, SPI_V1_IRQ, NVIC, L1_IRQ_SPI3},
    {SPI3, SPI_V1_DMA_RX, DMA2, CHANNEL(1)},
    {SPI3, SPI_V1_DMA_TX, DMA2, CHANNEL(2)},
    {I2C1, I2C_V1_EVENT_IRQ, NVIC, L1_IRQ_I2C1_EV},
    {I2C1, I2C_V1_ERROR_IRQ, NVIC, L1_IRQ_I2C1_ER},
    {I2C2, I2C_V1_EVENT_IRQ, NVIC, L1_IRQ_I2C2_EV},
    {I2C2, I2C_V1_ERROR_IRQ, NVIC, L1_IRQ_I2C2_ER},
    {DAC, DAC_V1_DMA1, DMA1, CHANNEL(2)},
    {DAC, DAC_V1_DMA2, DMA1, CHANNEL(3)},
    {DMA1, DMA_V1_IRQ + 0, NVIC, L1_IRQ_DMA1_CHANNEL1},
    {DMA1, DMA_V1_IRQ + 1, NVIC, L1_IRQ_DMA1_CHANNEL2},
    {DMA1, DMA_V1_IRQ + 2, NVIC, L1_IRQ_DMA1_CHANNEL3},
    {DMA1, DMA_V1_IRQ + 3, NVIC, L1_IRQ_DMA1_CHANNEL4},
    {DMA1, DMA_V1_IRQ + 4, NVIC, L1_IRQ_DMA1_CHANNEL5},
    {DMA1, DMA_V1_IRQ + 5, NVIC, L1_IRQ_DMA1_CHANNEL6},
    {DMA1, DMA_V1_IRQ + 6, NVIC, L1_IRQ_DMA1_CHANNEL7},
    {DMA2, DMA_V1_IRQ + 0, NVIC, L1_IRQ_DMA2_CHANNEL1},
    {DMA2, DMA_V1_IRQ + 1, NVIC, L1_IRQ_DMA2_CHANNEL2},
    {DMA2, DMA_V1_IRQ + 2, NVIC, L1_IRQ_DMA2_CHANNEL3},
    {DMA2, DMA_V1_IRQ + 3, NVIC, L1_IRQ_DMA2_CHANNEL4},
    {DMA2, DMA_V1_IRQ + 4, NVIC, L1_IRQ_DMA2_CHANNEL5},
    {USB, USB_FSDEV_HP_IRQ, NVIC, L1_IRQ_USB_HP},
    {USB, USB_FSDEV_LP_IRQ, NVIC, L1_IRQ_USB_LP},
    {USB, USB_FSDEV_WAKEUP, EXTI, LINE_USB_WAKEUP},
    {USB, USB_FSDEV_WAKEUP, EXTI_CAT3, LINE_USB_WAKEUP},
    /* System. */
    {WWDG, WWDG_IRQ, NVIC, L1_IRQ_WWDG},
    {IWDG, IWDG_RUNS, RCC, RCC_L1_NEEDS_LSI},
    RTC_ROUTES(RTC_CAT1),
    RTC_ROUTES(RTC_CAT2),
    RTC_ROUTES(RTC_CAT3),
    {PWR, PWR_STOPS_CLOCKS, RCC, RCC_L1_STOP},
    {RCC, RCC_L1_IRQ, NVIC, L1_IRQ_RCC},
    {FLASH, FLASH_L1_IRQ, NVIC, L1_IRQ_FLASH},
    {FLASH, FLASH_L1_STARTS_WATCHDOG, IWDG, IWDG_START},
    {FLASH, FLASH_L1_STOP_ALLOWED, PWR, PWR_STOP_ALLOWED},
    {FLASH, FLASH_L1_STANDBY_ALLOWED, PWR, PWR_STANDBY_ALLOWED},
    {SYSCFG, SYSCFG_L1_USB_PULL_UP, USB, USB_FSDEV_PULL_UP},
    EXTI_ROUTES(EXTI),
    EXTI_ROUTES(EXTI_CAT3),
    {.from = NO_DEVICE},
};
