/* The command `vboard`: a virtual board on a desk, for people and for real USB hosts. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "board.h"
#include "console.h"
#include "flash_file.h"
#include "image.h"
#include "options.h"
#include "usbredir.h"

#ifndef VBOARD_VERSION
#define VBOARD_VERSION "development"
#endif

enum exit_status { EXIT_ENDED = 0, EXIT_LOCKED_UP = 1, EXIT_USAGE = 2, EXIT_VIOLATION = 3 };

/* Real hosts and people are looked after this often; also how far virtual time gets at a stretch. */
#define SLICE TICKS_PER_MILLISECOND

enum {
    ERROR_SIZE = 512,
    LINE_SIZE = 1024,
    MAX_LAG_US =
        50000, /* a board that fell further behind does not catch up: nothing may run faster than real time */
};

static const uint32_t always_told = 1 << REPORT_USB | 1 << REPORT_LED | 1 << REPORT_RESET |
                                    1 << REPORT_FAULT | 1 << REPORT_VIOLATION | 1 << REPORT_NOTE;

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

static void report(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    static const char *const about[REPORT_KINDS] = {[REPORT_USB] = "USB: ", [REPORT_FLASH] = "flash: "};
    const struct options *options = watcher;
    char line[LINE_SIZE];
    if (!((always_told | options->trace) >> kind & 1))
        return;
    snprintf(line, sizeof line, "%s%s", about[kind] ? about[kind] : "", text);
    console_print(at, line);
}

/* ---- pace ---- */

struct pace {
    bool kept;
    int64_t offset_us; /* wall clock minus virtual time */
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

/* ---- setting up ---- */

static bool fill_flash(const struct options *options, uint8_t *flash, char *error)
{
    const struct stm32f103_config *config = &options->config;
    struct image image = {0};
    memset(flash, 0xFF, config->flash_bytes);
    bool good = !options->flash_file ||
                flash_file_read(options->flash_file, flash, config->flash_bytes, error, ERROR_SIZE);
    for (unsigned i = 0; good && i < options->file_count; i++)
        good = image_add(&image, options->files[i].path, options->files[i].address, error, ERROR_SIZE);
    good = good && image_burn(&image, flash, config->flash_bytes, config->page_bytes, error, ERROR_SIZE);
    image_free(&image);
    return good;
}

static struct board *make_board(struct options *options, const uint8_t *flash)
{
    struct board *board = board_new(options->board, &options->config);
    board->watcher = options;
    board->report = report;
    board->stop_on_violation = !options->lenient;
    board->chip.report_wanted |= always_told | options->trace;
    flash_load(&board->chip, FLASH_BASE, flash, options->config.flash_bytes);
    return board;
}

static void switch_on(const struct options *options, const struct console *console, struct board *board)
{
    board_press(board, options->button_pressed);
    console_power_on(console, board);
    for (unsigned i = 1; i <= BACKUP_REGISTERS; i++)
        if (options->backup_given[i])
            board->chip.bkp.DR[i] = options->backup[i];
}

/* ---- running ---- */

/* Why the run is over, or NULL; in *status what to tell the caller. */
static const char *reason_to_end(const struct options *options, const struct console *console,
                                 const struct board *board, int *status)
{
    *status = EXIT_ENDED;
    if (board->failed) {
        *status = EXIT_VIOLATION;
        return "end: a rule of the chip's manual was broken (--lenient goes on)";
    }
    if (board->chip.cpu.locked_up && !board->chip.iwdg.running) {
        *status = EXIT_LOCKED_UP;
        return "end: the processor locked up and no watchdog runs";
    }
    if (console->quit)
        return "end: quit";
    if (end_requested || ferror(stdout))
        return "end: interrupted";
    if (board_now(board) >= options->max_time)
        return "end: --max-time is over";
    return NULL;
}

/* To the next whole millisecond: the board overshoots by an instruction, and that must not add up. */
static ticks next_slice(const struct options *options, const struct board *board)
{
    ticks now = board_now(board), slice = SLICE - now % SLICE, left = options->max_time - now;
    return left < slice ? left : slice;
}

static int run_until_end(const struct options *options, struct console *console, struct board *board,
                         struct usbredir *redirection)
{
    struct pace pace = {.kept = options->realtime || redirection, .offset_us = wall_us()};
    const char *reason;
    int status;
    while (!(reason = reason_to_end(options, console, board, &status))) {
        int wait_ms = ahead_ms(&pace, board_now(board));
        if (redirection)
            usbredir_poll(redirection, wait_ms);
        console_poll(console, board, redirection ? 0 : wait_ms);
        if (!console->quit && ahead_ms(&pace, board_now(board)) == 0)
            board_run(board, next_slice(options, board));
    }
    console_print(board_now(board), reason);
    return status;
}

static int run_board(struct options *options, struct board *board)
{
    char error[ERROR_SIZE];
    struct console console = {.stack_limit = options->stack_limit};
    struct usbredir *redirection = NULL;
    if (options->usbredir) {
        redirection = usbredir_listen(board, options->usbredir_port, error, sizeof error);
        if (!redirection)
            return complain(error);
        printf("usb-redir: waiting on 127.0.0.1:%u\n", usbredir_port(redirection));
    }
    switch_on(options, &console, board);
    int status = run_until_end(options, &console, board, redirection);
    if (redirection)
        usbredir_close(redirection);
    if (options->flash_file && !flash_file_write(options->flash_file, board->chip.flash_bytes,
                                                 options->config.flash_bytes, error, sizeof error))
        return complain(error);
    return status;
}

static int run(int argc, char **argv)
{
    static uint8_t flash[MAX_FLASH];
    struct options options;
    char error[ERROR_SIZE];
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_HELP: options_print_help(); return EXIT_ENDED;
    case OPTIONS_WRONG: return EXIT_USAGE;
    case OPTIONS_RUN: break;
    }
    if (!fill_flash(&options, flash, error))
        return complain(error);
    catch_signals();
    struct board *board = make_board(&options, flash);
    int status = run_board(&options, board);
    board_free(board);
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
