/* Shared by usbredir.c (the connection and the plug), usbredir_messages.c (what the guest asks for),
 * usbredir_requests.c (what becomes of it) and usbredir_answers.c (what it gets). */
#pragma once

#include <usbredirparser.h>

#include "servers/queue.h"
#include "servers/think_time.h"
#include "usb/enumerator.h"
#include "usbredir.h"

/* What is in the socket at the virtual end. */
enum usbredir_device { DEVICE_NONE, DEVICE_ENUMERATING, DEVICE_READY };

enum request_kind {
    REQUEST_CONTROL,
    REQUEST_BULK,
    REQUEST_INTERRUPT_OUT,
    REQUEST_ISOCHRONOUS_OUT,
    REQUEST_STREAM, /* interrupt or isochronous IN: goes on by itself until stopped */
    REQUEST_SET_CONFIGURATION,
    REQUEST_GET_CONFIGURATION,
    REQUEST_SET_ALTERNATE,
    REQUEST_GET_ALTERNATE
};

struct request {
    struct queued queued;
    struct usbredir *redirection;
    enum request_kind kind;
    uint64_t id;
    union {
        struct usb_redir_control_packet_header control;
        struct usb_redir_bulk_packet_header bulk;
        struct usb_redir_interrupt_packet_header interrupt;
    } header;
    uint8_t data[];
};

struct usbredir {
    struct board *board;
    struct usb_host *host;
    int listener, client; /* client: -1 without one */
    struct usbredirparser *parser;
    bool greeted; /* the client said hello */

    enum usbredir_device device;
    struct usb_enumerator enumerator;
    struct usb_identity identity; /* as told to the guest */
    uint8_t alternate[USB_INTERFACES];
    bool announced;          /* the guest knows of the device */
    bool leaving;            /* the device that the guest knows is gone, the guest not told yet */
    bool awaiting_ack;       /* of a disconnect */
    bool touched;            /* the guest asked something since the last bus reset */
    int64_t clock_us;        /* of the PC, when it was polled last */
    int64_t calm_us;         /* by that clock; before it no plug is moved */
    struct think_time think; /* of the guest */
    struct queue queue;
};

/* usbredir.c */
/* The guest resets the bus. */
void usbredir_reset(struct usbredir *redirection);

/* usbredir_messages.c */
void usbredir_set_callbacks(struct usbredirparser *parser);

/* usbredir_requests.c */
/* length: room for its data. */
struct request *usbredir_new_request(struct usbredir *redirection, enum request_kind kind, uint64_t id,
                                     enum usb_transfer_type type, uint32_t length);
/* Lets it go when its time has come. Requests to a device that is gone are not answered: the disconnect
 * answers them all. */
void usbredir_enqueue(struct request *request);
/* Its transfer has ended, or never began. */
void usbredir_release(struct request *request);
/* Without an answer. */
void usbredir_forget(struct request *request);
/* Puts on the bus what waits and can go. */
void usbredir_submit(struct usbredir *redirection);
/* Forgets all requests without an answer. */
void usbredir_drop(struct usbredir *redirection);

/* usbredir_answers.c */
/* What the descriptors in use say of interfaces and endpoints. */
void usbredir_tell_endpoints(struct usbredir *redirection);
uint8_t usbredir_status(enum usb_host_status status);
/* Tells the guest how its request ended; nothing for streams and isochronous packets. */
void usbredir_answer(struct request *request);
void usbredir_tell_stream(struct request *request, uint8_t status);
