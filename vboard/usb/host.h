/*
 * A full-speed USB host at the other end of the cable, down to tokens, packets and frames in virtual time. It
 * enumerates nothing by itself: callers submit transfers. One transfer an endpoint at a time; several
 * endpoints share a frame. What it sees go over the wire it takes note of, as a host's driver would: a
 * SET_ADDRESS that succeeds changes `address` (and gives the device its 2 ms), a SET_CONFIGURATION or a
 * CLEAR_FEATURE the data toggles, a device descriptor the packet size of endpoint 0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ticks.h"
#include "chip/usb_port.h"

struct chip;

enum usb_host_status {
    USB_PENDING,
    USB_DONE,
    USB_STALLED,
    USB_ERROR,  /* three silences or wrong toggles in a row (USB 2.0 10.2.6) */
    USB_BABBLE, /* the device sent more than the packet size or more than asked for */
    USB_GONE,   /* no device, unplugged, or bus reset meanwhile */
    USB_CANCELLED,
    USB_TIMED_OUT, /* `timeout` passed in virtual time */
};

enum usb_transfer_type { USB_CONTROL, USB_BULK, USB_INTERRUPT, USB_ISOCHRONOUS };

/* The caller keeps it and its data alive until `done` was called. */
struct usb_transfer {
    enum usb_transfer_type type;
    uint8_t endpoint;    /* bit 7 set: IN; 0 for control */
    uint8_t setup[8];    /* control only */
    uint8_t *data;       /* both directions */
    uint32_t length;     /* of data; for control taken from wLength for IN, may be less than wLength for OUT
                            tests;     for isochronous one packet */
    uint16_t max_packet; /* of control the host knows it by itself */
    uint8_t interval;    /* frames, of interrupt endpoints */
    ticks timeout;       /* 0: none; looked at once a frame */
    void *context;
    void (*done)(struct usb_transfer *transfer); /* may be NULL; may submit, cancel and reset */
    /* results */
    enum usb_host_status status;
    uint32_t actual; /* bytes that went over */
    ticks started, ended;
    /* the host's own */
    struct {
        uint8_t stage, errors, toggle;
        uint32_t naks; /* in a row */
        uint32_t at;
        ticks due; /* no token before */
    } progress;
};

enum usb_port_state {
    USB_PORT_EMPTY,
    USB_PORT_DEBOUNCE,
    USB_PORT_ATTACHED,
    USB_PORT_RESET,
    USB_PORT_ENABLED,
    USB_PORT_SUSPENDED
};

enum { USB_HOST_QUEUE = 64 };

struct usb_host {
    struct chip *chip;
    enum usb_port_state port;
    ticks state_ends;       /* of debounce, reset, recovery */
    uint8_t address;        /* used for the transfers from now on */
    uint8_t control_packet; /* most bytes in a packet of endpoint 0; 64 from a bus reset until it is known */
    uint16_t frame;
    ticks frame_started;
    bool sof_off;       /* for tests: a host that loses its frames */
    ticks turnaround;   /* between the end of a transfer and the first token of the next; 0: back to back */
    unsigned nak_limit; /* NAKed tokens retried within one frame; 0: as many as the host's spacing lets in */
    uint8_t toggle_out[16], toggle_in[16];
    struct usb_transfer *queue[USB_HOST_QUEUE];
    unsigned queued;
    /* port events for whoever drives the host: attached (after debounce), enabled
     * (after reset or resume), gone */
    void *context;
    void (*port_changed)(void *context, enum usb_port_state state);
    /* One call at a time of its own, usb_host_call_at(); TICKS_NEVER: none */
    ticks call_due;
    void *call_context;
    void (*call)(void *call_context);
    uint64_t transactions, naks; /* counters for measurements */
    /* For whoever records the bus: a packet as it is on the wire, from its PID on, and when its sync begins;
     * NULL and 0: port or line changed. Packets of a transaction come when it is over. May be NULL. */
    void *recorder;
    void (*record)(void *recorder, ticks at, const uint8_t *packet, unsigned length);

    /* the host's own */
    enum { USB_LINE_STEADY, USB_LINE_RESET, USB_LINE_RESUME, USB_LINE_RECOVERY } line;
    bool in_event;
    unsigned next;             /* whose turn it is among control and bulk transfers */
    ticks bus_free;            /* no token before */
    ticks periodic_due[2][16]; /* of interrupt and isochronous endpoints, OUT and IN */
    struct usb_transaction {
        enum { USB_WIRE_IDLE, USB_WIRE_OUT, USB_WIRE_IN_TOKEN, USB_WIRE_IN_DATA } phase;
        struct usb_transfer *transfer; /* NULL: was cancelled meanwhile */
        ticks started;                 /* the token's first bit */
        ticks at;                      /* the phase ends */
        enum usb_answer answer;
        unsigned length;
        uint8_t data[USB_MAX_PACKET];
    } wire;
};

void usb_host_init(struct usb_host *host, struct chip *chip);
/* The board tells: D+ pulled up and cable in, or not. Debounce (100 ms, USB 2.0
 * 7.1.7.3) starts or the port empties. */
void usb_host_line(struct usb_host *host, bool pulled_up);
/* Drives reset for 10 to 50 ms, then 10 ms of recovery, then the port is enabled;
 * transfers in flight end USB_GONE. */
void usb_host_reset(struct usb_host *host, unsigned milliseconds);
void usb_host_suspend(struct usb_host *host);
/* 20 ms of resume, then SOFs again, 10 ms later transfers. The device's remote wake-up does the same. */
void usb_host_resume(struct usb_host *host);
/* false: queue full or no enabled port (status is set, done is not called). */
bool usb_host_submit(struct usb_host *host, struct usb_transfer *transfer);
void usb_host_cancel(struct usb_host *host, struct usb_transfer *transfer);
/* Data toggles of an endpoint back to DATA0 (after SET_CONFIGURATION, CLEAR_FEATURE). */
void usb_host_clear_toggles(struct usb_host *host);
/* For whoever drives the host: calls once it is that time, instead of what was to be called before.
 * TICKS_NEVER: does not. */
void usb_host_call_at(struct usb_host *host, ticks at, void (*call)(void *call_context), void *call_context);
/* The chip's event for the host. */
void usb_host_event(struct usb_host *host, ticks now);

/*
 * For tests and scripts: both run the chip until they are done. If someone stops the processor meanwhile, the
 * transfer is cancelled.
 */
enum usb_host_status usb_host_control(struct usb_host *host, const uint8_t setup[8], void *data,
                                      uint32_t *actual, ticks timeout);
/* From wherever the port is to a configured device: waits for it to attach, resets, reads the device
 * descriptor as far as its packet size, SET_ADDRESS, the whole device descriptor, SET_CONFIGURATION 1. */
enum usb_host_status usb_host_enumerate(struct usb_host *host);

/* Bit times of a packet of n data bytes on a full-speed bus, bit stuffing not counted:
 * sync 8 + PID 8 + ... + EOP 3. */
ticks usb_token_time(void);
ticks usb_data_time(unsigned bytes);
ticks usb_handshake_time(void);
