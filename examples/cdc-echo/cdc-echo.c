/*
 * A serial port over USB (CDC ACM) that sends back whatever it receives. Linux and macOS know it without a
 * driver, as Windows 10 does. The LED is on while a program has the port open (DTR); the port tells that back
 * as DSR and DCD, like a null-modem cable, through its interrupt endpoint.
 */
#include <stddef.h>

#include "clock.h"
#include "descriptors.h"
#include "led.h"
#include "startup.h"
#include "usb.h"

/* Class definitions for communication devices 1.2, PSTN subclass 1.2 */
enum { CLASS_CDC = 2, SUBCLASS_ACM = 2, CLASS_CDC_DATA = 10 };
enum { CS_INTERFACE = 0x24, HEADER = 0, CALL_MANAGEMENT, ACM, UNION = 6 };
enum { SET_LINE_CODING = 0x20, GET_LINE_CODING, SET_CONTROL_LINE_STATE, SERIAL_STATE = 0x20 };
enum { CAN_LINE_CODING_AND_SERIAL_STATE = 1 << 1, CDC_FUNCTIONAL_BYTES = 5 + 5 + 4 + 5 };
enum { TO_INTERFACE = 0x21, FROM_INTERFACE = 0xA1, DTR = 1 << 0, DCD = 1 << 0, DSR = 1 << 1 };

enum { CONTROL_INTERFACE, DATA_INTERFACE };
enum { DATA_OUT = 1, DATA_IN = USB_IN | 1, NOTIFICATION_IN = USB_IN | 2 };
enum { PACKET = 64, NOTIFICATION_BYTES = 10, NOTIFICATION_MS = 16 };

enum {
    LENGTH = USB_CONFIGURATION_BYTES + 2 * USB_INTERFACE_BYTES + CDC_FUNCTIONAL_BYTES + 3 * USB_ENDPOINT_BYTES
};

static const uint8_t device[] = {USB_DEVICE_DESCRIPTOR(CLASS_CDC, 0x0100)};
/* clang-format off */
static const uint8_t configuration[] = {
    USB_CONFIGURATION_DESCRIPTOR(LENGTH, 2),
    USB_INTERFACE_BYTES, USB_INTERFACE, CONTROL_INTERFACE, 0, 1, CLASS_CDC, SUBCLASS_ACM, 0, 0,
    5, CS_INTERFACE, HEADER, U16(0x0110),
    5, CS_INTERFACE, CALL_MANAGEMENT, 0, DATA_INTERFACE,
    4, CS_INTERFACE, ACM, CAN_LINE_CODING_AND_SERIAL_STATE,
    5, CS_INTERFACE, UNION, CONTROL_INTERFACE, DATA_INTERFACE,
    USB_ENDPOINT_BYTES, USB_ENDPOINT, NOTIFICATION_IN, USB_INTERRUPT, U16(NOTIFICATION_BYTES), NOTIFICATION_MS,
    USB_INTERFACE_BYTES, USB_INTERFACE, DATA_INTERFACE, 0, 2, CLASS_CDC_DATA, 0, 0, 0,
    USB_ENDPOINT_BYTES, USB_ENDPOINT, DATA_OUT, USB_BULK, U16(PACKET), 0,
    USB_ENDPOINT_BYTES, USB_ENDPOINT, DATA_IN, USB_BULK, U16(PACKET), 0,
};
/* clang-format on */
_Static_assert(sizeof configuration == LENGTH, "wTotalLength");

static const char *const strings[] = {"dapboot", "CDC echo example", NULL};

/* Received and not yet sent back; read and written count up for ever. */
enum { QUEUE = 256 };
static uint8_t queue[QUEUE];
static uint32_t written, read;
static bool sending, held_back; /* a packet is on its way in; none is let in */
static bool end_unsaid;         /* a full packet went last: a transfer ends with a shorter one */

static bool is_open, untold, notifying; /* DTR; the host does not know yet; it is being told */

static uint8_t line_coding[7] = {U16(9600), 0, 0, 0, 0, 8}; /* 9600 baud, 8N1; kept, without effect */

static void send_back(void)
{
    uint8_t packet[PACKET];
    uint16_t length = 0;

    if (sending)
        return;
    while (length < PACKET && read != written)
        packet[length++] = queue[read++ % QUEUE];
    if (length || end_unsaid) {
        usb_send(DATA_IN, packet, length);
        sending = true;
        end_unsaid = length == PACKET;
    }
}

/* Whenever a whole packet would find room. */
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

/* Only when the host has fetched the one before: its packet must not change under way. */
static void notify(void)
{
    const uint8_t notification[NOTIFICATION_BYTES] = {
        FROM_INTERFACE, SERIAL_STATE, U16(0), U16(CONTROL_INTERFACE), U16(2), U16(is_open ? DCD | DSR : 0),
    };

    if (notifying || !untold)
        return;
    untold = false;
    notifying = true;
    usb_send(NOTIFICATION_IN, notification, sizeof notification);
}

static void sent(uint8_t endpoint)
{
    if (endpoint == DATA_IN) {
        sending = false;
        send_back();
        let_in();
    } else {
        notifying = false;
        notify();
    }
}

static void configured(bool is)
{
    (void)is;
    written = read = 0;
    sending = held_back = end_unsaid = false;
    is_open = untold = notifying = false;
    led_set(false);
}

static bool request(struct usb_control *control)
{
    const struct usb_setup *setup = &control->setup;

    if (setup->wIndex != CONTROL_INTERFACE)
        return false;
    if (setup->bmRequestType == TO_INTERFACE && setup->bRequest == SET_LINE_CODING) {
        control->room = line_coding;
        control->length = sizeof line_coding;
        return setup->wLength == sizeof line_coding;
    }
    if (setup->bmRequestType == FROM_INTERFACE && setup->bRequest == GET_LINE_CODING) {
        control->answer = line_coding;
        control->length = sizeof line_coding;
        return true;
    }
    return setup->bmRequestType == TO_INTERFACE && setup->bRequest == SET_CONTROL_LINE_STATE;
}

static void completed(const struct usb_control *control)
{
    if (control->setup.bRequest == SET_CONTROL_LINE_STATE) {
        is_open = control->setup.wValue & DTR;
        untold = true;
        led_set(is_open);
        notify();
    }
}

static const struct usb_application application = {
    .device = device,
    .configuration = configuration,
    .strings = strings,
    .string_count = sizeof strings / sizeof strings[0],
    .request = request,
    .completed = completed,
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
