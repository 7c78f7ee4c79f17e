/*
 * What is read of the flash array, the option bytes and system memory when the core does not read by itself.
 */
#include "cells.h"

#define SYSTEM_BASE    0x1FFFF000u
#define SIGNATURE_BASE 0x1FFFF7E0u
#define UNIQUE_ID_BASE 0x1FFFF7E8u

enum { SYSTEM_SIZE = 0x800, SIGNATURE_SIZE = 0x14 };

/* Unstable cells are read through the bus, each time anew. */
void flash_open(struct device *device, bool open)
{
    uint32_t from, size;
    flash_stable_stretch(device, &from, &size);
    chip_open_flash(device_chip(device), from, open ? size : 0, flash_of(device)->ACR & ACR_LATENCY);
}

static uint32_t little_endian(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

static void wait_for_flash(struct device *device)
{
    if (flash_is_busy(device))
        chip_stall(device_chip(device), device_chip(device)->flash.operation.ends); /* PM0075 2.3.3 */
}

/* ST's boot loader is not ours to have; its signature area is. */
static uint32_t read_system(struct device *device, uint32_t address, unsigned size)
{
    uint8_t signature[SIGNATURE_SIZE];
    for (unsigned i = 0; i < sizeof signature; i++)
        signature[i] = 0xFF;
    signature[0] = (uint8_t)device_chip(device)->config.flash_size_register;
    signature[1] = (uint8_t)(device_chip(device)->config.flash_size_register >> 8);
    for (unsigned i = 0; i < sizeof device_chip(device)->config.unique_id; i++)
        signature[UNIQUE_ID_BASE - SIGNATURE_BASE + i] = device_chip(device)->config.unique_id[i];
    if (address - SIGNATURE_BASE < SIGNATURE_SIZE)
        return little_endian(&signature[address - SIGNATURE_BASE], size);
    if (!flash_of(device)->system_memory_told) {
        flash_of(device)->system_memory_told = true;
        device_report(device, REPORT_NOTE,
                      "0x%08X is read: system memory, whose boot loader is not modelled, reads as 0",
                      (unsigned)address);
    }
    return 0;
}

/* NULL: no flash there. The alias at 0 is there because BOOT0 is low. */
static const uint8_t *flash_array(const struct device *device, uint32_t address)
{
    uint32_t offset = address >= FLASH_BASE ? address - FLASH_BASE : address;
    return offset < device_chip(device)->config.flash_bytes ? &device_chip(device)->flash_bytes[offset]
                                                            : NULL;
}

bool flash_memory_read(struct device *device, uint32_t address, unsigned size, uint32_t *value)
{
    wait_for_flash(device);
    const uint8_t *bytes = flash_array(device, address);
    if (bytes) {
        flash_sense(device, FLASH_BASE + (uint32_t)(bytes - device_chip(device)->flash_bytes), size);
        *value = little_endian(bytes, size);
    } else if (flash_is_option(address)) {
        *value = little_endian(&flash_of(device)->option_bytes[address - OPTION_BASE], size);
    } else {
        *value = read_system(device, address, size);
    }
    return true;
}

bool flash_memory_write(struct device *device, uint32_t address, unsigned size, uint32_t value)
{
    bool system = address - SYSTEM_BASE < SYSTEM_SIZE;
    return !system &&
           flash_array_write(device, address < FLASH_BASE ? address + FLASH_BASE : address, size, value);
}
