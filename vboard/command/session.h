/* All boards of a run, what they share, and the loop that lets them take turns. */
#pragma once

#include <signal.h>

#include "console.h"
#include "options.h"
#include "slot.h"

/* How the command ends: what --help promises. */
enum exit_status {
    EXIT_ENDED = 0,
    EXIT_LOCKED_UP = 1,
    EXIT_USAGE = 2,
    EXIT_VIOLATION = 3,
    EXIT_UNMET = 4 /* what a command expected did not come */
};

struct usbip;
struct display;

struct session {
    const struct options *options;
    const volatile sig_atomic_t *end_requested; /* by a signal */
    unsigned count;                             /* of the slots that were opened */
    struct slot slots[OPTIONS_MAX_COUNT];
    struct board *boards[OPTIONS_MAX_COUNT];
    struct hearing *hearings[OPTIONS_MAX_COUNT];
    struct usbip *usbip;
    char end[160]; /* why the run ended, where that is made of parts */
    struct display *display;
    struct console console;
};

/* false: error says why; session_close is due all the same. */
bool session_open(struct session *session, const struct options *options, char error[SLOT_ERROR]);
/* Runs until something ends it, says what, and returns an exit_status. */
int session_run(struct session *session, const volatile sig_atomic_t *end_requested);
/* keep: what is in flash goes into its files. false: something could not be written; error says what. */
bool session_close(struct session *session, bool keep, char error[SLOT_ERROR]);
