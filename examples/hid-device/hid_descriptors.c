/* Device Class Definition for HID 1.11: 6.2.1, and appendix B.1 for the boot keyboard. */
#include "hid_descriptors.h"

#include "descriptors.h"

enum { CLASS_HID = 3, SUBCLASS_BOOT = 1, PROTOCOL_KEYBOARD = 1, POLL_MS = 10 };
enum {
    BEFORE_HID = USB_CONFIGURATION_BYTES + USB_INTERFACE_BYTES,
    LENGTH = BEFORE_HID + HID_DESCRIPTOR_BYTES + USB_ENDPOINT_BYTES
};

const uint8_t keyboard_device[] = {USB_DEVICE_DESCRIPTOR(0, 0x0100)};
/* clang-format off */
const uint8_t keyboard_configuration[] = {
    USB_CONFIGURATION_DESCRIPTOR(LENGTH, 1),
    USB_INTERFACE_BYTES, USB_INTERFACE, 0, 0, 1, CLASS_HID, SUBCLASS_BOOT, PROTOCOL_KEYBOARD, 0,
    HID_DESCRIPTOR_BYTES, HID_DESCRIPTOR, U16(0x0111), 0, 1, REPORT_DESCRIPTOR, U16(REPORT_DESCRIPTOR_BYTES),
    USB_ENDPOINT_BYTES, USB_ENDPOINT, KEYBOARD_IN, USB_INTERRUPT, U16(INPUT_REPORT_BYTES), POLL_MS,
};
_Static_assert(sizeof keyboard_configuration == LENGTH, "wTotalLength");

const uint8_t *const keyboard_hid = keyboard_configuration + BEFORE_HID;

/* Items of one byte of data each, 6.2.2: what they are is in the comment. */
const uint8_t keyboard_report[REPORT_DESCRIPTOR_BYTES] = {
    0x05, 0x01, /* usage page: generic desktop */
    0x09, 0x06, /* usage: keyboard */
    0xA1, 0x01, /* collection: application */
    0x05, 0x07, /*  usage page: key codes */
    0x19, 0xE0, 0x29, 0xE7, /* usages: left control to right GUI */
    0x15, 0x00, 0x25, 0x01, /* 0 or 1 */
    0x75, 0x01, 0x95, 0x08, 0x81, 0x02, /* 8 bits, input: modifiers */
    0x75, 0x08, 0x95, 0x01, 0x81, 0x01, /* a byte, input, constant: reserved */
    0x05, 0x08, /*  usage page: LEDs */
    0x19, 0x01, 0x29, 0x05, /* usages: num lock to kana */
    0x75, 0x01, 0x95, 0x05, 0x91, 0x02, /* 5 bits, output */
    0x75, 0x03, 0x95, 0x01, 0x91, 0x01, /* 3 bits, output, constant: to a whole byte */
    0x05, 0x07, /*  usage page: key codes */
    0x19, 0x00, 0x29, 0x65, /* usages: none to application */
    0x15, 0x00, 0x25, 0x65, /* 0 to 101 */
    0x75, 0x08, 0x95, 0x06, 0x81, 0x00, /* 6 bytes, input, array: keys held */
    0xC0, /* end of collection */
};
/* clang-format on */
