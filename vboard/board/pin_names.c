/* See pin_names.h. */
#include "pin_names.h"

#include <stdbool.h>

#include "base/pin.h"
#include "chip/pins.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

uint8_t pin_find(const char *name, size_t length)
{
    enum { SHORTEST = 3, LONGEST = 4, NUMBER = 2 };
    unsigned number = 0;
    if (length < SHORTEST || length > LONGEST || (name[0] != 'P' && name[0] != 'p'))
        return PIN_NONE;
    unsigned port = (unsigned)((name[1] & ~0x20) - 'A');
    for (size_t i = NUMBER; i < length; i++) {
        if (!is_digit(name[i]))
            return PIN_NONE;
        number = 10 * number + (unsigned)(name[i] - '0');
    }
    return port < PORTS && number < PORT_PINS ? (uint8_t)(port << 4 | number) : PIN_NONE;
}
