/* Between the host's parts: usb_host.c knows port, frames and queue; usb_host_wire.c the transactions within
 * a frame; usb_transfer.c what a transfer is made of. */
#pragma once

#include "host.h"

enum usb_token { USB_TOKEN_SETUP, USB_TOKEN_OUT, USB_TOKEN_IN };

struct usb_next {
    enum usb_token token;
    uint8_t endpoint; /* 0 to 15 */
    uint8_t toggle;
    const uint8_t *data; /* OUT, SETUP */
    unsigned length;     /* of data; for IN the most that fits the packet size */
};

enum { USB_DIRECTION_IN = 0x80, USB_LARGEST_CONTROL_PACKET = 64 };

static inline bool usb_is_periodic(const struct usb_transfer *transfer)
{
    return transfer->type == USB_INTERRUPT || transfer->type == USB_ISOCHRONOUS;
}

#define USB_FRAME TICKS_PER_MILLISECOND

static inline ticks usb_later(ticks a, ticks b)
{
    return a > b ? a : b;
}

static inline ticks usb_earlier(ticks a, ticks b)
{
    return a < b ? a : b;
}

/* usb_host.c */
void usb_host_finish(struct usb_host *host, struct usb_transfer *transfer, enum usb_host_status status);
ticks *usb_host_periodic_due(struct usb_host *host, const struct usb_transfer *transfer);

/* usb_host_wire.c */
/* Between packets of a transaction, and between transactions. */
ticks usb_gap_time(void);
/* Puts the next transaction on the wire, or returns when it is worth looking again. */
ticks usb_wire_start(struct usb_host *host, ticks now);
/* wire.at is reached. */
void usb_wire_event(struct usb_host *host, ticks now);

/* usb_record.c */
void usb_record_frame(const struct usb_host *host, ticks start);
void usb_record_transaction(const struct usb_host *host, const struct usb_transfer *transfer,
                            const struct usb_next *next, enum usb_answer answer, const uint8_t *data,
                            unsigned length);
void usb_record_line(const struct usb_host *host);

/* usb_transfer.c */
/* The transaction a transfer needs next. */
struct usb_next usb_transfer_next(const struct usb_host *host, const struct usb_transfer *transfer);
void usb_transfer_begin(const struct usb_host *host, struct usb_transfer *transfer);
/* Whether the host may acknowledge a data packet of this length: not when it babbles. */
bool usb_transfer_accepts(const struct usb_transfer *transfer, unsigned length);
/* Takes in what the device answered. USB_PENDING: goes on. */
enum usb_host_status usb_transfer_answer(struct usb_host *host, struct usb_transfer *transfer,
                                         enum usb_answer answer, const uint8_t *data, unsigned length);
/* USB 2.0 5.5.3. */
bool usb_is_control_packet(unsigned size);
/* What a completed control transfer means to the host itself. */
void usb_transfer_observe(struct usb_host *host, const struct usb_transfer *transfer);
