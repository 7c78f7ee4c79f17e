/* Reset and clock control of the F1 */
#pragma once

#include "chip/device.h"

enum rcc_f1_output { RCC_F1_IRQ };
enum rcc_f1_input { RCC_F1_NEEDS_LSI, RCC_F1_STOP };

/* Nodes of the clock tree (RM0008 figure 8). */
enum rcc_f1_node {
    RCC_F1_HSI,
    RCC_F1_LSI, /* hz is there even while it is off */
    RCC_F1_SYSCLK,
    RCC_F1_HCLK,
    RCC_F1_PCLK1,
    RCC_F1_PCLK2,
    RCC_F1_TIMCLK1, /* of the timers on APB1 */
    RCC_F1_TIMCLK2,
    RCC_F1_ADCCLK,
    RCC_F1_USBCLK,
    RCC_F1_RTCCLK
};
/* Banks of its gates. */
enum rcc_f1_bank { RCC_F1_AHB, RCC_F1_APB1, RCC_F1_APB2 };

extern const struct device_class rcc_f1_class;
