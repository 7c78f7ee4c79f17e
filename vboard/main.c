/* The command `vboard`: a virtual board on a desk, for people and for real USB hosts. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "console.h"
#include "display.h"
#include "gdb.h"
#include "options.h"
#include "seat.h"
#include "usbip.h"

#ifndef VBOARD_VERSION
#define VBOARD_VERSION "development"
#endif

enum exit_status { EXIT_ENDED = 0, EXIT_LOCKED_UP = 1, EXIT_USAGE = 2, EXIT_VIOLATION = 3 };

/* Real hosts and people are looked after this often; also how far virtual time gets at a stretch. */
#define SLICE TICKS_PER_MILLISECOND

enum {
    MAX_LAG_US = 2000000, /* a board that fell further behind does not catch up: nothing may run faster than
                             real time */
};

static volatile sig_atomic_t end_requested;

static void request_end(int number)
{
    (void)number;
    end_requested = true;
}

/* No SA_RESTART: whatever waits is to return. A reader of our output that goes away ends us by a write error.
 */
static void catch_signals(void)
{
    struct sigaction end = {.sa_handler = request_end}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int complain(const char *text)
{
    fprintf(stderr, "vboard: %s\n", text);
    return EXIT_USAGE;
}

/* ---- pace ---- */

struct pace {
    bool kept;
    int64_t offset_us; /* wall clock minus virtual time */
    int64_t looked_us; /* when doors were looked after although virtual time was behind */
};

static int64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* How many milliseconds, rounded up, virtual time is ahead of the clock on the wall; 0: go on. */
static int ahead_ms(struct pace *pace, ticks now)
{
    if (!pace->kept)
        return 0;
    int64_t ahead = (int64_t)ticks_to_us(now) + pace->offset_us - wall_us();
    if (ahead < -MAX_LAG_US)
        pace->offset_us -= ahead;
    return ahead > 0 ? (int)((ahead + 999) / 1000) : 0;
}

/* A board that never catches up must still be heard. */
static bool looks_due(struct pace *pace)
{
    int64_t now = wall_us();
    if (now - pace->looked_us < MAX_LAG_US)
        return false;
    pace->looked_us = now;
    return true;
}

/* ---- the desk: all boards, and what they share ---- */

struct desk {
    const struct options *options;
    unsigned count; /* of the seats that were opened */
    struct seat seats[OPTIONS_MAX_COUNT];
    struct board *boards[OPTIONS_MAX_COUNT];
    struct usbip *usbip;
    struct display *display;
    struct console console;
};

static bool open_desk(struct desk *desk, const struct options *options, char error[SEAT_ERROR])
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
        desk->display = desk->seats[0].display = display_open(desk->boards[0], error, SEAT_ERROR);
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

/* false: something that was to be kept could not be; error says what. */
static bool close_desk(struct desk *desk, bool keep, char error[SEAT_ERROR])
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

/* Why the run is over because of this board, or NULL. */
static const char *trouble_of(const struct seat *seat, int *status)
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
        return "end: a rule of the chip's manual was broken (--lenient goes on)";
    }
    if (board->chip.cpu.locked_up && !board->chip.iwdg.running) {
        *status = EXIT_LOCKED_UP;
        return "end: the processor locked up and no watchdog runs";
    }
    return NULL;
}

/* Why the run is over, or NULL; in *status what to tell the caller. */
static const char *reason_to_end(const struct desk *desk, int *status)
{
    *status = EXIT_ENDED;
    for (unsigned i = 0; i < desk->count; i++) {
        const char *trouble = trouble_of(&desk->seats[i], status);
        if (trouble)
            return trouble;
    }
    if (desk->console.quit)
        return "end: quit";
    if (end_requested || ferror(stdout))
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
        usbip_poll(desk->usbip);
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
        if (options->usart[usart] && strncmp(options->usart[usart], "tcp:", 4) == 0)
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
    struct pace pace = {.kept = keeps_pace(desk->options), .offset_us = wall_us()};
    const char *reason;
    int status;
    while (!(reason = reason_to_end(desk, &status))) {
        int wait_ms = ahead_ms(&pace, desk_now(desk));
        if (wait_ms)
            poll(NULL, 0, wait_ms);
        /* a request is for the time at which it comes: its sender has waited by a clock that did not stand
         * still */
        if (wait_ms || !pace.kept || desk->options->gdb || looks_due(&pace))
            poll_doors(desk);
        if (!desk->console.quit && ahead_ms(&pace, desk_now(desk)) == 0)
            run_slice(desk);
    }
    if (desk->display)
        display_close(desk->display);
    desk->display = desk->seats[0].display = NULL;
    console_print(desk_now(desk), reason);
    return status;
}

static int run(int argc, char **argv)
{
    static struct desk desk;
    struct options options;
    char error[SEAT_ERROR];
    int status = EXIT_USAGE;
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_HELP: options_print_help(); return EXIT_ENDED;
    case OPTIONS_WRONG: return EXIT_USAGE;
    case OPTIONS_RUN: break;
    }
    catch_signals();
    bool open = open_desk(&desk, &options, error);
    if (open) {
        tell_doors(&desk);
        for (unsigned i = 0; i < desk.count; i++)
            seat_switch_on(&desk.seats[i]);
        status = run_until_end(&desk);
    } else {
        complain(error);
    }
    if (!close_desk(&desk, open, error) && open)
        return complain(error);
    return status;
}

static void print_help(void)
{
    fputs("Usage: vboard run FIRMWARE [OPTIONS]   run a firmware image on a virtual board\n"
          "       vboard run --help               all options\n"
          "       vboard boards                   the boards there are\n"
          "       vboard --version\n",
          stdout);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "--help";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(command, "run") == 0)
        return run(argc - 1, argv + 1);
    if (strcmp(command, "boards") == 0)
        options_print_boards();
    else if (strcmp(command, "--version") == 0)
        puts("vboard " VBOARD_VERSION);
    else if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        print_help();
    else
        return complain("the first word is a command: run or boards (vboard --help)");
    return EXIT_ENDED;
}
