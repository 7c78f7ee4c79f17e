/*
 * Unstable cells: what an operation that was cut off may leave when the chip is told to
 * (chip_config.torn). Such a cell reads 0 or 1, from one power-up to the next or from one read to the
 * next, until an erase of its page or a program of 0 is completed. Sources: cells.h.
 */
#include "cells.h"

enum { BITS = 16, ALL_BITS = 0xFFFF };

/* Finding them ------------------------------------------------------------------------------------------- */

static uint32_t page_at(const struct device *device, uint32_t address)
{
    return (address - FLASH_BASE) / device_chip(device)->config.page_bytes;
}

static struct flash_unstable_page *find(const struct device *device, uint32_t page)
{
    for (unsigned i = 0; i < flash_of(device)->unstable_pages; i++)
        if (flash_of(device)->unstable[i].page == page)
            return &flash_of(device)->unstable[i];
    return NULL;
}

static uint16_t *mask_at(const struct device *device, uint32_t address)
{
    struct flash_unstable_page *found =
        flash_has(device, address) ? find(device, page_at(device, address)) : NULL;
    return found ? &found->mask[(address - FLASH_BASE) % device_chip(device)->config.page_bytes / HALF_WORD]
                 : NULL;
}

uint16_t flash_cells_unstable_bits(const struct device *device, uint32_t address)
{
    const uint16_t *mask = mask_at(device, address);
    return mask ? *mask : 0;
}

/* Marking them ------------------------------------------------------------------------------------------- */

static bool is_stable(const struct flash_unstable_page *page)
{
    for (unsigned i = 0; i < sizeof page->mask / sizeof page->mask[0]; i++)
        if (page->mask[i])
            return false;
    return true;
}

/* Pages without an unstable cell any more make room. */
static void forget_stable_pages(struct device *device)
{
    struct flash_f1 *flash = flash_of(device);
    unsigned kept = 0;
    for (unsigned i = 0; i < flash->unstable_pages; i++)
        if (!is_stable(&flash->unstable[i]))
            flash->unstable[kept++] = flash->unstable[i];
    flash->unstable_pages = kept;
}

/* The oldest page makes room if need be: its cells stay as they read now. */
static struct flash_unstable_page *find_or_add(struct device *device, uint32_t page)
{
    struct flash_f1 *flash = flash_of(device);
    struct flash_unstable_page *found = find(device, page);
    if (found)
        return found;
    if (flash->unstable_pages == FLASH_UNSTABLE_PAGES) {
        device_report(
            device, REPORT_NOTE,
            "more than %u pages have unstable cells: those at 0x%08X stay as they read now",
            (unsigned)FLASH_UNSTABLE_PAGES,
            (unsigned)(FLASH_BASE + flash->unstable[0].page * device_chip(device)->config.page_bytes));
        for (unsigned i = 1; i < FLASH_UNSTABLE_PAGES; i++)
            flash->unstable[i - 1] = flash->unstable[i];
        flash->unstable_pages--;
    }
    found = &flash->unstable[flash->unstable_pages++];
    *found = (struct flash_unstable_page){.page = page};
    return found;
}

static void mark(struct device *device, uint32_t address, uint16_t bits)
{
    if (bits || find(device, page_at(device, address))) {
        find_or_add(device, page_at(device, address))
            ->mask[(address - FLASH_BASE) % device_chip(device)->config.page_bytes / HALF_WORD] = bits;
    }
}

static void cells_changed(struct device *device)
{
    forget_stable_pages(device);
    device_changed(device);
    flash_open(device, !flash_is_busy(device));
}

bool flash_cells_make_unstable(struct device *device, uint32_t address, uint16_t bits)
{
    if (!flash_has(device, address) || address % HALF_WORD)
        return false;
    mark(device, address, bits);
    cells_changed(device);
    return true;
}

/* Completed operations ----------------------------------------------------------------------------------- */

void flash_cells_programmed(struct device *device, uint32_t address, uint16_t value)
{
    uint16_t *mask = mask_at(device, address);
    if (mask) {
        *mask &= value; /* what was programmed to 0 is; a weakly erased 1 stays one */
        forget_stable_pages(device);
    }
}

void flash_cells_replaced(struct device *device, uint32_t address, uint32_t bytes)
{
    if (flash_of(device)->unstable_pages == 0)
        return;
    for (uint32_t at = address & ~(uint32_t)(HALF_WORD - 1); at < address + bytes; at += HALF_WORD) {
        uint16_t *mask = mask_at(device, at);
        if (mask)
            *mask = 0;
    }
    cells_changed(device);
}

/* Operations that were cut off --------------------------------------------------------------------------- */

/* How far an operation came, and how many of its cells are in between. */
struct tear {
    enum { HARDLY_BEGUN, HALF_WAY, NEARLY_DONE } progress;
    enum { ONE_CELL, FEW_CELLS, MANY_CELLS, EACH_CELL } share;
    uint32_t chosen; /* the one cell: a number of any size */
};

static struct tear draw_tear(struct device *device)
{
    uint32_t random = chip_random(device_chip(device));
    return (struct tear){
        .progress = random % 3,
        .share = (random >> 8) % 4,
        .chosen = random >> 10,
    };
}

static uint16_t random_bits(struct device *device)
{
    return (uint16_t)(chip_random(device_chip(device)) >> BITS);
}

/* Which of the cells that were to change are in between. */
static uint16_t torn_bits(struct device *device, const struct tear *tear, uint16_t moving)
{
    switch (tear->share) {
    case ONE_CELL: return 0; /* by choose_one() */
    case FEW_CELLS: return moving & random_bits(device) & random_bits(device) & random_bits(device);
    case MANY_CELLS: return moving & random_bits(device);
    case EACH_CELL: break;
    }
    return moving;
}

/* Which of the others are as they were to be. */
static uint16_t moved_bits(struct device *device, const struct tear *tear, uint16_t moving)
{
    switch (tear->progress) {
    case HARDLY_BEGUN: return 0;
    case HALF_WAY: return moving & random_bits(device);
    case NEARLY_DONE: break;
    }
    return moving;
}

/* The n-th bit that is set, counted round and round; 0 has none. */
static uint16_t choose_bit(uint16_t bits, uint32_t n)
{
    unsigned count = (unsigned)__builtin_popcount(bits);
    for (n = count ? n % count : 0; n; n--)
        bits &= (uint16_t)(bits - 1);
    return bits & (uint16_t)-bits;
}

void flash_tear_program(struct device *device, uint32_t address, uint16_t value)
{
    struct tear tear = draw_tear(device);
    uint16_t old = flash_half_word_at(device, address);
    uint16_t moving = (uint16_t)((old | flash_cells_unstable_bits(device, address)) & ~value);
    uint16_t unstable =
        tear.share == ONE_CELL ? choose_bit(moving, tear.chosen) : torn_bits(device, &tear, moving);
    uint16_t moved = moved_bits(device, &tear, moving & (uint16_t)~unstable);
    /* the 1s that were weakly erased before stay so */
    mark(device, address, unstable | (flash_cells_unstable_bits(device, address) & value));
    flash_set_half_word(device, address, old & (uint16_t)~moved);
    cells_changed(device);
}

/* Erases begin with programming what is 1 in some chips, so a 1 may be in between too. */
void flash_tear_erase(struct device *device, uint32_t first, uint32_t bytes)
{
    struct tear tear = draw_tear(device);
    uint16_t ones = chip_random(device_chip(device)) % 4 == 0 ? ALL_BITS : 0;
    uint32_t chosen = tear.chosen % (bytes / HALF_WORD) * HALF_WORD;
    for (uint32_t at = 0; at < bytes; at += HALF_WORD) {
        uint16_t old = flash_half_word_at(device, first + at);
        uint16_t moving = (uint16_t)~old | flash_cells_unstable_bits(device, first + at) | ones;
        uint16_t unstable = torn_bits(device, &tear, moving);
        if (tear.share == ONE_CELL && at >= chosen && moving) {
            unstable = choose_bit(moving, tear.chosen);
            chosen = UINT32_MAX;
        }
        uint16_t settled = moving & (uint16_t)~unstable, moved = moved_bits(device, &tear, settled);
        mark(device, first + at, unstable);
        flash_set_half_word(device, first + at, old | moved);
    }
    cells_changed(device);
}

/* Reading ------------------------------------------------------------------------------------------------ */

void flash_cells_wake(struct device *device)
{
    if (flash_of(device)->unstable_pages && device_chip(device)->config.unstable_cells == CELLS_BY_CHANCE)
        flash_of(device)->readings = CELLS_READ_0 + chip_random(device_chip(device)) % 3;
    else
        flash_of(device)->readings = device_chip(device)->config.unstable_cells;
}

static void sense_half_word(struct device *device, uint32_t address)
{
    uint16_t unstable = flash_cells_unstable_bits(device, address);
    if (!unstable)
        return;
    uint16_t read = flash_of(device)->readings == CELLS_READ_0   ? 0
                    : flash_of(device)->readings == CELLS_READ_1 ? ALL_BITS
                                                                 : random_bits(device);
    uint16_t stable = flash_half_word_at(device, address) & (uint16_t)~unstable;
    flash_set_half_word(device, address, stable | (read & unstable));
    device_changed(device);
}

void flash_sense(struct device *device, uint32_t address, uint32_t bytes)
{
    if (flash_of(device)->unstable_pages == 0)
        return;
    for (uint32_t at = address & ~(uint32_t)(HALF_WORD - 1); at < address + bytes; at += HALF_WORD)
        sense_half_word(device, at);
}

/* There are few such pages, and gaps between them to look at are fewer still. */
void flash_stable_stretch(const struct device *device, uint32_t *offset, uint32_t *bytes)
{
    const struct flash_f1 *flash = flash_of(device);
    uint32_t pages = device_chip(device)->config.flash_bytes / device_chip(device)->config.page_bytes,
             best = 0, length = 0;
    for (unsigned i = 0; i <= flash->unstable_pages; i++) { /* begins behind each of them, or at 0 */
        uint32_t first = i < flash->unstable_pages ? flash->unstable[i].page + 1 : 0, end = pages;
        for (unsigned j = 0; j < flash->unstable_pages; j++) {
            uint32_t page = flash->unstable[j].page;
            end = page >= first && page < end ? page : end;
        }
        if (end > first && end - first > length) {
            best = first;
            length = end - first;
        }
    }
    *offset = best * device_chip(device)->config.page_bytes;
    *bytes = length * device_chip(device)->config.page_bytes;
}
