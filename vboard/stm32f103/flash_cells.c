/*
 * Unstable cells: what an operation that was cut off may leave when the chip is told to
 * (chip_config.torn). Such a cell reads 0 or 1, from one power-up to the next or from one read to the
 * next, until an erase of its page or a program of 0 is completed. Sources: flash_cells.h.
 */
#include "flash_cells.h"

enum { BITS = 16, ALL_BITS = 0xFFFF };

/* Finding them ------------------------------------------------------------------------------------------- */

static uint32_t page_at(const struct chip *chip, uint32_t address)
{
    return (address - FLASH_BASE) / chip->config.page_bytes;
}

static struct flash_unstable_page *find(struct chip *chip, uint32_t page)
{
    for (unsigned i = 0; i < chip->flash.unstable_pages; i++) {
        if (chip->flash.unstable[i].page == page) {
            return &chip->flash.unstable[i];
        }
    }
    return NULL;
}

static uint16_t *mask_at(struct chip *chip, uint32_t address)
{
    struct flash_unstable_page *found = flash_has(chip, address) ? find(chip, page_at(chip, address)) : NULL;
    return found ? &found->mask[(address - FLASH_BASE) % chip->config.page_bytes / HALF_WORD] : NULL;
}

uint16_t flash_unstable_bits(const struct chip *chip, uint32_t address)
{
    const uint16_t *mask = mask_at((struct chip *)chip, address);
    return mask ? *mask : 0;
}

/* Marking them ------------------------------------------------------------------------------------------- */

static bool is_stable(const struct flash_unstable_page *page)
{
    for (unsigned i = 0; i < sizeof page->mask / sizeof page->mask[0]; i++) {
        if (page->mask[i]) {
            return false;
        }
    }
    return true;
}

/* Pages without an unstable cell any more make room. */
static void forget_stable_pages(struct chip *chip)
{
    struct flash *flash = &chip->flash;
    unsigned kept = 0;
    for (unsigned i = 0; i < flash->unstable_pages; i++) {
        if (!is_stable(&flash->unstable[i])) {
            flash->unstable[kept++] = flash->unstable[i];
        }
    }
    flash->unstable_pages = kept;
}

/* The oldest page makes room if need be: its cells stay as they read now. */
static struct flash_unstable_page *find_or_add(struct chip *chip, uint32_t page)
{
    struct flash *flash = &chip->flash;
    struct flash_unstable_page *found = find(chip, page);
    if (found) {
        return found;
    }
    if (flash->unstable_pages == FLASH_UNSTABLE_PAGES) {
        chip_report(chip, REPORT_NOTE,
                    "more than %u pages have unstable cells: those at 0x%08X stay as they read now",
                    (unsigned)FLASH_UNSTABLE_PAGES,
                    (unsigned)(FLASH_BASE + flash->unstable[0].page * chip->config.page_bytes));
        for (unsigned i = 1; i < FLASH_UNSTABLE_PAGES; i++) {
            flash->unstable[i - 1] = flash->unstable[i];
        }
        flash->unstable_pages--;
    }
    found = &flash->unstable[flash->unstable_pages++];
    *found = (struct flash_unstable_page){.page = page};
    return found;
}

static void mark(struct chip *chip, uint32_t address, uint16_t bits)
{
    if (bits || find(chip, page_at(chip, address))) {
        find_or_add(chip, page_at(chip, address))
            ->mask[(address - FLASH_BASE) % chip->config.page_bytes / HALF_WORD] = bits;
    }
}

static void cells_changed(struct chip *chip)
{
    forget_stable_pages(chip);
    chip->cpu.side_effects++;
    bus_open_flash(chip, !flash_is_busy(chip));
}

bool flash_make_unstable(struct chip *chip, uint32_t address, uint16_t bits)
{
    if (!flash_has(chip, address) || address % HALF_WORD) {
        return false;
    }
    mark(chip, address, bits);
    cells_changed(chip);
    return true;
}

/* Completed operations ----------------------------------------------------------------------------------- */

void flash_cells_programmed(struct chip *chip, uint32_t address, uint16_t value)
{
    uint16_t *mask = mask_at(chip, address);
    if (mask) {
        *mask &= value; /* what was programmed to 0 is; a weakly erased 1 stays one */
        forget_stable_pages(chip);
    }
}

void flash_cells_replaced(struct chip *chip, uint32_t address, uint32_t bytes)
{
    if (chip->flash.unstable_pages == 0) {
        return;
    }
    for (uint32_t at = address & ~(uint32_t)(HALF_WORD - 1); at < address + bytes; at += HALF_WORD) {
        uint16_t *mask = mask_at(chip, at);
        if (mask) {
            *mask = 0;
        }
    }
    cells_changed(chip);
}

/* Operations that were cut off --------------------------------------------------------------------------- */

/* How far an operation came, and how many of its cells are in between. */
struct tear {
    enum { HARDLY_BEGUN, HALF_WAY, NEARLY_DONE } progress;
    enum { ONE_CELL, FEW_CELLS, MANY_CELLS, EACH_CELL } share;
    uint32_t chosen; /* the one cell: a number of any size */
};

static struct tear draw_tear(struct chip *chip)
{
    uint32_t random = chip_random(chip);
    return (struct tear){
        .progress = random % 3,
        .share = (random >> 8) % 4,
        .chosen = random >> 10,
    };
}

static uint16_t random_bits(struct chip *chip)
{
    return (uint16_t)(chip_random(chip) >> BITS);
}

/* Which of the cells that were to change are in between. */
static uint16_t torn_bits(struct chip *chip, const struct tear *tear, uint16_t moving)
{
    switch (tear->share) {
    case ONE_CELL: return 0; /* by choose_one() */
    case FEW_CELLS: return moving & random_bits(chip) & random_bits(chip) & random_bits(chip);
    case MANY_CELLS: return moving & random_bits(chip);
    case EACH_CELL: break;
    }
    return moving;
}

/* Which of the others are as they were to be. */
static uint16_t moved_bits(struct chip *chip, const struct tear *tear, uint16_t moving)
{
    switch (tear->progress) {
    case HARDLY_BEGUN: return 0;
    case HALF_WAY: return moving & random_bits(chip);
    case NEARLY_DONE: break;
    }
    return moving;
}

/* The n-th bit that is set, counted round and round; 0 has none. */
static uint16_t choose_bit(uint16_t bits, uint32_t n)
{
    unsigned count = (unsigned)__builtin_popcount(bits);
    for (n = count ? n % count : 0; n; n--) {
        bits &= (uint16_t)(bits - 1);
    }
    return bits & (uint16_t)-bits;
}

void flash_tear_program(struct chip *chip, uint32_t address, uint16_t value)
{
    struct tear tear = draw_tear(chip);
    uint16_t old = flash_half_word_at(chip, address);
    uint16_t moving = (uint16_t)((old | flash_unstable_bits(chip, address)) & ~value);
    uint16_t unstable =
        tear.share == ONE_CELL ? choose_bit(moving, tear.chosen) : torn_bits(chip, &tear, moving);
    uint16_t moved = moved_bits(chip, &tear, moving & (uint16_t)~unstable);
    /* the 1s that were weakly erased before stay so */
    mark(chip, address, unstable | (flash_unstable_bits(chip, address) & value));
    flash_set_half_word(chip, address, old & (uint16_t)~moved);
    cells_changed(chip);
}

/* Erases begin with programming what is 1 in some chips, so a 1 may be in between too. */
void flash_tear_erase(struct chip *chip, uint32_t first, uint32_t bytes)
{
    struct tear tear = draw_tear(chip);
    uint16_t ones = chip_random(chip) % 4 == 0 ? ALL_BITS : 0;
    uint32_t chosen = tear.chosen % (bytes / HALF_WORD) * HALF_WORD;
    for (uint32_t at = 0; at < bytes; at += HALF_WORD) {
        uint16_t old = flash_half_word_at(chip, first + at);
        uint16_t moving = (uint16_t)~old | flash_unstable_bits(chip, first + at) | ones;
        uint16_t unstable = torn_bits(chip, &tear, moving);
        if (tear.share == ONE_CELL && at >= chosen && moving) {
            unstable = choose_bit(moving, tear.chosen);
            chosen = UINT32_MAX;
        }
        uint16_t settled = moving & (uint16_t)~unstable, moved = moved_bits(chip, &tear, settled);
        mark(chip, first + at, unstable);
        flash_set_half_word(chip, first + at, old | moved);
    }
    cells_changed(chip);
}

/* Reading ------------------------------------------------------------------------------------------------ */

void flash_cells_wake(struct chip *chip)
{
    if (chip->flash.unstable_pages && chip->config.unstable_cells == CELLS_BY_CHANCE) {
        chip->flash.readings = CELLS_READ_0 + chip_random(chip) % 3;
    } else {
        chip->flash.readings = chip->config.unstable_cells;
    }
}

static void sense_half_word(struct chip *chip, uint32_t address)
{
    uint16_t unstable = flash_unstable_bits(chip, address);
    if (!unstable) {
        return;
    }
    uint16_t read = chip->flash.readings == CELLS_READ_0   ? 0
                    : chip->flash.readings == CELLS_READ_1 ? ALL_BITS
                                                           : random_bits(chip);
    uint16_t stable = flash_half_word_at(chip, address) & (uint16_t)~unstable;
    flash_set_half_word(chip, address, stable | (read & unstable));
    chip->cpu.side_effects++;
}

void flash_sense(struct chip *chip, uint32_t address, uint32_t bytes)
{
    if (chip->flash.unstable_pages == 0) {
        return;
    }
    for (uint32_t at = address & ~(uint32_t)(HALF_WORD - 1); at < address + bytes; at += HALF_WORD) {
        sense_half_word(chip, at);
    }
}

/* There are few such pages, and gaps between them to look at are fewer still. */
void flash_stable_stretch(const struct chip *chip, uint32_t *offset, uint32_t *bytes)
{
    const struct flash *flash = &chip->flash;
    uint32_t pages = chip->config.flash_bytes / chip->config.page_bytes, best = 0, length = 0;
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
    *offset = best * chip->config.page_bytes;
    *bytes = length * chip->config.page_bytes;
}
