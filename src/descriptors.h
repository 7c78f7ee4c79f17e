/* What the device says of itself: device, configuration, BOS, strings, WebUSB, Microsoft OS 1.0 and 2.0. */
#pragma once

#include "usb_device.h"

/* bRequest of vendor requests; the first is also the last character of the Microsoft OS string "MSFT100!". */
enum { VENDOR_REQUEST = '!', DS20_REQUEST };

/* String descriptors; from STRING_REASONS on, why an image was refused (signature.h). */
enum { STRING_LANGUAGES, STRING_VENDOR, STRING_PRODUCT, STRING_SERIAL, STRING_INTERFACE, STRING_REASONS };

/* GET_DESCRIPTOR of the device: type and index in the value. */
enum usb_answer descriptor_reply(uint16_t value);
/* WebUSB's GET_URL and Microsoft's GET_MS_DESCRIPTOR. */
enum usb_answer descriptor_reply_vendor(const struct usb_setup *request);
/* What fwupd asks for where HAVE_DS20. */
enum usb_answer descriptor_reply_ds20(const struct usb_setup *request);
