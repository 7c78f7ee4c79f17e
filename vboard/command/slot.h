/*
 * One board with everything that is plugged into it or watches it: its place on the session of `vboard run`.
 */
#pragma once

#include <stdbool.h>

#include "board/board.h"
#include "board/usb_pc.h"
#include "hearing.h"
#include "options.h"
#include "repeats.h"

enum { SLOT_ERROR = 512, SLOT_TEXT = 64 };

struct display;

struct slot {
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
    char usb[SLOT_TEXT];               /* the latest report on USB */
    struct repeats repeats;
    struct hearing hearing;
};

/* A board without power, its flash filled, its servers listening. false: error says why; slot_close is due
 * all the same. */
bool slot_open(struct slot *slot, const struct options *options, unsigned number, char error[SLOT_ERROR]);
/* Says which ports are open. */
void slot_tell_servers(const struct slot *slot);
/* slot_reports.c: from now on the board tells the slot. */
void slot_watch(struct slot *slot);
/* How often each rule was broken, if any was. */
void slot_tell_rules(const struct slot *slot);
void slot_switch_on(struct slot *slot);
/* What comes in through the servers. Waits a little when a debugger holds the board. */
void slot_poll(struct slot *slot);
void slot_run(struct slot *slot, ticks duration);
bool slot_is_held(const struct slot *slot);
/* Faults and broken rules are the debugger's business. */
bool slot_is_debugged(const struct slot *slot);
/* keep: the flash goes into its file. false: error says what could not be written. */
bool slot_close(struct slot *slot, bool keep, char error[SLOT_ERROR]);
