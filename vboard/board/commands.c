/* See commands.h. */
#include "commands.h"

#include <string.h>

#include "pin_names.h"
#include "usb_commands.h"

const char command_names[] =
    "unplug, plug, press, release, reset, power off, power on, pin PIN [low|high|open], send N TEXT, "
    "control TYPE REQUEST VALUE INDEX [LENGTH|BYTES], in ENDPOINT [LENGTH], out ENDPOINT BYTES";

static void power_off(struct board *board)
{
    board_power(board, false);
}

static void power_on(struct board *board)
{
    board_power(board, true);
}

static void plug(struct board *board)
{
    board_plug(board, true);
}

static void unplug(struct board *board)
{
    board_plug(board, false);
}

static void press(struct board *board)
{
    board_press(board, true);
}

static void release(struct board *board)
{
    board_press(board, false);
}

static const struct {
    const char *name;
    void (*act)(struct board *);
} commands[] = {
    {"unplug", unplug},
    {"plug", plug},
    {"press", press},
    {"release", release},
    {"reset", board_reset_button},
    {"power off", power_off},
    {"power on", power_on},
};

/* pin PA9: tells its level; pin PA9 low|high|open: drives it from outside, or no longer. */
static bool obey_pin(struct board *board, const char *rest)
{
    static const char *const levels[] = {"low", "high", "open"};
    size_t length = strcspn(rest, " ");
    uint8_t pin = pin_find(rest, length);
    const char *level = rest + length + strspn(rest + length, " ");
    if (pin == PIN_NONE || !board_has_pin(board, pin)) {
        chip_report(&board->chip, REPORT_NOTE, "the chip has no pin '%.*s'", (int)length, rest);
        return true;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(level, levels[i]) == 0) {
            board_drive(board, pin, i < 2 ? i : -1);
            return true;
        }
    }
    if (level[0] != '\0')
        return false;
    int now = chip_pin_level(&board->chip, pin >> 4, pin & 15u);
    chip_report(&board->chip, REPORT_NOTE, "P%c%u is %s", 'A' + (pin >> 4), pin & 15u,
                now < 0 ? "open" : levels[now]);
    return true;
}

/* send 1 TEXT: the text and a line feed to the RX pin of USART1. */
static bool obey_send(struct board *board, const char *rest)
{
    unsigned usart = (unsigned)(rest[0] - '0'), length = (unsigned)strlen(rest);
    if (rest[0] < '1' || rest[0] > '9' || rest[1] != ' ')
        return false;
    if (usart > USARTS || !board_has_serial(&board->chip.config, usart)) {
        chip_report(&board->chip, REPORT_NOTE, "the chip has no USART%u", usart);
        return true;
    }
    unsigned taken = board_serial_send(board, usart, rest + 2, length - 2);
    taken += board_serial_send(board, usart, "\n", 1);
    if (taken < length - 1) {
        chip_report(&board->chip, REPORT_NOTE, "USART%u has no room: what was sent before was not received",
                    usart);
    }
    return true;
}

/* Those with arguments; false: the arguments are wrong. */
static const struct {
    const char *start;
    bool (*obey)(struct board *board, const char *arguments);
} with_arguments[] = {
    {"pin ", obey_pin},      {"send ", obey_send},      {"control ", usb_command_control},
    {"in ", usb_command_in}, {"out ", usb_command_out},
};

bool command_obey(struct board *board, const char *line)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].act(board);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof with_arguments / sizeof with_arguments[0]; i++) {
        size_t length = strlen(with_arguments[i].start);
        if (strncmp(with_arguments[i].start, line, length) == 0)
            return with_arguments[i].obey(board, line + length);
    }
    return false;
}
