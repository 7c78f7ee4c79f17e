/* What the device says of itself: device, configuration, BOS, strings, WebUSB, Microsoft OS 1.0 and 2.0. */
#pragma once

#include "usb_device.h"

/* bRequest of every vendor request; also the last character of the Microsoft OS string "MSFT100!". */
enum { VENDOR_REQUEST = '!' };

/* GET_DESCRIPTOR of the device: type and index in the value. */
enum usb_answer descriptor_reply(uint16_t value);
/* WebUSB's GET_URL and Microsoft's GET_MS_DESCRIPTOR. */
enum usb_answer descriptor_reply_vendor(const struct usb_setup *request);
