/* Bits of the USB peripheral's registers (RM0008 23.5) and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "chip/usb_port.h"
#include "usb_fsdev.h"

enum {
    USB_ENDPOINT_REGISTERS = 8,
    USB_MEMORY_MAX = 1024, /* bytes, of all that there are */
    USB_MEMORY_WORDS = USB_MEMORY_MAX / 2 / 32,
    USB_MEMORY_OFFSET = 0x400, /* packet memory, from the start of the registers */
    USB_BUS_CLOCK_HZ = 48000000,
    USB_MIN_PCLK1_HZ = 8000000 /* 23.4.2: or the packet memory cannot keep up */
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

struct usb {
    uint16_t EPR[8];
    uint16_t CNTR, ISTR, FNR, DADDR, BTABLE;
    uint16_t memory_bytes, stride; /* of its info */
    uint16_t packet_memory[USB_MEMORY_MAX / 2];
    uint32_t written[USB_MEMORY_WORDS]; /* a bit for each half-word of packet memory that anyone has written
                                           since reset */
    uint32_t software_wrote[USB_MEMORY_WORDS]; /* the same, the peripheral not counted */
    uint16_t events_seen;      /* flags of ISTR that the firmware has read as 1 since they were set */
    uint16_t endpoint_seen[8]; /* CTR flags, in the same way */
    bool flow_control[8]; /* of double-buffered bulk endpoints: a transaction is over since DBL_BUF was set */
    ticks powered_at;     /* when PDWN was cleared: tSTARTUP must pass before FRES is released */
    ticks last_activity;  /* on the wire */
    ticks resume_started; /* when RESUME was set */
    uint8_t sofs_in_a_row;
    bool pulled_up;      /* D+, by the chip itself */
    bool bus_reset;      /* SE0 driven by the host now */
    bool bus_resume;     /* K driven by the host now */
    bool suspend_told;   /* SUSP was raised for the present silence */
    bool clock_told;     /* a wrong clock was reported */
    bool mask_told;      /* a CTR that CNTR masks was reported */
    bool spurious_reset; /* ISTR.RESET came from FRES, not from the bus */
};

static inline struct usb *usb_of(const struct device *device)
{
    return device_state(device);
}

/* The four states of a direction, STAT_RX and STAT_TX. */
enum usb_stat { STAT_DISABLED, STAT_STALL, STAT_NAK, STAT_VALID };

/* An endpoint register has two directions and its table entry two halves, TX first. Single-buffered, a
 * direction uses the half of its name; double-buffered, both in turn. */
enum usb_direction { USB_TX, USB_RX };

static inline enum usb_stat fsdev_stat(uint16_t epr, enum usb_direction direction)
{
    return (enum usb_stat)(epr >> (direction == USB_RX ? 12 : 4) & 3);
}

static inline uint16_t fsdev_with_stat(uint16_t epr, enum usb_direction direction, enum usb_stat stat)
{
    unsigned shift = direction == USB_RX ? 12 : 4;
    return (uint16_t)((epr & ~(3u << shift)) | (unsigned)stat << shift);
}

static inline bool fsdev_isochronous(uint16_t epr)
{
    return (epr & EPR_EP_TYPE) == EPR_ISOCHRONOUS;
}

/* RM0008 23.4.3 and 23.4.4: isochronous endpoints are always so, bulk ones with EP_KIND. */
static inline bool fsdev_double_buffered(uint16_t epr)
{
    return fsdev_isochronous(epr) || (epr & (EPR_EP_TYPE | EPR_EP_KIND)) == (EPR_BULK | EPR_EP_KIND);
}

static inline bool fsdev_double_buffered_bulk(uint16_t epr)
{
    return fsdev_double_buffered(epr) && !fsdev_isochronous(epr);
}

/* RM0008 23.4.3: DTOG and SW_BUF, which is the other direction's DTOG, name the same buffer. That counts from
 * the end of the first transaction after DBL_BUF was set. */
static inline bool fsdev_has_no_buffer(const struct usb *usb, unsigned n)
{
    uint16_t epr = usb->EPR[n];
    return usb->flow_control[n] && !(epr & EPR_DTOG_RX) == !(epr & EPR_DTOG_TX);
}

/* registers.c */
uint32_t fsdev_read(struct device *device, uint32_t offset);
void fsdev_write(struct device *device, uint32_t offset, uint32_t value);
void fsdev_reset(struct device *device);
bool fsdev_drives_resume(const struct device *device);
const struct usb_fsdev_info *fsdev_info_of(const struct device *device);
void fsdev_update_interrupts(struct device *device);
bool fsdev_transceiver_on(const struct device *device);
bool fsdev_powered(const struct device *device);
void fsdev_raise(struct device *device, uint16_t flag);

/* bus.c */
void fsdev_event(struct device *device, unsigned n);
void fsdev_sof(struct device *device, uint16_t frame);
void fsdev_bus_reset(struct device *device, bool driven);
void fsdev_bus_resume(struct device *device, bool driven);
/* What a reset does, from the bus or by FRES. */
void fsdev_reset_protocol(struct device *device);
/* Expects the next SOF one frame after `last`, if the peripheral is in a state to expect any. */
void fsdev_watch_for_sof(struct device *device, ticks last);
/* Something moved on the wire: silence starts anew, a suspended peripheral wakes. */
void fsdev_activity(struct device *device);

/* memory.c */
/* Which half of the table entry the peripheral uses now in this direction. */
unsigned fsdev_half(uint16_t epr, enum usb_direction direction);
uint32_t fsdev_memory_read(struct device *device, uint32_t offset);
void fsdev_memory_write(struct device *device, uint32_t offset, uint32_t value);
/* Bytes the table allots to received packets. A size that was never written is whatever the memory held at
 * power-up; a HID bootloader in wide use leaves it so and works, so that it is taken to be large enough. */
unsigned fsdev_receive_size(struct device *device, unsigned n, unsigned half);
/* Stores a packet and its CRC as far as the buffer goes. */
void fsdev_store(struct device *device, unsigned n, unsigned half, const uint8_t *data, unsigned length);
void fsdev_set_received(struct device *device, unsigned n, unsigned half, unsigned length);
/* Fetches the packet to be sent, returns its length. */
unsigned fsdev_fetch(struct device *device, unsigned n, unsigned half, uint8_t data[USB_MAX_PACKET]);

/* endpoint.c */
void fsdev_write_endpoint(struct device *device, unsigned n, uint16_t value);
/* What must not be set together, looked at at every change once the function is enabled (DADDR.EF). */
void fsdev_check_endpoint(struct device *device, unsigned n);

/* layout.c */
/* Rules on the buffers of an endpoint, looked at when one of its directions comes into use. */
void fsdev_check_layout(struct device *device, unsigned n);

/* wire.c */
enum usb_answer fsdev_setup(struct device *device, uint8_t address, uint8_t endpoint, const uint8_t data[8]);
enum usb_answer fsdev_out(struct device *device, uint8_t address, uint8_t endpoint, unsigned toggle,
                          const uint8_t *data, unsigned length);
enum usb_answer fsdev_in_begin(struct device *device, uint8_t address, uint8_t endpoint,
                               uint8_t data[USB_MAX_PACKET], unsigned *length);
void fsdev_in_end(struct device *device, uint8_t address, uint8_t endpoint, bool acknowledge);
