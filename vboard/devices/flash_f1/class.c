/* The flash interface as a device: its registers, and what the chip calls. */
#include "cells.h"

static const struct device_register registers[] = {
    AT(0x00) = {"ACR", RW | STABLE, 0xFFFFFFC0, ACR_RESET},
    AT(0x04) = {"KEYR", WRITE_ONLY, 0},
    AT(0x08) = {"OPTKEYR", WRITE_ONLY, 0},
    AT(0x0C) = {"SR", RW | STABLE, 0xFFFFFFCA},
    AT(0x10) = {"CR", RW | STABLE, 0xFFFFE908, CR_LOCK},
    AT(0x14) = {"AR", WRITE_ONLY, 0},
    AT(0x1C) = {"OBR", READ_ONLY | STABLE, 0, 0x03FFFFFC},
    AT(0x20) = {"WRPR", READ_ONLY | STABLE, 0, 0xFFFFFFFF},
};

static void made(struct device *device)
{
    flash_options_factory(device);
    flash_options_load(device);
}

static void started(struct device *device)
{
    flash_options_load(device);
    flash_open(device, true);
}

static const struct flash_port port = {
    .load = flash_load_bytes,
    .unstable_bits = flash_cells_unstable_bits,
    .make_unstable = flash_cells_make_unstable,
};

const struct device_class flash_f1_class = {
    .state = sizeof(struct flash_f1),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .events = 1,
    .made = made,
    .read = flash_read,
    .write = flash_write,
    .reset = flash_reset,
    .cut_off = flash_cut_off,
    .started = started,
    .event = flash_event,
    .check_clocks = flash_check_clock,
    .memory_read = flash_memory_read,
    .memory_write = flash_memory_write,
    .flash = &port,
};
