/* What the device says of itself: device, configuration, BOS, strings, WebUSB, Microsoft OS 1.0 and 2.0. */
#pragma once

#include "dfu_status.h"  // STRING_*
#include "usb_request.h" // enum usb_answer

/* bRequest of vendor requests; the first is also the last character of the Microsoft OS string "MSFT100!". */
enum { VENDOR_REQUEST = '!', DS20_REQUEST };

/* GET_DESCRIPTOR of the device: type and index in wValue. */
enum usb_answer descriptor_reply(struct usb_request *request);
/* WebUSB's GET_URL and Microsoft's GET_MS_DESCRIPTOR. */
enum usb_answer descriptor_reply_vendor(struct usb_request *request);
/* What fwupd asks for where HAVE_DS20. */
enum usb_answer descriptor_reply_ds20(struct usb_request *request);
