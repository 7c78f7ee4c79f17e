/* See display.h. */
#include "display.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINES = 64, LOG_WIDTH = 160, SERIAL_WIDTH = 160, PICTURE_LINES = 9, PERIOD_MS = 50 };
enum { DEFAULT_ROWS = 24, DEFAULT_COLUMNS = 80 };

#define ALTERNATE_SCREEN "\033[?1049h\033[?25l"
#define NORMAL_SCREEN    "\033[?25h\033[?1049l"
#define HOME             "\033[H"
#define CLEAR_LINE       "\033[K"
#define CLEAR_BELOW      "\033[J"
#define BOLD             "\033[1m"
#define LIT              "\033[1;33m"
#define PLAIN            "\033[0m"

struct display {
    struct termios before;
    int rows, columns;
    int64_t painted_ms;
    unsigned logged; /* lines ever */
    char log[LOG_LINES][LOG_WIDTH];
    char serial[SERIAL_WIDTH], serial_before[SERIAL_WIDTH]; /* the last two lines */
};

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void measure(struct display *display)
{
    struct winsize size;
    bool known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > PICTURE_LINES && size.ws_col > 0;
    display->rows = known ? size.ws_row : DEFAULT_ROWS;
    display->columns = known ? size.ws_col : DEFAULT_COLUMNS;
}

struct display *display_open(const struct board *board, char *error, size_t error_size)
{
    (void)board;
    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        snprintf(error, error_size, "--display needs a terminal for its output and its keys");
        return NULL;
    }
    struct display *display = calloc(1, sizeof *display);
    if (!display)
        abort();
    struct termios raw;
    tcgetattr(STDIN_FILENO, &display->before);
    raw = display->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs(ALTERNATE_SCREEN, stdout);
    return display;
}

void display_add(struct display *display, ticks at, const char *text)
{
    uint64_t us = ticks_to_us(at);
    snprintf(display->log[display->logged++ % LOG_LINES], LOG_WIDTH, "%4u.%06u  %.*s",
             (unsigned)(us / 1000000), (unsigned)(us % 1000000), (int)strcspn(text, "\n"), text);
}

void display_add_serial(struct display *display, const char *text)
{
    memcpy(display->serial_before, display->serial, SERIAL_WIDTH);
    snprintf(display->serial, SERIAL_WIDTH, "%s", text);
}

/* One line, cut to the terminal's width. */
static void line(const struct display *display, const char *label, const char *style, const char *text)
{
    enum { LABEL = 12 };
    int room = display->columns - LABEL;
    printf("  %-10s%s%.*s" PLAIN CLEAR_LINE "\n", label, style, room > 0 ? room : 0, text);
}

static const char *flash_state(const struct board *board)
{
    switch (board->chip.flash.operation.kind) {
    case FLASH_NOTHING: return "idle";
    case FLASH_PROGRAM:
    case FLASH_OPTION_PROGRAM: return "programming";
    default: return "erasing";
    }
}

static const char *core_state(const struct board *board)
{
    const struct cortex_m3 *cpu = &board->chip.cpu;
    if (!board->chip.powered)
        return "no power";
    return cpu->locked_up ? "locked up" : cpu->sleeping ? "sleeping" : "running";
}

static void paint_log(const struct display *display)
{
    unsigned room = (unsigned)(display->rows - PICTURE_LINES - 1);
    unsigned kept = display->logged < LOG_LINES ? display->logged : LOG_LINES;
    unsigned shown = kept < room ? kept : room;
    for (unsigned i = display->logged - shown; i < display->logged; i++)
        printf("%.*s" CLEAR_LINE "\n", display->columns, display->log[i % LOG_LINES]);
}

static void paint(struct display *display, const struct board *board, const char *usb)
{
    char text[160];
    uint64_t us = ticks_to_us(board_now(board));
    measure(display);
    fputs(HOME, stdout);
    snprintf(text, sizeof text, "%s (%s)   %u.%03u s", board->info->title, board->chip.powered ? "on" : "off",
             (unsigned)(us / 1000000), (unsigned)(us / 1000 % 1000));
    line(display, "board", BOLD, text);
    line(display, "LED", board->led_on ? LIT : "",
         board->info->led == PIN_NONE ? "none"
         : board->led_on              ? "(*) on"
                                      : "( ) off");
    line(display, "button", "",
         board->info->button == PIN_NONE ? "none"
         : board->button_pressed         ? "[#] pressed"
                                         : "[ ] released");
    snprintf(text, sizeof text, "%s, %s", board->cable ? "cable in" : "cable out", usb);
    line(display, "USB", "", text);
    snprintf(text, sizeof text, "%s, flash %s, PC 0x%08X", core_state(board), flash_state(board),
             (unsigned)board->chip.cpu.r[15]);
    line(display, "processor", "", text);
    line(display, "serial", "", display->serial_before);
    line(display, "", "", display->serial);
    line(display, "keys", BOLD, "b button   r reset   u cable   p power   q quit");
    fputs(CLEAR_LINE "\n", stdout);
    paint_log(display);
    fputs(CLEAR_BELOW, stdout);
    fflush(stdout);
}

/* false: the person wants to end. */
static bool key(struct board *board, char character)
{
    switch (character) {
    case 'b': board_press(board, !board->button_pressed); break;
    case 'r': board_reset_button(board); break;
    case 'u': board_plug(board, !board->cable); break;
    case 'p': board_power(board, !board->chip.powered); break;
    case 'q': return false;
    default: break;
    }
    return true;
}

bool display_poll(struct display *display, struct board *board, const char *usb)
{
    char characters[16];
    ssize_t got = read(STDIN_FILENO, characters, sizeof characters);
    bool goes_on = true;
    for (ssize_t i = 0; i < got; i++)
        goes_on = key(board, characters[i]) && goes_on;
    if (got > 0 || wall_ms() - display->painted_ms >= PERIOD_MS) {
        display->painted_ms = wall_ms();
        paint(display, board, usb);
    }
    return goes_on;
}

void display_close(struct display *display)
{
    fputs(NORMAL_SCREEN, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &display->before);
    free(display);
}
