/* What a person does to a board, as words: from standard input, from the debugger's `monitor`. */
#pragma once

#include <stdbool.h>

#include "board.h"

/* unplug, plug, press, release, reset, power off, power on, pin, send, control, in, out.
 * false: there is no such command. */
bool command_obey(struct board *board, const char *line);
/* The commands with commas between them. */
extern const char command_names[];
