/* A chip as tables: chips/ has one for each. */
#pragma once

#include <stdint.h>

#include "config.h"
#include "device.h"
#include "pins.h"

enum { CHIP_REGIONS = 4 };
/* As many as any chip has. */
enum { USARTS = 5 };

/* A part of the address space with blocks of registers. */
struct chip_region {
    uint32_t base, size;
};

/* What is reached through the bus and is no register. */
struct memory_region {
    uint32_t base, size; /* size 0: as much flash or RAM as the chip has */
    enum memory_kind { MEMORY_FLASH, MEMORY_RAM, MEMORY_OTHER } kind;
    uint8_t device; /* that serves it; NO_DEVICE: RAM */
    bool executes;
};

/*
 * Devices that several families have cite sections of RM0008. On another chip, what to name instead of a
 * section of this chapter; a row with NULL ends them.
 */
struct citation {
    unsigned chapter;
    const char *instead;
};

/* Where the manual says what the bus complains of. */
struct manual_sections {
    const char *map, *enables, *resets, *chapters, *reserved_bits, *backup;
    const struct citation *citations; /* NULL: RM0008 is the chip's own manual */
};

/* What one page erase and one program operation take, in the data sheet. */
struct flash_times {
    uint32_t page_erase_us, program_ns;
};

/* What the crystal's oscillator takes, Hz, and what a clock on its pin may be. */
struct hse_limits {
    uint32_t least, most, most_bypassed, usual;
    const char *section; /* where the data sheet says so */
};

/* Backup registers as the manual counts them, and the largest value that one holds. */
struct backup_range {
    uint8_t first, last;
    uint32_t most;
};

/* How a part may differ from its manual, where only some families have parts that do (config.h). */
enum {
    QUIRK_BUSY_LATE = 1 << 0,
    QUIRK_LOCK_READS_0 = 1 << 1,
    QUIRK_ZERO_NEEDS_ERASE = 1 << 2,
};

enum { CHIP_VARIANTS = 3, EVENT_OF_HOST = 0xFE };
struct chip_info {
    const char *name;
    /* Which of its variants (density lines) a chip with this config is. */
    unsigned (*variant)(const struct chip_config *config);
    uint8_t irqs[CHIP_VARIANTS];
    uint32_t reset_hz;   /* of the processor after a reset */
    uint8_t flash_blank; /* what a byte of erased flash reads */
    struct flash_times flash_fast, flash_usual, flash_slow;
    struct hse_limits hse;
    uint32_t most_lsi_hz;             /* by the data sheet */
    struct backup_range backup_range; /* of the variant that has most */
    uint16_t most_flash_kib;
    uint8_t quirks; /* QUIRK_... */
    const struct device_info *devices;
    unsigned device_count;
    const struct route *routes;               /* a row from NO_DEVICE ends them */
    const struct pin_function *pin_functions; /* a row of NO_DEVICE ends them */
    const struct memory_region *memories;
    unsigned memory_count;
    struct chip_region regions[CHIP_REGIONS];
    uint32_t flash_base, alias_base, ram_base;
    /* Devices in the order in which those are served whose events are due in the same tick; EVENT_OF_HOST is
     * the host's place among them. */
    const uint8_t *event_order;
    unsigned event_order_count;
    uint8_t ports[PORTS], serials[USARTS]; /* devices, NO_DEVICE; USART1 first */
    uint8_t clock_controller, power_controller, flash, usb;
    uint8_t backup[CHIP_VARIANTS];
    struct manual_sections manual;
};
