/* Registers of the flash interface (PM0075 chapter 3), and what flash.c needs of flash_operation.c. */
#pragma once

#include "chip.h"

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
enum { HSI_HZ = 8000000, MHZ = 1000000, PREFETCH_SWITCH_MHZ = 24, MAX_LATENCY = 2, RCC_CR_HSIRDY = 2 };
enum { NEXT_INSTRUCTION_CYCLES = 2 };
enum { HALF_WORD = 2, ERASED = 0xFFFF, RDP_KEY = 0xA5, OBR_RDPRT = 2 };

#define KEY1         0x45670123u
#define KEY2         0xCDEF89ABu
#define FLASH_BASE   0x08000000u
#define OPTION_BASE  0x1FFFF800u
#define OPTION_BYTES ((uint32_t)sizeof((struct chip *)0)->flash.option_bytes)

static inline bool flash_has(const struct chip *chip, uint32_t address)
{
    return address - FLASH_BASE < chip->config.flash_bytes;
}

static inline bool flash_is_option(uint32_t address)
{
    return address - OPTION_BASE < OPTION_BYTES;
}

uint16_t flash_half_word_at(struct chip *chip, uint32_t address);
void flash_set_half_word(struct chip *chip, uint32_t address, uint16_t value);
/* All 0 where nothing is worn. */
struct flash_wear flash_wear_at(const struct chip *chip, uint32_t address);
void flash_update_irq(struct chip *chip);
/* Sets flags of SR. */
void flash_set_status(struct chip *chip, uint32_t flags);
/* Begins an operation; `ends` is set here. */
void flash_begin(struct chip *chip, struct flash_operation operation);
