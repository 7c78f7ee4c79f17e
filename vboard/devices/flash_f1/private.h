/* Registers of the flash interface (PM0075 chapter 3), and what the files of this folder share. */
#pragma once

#include "base/addresses.h" // FLASH_BASE
#include "chip/chip.h"
#include "flash_f1.h"

enum { ACR = 0x00, KEYR = 0x04, OPTKEYR = 0x08, SR = 0x0C, CR = 0x10, AR = 0x14, OBR = 0x1C, WRPR = 0x20 };
enum { ACR_LATENCY = 7, ACR_HLFCYA = 1 << 3, ACR_PRFTBE = 1 << 4, ACR_PRFTBS = 1 << 5, ACR_RESET = 0x30 };
enum { SR_BSY = 1 << 0, SR_PGERR = 1 << 2, SR_WRPRTERR = 1 << 4, SR_EOP = 1 << 5 };
enum {
    CR_PG = 1 << 0,
    CR_PER = 1 << 1,
    CR_MER = 1 << 2,
    CR_OPTPG = 1 << 4,
    CR_OPTER = 1 << 5,
    CR_STRT = 1 << 6,
    CR_LOCK = 1 << 7,
    CR_OPTWRE = 1 << 9,
    CR_ERRIE = 1 << 10,
    CR_EOPIE = 1 << 12,
    CR_MODES = CR_PG | CR_PER | CR_MER | CR_OPTPG | CR_OPTER
};
enum { HSI_HZ = 8000000, MHZ = 1000000, PREFETCH_SWITCH_MHZ = 24, MAX_LATENCY = 2 };
enum { NEXT_INSTRUCTION_CYCLES = 2 };
enum { HALF_WORD = 2, ERASED = 0xFFFF, RDP_KEY = 0xA5, OBR_RDPRT = 2 };

#define KEY1         0x45670123u
#define KEY2         0xCDEF89ABu
#define OPTION_BASE  0x1FFFF800u
#define OPTION_BYTES ((uint32_t)sizeof((struct flash_f1 *)0)->option_bytes)

/* Cells of a page that read either way, a bit each. */
enum { FLASH_UNSTABLE_PAGES = 8, MAX_PAGE_HALF_WORDS = 1024 };
struct flash_unstable_page {
    uint32_t page; /* number */
    uint16_t mask[MAX_PAGE_HALF_WORDS];
};

struct flash_f1 {
    uint32_t ACR, SR, CR, AR, OBR, WRPR;
    uint8_t key_step, option_key_step;
    bool locked_until_reset; /* a wrong key */
    uint64_t started_cycle;  /* processor cycle in which CR.STRT was set */
    uint64_t begun_cycle;    /* the same of any operation */
    uint8_t option_bytes[16];
    enum unstable_cells readings; /* since the last reset */
    bool system_memory_told;      /* that ST's boot loader is not there */
    unsigned unstable_pages;      /* the oldest first */
    struct flash_unstable_page unstable[FLASH_UNSTABLE_PAGES];
};

static inline struct flash_f1 *flash_of(const struct device *device)
{
    return device_state(device);
}

static inline bool flash_has(const struct device *device, uint32_t address)
{
    return address - FLASH_BASE < device_chip(device)->config.flash_bytes;
}

static inline bool flash_is_option(uint32_t address)
{
    return address - OPTION_BASE < OPTION_BYTES;
}

uint16_t flash_half_word_at(struct device *device, uint32_t address);
void flash_set_half_word(struct device *device, uint32_t address, uint16_t value);
/* All 0 where nothing is worn. */
struct flash_wear flash_wear_at(const struct device *device, uint32_t address);
void flash_update_irq(struct device *device);
/* Sets flags of SR. */
void flash_set_status(struct device *device, uint32_t flags);
/* Begins an operation; `ends` is set here. */
void flash_begin(struct device *device, struct flash_operation operation);
bool flash_is_busy(const struct device *device);
void flash_event(struct device *device, unsigned n);
/* Power fails in the middle of an operation: what was worked on is left in doubt. */
void flash_cut_off(struct device *device);
bool flash_load_bytes(struct device *device, uint32_t address, const void *bytes, uint32_t length);

/* options.c: option bytes as a chip comes from the factory; into OBR and WRPR, as at each reset. */
void flash_options_factory(struct device *device);
void flash_options_load(struct device *device);
/* OBR or WRPR forbids to change the page of this address. */
bool flash_is_protected(const struct device *device, uint32_t address);

/* registers.c: a write to the array by the processor starts a program operation, or is refused: bus error. */
uint32_t flash_read(struct device *device, uint32_t offset);
void flash_write(struct device *device, uint32_t offset, uint32_t value);
void flash_reset(struct device *device);
void flash_check_clock(struct device *device);
bool flash_array_write(struct device *device, uint32_t address, unsigned size, uint32_t value);

/* memory.c */
/* The core reads the flash by itself, or not while it is busy. */
void flash_open(struct device *device, bool open);
bool flash_memory_read(struct device *device, uint32_t address, unsigned size, uint32_t *value);
bool flash_memory_write(struct device *device, uint32_t address, unsigned size, uint32_t value);
