/*
 * Requests of a real host that wait for the bus: each no earlier than it is due, one at a time for each
 * endpoint, in the order in which they came.
 */
#pragma once

#include "base/ticks.h"
#include "usb/host.h"

/* The first member of a request. */
struct queued {
    struct queued *next;
    struct usb_transfer transfer;
    ticks due; /* not on the bus before */
    bool on_bus;
};

struct queue {
    struct queued *first;
};

void queue_add(struct queue *queue, struct queued *request);
/* Takes out one that is in. */
void queue_remove(struct queue *queue, struct queued *request);
/* Puts on the bus what is due and can go. */
void queue_submit(struct queue *queue, struct usb_host *host, ticks now);
/* Off the bus, and nobody hears of it. */
void queue_silence(struct usb_host *host, struct queued *request);
/* Silences and takes out the first one; NULL: there is none. */
struct queued *queue_take(struct queue *queue, struct usb_host *host);
