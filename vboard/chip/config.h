/* What differs from chip to chip and from day to day: what a board's name or the command line says of one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MAX_FLASH = 512 * 1024, MAX_RAM = 64 * 1024, MAX_PAGES = MAX_FLASH / 256 };

struct chip_info;

/*
 * A half-word of flash that is worn out. What is stuck shows only once it is worked on: what was burnt before
 * stays. The F1 erases to 1 and programs to 0, the L1 the other way round.
 */
enum { MAX_WORN = 4 };
struct flash_wear {
    uint32_t address; /* absolute; 0: none */
    uint16_t stays_0; /* bits that no erase (L1: no programming) sets any more */
    uint16_t stays_1; /* bits that no programming (L1: no erase) clears */
    bool refuses;     /* nothing is programmed; on the F1 with PGERR, which the L1 has not */
};

/* What an operation on the flash leaves when power or a reset cuts it off. */
enum torn_flash {
    TORN_NOISE,   /* noise, which then reads the same ever after */
    TORN_UNSTABLE /* unstable cells too: devices/flash_f1/cells.c. Option bytes and mass erases: noise */
};

/* How unstable cells read: all alike between two resets, or each read of each cell by itself. */
enum unstable_cells {
    CELLS_BY_CHANCE, /* one of the following, drawn at each reset */
    CELLS_READ_0,
    CELLS_READ_1,
    CELLS_READ_EITHER
};

/* All times as in the data sheet. */
struct chip_config {
    const struct chip_info *family;
    uint32_t flash_bytes;         /* really there */
    uint16_t flash_size_register; /* KiB, as in the signature area */
    uint32_t page_bytes;
    uint32_t ram_bytes;
    uint32_t idcode; /* DBGMCU_IDCODE */
    uint8_t unique_id[12];
    uint32_t hse_hz; /* 0: no crystal, or a dead one */
    uint32_t hse_startup_us;
    uint32_t page_erase_us;
    uint32_t program_ns; /* of one program operation: of a half-word (F1), of a word or half page (L1) */
    uint64_t seed;       /* of RAM at power-up and of torn flash operations */
    enum torn_flash torn;
    enum unstable_cells unstable_cells;

    /* Option bytes as somebody left them; all 0: as from the factory. */
    bool read_protected;
    bool hardware_watchdog;
    uint32_t write_protected; /* units of write protection, a bit each, the last one all the rest */

    /* Age. */
    struct flash_wear worn[MAX_WORN];

    /* What clones do otherwise than ST's chips, and ST's at the ends of their tolerances; all 0: ST's. */
    uint32_t lsi_hz;           /* 0: the typical value */
    uint16_t busy_late_cycles; /* the flash's BSY reads 0 for so long after any operation begins */
    bool lock_reads_0;         /* FLASH_CR.LOCK does, locked or not */
    bool ctr_masked;           /* CNTR.CTRM masks USB's CTR, as RM0008 23.5.1 says */
    bool zero_needs_erase;     /* 0x0000 over data is refused as any other value: PGERR */
};
