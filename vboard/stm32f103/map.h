/* The chip's address map as data: which peripheral is where, what clocks it, how it may be accessed, and what
 * its registers are called. Source: RM0008 table 3 and the register maps of its chapters. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct chip;

enum map_bus { BUS_AHB, BUS_APB1, BUS_APB2, BUS_PPB };
enum { ALWAYS_CLOCKED = 0xFF };
enum access_sizes { ONLY_WORDS = 4, HALF_WORDS_TOO = 2 | 4, ANY_SIZE = 1 | 2 | 4 };

struct map_register {
    const char *name; /* NULL ends a list */
    uint16_t offset;
    enum {
        RW,
        READ_ONLY,
        WRITE_ONLY,
        HIGH_DENSITY_RW,
        RW_ANY_SIZE
    } access;          /* the last whatever the region says */
    uint32_t reserved; /* bits that must be kept at their reset value, 0 */
};

struct map_region {
    const char *name; /* NULL ends the map */
    uint32_t base, size;
    enum map_bus bus;
    uint8_t clock_bit; /* in the bus's enable register of RCC, or ALWAYS_CLOCKED */
    bool high_density; /* not on chips of up to 128 KiB */
    bool absent;       /* on none of up to 512 KiB: the rest is not used */
    enum access_sizes sizes;
    uint16_t model_offset; /* added to offsets before the model sees them */
    bool quiet;            /* the model itself counts the side effects of writes */
    bool own_rules;        /* the model itself judges offsets (down to half-words) and reserved bits */
    int8_t port;           /* of GPIO, else NOT_A_PORT */
    const struct map_register *registers; /* NULL: memory, not registers */
    uint32_t (*read)(struct chip *chip, uint32_t offset);
    void (*write)(struct chip *chip, uint32_t offset, uint32_t value);
    void (*reset)(struct chip *chip);
};

enum { NOT_A_PORT = -1 };

/* rcc_clock.c: HCLK cycles that one of the bus's clock lasts. */
uint32_t rcc_bus_divider(const struct chip *chip, enum map_bus bus);

extern const struct map_region map[];

/* NULL: no peripheral there. */
const struct map_region *map_find(uint32_t address);
/* NULL: reserved, or the chip is too small to have it. */
const struct map_register *map_find_register(const struct map_region *region, uint32_t offset,
                                             bool high_density);
