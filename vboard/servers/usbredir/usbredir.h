/*
 * A usb-redir server for real USB hosts, as QEMU's `-device usb-redir` expects at the other end of
 * its socket. The guest then sees the board as a USB device of its own. Where the guest's driver needs rest
 * between unplugging and plugging, the time is that of the PC, as the guest's is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct board;
struct usbredir;

/* Listens on 127.0.0.1 and takes over the board's USB host. NULL: error holds a sentence that says why. */
struct usbredir *usbredir_listen(struct board *board, unsigned port, char *error, size_t error_size);
/* The port really listened on, for a `port` of 0. */
unsigned usbredir_port(const struct usbredir *redirection);
/* Between slices of virtual time: takes what the client sent, sends what the board answered.
 * clock_us: the time of the PC. Waits for the client at most timeout_ms, 0: not at all. */
void usbredir_poll(struct usbredir *redirection, int64_t clock_us, int timeout_ms);
void usbredir_close(struct usbredir *redirection);
