/* See desk.h. */
#include "desk.h"

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

bool desk_open(struct desk *desk, const struct options *options, char error[SEAT_ERROR])
{
    *desk = (struct desk){.options = options};
    for (unsigned i = 0; i < options->count; i++) {
        desk->count++;
        if (!seat_open(&desk->seats[i], options, i + 1, error))
            return false;
        desk->boards[i] = desk->seats[i].board;
    }
    desk->console = (struct console){.input = STDIN_FILENO, .boards = desk->boards, .count = desk->count};
    if (options->usbip) {
        desk->usbip = usbip_listen(desk->boards, desk->count, options->usbip_port, error, SEAT_ERROR);
        if (!desk->usbip)
            return false;
    }
    if (options->display) {
        desk->display = desk->seats[0].display = display_open(firmware_name(options), error, SEAT_ERROR);
        return desk->display != NULL;
    }
    return true;
}

static void tell_doors(const struct desk *desk)
{
    for (unsigned i = 0; i < desk->count; i++)
        seat_tell_doors(&desk->seats[i]);
    if (desk->usbip)
        printf("USB/IP: waiting on 127.0.0.1:%u\n", usbip_port(desk->usbip));
}

bool desk_close(struct desk *desk, bool keep, char error[SEAT_ERROR])
{
    bool good = true;
    if (desk->display)
        display_close(desk->display);
    if (desk->usbip)
        usbip_close(desk->usbip);
    for (unsigned i = 0; i < desk->count; i++)
        good = seat_close(&desk->seats[i], keep, error) && good;
    return good;
}

/* ---- running ---- */

/* The rule stands between the level and a colon in first_violation. */
static const char *broken_rule(struct desk *desk, const struct board *board)
{
    const char *rule = strchr(board->first_violation, ' ');
    rule = rule ? rule + 1 : "";
    snprintf(desk->end, sizeof desk->end,
             "end: a rule of the chip's manual was broken (--allow %.*s or --lenient goes on)",
             (int)strcspn(rule, ":"), rule);
    return desk->end;
}

/* Why the run is over because of this board, or NULL. */
static const char *trouble_of(struct desk *desk, const struct seat *seat, int *status)
{
    const struct board *board = seat->board;
    if (seat->gdb && gdb_killed(seat->gdb)) {
        *status = EXIT_ENDED;
        return "end: killed by the debugger";
    }
    if (seat_is_debugged(seat))
        return NULL;
    if (board->failed) {
        *status = EXIT_VIOLATION;
        return broken_rule(desk, board);
    }
    if (board->chip.cpu.locked_up && !chip_will_reset(&board->chip)) {
        *status = EXIT_LOCKED_UP;
        return "end: the processor locked up and no watchdog runs";
    }
    return NULL;
}

/* Why the run is over, or NULL; in *status what to tell the caller. */
static const char *reason_to_end(struct desk *desk, int *status)
{
    *status = EXIT_ENDED;
    for (unsigned i = 0; i < desk->count; i++) {
        const char *trouble = trouble_of(desk, &desk->seats[i], status);
        if (trouble)
            return trouble;
    }
    if (desk->console.quit)
        return "end: quit";
    if (*desk->end_requested || ferror(stdout))
        return "end: interrupted";
    if (board_now(desk->boards[0]) >= desk->options->max_time)
        return "end: --max-time is over";
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
static void poll_doors(struct desk *desk)
{
    struct seat *first = &desk->seats[0];
    if (desk->usbip)
        usbip_poll(desk->usbip, pace_clock_us());
    for (unsigned i = 0; i < desk->count; i++)
        seat_poll(&desk->seats[i]);
    if (!desk->display)
        console_poll(&desk->console);
    else if (!display_poll(desk->display, first->board, first->usb))
        desk->console.quit = true;
}

/* Boards take turns; one that a debugger holds does not keep the others waiting. */
static void run_slice(struct desk *desk)
{
    for (unsigned i = 0; i < desk->count; i++)
        seat_run(&desk->seats[i], next_slice(desk->options, desk->boards[i]));
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
static ticks desk_now(const struct desk *desk)
{
    ticks latest = 0;
    for (unsigned i = 0; i < desk->count; i++)
        if (board_now(desk->boards[i]) > latest)
            latest = board_now(desk->boards[i]);
    return latest;
}

static int run_until_end(struct desk *desk)
{
    struct pace pace = pace_begin(keeps_pace(desk->options));
    const char *reason;
    int status;
    while (!(reason = reason_to_end(desk, &status))) {
        int wait_ms = pace_ahead_ms(&pace, desk_now(desk));
        if (wait_ms)
            poll(NULL, 0, wait_ms);
        poll_doors(desk);
        if (!desk->console.quit && pace_ahead_ms(&pace, desk_now(desk)) == 0)
            run_slice(desk);
    }
    if (desk->display)
        display_close(desk->display);
    desk->display = desk->seats[0].display = NULL;
    for (unsigned i = 0; i < desk->count; i++)
        seat_tell_rules(&desk->seats[i]);
    console_print(desk_now(desk), reason);
    return status;
}

int desk_run(struct desk *desk, const volatile sig_atomic_t *end_requested)
{
    desk->end_requested = end_requested;
    tell_doors(desk);
    for (unsigned i = 0; i < desk->count; i++)
        seat_switch_on(&desk->seats[i]);
    return run_until_end(desk);
}
