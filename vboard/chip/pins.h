/*
 * Pins of the chip: who drives them, who looks at them, and which signal of which device is on which pin. A
 * port (struct gpio_port) says what its registers make of a pin; all else that concerns pins meets here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ports.h"

struct chip;
struct device;

/* Of all chips: A to H. */
enum { PORTS = 8, PORT_PINS = 16 };
/* Level of a pin to which something is connected that drives nothing now. */
enum { PIN_FLOATS = -2 };
/* The share of the time that a pin is driven high. */
enum { DUTY_FULL = 1000 };

/*
 * Where a signal is. Chips with a remap register (F1): a pin for each value of the signal's field there; a
 * mask of 0: always the first. Chips whose ports have a function number for each pin: a mask of
 * PIN_BY_NUMBER, and all pins where the number in `shift` stands for the signal, then NO_PIN; a signal may
 * have several such rows.
 */
enum { MAX_MAPPINGS = 4, NO_PIN = 0xFF, RESERVED_PIN = 0xFE, PIN_BY_NUMBER = 0xFF };
struct pin_function {
    uint8_t device, signal; /* the signal as the device's class counts it */
    uint8_t shift, mask;
    uint8_t pin[MAX_MAPPINGS]; /* BOARD_PIN() */
};

/* What pins are beyond their ports' registers. */
struct pin_state {
    uint32_t remap;
    uint16_t debug[PORTS];        /* the debug port's, a bit each */
    uint16_t pulled_up[PORTS];    /* of these: those with pulls */
    uint16_t pulled_down[PORTS];  /* */
    uint16_t claimed[PORTS];      /* of analog parts (a USB transceiver): whatever the port says */
    uint8_t line_port[PORT_PINS]; /* which port each external interrupt line is wired to */
    uint16_t watched_lines;       /* edges on these are looked at one by one */
};

/* For everybody ------------------------------------------------------------------------------------------ */

struct pin_drive chip_pin_drive(const struct chip *chip, unsigned port, unsigned pin);
/*
 * Share of the time that the chip drives this pin high, 0 to DUTY_FULL: what an LED makes of PWM. A steady
 * output gives one of the ends; -1 while the pin is not driven high at any time.
 */
int chip_pin_duty(const struct chip *chip, unsigned port, unsigned pin);
/* The pin is an output of the peripherals. */
bool chip_pin_is_alternate(const struct chip *chip, unsigned port, unsigned pin);
/* The outside changed: lets the devices look at their pins. */
void chip_inputs_changed(struct chip *chip);

/* For devices -------------------------------------------------------------------------------------------- */

/* Which pin has the signal: port << 4 | pin, or -1; by number the first of several. */
int device_pin(const struct device *device, unsigned signal);
/* Its pin is an output of the peripherals: the signal leaves the chip. */
bool device_pin_is_out(const struct device *device, unsigned signal);
/* Level of it, by whatever drives it; a floating one is low. */
bool device_pin_level(const struct device *device, unsigned signal);
/* The pins of its signals are its own from now on, or no longer. */
void device_claim_pins(struct device *device, bool claims);

/* PIN_FLOATS or -1 as pin_level() of the board says when nothing decides. */
int chip_pin_level(const struct chip *chip, unsigned port, unsigned pin);
/* Level that the world outside puts on the pin. */
int chip_outside_level(const struct chip *chip, unsigned port, unsigned pin);
/* 0 to 0xFFF if a device puts a voltage on it, else -1. */
int chip_pin_analog(const struct chip *chip, unsigned port, unsigned pin);

/* What a device's signal does to the pin, as the callbacks of its class. */
int chip_function_level(const struct chip *chip, unsigned port, unsigned pin);
int chip_function_duty(const struct chip *chip, unsigned port, unsigned pin);
bool chip_function_moves(const struct chip *chip, unsigned port, unsigned pin);

/* Outputs changed, also in their mode or pull: the board looks at them. */
void chip_outputs_changed(struct chip *chip);
/* Modes of pins, what is on which, or who watches them, changed. */
void chip_pins_configured(struct chip *chip);
/* Every port is as after reset: Standby. */
void chip_float_pins(struct chip *chip);
/* Of the pin that an external interrupt line is wired to. */
bool chip_line_level(const struct chip *chip, unsigned line);
void chip_watch_lines(struct chip *chip, uint32_t lines);
/* Somebody looks at the edges of the signal's pin one by one. */
bool device_pin_is_watched(const struct device *device, unsigned signal);
void chip_remap_pins(struct chip *chip, uint32_t value);
/* Calls for each field of the remap register with a value that the manual reserves. */
void chip_check_remap(struct device *device, uint32_t value,
                      void (*reserved)(struct device *device, uint32_t value, unsigned shift, unsigned mask));
