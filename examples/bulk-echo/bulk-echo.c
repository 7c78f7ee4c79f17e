/*
 * Sends back what it receives, over two bulk endpoints of a vendor's interface that have two buffers each.
 * Without the second one the endpoint says NAK while the program is busy with a packet.
 */
#include <stddef.h>

#include "clock.h"
#include "descriptors.h"
#include "led.h"
#include "startup.h"
#include "usb.h"

/* Endpoints with two buffers need an endpoint register each: their numbers differ. */
enum { CLASS_VENDOR = 0xFF, DATA_OUT = 1, DATA_IN = USB_IN | 2, PACKET = 64, BUFFERS = 2 };
enum { LENGTH = USB_CONFIGURATION_BYTES + USB_INTERFACE_BYTES + 2 * USB_ENDPOINT_BYTES };

static const uint8_t device[] = {USB_DEVICE_DESCRIPTOR(CLASS_VENDOR, 0x0100)};
/* clang-format off */
static const uint8_t configuration[] = {
    USB_CONFIGURATION_DESCRIPTOR(LENGTH, 1),
    USB_INTERFACE_BYTES, USB_INTERFACE, 0, 0, 2, CLASS_VENDOR, 0, 0, 0,
    USB_ENDPOINT_BYTES, USB_ENDPOINT, DATA_OUT, USB_BULK, U16(PACKET), 0,
    USB_ENDPOINT_BYTES, USB_ENDPOINT, DATA_IN, USB_BULK, U16(PACKET), 0,
};
/* clang-format on */
_Static_assert(sizeof configuration == LENGTH, "wTotalLength");

static const char *const strings[] = {"dapboot", "bulk echo example", NULL};

/* Received and not yet sent back; read and written count up for ever. */
enum { QUEUE = 256 };
static uint8_t queue[QUEUE];
static uint32_t written, read;
static unsigned under_way; /* packets given to the peripheral and not yet fetched */
static bool held_back;

static void send_back(void)
{
    uint8_t packet[PACKET];

    while (under_way < BUFFERS && read != written) {
        uint16_t length = 0;
        while (length < PACKET && read != written)
            packet[length++] = queue[read++ % QUEUE];
        under_way++;
        usb_send(DATA_IN, packet, length);
    }
}

static void let_in(void)
{
    if (held_back && QUEUE - (written - read) >= PACKET) {
        held_back = false;
        usb_receive(DATA_OUT);
    }
}

static void received(uint8_t endpoint, const uint8_t *data, uint16_t length)
{
    (void)endpoint;
    for (unsigned i = 0; i < length; i++)
        queue[written++ % QUEUE] = data[i];
    held_back = true;
    send_back();
    let_in();
}

static void sent(uint8_t endpoint)
{
    (void)endpoint;
    under_way--;
    send_back();
    let_in();
}

static void configured(bool is)
{
    written = read = under_way = 0;
    held_back = false;
    led_set(is);
}

static const struct usb_application application = {
    .device = device,
    .configuration = configuration,
    .strings = strings,
    .string_count = sizeof strings / sizeof strings[0],
    .configured = configured,
    .received = received,
    .sent = sent,
};

void main(void)
{
    led_start();
    clock_start();
    usb_start(&application);
    for (;;)
        __asm__ volatile("wfi");
}
