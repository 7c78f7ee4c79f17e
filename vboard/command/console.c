/* See console.h. */
#include "console.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board/commands.h"
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

static ticks now(const struct console *console)
{
    return board_now(console->boards[0]);
}

/* "2 reset" is for board 2. Sets which boards a line is for, and returns what is to be done. */
static const char *choose(const struct console *console, const char *line, unsigned *first, unsigned *end)
{
    char *rest;
    unsigned long number = strtoul(line, &rest, 10);
    bool one = line[0] >= '0' && line[0] <= '9' && *rest == ' ' && number >= 1 && number <= console->count;
    *first = one ? (unsigned)number - 1 : 0;
    *end = one ? (unsigned)number : console->count;
    return one ? rest + 1 : line;
}

static bool obey_boards(const struct console *console, const char *line)
{
    unsigned first, end;
    const char *command = choose(console, line, &first, &end);
    bool known = true;
    for (unsigned i = first; known && i < end; i++)
        known = command_obey(console->boards[i], command);
    return known;
}

/* expect */

static bool has_usart(const struct console *console, unsigned board, unsigned usart)
{
    return usart <= USARTS && board_has_serial(&console->boards[board]->chip.config, usart);
}

static void fail(struct console *console, const char *why)
{
    char text[CONSOLE_TEXT + 128], number[24] = "";
    const struct expectation *expected = &console->expected;
    if (console->count > 1)
        snprintf(number, sizeof number, "board %u: ", expected->next + 1);
    snprintf(text, sizeof text, "%sUSART%u did not send '%s': %s", number, expected->usart, expected->text,
             why);
    console_print(now(console), text);
    console->unmet = true;
}

static void met(struct console *console)
{
    char text[CONSOLE_TEXT + 32];
    snprintf(text, sizeof text, "USART%u sent '%s'", console->expected.usart, console->expected.text);
    console_print(now(console), text);
    console->expected = (struct expectation){0};
}

/* N SECONDS TEXT; false: they are wrong. */
static bool parse(const char *arguments, struct expectation *expected, ticks *pause)
{
    char seconds[32];
    size_t length = strcspn(arguments, " "), digits;
    const char *rest = arguments + length + strspn(arguments + length, " ");
    if (length != 1 || arguments[0] < '1' || arguments[0] > '9')
        return false;
    expected->usart = (unsigned)(arguments[0] - '0');
    digits = strcspn(rest, " ");
    snprintf(seconds, sizeof seconds, "%.*s", (int)digits, rest);
    rest += digits + strspn(rest + digits, " ");
    snprintf(expected->text, sizeof expected->text, "%s", rest);
    return digits < sizeof seconds && options_parse_seconds(seconds, pause) && rest[0] != '\0' &&
           strlen(rest) < sizeof expected->text;
}

static bool expect(struct console *console, const char *line)
{
    static const char name[] = "expect ";
    struct expectation expected = {0};
    ticks pause;
    const char *command = choose(console, line, &expected.next, &expected.end);
    if (strncmp(command, name, strlen(name)) != 0 || !parse(command + strlen(name), &expected, &pause))
        return false;
    expected.until = now(console) + pause;
    console->expected = expected;
    if (!has_usart(console, expected.next, expected.usart))
        fail(console, "the chip has no such port");
    return true;
}

/* Whether something is expected still. */
static bool expects(struct console *console)
{
    struct expectation *expected = &console->expected;
    while (expected->next < expected->end &&
           hearing_take(console->hearings[expected->next], expected->usart, expected->text))
        expected->next++;
    if (expected->usart && expected->next == expected->end)
        met(console);
    else if (expected->usart && now(console) >= expected->until)
        fail(console, "the time for it is over");
    return expected->usart != 0;
}

static void obey(struct console *console, const char *line)
{
    static const char wait[] = "wait ", slow_motion[] = "slow-motion ";
    char text[CONSOLE_LINE + 128];
    ticks pause;
    snprintf(text, sizeof text, "command: %s", line);
    console_print(now(console), text);
    if (strcmp(line, "quit") == 0) {
        console->quit = true;
    } else if (strncmp(line, wait, strlen(wait)) == 0 && options_parse_seconds(line + strlen(wait), &pause)) {
        console->held_until = now(console) + pause;
    } else if (strncmp(line, slow_motion, strlen(slow_motion)) == 0 &&
               options_parse_times(line + strlen(slow_motion), &console->slow_motion)) {
        return;
    } else if (!expect(console, line) && !obey_boards(console, line)) {
        snprintf(text, sizeof text,
                 "there is no such command; these are known: %s, expect N SECONDS TEXT, wait SECONDS, "
                 "slow-motion N, quit",
                 command_names);
        console_print(now(console), text);
    }
}

static bool held(struct console *console)
{
    return expects(console) || now(console) < console->held_until;
}

/* Takes the first line off the buffer. A line longer than the buffer is cut: no command is that long. */
static bool next_line(struct console *console, char line[CONSOLE_LINE])
{
    char *end = memchr(console->line, '\n', console->used);
    if (!end && console->used < sizeof console->line)
        return false;
    unsigned taken = end ? (unsigned)(end - console->line) : console->used - 1, length = taken;
    memcpy(line, console->line, length);
    line[length] = '\0';
    while (length && strchr(" \t\r", line[length - 1])) /* a script may come from Windows */
        line[--length] = '\0';
    console->used -= taken + 1;
    memmove(console->line, console->line + taken + 1, console->used);
    return true;
}

/* True when something new is in the buffer. */
static bool read_input(struct console *console)
{
    struct pollfd ready = {.fd = console->input, .events = POLLIN};
    if (poll(&ready, 1, 0) <= 0 || !ready.revents)
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

void console_poll(struct console *console)
{
    char line[CONSOLE_LINE];
    do {
        while (!console_has_ended(console) && !held(console) && next_line(console, line))
            if (line[0] != '\0')
                obey(console, line);
    } while (!console_has_ended(console) && !held(console) && read_input(console));
}
