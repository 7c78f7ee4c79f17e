/* libvboard: pins and LED. */
#include <stdio.h>
#include <string.h>

#include "board/pin_names.h"
#include "private.h"

static void fail_without_pin(struct vboard *board, const char *name)
{
    char ports[2 * PORTS + 1] = "";
    for (unsigned i = 0, used = 0; i < PORTS; i++)
        if (board_has_pin(board->board, BOARD_PIN('A' + i, 0)))
            used += (unsigned)snprintf(ports + used, sizeof ports - used, " %c", 'A' + (char)i);
    (void)library_fail(
        board, VBOARD_WRONG,
        "the chip has no pin '%s'; pins are PA0 to PA15, and so on for each port that it has:%s", name,
        ports);
}

/* PIN_NONE: no such pin, and the error says so. */
static uint8_t find(struct vboard *board, const char *name)
{
    uint8_t pin = name ? pin_find(name, strlen(name)) : PIN_NONE;
    if (pin == PIN_NONE || !board_has_pin(board->board, pin)) {
        fail_without_pin(board, name ? name : "");
        return PIN_NONE;
    }
    return pin;
}

int vboard_pin(struct vboard *board, const char *name)
{
    uint8_t pin = find(board, name);
    if (pin == PIN_NONE)
        return -1;
    int level = chip_pin_level(&board->board->chip, pin >> 4, pin & 15u);
    return level < 0 ? VBOARD_FLOATING : level;
}

enum vboard_status vboard_drive(struct vboard *board, const char *name, enum vboard_level level)
{
    uint8_t pin = find(board, name);
    if (pin == PIN_NONE)
        return VBOARD_WRONG;
    if ((unsigned)level > VBOARD_FLOATING)
        return library_fail(board, VBOARD_WRONG, "a level is VBOARD_LOW, VBOARD_HIGH or VBOARD_FLOATING");
    board_drive(board->board, pin, level == VBOARD_FLOATING ? -1 : (int)level);
    return VBOARD_OK;
}

unsigned vboard_led(const struct vboard *board)
{
    return board->board->led_duty;
}

uint64_t vboard_led_changes(const struct vboard *board)
{
    return board->board->led_changes;
}
