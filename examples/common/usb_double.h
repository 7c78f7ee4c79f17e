/* Bulk endpoints with two buffers each: while the host fills or fetches one, the program is busy with the
 * other (RM0008 23.4.3). Between usb.c and usb_double.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Gives the endpoint its two buffers, at `at` and behind it, and lets it begin. bytes: wMaxPacketSize, 64. */
void usb_double_open(uint8_t endpoint, uint16_t at, uint16_t bytes);
/* Empty buffers, DATA0, as after it was opened. */
void usb_double_restart(uint8_t endpoint);
/* A transaction is over; EPR as it was read. */
void usb_double_transfer(unsigned number, uint32_t EPR);
void usb_double_send(unsigned number, const uint8_t *data, uint16_t length);
void usb_double_receive(unsigned number);
