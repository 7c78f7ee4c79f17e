/* See commands.h. */
#include "commands.h"

#include <string.h>

const char command_names[] = "unplug, plug, press, release, reset, power off, power on";

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

bool command_obey(struct board *board, const char *line)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].act(board);
            return true;
        }
    return false;
}
