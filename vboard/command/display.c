/*
 * See display.h. What is painted is in display_picture.c; here are the terminal, its keys, and when to paint.
 */
#include "display.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/allocate.h"
#include "display_picture.h"

enum { PERIOD_MS = 50, SPEED_PERIOD_MS = 1000, DEFAULT_ROWS = 24, DEFAULT_COLUMNS = 80 };

#define ALTERNATE_SCREEN "\033[?1049h\033[?25l"
#define NORMAL_SCREEN    "\033[?25h\033[?1049l"

struct display {
    struct termios before;
    const char *firmware;
    int64_t painted_ms;
    int64_t measured_ms; /* the speed, then, from then on */
    ticks measured_at;
    unsigned speed;
    struct scroll messages, serial;
};

static volatile sig_atomic_t suspend_requested;

static void request_suspend(int number)
{
    (void)number;
    suspend_requested = true;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the terminal ---- */

static void take_terminal(const struct display *display)
{
    struct termios raw = display->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs(ALTERNATE_SCREEN, stdout);
}

static void give_back_terminal(const struct display *display)
{
    fputs(NORMAL_SCREEN, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &display->before);
}

/* Ctrl-Z: the shell gets its terminal as it was. */
static void suspend(struct display *display)
{
    suspend_requested = false;
    give_back_terminal(display);
    raise(SIGSTOP);
    take_terminal(display);
    display->measured_ms = 0;
}

static bool is_able(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

struct display *display_open(const char *firmware, char *error, size_t error_size)
{
    if (!is_able()) {
        snprintf(error, error_size,
                 "--display needs a terminal for its output and its keys, one that can move its cursor");
        return NULL;
    }
    struct display *display = allocate(sizeof *display);
    display->firmware = firmware;
    tcgetattr(STDIN_FILENO, &display->before);
    take_terminal(display);
    sigaction(SIGTSTP, &(struct sigaction){.sa_handler = request_suspend}, NULL);
    return display;
}

void display_close(struct display *display)
{
    const struct scroll *messages = &display->messages;
    unsigned kept = messages->count < MESSAGES_KEPT ? messages->count : MESSAGES_KEPT;
    give_back_terminal(display);
    sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    for (unsigned i = messages->count - kept; i < messages->count; i++)
        puts(messages->line[i % MESSAGES_KEPT]);
    free(display);
}

/* ---- what is shown ---- */

void display_add(struct display *display, ticks at, const char *text)
{
    char stamped[PICTURE_WIDTH];
    uint64_t us = ticks_to_us(at);
    snprintf(stamped, sizeof stamped, "%4u.%06u  %s", (unsigned)(us / 1000000), (unsigned)(us % 1000000),
             text);
    scroll_add(&display->messages, stamped);
}

void display_add_serial(struct display *display, const char *text)
{
    scroll_add(&display->serial, text);
}

/* How fast the board is, compared with one on a table, over the last second. */
static void measure_speed(struct display *display, ticks now)
{
    int64_t wall = wall_ms(), passed = wall - display->measured_ms;
    if (passed < SPEED_PERIOD_MS)
        return;
    if (display->measured_ms)
        display->speed =
            (unsigned)((now - display->measured_at) / TICKS_PER_MILLISECOND * 100 / (uint64_t)passed);
    display->measured_ms = wall;
    display->measured_at = now;
}

static void paint(struct display *display, const struct board *board, const char *usb)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    measure_speed(display, board_now(board));
    picture_print(&(struct picture){
        .board = board,
        .firmware = display->firmware,
        .usb = usb,
        .speed = display->speed,
        .messages = &display->messages,
        .serial = &display->serial,
        .rows = known ? size.ws_row : DEFAULT_ROWS,
        .columns = known ? size.ws_col : DEFAULT_COLUMNS,
    });
    fflush(stdout);
}

/* ---- keys ---- */

/* false: the person wants to end. */
static bool key(struct display *display, struct board *board, char character)
{
    const char *done = NULL;
    switch (character | 0x20) {
    case 'b':
        board_press(board, !board->button_pressed);
        done = board->button_pressed ? "you press the button" : "you release the button";
        break;
    case 'r':
        display_add(display, board_now(board), "you reset it");
        board_reset_button(board);
        break;
    case 'u':
        done = board->cable ? "you pull the cable" : "you plug it in";
        board_plug(board, !board->cable);
        break;
    case 'p': board_power(board, !board->chip.powered); break;
    case 'q': return false;
    default: break;
    }
    if (done)
        display_add(display, board_now(board), done);
    return true;
}

/* An arrow or function key comes as a sequence that begins with ESC: none of its letters is meant. */
static bool take_keys(struct display *display, struct board *board, const char *characters, ssize_t count)
{
    bool goes_on = true;
    for (ssize_t i = 0; i < count && characters[i] != '\033'; i++)
        goes_on = key(display, board, characters[i]) && goes_on;
    return goes_on;
}

bool display_poll(struct display *display, struct board *board, const char *usb)
{
    char characters[16];
    if (suspend_requested)
        suspend(display);
    ssize_t got = read(STDIN_FILENO, characters, sizeof characters);
    bool goes_on = take_keys(display, board, characters, got);
    if (got > 0 || wall_ms() - display->painted_ms >= PERIOD_MS) {
        display->painted_ms = wall_ms();
        paint(display, board, usb);
    }
    return goes_on;
}
