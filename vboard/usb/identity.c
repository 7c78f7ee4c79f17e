/* See identity.h. Descriptors: USB 2.0 9.6. */
#include "identity.h"

#include <stddef.h>
#include <string.h>

enum { DESCRIPTOR_INTERFACE = 4, DESCRIPTOR_ENDPOINT = 5 };

const uint8_t *usb_identity_next(const struct usb_identity *identity, const uint8_t alternate[USB_INTERFACES],
                                 const uint8_t *descriptor, uint8_t *interface)
{
    enum { INTERFACE_BYTES = 9, ENDPOINT_BYTES = 7 };
    const uint8_t *at = descriptor ? descriptor : identity->configuration;
    const uint8_t *end = identity->configuration + identity->configuration_length;
    bool chosen = descriptor != NULL;
    while (end - at >= 2 && at[0] >= 2 && end - at >= at[0] && end - at - at[0] >= 2) {
        at += at[0];
        if (at[0] > end - at)
            break;
        if (at[1] == DESCRIPTOR_INTERFACE) {
            chosen = at[0] >= INTERFACE_BYTES && at[2] < USB_INTERFACES && alternate[at[2]] == at[3];
            *interface = at[2];
        }
        if (chosen &&
            (at[1] == DESCRIPTOR_INTERFACE || (at[1] == DESCRIPTOR_ENDPOINT && at[0] >= ENDPOINT_BYTES)))
            return at;
    }
    return NULL;
}

const uint8_t *usb_identity_endpoint(const struct usb_identity *identity,
                                     const uint8_t alternate[USB_INTERFACES], uint8_t endpoint)
{
    uint8_t interface;
    const uint8_t *at = NULL;
    while ((at = usb_identity_next(identity, alternate, at, &interface)))
        if (at[1] == DESCRIPTOR_ENDPOINT && at[2] == endpoint)
            return at;
    return NULL;
}

bool usb_identity_aim(const struct usb_identity *identity, const uint8_t alternate[USB_INTERFACES],
                      uint8_t endpoint, struct usb_transfer *transfer)
{
    enum { ATTRIBUTES = 3, SIZE = 4, INTERVAL = 6, SIZE_BITS = 0x7FF, TYPE = 3 };
    static const enum usb_transfer_type types[] = {USB_CONTROL, USB_ISOCHRONOUS, USB_BULK, USB_INTERRUPT};
    const uint8_t *descriptor = usb_identity_endpoint(identity, alternate, endpoint);
    if (!descriptor)
        return false;
    transfer->endpoint = endpoint;
    transfer->type = types[descriptor[ATTRIBUTES] & TYPE];
    transfer->max_packet = (uint16_t)((descriptor[SIZE] | descriptor[SIZE + 1] << 8) & SIZE_BITS);
    transfer->interval = descriptor[INTERVAL];
    return transfer->type != USB_CONTROL && transfer->max_packet > 0 &&
           transfer->max_packet <= USB_MAX_PACKET;
}

void usb_identity_choose(const struct usb_identity *identity, uint8_t alternate[USB_INTERFACES],
                         struct usb_host *host, unsigned interface, uint8_t setting)
{
    enum { IN = 0x80, NUMBER = 15 };
    uint8_t owner = 0;
    const uint8_t *at = NULL;
    if (interface >= USB_INTERFACES)
        return;
    alternate[interface] = setting;
    while ((at = usb_identity_next(identity, alternate, at, &owner)))
        if (at[1] == DESCRIPTOR_ENDPOINT && owner == interface)
            (at[2] & IN ? host->toggle_in : host->toggle_out)[at[2] & NUMBER] = 0;
}

bool usb_is_set_configuration(const uint8_t setup[8])
{
    enum { TO_DEVICE = 0, SET_CONFIGURATION = 9 };
    return setup[0] == TO_DEVICE && setup[1] == SET_CONFIGURATION;
}

void usb_identity_observe(const struct usb_identity *identity, uint8_t alternate[USB_INTERFACES],
                          struct usb_host *host, const uint8_t setup[8])
{
    enum { TO_INTERFACE = 1, SET_INTERFACE = 11 };
    if (usb_is_set_configuration(setup))
        memset(alternate, 0, USB_INTERFACES);
    else if (setup[0] == TO_INTERFACE && setup[1] == SET_INTERFACE)
        usb_identity_choose(identity, alternate, host, setup[4] | (unsigned)setup[5] << 8, setup[2]);
}
