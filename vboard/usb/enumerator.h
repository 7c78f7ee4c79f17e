/* Finds out what is on the bus the way an operating system does, without anyone waiting for it: reset, device
 * descriptor, address, configuration descriptor. Does not configure the device. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

enum { USB_DEVICE_DESCRIPTOR = 18, USB_MAX_CONFIGURATION = 4096 };

struct usb_identity {
    uint8_t device[USB_DEVICE_DESCRIPTOR];
    uint8_t configuration[USB_MAX_CONFIGURATION]; /* with everything below it */
    uint32_t configuration_length;
};

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

/* The endpoint descriptor in use, NULL if there is none. alternate: the setting chosen for each interface. */
const uint8_t *usb_identity_endpoint(const struct usb_identity *identity, const uint8_t alternate[32],
                                     uint8_t endpoint);
/*
 * Goes through the descriptors that are in use. Start with NULL; *interface is the interface they belong to.
 */
const uint8_t *usb_identity_next(const struct usb_identity *identity, const uint8_t alternate[32],
                                 const uint8_t *descriptor, uint8_t *interface);
