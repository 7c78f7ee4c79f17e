/* A PC at the other end of the USB cable, in virtual time: it enumerates and configures what is plugged in,
 * says what it found, and makes the transfers that commands ask for. */
#pragma once

#include "board/board.h"
#include "usb/enumerator.h"

struct usb_order;

struct usb_pc {
    struct board *board;
    struct usb_enumerator enumerator;
    struct usb_transfer configure;
    enum { USB_PC_SEARCHES, USB_PC_FOUND, USB_PC_CONFIGURED } state;
    uint8_t alternate[USB_INTERFACES];
    struct usb_order *orders; /* transfers, the oldest first */
};

/* Most bytes in a transfer of a command: as many as Linux takes in one control transfer. */
enum { USB_PC_BYTES = 4096 };

/* Before the board is switched on. The struct stays where it is. */
void usb_pc_attach(struct usb_pc *pc, struct board *board);
/* Drops the transfers that are under way. */
void usb_pc_detach(struct usb_pc *pc);

/*
 * A transfer for usb_pc.c to make: it begins when those ordered before on the same endpoint are over, and
 * the board tells with REPORT_USB how it ended, after 5 s at the latest. false: there is no device for it,
 * or too many transfers wait; the board was told why.
 */
/* setup: as USB 2.0 9.3. data: wLength bytes that go out; ignored for IN. */
bool usb_pc_control(struct usb_pc *pc, const uint8_t setup[8], const uint8_t *data);
/* endpoint: as in its descriptor; its type (bulk, interrupt, isochronous) is found there. data: NULL for IN.
 * length: up to USB_PC_BYTES; of an isochronous endpoint one packet. 0 for IN: one packet. */
bool usb_pc_transfer(struct usb_pc *pc, uint8_t endpoint, const uint8_t *data, uint32_t length);
