/* Shared by usbredir.c (the connection and the plug) and usbredir_requests.c (what the guest asks for). */
#pragma once

#include <usbredirparser.h>

#include "usb_enumerator.h"
#include "usbredir.h"

enum { USBREDIR_INTERFACES = 32 };

/* What is in the socket at the virtual end. */
enum usbredir_device { DEVICE_NONE, DEVICE_ENUMERATING, DEVICE_READY };

struct request;

struct usbredir {
    struct board *board;
    struct usb_host *host;
    int listener, client; /* client: -1 without one */
    struct usbredirparser *parser;
    bool greeted; /* the client said hello */

    enum usbredir_device device;
    struct usb_enumerator enumerator;
    struct usb_identity identity; /* as told to the guest */
    uint8_t alternate[USBREDIR_INTERFACES];
    bool announced;        /* the guest knows of the device */
    bool leaving;          /* the device that the guest knows is gone, the guest not told yet */
    bool awaiting_ack;     /* of a disconnect */
    bool touched;          /* the guest asked something since the last bus reset */
    uint64_t calm_ms;      /* real time before which no plug is moved */
    struct request *first; /* in the order they came */
};

/* usbredir.c */
void usbredir_tell_endpoints(struct usbredir *redirection);
/* The guest resets the bus. */
void usbredir_reset(struct usbredir *redirection);

/* usbredir_requests.c */
void usbredir_set_callbacks(struct usbredirparser *parser);
/* Puts on the bus what waits and can go. */
void usbredir_submit(struct usbredir *redirection);
/* Forgets all requests without an answer. */
void usbredir_drop(struct usbredir *redirection);
