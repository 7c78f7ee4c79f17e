/* The commands that use endpoints: control, in, out. */
#pragma once

#include <stdbool.h>

#include "board.h"

/* The arguments of each; false: they are wrong. What else goes wrong the board tells. */
bool usb_command_control(struct board *board, const char *arguments);
bool usb_command_in(struct board *board, const char *arguments);
bool usb_command_out(struct board *board, const char *arguments);
