/* Sockets on 127.0.0.1, for every server of the virtual board: nobody outside this PC is let in. */
#pragma once

#include <stddef.h>

/*
 * A listening socket that never blocks. port 0: any that is free. -1: error holds a sentence that says why.
 */
int loopback_listen(unsigned port, char *error, size_t error_size);
/* The port really listened on. */
unsigned loopback_port(int listener);
/* The client that waits, its socket not blocking either; -1: there is none. */
int loopback_accept(int listener);
