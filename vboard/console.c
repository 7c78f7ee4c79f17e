/* See console.h. */
#include "console.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

void console_print(ticks at, const char *text)
{
    uint64_t us = ticks_to_us(at);
    int margin = printf("[%4u.%06u s] ", (unsigned)(us / 1000000), (unsigned)(us % 1000000));
    for (;;) {
        int length = (int)strcspn(text, "\n");
        printf("%.*s\n", length, text);
        text += length;
        if (text[0] == '\0' || text[1] == '\0')
            return;
        text++;
        printf("%*s", margin, "");
    }
}

void console_power_on(const struct console *console, struct board *board)
{
    board_power(board, true);
    board->chip.cpu.stack_limit = console->stack_limit;
}

static void power_off(struct board *board)
{
    board_power(board, false);
}

static void plug(struct board *board)
{
    board_plug(board, true);
}

static void unplug(struct board *board)
{
    board_plug(board, false);
}

static void press(struct board *board)
{
    board_press(board, true);
}

static void release(struct board *board)
{
    board_press(board, false);
}

static const struct {
    const char *name;
    void (*act)(struct board *);
} commands[] = {
    {"unplug", unplug},
    {"plug", plug},
    {"press", press},
    {"release", release},
    {"reset", board_reset_button},
    {"power off", power_off},
};

static bool obey_simple(struct board *board, const char *line)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, line) == 0) {
            commands[i].act(board);
            return true;
        }
    return false;
}

static void obey(struct console *console, struct board *board, const char *line)
{
    static const char wait[] = "wait ";
    char text[CONSOLE_LINE + 128];
    ticks pause;
    snprintf(text, sizeof text, "command: %s", line);
    console_print(board_now(board), text);
    if (obey_simple(board, line))
        return;
    if (strcmp(line, "quit") == 0) {
        console->quit = true;
    } else if (strcmp(line, "power on") == 0) {
        console_power_on(console, board);
    } else if (strncmp(line, wait, strlen(wait)) == 0 && options_parse_seconds(line + strlen(wait), &pause)) {
        console->held_until = board_now(board) + pause;
    } else {
        console_print(board_now(board),
                      "there is no such command; these are known: unplug, plug, press, release, reset, "
                      "power off, power on, wait SECONDS, quit");
    }
}

static bool held(const struct console *console, const struct board *board)
{
    return board_now(board) < console->held_until;
}

/* Takes the first line off the buffer. A line longer than the buffer is cut: no command is that long. */
static bool next_line(struct console *console, char line[CONSOLE_LINE])
{
    char *end = memchr(console->line, '\n', console->used);
    if (!end && console->used < sizeof console->line)
        return false;
    unsigned length = end ? (unsigned)(end - console->line) : console->used - 1;
    memcpy(line, console->line, length);
    line[length] = '\0';
    console->used -= length + 1;
    memmove(console->line, console->line + length + 1, console->used);
    return true;
}

/* True when something new is in the buffer. */
static bool read_input(struct console *console, int timeout_ms)
{
    struct pollfd ready = {.fd = console->input, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) <= 0 || !ready.revents)
        return false;
    ssize_t got = read(console->input, console->line + console->used, sizeof console->line - console->used);
    if (got <= 0) {
        console->input = -1;
        if (console->used == 0)
            return false;
        console->line[console->used] = '\n'; /* the last line may lack its end */
        got = 1;
    }
    console->used += (unsigned)got;
    return true;
}

void console_poll(struct console *console, struct board *board, int timeout_ms)
{
    char line[CONSOLE_LINE];
    do {
        while (!console->quit && !held(console, board) && next_line(console, line))
            if (line[0] != '\0')
                obey(console, board, line);
        if (held(console, board)) {
            poll(NULL, 0, timeout_ms);
            return;
        }
    } while (!console->quit && read_input(console, timeout_ms));
}
