/* Option bytes (PM0075 2.4, 2.5): how they are loaded at reset and what they protect. */
#include "private.h"

#include <string.h>

enum { RDP = 0, USER = 2, DATA0 = 4, DATA1 = 6, WRP0 = 8, WRP_COUNT = 4 };
enum { ERASED_BYTE = 0xFF, USER_WDG_SW = 1 << 0 };
enum { OBR_OPTERR = 1 << 0, OBR_WDG_SW = 1 << 2, OBR_nRST_STOP = 1 << 3, OBR_nRST_STDBY = 1 << 4 };
enum { OBR_USER_SHIFT = 2, OBR_DATA0_SHIFT = 10, OBR_DATA1_SHIFT = 18 };
enum { PROTECTION_UNIT = 4096, LAST_UNIT = 31 }; /* each WRP bit: 4 KiB; the last one all the rest */

static void set_option(struct device *device, unsigned at, uint8_t value)
{
    flash_of(device)->option_bytes[at] = value;
    flash_of(device)->option_bytes[at + 1] = (uint8_t)~value;
}

void flash_options_factory(struct device *device)
{
    static const uint8_t factory[16] = {RDP_KEY, 0x5A, 0xFF, 0, 0xFF, 0, 0xFF, 0,
                                        0xFF,    0,    0xFF, 0, 0xFF, 0, 0xFF, 0};
    memcpy(flash_of(device)->option_bytes, factory, sizeof factory);
    if (device_chip(device)->config.read_protected)
        set_option(device, RDP, ERASED_BYTE);
    if (device_chip(device)->config.hardware_watchdog)
        set_option(device, USER, (uint8_t)~USER_WDG_SW);
    for (unsigned i = 0; i < WRP_COUNT; i++)
        set_option(device, WRP0 + 2 * i, (uint8_t) ~(device_chip(device)->config.write_protected >> 8 * i));
}

/* A byte that does not fit its complement loads as 0xFF, and says so; a pair that
 * is erased does so in silence. */
static uint8_t load(struct device *device, unsigned at)
{
    const uint8_t *pair = &flash_of(device)->option_bytes[at];
    if ((pair[0] ^ pair[1]) == 0xFF)
        return pair[0];
    if (pair[0] != ERASED_BYTE || pair[1] != ERASED_BYTE)
        flash_of(device)->OBR |= OBR_OPTERR;
    return ERASED_BYTE;
}

void flash_options_load(struct device *device)
{
    struct flash_f1 *flash = flash_of(device);
    flash->OBR = 0;
    if (load(device, RDP) != RDP_KEY)
        flash->OBR |= OBR_RDPRT;
    flash->OBR |= (uint32_t)load(device, USER) << OBR_USER_SHIFT;
    flash->OBR |= (uint32_t)load(device, DATA0) << OBR_DATA0_SHIFT;
    flash->OBR |= (uint32_t)load(device, DATA1) << OBR_DATA1_SHIFT;
    flash->WRPR = 0;
    for (unsigned i = 0; i < WRP_COUNT; i++)
        flash->WRPR |= (uint32_t)load(device, WRP0 + 2 * i) << 8 * i;
    device_drive(device, FLASH_F1_STARTS_WATCHDOG, !(flash->OBR & OBR_WDG_SW));
    device_drive(device, FLASH_F1_STOP_ALLOWED, flash->OBR & OBR_nRST_STOP);
    device_drive(device, FLASH_F1_STANDBY_ALLOWED, flash->OBR & OBR_nRST_STDBY);
}

/* With read protection on, the first 4 KiB are write-protected, too (PM0075 2.4.1). */
bool flash_is_protected(const struct device *device, uint32_t address)
{
    uint32_t unit = (address - FLASH_BASE) / PROTECTION_UNIT;
    if (unit > LAST_UNIT)
        unit = LAST_UNIT;
    return !(flash_of(device)->WRPR >> unit & 1) || (unit == 0 && flash_of(device)->OBR & OBR_RDPRT);
}
