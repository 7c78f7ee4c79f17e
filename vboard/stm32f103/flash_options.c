/* Option bytes (PM0075 2.4, 2.5): how they are loaded at reset and what they protect. */
#include "chip.h"

#include <string.h>

enum { RDP = 0, USER = 2, DATA0 = 4, DATA1 = 6, WRP0 = 8, WRP_COUNT = 4 };
enum { RDP_KEY = 0xA5, ERASED = 0xFF, USER_WDG_SW = 1 << 0 };
enum { OBR_OPTERR = 1 << 0, OBR_RDPRT = 1 << 1, OBR_WDG_SW = 1 << 2 };
enum { OBR_USER_SHIFT = 2, OBR_DATA0_SHIFT = 10, OBR_DATA1_SHIFT = 18 };
enum { PROTECTION_UNIT = 4096, LAST_UNIT = 31 }; /* each WRP bit: 4 KiB; the last one all the rest */

#define FLASH_BASE 0x08000000u

static void set_option(struct chip *chip, unsigned at, uint8_t value)
{
    chip->flash.option_bytes[at] = value;
    chip->flash.option_bytes[at + 1] = (uint8_t)~value;
}

void flash_options_factory(struct chip *chip)
{
    static const uint8_t factory[16] = {RDP_KEY, 0x5A, 0xFF, 0, 0xFF, 0, 0xFF, 0,
                                        0xFF,    0,    0xFF, 0, 0xFF, 0, 0xFF, 0};
    memcpy(chip->flash.option_bytes, factory, sizeof factory);
    if (chip->config.read_protected) {
        set_option(chip, RDP, ERASED);
    }
    if (chip->config.hardware_watchdog) {
        set_option(chip, USER, (uint8_t)~USER_WDG_SW);
    }
    for (unsigned i = 0; i < WRP_COUNT; i++) {
        set_option(chip, WRP0 + 2 * i, (uint8_t) ~(chip->config.write_protected >> 8 * i));
    }
}

/* A byte that does not fit its complement loads as 0xFF, and says so; a pair that is erased does so in
 * silence. */
static uint8_t load(struct chip *chip, unsigned at)
{
    const uint8_t *pair = &chip->flash.option_bytes[at];
    if ((pair[0] ^ pair[1]) == 0xFF) {
        return pair[0];
    }
    if (pair[0] != ERASED || pair[1] != ERASED) {
        chip->flash.OBR |= OBR_OPTERR;
    }
    return ERASED;
}

void flash_options_load(struct chip *chip)
{
    struct flash *flash = &chip->flash;
    flash->OBR = 0;
    if (load(chip, RDP) != RDP_KEY) {
        flash->OBR |= OBR_RDPRT;
    }
    flash->OBR |= (uint32_t)load(chip, USER) << OBR_USER_SHIFT;
    flash->OBR |= (uint32_t)load(chip, DATA0) << OBR_DATA0_SHIFT;
    flash->OBR |= (uint32_t)load(chip, DATA1) << OBR_DATA1_SHIFT;
    flash->WRPR = 0;
    for (unsigned i = 0; i < WRP_COUNT; i++) {
        flash->WRPR |= (uint32_t)load(chip, WRP0 + 2 * i) << 8 * i;
    }
    if (chip->powered && !(flash->OBR & OBR_WDG_SW)) {
        iwdg_start(chip);
    }
}

/* With read protection on, the first 4 KiB are write-protected, too (PM0075 2.4.1). */
bool flash_is_protected(const struct chip *chip, uint32_t address)
{
    uint32_t unit = (address - FLASH_BASE) / PROTECTION_UNIT;
    if (unit > LAST_UNIT) {
        unit = LAST_UNIT;
    }
    return !(chip->flash.WRPR >> unit & 1) || (unit == 0 && chip->flash.OBR & OBR_RDPRT);
}
