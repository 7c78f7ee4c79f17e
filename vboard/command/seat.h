/* One board with everything that is plugged into it or watches it: its place on the desk of `vboard run`. */
#pragma once

#include <stdbool.h>

#include "board/board.h"
#include "options.h"
#include "repeats.h"
#include "servers/usb_pc.h"

enum { SEAT_ERROR = 512, SEAT_TEXT = 64 };

struct display;

struct seat {
    const struct options *options;
    unsigned number; /* from 1 */
    struct board *board;
    struct display *display; /* NULL: reports are printed */
    struct usb_pc pc;        /* with --enumerate */
    struct usbredir *usbredir;
    struct gdb *gdb;
    struct vcd *vcd;
    struct pcap *pcap;
    struct serial *serial[USARTS + 1]; /* 1 to 5 */
    char usb[SEAT_TEXT];               /* the latest report on USB */
    struct repeats repeats;
};

/* A board without power, its flash filled, its doors open. false: error says why; seat_close is due all the
 * same. */
bool seat_open(struct seat *seat, const struct options *options, unsigned number, char error[SEAT_ERROR]);
/* Says which ports are open. */
void seat_tell_doors(const struct seat *seat);
/* seat_reports.c: from now on the board tells the seat. */
void seat_watch(struct seat *seat);
/* How often each rule was broken, if any was. */
void seat_tell_rules(const struct seat *seat);
void seat_switch_on(struct seat *seat);
/* What comes in through the doors. Waits a little when a debugger holds the board. */
void seat_poll(struct seat *seat);
void seat_run(struct seat *seat, ticks duration);
bool seat_is_held(const struct seat *seat);
/* Faults and broken rules are the debugger's business. */
bool seat_is_debugged(const struct seat *seat);
/* keep: the flash goes into its file. false: error says what could not be written. */
bool seat_close(struct seat *seat, bool keep, char error[SEAT_ERROR]);
