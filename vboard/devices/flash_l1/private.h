/* Registers of the flash interface (RM0038 3.9), and what the files of this folder share. */
#pragma once

#include "base/addresses.h" // FLASH_BASE
#include "chip/chip.h"
#include "flash_l1.h"

enum { ACR = 0x00, PECR = 0x04, PDKEYR = 0x08, PEKEYR = 0x0C, PRGKEYR = 0x10, OPTKEYR = 0x14, SR = 0x18 };
enum { OBR = 0x1C, WRPR1 = 0x20, WRPR2 = 0x80 };
enum {
    ACR_LATENCY = 1 << 0,
    ACR_PRFTEN = 1 << 1,
    ACR_ACC64 = 1 << 2,
    ACR_SLEEP_PD = 1 << 3,
    ACR_RUN_PD = 1 << 4
};
enum {
    PECR_PELOCK = 1 << 0,
    PECR_PRGLOCK = 1 << 1,
    PECR_OPTLOCK = 1 << 2,
    PECR_PROG = 1 << 3,
    PECR_DATA = 1 << 4,
    PECR_FTDW = 1 << 8,
    PECR_ERASE = 1 << 9,
    PECR_FPRG = 1 << 10,
    PECR_PARALLBANK = 1 << 15,
    PECR_EOPIE = 1 << 16,
    PECR_ERRIE = 1 << 17,
    PECR_OBL_LAUNCH = 1 << 18,
    PECR_LOCKS = PECR_PELOCK | PECR_PRGLOCK | PECR_OPTLOCK
};
enum {
    SR_BSY = 1 << 0,
    SR_EOP = 1 << 1,
    SR_ENDHV = 1 << 2,
    SR_WRPERR = 1 << 8,
    SR_PGAERR = 1 << 9,
    SR_SIZERR = 1 << 10,
    SR_OPTVERR = 1 << 11,
    SR_ERRORS = SR_WRPERR | SR_PGAERR | SR_SIZERR | SR_OPTVERR
};
enum { WORD = 4, HALF_PAGE_WORDS = 32, HALF_PAGE_BYTES = HALF_PAGE_WORDS * WORD };
enum { PAGE_BYTES = 256, PAGE_WORDS = PAGE_BYTES / WORD, MAX_EEPROM = 8192 };
enum { OPTION_BYTES = 0x20, OPTION_WORDS = OPTION_BYTES / WORD };

#define EEPROM_BASE 0x08080000u
#define SYSTEM_BASE 0x1FF00000u
#define OPTION_BASE 0x1FF80000u
#define OPTION_AREA 0x100u /* option bytes, then what the factory programmed */

/* The cells of a word: 32 bits of data and, above, 7 check bits. A cell that is erased is 0. */
enum { CHECK_SHIFT = 32 };
#define ALL_CELLS 0x7FFFFFFFFFull
struct cells {
    uint64_t bits;     /* of unstable cells as they read last */
    uint64_t unstable; /* these read either way */
};

/*
 * Words whose cells are not a value with its own check bits: written twice, or an operation was cut off. All
 * others are in chip->flash_bytes or `eeprom` only, which hold what is read, corrected, of every word.
 */
enum { ODD_PAGES = 32 };
struct odd_page {
    uint32_t base; /* address */
    struct cells word[PAGE_WORDS];
};

enum key_register { KEYS_PD, KEYS_PE, KEYS_PRG, KEYS_OPT, KEY_REGISTERS };

struct flash_l1 {
    uint32_t ACR, PECR, SR, OBR, WRPR[3];
    uint8_t key_step[KEY_REGISTERS];
    bool locked_until_reset; /* a wrong key */
    bool power_down_unlocked;
    unsigned collected; /* words of a half page */
    uint32_t half_page[HALF_PAGE_WORDS], half_page_base;
    uint32_t option[OPTION_WORDS]; /* value and complement in each */
    bool auto_erase;               /* of the data EEPROM's operation under way */
    bool system_memory_told;       /* that ST's boot loader is not there */
    enum unstable_cells readings;  /* since the last reset */
    unsigned odd_pages;            /* the oldest first */
    struct odd_page odd[ODD_PAGES];
    uint8_t eeprom[MAX_EEPROM];
};

static inline struct flash_l1 *flash_of(const struct device *device)
{
    return device_state(device);
}

static inline const struct flash_l1_info *flash_info(const struct device *device)
{
    return device_config(device);
}

static inline bool flash_is_busy(const struct device *device)
{
    return device_chip(device)->flash.operation.kind != FLASH_NOTHING;
}

static inline bool flash_is_program(const struct device *device, uint32_t address)
{
    return address - FLASH_BASE < device_chip(device)->config.flash_bytes;
}

static inline uint32_t flash_eeprom_bytes(const struct device *device)
{
    return flash_info(device)->eeprom_bytes[device_chip(device)->variant];
}

static inline bool flash_is_eeprom(const struct device *device, uint32_t address)
{
    return address - EEPROM_BASE < flash_eeprom_bytes(device);
}

static inline bool flash_is_option(uint32_t address)
{
    return address - OPTION_BASE < OPTION_BYTES;
}

/* The flash at 0 is the flash at FLASH_BASE, because BOOT0 is low. */
static inline uint32_t flash_unalias(uint32_t address)
{
    return address < FLASH_BASE ? address + FLASH_BASE : address;
}

/* ecc.c */
/* The check bits of a word, at their place above it. */
uint64_t flash_l1_encode(uint32_t data);
/* What is read of these 39 bits. */
uint32_t flash_l1_decode(uint64_t bits);

/* cells.c: of the word at this address in program memory or EEPROM. */
struct cells flash_l1_cells(struct device *device, uint32_t address);
void flash_l1_set_cells(struct device *device, uint32_t address, struct cells cells);
/* To be called when cells have been set. */
void flash_l1_cells_changed(struct device *device);
/* An erase, a program or a bench programmer is through with these bytes: whole words. */
void flash_l1_erase_word(struct device *device, uint32_t address);
void flash_l1_program_word(struct device *device, uint32_t address, uint32_t value);
void flash_l1_load_word(struct device *device, uint32_t address, uint32_t value);
/* What is read there, before unstable cells take another value. */
uint32_t flash_l1_word(const struct device *device, uint32_t address);
/* At each power-up and reset: how unstable cells read this time. */
void flash_l1_wake_cells(struct device *device);
/* To be called before the memory is read: the unstable cells there take a value. */
void flash_l1_sense(struct device *device, uint32_t address, uint32_t bytes);
/* The longest stretch of program memory without an unstable cell: plain memory for the core. */
void flash_l1_stable_stretch(const struct device *device, uint32_t *offset, uint32_t *bytes);
uint16_t flash_l1_unstable_bits(const struct device *device, uint32_t address);
bool flash_l1_make_unstable(struct device *device, uint32_t address, uint16_t bits);

/* tear.c: leave an operation on a word cut off. */
struct tear;
void flash_l1_tear(struct device *device, const struct flash_operation *operation);

/* operation.c */
void flash_l1_update_irq(struct device *device);
/* Sets flags of SR. */
void flash_l1_set_status(struct device *device, uint32_t flags);
/* Begins an operation; `ends` is set here. */
void flash_l1_begin(struct device *device, struct flash_operation operation);
void flash_l1_event(struct device *device, unsigned n);
/* Power fails or a reset comes: what was worked on is left in doubt. */
void flash_l1_cut_off(struct device *device);

/* options.c: as a chip comes from the factory; into OBR and WRPR, as at each reset. */
void flash_l1_options_factory(struct device *device);
void flash_l1_options_load(struct device *device);
/* WRPR forbids to change the sector of this address. */
bool flash_l1_is_protected(const struct device *device, uint32_t address);
void flash_l1_option_program(struct device *device, uint32_t address, uint32_t value);

/* program.c: a write to the memories by the processor. */
bool flash_l1_memory_write(struct device *device, uint32_t address, unsigned size, uint32_t value);
/* A half page that is not complete is given up. */
void flash_l1_abort_half_page(struct device *device, const char *why);

/* memory.c */
/* The core reads the flash by itself, or not while it is busy. */
void flash_l1_open(struct device *device);
bool flash_l1_memory_read(struct device *device, uint32_t address, unsigned size, uint32_t *value);
bool flash_l1_load(struct device *device, uint32_t address, const void *bytes, uint32_t length);

/* registers.c */
uint32_t flash_l1_read(struct device *device, uint32_t offset);
void flash_l1_write(struct device *device, uint32_t offset, uint32_t value);
void flash_l1_reset(struct device *device);
void flash_l1_check_clock(struct device *device);
