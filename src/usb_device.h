/* USB 2.0 chapter 9 on the control endpoint, the only one there is. */
#pragma once

#include "config.h"

/* USB 2.0, 9.3. */
struct usb_setup {
    uint8_t bmRequestType, bRequest;
    uint16_t wValue, wIndex, wLength;
};
_Static_assert(sizeof(struct usb_setup) == 8, "as on the wire");

/* bmRequestType and bRequest in one, for switches. */
#define USB_REQUEST(type, request) ((type) | (request) << 8)

/* What becomes of a request. */
enum usb_answer {
    USB_STALL,   /* not supported, or not now */
    USB_REPLY,   /* usb_reply() said what is sent */
    USB_RECEIVE, /* its wLength bytes go to dfu_data() */
    USB_LATER,   /* not decided yet: the host sees NAKs, the request is asked again at the next tick */
};

/* Sends `length` bytes, or wLength if less, in the data stage. They must stay until the next request. */
enum usb_answer usb_reply(const void *data, uint32_t length);
/* Nothing to send: only the status stage. */
enum usb_answer usb_accept(void);

/* Does what has happened on the bus since the last call. */
void usb_device_poll(void);
/* Call once per millisecond: asks again what was answered with USB_LATER. */
void usb_device_tick(void);
