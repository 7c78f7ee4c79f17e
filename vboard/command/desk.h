/* All boards of a run, what they share, and the loop that lets them take turns. */
#pragma once

#include <signal.h>

#include "console.h"
#include "options.h"
#include "seat.h"

/* How the command ends: what --help promises. */
enum exit_status { EXIT_ENDED = 0, EXIT_LOCKED_UP = 1, EXIT_USAGE = 2, EXIT_VIOLATION = 3 };

struct usbip;
struct display;

struct desk {
    const struct options *options;
    const volatile sig_atomic_t *end_requested; /* by a signal */
    unsigned count;                             /* of the seats that were opened */
    struct seat seats[OPTIONS_MAX_COUNT];
    struct board *boards[OPTIONS_MAX_COUNT];
    struct usbip *usbip;
    char end[160]; /* why the run ended, where that is made of parts */
    struct display *display;
    struct console console;
};

/* false: error says why; desk_close is due all the same. */
bool desk_open(struct desk *desk, const struct options *options, char error[SEAT_ERROR]);
/* Runs until something ends it, says what, and returns an exit_status. */
int desk_run(struct desk *desk, const volatile sig_atomic_t *end_requested);
/* keep: what is in flash goes into its files. false: something could not be written; error says what. */
bool desk_close(struct desk *desk, bool keep, char error[SEAT_ERROR]);
