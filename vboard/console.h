/* The person at the board: what comes in as commands on standard input, what goes out as lines with the time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

enum { CONSOLE_LINE = 128 };

struct console {
    int input;            /* file descriptor; -1 after its end */
    ticks held_until;     /* by `wait` */
    uint32_t stack_limit; /* set again whenever the board gets power */
    bool quit;
    unsigned used;
    char line[CONSOLE_LINE];
};

/* Prints "[   1.234567 s] text", further lines of the text below its first. */
void console_print(ticks at, const char *text);

/* Carries out the commands that have come in; waits up to that long for one. */
void console_poll(struct console *console, struct board *board, int timeout_ms);

/* Switches the board on as a person would who has set things up. */
void console_power_on(const struct console *console, struct board *board);
