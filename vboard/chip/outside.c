/* The chip's ports (ports.h, usb_port.h) as those outside of it see them. */
#include "private.h"
#include "usb_port.h"

/* USB */

static struct device *usb_device(const struct chip *chip)
{
    return chip_device(chip, chip->info->usb);
}

static const struct usb_port *usb(const struct chip *chip)
{
    const struct device *device = usb_device(chip);
    return device ? device->info->class->usb : NULL;
}

enum usb_answer usb_setup(struct chip *chip, uint8_t address, uint8_t endpoint, const uint8_t data[8])
{
    const struct usb_port *port = usb(chip);
    return port ? port->setup(usb_device(chip), address, endpoint, data) : USB_SILENCE;
}

enum usb_answer usb_out(struct chip *chip, uint8_t address, uint8_t endpoint, unsigned toggle,
                        const uint8_t *data, unsigned length)
{
    const struct usb_port *port = usb(chip);
    return port ? port->out(usb_device(chip), address, endpoint, toggle, data, length) : USB_SILENCE;
}

enum usb_answer usb_in_begin(struct chip *chip, uint8_t address, uint8_t endpoint,
                             uint8_t data[USB_MAX_PACKET], unsigned *length)
{
    const struct usb_port *port = usb(chip);
    return port ? port->in_begin(usb_device(chip), address, endpoint, data, length) : USB_SILENCE;
}

void usb_in_end(struct chip *chip, uint8_t address, uint8_t endpoint, bool acknowledge)
{
    if (usb(chip))
        usb(chip)->in_end(usb_device(chip), address, endpoint, acknowledge);
}

enum usb_answer usb_in(struct chip *chip, uint8_t address, uint8_t endpoint, uint8_t data[USB_MAX_PACKET],
                       unsigned *length, bool acknowledge)
{
    enum usb_answer answer = usb_in_begin(chip, address, endpoint, data, length);
    if (answer == USB_DATA0 || answer == USB_DATA1)
        usb_in_end(chip, address, endpoint, acknowledge);
    return answer;
}

void usb_sof(struct chip *chip, uint16_t frame)
{
    if (usb(chip))
        usb(chip)->sof(usb_device(chip), frame);
}

void usb_bus_reset(struct chip *chip, bool driven)
{
    if (usb(chip))
        usb(chip)->bus_reset(usb_device(chip), driven);
}

void usb_bus_resume(struct chip *chip, bool driven)
{
    if (usb(chip))
        usb(chip)->bus_resume(usb_device(chip), driven);
}

bool usb_drives_resume(const struct chip *chip)
{
    return usb(chip) && usb(chip)->drives_resume(usb_device(chip));
}

bool usb_transceiver_on(const struct chip *chip)
{
    return usb(chip) && usb(chip)->transceiver_on(usb_device(chip));
}

bool usb_pulls_up(const struct chip *chip)
{
    return usb(chip) && usb(chip)->pulls_up && usb(chip)->pulls_up(usb_device(chip));
}

void device_usb_changed(struct device *device)
{
    struct chip *chip = device_chip(device);
    if (chip->board.usb_changed)
        chip->board.usb_changed(chip->board.context);
}

/* Serial lines */

static struct device *serial_device(const struct chip *chip, unsigned usart)
{
    return usart >= 1 && usart <= USARTS ? chip_device(chip, chip->info->serials[usart - 1]) : NULL;
}

unsigned chip_serial_send(struct chip *chip, unsigned usart, const uint8_t *bytes, unsigned length)
{
    struct device *device = serial_device(chip, usart);
    return device ? device->info->class->serial->send(device, bytes, length) : 0;
}

void chip_serial_baud(struct chip *chip, unsigned usart, uint32_t baud)
{
    struct device *device = serial_device(chip, usart);
    if (device)
        device->info->class->serial->set_baud(device, baud);
}

void device_serial_sent(struct device *device, uint16_t data)
{
    struct chip *chip = device_chip(device);
    for (unsigned i = 0; i < USARTS; i++) {
        if (chip->info->serials[i] == device->number) {
            bool stopped = chip_begin_call(chip);
            chip->board.serial_sent(chip->board.context, i + 1, data);
            chip_end_call(chip, stopped);
        }
    }
}

/* Flash */

static const struct flash_port *flash(const struct chip *chip)
{
    return chip->device[chip->info->flash].info->class->flash;
}

bool flash_load(struct chip *chip, uint32_t address, const void *bytes, uint32_t length)
{
    return flash(chip)->load(chip_device(chip, chip->info->flash), address, bytes, length);
}

uint16_t flash_unstable_bits(const struct chip *chip, uint32_t address)
{
    return flash(chip)->unstable_bits(chip_device(chip, chip->info->flash), address);
}

bool flash_make_unstable(struct chip *chip, uint32_t address, uint16_t bits)
{
    return flash(chip)->make_unstable(chip_device(chip, chip->info->flash), address, bits);
}

/* The backup domain */

uint32_t chip_backup_get(const struct chip *chip, unsigned number)
{
    const struct device *device = chip_device(chip, chip->info->backup[chip->variant]);
    return device ? device->info->class->backup->get(device, number) : 0;
}

void chip_backup_set(struct chip *chip, unsigned number, uint32_t value)
{
    struct device *device = chip_device(chip, chip->info->backup[chip->variant]);
    if (device)
        device->info->class->backup->set(device, number, value);
}

bool device_backup_writable(struct device *device, const char *what, uint32_t value)
{
    const struct chip *chip = device_chip(device);
    if (chip->backup_writable)
        return true;
    device_violation(device, FORBIDDEN, "backup-write-protected",
                     "%s = 0x%X is ignored: PWR_CR.DBP must be set first (%s)", what, (unsigned)value,
                     chip->info->manual.backup);
    return false;
}

bool chip_will_reset(const struct chip *chip)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        const struct device *device = &chip->device[i];
        if (device->present && device->info->class->will_reset && device->info->class->will_reset(device))
            return true;
    }
    return false;
}
