/*
 * Option bytes (RM0038 3.7, 3.8): words of 16 bits and their complement. They are loaded at
 * each reset and by OBL_LAUNCH.
 */
#include "private.h"

enum { OPTION_RDP, OPTION_USER, OPTION_WRP };
enum { RDP_LEVEL_0 = 0xAA, RDP_LEVEL_2 = 0xCC, RDP_LEVEL_1 = 0xBB };
/* USER: BOR_LEV, then the flags that OBR has from bit 20 on; BFB2 only counts where there are two banks. */
enum { USER_FACTORY = 0xF8, USER_IWDG_SW = 1 << 4, USER_nRST_STOP = 1 << 5, USER_nRST_STDBY = 1 << 6 };
enum { OBR_USER_SHIFT = 16, SECTOR_BYTES = 4096, WRP_WORDS = 2 };

static uint32_t with_complement(uint32_t value)
{
    return (value & 0xFFFF) | (~value & 0xFFFF) << 16;
}

static bool is_whole(uint32_t word)
{
    return ((word ^ word >> 16) & 0xFFFF) == 0xFFFF;
}

void flash_l1_options_factory(struct device *device)
{
    const struct chip_config *config = &device_chip(device)->config;
    struct flash_l1 *flash = flash_of(device);
    flash->option[OPTION_RDP] = with_complement(config->read_protected ? RDP_LEVEL_1 : RDP_LEVEL_0);
    flash->option[OPTION_USER] =
        with_complement(USER_FACTORY & ~(config->hardware_watchdog ? USER_IWDG_SW : 0u));
    for (unsigned i = OPTION_WRP; i < OPTION_WORDS; i++) {
        unsigned shift = 16 * (i - OPTION_WRP);
        flash->option[i] = with_complement(shift < 32 ? config->write_protected >> shift : 0);
    }
}

/* A word that does not fit its complement: OPTVERR, and what protects most is taken. */
static uint32_t load(struct device *device, unsigned n, uint32_t otherwise)
{
    uint32_t word = flash_of(device)->option[n];
    if (is_whole(word))
        return word & 0xFFFF;
    flash_of(device)->SR |= SR_OPTVERR;
    return otherwise;
}

void flash_l1_options_load(struct device *device)
{
    struct flash_l1 *flash = flash_of(device);
    uint32_t user = load(device, OPTION_USER, USER_FACTORY) & 0xFF;
    flash->OBR = (load(device, OPTION_RDP, RDP_LEVEL_1) & 0xFF) | user << OBR_USER_SHIFT;
    for (unsigned i = 0; i < sizeof flash->WRPR / sizeof flash->WRPR[0]; i++) {
        flash->WRPR[i] = load(device, OPTION_WRP + WRP_WORDS * i, 0xFFFF) |
                         load(device, OPTION_WRP + WRP_WORDS * i + 1, 0xFFFF) << 16;
    }
    flash_l1_update_irq(device);
    device_drive(device, FLASH_L1_STARTS_WATCHDOG, !(user & USER_IWDG_SW));
    device_drive(device, FLASH_L1_STOP_ALLOWED, user & USER_nRST_STOP);
    device_drive(device, FLASH_L1_STANDBY_ALLOWED, user & USER_nRST_STDBY);
}

/* A bit that is 1 protects a sector of 4 KiB (3.8.2): the other way round than on the F1. */
bool flash_l1_is_protected(const struct device *device, uint32_t address)
{
    uint32_t sector = (address - FLASH_BASE) / SECTOR_BYTES;
    return flash_of(device)->WRPR[sector / 32] >> sector % 32 & 1;
}

void flash_l1_option_program(struct device *device, uint32_t address, uint32_t value)
{
    flash_of(device)->option[(address - OPTION_BASE) / WORD] = value;
}
