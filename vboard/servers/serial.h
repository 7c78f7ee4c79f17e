/* Where the chip's USARTs lead: to the terminal line by line, into a file, or to a TCP port on 127.0.0.1 that
 * works both ways. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "board/board.h"

struct serial;

struct serial_end {
    enum { SERIAL_NOWHERE, SERIAL_TERMINAL, SERIAL_FILE, SERIAL_PORT } kind;
    const char *path; /* of the file */
    unsigned port;    /* 0: any that is free */
};

/* Prints a line that came, without its end. */
typedef void serial_line(void *context, ticks at, const char *text);

/* NULL: error says why. */
struct serial *serial_open(struct board *board, unsigned usart, const struct serial_end *end, char *error,
                           size_t error_size);
/* Called with each line of one that leads to the terminal. */
void serial_show(struct serial *serial, serial_line *show, void *context);
/* The port listened on; 0: it has none. */
unsigned serial_port(const struct serial *serial);
/* A word has left the chip (board.serial). */
void serial_sent(struct serial *serial, ticks at, uint16_t word);
/* Between slices of virtual time: takes what a TCP client sent. */
void serial_poll(struct serial *serial);
/* false: not all of its file could be written; error names it. */
bool serial_close(struct serial *serial, char *error, size_t error_size);
