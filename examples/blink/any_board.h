/*
 * What blink.c must know of a board, from the board's file in src/boards (`make blink BOARD=NAME`). A board
 * without an LED blinks the Blue Pill's or the Discovery's pin. Source: RM0008 7.3, 9.2; RM0038 6.3, 7.4.
 */
#pragma once

#include "dapboot.h"         // DAPBOOT_STM32L1
#include "stm32/pin_names.h" // GPIOA..., GPIO0...

#include BOARD_FILE

#ifndef LED_GPIO_PORT
#ifdef DAPBOOT_STM32L1
#define LED_GPIO_PORT GPIOB
#define LED_GPIO_PIN  GPIO6
#else
#define LED_GPIO_PORT  GPIOC
#define LED_GPIO_PIN   GPIO13
#define LED_OPEN_DRAIN 1
#endif
#endif
#ifndef LED_OPEN_DRAIN
#define LED_OPEN_DRAIN 0
#endif
#ifndef LED_ACTIVE_HIGH
#define LED_ACTIVE_HIGH (!LED_OPEN_DRAIN)
#endif

#define LED_HIGH (1u << LED_GPIO_PIN)
#define LED_LOW  (1u << (LED_GPIO_PIN + 16))
#define LED_ON   (LED_ACTIVE_HIGH ? LED_HIGH : LED_LOW)
#define LED_OFF  (LED_ACTIVE_HIGH ? LED_LOW : LED_HIGH)

/* The board's button is left to the bootloader. */
#define BUTTON_IDR REGISTER(GPIO_BASE + 0x400 * LED_GPIO_PORT)
#define BUTTON     0u

#ifdef DAPBOOT_STM32L1
#define GPIO_BASE      0x40020000
#define GPIO_CLOCKS    REGISTER(0x4002381C) /* RCC_AHBENR */
#define GPIO_CLOCKS_ON (1u << LED_GPIO_PORT)
#define LED_MODES      REGISTER(GPIO_BASE + 0x400 * LED_GPIO_PORT)
#define LED_MODE_FIELD (3u << 2 * LED_GPIO_PIN)
#define LED_MODE       (1u << 2 * LED_GPIO_PIN) /* output, push-pull */
#define LED_BSRR       REGISTER(GPIO_BASE + 0x400 * LED_GPIO_PORT + 0x18)
#define FREE_LED_PIN   (void)0
#else
#define GPIO_BASE      0x40010800
#define LED_FIELD      (LED_GPIO_PIN % 8 * 4)
#define GPIO_CLOCKS    REGISTER(0x40021018) /* RCC_APB2ENR */
#define GPIO_CLOCKS_ON (1u << (2 + LED_GPIO_PORT) | 1u << 0)
#define LED_MODES      REGISTER(GPIO_BASE + 0x400 * LED_GPIO_PORT + LED_GPIO_PIN / 8 * 4)
#define LED_MODE_FIELD (15u << LED_FIELD)
#define LED_MODE       ((LED_OPEN_DRAIN ? 6u : 2u) << LED_FIELD) /* output, 2 MHz */
#define LED_BSRR       REGISTER(GPIO_BASE + 0x400 * LED_GPIO_PORT + 0x10)
/* AFIO_MAPR: the SKR mini's is on PA13, a pin of the debug port. */
#define FREE_LED_PIN                                                                                         \
    (LED_GPIO_PORT == GPIOA && LED_GPIO_PIN >= 13 ? (void)(REGISTER(0x40010004) = 4u << 24) : (void)0)
#endif
