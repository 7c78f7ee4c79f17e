/*
 * A small USB device: chapter 9 and the chip's peripheral, driven by its interrupt. The application
 * describes itself in a struct of constants and is called back, always from that interrupt, so that its
 * callbacks never run at the same time. Files: usb.c (the peripheral), usb_device.c (chapter 9).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Set by the build: bulk endpoints have two buffers each, and numbers of their own. Two packets may be given
 * to usb_send() before sent() is called. */
#ifndef USB_DOUBLE_BUFFERED
#define USB_DOUBLE_BUFFERED 0
#endif

struct usb_setup {
    uint8_t bmRequestType, bRequest;
    uint16_t wValue, wIndex, wLength;
};

/* A control transfer on its way. The request handler sets one of answer and room if there is a data stage. */
struct usb_control {
    struct usb_setup setup;
    const uint8_t *answer; /* to the host; more than wLength is cut off */
    uint8_t *room;         /* from the host */
    uint16_t length;       /* of either */
};

struct usb_application {
    const uint8_t *device; /* device descriptor; its strings are 1 vendor, 2 product, 3 serial number */
    const uint8_t *configuration; /* descriptor and those below it; its endpoints are opened as they say */
    const char *const *strings;   /* from index 1 on, ASCII; NULL: the chip's unique id */
    unsigned string_count;
    /* A request that chapter 9 does not answer. false: stall. */
    bool (*request)(struct usb_control *control);
    /* Such a request is through, its status stage included. */
    void (*completed)(const struct usb_control *control);
    /* Endpoints are open, or closed again. */
    void (*configured)(bool is);
    /* A packet came; the next one is NAKed until usb_receive(). */
    void (*received)(uint8_t endpoint, const uint8_t *data, uint16_t length);
    /* The packet was taken: usb_send() may be called again. */
    void (*sent)(uint8_t endpoint);
    /* Every millisecond while the bus is awake. */
    void (*frame)(void);
};
/* Any of the callbacks may be NULL if nothing can lead to it. */

/* Switches the peripheral on; clock_start() must have run. */
void usb_start(const struct usb_application *application);
/*
 * Off the bus until the next reset; it should stay like this for some milliseconds. The host sees the device
 * leave, even where a pull-up resistor is always there, as on the Blue Pill.
 */
void usb_stop(void);

/* One packet to an IN endpoint, at most its size. Only if the one before was taken. */
void usb_send(uint8_t endpoint, const uint8_t *data, uint16_t length);
/* Lets the next packet in. Endpoints begin like this when they are opened. */
void usb_receive(uint8_t endpoint);
