/* Numbers that descriptors are made of (USB 2.0 chapter 9). */
#pragma once

#define U16(value) (value) & 0xFF, (value) >> 8

enum { USB_DEVICE = 1, USB_CONFIGURATION, USB_STRING, USB_INTERFACE, USB_ENDPOINT };
enum { USB_CONFIGURATION_BYTES = 9, USB_INTERFACE_BYTES = 9, USB_ENDPOINT_BYTES = 7 };
enum { USB_BULK = 2, USB_INTERRUPT = 3, USB_IN = 0x80 };
enum { USB_BUS_POWERED = 0x80, USB_100_MA = 50 };

/* pid.codes' number for tests on one's own desk. A product needs one of its own. */
#define USB_TEST_VID 0x1209
#define USB_TEST_PID 0x0001

/* Table 9-8; class 0: as the interfaces say. */
#define USB_DEVICE_DESCRIPTOR(class, bcdDevice)                                                              \
    18, USB_DEVICE, U16(0x0200), class, 0, 0, 64, U16(USB_TEST_VID), U16(USB_TEST_PID), U16(bcdDevice), 1,   \
        2, 3, 1
/* Table 9-10, one configuration, on the bus's power. */
#define USB_CONFIGURATION_DESCRIPTOR(length, interfaces)                                                     \
    USB_CONFIGURATION_BYTES, USB_CONFIGURATION, U16(length), interfaces, 1, 0, USB_BUS_POWERED, USB_100_MA
