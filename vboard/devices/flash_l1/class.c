/* The flash interface as a device: its registers, and what the chip calls. */
#include "private.h"

static const struct device_register registers[] = {
    AT(0x00) = {"ACR", RW | STABLE, 0xFFFFFFE0}, AT(0x04) = {"PECR", RW | STABLE, 0xFFF878E0, PECR_LOCKS},
    AT(0x08) = {"PDKEYR", WRITE_ONLY, 0},        AT(0x0C) = {"PEKEYR", WRITE_ONLY, 0},
    AT(0x10) = {"PRGKEYR", WRITE_ONLY, 0},       AT(0x14) = {"OPTKEYR", WRITE_ONLY, 0},
    AT(0x18) = {"SR", RW | STABLE, 0, SR_ENDHV}, AT(0x1C) = {"OBR", READ_ONLY | STABLE, 0, 0x00F800AA},
    AT(0x20) = {"WRPR1", READ_ONLY | STABLE, 0}, AT(0x80) = {"WRPR2", READ_ONLY | STABLE, 0},
};

static void made(struct device *device)
{
    flash_l1_options_factory(device);
    flash_l1_options_load(device);
}

static void started(struct device *device)
{
    flash_l1_options_load(device);
    flash_l1_open(device);
}

static const struct flash_port port = {
    .load = flash_l1_load,
    .unstable_bits = flash_l1_unstable_bits,
    .make_unstable = flash_l1_make_unstable,
};

const struct device_class flash_l1_class = {
    .state = sizeof(struct flash_l1),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .events = 1,
    .made = made,
    .read = flash_l1_read,
    .write = flash_l1_write,
    .reset = flash_l1_reset,
    .cut_off = flash_l1_cut_off,
    .started = started,
    .event = flash_l1_event,
    .check_clocks = flash_l1_check_clock,
    .memory_read = flash_l1_memory_read,
    .memory_write = flash_l1_memory_write,
    .flash = &port,
};
