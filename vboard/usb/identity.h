/* What a device says of itself in its descriptors, and what follows from it for the host's transfers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

enum { USB_DEVICE_DESCRIPTOR = 18, USB_MAX_CONFIGURATION = 4096, USB_INTERFACES = 32 };

struct usb_identity {
    uint8_t device[USB_DEVICE_DESCRIPTOR];
    uint8_t configuration[USB_MAX_CONFIGURATION]; /* with everything below it */
    uint32_t configuration_length;
};

/* The endpoint descriptor in use, NULL if there is none. alternate: the setting chosen for each interface. */
const uint8_t *usb_identity_endpoint(const struct usb_identity *identity,
                                     const uint8_t alternate[USB_INTERFACES], uint8_t endpoint);
/*
 * Goes through the descriptors that are in use. Start with NULL; *interface is the interface they belong to.
 */
const uint8_t *usb_identity_next(const struct usb_identity *identity, const uint8_t alternate[USB_INTERFACES],
                                 const uint8_t *descriptor, uint8_t *interface);
/* Fills in endpoint, type, max_packet and interval from the endpoint's descriptor. false: the device has no
 * such endpoint in the settings chosen, or one that no transfer can use. */
bool usb_identity_aim(const struct usb_identity *identity, const uint8_t alternate[USB_INTERFACES],
                      uint8_t endpoint, struct usb_transfer *transfer);
/* A SET_INTERFACE succeeded: notes the setting, and the interface's endpoints begin with DATA0 again
 * (USB 2.0 9.1.1.5). Interfaces from USB_INTERFACES on are ignored. */
void usb_identity_choose(const struct usb_identity *identity, uint8_t alternate[USB_INTERFACES],
                         struct usb_host *host, unsigned interface, uint8_t setting);
/* What a control transfer that succeeded means for the settings: SET_CONFIGURATION and SET_INTERFACE. */
void usb_identity_observe(const struct usb_identity *identity, uint8_t alternate[USB_INTERFACES],
                          struct usb_host *host, const uint8_t setup[8]);
/* SET_CONFIGURATION (USB 2.0 9.4.7) */
bool usb_is_set_configuration(const uint8_t setup[8]);
