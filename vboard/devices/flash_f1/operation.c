/*
 * Flash operations: their time, their end, and what a loss of power leaves behind. An operation changes the
 * memory when it ends; until then the memory is closed to the processor, which waits (PM0075 2.3).
 */
#include "cells.h"

bool flash_is_busy(const struct device *device)
{
    return device_chip(device)->flash.operation.kind != FLASH_NOTHING;
}

void flash_update_irq(struct device *device)
{
    const struct flash_f1 *flash = flash_of(device);
    bool done = flash->SR & SR_EOP && flash->CR & CR_EOPIE;
    bool error = flash->SR & (SR_PGERR | SR_WRPRTERR) && flash->CR & CR_ERRIE;
    device_drive(device, FLASH_F1_IRQ, done || error);
}

void flash_set_status(struct device *device, uint32_t flags)
{
    flash_of(device)->SR |= flags;
    flash_update_irq(device);
}

static uint8_t *bytes_at(struct device *device, uint32_t address)
{
    return flash_is_option(address) ? &flash_of(device)->option_bytes[address - OPTION_BASE]
                                    : &device_chip(device)->flash_bytes[address - FLASH_BASE];
}

uint16_t flash_half_word_at(struct device *device, uint32_t address)
{
    const uint8_t *bytes = bytes_at(device, address);
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

void flash_set_half_word(struct device *device, uint32_t address, uint16_t value)
{
    uint8_t *bytes = bytes_at(device, address);
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

struct flash_wear flash_wear_at(const struct device *device, uint32_t address)
{
    for (unsigned i = 0; i < MAX_WORN; i++)
        if (device_chip(device)->config.worn[i].address == address)
            return device_chip(device)->config.worn[i];
    return (struct flash_wear){0};
}

/* What an erase of these addresses leaves at 0. */
static void wear_erased(struct device *device, uint32_t first, uint32_t bytes)
{
    for (unsigned i = 0; i < MAX_WORN; i++) {
        const struct flash_wear *worn = &device_chip(device)->config.worn[i];
        if (worn->address - first < bytes)
            flash_set_half_word(device, worn->address, (uint16_t)(ERASED & ~worn->stays_0));
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
    case FLASH_HALF_PAGE: /* the L1's */
    case FLASH_DATA_PROGRAM:
    case FLASH_NOTHING: break;
    }
    return "nothing";
}

static bool is_program(const struct flash_operation *operation)
{
    return operation->kind == FLASH_PROGRAM || operation->kind == FLASH_OPTION_PROGRAM;
}

static ticks operation_time(const struct device *device, const struct flash_operation *operation)
{
    return is_program(operation) ? device_chip(device)->config.program_ns * TICKS_PER_MICROSECOND / 1000
                                 : ticks_from_us(device_chip(device)->config.page_erase_us);
}

static bool cut_is_due(const struct device *device, uint64_t operation, enum power_cut_phase phase)
{
    const struct chip *chip = device_chip(device);
    return chip->power_cut_operation == operation && chip->power_cut_operation != 0 &&
           chip->power_cut_phase == phase;
}

static void cut_power(struct device *device)
{
    device_chip(device)->power_cut_operation = 0;
    chip_power(device_chip(device), false);
}

static void report_operation(struct device *device, const struct flash_operation *operation)
{
    if (!chip_wants(device_chip(device), REPORT_FLASH))
        return;
    if (is_program(operation)) {
        device_report(device, REPORT_FLASH, "%s 0x%08X = 0x%04X", operation_name(operation),
                      (unsigned)operation->address, operation->value);
    } else {
        device_report(device, REPORT_FLASH, "%s 0x%08X", operation_name(operation),
                      (unsigned)operation->address);
    }
}

void flash_begin(struct device *device, struct flash_operation operation)
{
    const struct flash_f1_info *info = device_config(device);
    struct chip *chip = device_chip(device);
    struct flash_f1 *flash = flash_of(device);
    if (cut_is_due(device, chip->flash.operations + 1, CUT_BEFORE)) {
        cut_power(device);
        return;
    }
    if (!clock_is_on(chip, info->hsi)) {
        device_violation(device, FORBIDDEN, "flash-without-hsi",
                         "%s 0x%08X: HSI must be on for programming and erasing (PM0075 2.3.3)",
                         operation_name(&operation), (unsigned)operation.address);
    }
    report_operation(device, &operation);
    chip->flash.operations++;
    chip->flash.programs += is_program(&operation);
    chip->flash.erases += !is_program(&operation);
    ticks now = device_now(device), lasts = operation_time(device, &operation);
    operation.ends = now + lasts;
    chip->flash.operation = operation;
    flash->begun_cycle = device_cycles(device);
    flash->AR = operation.address;
    flash->SR |= SR_BSY;
    flash_open(device, false);
    bool cut = cut_is_due(device, chip->flash.operations, CUT_INSIDE);
    device_schedule(device, 0, cut ? now + lasts / 2 : operation.ends);
}

static void fill(uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = 0xFF;
}

static void erase_pages(struct device *device, uint32_t first, uint32_t count)
{
    uint32_t size = device_chip(device)->config.page_bytes;
    for (uint32_t page = first; page < first + count; page++)
        device_chip(device)->flash.erased[page]++;
    fill(&device_chip(device)->flash_bytes[(size_t)first * size], count * size);
    flash_cells_replaced(device, FLASH_BASE + first * size, count * size);
    wear_erased(device, FLASH_BASE + first * size, count * size);
}

static uint32_t page_of(const struct device *device, uint32_t address)
{
    return (address - FLASH_BASE) / device_chip(device)->config.page_bytes;
}

static void erase_all(struct device *device)
{
    erase_pages(device, 0, device_chip(device)->config.flash_bytes / device_chip(device)->config.page_bytes);
}

/* Taking the read protection off wipes the flash (PM0075 2.4.1). */
static void program_option(struct device *device, const struct flash_operation *operation)
{
    if (operation->address == OPTION_BASE && (operation->value & 0xFF) == RDP_KEY &&
        flash_of(device)->OBR & OBR_RDPRT)
        erase_all(device);
    flash_set_half_word(device, operation->address, operation->value);
}

static void program_half_word(struct device *device, const struct flash_operation *operation)
{
    uint16_t stays = flash_wear_at(device, operation->address).stays_1;
    stays &= flash_half_word_at(device, operation->address);
    flash_set_half_word(device, operation->address, operation->value | stays);
    flash_cells_programmed(device, operation->address, operation->value);
}

static void complete(struct device *device, const struct flash_operation *operation)
{
    device_changed(device); /* the core sees this memory through its windows */
    switch (operation->kind) {
    case FLASH_PROGRAM: program_half_word(device, operation); break;
    case FLASH_PAGE_ERASE: erase_pages(device, page_of(device, operation->address), 1); break;
    case FLASH_MASS_ERASE: erase_all(device); break;
    case FLASH_OPTION_ERASE: fill(flash_of(device)->option_bytes, OPTION_BYTES); break;
    case FLASH_OPTION_PROGRAM: program_option(device, operation); break;
    case FLASH_HALF_PAGE: /* the L1's */
    case FLASH_DATA_PROGRAM:
    case FLASH_NOTHING: break;
    }
}

static void end_operation(struct device *device)
{
    device_chip(device)->flash.operation.kind = FLASH_NOTHING;
    flash_of(device)->SR &= ~(uint32_t)SR_BSY;
    flash_of(device)->CR &= ~(uint32_t)CR_STRT;
    flash_open(device, true);
}

void flash_event(struct device *device, unsigned n)
{
    (void)n;
    struct flash_operation operation = device_chip(device)->flash.operation;
    if (cut_is_due(device, device_chip(device)->flash.operations, CUT_INSIDE)) {
        cut_power(device);
        return;
    }
    complete(device, &operation);
    end_operation(device);
    flash_set_status(device, SR_EOP);
    if (cut_is_due(device, device_chip(device)->flash.operations, CUT_AFTER))
        cut_power(device);
}

static void doubt(struct device *device, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)chip_random(device_chip(device));
}

/* Bits that were to become 0 may have, or not; a 0 never becomes 1. */
static void doubt_program(struct device *device, const struct flash_operation *operation)
{
    uint16_t old = flash_half_word_at(device, operation->address);
    uint16_t kept = (uint16_t)(chip_random(device_chip(device)) & old);
    flash_set_half_word(device, operation->address, (uint16_t)((old & operation->value) | kept));
}

static void doubt_flash(struct device *device, uint32_t address, uint32_t count)
{
    doubt(device, bytes_at(device, address), count);
    flash_cells_replaced(device, address, count);
}

static void tear(struct device *device, const struct flash_operation *operation)
{
    bool unstable = device_chip(device)->config.torn == TORN_UNSTABLE;
    uint32_t page_bytes = device_chip(device)->config.page_bytes;
    uint32_t page = FLASH_BASE + page_of(device, operation->address) * page_bytes;
    switch (operation->kind) {
    case FLASH_PROGRAM:
        if (unstable)
            flash_tear_program(device, operation->address, operation->value);
        else
            doubt_program(device, operation);
        break;
    case FLASH_PAGE_ERASE:
        if (unstable)
            flash_tear_erase(device, page, page_bytes);
        else
            doubt_flash(device, page, page_bytes);
        break;
    case FLASH_OPTION_PROGRAM: doubt_program(device, operation); break;
    case FLASH_MASS_ERASE: doubt_flash(device, FLASH_BASE, device_chip(device)->config.flash_bytes); break;
    case FLASH_OPTION_ERASE: doubt(device, flash_of(device)->option_bytes, OPTION_BYTES); break;
    case FLASH_HALF_PAGE: /* the L1's */
    case FLASH_DATA_PROGRAM:
    case FLASH_NOTHING: break;
    }
}

void flash_cut_off(struct device *device)
{
    if (!flash_is_busy(device))
        return;
    tear(device, &device_chip(device)->flash.operation);
    device_schedule(device, 0, TICKS_NEVER);
    end_operation(device);
}

bool flash_load_bytes(struct device *device, uint32_t address, const void *bytes, uint32_t length)
{
    const uint8_t *from = bytes;
    uint32_t room = flash_is_option(address) ? OPTION_BYTES - (address - OPTION_BASE)
                    : flash_has(device, address)
                        ? device_chip(device)->config.flash_bytes - (address - FLASH_BASE)
                        : 0;
    if (length > room)
        return false;
    for (uint32_t i = 0; i < length; i++)
        bytes_at(device, address)[i] = from[i];
    if (!flash_is_option(address))
        flash_cells_replaced(device, address, length);
    return true;
}
