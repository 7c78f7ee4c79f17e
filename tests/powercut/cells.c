/* See sweep.h: cuts that leave unstable cells, and a second cut in the download after. */
#include "sweep_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    ERASE_SEEDS = 3,
    DECIDING_SEEDS = 2, /* of a half-word that decides what is valid */
    KEY_SEEDS = 5,      /* of the key and of the log of versions */
    DEEP_SEEDS = 8,     /* times as many when deep */
    SIGNED_SHARE = 3,   /* of a signed target, one in so many of the other cuts is recovered from */
    DATA_SEEDS = 1,
    DATA_EVERY = 256, /* half-words of the first page that decide nothing: a sample */
    DEEP_EVERY = 16,
    FIRST_OPERATIONS = 3, /* of the second download: a cut at each */
    SECOND_EVERY = 499,   /* and at every so many of the others, besides the interesting ones */
    MANY_EVERY = 17,      /* operations like many others, when deep */
    ATTEMPTS = 4,         /* an unstable cell can make a download end with an error, but not each time */
    HALF_WORD = 2,
};

/* How the unstable cells read, power-up by power-up. */
static const enum unstable_cells readings[] = {CELLS_READ_0, CELLS_READ_1, CELLS_READ_EITHER,
                                               CELLS_READ_EITHER};
enum { READINGS = sizeof readings / sizeof readings[0], DIFFERENT_READINGS = 3 };

static uint32_t key_address(const struct sweep *sweep)
{
    return sweep->rig.app_base + (sweep->high ? HIGH_START_WORDS : 0) + HALF_WORD;
}

static uint16_t unstable_bits(const struct sweep *sweep, uint32_t address)
{
    return flash_unstable_bits(&sweep->rig.board->chip, address);
}

/* What it does for the moment: how its cells read from the next power-up on. */
static void choose_readings(struct sweep *sweep, enum unstable_cells cells, uint32_t seed)
{
    struct chip *chip = &sweep->rig.board->chip;

    chip->config.unstable_cells = cells;
    chip->random_state ^= (seed + 1) * 0x9E3779B97F4A7C15ull;
}

/* Is this application in flash, as far as cells are stable? `*weak`: half-words of it, but the
 * key, that have unstable ones. */
static bool is_there(const struct sweep *sweep, const struct application *application, unsigned *weak)
{
    const uint8_t *flash = rig_flash(&sweep->rig, sweep->rig.app_base);

    *weak = 0;
    for (uint32_t at = 0; at < application->flash_length; at += HALF_WORD) {
        uint32_t address = sweep->rig.app_base + at;
        uint16_t now, wanted, unstable = unstable_bits(sweep, address);

        memcpy(&now, flash + at, sizeof now);
        memcpy(&wanted, application->flash + at, sizeof wanted);
        if ((now ^ wanted) & ~unstable)
            return false;
        *weak += unstable && address != key_address(sweep);
    }
    return application->length != 0;
}

/* The bootloader's own, and none of its cells in doubt. */
static bool has_stable_reset_vector(const struct sweep *sweep)
{
    bool stable = true;

    for (uint32_t at = HOOK; sweep->high && at < HOOK + 4; at += HALF_WORD)
        stable = stable && !unstable_bits(sweep, FLASH_BASE + at);
    return stable && has_reset_vector(sweep);
}

/* The version that is recorded whatever its cells read. */
static unsigned stable_floor(struct sweep *sweep)
{
    const struct rig *rig = &sweep->rig;
    struct chip *chip = &rig->board->chip;
    uint32_t log = rig->app_base + rig->app_bytes;
    struct snapshot now;
    unsigned floor;

    if (!sweep->is_signed)
        return 0;
    now = sweep_save(sweep);
    for (uint32_t at = 0; at < rig->transfer_size; at += HALF_WORD)
        if (flash_unstable_bits(chip, log + at)) {
            static const uint16_t nothing = 0;

            (void)flash_load(chip, log + at, &nothing, sizeof nothing);
        }
    floor = signed_floor(rig);
    sweep_restore(sweep, &now);
    sweep_forget(&now);
    return floor;
}

/* Something starts: it must be one of the two, and the new one must be allowed to. */
static void check_started(struct sweep *sweep)
{
    struct figures *figures = sweep->figures;
    unsigned weak_new, weak_old;
    bool new = is_there(sweep, &sweep->new, &weak_new), old = is_there(sweep, &sweep->old, &weak_old);

    if (!new && !old)
        fail_msg("%s: half an application is started", sweep->where);
    if (new && sweep->is_signed && sweep->scenario->maker != MAKER)
        fail_msg("%s: an image that is not genuine is started", sweep->where);
    figures->new_started += new;
    figures->old_started += !new;
    figures->weak += new ? weak_new != 0 : weak_old != 0;
}

/* Where it would start is in doubt although that it does is not: nothing to be learnt from a run. */
static bool entry_is_in_doubt(const struct sweep *sweep)
{
    uint32_t start = key_address(sweep) - HALF_WORD;

    return !unstable_bits(sweep, start + 2) &&
           (unstable_bits(sweep, start) || unstable_bits(sweep, start + 4) ||
            unstable_bits(sweep, start + 6));
}

/* Without power now. Several power-ups: each time the cells read otherwise. */
static void power_up_several_times(struct sweep *sweep, unsigned floor)
{
    struct figures *figures = sweep->figures;
    struct snapshot off;

    if (stable_floor(sweep) < floor)
        fail_msg("%s: version %u was recorded, and is no more", sweep->where, floor);
    if (!has_stable_reset_vector(sweep)) {
        figures->no_reset_vector++;
        return;
    }
    if (entry_is_in_doubt(sweep)) {
        figures->weak++;
        return;
    }
    off = sweep_save(sweep);
    for (unsigned i = 0; i < READINGS; i++) {
        choose_readings(sweep, readings[i], i);
        board_press(sweep->rig.board, false);
        board_power(sweep->rig.board, true);
        figures->power_ups++;
        if (application_starts(sweep))
            check_started(sweep);
        else
            figures->waited++;
        sweep_restore(sweep, &off);
    }
    sweep_forget(&off);
}

/* The second cut ----------------------------------------------------------------------------------------- */

/* An operation of the second download is under way: the power fails in it, and at its end. */
static void cut_again(struct sweep *sweep, const char *first_cut, unsigned floor)
{
    struct chip *chip = &sweep->rig.board->chip;
    uint64_t number = chip->flash.operations;
    struct snapshot snapshot = sweep_save(sweep);

    for (unsigned inside = 0; inside < 2; inside++) {
        (void)snprintf(sweep->where, sizeof sweep->where, "%s, then %s 0x%08X", first_cut,
                       inside ? "in an operation at" : "after the one at",
                       (unsigned)chip->flash.operation.address);
        stop_at_operations(sweep, false);
        if (inside) {
            board_power(sweep->rig.board, false);
        } else {
            chip->power_cut_operation = number;
            chip->power_cut_phase = CUT_AFTER;
            if (go_on(sweep) != POWER_LOST)
                fail_msg("%s: the power did not fail", sweep->where);
        }
        assert_nothing_forbidden(sweep);
        sweep->figures->second_cuts++;
        power_up_several_times(sweep, floor);
        sweep_restore(sweep, &snapshot);
    }
    sweep_forget(&snapshot);
    stop_at_operations(sweep, true);
}

static bool second_cut_wanted(const struct sweep *sweep, uint64_t number)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;
    uint32_t chance = (uint32_t)(number + sweep->figures->cuts);

    if (sweep->scenario->every > 1)
        return number <= FIRST_OPERATIONS || chance % sweep->scenario->every == 0;
    if (sweep_deep() && is_one_of_many(sweep, operation))
        return number <= FIRST_OPERATIONS || chance % MANY_EVERY == 0;
    if (sweep_deep())
        return number <= FIRST_OPERATIONS || is_interesting(sweep, operation) || chance % SECOND_EVERY == 0;
    return number <= FIRST_OPERATIONS ||
           (is_interesting(sweep, operation) && next_random(&chance) >> 30 == 0) ||
           chance % SECOND_EVERY == 0;
}

/* A download from a cut on, while cells read like this; with more cuts in it if `cuts`.
 * False: it ended with an error. */
static bool download_after(struct sweep *sweep, bool cuts)
{
    char first_cut[sizeof sweep->where];
    unsigned floor = stable_floor(sweep);
    uint64_t before;

    memcpy(first_cut, sweep->where, sizeof first_cut);
    start_download(sweep, sweep->next, 0);
    before = sweep->rig.board->chip.flash.operations;
    stop_at_operations(sweep, cuts);
    while (go_on(sweep) == OPERATION)
        if (second_cut_wanted(sweep, sweep->rig.board->chip.flash.operations - before))
            cut_again(sweep, first_cut, floor);
    memcpy(sweep->where, first_cut, sizeof first_cut);
    stop_at_operations(sweep, false);
    assert_nothing_forbidden(sweep);
    sweep->figures->recoveries++;
    return sweep->run.how == CLIENT_DONE;
}

/* A whole download, with cuts in its first attempt, leaves the application that was sent. */
static void recover(struct sweep *sweep, enum unstable_cells cells)
{
    struct figures *figures = sweep->figures;
    unsigned weak, floor = stable_floor(sweep), attempt;

    for (attempt = 0; attempt < ATTEMPTS; attempt++) {
        choose_readings(sweep, attempt ? CELLS_BY_CHANCE : cells, attempt);
        if (download_after(sweep, attempt == 0))
            break;
        figures->retries++;
    }
    if (attempt == ATTEMPTS)
        fail_msg("%s: no download succeeds any more: status %u, state %u after %u bytes", sweep->where,
                 sweep->run.client.status.bStatus, sweep->run.client.status.bState, sweep->run.client.sent);
    if (!is_there(sweep, sweep->next, &weak))
        fail_msg("%s: the next download leaves a wrong image", sweep->where);
    if (weak)
        fail_msg("%s: the next download leaves an image with %u unstable half-words", sweep->where, weak);
    if (sweep->is_signed && sweep->next == &sweep->new &&stable_floor(sweep) < NEW_VERSION)
        fail_msg("%s: the next download leaves its version in unstable half-words", sweep->where);
    board_power(sweep->rig.board, false);
    power_up_several_times(sweep, floor);
}

/* The first cut ------------------------------------------------------------------------------------------ */

/* Of some of these half-words few bits change, so chance needs more attempts. */
static bool is_vital(const struct sweep *sweep, const struct flash_operation *operation)
{
    return is_key(sweep, operation) ||
           (decides(sweep, operation) && !is_first_page(sweep, operation->address));
}

static unsigned seeds_of(const struct sweep *sweep, const struct flash_operation *operation)
{
    unsigned seeds = operation->kind == FLASH_PAGE_ERASE ? ERASE_SEEDS
                     : is_vital(sweep, operation)        ? KEY_SEEDS
                     : decides(sweep, operation)         ? DECIDING_SEEDS
                                                         : DATA_SEEDS;

    return sweep_deep() ? seeds * DEEP_SEEDS : seeds;
}

/* The operation under way is cut off, in many ways. */
static void cut_here(struct sweep *sweep)
{
    const struct chip *chip = &sweep->rig.board->chip;
    const struct flash_operation operation = chip->flash.operation;
    bool may_be_lost = lost_during(sweep, &operation);
    unsigned floor = stable_floor(sweep);
    struct snapshot snapshot = sweep_save(sweep);

    for (unsigned seed = 0; seed < seeds_of(sweep, &operation); seed++) {
        (void)snprintf(
            sweep->where, sizeof sweep->where, "%s, %s: cut in operation %llu (%s 0x%08X), seed %u",
            sweep->target, sweep->scenario->name,
            (unsigned long long)(chip->flash.operations - sweep->first_operation),
            operation.kind == FLASH_PAGE_ERASE ? "erase" : "program", (unsigned)operation.address, seed);
        stop_at_operations(sweep, false);
        choose_readings(sweep, CELLS_BY_CHANCE, (uint32_t)chip->flash.operations << 8 | seed);
        board_power(sweep->rig.board, false);
        sweep->figures->cuts++;
        if (!has_stable_reset_vector(sweep) && !may_be_lost)
            fail_msg("%s: no reset vector, or an unstable one", sweep->where);
        power_up_several_times(sweep, floor);
        bool recovered =
            !sweep->is_signed || is_vital(sweep, &operation) || sweep->figures->cuts % SIGNED_SHARE == 0;

        for (unsigned i = 0; i < DIFFERENT_READINGS && has_stable_reset_vector(sweep); i++) {
            struct snapshot cut = sweep_save(sweep);

            if (sweep_deep() || (i == sweep->figures->cuts % DIFFERENT_READINGS && recovered))
                recover(sweep, readings[i]);
            sweep_restore(sweep, &cut);
            sweep_forget(&cut);
        }
        sweep_restore(sweep, &snapshot);
    }
    sweep_forget(&snapshot);
    stop_at_operations(sweep, true);
}

/* Of the pages behind the first one: when deep; of a whole area a sample. */
static bool first_cut_wanted(const struct sweep *sweep, uint64_t number)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;
    bool all = sweep->scenario->every <= 1 && (!is_one_of_many(sweep, operation) || number % MANY_EVERY == 0);

    if (decides(sweep, operation))
        return true;
    if (is_first_page(sweep, operation->address))
        return number % (sweep_deep() ? DEEP_EVERY : DATA_EVERY) == 0;
    return sweep_deep() && ((all && is_interesting(sweep, operation)) || number % DATA_EVERY == 0);
}

void sweep_cells(const char *target, const struct scenario *scenario, struct figures *figures)
{
    struct sweep *s = sweep_begin(target, scenario, figures, TORN_UNSTABLE);

    rig_allow(&s->rig, "program-over-data"); /* of what read blank a moment before */

    stop_at_operations(s, true);
    while (go_on(s) == OPERATION) {
        figures->operations++;
        if (first_cut_wanted(s, figures->operations))
            cut_here(s);
    }
    assert_nothing_forbidden(s);
    assert_int_equal(s->run.how, CLIENT_DONE);
    sweep_end(s);
}
