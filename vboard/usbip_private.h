/* Shared by usbip.c (connections, and which boards there are) and usbip_requests.c (what the kernel asks of
 * a board). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "usb_enumerator.h"
#include "usbip.h"

enum { USBIP_INTERFACES = 32, USBIP_HEADER = 48, USBIP_MAX_TRANSFER = 1 << 20, USBIP_CLIENTS = 96 };

/* Bytes that come or go. */
struct usbip_buffer {
    uint8_t *bytes;
    size_t used, room;
};

struct usbip_client {
    int socket; /* -1: this one is free */
    struct usbip_buffer in, out;
    struct usbip_export *board; /* NULL: has not chosen yet */
    bool leaving;               /* closed once all is sent */
};

struct usbip_request {
    struct usbip_request *next;
    struct usbip_export *board;
    uint32_t sequence;
    uint32_t length; /* of the kernel's buffer */
    bool in, on_bus;
    bool short_is_error, ends_with_empty_packet;
    struct usb_transfer transfer;
    uint8_t data[];
};

/* A board as it is offered. */
struct usbip_export {
    struct board *board;
    struct usb_host *host;
    struct usbip_client *client; /* NULL: nobody has it */
    bool ready;                  /* has an address and is known */
    bool touched;                /* was asked for something since its last reset */
    struct usb_enumerator enumerator;
    struct usb_identity identity;
    uint8_t alternate[USBIP_INTERFACES];
    struct usbip_request *first; /* in the order they came */
};

struct usbip {
    int listener;
    struct usbip_client client[USBIP_CLIENTS];
    unsigned count;
    struct usbip_export board[];
};

/* usbip.c */
void usbip_send(struct usbip_client *client, const void *bytes, size_t length);
/* Resets the bus, as the kernel did to its own idea of it, and asks the device anew who it is. */
void usbip_restart(struct usbip_export *board);

/* usbip_requests.c */
/* Deals with the first message of client->in; false: it is not complete. One that makes no sense ends the
 * connection. */
bool usbip_message(struct usbip_client *client);
/* Puts on the bus what waits and can go. */
void usbip_submit(struct usbip_export *board);
/* Forgets all requests without an answer. */
void usbip_drop(struct usbip_export *board);

static inline uint32_t usbip_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void usbip_put_u32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}
