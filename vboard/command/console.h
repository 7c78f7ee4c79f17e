/* The person at the boards: what comes in as commands on standard input, what goes out as lines with the
 * time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "board/board.h"

enum { CONSOLE_LINE = 128 };

struct console {
    int input;             /* file descriptor; -1 after its end */
    struct board **boards; /* a command is for all of them, unless it begins with a board's number */
    unsigned count;
    ticks held_until; /* by `wait` */
    bool quit;
    unsigned used;
    char line[CONSOLE_LINE];
};

/* Prints "[   1.234567 s] text", further lines of the text below its first. */
void console_print(ticks at, const char *text);

/* Carries out the commands that have come in. */
void console_poll(struct console *console);
