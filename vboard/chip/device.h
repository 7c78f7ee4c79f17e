/*
 * A device is one instance of a peripheral. Its class says how all of its kind behave: one class for each
 * version of an IP block. A row of the chip's table (struct device_info) says where it is and what it is
 * wired to. Its state is in the chip's arena and found by offset: neither here nor there is a pointer to
 * anything that changes, so that a copy of the chip is a snapshot.
 *
 * Devices know no other device. They talk to lines (interrupts, DMA requests,
 * triggers), clock nodes and pins.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "base/ticks.h"

struct chip;
struct device;

/* Registers ---------------------------------------------------------------------------------------------- */

enum register_flags {
    RW = 0,
    READ_ONLY = 1 << 0,
    WRITE_ONLY = 1 << 1,
    BYTES_TOO = 1 << 2, /* whatever the sizes of the class are */
    /*
     * Reads give the same and change nothing until something happens that the core hears of: an event, a
     * write, device_changed(). Idle loops that read only such registers are skipped. Registers without it
     * count as different at every read.
     */
    STABLE = 1 << 3,
    /* What it reads after a reset is up to the world outside. */
    OPEN_RESET = 1 << 4
};

struct device_register {
    const char *name; /* NULL: no register at this offset */
    unsigned flags;
    uint32_t reserved; /* bits that must be kept at their reset value, 0 */
    uint32_t reset;    /* what it reads after power-up */
};

/* Place of a register in the table of its class: AT(0x04) = {"CR", RW | STABLE, 0xFFFFFFF0, 0x3} */
#define AT(offset)       [(offset) / 4]
#define REGISTERS(table) .registers = (table), .register_count = sizeof(table) / sizeof((table)[0])

enum access_sizes { ONLY_WORDS = 4, HALF_WORDS_TOO = 2 | 4, ANY_SIZE = 1 | 2 | 4 };

/* Classes ------------------------------------------------------------------------------------------------ */

struct device_class {
    size_t state; /* bytes in the arena; 0 at the start of the chip */
    const struct device_register *registers;
    unsigned register_count; /* 0: a memory, not registers */
    enum access_sizes sizes;
    bool counts_writes; /* calls device_changed() for the writes that change something */
    bool own_rules;     /* judges offsets (down to half-words), directions and reserved bits itself */
    uint8_t events;     /* how many may be due at a time */

    /* Offsets are multiples of 4 (with own_rules of 2), values whole registers. The bus has checked clock,
     * reset, register, access size and reserved bits. */
    uint32_t (*read)(struct device *device, uint32_t offset);
    void (*write)(struct device *device, uint32_t offset, uint32_t value);

    /* The chip is made; it has no power yet. */
    void (*made)(struct device *device);
    /* By the chip's reset, or the device's own bit of the clock controller. */
    void (*reset)(struct device *device);
    /* At a reset of the chip or a loss of power, before: what is under way is cut off. */
    void (*cut_off)(struct device *device);
    /* At a reset of the chip, once every device was reset: chip->reset_cause says why. */
    void (*started)(struct device *device);
    /* Power came; all is reset. */
    void (*powered_up)(struct device *device);
    /* The backup domain is reset. */
    void (*backup_reset)(struct device *device);

    /* The n-th of its events is due. */
    void (*event)(struct device *device, unsigned n);
    /*
     * A clock node, a gate or the chip's sleep changed: device_clock() and device_kernel_clock() may differ.
     */
    void (*clock_changed)(struct device *device);
    /* The clock controller was set up: are the clocks within their limits? */
    void (*check_clocks)(struct device *device);
    /* Of a clock controller: somebody begins to use this node. */
    void (*node_used)(struct device *device, unsigned node);
    /* An input has this level. Told each time the other end drives, also without a change. */
    void (*line)(struct device *device, unsigned input, bool level);
    /* Who listens to its outputs may change (before), or has changed (after): see device_listen(). */
    void (*listeners_changed)(struct device *device);

    /* Levels of pins changed, by the chip or from outside. */
    void (*pins_changed)(struct device *device);
    /* Modes of pins, what is on which pin, or who watches pins changed. */
    void (*pins_configured)(struct device *device);
    /* What it does to the pin with this signal (struct pin_function); each may be NULL. */
    int (*pin_level)(const struct device *device, unsigned signal);  /* -1: does not drive it */
    int (*pin_duty)(const struct device *device, unsigned signal);   /* 0 to DUTY_FULL; -1 */
    bool (*pin_moves)(const struct device *device, unsigned signal); /* the level changes by itself in time */
    int (*pin_analog)(const struct device *device, unsigned signal); /* 0 to 0xFFF; -1 */

    /* Memory that it serves (struct memory_region), at absolute addresses. false: bus error. */
    bool (*memory_read)(struct device *device, uint32_t address, unsigned size, uint32_t *value);
    bool (*memory_write)(struct device *device, uint32_t address, unsigned size, uint32_t value);

    /* Of a power controller: the core sleeps with SLEEPDEEP. */
    void (*deep_sleep)(struct device *device);
    /* What keeps the chip out of its deep sleep; 0: nothing. For the power controller. */
    uint32_t (*pending)(const struct device *device);
    /* It will reset the chip some time: a chip that hangs is not at its end. */
    bool (*will_reset)(const struct device *device);

    /* What it is to those outside of the chip; see ports.h. */
    const struct gpio_port *gpio;
    const struct usb_port *usb;
    const struct serial_port *serial;
    const struct flash_port *flash;
    const struct backup_port *backup;
};

/* Wiring ------------------------------------------------------------------------------------------------- */

enum chip_bus { BUS_AHB, BUS_APB1, BUS_APB2, BUS_PPB, CHIP_BUSES };
enum { ALWAYS_CLOCKED = 0xFF, NO_DEVICE = 0xFF, ALL_VARIANTS = 0, BLOCK_SIZE = 0x400 };

struct device_info {
    const struct device_class *class; /* NULL: is on none of the chips, but has its place in the map */
    const char *name;
    uint32_t base, size; /* size 0: BLOCK_SIZE */
    enum chip_bus bus;
    uint8_t gate_bank, gate_bit; /* in the clock controller's enable and reset registers, or ALWAYS_CLOCKED */
    uint8_t clock, kernel;       /* clock nodes: of the bus, and what it counts or converts by */
    uint8_t variants;            /* of the chip that have it, a bit each; ALL_VARIANTS */
    const void *config;          /* of the class */
};

/* From an output of a device to an input of another one or to an interrupt (to: NVIC). Grouped by `from`. */
enum { NVIC = 0xFE };
struct route {
    uint8_t from, output, to, input;
};

struct device {
    const struct device_info *info;
    uint32_t state; /* offset in the arena */
    uint16_t first_event;
    uint16_t first_route, routes;
    uint8_t number;
    bool present;
    bool uses_kernel_clock;
    uint64_t levels;  /* of outputs, as they were driven last */
    uint64_t listens; /* to these inputs, see device_listen() */
    uint64_t heard;   /* these outputs are listened to */
};

/* What devices may call ---------------------------------------------------------------------------------- */

struct chip *device_chip(const struct device *device);
void *device_state(const struct device *device);
static inline const char *device_name(const struct device *device)
{
    return device->info->name;
}
static inline const void *device_config(const struct device *device)
{
    return device->info->config;
}

/* Time now; inside an event, the event's own time. */
ticks device_now(const struct device *device);
/* TICKS_NEVER: not at all. */
void device_schedule(struct device *device, unsigned n, ticks at);
ticks device_due(const struct device *device, unsigned n);
/* Of the processor, since power was first applied. */
uint64_t device_cycles(const struct device *device);

/* One cycle of its bus's clock; 0: it is off, or the chip sleeps deeply. */
ticks device_clock(const struct device *device);
/* One cycle of its kernel clock, and hertz, whether its own gate is open or not; 0: the node is off. */
ticks device_kernel_clock(const struct device *device);
uint32_t device_kernel_hz(const struct device *device);
uint32_t device_clock_hz(const struct device *device);
/* The clock controller sees to the limits of what is used. */
void device_use_kernel_clock(struct device *device, bool uses);

/* Sets an output. Interrupts see the levels of all that drive them, together. */
void device_drive(struct device *device, unsigned output, bool level);
/* An output that is high for a moment: a trigger. */
void device_pulse(struct device *device, unsigned output);
/* Waits for these inputs from now on. Those who drive them are told before and after, so that they can make
 * what happens there come at its exact time. */
void device_listen(struct device *device, uint64_t inputs);
/* Somebody waits for this output. */
bool device_is_heard(const struct device *device, unsigned output);
/* An interrupt that this output goes to is enabled. */
bool device_irq_enabled(const struct device *device, unsigned output);

/* Something that a program can read is different from now on, in a way that the bus does not see. */
void device_changed(struct device *device);

/* printf-like; reports at the chip's present time. */
void device_report(struct device *device, enum report_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void device_violation(struct device *device, enum violation_level level, const char *rule, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));
