/* A PC at the other end of the USB cable, and no program on it: it enumerates and configures what is plugged
 * in, in virtual time, and says what it found. */
#pragma once

#include "board/board.h"
#include "usb/enumerator.h"

struct usb_pc {
    struct board *board;
    struct usb_enumerator enumerator;
    struct usb_transfer configure;
};

/* Before the board is switched on. The struct stays where it is. */
void usb_pc_attach(struct usb_pc *pc, struct board *board);
