/* The Blue Pill's LED, PC13: on when low. */
#pragma once

#include <stdbool.h>

#include "chip.h"

enum { LED_PIN = 13 };

static inline void led_set(bool on)
{
    GPIOC->BSRR = on ? GPIO_RESET(LED_PIN) : BIT(LED_PIN);
}

static inline void led_start(void)
{
    RCC->APB2ENR |= RCC_APB2_IOPC;
    led_set(false);
    GPIO_MODE(GPIOC->CRH, LED_PIN, GPIO_OPEN_DRAIN);
}
