/*
 * A server for debuggers: gdb's remote serial protocol on a loopback port. While the debugger holds the
 * processor, the whole board stands still, its time and its USB bus with it; so a debugged run is the same
 * as any other. Reading memory changes nothing, not even in a register that a read clears.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "board/board.h"

struct gdb;

/* halted: the board waits for a debugger before its first instruction. NULL: error says why. */
struct gdb *gdb_listen(struct board *board, unsigned port, bool halted, char *error, size_t error_size);
unsigned gdb_port(const struct gdb *gdb);
/* Between slices of virtual time: does what the debugger asks. Waits for it at most this long. */
void gdb_poll(struct gdb *gdb, int timeout_ms);
/*
 * In place of board_run: stops at breakpoints and the like, does nothing while the debugger holds the board.
 */
void gdb_run(struct gdb *gdb, ticks duration);
/* The debugger holds the board. */
bool gdb_holds(const struct gdb *gdb);
/* A debugger is connected: it hears of faults and broken rules, and the run goes on. */
bool gdb_connected(const struct gdb *gdb);
/* The debugger killed the program. */
bool gdb_killed(const struct gdb *gdb);
void gdb_close(struct gdb *gdb);
