/*
 * Flash operations: their time, their end, and where a loss of power meets them. An operation changes the
 * memory when it ends; until then the processor waits if it reads the memory (RM0038 3.4).
 */
#include "private.h"

void flash_l1_update_irq(struct device *device)
{
    const struct flash_l1 *flash = flash_of(device);
    bool done = flash->SR & SR_EOP && flash->PECR & PECR_EOPIE;
    bool error = flash->SR & SR_ERRORS && flash->PECR & PECR_ERRIE;
    device_drive(device, FLASH_L1_IRQ, done || error);
}

void flash_l1_set_status(struct device *device, uint32_t flags)
{
    flash_of(device)->SR |= flags;
    flash_l1_update_irq(device);
}

static bool is_erase(const struct flash_operation *operation)
{
    return operation->kind == FLASH_PAGE_ERASE || operation->kind == FLASH_MASS_ERASE;
}

static ticks operation_time(const struct device *device, const struct flash_operation *operation)
{
    const struct chip_config *config = &device_chip(device)->config;
    ticks program = config->program_ns * TICKS_PER_MICROSECOND / 1000,
          erase = ticks_from_us(config->page_erase_us);
    bool erases_first = operation->kind == FLASH_OPTION_PROGRAM ||
                        (operation->kind == FLASH_DATA_PROGRAM && flash_of(device)->auto_erase);
    return is_erase(operation) ? erase : erases_first ? erase + program : program;
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
    static const char *const names[] = {
        [FLASH_PROGRAM] = "program",           [FLASH_HALF_PAGE] = "program half page",
        [FLASH_DATA_PROGRAM] = "program data", [FLASH_PAGE_ERASE] = "erase page",
        [FLASH_MASS_ERASE] = "mass erase",     [FLASH_OPTION_PROGRAM] = "program option bytes",
    };
    if (!chip_wants(device_chip(device), REPORT_FLASH))
        return;
    if (is_erase(operation) || operation->kind == FLASH_HALF_PAGE) {
        device_report(device, REPORT_FLASH, "%s 0x%08X", names[operation->kind],
                      (unsigned)operation->address);
    } else {
        device_report(device, REPORT_FLASH, "%s 0x%08X = 0x%08X", names[operation->kind],
                      (unsigned)operation->address, (unsigned)operation->value);
    }
}

void flash_l1_begin(struct device *device, struct flash_operation operation)
{
    struct chip *chip = device_chip(device);
    struct flash_l1 *flash = flash_of(device);
    if (cut_is_due(device, chip->flash.operations + 1, CUT_BEFORE)) {
        cut_power(device);
        return;
    }
    report_operation(device, &operation);
    chip->flash.operations++;
    chip->flash.programs += !is_erase(&operation);
    chip->flash.erases += is_erase(&operation);
    ticks now = device_now(device), lasts = operation_time(device, &operation);
    operation.ends = now + lasts;
    chip->flash.operation = operation;
    flash->SR = (flash->SR & ~(uint32_t)SR_ENDHV) | SR_BSY;
    flash_l1_open(device);
    bool cut = cut_is_due(device, chip->flash.operations, CUT_INSIDE);
    device_schedule(device, 0, cut ? now + lasts / 2 : operation.ends);
}

static void erase_page(struct device *device, uint32_t address)
{
    uint32_t first = address - address % PAGE_BYTES;
    device_chip(device)->flash.erased[(first - FLASH_BASE) / PAGE_BYTES]++;
    for (uint32_t at = first; at < first + PAGE_BYTES; at += WORD)
        flash_l1_erase_word(device, at);
}

static void erase_all(struct device *device)
{
    for (uint32_t at = 0; at < device_chip(device)->config.flash_bytes; at += PAGE_BYTES)
        erase_page(device, FLASH_BASE + at);
    for (uint32_t at = 0; at < flash_eeprom_bytes(device); at += WORD)
        flash_l1_erase_word(device, EEPROM_BASE + at);
}

static void program_half_page(struct device *device)
{
    const struct flash_l1 *flash = flash_of(device);
    for (unsigned i = 0; i < HALF_PAGE_WORDS; i++)
        flash_l1_program_word(device, flash->half_page_base + i * WORD, flash->half_page[i]);
}

static void program_data(struct device *device, const struct flash_operation *operation)
{
    if (flash_of(device)->auto_erase)
        flash_l1_erase_word(device, operation->address);
    flash_l1_program_word(device, operation->address, operation->value);
}

static void complete(struct device *device, const struct flash_operation *operation)
{
    switch (operation->kind) {
    case FLASH_PROGRAM: flash_l1_program_word(device, operation->address, operation->value); break;
    case FLASH_HALF_PAGE: program_half_page(device); break;
    case FLASH_DATA_PROGRAM: program_data(device, operation); break;
    case FLASH_PAGE_ERASE: erase_page(device, operation->address); break;
    case FLASH_MASS_ERASE: erase_all(device); break;
    case FLASH_OPTION_PROGRAM: flash_l1_option_program(device, operation->address, operation->value); break;
    case FLASH_OPTION_ERASE:
    case FLASH_NOTHING: break;
    }
}

static void end_operation(struct device *device)
{
    device_chip(device)->flash.operation.kind = FLASH_NOTHING;
    flash_of(device)->SR = (flash_of(device)->SR & ~(uint32_t)SR_BSY) | SR_ENDHV;
    flash_l1_cells_changed(device); /* the core sees the memory through its windows */
}

void flash_l1_event(struct device *device, unsigned n)
{
    (void)n;
    struct flash_operation operation = device_chip(device)->flash.operation;
    if (cut_is_due(device, device_chip(device)->flash.operations, CUT_INSIDE)) {
        cut_power(device);
        return;
    }
    complete(device, &operation);
    end_operation(device);
    flash_l1_set_status(device, SR_EOP);
    if (cut_is_due(device, device_chip(device)->flash.operations, CUT_AFTER))
        cut_power(device);
}

void flash_l1_cut_off(struct device *device)
{
    if (!flash_is_busy(device))
        return;
    flash_l1_tear(device, &device_chip(device)->flash.operation);
    device_schedule(device, 0, TICKS_NEVER);
    end_operation(device);
}
