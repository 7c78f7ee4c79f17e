/* See sweep.h. */
#include "sweep.h"

#include "signed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    FLASH_BASE = 0x08000000,
    HIGH_START_WORDS = 7 * 4, /* where the high variant hides the application's words 0 and 1 */
    PROGRAM_SEEDS = 3,
    KEY_SEEDS = 64, /* of the half-word that makes an application valid */
    ERASE_SEEDS = 4,
    RECOVER_EVERY = 199, /* cuts; besides the interesting ones */
    ENUMERATE_EVERY = 19,
    SIGNED_SHARE = 7, /* of a signed target, one in so many of the interesting cuts is recovered from */
    SETTLE_MS = 60,   /* after the last answer: an operation under way ends */
    OPTION_WRP = 0x1FFFF808,
    PAGES_IN_WRP_BIT = 4 /* PM0075 2.4.2, medium density */
};

/* What flash is in doubt with after an erase was cut off, besides noise. */
enum erase_doubt {
    DOUBT_NOISE,
    DOUBT_NOTHING_YET,
    DOUBT_SOME_BITS,
    DOUBT_FIRST_HALF,
    DOUBT_SECOND_HALF,
    DOUBTS
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

/* Applications ------------------------------------------------------------------------------------------ */

static uint32_t next_random(uint32_t *state)
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
    memset(application->flash, 0xFF, application->flash_length);
    memcpy(application->flash, application->file, length);
    if (sweep->high && length) {
        memcpy(application->flash + HIGH_START_WORDS, application->file, 8);
        memcpy(application->flash, rig_flash(&sweep->rig, sweep->rig.bootloader), 8);
    }
}

/* Starts somewhere else for each seed, and holds no half-word that is blank. */
static void make_application(const struct sweep *sweep, struct application *application, uint32_t length,
                             unsigned seed)
{
    uint32_t state = seed * 2654435761u + 1;

    application->length = length;
    application->file = malloc(length + 1);
    assert_non_null(application->file);
    for (uint32_t i = 0; i < length; i++)
        application->file[i] = (uint8_t)((next_random(&state) >> 24) % 255);
    if (length) {
        put_word(application->file, 0x20005000 - 0x100 * seed);
        put_word(application->file + 4, (sweep->rig.app_base + 0x100 + 0x40 * seed) | 1);
    }
}

static bool page_is_new(const struct scenario *scenario, uint32_t page)
{
    switch (scenario->content) {
    case NEW_ALL:
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
        stm32f103_stop(&sweep->rig.board->chip);
    }
}

static void stop_at_operations(struct sweep *sweep, bool stop)
{
    sweep->stop_at_operations = stop;
    sweep->rig.board->chip.report_wanted = stop ? 1u << REPORT_FLASH : 0;
}

/* Until the next flash operation has begun, or the download is over. */
static enum progress go_on(struct sweep *sweep)
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
static void enumerate(struct sweep *sweep)
{
    board_press(sweep->rig.board, true);
    rig_power_cycle(&sweep->rig);
    if (!rig_enter_dfu(&sweep->rig))
        fail_msg("%s: the bootloader does not enumerate", sweep->where);
    sweep->figures->enumerations++;
}

static void start_download(struct sweep *sweep, const struct application *application, uint32_t abort_at)
{
    const struct client_plan plan = {application->file, application->length, abort_at};

    enumerate(sweep);
    board_press(sweep->rig.board, false);
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

static bool is_in_flash(const struct sweep *sweep, const struct application *application)
{
    return application->length && memcmp(rig_flash(&sweep->rig, sweep->rig.app_base), application->flash,
                                         application->flash_length) == 0;
}

static bool has_reset_vector(const struct sweep *sweep)
{
    const struct rig *rig = &sweep->rig;
    return !sweep->high || memcmp(rig_flash(rig, FLASH_BASE), rig_flash(rig, rig->bootloader), 8) == 0;
}

static void assert_nothing_forbidden(const struct sweep *sweep)
{
    const struct board *board = sweep->rig.board;

    if (board->failed)
        fail_msg("%s: violation: %s", sweep->where, board->first_violation);
    if (board->chip.cpu.locked_up)
        fail_msg("%s: the processor is locked up", sweep->where);
}

static bool bootloader_is_on_the_bus(const struct sweep *sweep)
{
    return usb_transceiver_on(&sweep->rig.board->chip) && sweep->rig.board->dplus;
}

/* Runs from power-up until the application starts (true) or the bootloader is on the bus (false). */
static bool application_starts(struct sweep *sweep)
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
static void check_floor(const struct sweep *sweep, unsigned floor)
{
    unsigned now = sweep->is_signed ? signed_floor(&sweep->rig) : 0;

    if (now < floor || (now != 0 && now != OLD_VERSION && now != NEW_VERSION))
        fail_msg("%s: version %u was recorded, and now %u is", sweep->where, floor, now);
    if (now == NEW_VERSION && sweep->scenario->maker != MAKER)
        fail_msg("%s: the version of an image that is not genuine was recorded", sweep->where);
}

/* With the button released: what is in flash decides. */
static void power_up_and_check(struct sweep *sweep)
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

/* A whole new download; the power fails again at its operation `cut` (0: not). True: the application is
 * there. */
static bool download_again(struct sweep *sweep, uint64_t cut, enum power_cut_phase phase)
{
    struct stm32f103 *chip = &sweep->rig.board->chip;

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

static void recover(struct sweep *sweep)
{
    struct figures *figures = sweep->figures;
    struct stm32f103 *chip = &sweep->rig.board->chip;
    uint32_t chance = (uint32_t)figures->cuts;
    void *after_cut = board_save(sweep->rig.board);
    uint64_t before = chip->flash.operations;

    stop_at_operations(sweep, false);
    download_again(sweep, 0, CUT_BEFORE);
    figures->recoveries++;

    /* and once more, with a second cut somewhere in it */
    uint64_t operations = chip->flash.operations - before;
    board_restore(sweep->rig.board, after_cut);
    free(after_cut);
    stop_at_operations(sweep, false);
    if (!operations)
        return;
    if (download_again(sweep, 1 + next_random(&chance) % operations, (enum power_cut_phase)(chance >> 8) % 3))
        fail_msg("%s: there was no second cut", sweep->where);
    figures->second_cuts++;
    if (!has_reset_vector(sweep)) {
        figures->no_reset_vector++;
        return;
    }
    power_up_and_check(sweep);
    download_again(sweep, 0, CUT_BEFORE);
    figures->recoveries++;
}

/* Cuts --------------------------------------------------------------------------------------------------- */

static bool is_first_page(const struct sweep *sweep, uint32_t address)
{
    return address - sweep->rig.app_base < sweep->rig.transfer_size;
}

static bool takes_reset_vector(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->high && operation->kind == FLASH_PAGE_ERASE && is_first_page(sweep, operation->address);
}

static bool gives_reset_vector(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->high && operation->kind == FLASH_PROGRAM && operation->address - FLASH_BASE < 8;
}

/* May there be no reset vector while this operation runs? */
static bool lost_during(const struct sweep *sweep, const struct flash_operation *operation)
{
    return takes_reset_vector(sweep, operation) || gives_reset_vector(sweep, operation);
}

/* And when it is over? */
static bool lost_after(const struct sweep *sweep, const struct flash_operation *operation)
{
    return takes_reset_vector(sweep, operation) ||
           (gives_reset_vector(sweep, operation) && operation->address != FLASH_BASE + 6);
}

/* `reset_vector_may_be_lost`: by the operation that was cut off, or by the one before it. */
static void check_cut(struct sweep *sweep, bool reset_vector_may_be_lost, bool interesting)
{
    struct figures *figures = sweep->figures;

    figures->cuts++;
    assert_nothing_forbidden(sweep);
    if (sweep->rig.board->chip.powered)
        fail_msg("%s: the power did not fail", sweep->where);
    if (!has_reset_vector(sweep)) {
        if (!reset_vector_may_be_lost)
            fail_msg("%s: no reset vector", sweep->where);
        figures->no_reset_vector++;
        return;
    }
    power_up_and_check(sweep);
    /* a whole download of a signed image takes as long as ten others: the check computes */
    if ((interesting && (!sweep->is_signed || figures->cuts % SIGNED_SHARE == 0)) ||
        figures->cuts % RECOVER_EVERY == 0)
        recover(sweep);
    else if (figures->cuts % ENUMERATE_EVERY == 0)
        enumerate(sweep);
}

static void cut_between(struct sweep *sweep, uint64_t number, enum power_cut_phase phase, bool may_be_lost,
                        bool interesting)
{
    struct stm32f103 *chip = &sweep->rig.board->chip;

    snprintf(sweep->where, sizeof sweep->where, "%s, %s: power cut %s operation %llu", sweep->target,
             sweep->scenario->name, phase == CUT_BEFORE ? "before" : "after",
             (unsigned long long)(number - sweep->first_operation));
    stop_at_operations(sweep, false);
    chip->power_cut_operation = number;
    chip->power_cut_phase = phase;
    if (go_on(sweep) == POWER_LOST)
        check_cut(sweep, may_be_lost, interesting);
    else if (phase == CUT_AFTER)
        fail_msg("%s: the power did not fail", sweep->where);
}

/* Makes a page look as an erase may leave it that was cut off. `page` holds noise, `old` what was there. */
static void doubt_page(uint8_t *page, const uint8_t *old, uint32_t size, enum erase_doubt doubt)
{
    for (uint32_t i = 0; i < size; i++) {
        bool erased = doubt == DOUBT_FIRST_HALF ? i < size / 2 : i >= size / 2;

        switch (doubt) {
        case DOUBT_NOISE:
        case DOUBTS: break;
        case DOUBT_NOTHING_YET: page[i] = old[i]; break;
        case DOUBT_SOME_BITS: page[i] |= old[i]; break;
        case DOUBT_FIRST_HALF:
        case DOUBT_SECOND_HALF: page[i] = erased ? 0xFF : old[i]; break;
        }
    }
}

/*
 * On a clone nothing makes an application invalid but the erase of its first page. What a page is like that
 * was half erased nobody can say, so a cut in that erase may start what is left: docs/safety.md, "clones".
 */
static bool can_start_anything(const struct sweep *sweep, const struct flash_operation *operation)
{
    return sweep->scenario->clone && sweep->old.length && operation->kind == FLASH_PAGE_ERASE &&
           is_first_page(sweep, operation->address);
}

/* The power fails now, in the operation under way. */
static void cut_inside(struct sweep *sweep, const struct board *before, unsigned seed, bool may_be_lost,
                       bool interesting)
{
    struct board *board = sweep->rig.board;
    struct flash_operation operation = board->chip.flash.operation;
    bool erase = operation.kind == FLASH_PAGE_ERASE;

    snprintf(sweep->where, sizeof sweep->where,
             "%s, %s: power cut inside operation %llu (%s 0x%08X), seed %u", sweep->target,
             sweep->scenario->name,
             (unsigned long long)(board->chip.flash.operations - sweep->first_operation),
             erase ? "erase" : "program", (unsigned)operation.address, seed);
    stop_at_operations(sweep, false);
    board->chip.random_state ^= (seed + 1) * 0x9E3779B97F4A7C15ull;
    board_power(board, false);
    if (erase) {
        uint32_t size = board->chip.config.page_bytes;
        uint32_t offset = (operation.address - FLASH_BASE) / size * size;

        doubt_page(board->chip.flash_bytes + offset, before->chip.flash_bytes + offset, size,
                   (enum erase_doubt)(seed % DOUBTS));
    }
    check_cut(sweep, may_be_lost, interesting);
}

/* The half-word that makes an application valid: the upper one of its initial stack pointer. */
static bool is_key(const struct sweep *sweep, const struct flash_operation *operation)
{
    return operation->kind == FLASH_PROGRAM &&
           operation->address == sweep->rig.app_base + (sweep->high ? HIGH_START_WORDS : 0) + 2;
}

/* The first and last half-word of a page, every erase, and all that decides what is valid. */
static bool is_interesting(const struct sweep *sweep, const struct flash_operation *operation)
{
    uint32_t page = sweep->rig.transfer_size, offset = operation->address % page;
    uint32_t last_of_first_page = sweep->high ? HIGH_START_WORDS + 8 : 8;

    return operation->kind == FLASH_PAGE_ERASE || offset == 0 || offset == page - 2 ||
           (is_first_page(sweep, operation->address) && offset < last_of_first_page);
}

/* A host that changes its mind. */
enum interruption { ABORTS, ERRS_AND_CLEARS, RESETS_THE_BUS, INTERRUPTIONS };

/* Until no operation has run for a while, but not so long that the board leaves the bus. */
static void let_flash_rest(struct rig *rig)
{
    enum { STEP_MS = 5, RESTED_STEPS = 4, MOST_STEPS = 50 };
    const struct flash *flash = &rig->board->chip.flash;
    unsigned rested = 0;

    for (unsigned steps = 0; steps < MOST_STEPS && rested < RESTED_STEPS; steps++) {
        uint64_t operations = flash->operations;

        rig_run_ms(rig, STEP_MS);
        rested = operations == flash->operations && !flash_is_busy(&rig->board->chip) ? rested + 1 : 0;
    }
}

/*
 * The power fails long after the host stopped a download in the midst of this operation. What it stopped must
 * be as harmless as if the power had failed at once; and a reset vector that was about to be written is
 * written all the same.
 */
static void interrupt(struct sweep *sweep, enum interruption interruption)
{
    static const char *const names[] = {"DFU_ABORT", "an error and DFU_CLRSTATUS", "a bus reset"};
    struct rig *rig = &sweep->rig;

    (void)snprintf(sweep->where, sizeof sweep->where, "%s, %s: %s during operation %llu", sweep->target,
                   sweep->scenario->name, names[interruption],
                   (unsigned long long)(rig->board->chip.flash.operations - sweep->first_operation));
    stop_at_operations(sweep, false);
    if (sweep->run.client.under_way)
        usb_host_cancel(rig->host, &sweep->run.client.transfer);
    switch (interruption) {
    case ABORTS: (void)dfu_send(rig, DFU_ABORT, 0, NULL, 0); break;
    case ERRS_AND_CLEARS:
        (void)dfu_send(rig, DFU_DNLOAD, 0x7777, NULL, 0);
        (void)dfu_send(rig, DFU_CLRSTATUS, 0, NULL, 0);
        break;
    case RESETS_THE_BUS: usb_host_reset(rig->host, 10); break;
    case INTERRUPTIONS: break;
    }
    let_flash_rest(rig);
    sweep->figures->interruptions++;
    board_power(rig->board, false);
    assert_nothing_forbidden(sweep);
    if (!has_reset_vector(sweep))
        fail_msg("%s: no reset vector, and it stays so", sweep->where);
    power_up_and_check(sweep);
}

struct snapshot {
    struct board *board;
    struct run run;
};

static void restore(struct sweep *sweep, const struct snapshot *snapshot)
{
    board_restore(sweep->rig.board, snapshot->board);
    sweep->run = snapshot->run;
}

/* All cuts from here to the beginning of the next operation. An operation is under way, or none was yet. */
static void cut_here(struct sweep *sweep)
{
    const struct stm32f103 *chip = &sweep->rig.board->chip;
    const struct flash_operation operation = chip->flash.operation;
    uint64_t number = chip->flash.operations;
    bool interesting = is_interesting(sweep, &operation);
    bool during = lost_during(sweep, &operation), after = lost_after(sweep, &operation);
    const struct snapshot snapshot = {board_save(sweep->rig.board), sweep->run};

    if (number > sweep->first_operation) {
        bool erase = operation.kind == FLASH_PAGE_ERASE;
        unsigned seeds = erase ? DOUBTS * ERASE_SEEDS : is_key(sweep, &operation) ? KEY_SEEDS : PROGRAM_SEEDS;

        for (unsigned seed = 0; seed < seeds && !can_start_anything(sweep, &operation); seed++) {
            cut_inside(sweep, snapshot.board, seed, during, interesting && seed < (erase ? DOUBTS : 1u));
            restore(sweep, &snapshot);
        }
        cut_between(sweep, number, CUT_AFTER, after, interesting);
        restore(sweep, &snapshot);
        for (unsigned i = 0; interesting && !sweep->run.ended && i < INTERRUPTIONS; i++) {
            interrupt(sweep, (enum interruption)i);
            restore(sweep, &snapshot);
        }
    }
    cut_between(sweep, number + 1, CUT_BEFORE, after, false);
    restore(sweep, &snapshot);
    stop_at_operations(sweep, true);
    free(snapshot.board);
}

/*
 * The high variant's reset vector in the clean run, after each operation has begun: it is whole but from the
 * erase of the first page to the fourth half-word of the hook, and each of these happens once.
 */
static void follow_reset_vector(struct sweep *sweep)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;

    sweep->first_page_erases += takes_reset_vector(sweep, operation);
    sweep->hook_programs += gives_reset_vector(sweep, operation);
    if (!lost_during(sweep, operation) && !has_reset_vector(sweep))
        fail_msg("%s, %s: no reset vector at operation %llu", sweep->target, sweep->scenario->name,
                 (unsigned long long)sweep->figures->operations);
}

/* What was recorded when the operation before this one had begun is there to stay. */
static void follow_floor(struct sweep *sweep)
{
    sweep->floor = sweep->next_floor;
    sweep->next_floor = sweep->is_signed ? signed_floor(&sweep->rig) : 0;
}

static bool cuts_wanted(const struct sweep *sweep, uint64_t number)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;

    return number % sweep->scenario->every == 0 ||
           (is_first_page(sweep, operation->address) && is_interesting(sweep, operation));
}

/* Scenarios ---------------------------------------------------------------------------------------------- */

/* The fifth to the twelfth page of the area. Takes effect at the next power-up. */
static void protect(struct sweep *sweep)
{
    uint32_t first = (sweep->rig.app_base - FLASH_BASE) / sweep->rig.transfer_size / PAGES_IN_WRP_BIT + 1;
    uint32_t bits = ~(3u << first);

    for (uint32_t i = 0; i < 4; i++) {
        uint8_t protection = (uint8_t)(bits >> 8 * i);
        const uint8_t option[2] = {protection, (uint8_t)~protection};

        rig_burn(&sweep->rig, OPTION_WRP + 2 * i, option, sizeof option);
    }
}

static void prepare(struct sweep *sweep)
{
    const struct scenario *scenario = sweep->scenario;
    struct stm32f103_config config = rig_config(sweep->target);

    config.zero_needs_erase = scenario->clone;
    sweep->high = strstr(sweep->target, "_HIGH") != NULL;
    sweep->is_signed = rig_is_signed(sweep->target);
    sweep->rig = rig_new_with(sweep->target, &config);
    sweep->rig.board->report = watch;
    sweep->rig.board->watcher = sweep;
    sweep->rig.host->nak_limit = 2; /* fewer events, same result */
    make_applications(sweep);
    if (sweep->old.length)
        rig_burn(&sweep->rig, sweep->rig.app_base, sweep->old.flash, sweep->old.flash_length);
    if (sweep->is_signed)
        signed_burn_log(&sweep->rig, scenario);
    if (scenario->protected)
        protect(sweep);
}

static void check_end(struct sweep *sweep)
{
    const struct scenario *scenario = sweep->scenario;
    const struct client *client = &sweep->run.client;
    enum client_progress wanted = scenario->ends_with  ? CLIENT_REFUSED
                                  : scenario->abort_at ? CLIENT_ABORTED
                                                       : CLIENT_DONE;

    snprintf(sweep->where, sizeof sweep->where, "%s, %s: at the end", sweep->target, scenario->name);
    assert_nothing_forbidden(sweep);
    if (sweep->run.how != wanted || client->status.bStatus != scenario->ends_with)
        fail_msg("%s: how %d, status %u, state %u after %u bytes", sweep->where, (int)sweep->run.how,
                 client->status.bStatus, client->status.bState, client->sent);
    unsigned most_erases = scenario->clone ? 2 : 1;

    if (sweep->first_page_erases > most_erases || sweep->hook_programs > most_erases * 4)
        fail_msg("%s: %llu erases of the first page, %llu half-words of the hook", sweep->where,
                 (unsigned long long)sweep->first_page_erases, (unsigned long long)sweep->hook_programs);
    if (wanted == CLIENT_DONE && !is_in_flash(sweep, &sweep->new))
        fail_msg("%s: the image is not in flash", sweep->where);
    if ((scenario->content == NEW_SAME || scenario->content == NEW_REFUSED) && sweep->figures->operations > 0)
        fail_msg("%s: %llu operations where there was nothing to do", sweep->where,
                 (unsigned long long)sweep->figures->operations);
    board_power(sweep->rig.board, false);
    check_cut(sweep, false, true);
}

void sweep(const char *target, const struct scenario *scenario, struct figures *figures)
{
    struct sweep *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->target = target;
    s->scenario = scenario;
    s->figures = figures;
    snprintf(s->where, sizeof s->where, "%s, %s: at the beginning", target, scenario->name);
    prepare(s);
    board_power(s->rig.board, true);
    start_download(s, &s->new, scenario->abort_at);
    s->first_operation = s->rig.board->chip.flash.operations;
    cut_here(s);
    while (go_on(s) == OPERATION) {
        figures->operations++;
        follow_reset_vector(s);
        follow_floor(s);
        if (cuts_wanted(s, figures->operations))
            cut_here(s);
    }
    check_end(s);
    free_application(&s->old);
    free_application(&s->new);
    rig_free(&s->rig);
    free(s);
}
