/* What devices are to those outside of the chip and to the chip itself: classes have pointers to these. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct device;

/* What a pin does to the world. */
struct pin_drive {
    int output; /* 0 or 1 driven, -1 not driven */
    int pull;   /* 0 down, 1 up, -1 none */
};

/* A port of pins. */
struct gpio_port {
    struct pin_drive (*drive)(const struct device *device, unsigned pin);
    /* The pin is an output of the peripherals. */
    bool (*is_alternate)(const struct device *device, unsigned pin);
    /* The number of the pin's function. NULL: a remap register says what is on the pin. */
    unsigned (*function)(const struct device *device, unsigned pin);
};

/* A UART's line. */
struct serial_port {
    /* The world outside sends: bytes follow each other on the wire. Returns how many fit. */
    unsigned (*send)(struct device *device, const uint8_t *bytes, unsigned length);
    /* At this rate; 0: as the chip. */
    void (*set_baud)(struct device *device, uint32_t baud);
};

/* The flash: chip->flash_bytes, and its option bytes. Addresses absolute. */
struct flash_port {
    /* Puts bytes there as a programmer on the bench would. false: not flash. */
    bool (*load)(struct device *device, uint32_t address, const void *bytes, uint32_t length);
    /* Bits of the half-word at an even address that are unstable; flash_bytes has them as read last. */
    uint16_t (*unstable_bits)(const struct device *device, uint32_t address);
    /* Makes exactly these bits of it unstable. false: not flash. */
    bool (*make_unstable)(struct device *device, uint32_t address, uint16_t bits);
};

/* Registers that outlive a reset, counted as the manual does: the F1's from 1, those of RTC v2 from 0. */
struct backup_port {
    uint32_t (*get)(const struct device *device, unsigned number);
    void (*set)(struct device *device, unsigned number, uint32_t value);
};
