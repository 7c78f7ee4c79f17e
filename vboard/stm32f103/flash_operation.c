/*
 * Flash operations: their time, their end, and what a loss of power leaves behind. An operation changes the
 * memory when it ends; until then the memory is closed to the processor, which waits (PM0075 2.3).
 */
#include "flash_cells.h"
#include "flash_registers.h"

bool flash_is_busy(const struct chip *chip)
{
    return chip->flash.operation.kind != FLASH_NOTHING;
}

void flash_update_irq(struct chip *chip)
{
    const struct flash *flash = &chip->flash;
    bool done = flash->SR & SR_EOP && flash->CR & CR_EOPIE;
    bool error = flash->SR & (SR_PGERR | SR_WRPRTERR) && flash->CR & CR_ERRIE;
    cortex_m3_set_irq(&chip->cpu, IRQ_FLASH, done || error);
}

void flash_set_status(struct chip *chip, uint32_t flags)
{
    chip->flash.SR |= flags;
    flash_update_irq(chip);
}

static uint8_t *bytes_at(struct chip *chip, uint32_t address)
{
    return flash_is_option(address) ? &chip->flash.option_bytes[address - OPTION_BASE]
                                    : &chip->flash_bytes[address - FLASH_BASE];
}

uint16_t flash_half_word_at(struct chip *chip, uint32_t address)
{
    const uint8_t *bytes = bytes_at(chip, address);
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

void flash_set_half_word(struct chip *chip, uint32_t address, uint16_t value)
{
    uint8_t *bytes = bytes_at(chip, address);
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

struct flash_wear flash_wear_at(const struct chip *chip, uint32_t address)
{
    for (unsigned i = 0; i < MAX_WORN; i++) {
        if (chip->config.worn[i].address == address) {
            return chip->config.worn[i];
        }
    }
    return (struct flash_wear){0};
}

/* What an erase of these addresses leaves at 0. */
static void wear_erased(struct chip *chip, uint32_t first, uint32_t bytes)
{
    for (unsigned i = 0; i < MAX_WORN; i++) {
        const struct flash_wear *worn = &chip->config.worn[i];
        if (worn->address - first < bytes) {
            flash_set_half_word(chip, worn->address, (uint16_t)(ERASED & ~worn->stays_0));
        }
    }
}

static const char *operation_name(const struct flash_operation *operation)
{
    switch (operation->kind) {
    case FLASH_PROGRAM: return "program";
    case FLASH_PAGE_ERASE: return "erase page";
    case FLASH_MASS_ERASE: return "mass erase";
    case FLASH_OPTION_ERASE: return "erase option bytes";
    case FLASH_OPTION_PROGRAM: return "program option byte";
    case FLASH_NOTHING: break;
    }
    return "nothing";
}

static bool is_program(const struct flash_operation *operation)
{
    return operation->kind == FLASH_PROGRAM || operation->kind == FLASH_OPTION_PROGRAM;
}

static ticks operation_time(const struct chip *chip, const struct flash_operation *operation)
{
    return is_program(operation) ? chip->config.half_word_ns * TICKS_PER_MICROSECOND / 1000
                                 : ticks_from_us(chip->config.page_erase_us);
}

static bool cut_is_due(const struct chip *chip, uint64_t operation, enum power_cut_phase phase)
{
    return chip->power_cut_operation == operation && chip->power_cut_operation != 0 &&
           chip->power_cut_phase == phase;
}

static void cut_power(struct chip *chip)
{
    chip->power_cut_operation = 0;
    chip_power(chip, false);
}

static void report_operation(struct chip *chip, const struct flash_operation *operation)
{
    if (!chip_wants(chip, REPORT_FLASH)) {
        return;
    }
    if (is_program(operation)) {
        chip_report(chip, REPORT_FLASH, "%s 0x%08X = 0x%04X", operation_name(operation),
                    (unsigned)operation->address, operation->value);
    } else {
        chip_report(chip, REPORT_FLASH, "%s 0x%08X", operation_name(operation), (unsigned)operation->address);
    }
}

void flash_begin(struct chip *chip, struct flash_operation operation)
{
    struct flash *flash = &chip->flash;
    if (cut_is_due(chip, flash->operations + 1, CUT_BEFORE)) {
        cut_power(chip);
        return;
    }
    if (!(chip->rcc.CR & RCC_CR_HSIRDY)) {
        chip_violation(chip, FORBIDDEN, "flash-without-hsi",
                       "%s 0x%08X: HSI must be on for programming and erasing (PM0075 2.3.3)",
                       operation_name(&operation), (unsigned)operation.address);
    }
    report_operation(chip, &operation);
    flash->operations++;
    flash->programs += is_program(&operation);
    flash->erases += !is_program(&operation);
    ticks now = chip_now(chip), lasts = operation_time(chip, &operation);
    operation.ends = now + lasts;
    flash->operation = operation;
    flash->begun_cycle = chip->cpu.cycles;
    flash->AR = operation.address;
    flash->SR |= SR_BSY;
    bus_open_flash(chip, false);
    bool cut = cut_is_due(chip, flash->operations, CUT_INSIDE);
    chip_schedule(chip, EVENT_FLASH, cut ? now + lasts / 2 : operation.ends);
}

static void fill(uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = 0xFF;
    }
}

static void erase_pages(struct chip *chip, uint32_t first, uint32_t count)
{
    uint32_t size = chip->config.page_bytes;
    for (uint32_t page = first; page < first + count; page++) {
        chip->flash.erased[page]++;
    }
    fill(&chip->flash_bytes[(size_t)first * size], count * size);
    flash_cells_replaced(chip, FLASH_BASE + first * size, count * size);
    wear_erased(chip, FLASH_BASE + first * size, count * size);
}

static uint32_t page_of(const struct chip *chip, uint32_t address)
{
    return (address - FLASH_BASE) / chip->config.page_bytes;
}

static void erase_all(struct chip *chip)
{
    erase_pages(chip, 0, chip->config.flash_bytes / chip->config.page_bytes);
}

/* Taking the read protection off wipes the flash (PM0075 2.4.1). */
static void program_option(struct chip *chip, const struct flash_operation *operation)
{
    if (operation->address == OPTION_BASE && (operation->value & 0xFF) == RDP_KEY &&
        chip->flash.OBR & OBR_RDPRT) {
        erase_all(chip);
    }
    flash_set_half_word(chip, operation->address, operation->value);
}

static void program_half_word(struct chip *chip, const struct flash_operation *operation)
{
    uint16_t stays = flash_wear_at(chip, operation->address).stays_1;
    stays &= flash_half_word_at(chip, operation->address);
    flash_set_half_word(chip, operation->address, operation->value | stays);
    flash_cells_programmed(chip, operation->address, operation->value);
}

static void complete(struct chip *chip, const struct flash_operation *operation)
{
    chip->cpu.side_effects++; /* the core sees this memory through its windows */
    switch (operation->kind) {
    case FLASH_PROGRAM: program_half_word(chip, operation); break;
    case FLASH_PAGE_ERASE: erase_pages(chip, page_of(chip, operation->address), 1); break;
    case FLASH_MASS_ERASE: erase_all(chip); break;
    case FLASH_OPTION_ERASE: fill(chip->flash.option_bytes, OPTION_BYTES); break;
    case FLASH_OPTION_PROGRAM: program_option(chip, operation); break;
    case FLASH_NOTHING: break;
    }
}

static void end_operation(struct chip *chip)
{
    chip->flash.operation = (struct flash_operation){.kind = FLASH_NOTHING};
    chip->flash.SR &= ~(uint32_t)SR_BSY;
    chip->flash.CR &= ~(uint32_t)CR_STRT;
    bus_open_flash(chip, true);
}

void flash_event(struct chip *chip)
{
    struct flash_operation operation = chip->flash.operation;
    if (cut_is_due(chip, chip->flash.operations, CUT_INSIDE)) {
        cut_power(chip);
        return;
    }
    complete(chip, &operation);
    end_operation(chip);
    flash_set_status(chip, SR_EOP);
    if (cut_is_due(chip, chip->flash.operations, CUT_AFTER)) {
        cut_power(chip);
    }
}

static void doubt(struct chip *chip, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)chip_random(chip);
    }
}

/* Bits that were to become 0 may have, or not; a 0 never becomes 1. */
static void doubt_program(struct chip *chip, const struct flash_operation *operation)
{
    uint16_t old = flash_half_word_at(chip, operation->address);
    uint16_t kept = (uint16_t)(chip_random(chip) & old);
    flash_set_half_word(chip, operation->address, (uint16_t)((old & operation->value) | kept));
}

static void doubt_flash(struct chip *chip, uint32_t address, uint32_t count)
{
    doubt(chip, bytes_at(chip, address), count);
    flash_cells_replaced(chip, address, count);
}

static void tear(struct chip *chip, const struct flash_operation *operation)
{
    bool unstable = chip->config.torn == TORN_UNSTABLE;
    uint32_t page_bytes = chip->config.page_bytes;
    uint32_t page = FLASH_BASE + page_of(chip, operation->address) * page_bytes;
    switch (operation->kind) {
    case FLASH_PROGRAM:
        if (unstable) {
            flash_tear_program(chip, operation->address, operation->value);
        } else {
            doubt_program(chip, operation);
        }
        break;
    case FLASH_PAGE_ERASE:
        if (unstable) {
            flash_tear_erase(chip, page, page_bytes);
        } else {
            doubt_flash(chip, page, page_bytes);
        }
        break;
    case FLASH_OPTION_PROGRAM: doubt_program(chip, operation); break;
    case FLASH_MASS_ERASE: doubt_flash(chip, FLASH_BASE, chip->config.flash_bytes); break;
    case FLASH_OPTION_ERASE: doubt(chip, chip->flash.option_bytes, OPTION_BYTES); break;
    case FLASH_NOTHING: break;
    }
}

void flash_power_lost(struct chip *chip)
{
    if (!flash_is_busy(chip)) {
        return;
    }
    tear(chip, &chip->flash.operation);
    chip->due[EVENT_FLASH] = TICKS_NEVER;
    end_operation(chip);
}

bool flash_load(struct chip *chip, uint32_t address, const void *bytes, uint32_t length)
{
    const uint8_t *from = bytes;
    uint32_t room = flash_is_option(address)   ? OPTION_BYTES - (address - OPTION_BASE)
                    : flash_has(chip, address) ? chip->config.flash_bytes - (address - FLASH_BASE)
                                               : 0;
    if (length > room) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        bytes_at(chip, address)[i] = from[i];
    }
    if (!flash_is_option(address)) {
        flash_cells_replaced(chip, address, length);
    }
    return true;
}
