/* Between usb.c, which knows the peripheral, and usb_device.c, which knows chapter 9. */
#pragma once

#include "usb.h"

enum { USB_CONTROL_PACKET = 64 };

/* usb_device.c */
void usb_device_reset(void);
void usb_device_setup(const uint8_t packet[8]);
/* A packet of a data or status stage came, or was taken; superseded: and a SETUP came after it. */
void usb_device_control_received(const uint8_t *data, uint16_t length);
void usb_device_control_sent(bool superseded);
void usb_device_received(uint8_t endpoint, const uint8_t *data, uint16_t length);
void usb_device_sent(uint8_t endpoint);
void usb_device_frame(void);
extern const struct usb_application *usb_application;

/* usb.c; endpoints are addresses as in their descriptors: bit 7 set: IN */
void usb_endpoint_open(const uint8_t *descriptor);
void usb_endpoints_close(void);
bool usb_endpoint_exists(uint8_t endpoint);
void usb_endpoint_halt(uint8_t endpoint, bool halt);
bool usb_endpoint_halted(uint8_t endpoint);
void usb_control_stall(void);
void usb_set_address(uint8_t address);
