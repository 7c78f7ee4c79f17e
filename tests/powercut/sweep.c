/* See sweep.h: the cuts. What runs and is checked: sweep_run.c. */
#include "sweep_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PROGRAM_SEEDS = 3,
    KEY_SEEDS = 64,          /* of what makes an application valid */
    MARKED_ERASE_SEEDS = 32, /* drawn by the chip; what is in doubt otherwise comes on top, once each */
    ERASE_SEEDS = 4,
    SAMPLED_EVERY = 13,  /* operations, when not deep */
    SAMPLED_SHARE = 2,   /* of those that a scenario samples itself, when not deep */
    SAMPLED_SEEDS = 4,   /* of the seeds one in so many, when not deep */
    RECOVER_EVERY = 199, /* cuts; besides the interesting ones */
    ENUMERATE_EVERY = 19,
    MOST_PAGE = 2048,
    SLOW_SHARE = 7, /* of the interesting cuts one in so many is recovered from, where that takes long */
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

static void recover(struct sweep *sweep)
{
    struct figures *figures = sweep->figures;
    struct chip *chip = &sweep->rig.board->chip;
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

/* A whole download of a signed image takes as long as ten others: the check computes. And so does one of the
 * whole area. */
static bool recovers_slowly(const struct sweep *sweep)
{
    return sweep->is_signed || (sweep->scenario->new_length == WHOLE_AREA && !sweep_deep());
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
    if ((interesting && (!recovers_slowly(sweep) || figures->cuts % SLOW_SHARE == 0)) ||
        figures->cuts % RECOVER_EVERY == 0)
        recover(sweep);
    else if (figures->cuts % ENUMERATE_EVERY == 0)
        enumerate(sweep);
}

static void cut_between(struct sweep *sweep, uint64_t number, enum power_cut_phase phase, bool may_be_lost,
                        bool interesting)
{
    struct chip *chip = &sweep->rig.board->chip;

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
static void doubt_page(uint8_t *page, const uint8_t *old, uint32_t size, uint8_t blank,
                       enum erase_doubt doubt)
{
    for (uint32_t i = 0; i < size; i++) {
        bool erased = doubt == DOUBT_FIRST_HALF ? i < size / 2 : i >= size / 2;

        switch (doubt) {
        case DOUBT_NOISE:
        case DOUBTS: break;
        case DOUBT_NOTHING_YET: page[i] = old[i]; break;
        case DOUBT_SOME_BITS: page[i] = blank ? page[i] | old[i] : page[i] & old[i]; break;
        case DOUBT_FIRST_HALF:
        case DOUBT_SECOND_HALF: page[i] = erased ? blank : old[i]; break;
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
    if (erase && (!sweep->rig.marks || seed >= MARKED_ERASE_SEEDS)) {
        uint8_t page[MOST_PAGE];
        uint32_t size = board->chip.config.page_bytes;
        uint32_t offset = (operation.address - FLASH_BASE) / size * size;

        memcpy(page, board->chip.flash_bytes + offset, size);
        doubt_page(page, before->chip.flash_bytes + offset, size, sweep->rig.blank,
                   (enum erase_doubt)(seed % DOUBTS));
        rig_burn(&sweep->rig, FLASH_BASE + offset, page, size);
    }
    check_cut(sweep, may_be_lost, interesting);
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
        rested = operations == flash->operations && !chip_flash_is_busy(&rig->board->chip) ? rested + 1 : 0;
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

/* A half page like many others, when not deep. */
static bool is_sampled(const struct sweep *sweep, const struct flash_operation *operation)
{
    return !sweep_deep() && operation->kind == FLASH_HALF_PAGE && is_one_of_many(sweep, operation);
}

/* All cuts from here to the beginning of the next operation. An operation is under way, or none was yet. */
static void cut_here(struct sweep *sweep)
{
    const struct chip *chip = &sweep->rig.board->chip;
    const struct flash_operation operation = chip->flash.operation;
    uint64_t number = chip->flash.operations;
    bool interesting = is_interesting(sweep, &operation) && !is_sampled(sweep, &operation);
    bool during = lost_during(sweep, &operation), after = lost_after(sweep, &operation);
    struct snapshot snapshot = sweep_save(sweep);

    if (number > sweep->first_operation) {
        bool erase = operation.kind == FLASH_PAGE_ERASE;
        unsigned share = sweep_deep() ? 1 : SAMPLED_SEEDS;
        unsigned seeds = erase && sweep->rig.marks   ? MARKED_ERASE_SEEDS / share + DOUBTS
                         : erase                     ? DOUBTS * ERASE_SEEDS / share
                         : is_key(sweep, &operation) ? KEY_SEEDS / share
                                                     : PROGRAM_SEEDS;

        for (unsigned seed = 0; seed < seeds && !can_start_anything(sweep, &operation); seed++) {
            cut_inside(sweep, snapshot.board, seed, during, interesting && seed < (erase ? DOUBTS : 1u));
            sweep_restore(sweep, &snapshot);
        }
        cut_between(sweep, number, CUT_AFTER, after, interesting);
        sweep_restore(sweep, &snapshot);
        for (unsigned i = 0; interesting && !sweep->run.ended && i < INTERRUPTIONS; i++) {
            interrupt(sweep, (enum interruption)i);
            sweep_restore(sweep, &snapshot);
        }
    }
    cut_between(sweep, number + 1, CUT_BEFORE, after, false);
    sweep_restore(sweep, &snapshot);
    stop_at_operations(sweep, true);
    sweep_forget(&snapshot);
}

/*
 * The high variant's reset vector in the clean run, after each operation has begun: it is whole but from the
 * erase of the first page to the second half-word of the hook, and each of these happens once.
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

/* Of what a scenario cuts everywhere `make test` cuts a sample, and all that is not
 * half-words or half pages like many others. */
static bool cuts_wanted(const struct sweep *sweep, uint64_t number)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;
    bool everywhere = sweep->scenario->every == 1;
    unsigned every = sweep->scenario->every;

    if (!sweep_deep())
        every = everywhere ? SAMPLED_EVERY : every * SAMPLED_SHARE;
    return number % every == 0 || decides(sweep, operation) ||
           (everywhere && is_interesting(sweep, operation) && !is_sampled(sweep, operation));
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

    if (sweep->first_page_erases > most_erases || sweep->hook_programs > most_erases * 2)
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
    struct sweep *s = sweep_begin(target, scenario, figures, TORN_NOISE);

    cut_here(s);
    while (go_on(s) == OPERATION) {
        figures->operations++;
        follow_reset_vector(s);
        follow_floor(s);
        if (cuts_wanted(s, figures->operations))
            cut_here(s);
    }
    check_end(s);
    sweep_end(s);
}
