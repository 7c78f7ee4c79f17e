/*
 * See sweep.h: a host that interrupts a download, at many moments of each operation that decides something.
 */
#include "sweep_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    DATA_EVERY = 256, /* half-words that decide nothing: a sample */
    DEEP_DATA_EVERY = 32,
    SAMPLED_MOMENTS = 2, /* parts of an operation's time; its end comes besides */
    DEEP_MOMENTS = 8,
    RECOVER_EVERY = 5, /* interruptions, when not deep */
    SIGNED_RECOVER_EVERY = 13,
    REPLUGGED_MS = 50,
    RESET_MS = 10,
};

enum interruption { ABORTS, ERRS_AND_CLEARS, RESETS_THE_BUS, UNPLUGS, UNPLUGS_AND_PLUGS, INTERRUPTIONS };

static const char *const names[] = {"DFU_ABORT", "an error and DFU_CLRSTATUS", "a bus reset", "unplugging",
                                    "unplugging and plugging in"};

/* A request without data, its SETUP on the wire now: no host controller's schedule in between. */
static void request_at_once(struct rig *rig, uint8_t bRequest, uint16_t wValue)
{
    uint8_t data[64];
    unsigned length = 0;

    if (wire_setup(rig, DFU_OUT, bRequest, wValue, 0, 0) == USB_ACK)
        (void)wire_in(rig, data, &length);
}

static void interrupt_now(struct sweep *sweep, enum interruption interruption)
{
    struct rig *rig = &sweep->rig;

    switch (interruption) {
    case ABORTS: request_at_once(rig, DFU_ABORT, 0); break;
    case ERRS_AND_CLEARS:
        request_at_once(rig, DFU_DNLOAD, 0x7777);
        request_at_once(rig, DFU_CLRSTATUS, 0);
        break;
    case RESETS_THE_BUS: usb_host_reset(rig->host, RESET_MS); break;
    case UNPLUGS: board_plug(rig->board, false); break;
    case UNPLUGS_AND_PLUGS:
        board_plug(rig->board, false);
        rig_run_ms(rig, REPLUGGED_MS);
        board_plug(rig->board, true);
        break;
    case INTERRUPTIONS: break;
    }
}

/* Runs for so long, but no further than to the start of the new application: true. */
static bool starts_new(struct sweep *sweep, unsigned milliseconds)
{
    struct cortex_m3 *cpu = &sweep->rig.board->chip.cpu;
    uint32_t entry;
    bool started;

    memcpy(&entry, sweep->new.file + 4, sizeof entry);
    cpu->breakpoint[0] = entry & ~1u;
    cpu->breakpoint_count = 1;
    rig_run_ms(&sweep->rig, milliseconds);
    started = cpu->at_breakpoint;
    cpu->breakpoint_count = 0;
    cpu->stop = cpu->at_breakpoint = false;
    return started;
}

/* Until no operation has run for a while. True: the new application started
 * meanwhile, as a bus reset may make it. */
static bool flash_rests(struct sweep *sweep)
{
    enum { STEP_MS = 5, RESTED_STEPS = 6, MOST_STEPS = 100 };
    struct board *board = sweep->rig.board;
    const struct flash *flash = &board->chip.flash;

    for (unsigned steps = 0, rested = 0; steps < MOST_STEPS && rested < RESTED_STEPS; steps++) {
        uint64_t operations = flash->operations;

        if (starts_new(sweep, STEP_MS))
            return true;
        rested = operations == flash->operations && !chip_flash_is_busy(&board->chip) ? rested + 1 : 0;
    }
    return false;
}

/* USB alone uses nothing up: of a log that holds a version no entry is spoilt. */
static void check_log(const struct sweep *sweep)
{
    unsigned spoilt = sweep->is_signed ? signed_spoilt_entries(&sweep->rig) : 0;

    if (spoilt)
        fail_msg("%s: %u entries of the log of versions are spoilt", sweep->where, spoilt);
}

static void check_rest(const struct sweep *sweep)
{
    assert_nothing_forbidden(sweep);
    if (!has_reset_vector(sweep))
        fail_msg("%s: no reset vector, and it stays so", sweep->where);
    check_floor(sweep, sweep->floor);
    check_log(sweep);
}

/* An image that was all sent before a bus reset is written to its end, and the board restarts. */
static void expect_new(struct sweep *sweep)
{
    enum { SOON_MS = 3000 };

    if (!starts_new(sweep, SOON_MS))
        fail_msg("%s: neither dfuIDLE nor, later, the new application", sweep->where);
    if (!is_in_flash(sweep, &sweep->new))
        fail_msg("%s: half an application is started", sweep->where);
    check_rest(sweep);
}

/* The next client, in the same power-up. */
static void download_without_power_cycle(struct sweep *sweep)
{
    const struct client_plan plan = {sweep->next->file, sweep->next->length, 0};
    struct rig *rig = &sweep->rig;
    uint8_t state;

    if (!rig_enumerate(rig))
        fail_msg("%s: the bootloader does not enumerate any more", sweep->where);
    state = dfu_get_state(rig);
    if (state == dfuMANIFEST_SYNC && sweep->run.client.sent == sweep->new.length) {
        expect_new(sweep);
        return;
    }
    if (state != dfuIDLE)
        fail_msg("%s: a bus reset leads to state %u, not to dfuIDLE", sweep->where, state);
    memset(&sweep->run, 0, sizeof sweep->run);
    client_start(&sweep->run.client, &plan);
    if (go_on(sweep) != FINISHED || sweep->run.how != CLIENT_DONE || !is_in_flash(sweep, sweep->next))
        fail_msg("%s: the next download fails: status %u, state %u after %u bytes", sweep->where,
                 sweep->run.client.status.bStatus, sweep->run.client.status.bState, sweep->run.client.sent);
    check_log(sweep);
    sweep->figures->recoveries++;
}

static void check_after(struct sweep *sweep, bool started, bool recover)
{
    struct snapshot rest;

    check_rest(sweep);
    if (started && !is_in_flash(sweep, &sweep->new))
        fail_msg("%s: half an application is started", sweep->where);
    rest = sweep_save(sweep);
    if (recover && !started && sweep->rig.board->cable && bootloader_is_on_the_bus(sweep))
        download_without_power_cycle(sweep);
    sweep_restore(sweep, &rest);
    sweep_forget(&rest);
    board_power(sweep->rig.board, false);
    board_plug(sweep->rig.board, true);
    power_up_and_check(sweep);
    if (recover) {
        (void)download_again(sweep, 0, CUT_BEFORE);
        check_log(sweep);
        sweep->figures->recoveries++;
    }
}

/* The host falls silent, and some part of the operation's time later it interrupts. */
static void interrupt(struct sweep *sweep, enum interruption interruption, unsigned moment, unsigned moments)
{
    struct board *board = sweep->rig.board;
    const struct flash_operation *operation = &board->chip.flash.operation;
    ticks now = board_now(board), lasts = operation->ends - now;
    ticks wait = lasts * moment / moments + (moment == moments ? TICKS_PER_MICROSECOND : 0);
    uint64_t every = sweep->is_signed ? SIGNED_RECOVER_EVERY : RECOVER_EVERY;
    bool started;

    (void)snprintf(sweep->where, sizeof sweep->where, "%s, %s: %s, %u/%u of operation %llu (0x%08X)",
                   sweep->target, sweep->scenario->name, names[interruption], moment, moments,
                   (unsigned long long)(board->chip.flash.operations - sweep->first_operation),
                   (unsigned)operation->address);
    stop_at_operations(sweep, false);
    if (sweep->run.client.under_way)
        usb_host_cancel(sweep->rig.host, &sweep->run.client.transfer);
    board_run(board, wait);
    interrupt_now(sweep, interruption);
    started = flash_rests(sweep);
    sweep->figures->interruptions++;
    check_after(sweep, started, sweep_deep() || sweep->figures->interruptions % every == 0);
}

static void interrupt_here(struct sweep *sweep)
{
    unsigned moments = sweep_deep() ? DEEP_MOMENTS : SAMPLED_MOMENTS;
    struct snapshot snapshot = sweep_save(sweep);

    for (unsigned i = 0; i < INTERRUPTIONS; i++)
        for (unsigned moment = 0; moment <= moments; moment++) {
            interrupt(sweep, (enum interruption)i, moment, moments);
            sweep_restore(sweep, &snapshot);
        }
    sweep_forget(&snapshot);
    stop_at_operations(sweep, true);
}

static bool wanted(const struct sweep *sweep, uint64_t number)
{
    const struct flash_operation *operation = &sweep->rig.board->chip.flash.operation;

    return decides(sweep, operation) || number % (sweep_deep() ? DEEP_DATA_EVERY : DATA_EVERY) == 0;
}

void sweep_hosts(const char *target, const struct scenario *scenario, struct figures *figures)
{
    struct sweep *s = sweep_begin(target, scenario, figures, TORN_NOISE);

    stop_at_operations(s, true);
    while (go_on(s) == OPERATION) {
        figures->operations++;
        s->floor = s->next_floor;
        s->next_floor = s->is_signed ? signed_floor(&s->rig) : 0;
        if (wanted(s, figures->operations))
            interrupt_here(s);
    }
    assert_nothing_forbidden(s);
    assert_int_equal(s->run.how, CLIENT_DONE);
    sweep_end(s);
}
