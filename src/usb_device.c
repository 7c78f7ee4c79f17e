/* USB 2.0 chapter 9 on the control endpoint. */
#include "usb_device.h"

#include "descriptors.h" // descriptor_reply
#include "dfu.h"         // dfu_request, dfu_data
#include "port.h"        // port_usb_*

/* bRequest, USB 2.0 table 9-4. */
enum {
    GET_STATUS,
    CLEAR_FEATURE,
    SET_FEATURE = 3,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR,
    SET_DESCRIPTOR,
    GET_CONFIGURATION,
    SET_CONFIGURATION,
    GET_INTERFACE,
    SET_INTERFACE,
};
enum { ENDPOINT_HALT = 0 };

/* Stages of a control transfer. */
enum { QUIET, SENDING, RECEIVING, WAITING };

static struct {
    struct usb_request request;
    uint32_t received; /* bytes of the data stage */
    uint32_t stage;
    uint8_t configuration;
    uint8_t alternate;
    uint8_t status[2]; /* always 0: of the device (bus-powered, no wake-up), its interface, its endpoint */
} usb;

/* A full packet is always followed by another, if only an empty one; a host that has enough does not ask. */
static void send(void)
{
    uint32_t length = usb.request.left < PORT_USB_PACKET ? usb.request.left : PORT_USB_PACKET;

    usb.stage = length == PORT_USB_PACKET ? SENDING : QUIET;
    port_usb_send(usb.request.data, length);
    usb.request.data += length;
    usb.request.left -= length;
}

static enum usb_answer interface_request(struct usb_request *request)
{
    if (request->setup.wIndex != 0 || !usb.configuration)
        return USB_STALL;
    switch (USB_REQUEST(request->setup.bmRequestType, request->setup.bRequest)) {
    case USB_REQUEST(0x81, GET_STATUS): return usb_reply(request, usb.status, sizeof usb.status);
    case USB_REQUEST(0x81, GET_INTERFACE): return usb_reply(request, &usb.alternate, 1);
    case USB_REQUEST(0x01, SET_INTERFACE):
        if (request->setup.wValue > USB_DFU_ALTN)
            return USB_STALL;
        usb.alternate = request->setup.wValue;
        return usb_accept(request);
    }
    if ((request->setup.bmRequestType & 0x60) != 0x20)
        return USB_STALL;
    return dfu_request(request, USB_DFU_ALTN == 0 || usb.alternate == USB_DFU_ALTN);
}

static enum usb_answer handle(struct usb_request *request)
{
    /* no standard request that is supported brings data */
    if (!(request->setup.bmRequestType & 0xE0) && request->setup.wLength)
        return USB_STALL;
    if (HAVE_DS20 &&
        USB_REQUEST(request->setup.bmRequestType, request->setup.bRequest) == USB_REQUEST(0xC0, DS20_REQUEST))
        return descriptor_reply_ds20(request);
    switch (USB_REQUEST(request->setup.bmRequestType, request->setup.bRequest)) {
    case USB_REQUEST(0x80, GET_DESCRIPTOR): return descriptor_reply(request);
    case USB_REQUEST(0xC0, VENDOR_REQUEST): return descriptor_reply_vendor(request);
    case USB_REQUEST(0x00, SET_ADDRESS): return usb_accept(request); /* takes effect after the status stage */
    case USB_REQUEST(0x80, GET_STATUS): return usb_reply(request, usb.status, sizeof usb.status);
    case USB_REQUEST(0x82, GET_STATUS):
        return request->setup.wIndex & 0x7F ? USB_STALL : usb_reply(request, usb.status, sizeof usb.status);
    case USB_REQUEST(0x02, CLEAR_FEATURE):
        return request->setup.wValue != ENDPOINT_HALT || request->setup.wIndex & 0x7F ? USB_STALL
                                                                                      : usb_accept(request);
    case USB_REQUEST(0x80, GET_CONFIGURATION): return usb_reply(request, &usb.configuration, 1);
    case USB_REQUEST(0x00, SET_CONFIGURATION):
        if (request->setup.wValue > 1)
            return USB_STALL;
        usb.configuration = request->setup.wValue;
        usb.alternate = 0;
        return usb_accept(request);
    }
    return (request->setup.bmRequestType & 0x1F) == 1 ? interface_request(request) : USB_STALL;
}

static void answer_request(void)
{
    enum usb_answer answer = handle(&usb.request);

    if (answer == USB_LATER) {
        usb.stage = WAITING;
    } else if (answer == USB_STALL) {
        usb.stage = QUIET;
        port_usb_stall();
    } else if (answer == USB_RECEIVE) {
        usb.stage = RECEIVING;
        usb.received = 0;
        port_usb_receive();
    } else {
        send();
    }
}

static void take_packet(void)
{
    uint8_t packet[PORT_USB_PACKET];
    uint32_t length = port_usb_read(packet, sizeof packet);
    uint32_t missing = usb.request.setup.wLength - usb.received;

    if (usb.stage != RECEIVING)
        return; /* the status stage of what was sent */
    if (length != (missing < PORT_USB_PACKET ? missing : PORT_USB_PACKET)) {
        usb.stage = QUIET;
        port_usb_stall();
        return;
    }
    dfu_data(usb.received, packet, length);
    usb.received += length;
    if (length == missing) {
        dfu_block(usb.received);
        usb_accept(&usb.request);
        send();
    } else {
        port_usb_receive();
    }
}

void usb_device_poll(void)
{
    switch (port_usb_event()) {
    case PORT_USB_RESET:
        usb.stage = QUIET;
        usb.configuration = 0;
        dfu_bus_reset();
        break;
    case PORT_USB_SETUP:
        port_usb_read(&usb.request.setup, sizeof usb.request.setup);
        answer_request();
        break;
    case PORT_USB_OUT: take_packet(); break;
    case PORT_USB_SENT:
        if (usb.stage == SENDING)
            send();
        else if (USB_REQUEST(usb.request.setup.bmRequestType, usb.request.setup.bRequest) ==
                 USB_REQUEST(0x00, SET_ADDRESS))
            port_usb_set_address(usb.request.setup.wValue & 0x7F);
        break;
    default: break; /* PORT_USB_NOTHING */
    }
}

void usb_device_tick(void)
{
    if (usb.stage == WAITING)
        answer_request();
}
