/* The blue LED of the STM32L152 Discovery, PB6: on when high. */
#pragma once

#include <stdbool.h>

#include "chip.h"

enum { LED_PIN = 6 };

static inline void led_set(bool on)
{
    GPIOB->BSRR = on ? BIT(LED_PIN) : GPIO_RESET(LED_PIN);
}

static inline void led_start(void)
{
    RCC->AHBENR |= RCC_AHB_GPIOB;
    led_set(false);
    GPIO_MODE(GPIOB, LED_PIN, GPIO_OUTPUT);
}
