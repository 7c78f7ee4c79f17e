/* The chip's USB full-speed device peripheral (RM0008 chapter 23), as seen from the wire. Registers: usb.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ticks.h"

struct chip;

struct usb {
    uint16_t EPR[8];
    uint16_t CNTR, ISTR, FNR, DADDR, BTABLE;
    uint16_t packet_memory[256];
    uint32_t written[8]; /* a bit for each half-word of packet memory that anyone has written since reset */
    uint32_t software_wrote[8]; /* the same, the peripheral not counted */
    uint16_t events_seen;       /* flags of ISTR that the firmware has read as 1 since they were set */
    uint16_t endpoint_seen[8];  /* CTR flags, in the same way */
    bool flow_control[8]; /* of double-buffered bulk endpoints: a transaction is over since DBL_BUF was set */
    ticks powered_at;     /* when PDWN was cleared: tSTARTUP must pass before FRES is released */
    ticks last_activity;  /* on the wire */
    ticks resume_started; /* when RESUME was set */
    uint8_t sofs_in_a_row;
    bool bus_reset;      /* SE0 driven by the host now */
    bool bus_resume;     /* K driven by the host now */
    bool suspend_told;   /* SUSP was raised for the present silence */
    bool clock_told;     /* a wrong clock was reported */
    bool mask_told;      /* a CTR that CNTR masks was reported */
    bool spurious_reset; /* ISTR.RESET came from FRES, not from the bus */
};

/* What comes back from a device within a transaction. */
enum usb_answer { USB_SILENCE, USB_ACK, USB_NAK, USB_STALL, USB_DATA0, USB_DATA1 };

enum { USB_MAX_PACKET = 1023 };

/*
 * The host's side. Each is one transaction at chip_now(); the caller gives packets their bit times. A
 * device that is not attached, is suspended by a bus reset, or has another address answers USB_SILENCE.
 */
enum usb_answer usb_setup(struct chip *chip, uint8_t address, uint8_t endpoint, const uint8_t data[8]);
/* toggle: 0 for DATA0, 1 for DATA1 */
enum usb_answer usb_out(struct chip *chip, uint8_t address, uint8_t endpoint, unsigned toggle,
                        const uint8_t *data, unsigned length);
/*
 * An IN transaction takes its time between the token and the host's ACK, so it has two halves. On USB_DATA0
 * or USB_DATA1 data and *length are set, and usb_in_end() must follow: the caller says whether its ACK
 * reaches the device.
 */
enum usb_answer usb_in_begin(struct chip *chip, uint8_t address, uint8_t endpoint,
                             uint8_t data[USB_MAX_PACKET], unsigned *length);
void usb_in_end(struct chip *chip, uint8_t address, uint8_t endpoint, bool acknowledge);
/* Both at once. */
enum usb_answer usb_in(struct chip *chip, uint8_t address, uint8_t endpoint, uint8_t data[USB_MAX_PACKET],
                       unsigned *length, bool acknowledge);
void usb_sof(struct chip *chip, uint16_t frame);
/* SE0 for as long as it is true. */
void usb_bus_reset(struct chip *chip, bool driven);
/* The host drives resume (K) for as long as it is true. */
void usb_bus_resume(struct chip *chip, bool driven);
/* True while the device drives resume (CNTR.RESUME): remote wake-up. */
bool usb_drives_resume(const struct chip *chip);
/* Transceiver on: the pins belong to the USB peripheral whatever GPIO says. */
bool usb_transceiver_on(const struct chip *chip);
void usb_event(struct chip *chip);
/* Both lines, which are CAN's, too. */
void usb_update_interrupts(struct chip *chip);
