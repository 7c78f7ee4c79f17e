/* See hearing.h. */
#include "hearing.h"

#include <string.h>

static void forget(struct hearing *hearing, unsigned usart, unsigned count)
{
    hearing->usart[usart].used -= count;
    memmove(hearing->usart[usart].bytes, hearing->usart[usart].bytes + count, hearing->usart[usart].used);
}

/* A full buffer loses its older half. */
void hearing_add(struct hearing *hearing, unsigned usart, char byte)
{
    if (hearing->usart[usart].used == HEARING_BYTES)
        forget(hearing, usart, HEARING_BYTES / 2);
    hearing->usart[usart].bytes[hearing->usart[usart].used++] = byte;
}

bool hearing_take(struct hearing *hearing, unsigned usart, const char *text)
{
    unsigned length = (unsigned)strlen(text);
    for (unsigned at = 0; at + length <= hearing->usart[usart].used; at++) {
        if (memcmp(hearing->usart[usart].bytes + at, text, length) == 0) {
            forget(hearing, usart, at + length);
            return true;
        }
    }
    return false;
}
