/*
 * GPIO with four bits of configuration for each pin: STM32F1 (RM0008 9.2). A register has the modes of eight
 * pins; it is written whole, made of constants.
 */
#pragma once

#include <stdbool.h>

#include "chip.h"              // GPIO_BASE
#include "cortex_m/cortex_m.h" // reg32

struct gpio {
    reg32 CR[2], IDR, ODR, BSRR, BRR, LCKR;
    uint32_t reserved[GPIO_SIZE / 4 - 7];
};
#define GPIO ((struct gpio *)GPIO_BASE)

enum gpio_mode { GPIO_INPUT_PULL = 8, GPIO_OUTPUT_PUSH_PULL = 2, GPIO_OUTPUT_OPEN_DRAIN = 6 };

typedef uint32_t gpio_modes;

/* The pins are in one register. */
static inline bool gpio_shares_modes(unsigned pin, unsigned other)
{
    return pin / 8 == other / 8;
}

/* All inputs, floating. */
static inline gpio_modes gpio_reset_modes(unsigned port)
{
    (void)port;
    return 0x44444444;
}

static inline gpio_modes gpio_with(gpio_modes modes, unsigned pin, enum gpio_mode mode)
{
    unsigned shift = pin % 8 * 4;

    return (modes & ~(15u << shift)) | (uint32_t)mode << shift;
}

/* Of all pins that share modes with this one. */
static inline void gpio_set_modes(unsigned port, unsigned pin, gpio_modes modes)
{
    GPIO[port].CR[pin / 8] = modes;
}

/* The level of an output; of an input, which way it is pulled. */
static inline void gpio_set(unsigned port, unsigned pin, bool high)
{
    GPIO[port].BSRR = high ? BIT(pin) : BIT(pin + 16);
}

static inline void gpio_set_pull(unsigned port, unsigned pin, bool up)
{
    gpio_set(port, pin, up);
}

static inline bool gpio_is_high(unsigned port, unsigned pin)
{
    return GPIO[port].IDR & BIT(pin);
}
