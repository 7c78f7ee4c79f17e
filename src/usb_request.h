/* A control request and what is answered. Knows neither the bus nor who answers. */
#pragma once

#include "config.h"

/* USB 2.0, 9.3. */
struct usb_setup {
    uint8_t bmRequestType, bRequest;
    uint16_t wValue, wIndex, wLength;
};
_Static_assert(sizeof(struct usb_setup) == 8, "as on the wire");

/* A request, and the answer of whoever it is for. */
struct usb_request {
    struct usb_setup setup;
    const uint8_t *data; /* what is still to be sent */
    uint32_t left;       /* bytes of it */
};

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
enum usb_answer usb_reply(struct usb_request *request, const void *data, uint32_t length);
/* Nothing to send: only the status stage. */
enum usb_answer usb_accept(struct usb_request *request);
