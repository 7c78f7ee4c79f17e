/*
 * What the sweeps of this folder share: a board, a download on it that can be gone on with, and the checks.
 */
#pragma once

#include "signed.h"
#include "sweep.h"

enum {
    HOOK = 4,                 /* offset of the high variant's reset vector */
    HIGH_START_WORDS = 7 * 4, /* where the high variant hides the application's words 0 and 1 */
};

/* An application as it is in flash when it is whole. */
struct application {
    uint8_t *file, *flash;
    uint32_t length, flash_length; /* the latter whole pages */
};

/* A download under way; all of it is part of a snapshot. */
struct run {
    struct client client;
    bool ended;
    enum client_progress how;
    ticks until;
};

struct sweep {
    const char *target;
    const struct scenario *scenario;
    struct figures *figures;
    struct rig rig;
    struct run run;
    struct application old, new;
    const struct application *next; /* what is sent after a cut */
    bool high, is_signed;
    unsigned floor, next_floor; /* of a signed target: the version recorded so far; with what is under way */
    bool stop_at_operations, operation_began;
    uint64_t first_operation; /* number of operations before the download */
    uint64_t first_page_erases, hook_programs;
    char where[128]; /* the present cut, for messages */
};

enum progress { OPERATION, FINISHED, POWER_LOST };

struct snapshot {
    struct board *board;
    struct run run;
};

/* A board of this target with the scenario's old application, whose download has begun. */
struct sweep *sweep_begin(const char *target, const struct scenario *scenario, struct figures *figures,
                          enum torn_flash torn);
void sweep_end(struct sweep *sweep);
struct snapshot sweep_save(const struct sweep *sweep);
void sweep_restore(struct sweep *sweep, const struct snapshot *snapshot);
void sweep_forget(struct snapshot *snapshot);

/* Running */
uint32_t next_random(uint32_t *state);
void stop_at_operations(struct sweep *sweep, bool stop);
/* Until the next flash operation has begun, or the download is over. */
enum progress go_on(struct sweep *sweep);
/* With the button held and after a power cycle, or the test fails. */
void enumerate(struct sweep *sweep);
/* The same, and a download from its beginning. */
void start_download(struct sweep *sweep, const struct application *application, uint32_t abort_at);
/* A whole download after a power cycle; the power fails at its operation `cut` (0: not). True: the
 * application is there and starts. */
bool download_again(struct sweep *sweep, uint64_t cut, enum power_cut_phase phase);

/* Looking */
bool is_in_flash(const struct sweep *sweep, const struct application *application);
bool has_reset_vector(const struct sweep *sweep);
bool bootloader_is_on_the_bus(const struct sweep *sweep);
void assert_nothing_forbidden(const struct sweep *sweep);
/* Runs from power-up until the application starts (true) or the bootloader is on the bus (false). */
bool application_starts(struct sweep *sweep);
/* After a cut, `floor` having been recorded before. */
void check_floor(const struct sweep *sweep, unsigned floor);
/* With the button released: what is in flash decides. */
void power_up_and_check(struct sweep *sweep);

/* What an operation is */
bool is_first_page(const struct sweep *sweep, uint32_t address);
bool takes_reset_vector(const struct sweep *sweep, const struct flash_operation *operation);
bool gives_reset_vector(const struct sweep *sweep, const struct flash_operation *operation);
/* May there be no reset vector while this operation runs? And when it is over? */
bool lost_during(const struct sweep *sweep, const struct flash_operation *operation);
bool lost_after(const struct sweep *sweep, const struct flash_operation *operation);
bool is_key(const struct sweep *sweep, const struct flash_operation *operation);
/* It decides what is valid: in the log of versions, or what is interesting in the first page. */
bool decides(const struct sweep *sweep, const struct flash_operation *operation);
bool is_interesting(const struct sweep *sweep, const struct flash_operation *operation);
/* An erase or a half page like many others, of flash with marks: it has few operations besides. */
bool is_one_of_many(const struct sweep *sweep, const struct flash_operation *operation);
