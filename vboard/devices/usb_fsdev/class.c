/* The USB peripheral and its packet memory as devices: registers, and what the chip calls. */
#include "private.h"

/* write() judges what is written; here are only the names. */
static const struct device_register registers[] = {
    AT(0x00) = {"EP0R", RW | STABLE, 0},
    AT(0x04) = {"EP1R", RW | STABLE, 0},
    AT(0x08) = {"EP2R", RW | STABLE, 0},
    AT(0x0C) = {"EP3R", RW | STABLE, 0},
    AT(0x10) = {"EP4R", RW | STABLE, 0},
    AT(0x14) = {"EP5R", RW | STABLE, 0},
    AT(0x18) = {"EP6R", RW | STABLE, 0},
    AT(0x1C) = {"EP7R", RW | STABLE, 0},
    AT(0x40) = {"CNTR", RW | STABLE, 0, CNTR_AFTER_RESET},
    AT(0x44) = {"ISTR", RW | STABLE, 0},
    AT(0x48) = {"FNR", RW | STABLE, 0},
    AT(0x4C) = {"DADDR", RW | STABLE, 0},
    AT(0x50) = {"BTABLE", RW | STABLE, 0},
};

static void made(struct device *device)
{
    *usb_of(device) = (struct usb){.memory_bytes = fsdev_info_of(device)->memory_bytes,
                                   .stride = fsdev_info_of(device)->stride};
}

static void powered_up(struct device *device)
{
    struct usb *usb = usb_of(device);
    uint8_t *memory = (uint8_t *)usb->packet_memory;
    usb->bus_reset = usb->bus_resume = false;
    for (unsigned i = 0; i < usb->memory_bytes; i++)
        memory[i] = (uint8_t)chip_random(device_chip(device));
}

/* The only input: the chip's own resistor is switched by another device. */
static void line(struct device *device, unsigned input, bool level)
{
    (void)input;
    if (usb_of(device)->pulled_up != level) {
        usb_of(device)->pulled_up = level;
        device_usb_changed(device);
    }
}

static bool pulls_up(const struct device *device)
{
    return device_chip(device)->powered && usb_of(device)->pulled_up;
}

static const struct usb_port port = {
    .setup = fsdev_setup,
    .out = fsdev_out,
    .in_begin = fsdev_in_begin,
    .in_end = fsdev_in_end,
    .sof = fsdev_sof,
    .bus_reset = fsdev_bus_reset,
    .bus_resume = fsdev_bus_resume,
    .drives_resume = fsdev_drives_resume,
    .transceiver_on = fsdev_transceiver_on,
    .pulls_up = pulls_up,
};

const struct device_class usb_fsdev_class = {
    .state = sizeof(struct usb),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .counts_writes = true,
    .own_rules = true,
    .events = 1,
    .made = made,
    .read = fsdev_read,
    .write = fsdev_write,
    .reset = fsdev_reset,
    .powered_up = powered_up,
    .event = fsdev_event,
    .line = line,
    .usb = &port,
};

static struct device *usb_of_memory(const struct device *memory)
{
    const struct usb_fsdev_memory_info *info = device_config(memory);
    return chip_device(device_chip(memory), info->usb);
}

static uint32_t read_memory(struct device *memory, uint32_t offset)
{
    return fsdev_memory_read(usb_of_memory(memory), USB_MEMORY_OFFSET + offset);
}

static void write_memory(struct device *memory, uint32_t offset, uint32_t value)
{
    fsdev_memory_write(usb_of_memory(memory), USB_MEMORY_OFFSET + offset, value);
}

const struct device_class usb_fsdev_memory_class = {
    .sizes = HALF_WORDS_TOO,
    .counts_writes = true,
    .own_rules = true,
    .read = read_memory,
    .write = write_memory,
};
