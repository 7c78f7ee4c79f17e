/*
 * FSMC (RM0008 chapter 21): its registers, and what is seen through them. Bank 1 is taken to be an SRAM of
 * which the first pages written are kept, banks 2 and 3 a NAND flash that is not there, bank 4 an empty slot.
 * Accesses take no time of their own; nothing can be executed from there.
 */
#include "chip.h"

#include <string.h>

#define MEMORY_BASE 0x60000000u
#define MEMORY_SIZE 0x40000000u

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

static const struct {
    uint16_t first, last;
    uint32_t value;
} reset_values[] = {
    {0x00, 0x00, 0x000030DB},   {0x04, 0x04, 0x0FFFFFFF},   {0x08, 0x08, 0x000030D2},
    {0x0C, 0x0C, 0x0FFFFFFF},   {0x10, 0x10, 0x000030D2},   {0x14, 0x14, 0x0FFFFFFF},
    {0x18, 0x18, 0x000030D2},   {0x1C, 0x1C, 0x0FFFFFFF},   {0x60, 0x60, 0x00000018},
    {0x64, 0x64, 0x00000040},   {0x68, 0x6C, 0xFCFCFCFC},   {0x80, 0x80, 0x00000018},
    {0x84, 0x84, 0x00000040},   {0x88, 0x8C, 0xFCFCFCFC},   {0xA0, 0xA0, 0x00000018},
    {0xA4, 0xA4, 0x00000040},   {0xA8, 0xB0, 0xFCFCFCFC},   {0x104, 0x104, 0x0FFFFFFF},
    {0x10C, 0x10C, 0x0FFFFFFF}, {0x114, 0x114, 0x0FFFFFFF}, {0x11C, 0x11C, 0x0FFFFFFF},
};

/* The memory: pages by what was written first, found by their number */

enum { PAGE_FREE = 0 };

/* What a cell holds at power-up: the same for the same seed. */
static uint8_t noise(const struct chip *chip, uint32_t address)
{
    uint64_t x = (chip->config.seed + address) * 0x9E3779B97F4A7C15ull;
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

static uint8_t read_byte(const struct chip *chip, uint32_t address)
{
    const struct fsmc *fsmc = &chip->fsmc;
    int at = find_page(fsmc, address);
    bool kept = at >= 0 && fsmc->page[at] != PAGE_FREE;
    return kept ? fsmc->memory[at][address % FSMC_PAGE] : noise(chip, address);
}

static void tell_full(struct chip *chip, uint32_t address)
{
    if (!chip->fsmc.full_told) {
        chip->fsmc.full_told = true;
        chip_violation(chip, SUSPICIOUS, "unmodelled",
                       "0x%08X is written through FSMC: of the memory there only %u pages of %u bytes are "
                       "kept, this one is not",
                       (unsigned)address, FSMC_PAGES, FSMC_PAGE);
    }
}

static void write_byte(struct chip *chip, uint32_t address, uint8_t value)
{
    struct fsmc *fsmc = &chip->fsmc;
    int at = find_page(fsmc, address);
    if (at < 0) {
        tell_full(chip, address);
        return;
    }
    if (fsmc->page[at] == PAGE_FREE) {
        fsmc->page[at] = address / FSMC_PAGE;
        for (uint32_t i = 0; i < FSMC_PAGE; i++)
            fsmc->memory[at][i] = noise(chip, address / FSMC_PAGE * FSMC_PAGE + i);
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

static bool is_open(struct chip *chip, uint32_t address, bool write)
{
    if (!rcc_clock_enabled(chip, FSMC_BASE)) {
        chip_violation(chip, FORBIDDEN, "unclocked-peripheral",
                       "%s of 0x%08X: the clock of FSMC is off in RCC (RM0008 7.3.6)",
                       write ? "write" : "read", (unsigned)address);
        return false;
    }
    const char *why = refusal(&chip->fsmc, address, write);
    if (why)
        chip_violation(chip, SUSPICIOUS, "fsmc-refused", "%s of 0x%08X is a bus error: %s (RM0008 21.3)",
                       write ? "write" : "read", (unsigned)address, why);
    else if (!chip->fsmc.told) {
        chip->fsmc.told = true;
        chip_report(chip, REPORT_NOTE,
                    "FSMC: memory is taken to be at 0x60000000 to 0x6FFFFFFF, up to %u KiB of what is "
                    "written there is kept",
                    FSMC_PAGES * FSMC_PAGE / 1024);
    }
    return !why;
}

bool fsmc_has(const struct chip *chip, uint32_t address)
{
    return address - MEMORY_BASE < MEMORY_SIZE && chip_is_high_density(chip);
}

bool fsmc_memory_read(struct chip *chip, uint32_t address, unsigned size, uint32_t *value)
{
    *value = 0;
    if (!is_open(chip, address, false))
        return false;
    for (unsigned i = 0; i < size; i++) {
        uint32_t byte = bank_of(address) == BANK_MEMORY ? read_byte(chip, address + i) : 0xFF;
        *value |= byte << 8 * i;
    }
    return true;
}

bool fsmc_memory_write(struct chip *chip, uint32_t address, unsigned size, uint32_t value)
{
    chip->cpu.side_effects++;
    if (!is_open(chip, address, true))
        return false;
    for (unsigned i = 0; i < size && bank_of(address) == BANK_MEMORY; i++)
        write_byte(chip, address + i, (uint8_t)(value >> 8 * i));
    return true;
}

/* Registers */

uint32_t fsmc_read(struct chip *chip, uint32_t offset)
{
    return chip->fsmc.registers[offset / 4];
}

void fsmc_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    chip->fsmc.registers[offset / 4] = value;
}

/* A memory outside of the chip keeps what it has while there is power. */
void fsmc_reset(struct chip *chip)
{
    struct fsmc *fsmc = &chip->fsmc;
    memset(fsmc->registers, 0, sizeof fsmc->registers);
    for (unsigned i = 0; i < sizeof reset_values / sizeof reset_values[0]; i++) {
        for (uint32_t at = reset_values[i].first; at <= reset_values[i].last; at += 4)
            fsmc->registers[at / 4] = reset_values[i].value;
    }
    if (chip->reset_cause == RESET_POWER)
        memset(fsmc->page, 0, sizeof fsmc->page);
}
