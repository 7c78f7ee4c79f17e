/*
 * GPIO with a register for each property of a pin: every STM32 except the F1 (RM0038 7.4). A register is
 * written whole, made of constants.
 */
#pragma once

#include <stdbool.h>

#include "chip.h"              // GPIO_BASE
#include "cortex_m/cortex_m.h" // reg32

struct gpio {
    reg32 MODER, OTYPER, OSPEEDR, PUPDR, IDR, ODR, BSRR, LCKR, AFR[2];
    uint32_t reserved[GPIO_SIZE / 4 - 10];
};
#define GPIO ((struct gpio *)GPIO_BASE)

enum gpio_mode { GPIO_INPUT_PULL, GPIO_OUTPUT_PUSH_PULL, GPIO_OUTPUT_OPEN_DRAIN };

typedef struct {
    uint32_t mode, type;
} gpio_modes;

/* All pins of a port are in one register. */
static inline bool gpio_shares_modes(unsigned pin, unsigned other)
{
    (void)pin, (void)other;
    return true;
}

/* After reset: the debug port on PA13 to PA15, PB3 and PB4; the rest inputs, floating (RM0038 7.4.1). */
static inline gpio_modes gpio_reset_modes(unsigned port)
{
    return (gpio_modes){.mode = port == GPIOA ? 0xA8000000 : port == GPIOB ? 0x280 : 0};
}

static inline gpio_modes gpio_with(gpio_modes modes, unsigned pin, enum gpio_mode mode)
{
    modes.mode = (modes.mode & ~(3u << 2 * pin)) | (mode == GPIO_INPUT_PULL ? 0 : 1u << 2 * pin);
    modes.type |= mode == GPIO_OUTPUT_OPEN_DRAIN ? BIT(pin) : 0;
    return modes;
}

/* Of all pins that share modes with this one. */
static inline void gpio_set_modes(unsigned port, unsigned pin, gpio_modes modes)
{
    (void)pin;
    if (modes.type)
        GPIO[port].OTYPER = modes.type;
    GPIO[port].MODER = modes.mode;
}

static inline void gpio_set(unsigned port, unsigned pin, bool high)
{
    GPIO[port].BSRR = high ? BIT(pin) : BIT(pin + 16);
}

/* Of an input; all other pins of the port as after reset. */
static inline void gpio_set_pull(unsigned port, unsigned pin, bool up)
{
    uint32_t pulls = port == GPIOA ? 0x64000000 : port == GPIOB ? 0x100 : 0;

    GPIO[port].PUPDR = (pulls & ~(3u << 2 * pin)) | (up ? 1u : 2u) << 2 * pin;
}

static inline bool gpio_is_high(unsigned port, unsigned pin)
{
    return GPIO[port].IDR & BIT(pin);
}
