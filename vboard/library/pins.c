/* libvboard: pins and LED. */
#include <string.h>

#include "board/pin_names.h"
#include "private.h"

/* PIN_NONE: no such pin, and the error says so. */
static uint8_t find(struct vboard *board, const char *name)
{
    uint8_t pin = name ? pin_find(name, strlen(name)) : PIN_NONE;
    if (pin == PIN_NONE || !board_has_pin(board->board, pin)) {
        library_fail(
            board, VBOARD_WRONG,
            "the chip has no pin '%s'; pins are PA0 to PE15, on a large STM32F103 to PG15, on an STM32L1 PH0 "
            "to PH15, too",
            name ? name : "");
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
