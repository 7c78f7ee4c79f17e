/* The person at the boards: what comes in as commands on standard input, what
 * goes out as lines with the time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "board/usb_pc.h"
#include "hearing.h"

/* Room for a transfer's bytes in hexadecimal, with blanks between them. */
enum { CONSOLE_LINE = 3 * USB_PC_BYTES + 128, CONSOLE_TEXT = 256 };

/* By `expect`: a text that each of these boards is to send. */
struct expectation {
    unsigned usart;     /* 0: nothing is expected */
    unsigned next, end; /* boards that did not send it yet */
    ticks until;
    char text[CONSOLE_TEXT];
};

struct console {
    int input;             /* file descriptor; -1 after its end */
    struct board **boards; /* a command is for all of them, unless it begins with a board's number */
    unsigned count;
    struct hearing **hearings; /* of each board */
    ticks held_until;          /* by `wait` */
    struct expectation expected;
    unsigned slow_motion; /* times slower than the clock on the wall; 1: not */
    bool quit;
    bool unmet; /* what was expected did not come in time */
    unsigned used;
    char line[CONSOLE_LINE];
};

/* Prints "[   1.234567 s] text", further lines of the text below its first. */
void console_print(ticks at, const char *text);

/* Carries out the commands that have come in. */
void console_poll(struct console *console);
/* By `quit`, or by an `expect` that was not met. */
static inline bool console_has_ended(const struct console *console)
{
    return console->quit || console->unmet;
}
