/* What a write to the memories does (RM0038 3.3.4 to 3.3.8): programs, erases, or is refused. */
#include "private.h"

static void refuse(struct device *device, enum violation_level level, const char *rule, uint32_t address,
                   uint32_t value, const char *why)
{
    device_violation(device, level, rule, "write of 0x%X to 0x%08X with FLASH_PECR = 0x%X: %s",
                     (unsigned)value, (unsigned)address, (unsigned)flash_of(device)->PECR, why);
}

/* Half pages ----------------------------------------------------------------------------------------------
 */

void flash_l1_abort_half_page(struct device *device, const char *why)
{
    struct flash_l1 *flash = flash_of(device);
    device_violation(device, FORBIDDEN, "flash-half-page",
                     "after %u words of the half page at 0x%08X %s: it is given up, PGAERR (RM0038 3.3.4)",
                     flash->collected, (unsigned)flash->half_page_base, why);
    flash->collected = 0;
    flash_l1_set_status(device, SR_PGAERR);
    flash_l1_open(device);
}

/* The first word is that of a half page; the others follow one another. */
static bool half_page_takes(struct device *device, uint32_t address)
{
    const struct flash_l1 *flash = flash_of(device);
    if (flash->collected == 0 && address % HALF_PAGE_BYTES != 0) {
        device_violation(device, FORBIDDEN, "flash-half-page",
                         "0x%08X is not the first address of a half page, a multiple of 128: PGAERR (RM0038 "
                         "3.3.4)",
                         (unsigned)address);
        flash_l1_set_status(device, SR_PGAERR);
        return false;
    }
    if (flash->collected != 0 && address != flash->half_page_base + flash->collected * WORD) {
        flash_l1_abort_half_page(device, "comes another address than that of the next one");
        return false;
    }
    return true;
}

static bool is_blank(struct device *device, uint32_t address)
{
    flash_l1_sense(device, address, WORD);
    return flash_l1_word(device, address) == 0;
}

static void check_half_page_is_blank(struct device *device)
{
    const struct flash_l1 *flash = flash_of(device);
    for (unsigned i = 0; i < HALF_PAGE_WORDS; i++) {
        uint32_t address = flash->half_page_base + i * WORD;
        if (flash->half_page[i] && !is_blank(device, address)) {
            refuse(device, FORBIDDEN, "program-over-data", address, flash->half_page[i],
                   "the word is not erased; its bits and check bits are set on top (RM0038 3.3.4)");
            return;
        }
    }
}

static void collect(struct device *device, uint32_t address, uint32_t value)
{
    struct flash_l1 *flash = flash_of(device);
    if (!half_page_takes(device, address))
        return;
    if (flash->collected == 0)
        flash->half_page_base = address;
    flash->half_page[flash->collected++] = value;
    if (flash->collected < HALF_PAGE_WORDS) {
        flash_l1_open(device);
        return;
    }
    flash->collected = 0;
    check_half_page_is_blank(device);
    flash_l1_begin(device,
                   (struct flash_operation){.kind = FLASH_HALF_PAGE, .address = flash->half_page_base});
}

/* Program memory ----------------------------------------------------------------------------------------- */

static bool program_memory_allows(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    if (flash_of(device)->PECR & (PECR_PELOCK | PECR_PRGLOCK)) {
        refuse(device, FORBIDDEN, "flash-locked", address, value,
               "the program memory is locked, WRPERR: write the keys to PEKEYR, then PRGKEYR (RM0038 3.3.3)");
        flash_l1_set_status(device, SR_WRPERR);
        return false;
    }
    if (size != WORD) {
        refuse(device, FORBIDDEN, "flash-program-size", address, value,
               "program memory takes words only, SIZERR (RM0038 3.3.4)");
        flash_l1_set_status(device, SR_SIZERR);
        return false;
    }
    if (flash_l1_is_protected(device, address)) {
        refuse(device, SUSPICIOUS, "flash-write-protected", address, value,
               "FLASH_WRPR protects the sector, WRPERR (RM0038 3.8.2)");
        flash_l1_set_status(device, SR_WRPERR);
        return false;
    }
    return true;
}

static void erase_page(struct device *device, uint32_t address, uint32_t value)
{
    if (address % PAGE_BYTES || value) {
        refuse(device, UNDEFINED, "flash-erase-address", address, value,
               "a page is erased by writing 0 to its first word (RM0038 3.3.4)");
    }
    flash_l1_begin(device, (struct flash_operation){.kind = FLASH_PAGE_ERASE, .address = address});
}

static void program_word(struct device *device, uint32_t address, uint32_t value)
{
    if (value && !is_blank(device, address)) {
        refuse(device, FORBIDDEN, "program-over-data", address, value,
               "the word is not erased; its bits and check bits are set on top (RM0038 3.3.4)");
    }
    flash_l1_begin(device,
                   (struct flash_operation){.kind = FLASH_PROGRAM, .address = address, .value = value});
}

static void write_program_memory(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    uint32_t mode =
        flash_of(device)->PECR & (PECR_PROG | PECR_DATA | PECR_ERASE | PECR_FPRG | PECR_PARALLBANK);
    if (!program_memory_allows(device, address, size, value))
        return;
    switch (mode) {
    case 0:
    case PECR_PROG: program_word(device, address, value); break;
    case PECR_PROG | PECR_ERASE: erase_page(device, address, value); break;
    case PECR_PROG | PECR_FPRG: collect(device, address, value); break;
    default:
        refuse(
            device, UNDEFINED, "flash-mode", address, value,
            "program memory knows PROG, PROG with ERASE and PROG with FPRG; nothing is done (RM0038 3.9.2)");
        break;
    }
}

/* Data EEPROM ---------------------------------------------------------------------------------------------
 */

static bool eeprom_allows(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    if (flash_of(device)->PECR & PECR_PELOCK) {
        refuse(device, FORBIDDEN, "flash-locked", address, value,
               "the data EEPROM is locked, WRPERR: write the keys to PEKEYR (RM0038 3.3.3)");
        flash_l1_set_status(device, SR_WRPERR);
        return false;
    }
    if (size != WORD && value == 0) {
        refuse(device, FORBIDDEN, "flash-eeprom-zero", address, value,
               "categories 1 to 3 cannot write a byte or half-word of 0 to data EEPROM (RM0038 3.3.5)");
        return false;
    }
    return true;
}

/* A word that is 0 is not erased first, unless FTDW asks for the fixed time. */
static void write_eeprom(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    uint32_t PECR_value = flash_of(device)->PECR, word = address & ~(uint32_t)(WORD - 1);
    uint32_t shift = 8 * (address % WORD);
    uint32_t mask = (size == WORD ? UINT32_MAX : (1u << 8 * size) - 1) << shift;
    if (!eeprom_allows(device, address, size, value))
        return;
    flash_l1_sense(device, word, WORD);
    uint32_t old = flash_l1_word(device, word);
    bool erases = PECR_value & PECR_ERASE && PECR_value & PECR_DATA;
    flash_of(device)->auto_erase = erases || old != 0 || PECR_value & PECR_FTDW;
    flash_l1_begin(device,
                   (struct flash_operation){.kind = FLASH_DATA_PROGRAM,
                                            .address = word,
                                            .value = erases ? 0 : (old & ~mask) | (value << shift & mask)});
}

/* Option bytes ------------------------------------------------------------------------------------------- */

static void write_option(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    if (flash_of(device)->PECR & (PECR_PELOCK | PECR_OPTLOCK)) {
        refuse(device, FORBIDDEN, "flash-options-locked", address, value,
               "the option bytes are locked, WRPERR: write the keys to PEKEYR, then OPTKEYR (RM0038 3.3.3)");
        flash_l1_set_status(device, SR_WRPERR);
        return;
    }
    if (size != WORD) {
        refuse(device, FORBIDDEN, "flash-program-size", address, value,
               "option bytes take words only, SIZERR (RM0038 3.3.6)");
        flash_l1_set_status(device, SR_SIZERR);
        return;
    }
    if (((value ^ value >> 16) & 0xFFFF) != 0xFFFF) {
        refuse(device, SUSPICIOUS, "flash-option-complement", address, value,
               "the upper half-word is not the complement of the lower one (RM0038 3.3.6)");
    }
    flash_l1_begin(
        device, (struct flash_operation){.kind = FLASH_OPTION_PROGRAM, .address = address, .value = value});
}

/* A write waits while the memory is at work. False: a bus error. */
bool flash_l1_memory_write(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    address = flash_unalias(address);
    if (flash_is_busy(device))
        chip_stall(device_chip(device), device_chip(device)->flash.operation.ends);
    if (!device_chip(device)->powered)
        return true;
    if (flash_of(device)->collected && !flash_is_program(device, address))
        flash_l1_abort_half_page(device, "comes a write to another memory");
    if (flash_is_program(device, address))
        write_program_memory(device, address, size, value);
    else if (flash_is_eeprom(device, address))
        write_eeprom(device, address, size, value);
    else if (flash_is_option(address))
        write_option(device, address, size, value);
    else
        return false;
    return true;
}
