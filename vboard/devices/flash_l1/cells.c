/*
 * The cells of program memory and data EEPROM. A program sets bits and their check bits, on top of what is
 * there; an erase clears them. What is read goes through the code. Of words that are as a program onto
 * erased cells leaves them, only the value is kept.
 */
#include "private.h"

static uint32_t page_at(uint32_t address)
{
    return address - address % PAGE_BYTES;
}

static uint8_t *bytes_at(const struct device *device, uint32_t address)
{
    return flash_is_program(device, address) ? &device_chip(device)->flash_bytes[address - FLASH_BASE]
                                             : &flash_of(device)->eeprom[address - EEPROM_BASE];
}

uint32_t flash_l1_word(const struct device *device, uint32_t address)
{
    const uint8_t *bytes = bytes_at(device, address);
    return (uint32_t)(bytes[0] | bytes[1] << 8 | bytes[2] << 16) | (uint32_t)bytes[3] << 24;
}

static void set_word(struct device *device, uint32_t address, uint32_t value)
{
    uint8_t *bytes = bytes_at(device, address);
    for (unsigned i = 0; i < WORD; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* Odd pages ---------------------------------------------------------------------------------------------- */

static struct odd_page *find(const struct device *device, uint32_t address)
{
    struct flash_l1 *flash = flash_of(device);
    for (unsigned i = 0; i < flash->odd_pages; i++)
        if (flash->odd[i].base == page_at(address))
            return &flash->odd[i];
    return NULL;
}

static struct cells normal_cells(const struct device *device, uint32_t address)
{
    uint32_t value = flash_l1_word(device, address);
    return (struct cells){.bits = value | flash_l1_encode(value)};
}

static bool is_normal(const struct cells *cells)
{
    return !cells->unstable && (cells->bits ^ flash_l1_encode((uint32_t)cells->bits)) >> CHECK_SHIFT == 0;
}

/* The oldest page makes room if need be: its words stay as they read now. */
static struct odd_page *add(struct device *device, uint32_t address)
{
    struct flash_l1 *flash = flash_of(device);
    if (flash->odd_pages == ODD_PAGES) {
        device_report(device, REPORT_NOTE,
                      "more than %u pages have words that do not fit their check bits: those at 0x%08X stay "
                      "as they read now",
                      (unsigned)ODD_PAGES, (unsigned)flash->odd[0].base);
        for (unsigned i = 1; i < ODD_PAGES; i++)
            flash->odd[i - 1] = flash->odd[i];
        flash->odd_pages--;
    }
    struct odd_page *page = &flash->odd[flash->odd_pages++];
    page->base = page_at(address);
    for (unsigned i = 0; i < PAGE_WORDS; i++)
        page->word[i] = normal_cells(device, page->base + i * WORD);
    return page;
}

struct cells flash_l1_cells(struct device *device, uint32_t address)
{
    const struct odd_page *page = find(device, address);
    return page ? page->word[address % PAGE_BYTES / WORD] : normal_cells(device, address);
}

void flash_l1_set_cells(struct device *device, uint32_t address, struct cells cells)
{
    struct odd_page *page = find(device, address);
    if (!page && !is_normal(&cells))
        page = add(device, address);
    if (page)
        page->word[address % PAGE_BYTES / WORD] = cells;
    set_word(device, address, flash_l1_decode(cells.bits));
}

static bool is_odd(const struct odd_page *page)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++)
        if (!is_normal(&page->word[i]))
            return true;
    return false;
}

void flash_l1_cells_changed(struct device *device)
{
    struct flash_l1 *flash = flash_of(device);
    unsigned kept = 0;
    for (unsigned i = 0; i < flash->odd_pages; i++)
        if (is_odd(&flash->odd[i]))
            flash->odd[kept++] = flash->odd[i];
    flash->odd_pages = kept;
    device_changed(device);
    flash_l1_open(device);
}

/* Completed operations ----------------------------------------------------------------------------------- */

/* Of the two half-words of a word: bits that stay what they are. */
struct wear {
    uint64_t stays_0, stays_1;
};

static struct wear wear_at(const struct device *device, uint32_t address)
{
    struct wear wear = {0};
    for (unsigned i = 0; i < MAX_WORN; i++) {
        const struct flash_wear *worn = &device_chip(device)->config.worn[i];
        if (worn->address - address < WORD) {
            unsigned shift = worn->address % WORD ? 16 : 0;
            wear.stays_0 |= worn->refuses ? ALL_CELLS : (uint64_t)worn->stays_0 << shift;
            wear.stays_1 |= (uint64_t)worn->stays_1 << shift;
        }
    }
    return wear;
}

void flash_l1_erase_word(struct device *device, uint32_t address)
{
    struct cells cells = flash_l1_cells(device, address);
    flash_l1_set_cells(device, address,
                       (struct cells){.bits = cells.bits & wear_at(device, address).stays_1});
}

void flash_l1_program_word(struct device *device, uint32_t address, uint32_t value)
{
    uint64_t set = (value | flash_l1_encode(value)) & ~wear_at(device, address).stays_0;
    struct cells cells = flash_l1_cells(device, address);
    flash_l1_set_cells(device, address,
                       (struct cells){.bits = cells.bits | set, .unstable = cells.unstable & ~set});
}

void flash_l1_load_word(struct device *device, uint32_t address, uint32_t value)
{
    flash_l1_set_cells(device, address, (struct cells){.bits = value | flash_l1_encode(value)});
}

/* Reading ------------------------------------------------------------------------------------------------ */

static bool has_unstable(const struct odd_page *page)
{
    for (unsigned i = 0; i < PAGE_WORDS; i++)
        if (page->word[i].unstable)
            return true;
    return false;
}

void flash_l1_wake_cells(struct device *device)
{
    struct flash_l1 *flash = flash_of(device);
    bool any = false;
    for (unsigned i = 0; i < flash->odd_pages; i++)
        any |= has_unstable(&flash->odd[i]);
    flash->readings = device_chip(device)->config.unstable_cells;
    if (any && flash->readings == CELLS_BY_CHANCE)
        flash->readings = CELLS_READ_0 + chip_random(device_chip(device)) % 3;
}

static uint64_t random_cells(struct device *device)
{
    struct chip *chip = device_chip(device);
    return (chip_random(chip) | (uint64_t)chip_random(chip) << CHECK_SHIFT) & ALL_CELLS;
}

static void sense_word(struct device *device, uint32_t address)
{
    struct odd_page *page = find(device, address);
    struct cells *cells = page ? &page->word[address % PAGE_BYTES / WORD] : NULL;
    if (!cells || !cells->unstable)
        return;
    enum unstable_cells readings = flash_of(device)->readings;
    uint64_t read = readings == CELLS_READ_0   ? 0
                    : readings == CELLS_READ_1 ? ALL_CELLS
                                               : random_cells(device);
    cells->bits = (cells->bits & ~cells->unstable) | (read & cells->unstable);
    set_word(device, address, flash_l1_decode(cells->bits));
    device_changed(device);
}

void flash_l1_sense(struct device *device, uint32_t address, uint32_t bytes)
{
    if (flash_of(device)->odd_pages == 0)
        return;
    for (uint32_t at = address & ~(uint32_t)(WORD - 1); at < address + bytes; at += WORD)
        sense_word(device, at);
}

/* The end of the stretch that begins at this offset. */
static uint32_t stretch_end(const struct device *device, uint32_t first)
{
    const struct flash_l1 *flash = flash_of(device);
    uint32_t end = device_chip(device)->config.flash_bytes;
    for (unsigned i = 0; i < flash->odd_pages; i++) {
        uint32_t at = flash->odd[i].base - FLASH_BASE;
        if (has_unstable(&flash->odd[i]) && at >= first && at < end)
            end = at;
    }
    return end;
}

/* Begins behind each page with such a cell, or at 0. */
void flash_l1_stable_stretch(const struct device *device, uint32_t *offset, uint32_t *bytes)
{
    const struct flash_l1 *flash = flash_of(device);
    *offset = 0;
    *bytes = stretch_end(device, 0);
    for (unsigned i = 0; i < flash->odd_pages; i++) {
        uint32_t first = flash->odd[i].base - FLASH_BASE + PAGE_BYTES, end = stretch_end(device, first);
        if (has_unstable(&flash->odd[i]) && end > first && end - first > *bytes) {
            *offset = first;
            *bytes = end - first;
        }
    }
}

/* For tests ---------------------------------------------------------------------------------------------- */

static unsigned half_shift(uint32_t address)
{
    return address % WORD ? 16 : 0;
}

static bool is_half_word(const struct device *device, uint32_t address)
{
    return address % 2 == 0 && (flash_is_program(device, address) || flash_is_eeprom(device, address));
}

uint16_t flash_l1_unstable_bits(const struct device *device, uint32_t address)
{
    const struct odd_page *page = is_half_word(device, address) ? find(device, address) : NULL;
    return page ? (uint16_t)(page->word[address % PAGE_BYTES / WORD].unstable >> half_shift(address)) : 0;
}

bool flash_l1_make_unstable(struct device *device, uint32_t address, uint16_t bits)
{
    if (!is_half_word(device, address))
        return false;
    uint32_t word = address & ~(uint32_t)(WORD - 1);
    struct cells cells = flash_l1_cells(device, word);
    cells.unstable &= ~((uint64_t)0xFFFF << half_shift(address));
    cells.unstable |= (uint64_t)bits << half_shift(address);
    flash_l1_set_cells(device, word, cells);
    flash_l1_cells_changed(device);
    return true;
}
