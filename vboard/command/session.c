/* See session.h. */
#include "session.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "display.h"
#include "servers/gdb/gdb.h"
#include "servers/pace.h"
#include "servers/usbip/usbip.h"

/* Real hosts and people are looked after this often; also how far virtual time gets at a stretch. */
#define SLICE TICKS_PER_MILLISECOND

/* What the display's title says: the firmware comes last, after what --load adds to it. */
static const char *firmware_name(const struct options *options)
{
    const char *path =
        options->file_count ? options->files[options->file_count - 1].path : options->flash_file;
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "";
}

bool session_open(struct session *session, const struct options *options, char error[SLOT_ERROR])
{
    *session = (struct session){.options = options};
    for (unsigned i = 0; i < options->count; i++) {
        session->count++;
        if (!slot_open(&session->slots[i], options, i + 1, error))
            return false;
        session->boards[i] = session->slots[i].board;
        session->hearings[i] = &session->slots[i].hearing;
    }
    session->console = (struct console){.input = STDIN_FILENO,
                                        .boards = session->boards,
                                        .hearings = session->hearings,
                                        .slow_motion = options->slow_motion,
                                        .count = session->count};
    if (options->usbip) {
        session->usbip =
            usbip_listen(session->boards, session->count, options->usbip_port, error, SLOT_ERROR);
        if (!session->usbip)
            return false;
    }
    if (options->display) {
        session->display = session->slots[0].display =
            display_open(firmware_name(options), error, SLOT_ERROR);
        return session->display != NULL;
    }
    return true;
}

static void tell_servers(const struct session *session)
{
    for (unsigned i = 0; i < session->count; i++)
        slot_tell_servers(&session->slots[i]);
    if (session->usbip)
        printf("USB/IP: waiting on 127.0.0.1:%u\n", usbip_port(session->usbip));
}

bool session_close(struct session *session, bool keep, char error[SLOT_ERROR])
{
    bool good = true;
    if (session->display)
        display_close(session->display);
    if (session->usbip)
        usbip_close(session->usbip);
    for (unsigned i = 0; i < session->count; i++)
        good = slot_close(&session->slots[i], keep, error) && good;
    return good;
}

/* ---- running ---- */

/* The rule stands between the level and a colon in first_violation. */
static const char *broken_rule(struct session *session, const struct board *board)
{
    const char *rule = strchr(board->first_violation, ' ');
    rule = rule ? rule + 1 : "";
    snprintf(session->end, sizeof session->end,
             "end: a rule of the chip's manual was broken (--allow %.*s or --lenient goes on)",
             (int)strcspn(rule, ":"), rule);
    return session->end;
}

/* Why the run is over because of this board, or NULL. */
static const char *trouble_of(struct session *session, const struct slot *slot, int *status)
{
    const struct board *board = slot->board;
    if (slot->gdb && gdb_killed(slot->gdb)) {
        *status = EXIT_ENDED;
        return "end: killed by the debugger";
    }
    if (slot_is_debugged(slot))
        return NULL;
    if (board->failed) {
        *status = EXIT_VIOLATION;
        return broken_rule(session, board);
    }
    if (board->chip.cpu.locked_up && !chip_will_reset(&board->chip)) {
        *status = EXIT_LOCKED_UP;
        return "end: the processor locked up and no watchdog runs";
    }
    return NULL;
}

/* Why the run is over, or NULL; in *status what to tell the caller. */
static const char *reason_to_end(struct session *session, int *status)
{
    *status = EXIT_ENDED;
    for (unsigned i = 0; i < session->count; i++) {
        const char *trouble = trouble_of(session, &session->slots[i], status);
        if (trouble)
            return trouble;
    }
    if (session->console.unmet) {
        *status = EXIT_UNMET;
        return "end: what a command expected did not come";
    }
    if (session->console.quit)
        return "end: quit";
    if (*session->end_requested || ferror(stdout))
        return "end: interrupted";
    if (board_now(session->boards[0]) >= session->options->max_time) {
        *status = session->console.expected.usart ? EXIT_UNMET : EXIT_ENDED;
        return "end: --max-time is over";
    }
    return NULL;
}

/* To the next whole millisecond: the board overshoots by an instruction, and that must not add up. */
static ticks next_slice(const struct options *options, const struct board *board)
{
    ticks now = board_now(board), slice = SLICE - now % SLICE;
    ticks left = options->max_time > now ? options->max_time - now : 0;
    return left < slice ? left : slice;
}

/* What people and real hosts want, while virtual time stands still. */
static void poll_servers(struct session *session)
{
    struct slot *first = &session->slots[0];
    if (session->usbip)
        usbip_poll(session->usbip, pace_clock_us());
    for (unsigned i = 0; i < session->count; i++)
        slot_poll(&session->slots[i]);
    if (!session->display)
        console_poll(&session->console);
    else if (!display_poll(session->display, first->board, first->usb))
        session->console.quit = true;
}

/* Boards take turns; one that a debugger holds does not keep the others waiting. */
static void run_slice(struct session *session)
{
    for (unsigned i = 0; i < session->count; i++)
        slot_run(&session->slots[i], next_slice(session->options, session->boards[i]));
}

static bool takes_serial_input(const struct options *options)
{
    for (unsigned usart = 1; usart <= USARTS; usart++)
        if (options->usart[usart].kind == SERIAL_PORT)
            return true;
    return false;
}

static bool keeps_pace(const struct options *options)
{
    return options->realtime || options->usbredir || options->usbip || options->gdb || options->display ||
           takes_serial_input(options);
}

/* The time of the board that has come furthest: the debugger may hold others. */
static ticks session_now(const struct session *session)
{
    ticks latest = 0;
    for (unsigned i = 0; i < session->count; i++)
        if (board_now(session->boards[i]) > latest)
            latest = board_now(session->boards[i]);
    return latest;
}

/* By a command, perhaps. */
static void follow_slow_motion(const struct session *session, struct pace *pace)
{
    unsigned slower = session->console.slow_motion;
    if (slower != pace->slower)
        pace_change(pace, slower > 1 || keeps_pace(session->options), slower, session_now(session));
}

static int run_until_end(struct session *session)
{
    unsigned slower = session->console.slow_motion;
    struct pace pace = pace_begin(slower > 1 || keeps_pace(session->options), slower);
    const char *reason;
    int status;
    while (!(reason = reason_to_end(session, &status))) {
        int wait_ms = pace_ahead_ms(&pace, session_now(session));
        if (wait_ms)
            poll(NULL, 0, wait_ms);
        poll_servers(session);
        follow_slow_motion(session, &pace);
        if (!console_has_ended(&session->console) && pace_ahead_ms(&pace, session_now(session)) == 0)
            run_slice(session);
    }
    if (session->display)
        display_close(session->display);
    session->display = session->slots[0].display = NULL;
    for (unsigned i = 0; i < session->count; i++)
        slot_tell_rules(&session->slots[i]);
    console_print(session_now(session), reason);
    return status;
}

int session_run(struct session *session, const volatile sig_atomic_t *end_requested)
{
    session->end_requested = end_requested;
    tell_servers(session);
    for (unsigned i = 0; i < session->count; i++)
        slot_switch_on(&session->slots[i]);
    return run_until_end(session);
}
