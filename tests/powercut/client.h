/*
 * A DFU client that is data: everything it knows is in one struct, so that a copy of it and of its board is a
 * snapshot of a download in progress, to be gone on from as often as one likes.
 */
#pragma once

#include "rig.h"

/* What the client does with an image. */
struct client_plan {
    const uint8_t *image;
    uint32_t length;
    uint32_t abort_at; /* bytes after which DFU_ABORT is sent; 0: never */
};

enum client_progress {
    CLIENT_STOPPED, /* somebody stopped the processor: call again to go on */
    CLIENT_DONE,    /* the device told of success */
    CLIENT_ABORTED, /* as planned */
    CLIENT_REFUSED, /* the device is in dfuERROR */
    CLIENT_LOST,    /* no answer: the power failed, or the device left the bus */
};

struct client {
    struct client_plan plan;
    uint32_t sent; /* bytes acknowledged */
    uint16_t number;
    uint16_t now; /* bytes of the block under way */
    enum { CLIENT_SEND, CLIENT_ASK, CLIENT_WAIT, CLIENT_ABORT } step;
    struct usb_transfer transfer;
    bool under_way; /* the transfer */
    uint8_t reply[6];
    struct dfu_status status; /* as last told */
    ticks ask_at;
    unsigned stalls; /* of the question after the last block */
};

/* The device must be in dfuIDLE. */
void client_start(struct client *client, const struct client_plan *plan);
enum client_progress client_run(struct client *client, struct rig *rig);
