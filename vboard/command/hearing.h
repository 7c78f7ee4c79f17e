/* What the serial ports of a board sent and no `expect` has taken yet. */
#pragma once

#include <stdbool.h>

#include "board/board.h"

enum { HEARING_BYTES = 4096 };

struct hearing {
    struct {
        unsigned used;
        char bytes[HEARING_BYTES]; /* the latest */
    } usart[USARTS + 1];           /* 1 to 5 */
};

void hearing_add(struct hearing *hearing, unsigned usart, char byte);
/* Whether the text came; if so, it is taken, and all before it. */
bool hearing_take(struct hearing *hearing, unsigned usart, const char *text);
