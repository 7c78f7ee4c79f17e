/*
 * What an operation leaves that was cut off, as devices/flash_f1/cells.h has it for the F1: noise, or
 * unstable cells as well (chip_config.torn). Here bits are programmed to 1 and erased to 0, and the check
 * bits are cells like the others. Each word of a half page is on its own.
 */
#include "private.h"

/* How far an operation came, and how many of its cells are in between. */
struct tear {
    enum { HARDLY_BEGUN, HALF_WAY, NEARLY_DONE } progress;
    enum { ONE_CELL, FEW_CELLS, MANY_CELLS, EACH_CELL } share;
    uint32_t chosen; /* the one cell: a number of any size */
    bool unstable;
};

static struct tear draw_tear(struct device *device)
{
    uint32_t random = chip_random(device_chip(device));
    return (struct tear){
        .progress = random % 3,
        .share = (random >> 8) % 4,
        .chosen = random >> 10,
        .unstable = device_chip(device)->config.torn == TORN_UNSTABLE,
    };
}

static uint64_t random_cells(struct device *device)
{
    struct chip *chip = device_chip(device);
    return (chip_random(chip) | (uint64_t)chip_random(chip) << CHECK_SHIFT) & ALL_CELLS;
}

/* The n-th bit that is set, counted round and round; 0 has none. */
static uint64_t choose_bit(uint64_t bits, uint32_t n)
{
    unsigned count = (unsigned)__builtin_popcountll(bits);
    for (n = count ? n % count : 0; n; n--)
        bits &= bits - 1;
    return bits & (~bits + 1);
}

/* Which of the cells that were to change are in between. */
static uint64_t torn_cells(struct device *device, const struct tear *tear, uint64_t moving)
{
    if (!tear->unstable)
        return 0;
    switch (tear->share) {
    case ONE_CELL: return choose_bit(moving, tear->chosen);
    case FEW_CELLS: return moving & random_cells(device) & random_cells(device) & random_cells(device);
    case MANY_CELLS: return moving & random_cells(device);
    case EACH_CELL: break;
    }
    return moving;
}

/* Which of the others are as they were to be. */
static uint64_t moved_cells(struct device *device, const struct tear *tear, uint64_t moving)
{
    if (!tear->unstable)
        return moving & random_cells(device);
    switch (tear->progress) {
    case HARDLY_BEGUN: return 0;
    case HALF_WAY: return moving & random_cells(device);
    case NEARLY_DONE: break;
    }
    return moving;
}

static void tear_program(struct device *device, uint32_t address, uint32_t value)
{
    struct tear tear = draw_tear(device);
    struct cells cells = flash_l1_cells(device, address);
    uint64_t moving = (value | flash_l1_encode(value)) & (~cells.bits | cells.unstable);
    uint64_t torn = torn_cells(device, &tear, moving);
    uint64_t moved = moved_cells(device, &tear, moving & ~torn);
    flash_l1_set_cells(
        device, address,
        (struct cells){.bits = cells.bits | moved, .unstable = (cells.unstable & ~moved) | torn});
}

/* Erases begin with programming what is 0 in some chips, so a 0 may have changed, too. */
static void tear_erase(struct device *device, uint32_t first, uint32_t bytes)
{
    struct tear tear = draw_tear(device);
    uint64_t zeros = chip_random(device_chip(device)) % 4 == 0 ? ALL_CELLS : 0;
    uint32_t chosen = first + tear.chosen % (bytes / WORD) * WORD;
    for (uint32_t at = first; at < first + bytes; at += WORD) {
        struct cells cells = flash_l1_cells(device, at);
        uint64_t moving = cells.bits | cells.unstable | zeros, torn = 0;
        if (!tear.unstable || tear.share != ONE_CELL) {
            torn = torn_cells(device, &tear, moving);
        } else if (at >= chosen && moving) {
            torn = choose_bit(moving, tear.chosen);
            chosen = UINT32_MAX;
        }
        if (!tear.unstable && zeros)
            cells.bits = random_cells(device);
        uint64_t settled = moving & ~torn, moved = moved_cells(device, &tear, settled);
        flash_l1_set_cells(device, at, (struct cells){.bits = cells.bits & ~moved, .unstable = torn});
    }
}

static void tear_half_page(struct device *device)
{
    const struct flash_l1 *flash = flash_of(device);
    for (unsigned i = 0; i < HALF_PAGE_WORDS; i++)
        tear_program(device, flash->half_page_base + i * WORD, flash->half_page[i]);
}

/* The old word is erased first: cut off in one half of the time or in the other. */
static void tear_data(struct device *device, const struct flash_operation *operation)
{
    if (!flash_of(device)->auto_erase) {
        tear_program(device, operation->address, operation->value);
    } else if (chip_random(device_chip(device)) & 1) {
        tear_erase(device, operation->address, WORD);
    } else {
        flash_l1_erase_word(device, operation->address);
        tear_program(device, operation->address, operation->value);
    }
}

void flash_l1_tear(struct device *device, const struct flash_operation *operation)
{
    uint32_t all = device_chip(device)->config.flash_bytes;
    switch (operation->kind) {
    case FLASH_PROGRAM: tear_program(device, operation->address, operation->value); break;
    case FLASH_HALF_PAGE: tear_half_page(device); break;
    case FLASH_DATA_PROGRAM: tear_data(device, operation); break;
    case FLASH_PAGE_ERASE:
        tear_erase(device, operation->address - operation->address % PAGE_BYTES, PAGE_BYTES);
        break;
    case FLASH_MASS_ERASE:
        for (uint32_t at = 0; at < all; at += WORD)
            flash_l1_load_word(device, FLASH_BASE + at, chip_random(device_chip(device)));
        break;
    case FLASH_OPTION_PROGRAM:
        flash_of(device)->option[(operation->address - OPTION_BASE) / WORD] ^=
            chip_random(device_chip(device));
        break;
    case FLASH_OPTION_ERASE:
    case FLASH_NOTHING: break;
    }
    flash_l1_cells_changed(device);
}
