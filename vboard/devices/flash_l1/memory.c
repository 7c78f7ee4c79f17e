/* What is read of the memories when the core does not read by itself. */
#include "private.h"

enum { UNIQUE_ID = 4, UNIQUE_ID_WORD_2 = 0x18 - 4, SIZE_BYTES = 2 };

/* Unstable cells are read through the bus, each time anew; nothing may be read between a half page's words.
 */
void flash_l1_open(struct device *device)
{
    uint32_t from, size;
    bool open = !flash_is_busy(device) && flash_of(device)->collected == 0;
    flash_l1_stable_stretch(device, &from, &size);
    chip_open_flash(device_chip(device), from, open ? size : 0, flash_of(device)->ACR & ACR_LATENCY);
}

static uint32_t little_endian(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

/* Of the words at 0, 4 and 0x14 from its start (30.2). */
static uint8_t unique_id_byte(const struct device *device, uint32_t offset)
{
    const uint8_t *id = device_chip(device)->config.unique_id;
    return offset < 8 ? id[offset] : offset - 0x14 < WORD ? id[8 + offset - 0x14] : 0;
}

static uint8_t signature_byte(const struct device *device, uint32_t offset)
{
    if (offset < SIZE_BYTES)
        return (uint8_t)(device_chip(device)->config.flash_size_register >> 8 * offset);
    return offset < UNIQUE_ID ? 0xFF : unique_id_byte(device, offset - UNIQUE_ID);
}

/* Option bytes, and further up what the factory put there. */
static uint32_t read_options(const struct device *device, uint32_t address, unsigned size)
{
    uint32_t signature = flash_info(device)->signature[device_chip(device)->variant];
    uint8_t bytes[WORD] = {0};
    for (unsigned i = 0; i < size; i++) {
        uint32_t at = address + i;
        bytes[i] = flash_is_option(at)
                       ? (uint8_t)(flash_of(device)->option[(at - OPTION_BASE) / WORD] >> 8 * (at % WORD))
                   : at >= signature ? signature_byte(device, at - signature)
                                     : 0;
    }
    return little_endian(bytes, size);
}

/* ST's boot loader is not ours to have. */
static uint32_t read_system(struct device *device, uint32_t address)
{
    if (!flash_of(device)->system_memory_told) {
        flash_of(device)->system_memory_told = true;
        device_report(device, REPORT_NOTE,
                      "0x%08X is read: system memory, whose boot loader is not modelled, reads as 0",
                      (unsigned)address);
    }
    return 0;
}

static void wait_for_flash(struct device *device)
{
    if (flash_of(device)->collected)
        flash_l1_abort_half_page(device, "the flash is read before the last of its 32 words is written");
    if (flash_is_busy(device))
        chip_stall(device_chip(device), device_chip(device)->flash.operation.ends);
}

bool flash_l1_memory_read(struct device *device, uint32_t address, unsigned size, uint32_t *value)
{
    address = flash_unalias(address);
    wait_for_flash(device);
    if (flash_is_program(device, address)) {
        flash_l1_sense(device, address, size);
        *value = little_endian(&device_chip(device)->flash_bytes[address - FLASH_BASE], size);
    } else if (flash_is_eeprom(device, address)) {
        flash_l1_sense(device, address, size);
        *value = little_endian(&flash_of(device)->eeprom[address - EEPROM_BASE], size);
    } else if (address - OPTION_BASE < OPTION_AREA) {
        *value = read_options(device, address, size);
    } else if (address - SYSTEM_BASE < flash_info(device)->system_bytes[device_chip(device)->variant]) {
        *value = read_system(device, address);
    } else {
        return false;
    }
    return true;
}

static bool load_bytes(struct device *device, uint8_t *to, uint32_t address, const uint8_t *from,
                       uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        to[i] = from[i];
    uint32_t first = address & ~(uint32_t)(WORD - 1);
    for (uint32_t at = first; at < address + length; at += WORD)
        flash_l1_load_word(device, at, flash_l1_word(device, at));
    flash_l1_cells_changed(device);
    return true;
}

bool flash_l1_load(struct device *device, uint32_t address, const void *bytes, uint32_t length)
{
    struct flash_l1 *flash = flash_of(device);
    uint32_t all = device_chip(device)->config.flash_bytes;
    if (flash_is_program(device, address) && length <= all - (address - FLASH_BASE)) {
        return load_bytes(device, &device_chip(device)->flash_bytes[address - FLASH_BASE], address, bytes,
                          length);
    }
    if (flash_is_eeprom(device, address) && length <= flash_eeprom_bytes(device) - (address - EEPROM_BASE))
        return load_bytes(device, &flash->eeprom[address - EEPROM_BASE], address, bytes, length);
    if (address - OPTION_BASE <= OPTION_BYTES && length <= OPTION_BYTES - (address - OPTION_BASE)) {
        const uint8_t *from = bytes;
        for (uint32_t i = 0; i < length; i++) {
            uint32_t at = address - OPTION_BASE + i, shift = 8 * (at % WORD);
            flash->option[at / WORD] = (flash->option[at / WORD] & ~(0xFFu << shift)) | (uint32_t)from[i]
                                                                                            << shift;
        }
        return true;
    }
    return false;
}
