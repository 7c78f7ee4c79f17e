/*
 * Clock nodes: the places of the clock tree that devices hang on. The clock controller says what each one has
 * (clock_set) and which gates are open; the chip tells the devices.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ticks.h"
#include "device.h"

enum { CHIP_NODES = 16, CHIP_BANKS = 8 };

struct clock_node {
    ticks period; /* 0: it stands still */
    uint32_t hz;  /* rounded down; may say what it would be if it were on */
};

/* Of a bank of devices, as many as an enable register and the reset register beside it have bits. */
struct clock_gates {
    uint32_t enabled, held;
};

void clock_set(struct chip *chip, unsigned node, ticks period, uint32_t hz);
bool clock_is_on(const struct chip *chip, unsigned node);
/* HCLK cycles that one of the bus's clock lasts. */
void clock_set_divider(struct chip *chip, enum chip_bus bus, uint32_t divider);
/* Any device says that it uses this node as its kernel clock. */
bool clock_node_is_used(const struct chip *chip, unsigned node);
/* Nodes, gates or the chip's sleep changed: tells the devices. */
void clocks_changed(struct chip *chip);
/* Each device that has limits of its own looks at them. */
void clocks_check(struct chip *chip);

/* The enable register of a bank: opens and closes gates. Complains of devices that the chip does not have. */
void clock_enable(struct chip *chip, unsigned bank, uint32_t enabled);
/* The reset register of a bank: devices whose bit is set now are reset. */
void clock_hold_in_reset(struct chip *chip, unsigned bank, uint32_t held);
/* All as after a reset, without telling anybody. */
void clock_reset_gates(struct chip *chip, unsigned bank, uint32_t enabled);

bool device_is_enabled(const struct device *device);
bool device_is_held_in_reset(const struct device *device);
