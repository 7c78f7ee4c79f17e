/* Transfers one after another, for tests and scripts: each call runs the chip until its transfer is over. */
#include <stddef.h>

#include "chip/chip.h"
#include "host_private.h"

enum { CONTROL_PACKET_OFFSET = 7, CONFIGURATION = 1, ADDRESS = 5 };
enum { ATTACH_MS = 5000, REQUEST_MS = 5000, RESET_MS = 10, STEP_MS = 1 };
enum { DEVICE_DESCRIPTOR_BYTES = 18, FIRST_BYTES = 8 };

enum usb_host_status usb_host_control(struct usb_host *host, const uint8_t setup[8], void *data,
                                      uint32_t *actual, ticks timeout)
{
    struct usb_transfer transfer = {
        .type = USB_CONTROL, .data = data, .length = setup[6] | (uint32_t)setup[7] << 8, .timeout = timeout};
    for (unsigned i = 0; i < sizeof transfer.setup; i++)
        transfer.setup[i] = setup[i];
    bool going = usb_host_submit(host, &transfer);
    while (going && transfer.status == USB_PENDING) {
        ticks now = chip_now(host->chip), due = chip_host_due(host->chip);
        chip_run(host->chip, (due > now ? due : now) + TICKS_PER_MICROSECOND);
        if (host->chip->cpu.stop && transfer.status == USB_PENDING)
            usb_host_cancel(host, &transfer);
    }
    if (actual)
        *actual = transfer.actual;
    return transfer.status;
}

/* false: the port did not get there in time, or someone stopped the processor. */
static bool wait_for_port(struct usb_host *host, enum usb_port_state wanted, unsigned milliseconds)
{
    for (unsigned i = 0; i < milliseconds && host->port < wanted; i += STEP_MS) {
        chip_run(host->chip, chip_now(host->chip) + STEP_MS * TICKS_PER_MILLISECOND);
        if (host->chip->cpu.stop)
            return false;
    }
    return host->port >= wanted;
}

static bool reset(struct usb_host *host)
{
    usb_host_reset(host, RESET_MS);
    return wait_for_port(host, USB_PORT_ENABLED, 2 * RESET_MS + 2 * STEP_MS);
}

enum usb_host_status usb_host_enumerate(struct usb_host *host)
{
    static const uint8_t get_first[8] = {0x80, 6, 0, 1, 0, 0, FIRST_BYTES, 0};
    static const uint8_t set_address[8] = {0x00, 5, ADDRESS, 0, 0, 0, 0, 0};
    static const uint8_t get_device[8] = {0x80, 6, 0, 1, 0, 0, DEVICE_DESCRIPTOR_BYTES, 0};
    static const uint8_t set_configuration[8] = {0x00, 9, CONFIGURATION, 0, 0, 0, 0, 0};
    uint8_t descriptor[DEVICE_DESCRIPTOR_BYTES] = {0};
    ticks timeout = REQUEST_MS * TICKS_PER_MILLISECOND;
    uint32_t actual;
    if (!wait_for_port(host, USB_PORT_ATTACHED, ATTACH_MS) || !reset(host))
        return USB_GONE;
    enum usb_host_status status = usb_host_control(host, get_first, descriptor, &actual, timeout);
    if (status == USB_DONE &&
        (actual < FIRST_BYTES || !usb_is_control_packet(descriptor[CONTROL_PACKET_OFFSET])))
        return USB_ERROR;
    if (status == USB_DONE)
        status = usb_host_control(host, set_address, NULL, NULL, timeout);
    if (status == USB_DONE)
        status = usb_host_control(host, get_device, descriptor, &actual, timeout);
    if (status == USB_DONE && actual != DEVICE_DESCRIPTOR_BYTES)
        return USB_ERROR;
    if (status == USB_DONE)
        status = usb_host_control(host, set_configuration, NULL, NULL, timeout);
    return status;
}
