/* See sweep.h: a cut behind the end of the image that is sent next, and then one that reaches there. */
#include "sweep_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    SEEDS = 12,
    MARKED_SEEDS = 24,    /* more words that must read right by chance, fewer operations */
    DEEP_SHARE = 4,       /* times as many when deep */
    PAGES_BEHIND = 2,     /* the end of the old image and the page whose operations are cut */
    PROGRAMS = 4,         /* half-words of a page that are cut, when not deep, besides the interesting ones */
    QUICK_ERASE_US = 500, /* more than a hundred pages are erased after each cut */
    ATTEMPTS = 4,         /* what reads blank and is not may make a download end with an error */
};

/* What somebody left there: pages that need an erase. */
static void fill_behind(struct sweep *sweep)
{
    static uint8_t junk[64 * 1024];
    uint32_t state = 1, from = sweep->old.flash_length, length = sweep->new.flash_length - from;

    if (sweep->scenario->first)
        return;

    assert_true(length <= sizeof junk);
    for (uint32_t i = 0; i < length; i++)
        junk[i] = (uint8_t)(next_random(&state) >> 24);
    rig_burn(&sweep->rig, sweep->rig.app_base + from, junk, length);
}

/* Each erase and each half page; of the half-words of a page a sample. */
static bool is_wanted(const struct sweep *sweep)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;
    uint32_t page = sweep->rig.transfer_size;
    uint32_t from = sweep->rig.app_base + sweep->old.flash_length + PAGES_BEHIND * page;

    return operation->address - from < page && (sweep_deep() || is_interesting(sweep, operation) ||
                                                sweep->figures->operations % (page / 2 / PROGRAMS) == 0);
}

/* The cells read as chance has it at each power-up. */
static void send(struct sweep *sweep, const struct application *application)
{
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        start_download(sweep, application, 0);
        (void)go_on(sweep);
        assert_nothing_forbidden(sweep);
        sweep->figures->recoveries++;
        if (sweep->run.how == CLIENT_DONE)
            return;
        sweep->figures->retries++;
    }
    fail_msg("%s: no download succeeds any more: status %u, state %u after %u bytes", sweep->where,
             sweep->run.client.status.bStatus, sweep->run.client.status.bState, sweep->run.client.sent);
}

static unsigned unstable_half_words(const struct sweep *sweep, const struct application *application)
{
    unsigned count = 0;

    for (uint32_t at = 0; at < application->flash_length; at += 2)
        count += flash_unstable_bits(&sweep->rig.board->chip, sweep->rig.app_base + at) != 0;
    return count;
}

static void cut_here(struct sweep *sweep)
{
    struct board *board = sweep->rig.board;
    const struct flash_operation operation = board->chip.flash.operation;
    struct snapshot snapshot = sweep_save(sweep);

    unsigned seeds = (sweep->rig.marks ? MARKED_SEEDS : SEEDS) * (sweep_deep() ? DEEP_SHARE : 1);

    stop_at_operations(sweep, false);
    for (unsigned seed = 0; seed < seeds; seed++) {
        (void)snprintf(sweep->where, sizeof sweep->where, "%s, %s: cut in %s 0x%08X, seed %u", sweep->target,
                       sweep->scenario->name, operation.kind == FLASH_PAGE_ERASE ? "erase" : "program",
                       (unsigned)operation.address, seed);
        board->chip.config.unstable_cells = CELLS_BY_CHANCE;
        board->chip.random_state ^= (seed + 1) * 0x9E3779B97F4A7C15ull;
        board_power(board, false);
        sweep->figures->cuts++;
        send(sweep, &sweep->old);
        send(sweep, &sweep->new);

        unsigned unstable = unstable_half_words(sweep, &sweep->new);
        if (unstable)
            fail_msg("%s: the second download after it leaves an image with %u unstable half-words",
                     sweep->where, unstable);
        if (!is_in_flash(sweep, &sweep->new))
            fail_msg("%s: the second download after it leaves a wrong image", sweep->where);
        sweep_restore(sweep, &snapshot);
    }
    sweep_forget(&snapshot);
    stop_at_operations(sweep, true);
}

void sweep_behind(const char *target, const struct scenario *scenario, struct figures *figures)
{
    struct sweep *s = sweep_begin(target, scenario, figures, TORN_UNSTABLE);

    s->rig.board->chip.config.page_erase_us = QUICK_ERASE_US;
    rig_allow(&s->rig, "program-over-data"); /* of what read blank a moment before */
    fill_behind(s);
    stop_at_operations(s, true);
    while (go_on(s) == OPERATION) {
        figures->operations++;
        if (is_wanted(s))
            cut_here(s);
    }
    assert_nothing_forbidden(s);
    assert_int_equal(s->run.how, CLIENT_DONE);
    assert_true(figures->cuts != 0);
    sweep_end(s);
}
