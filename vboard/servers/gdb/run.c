/* Run control: the board stands still, steps or runs until something stops it. */
#include <stdio.h>
#include <string.h>

#include "private.h"

void gdb_say_stopped(struct gdb *gdb)
{
    static const char *const names[] = {
        [GDB_WATCH_WRITE] = "watch", [GDB_WATCH_READ] = "rwatch", [GDB_WATCH_ACCESS] = "awatch"};
    gdb_say(gdb, "T%02x", gdb->signal);
    if (gdb->hit.length)
        gdb_say(gdb, "%s:%x;", names[gdb->hit.kind], (unsigned)gdb->hit.address);
    gdb_say(gdb, "thread:1;");
}

void gdb_hold(struct gdb *gdb, int signal)
{
    gdb->held = true;
    gdb->stepping = false;
    gdb->signal = signal;
    if (gdb->answer_due) {
        gdb->answer_due = false;
        gdb_say_stopped(gdb);
        gdb_send_answer(gdb);
    }
}

/* A BKPT in the program would stop it for ever: going on means past it. */
static void pass_bkpt(struct cortex_m3 *cpu)
{
    enum { BKPT = 0xBE };
    uint16_t op;
    if (cortex_m3_peek(cpu, cpu->r[15], &op, sizeof op) && op >> 8 == BKPT)
        cpu->r[15] += sizeof op;
}

void gdb_resume(struct gdb *gdb, bool step)
{
    gdb->held = false;
    gdb->stepping = step;
    gdb->answer_due = true;
    gdb->hit.length = 0;
    gdb->board->failed = false; /* the debugger has heard of it */
    pass_bkpt(&gdb->board->chip.cpu);
}

void gdb_detach(struct gdb *gdb)
{
    gdb->held = gdb->stepping = gdb->answer_due = false;
    gdb->breakpoint_count = gdb->watchpoint_count = 0;
    gdb->hit.length = 0;
}

void gdb_arm(struct gdb *gdb, bool breakpoints)
{
    struct cortex_m3 *cpu = &gdb->board->chip.cpu;
    cpu->debugger = gdb->spoken ? gdb : NULL;
    cpu->breakpoint_count = breakpoints ? gdb->breakpoint_count : 0;
    memcpy(cpu->breakpoint, gdb->breakpoint, sizeof cpu->breakpoint);
    cpu->at_breakpoint = false;
    gdb_arm_watchpoints(gdb);
}

/* One instruction, or an exception entered. A processor that sleeps is woken, as
 * a real one is (ARMv7-M C1.6). */
static void run_step(struct gdb *gdb)
{
    struct board *board = gdb->board;
    struct cortex_m3 *cpu = &board->chip.cpu;
    uint64_t instructions = cpu->instructions;
    uint16_t ipsr = cpu->ipsr;
    cpu->sleeping = false;
    while (cpu->instructions == instructions && cpu->ipsr == ipsr && board->chip.powered && !cpu->locked_up &&
           !cpu->at_breakpoint && !board->failed)
        board_run(board, 1);
    gdb_hold(gdb, GDB_SIGTRAP);
}

static void tell_violation(struct gdb *gdb)
{
    char text[sizeof gdb->board->first_violation + 1];
    int length = snprintf(text, sizeof text, "%s\n", gdb->board->first_violation);
    gdb_say(gdb, "O");
    gdb_say_hex(gdb, text, (size_t)length);
    gdb_send_answer(gdb);
}

void gdb_run(struct gdb *gdb, ticks duration)
{
    struct board *board = gdb->board;
    if (gdb->held)
        return;
    bool was_locked_up = board->chip.cpu.locked_up;
    gdb_arm(gdb, !gdb->stepping);
    if (gdb->stepping)
        run_step(gdb);
    else
        board_run(board, duration);
    if (!gdb->spoken)
        return;
    if (board->failed) {
        if (gdb->answer_due)
            tell_violation(gdb);
        gdb_hold(gdb, GDB_SIGABRT);
    } else if (board->chip.cpu.locked_up && !was_locked_up) {
        gdb_hold(gdb, GDB_SIGILL);
    } else if (board->chip.cpu.at_breakpoint || gdb->hit.length) {
        gdb_hold(gdb, GDB_SIGTRAP);
    }
}

/* The debugger learns of it only by its next packet, as with other servers' `reset run`. */
void gdb_reset_and_run(struct gdb *gdb)
{
    gdb_reset_and_hold(gdb);
    gdb->held = false;
}

void gdb_reset_and_hold(struct gdb *gdb)
{
    board_power(gdb->board, true);
    board_reset_button(gdb->board);
    gdb->held = true;
    gdb->signal = GDB_SIGTRAP;
}
