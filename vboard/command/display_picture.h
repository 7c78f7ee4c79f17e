/* What the display shows of a board, laid out for a terminal of any size. */
#pragma once

#include <stdbool.h>

#include "board/board.h"

enum { PICTURE_WIDTH = 200, MESSAGES_KEPT = 64 };

/* The latest lines of something. */
struct scroll {
    unsigned count; /* ever */
    char line[MESSAGES_KEPT][PICTURE_WIDTH];
};

struct picture {
    const struct board *board;
    const char *firmware; /* the name of its file */
    const char *usb;      /* what is known of the bus */
    unsigned speed;       /* in percent of real time; 0: not known yet */
    const struct scroll *messages, *serial;
    int rows, columns;
};

/* Prints it from the top left corner on, no more lines than there are rows. */
void picture_print(const struct picture *picture);
/* Adds a line: "  1.234567  text". Its control characters are left out. */
void scroll_add(struct scroll *scroll, const char *text);
