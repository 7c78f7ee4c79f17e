/* USB full-speed device peripheral of the F1, and of F0, F3, L0, L1, L4 and G4 with another packet memory */
#pragma once

#include "chip/device.h"

/* The clock is its bus's, the kernel clock that of USB. */
enum usb_fsdev_output { USB_FSDEV_HP_IRQ, USB_FSDEV_LP_IRQ, USB_FSDEV_WAKEUP, USB_FSDEV_HAS_MEMORY };
/* D+ is pulled up inside of the chip, where the chip has a resistor for it. */
enum usb_fsdev_input { USB_FSDEV_PULL_UP };
enum usb_fsdev_signal { USB_FSDEV_DM, USB_FSDEV_DP };

struct usb_fsdev_info {
    uint16_t memory_bytes; /* at most 1024 */
    uint8_t stride;        /* bytes of the address space from one half-word of it to the next: 4 or 2 */
    uint8_t rival; /* device that shares the memory and may not be on at the same time, or NO_DEVICE */
};
extern const struct device_class usb_fsdev_class;

/* Packet memory, a row of its own in the map. */
struct usb_fsdev_memory_info {
    uint8_t usb; /* the device */
};
extern const struct device_class usb_fsdev_memory_class;
