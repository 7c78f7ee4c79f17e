/* Bits of the USB peripheral's registers (RM0008 23.5) and what its files share: usb.c, usb_bus.c,
 * usb_wire.c, usb_memory.c, usb_layout.c, usb_endpoint.c. */
#pragma once

#include "chip.h"

enum {
    USB_BASE = 0x40005C00,
    USB_ENDPOINT_REGISTERS = 8,
    USB_MEMORY_BYTES = 512,
    USB_MEMORY_OFFSET = 0x400, /* packet memory, from the start of the registers */
    USB_MEMORY_END = 0x800,
    USB_BUS_CLOCK_HZ = 48000000,
    USB_MIN_PCLK1_HZ = 8000000, /* 23.4.2: or the packet memory cannot keep up */
    USB_EXTI_LINE = 18
};

enum usb_register {
    USB_EPR_END = 0x20,
    USB_CNTR = 0x40,
    USB_ISTR = 0x44,
    USB_FNR = 0x48,
    USB_DADDR = 0x4C,
    USB_BTABLE = 0x50
};

enum {
    EPR_CTR_RX = 1 << 15,
    EPR_DTOG_RX = 1 << 14,
    EPR_STAT_RX = 3 << 12,
    EPR_SETUP = 1 << 11,
    EPR_EP_TYPE = 3 << 9,
    EPR_EP_KIND = 1 << 8,
    EPR_CTR_TX = 1 << 7,
    EPR_DTOG_TX = 1 << 6,
    EPR_STAT_TX = 3 << 4,
    EPR_EA = 15,

    EPR_CTR = EPR_CTR_RX | EPR_CTR_TX,
    EPR_TOGGLE = EPR_DTOG_RX | EPR_STAT_RX | EPR_DTOG_TX | EPR_STAT_TX,
    EPR_READ_WRITE = EPR_EP_TYPE | EPR_EP_KIND | EPR_EA
};

enum { EPR_BULK = 0 << 9, EPR_CONTROL = 1 << 9, EPR_ISOCHRONOUS = 2 << 9, EPR_INTERRUPT = 3 << 9 };

/* CNTR's interrupt masks are at the places of ISTR's flags. */
enum {
    ISTR_CTR = 1 << 15,
    ISTR_PMAOVR = 1 << 14,
    ISTR_ERR = 1 << 13,
    ISTR_WKUP = 1 << 12,
    ISTR_SUSP = 1 << 11,
    ISTR_RESET = 1 << 10,
    ISTR_SOF = 1 << 9,
    ISTR_ESOF = 1 << 8,
    ISTR_DIR = 1 << 4,
    ISTR_FLAGS = 0xFF00,

    CNTR_RESUME = 1 << 4,
    CNTR_FSUSP = 1 << 3,
    CNTR_LP_MODE = 1 << 2,
    CNTR_PDWN = 1 << 1,
    CNTR_FRES = 1 << 0,
    CNTR_AFTER_RESET = CNTR_PDWN | CNTR_FRES,
    CNTR_ALL = ISTR_FLAGS | CNTR_RESUME | CNTR_FSUSP | CNTR_LP_MODE | CNTR_PDWN | CNTR_FRES,

    FNR_RXDP = 1 << 15,
    FNR_RXDM = 1 << 14,
    FNR_LCK = 1 << 13,
    FNR_LSOF = 3 << 11,
    FNR_ONE_LOST = 1 << 11,
    FNR_FN = 0x7FF,

    DADDR_EF = 1 << 7,
    DADDR_ADD = 0x7F
};

/* The four states of a direction, STAT_RX and STAT_TX. */
enum usb_stat { STAT_DISABLED, STAT_STALL, STAT_NAK, STAT_VALID };

/* An endpoint register has two directions and its table entry two halves, TX first. Single-buffered, a
 * direction uses the half of its name; double-buffered, both in turn. */
enum usb_direction { USB_TX, USB_RX };

static inline enum usb_stat usb_stat(uint16_t epr, enum usb_direction direction)
{
    return (enum usb_stat)(epr >> (direction == USB_RX ? 12 : 4) & 3);
}

static inline uint16_t usb_with_stat(uint16_t epr, enum usb_direction direction, enum usb_stat stat)
{
    unsigned shift = direction == USB_RX ? 12 : 4;
    return (uint16_t)((epr & ~(3u << shift)) | (unsigned)stat << shift);
}

static inline bool usb_isochronous(uint16_t epr)
{
    return (epr & EPR_EP_TYPE) == EPR_ISOCHRONOUS;
}

/* RM0008 23.4.3 and 23.4.4: isochronous endpoints are always so, bulk ones with EP_KIND. */
static inline bool usb_double_buffered(uint16_t epr)
{
    return usb_isochronous(epr) || (epr & (EPR_EP_TYPE | EPR_EP_KIND)) == (EPR_BULK | EPR_EP_KIND);
}

static inline bool usb_double_buffered_bulk(uint16_t epr)
{
    return usb_double_buffered(epr) && !usb_isochronous(epr);
}

/* RM0008 23.4.3: DTOG and SW_BUF, which is the other direction's DTOG, name the same buffer. That counts from
 * the end of the first transaction after DBL_BUF was set. */
static inline bool usb_has_no_buffer(const struct usb *usb, unsigned n)
{
    uint16_t epr = usb->EPR[n];
    return usb->flow_control[n] && !(epr & EPR_DTOG_RX) == !(epr & EPR_DTOG_TX);
}

/* usb.c */
bool usb_powered(const struct chip *chip);
void usb_raise(struct chip *chip, uint16_t flag);

/* usb_bus.c */
/* What a reset does, from the bus or by FRES. */
void usb_reset_protocol(struct chip *chip);
/* Expects the next SOF one frame after `last`, if the peripheral is in a state to expect any. */
void usb_watch_for_sof(struct chip *chip, ticks last);
/* Something moved on the wire: silence starts anew, a suspended peripheral wakes. */
void usb_activity(struct chip *chip);

/* usb_memory.c */
/* Which half of the table entry the peripheral uses now in this direction. */
unsigned usb_half(uint16_t epr, enum usb_direction direction);
uint32_t usb_memory_read(struct chip *chip, uint32_t offset);
void usb_memory_write(struct chip *chip, uint32_t offset, uint32_t value);
/* Bytes the table allots to received packets. A size that was never written is whatever the memory held at
 * power-up; a HID bootloader in wide use leaves it so and works, so that it is taken to be large enough. */
unsigned usb_receive_size(struct chip *chip, unsigned n, unsigned half);
/* Stores a packet and its CRC as far as the buffer goes. */
void usb_store(struct chip *chip, unsigned n, unsigned half, const uint8_t *data, unsigned length);
void usb_set_received(struct chip *chip, unsigned n, unsigned half, unsigned length);
/* Fetches the packet to be sent, returns its length. */
unsigned usb_fetch(struct chip *chip, unsigned n, unsigned half, uint8_t data[USB_MAX_PACKET]);

/* usb_endpoint.c */
void usb_write_endpoint(struct chip *chip, unsigned n, uint16_t value);
/* What must not be set together, looked at at every change once the function is enabled (DADDR.EF). */
void usb_check_endpoint(struct chip *chip, unsigned n);

/* usb_layout.c */
/* Rules on the buffers of an endpoint, looked at when one of its directions comes into use. */
void usb_check_layout(struct chip *chip, unsigned n);
