/* A live picture of one board on the terminal, with keys for what a hand would do. Plain ANSI sequences. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "board/board.h"

struct display;

/* Takes over the terminal; firmware is what its title says. NULL: error says why. */
struct display *display_open(const char *firmware, char *error, size_t error_size);
/* A line of what the board tells, shown below the picture. */
void display_add(struct display *display, ticks at, const char *text);
/* A line that the board sent over a serial port. */
void display_add_serial(struct display *display, const char *text);
/* Takes keys, and paints when something is new; usb: what is known of the bus.
 * false: the person wants to end. */
bool display_poll(struct display *display, struct board *board, const char *usb);
/* Gives the terminal back, and prints there the latest messages. */
void display_close(struct display *display);
