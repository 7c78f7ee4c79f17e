/* Reset and clock control of the L1 */
#pragma once

#include "chip/device.h"

enum rcc_l1_output { RCC_L1_IRQ };
enum rcc_l1_input { RCC_L1_NEEDS_LSI, RCC_L1_STOP };

/* Nodes of the clock tree (RM0038 figure 13). */
enum rcc_l1_node {
    RCC_L1_HSI,
    RCC_L1_LSI, /* hz is there even while it is off */
    RCC_L1_SYSCLK,
    RCC_L1_HCLK,
    RCC_L1_PCLK1,
    RCC_L1_PCLK2,
    RCC_L1_TIMCLK1, /* of the timers on APB1 */
    RCC_L1_TIMCLK2,
    RCC_L1_USBCLK,
    RCC_L1_RTCCLK
};
/* Banks of its gates. */
enum rcc_l1_bank { RCC_L1_AHB, RCC_L1_APB1, RCC_L1_APB2 };

extern const struct device_class rcc_l1_class;
