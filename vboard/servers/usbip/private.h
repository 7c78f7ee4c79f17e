/* Shared by usbip.c (connections, and when a board comes and goes), usbip_operations.c (who
 * gets which board), usbip_requests.c (what the kernel asks of a board) and usbip_isochronous.c
 * (its requests of many packets). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "servers/queue.h"
#include "servers/think_time.h"
#include "usb/enumerator.h"
#include "usbip.h"

enum { USBIP_HEADER = 48, USBIP_MAX_TRANSFER = 1 << 20, USBIP_CLIENTS = 96 };

/* Commands and answers, and where things are in them. */
enum { USBIP_SUBMIT = 1, USBIP_UNLINK = 2, USBIP_SUBMITTED = 3, USBIP_UNLINKED = 4 };
enum {
    USBIP_COMMAND = 0,
    USBIP_SEQUENCE = 4,
    USBIP_DIRECTION = 12,
    USBIP_ENDPOINT = 16,
    USBIP_FLAGS = 20,
    USBIP_UNLINK_SEQUENCE = 20,
    USBIP_STATUS = 20, /* of an answer */
    USBIP_LENGTH = 24,
    USBIP_ACTUAL = 24, /* of an answer */
    USBIP_START_FRAME = 28,
    USBIP_PACKETS = 32,
    USBIP_ERRORS = 36, /* of an answer */
    USBIP_SETUP = 40
};

/* Errors as Linux numbers them on every machine that speaks USB/IP. */
enum { USBIP_INVALID = 22, USBIP_RESET = 104 };

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

/* One of an isochronous request, as the protocol describes it. */
struct usbip_packet {
    uint32_t offset, length, actual, status;
};

struct usbip_request {
    struct queued queued;
    struct usbip_export *board;
    uint32_t sequence;
    uint32_t length; /* of the kernel's buffer */
    bool in;
    bool short_is_error, ends_with_empty_packet;
    struct usbip_packet *packet; /* NULL: not isochronous */
    uint32_t packets, packet_now, failed_packets, first_frame;
    uint8_t data[];
};

/* A board as it is offered. */
struct usbip_export {
    struct board *board;
    struct usb_host *host;
    struct usbip_client *client; /* NULL: nobody has it */
    bool ready;                  /* has an address and is known */
    bool touched;                /* was asked for something since its last reset */
    bool settled;                /* its client has configured it */
    ticks given;                 /* to its client */
    struct usb_enumerator enumerator;
    struct usb_identity identity;
    uint8_t alternate[USB_INTERFACES];
    struct queue queue;
    size_t outstanding;      /* bytes of memory that the requests in it take */
    struct think_time think; /* of the kernel */
};

struct usbip {
    int listener;
    int64_t clock_us; /* of the PC, at this poll */
    struct usbip_client client[USBIP_CLIENTS];
    unsigned count;
    struct usbip_export board[];
};

static inline size_t usbip_cost(const struct usbip_request *request)
{
    return sizeof *request + request->length + request->packets * sizeof *request->packet;
}

/* usbip.c */
void usbip_send(struct usbip_client *client, const void *bytes, size_t length);
/* From the front of a buffer. */
void usbip_take_off(struct usbip_buffer *buffer, size_t length);
/* Resets the bus, as the kernel did to its own idea of it, and asks the device anew who it is. */
void usbip_restart(struct usbip_export *board);

/* usbip_operations.c */
/* Deals with the first message of a connection, a list or an import; false: it is not
 * complete, or cannot be answered yet. */
bool usbip_operation(struct usbip *usbip, struct usbip_client *client);

/* usbip_messages.c */
/* Deals with the first message of client->in; false: it is not complete. One that makes
 * no sense ends the connection. */
bool usbip_message(const struct usbip *usbip, struct usbip_client *client);

/* usbip_requests.c */
/* How a transfer ended, as an error of Linux. */
uint32_t usbip_status(const struct usb_transfer *transfer);
/* An answer without data. */
void usbip_answer(struct usbip_client *client, uint32_t command, uint32_t sequence, uint32_t status,
                  uint32_t actual);
/* Every request's transfer ends here. */
void usbip_done(struct usb_transfer *transfer);
/* Off the bus and forgotten, and nobody hears of it. */
void usbip_cancel(struct usbip_request *request);
/* Puts on the bus what waits and can go. */
void usbip_submit(struct usbip_export *board);
/* Forgets all requests without an answer. */
void usbip_drop(struct usbip_export *board);

/* usbip_isochronous.c */
enum { USBIP_PACKET = 16, USBIP_MAX_PACKETS = 1024 };

/* Takes in the packets of a request whose endpoint and length are known, and aims its transfer at the first.
 * false: they make no sense. */
bool usbip_isochronous_begin(struct usbip_request *request, const uint8_t *descriptors, uint32_t packets);
/* The transfer ended. true: the next packet is on the bus. */
bool usbip_isochronous_goes_on(struct usbip_request *request);
void usbip_isochronous_answer(const struct usbip_request *request);

static inline uint32_t usbip_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void usbip_put_u32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}
