/* See sweep_private.h. */
#include "sweep_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SETTLE_MS = 60, /* after the last answer: an operation under way ends */
    OPTION_WRP = 0x1FFFF808,
    PAGES_IN_WRP_BIT = 4 /* PM0075 2.4.2, medium density */
};

/* Applications ------------------------------------------------------------------------------------------ */

uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525u + 1013904223u;
}

static void put_word(uint8_t *to, uint32_t word)
{
    memcpy(to, &word, sizeof word);
}

/* What becomes of a file in flash: whole pages, and in the high variant the bootloader's hook. */
static void make_flash_image(const struct sweep *sweep, struct application *application)
{
    uint32_t page = sweep->rig.transfer_size, length = application->length;

    application->flash_length = (length + page - 1) / page * page;
    application->flash = malloc(application->flash_length + 1);
    assert_non_null(application->flash);
    memset(application->flash, sweep->rig.blank, application->flash_length);
    memcpy(application->flash, application->file, length);
    if (sweep->high && length) {
        memcpy(application->flash + HIGH_START_WORDS, application->file, 8);
        memcpy(application->flash + HOOK, rig_flash(&sweep->rig, sweep->rig.bootloader + HOOK), 4);
    }
}

/* Starts somewhere else for each seed, and holds nothing that is blank. */
static void make_application(const struct sweep *sweep, struct application *application, uint32_t length,
                             unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;

    application->length = length;
    application->file = malloc(length + 1);
    assert_non_null(application->file);
    for (uint32_t i = 0; i < length; i++)
        application->file[i] = (uint8_t)((next_random(&state) >> 24) % 255 + !sweep->rig.blank);
    if (length) {
        put_word(application->file, 0x20002000 - 0x100 * seed);
        /* inside of a short one, too */
        put_word(application->file + 4,
                 (sweep->rig.app_base + (length < 0x200 ? 0x20 : 0x100) + 0x40 * seed) | 1);
    }
}

static bool page_is_new(const struct scenario *scenario, uint32_t page)
{
    switch (scenario->content) {
    case NEW_ALL:
    case NEW_BLANK:
    case NEW_REFUSED: break;
    case NEW_SAME: return false;
    case NEW_PAGES: return page < 64 && scenario->changed >> page & 1;
    }
    return true;
}

static void make_applications(struct sweep *sweep)
{
    const struct scenario *scenario = sweep->scenario;
    uint32_t page = sweep->rig.transfer_size, area = sweep->rig.app_bytes;
    struct application *old = &sweep->old, *new = &sweep->new;

    make_application(sweep, old, scenario->old_length == WHOLE_AREA ? area : scenario->old_length, 1);
    make_application(sweep, new,
                     (scenario->new_length == WHOLE_AREA ? area : scenario->new_length) + scenario->surplus,
                     2);
    for (uint32_t at = 0; at + page <= old->length && at + page <= new->length; at += page)
        if (!page_is_new(scenario, at / page))
            memcpy(new->file + at, old->file + at, page);
    if (scenario->content == NEW_BLANK)
        memset(new->file + 8, sweep->rig.blank, new->length - 8);
    if (scenario->content == NEW_REFUSED)
        put_word(new->file, 0);
    if (sweep->is_signed) {
        if (old->length)
            signed_finish(&sweep->rig, scenario, old->file, old->length, false);
        signed_finish(&sweep->rig, scenario, new->file, new->length, true);
    }
    make_flash_image(sweep, old);
    make_flash_image(sweep, new);
    /* what is sent after a cut, to see that it can be */
    sweep->next = scenario->ends_with ? old : new;
}

static void free_application(struct application *application)
{
    free(application->file);
    free(application->flash);
}

/* Running ----------------------------------------------------------------------------------------------- */

static void watch(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct sweep *sweep = watcher;
    (void)at;
    (void)text;
    if (kind == REPORT_FLASH && sweep->stop_at_operations) {
        sweep->operation_began = true;
        chip_stop(&sweep->rig.board->chip);
    }
}

void stop_at_operations(struct sweep *sweep, bool stop)
{
    sweep->stop_at_operations = stop;
    sweep->rig.board->chip.report_wanted = stop ? 1u << REPORT_FLASH : 0;
}

/* Until the next flash operation has begun, or the download is over. */
enum progress go_on(struct sweep *sweep)
{
    struct run *run = &sweep->run;
    struct board *board = sweep->rig.board;

    sweep->operation_began = false;
    while (!run->ended) {
        run->how = client_run(&run->client, &sweep->rig);
        if (!board->chip.powered)
            return POWER_LOST;
        if (sweep->operation_began)
            return OPERATION;
        run->ended = run->how != CLIENT_STOPPED;
        run->until = board_now(board) + SETTLE_MS * TICKS_PER_MILLISECOND;
    }
    if (board_now(board) < run->until)
        board_run(board, run->until - board_now(board));
    if (!board->chip.powered)
        return POWER_LOST;
    return sweep->operation_began ? OPERATION : FINISHED;
}

/* The button leads to the bootloader, whatever is in flash. */
void enumerate(struct sweep *sweep)
{
    board_press(sweep->rig.board, true);
    rig_power_cycle(&sweep->rig);
    if (!rig_enter_dfu(&sweep->rig))
        fail_msg("%s: the bootloader does not enumerate", sweep->where);
    sweep->figures->enumerations++;
}

static void read_some(struct sweep *sweep)
{
    enum { BLOCKS = 3, MOST_BLOCK = 2048 };
    uint8_t back[BLOCKS * MOST_BLOCK];
    uint32_t block = sweep->rig.transfer_size;

    if (dfu_upload(&sweep->rig, back, BLOCKS * block, block).bytes != BLOCKS * block)
        fail_msg("%s: nothing can be read", sweep->where);
    (void)dfu_send(&sweep->rig, DFU_ABORT, 0, NULL, 0);
}

void start_download(struct sweep *sweep, const struct application *application, uint32_t abort_at)
{
    const struct client_plan plan = {application->file, application->length, abort_at};

    enumerate(sweep);
    board_press(sweep->rig.board, false);
    if (sweep->scenario->upload)
        read_some(sweep);
    memset(&sweep->run, 0, sizeof sweep->run);
    client_start(&sweep->run.client, &plan);
}

/* What the board does after a cut ------------------------------------------------------------------------ */

static uint32_t word_in_flash(const struct sweep *sweep, uint32_t address)
{
    uint32_t word;
    memcpy(&word, rig_flash(&sweep->rig, address), sizeof word);
    return word;
}

bool is_in_flash(const struct sweep *sweep, const struct application *application)
{
    return application->length && memcmp(rig_flash(&sweep->rig, sweep->rig.app_base), application->flash,
                                         application->flash_length) == 0;
}

bool has_reset_vector(const struct sweep *sweep)
{
    const struct rig *rig = &sweep->rig;
    return !sweep->high ||
           memcmp(rig_flash(rig, FLASH_BASE + HOOK), rig_flash(rig, rig->bootloader + HOOK), 4) == 0;
}

void assert_nothing_forbidden(const struct sweep *sweep)
{
    const struct board *board = sweep->rig.board;

    if (board->failed)
        fail_msg("%s: violation: %s", sweep->where, board->first_violation);
    if (board->chip.cpu.locked_up)
        fail_msg("%s: the processor is locked up", sweep->where);
}

bool bootloader_is_on_the_bus(const struct sweep *sweep)
{
    return usb_transceiver_on(&sweep->rig.board->chip) && sweep->rig.board->dplus;
}

/* Runs from power-up until the application starts (true) or the bootloader is on the bus (false). */
bool application_starts(struct sweep *sweep)
{
    struct rig *rig = &sweep->rig;
    struct cortex_m3 *cpu = &rig->board->chip.cpu;
    uint32_t entry = word_in_flash(sweep, rig->app_base + (sweep->high ? HIGH_START_WORDS : 0) + 4);
    bool started = false;

    /* whatever entry is in flash: if it is not inside the area a start there is no start of an application */
    cpu->breakpoint[0] = entry & ~1u;
    cpu->breakpoint_count = entry - rig->app_base < rig->app_bytes ? 1 : 0;
    for (unsigned ms = 0; ms < 1000 && !started && !bootloader_is_on_the_bus(sweep); ms++) {
        rig_run_ms(rig, 1);
        started = cpu->at_breakpoint;
    }
    cpu->breakpoint_count = 0;
    cpu->stop = cpu->at_breakpoint = false;
    assert_nothing_forbidden(sweep);
    if (!started && !bootloader_is_on_the_bus(sweep))
        fail_msg("%s: neither an application nor the bootloader starts", sweep->where);
    return started;
}

static bool new_is_genuine(const struct sweep *sweep)
{
    return sweep->scenario->maker == MAKER && signed_floor(&sweep->rig) == NEW_VERSION;
}

/* After a cut, `floor` having been recorded before. */
void check_floor(const struct sweep *sweep, unsigned floor)
{
    unsigned now = sweep->is_signed ? signed_floor(&sweep->rig) : 0;

    if (now < floor || (now != 0 && now != OLD_VERSION && now != NEW_VERSION))
        fail_msg("%s: version %u was recorded, and now %u is", sweep->where, floor, now);
    if (now == NEW_VERSION && sweep->scenario->maker != MAKER)
        fail_msg("%s: the version of an image that is not genuine was recorded", sweep->where);
}

/* With the button released: what is in flash decides. */
void power_up_and_check(struct sweep *sweep)
{
    struct figures *figures = sweep->figures;

    check_floor(sweep, sweep->floor);
    board_press(sweep->rig.board, false);
    board_power(sweep->rig.board, true);
    if (!application_starts(sweep))
        figures->waited++;
    else if (is_in_flash(sweep, &sweep->new) && (!sweep->is_signed || new_is_genuine(sweep)))
        figures->new_started++;
    else if (is_in_flash(sweep, &sweep->old))
        figures->old_started++;
    else
        fail_msg("%s: an application is started that is neither the old nor the new one", sweep->where);
}

/* A whole new download; the power fails again at its operation `cut` (0: not).
 * True: the application is there. */
bool download_again(struct sweep *sweep, uint64_t cut, enum power_cut_phase phase)
{
    struct chip *chip = &sweep->rig.board->chip;

    start_download(sweep, sweep->next, 0);
    chip->power_cut_phase = phase;
    chip->power_cut_operation = cut ? chip->flash.operations + cut : 0;
    if (go_on(sweep) == POWER_LOST)
        return false;
    chip->power_cut_operation = 0;
    assert_nothing_forbidden(sweep);
    if (sweep->run.how != CLIENT_DONE)
        fail_msg("%s: the next download fails: status %u, state %u after %u bytes", sweep->where,
                 sweep->run.client.status.bStatus, sweep->run.client.status.bState, sweep->run.client.sent);
    if (!is_in_flash(sweep, sweep->next))
        fail_msg("%s: the next download leaves a wrong image", sweep->where);
    board_power(sweep->rig.board, false);
    board_power(sweep->rig.board, true);
    if (!application_starts(sweep))
        fail_msg("%s: the application does not start after the next download", sweep->where);
    return true;
}

/* What an operation is ----------------------------------------------------------------------------------- */

bool is_first_page(const struct sweep *sweep, uint32_t address)
{
    return address - sweep->rig.app_base < sweep->rig.transfer_size;
}

bool takes_reset_vector(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->high && operation->kind == FLASH_PAGE_ERASE && is_first_page(sweep, operation->address);
}

bool gives_reset_vector(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->high && operation->kind == FLASH_PROGRAM && operation->address - (FLASH_BASE + HOOK) < 4;
}

/* May there be no reset vector while this operation runs? */
bool lost_during(const struct sweep *sweep, const struct flash_operation *operation)
{
    return takes_reset_vector(sweep, operation) || gives_reset_vector(sweep, operation);
}

/* And when it is over? */
bool lost_after(const struct sweep *sweep, const struct flash_operation *operation)
{
    return takes_reset_vector(sweep, operation) ||
           (gives_reset_vector(sweep, operation) && operation->address != FLASH_BASE + 6);
}

static bool is_mark(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->rig.marks && operation->address - sweep->rig.marks < 2 * sweep->rig.transfer_size;
}

/* A mark; or the half-word that makes an application valid, the upper one of its initial stack pointer. */
bool is_key(const struct sweep *sweep, const struct flash_operation *operation)
{
    if (sweep->rig.marks)
        return is_mark(sweep, operation) && operation->kind == FLASH_PROGRAM;
    return operation->kind == FLASH_PROGRAM &&
           operation->address == sweep->rig.app_base + (sweep->high ? HIGH_START_WORDS : 0) + 2;
}

/* The first and last half-word of a page, each half page, every erase, and all that decides what is valid. */
bool is_interesting(const struct sweep *sweep, const struct flash_operation *operation)
{
    uint32_t page = sweep->rig.transfer_size, offset = operation->address % page;
    uint32_t last_of_first_page = sweep->high ? HIGH_START_WORDS + 8 : 8;

    return operation->kind == FLASH_PAGE_ERASE || operation->kind == FLASH_HALF_PAGE || offset == 0 ||
           offset == page - 2 || (is_first_page(sweep, operation->address) && offset < last_of_first_page);
}

bool is_one_of_many(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->rig.marks && !decides(sweep, operation);
}

bool decides(const struct sweep *sweep, const struct flash_operation *operation)
{
    bool in_log = sweep->is_signed && operation->address >= sweep->rig.app_base + sweep->rig.app_bytes;

    return in_log || is_mark(sweep, operation) ||
           (is_first_page(sweep, operation->address) && is_interesting(sweep, operation));
}

/* Snapshots, beginning and end --------------------------------------------------------------------------- */

struct snapshot sweep_save(const struct sweep *sweep)
{
    return (struct snapshot){board_save(sweep->rig.board), sweep->run};
}

void sweep_restore(struct sweep *sweep, const struct snapshot *snapshot)
{
    board_restore(sweep->rig.board, snapshot->board);
    sweep->run = snapshot->run;
}

void sweep_forget(struct snapshot *snapshot)
{
    free(snapshot->board);
    snapshot->board = NULL;
}

/* The fifth to the twelfth page of the area. Takes effect at the next power-up. */
static void protect(struct sweep *sweep)
{
    rig_allow(&sweep->rig, "flash-write-protected"); /* the bootloader finds out by trying */
    uint32_t first = (sweep->rig.app_base - FLASH_BASE) / sweep->rig.transfer_size / PAGES_IN_WRP_BIT + 1;
    uint32_t bits = ~(3u << first);

    for (uint32_t i = 0; i < 4; i++) {
        uint8_t protection = (uint8_t)(bits >> 8 * i);
        const uint8_t option[2] = {protection, (uint8_t)~protection};

        rig_burn(&sweep->rig, OPTION_WRP + 2 * i, option, sizeof option);
    }
}

static void prepare(struct sweep *sweep, enum torn_flash torn)
{
    const struct scenario *scenario = sweep->scenario;
    struct chip_config config = rig_config(sweep->target);

    config.zero_needs_erase = scenario->clone;
    config.torn = torn;
    sweep->high = strstr(sweep->target, "_HIGH") != NULL;
    sweep->is_signed = rig_is_signed(sweep->target);
    sweep->rig = rig_new_with(sweep->target, &config);
    sweep->rig.board->report = watch;
    sweep->rig.board->watcher = sweep;
    sweep->rig.host->nak_limit = 2; /* fewer events, same result */
    make_applications(sweep);
    if (sweep->old.length && !scenario->first)
        rig_burn(&sweep->rig, sweep->rig.app_base, sweep->old.flash, sweep->old.flash_length);
    if (sweep->is_signed)
        signed_burn_log(&sweep->rig, scenario);
    if (scenario->protected)
        protect(sweep);
}

struct sweep *sweep_begin(const char *target, const struct scenario *scenario, struct figures *figures,
                          enum torn_flash torn)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);

    assert_non_null(sweep);
    sweep->target = target;
    sweep->scenario = scenario;
    sweep->figures = figures;
    (void)snprintf(sweep->where, sizeof sweep->where, "%s, %s: at the beginning", target, scenario->name);
    prepare(sweep, torn);
    board_power(sweep->rig.board, true);
    start_download(sweep, &sweep->new, scenario->abort_at);
    sweep->first_operation = sweep->rig.board->chip.flash.operations;
    return sweep;
}

void sweep_end(struct sweep *sweep)
{
    free_application(&sweep->old);
    free_application(&sweep->new);
    rig_free(&sweep->rig);
    free(sweep);
}

bool sweep_deep(void)
{
    return rig_deep();
}
