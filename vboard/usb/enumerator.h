/* Finds out what is on the bus the way an operating system does, without anyone waiting for it: reset, device
 * descriptor, address, configuration descriptor. Does not configure the device. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "identity.h"

struct usb_enumerator {
    struct usb_host *host;
    void *context;
    void (*done)(void *context, bool found); /* identity is complete, or the device gave none */
    struct usb_identity identity;
    struct usb_transfer transfer;
    unsigned step, attempts;
};

/* The port must be attached. An enumeration that is going on begins again. */
void usb_enumerator_start(struct usb_enumerator *enumerator);
/* Gives up without a word. */
void usb_enumerator_stop(struct usb_enumerator *enumerator);
/* The caller hears of port changes and passes them on. */
void usb_enumerator_port(struct usb_enumerator *enumerator, enum usb_port_state state);
