/* What the files of the library share. */
#pragma once

#include "board/board.h"
#include "usb/enumerator.h"
#include "vboard.h"

enum { VBOARD_ERROR_SIZE = 512 };

/* What a serial port has sent and nobody has read. */
struct serial_buffer {
    uint8_t *bytes;
    size_t used, room;
};

enum enumeration {
    ENUMERATION_NONE,
    ENUMERATION_AWAITS, /* a device */
    ENUMERATION_IDENTIFIES,
    ENUMERATION_CONFIGURES,
    ENUMERATION_OVER, /* and not finished */
};

struct vboard {
    struct board *board;
    struct serial_buffer serial[USARTS + 1];
    vboard_listener *listener;
    void *listener_context;
    vboard_watcher *watcher;
    void *watcher_context;
    unsigned watched; /* 1 << event */
    struct usb_enumerator enumerator;
    enum enumeration enumeration;
    bool found;                    /* the enumerator's result */
    struct usb_transfer configure; /* the last request */
    uint32_t detachments;          /* of devices from the bus */
    bool enumerated;               /* identity is that of the device on the bus */
    uint8_t alternate[USB_INTERFACES];
    struct vboard_transfer *transfers; /* that were started and not finished */
    char error[VBOARD_ERROR_SIZE];
};

/* printf-like; the status, to be returned. */
enum vboard_status library_fail(struct vboard *board, enum vboard_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether a board in this state runs on; if not, its error says why. */
enum vboard_status library_trouble(struct vboard *board);
/* Runs up to that time. As vboard_run(). */
enum vboard_status library_run_to(struct vboard *board, ticks until);
/* Now and so many us; an end that ticks can hold. */
ticks library_after(const struct vboard *board, uint64_t us);
/* serial.c: the board's callback. */
void library_serial_sent(void *context, unsigned usart, ticks at, uint16_t word);
/* enumeration.c: the library is the host at the cable. */
void library_usb_attach(struct vboard *board);
/* usb.c: the transfer for an endpoint of the configuration, 0x01 to 0x0F and 0x81 to 0x8F; false: the error
 * says why not. */
bool library_usb_aim(struct vboard *board, uint8_t endpoint, struct usb_transfer *transfer);
enum vboard_status library_usb_judge(struct vboard *board, enum usb_host_status status);
/* Runs to the host's next event and a little, so that its callbacks were called, or to the end. */
enum vboard_status library_usb_step(struct vboard *board, ticks end);
/* pending.c: a transfer that was started is under way with this endpoint. */
enum { ANY_ENDPOINT = -1 };
bool library_usb_is_busy(const struct vboard *board, int endpoint);
/* Ends all of them. */
void library_usb_forget(struct vboard *board);
