/*
 * FSMC (RM0008 chapter 21): its registers, and what is seen through them. Bank 1 is taken to be an SRAM of
 * which the first pages written are kept, banks 2 and 3 a NAND flash that is not there, bank 4 an empty slot.
 * Accesses take no time of their own; nothing can be executed from there.
 */
#include "fsmc.h"

#include "chip/chip.h"

#include <string.h>

#define MEMORY_BASE 0x60000000u

enum { BCR1 = 0x00, BCR_SIZE = 8, PCR2 = 0x60, PCR_SIZE = 0x20 };
enum {
    BCR_MBKEN = 1 << 0,
    BCR_MTYP = 3 << 2,
    BCR_MTYP_NOR = 2 << 2,
    BCR_FACCEN = 1 << 6,
    BCR_WREN = 1 << 12,
    PCR_PBKEN = 1 << 2
};
enum { BANK_SHIFT = 28, SUBBANK_SHIFT = 26, BANK_MEMORY = 0, BANK_CARD = 3 };

/* The memory: pages by what was written first, found by their number */

enum { PAGE_FREE = 0 };

/* Of the memory behind it, pages are kept in the order in which they are written first. */
enum { FSMC_PAGE = 512, FSMC_PAGES = 128 };
struct fsmc {
    uint32_t registers[0x120 / 4]; /* by offset */
    uint32_t page[FSMC_PAGES];     /* address / FSMC_PAGE; 0: free */
    uint8_t memory[FSMC_PAGES][FSMC_PAGE];
    bool told, full_told;
};

static inline struct fsmc *fsmc_of(const struct device *device)
{
    return device_state(device);
}

/* Bit 7 of BCR is reserved and reads as 1 after reset. */
#define FSMC_BANK(number, at, BCR_reset)                                                                     \
    AT(at) = {"BCR" #number, RW | STABLE, 0xFFF70000, BCR_reset},                                            \
    AT(at + 4) = {"BTR" #number, RW | STABLE, 0xC0000000, 0x0FFFFFFF},                                       \
    AT(at + 0x104) = {"BWTR" #number, RW | STABLE, 0xC0000000, 0x0FFFFFFF}
#define FSMC_NAND(number, at)                                                                                \
    AT(at) = {"PCR" #number, RW | STABLE, 0xFFF00181, 0x18},                                                 \
    AT(at + 4) = {"SR" #number, RW | STABLE, 0xFFFFFF80, 0x40},                                              \
    AT(at + 8) = {"PMEM" #number, RW | STABLE, 0, 0xFCFCFCFC},                                               \
    AT(at + 12) = {"PATT" #number, RW | STABLE, 0, 0xFCFCFCFC}
static const struct device_register registers[] = {
    FSMC_BANK(1, 0x00, 0x30DB), FSMC_BANK(2, 0x08, 0x30D2),
    FSMC_BANK(3, 0x10, 0x30D2), FSMC_BANK(4, 0x18, 0x30D2),
    FSMC_NAND(2, 0x60),         AT(0x74) = {"ECCR2", READ_ONLY | STABLE, 0},
    FSMC_NAND(3, 0x80),         AT(0x94) = {"ECCR3", READ_ONLY | STABLE, 0},
    FSMC_NAND(4, 0xA0),         AT(0xB0) = {"PIO4", RW | STABLE, 0, 0xFCFCFCFC},
};
enum { REGISTER_COUNT = sizeof registers / sizeof registers[0] };

/* What a cell holds at power-up: the same for the same seed. */
static uint8_t noise(const struct device *device, uint32_t address)
{
    uint64_t x = (device_chip(device)->config.seed + address) * 0x9E3779B97F4A7C15ull;
    x ^= x >> 29;
    return (uint8_t)(x * 0xBF58476D1CE4E5B9ull >> 56);
}

/* Its place, or the free one where it could be; -1: neither. */
static int find_page(const struct fsmc *fsmc, uint32_t address)
{
    uint32_t page = address / FSMC_PAGE;
    for (unsigned i = 0; i < FSMC_PAGES; i++) {
        unsigned at = (page + i) % FSMC_PAGES;
        if (fsmc->page[at] == page || fsmc->page[at] == PAGE_FREE)
            return (int)at;
    }
    return -1;
}

static uint8_t read_byte(const struct device *device, uint32_t address)
{
    const struct fsmc *fsmc = fsmc_of(device);
    int at = find_page(fsmc, address);
    bool kept = at >= 0 && fsmc->page[at] != PAGE_FREE;
    return kept ? fsmc->memory[at][address % FSMC_PAGE] : noise(device, address);
}

static void tell_full(struct device *device, uint32_t address)
{
    if (!fsmc_of(device)->full_told) {
        fsmc_of(device)->full_told = true;
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "0x%08X is written through FSMC: of the memory there only %u pages of %u bytes are "
                         "kept, this one is not",
                         (unsigned)address, FSMC_PAGES, FSMC_PAGE);
    }
}

static void write_byte(struct device *device, uint32_t address, uint8_t value)
{
    struct fsmc *fsmc = fsmc_of(device);
    int at = find_page(fsmc, address);
    if (at < 0) {
        tell_full(device, address);
        return;
    }
    if (fsmc->page[at] == PAGE_FREE) {
        fsmc->page[at] = address / FSMC_PAGE;
        for (uint32_t i = 0; i < FSMC_PAGE; i++)
            fsmc->memory[at][i] = noise(device, address / FSMC_PAGE * FSMC_PAGE + i);
    }
    fsmc->memory[at][address % FSMC_PAGE] = value;
}

/* Banks (21.4) */

static unsigned bank_of(uint32_t address)
{
    return (address - MEMORY_BASE) >> BANK_SHIFT;
}

static uint32_t control_of(const struct fsmc *fsmc, uint32_t address)
{
    unsigned bank = bank_of(address), part = address >> SUBBANK_SHIFT & 3;
    uint32_t offset = bank == BANK_MEMORY ? BCR1 + part * BCR_SIZE : PCR2 + (bank - 1) * PCR_SIZE;
    return fsmc->registers[offset / 4];
}

/* NULL, or why the bus reports an error (21.3, 21.5.6 WREN). */
static const char *refusal(const struct fsmc *fsmc, uint32_t address, bool write)
{
    uint32_t control = control_of(fsmc, address);
    if (bank_of(address) == BANK_CARD)
        return "no card is in its slot";
    if (bank_of(address) != BANK_MEMORY)
        return control & PCR_PBKEN ? NULL : "PCR.PBKEN is 0: the bank is off";
    if (!(control & BCR_MBKEN))
        return "BCR.MBKEN is 0: the bank is off";
    if ((control & BCR_MTYP) == BCR_MTYP_NOR && !(control & BCR_FACCEN))
        return "BCR.FACCEN is 0: no access to a NOR flash";
    return write && !(control & BCR_WREN) ? "BCR.WREN is 0: no writes" : NULL;
}

static bool is_open(struct device *device, uint32_t address, bool write)
{
    if (!device_is_enabled(device)) {
        device_violation(device, FORBIDDEN, "unclocked-peripheral",
                         "%s of 0x%08X: the clock of FSMC is off in RCC (RM0008 7.3.6)",
                         write ? "write" : "read", (unsigned)address);
        return false;
    }
    const char *why = refusal(fsmc_of(device), address, write);
    if (why)
        device_violation(device, SUSPICIOUS, "fsmc-refused", "%s of 0x%08X is a bus error: %s (RM0008 21.3)",
                         write ? "write" : "read", (unsigned)address, why);
    else if (!fsmc_of(device)->told) {
        fsmc_of(device)->told = true;
        device_report(device, REPORT_NOTE,
                      "FSMC: memory is taken to be at 0x60000000 to 0x6FFFFFFF, up to %u KiB of what is "
                      "written there is kept",
                      FSMC_PAGES * FSMC_PAGE / 1024);
    }
    return !why;
}

static bool memory_read(struct device *device, uint32_t address, unsigned size, uint32_t *value)
{
    *value = 0;
    if (!is_open(device, address, false))
        return false;
    for (unsigned i = 0; i < size; i++) {
        uint32_t byte = bank_of(address) == BANK_MEMORY ? read_byte(device, address + i) : 0xFF;
        *value |= byte << 8 * i;
    }
    return true;
}

static bool memory_write(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    if (!is_open(device, address, true))
        return false;
    for (unsigned i = 0; i < size && bank_of(address) == BANK_MEMORY; i++)
        write_byte(device, address + i, (uint8_t)(value >> 8 * i));
    return true;
}

/* Registers */

static uint32_t read(struct device *device, uint32_t offset)
{
    return fsmc_of(device)->registers[offset / 4];
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    fsmc_of(device)->registers[offset / 4] = value;
}

/* A memory outside of the chip keeps what it has while there is power. */
static void reset(struct device *device)
{
    struct fsmc *fsmc = fsmc_of(device);
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        fsmc->registers[i] = registers[i].reset;
    if (device_chip(device)->reset_cause == RESET_POWER)
        memset(fsmc->page, 0, sizeof fsmc->page);
}

const struct device_class fsmc_class = {
    .state = sizeof(struct fsmc),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .read = read,
    .write = write,
    .reset = reset,
    .memory_read = memory_read,
    .memory_write = memory_write,
};
