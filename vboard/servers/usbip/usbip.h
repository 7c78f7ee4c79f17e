/*
 * A USB/IP server, for the USB of any Linux (Linux, Documentation/usb/usbip_protocol.rst). `usbip
 * attach -r 127.0.0.1 -b 1-N` makes board N a device of the kernel that runs it.
 *
 * USB/IP carries neither bus resets nor SET_ADDRESS, and cannot say that a device left but by closing the
 * connection. So each board is reset and addressed here; again when the kernel reads the device descriptor
 * as it does after a reset only; and a board that leaves the bus has to be attached anew.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct board;
struct usbip;

/* Listens on 127.0.0.1 and takes over the USB hosts of all boards. NULL: error says why. */
struct usbip *usbip_listen(struct board *const *boards, unsigned count, unsigned port, char *error,
                           size_t error_size);
unsigned usbip_port(const struct usbip *usbip);
/* Between slices of virtual time: takes what clients sent, sends what the boards answered. Never waits.
 * clock_us: the time of the PC, by which clients wait between their requests. */
void usbip_poll(struct usbip *usbip, int64_t clock_us);
void usbip_close(struct usbip *usbip);
