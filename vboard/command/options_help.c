/* What `vboard run --help` and `vboard boards` print. */
#include <stdio.h>

#include "options_private.h"
#include "options_table.h"

static const char before[] =
    "Usage: vboard run [FIRMWARE] [OPTIONS]\n"
    "\n"
    "Runs a firmware image on a virtual board, unchanged, and tells what the board does.\n"
    "FIRMWARE is any program for the chip of the board: .elf, .hex, or .bin (which goes to 0x08000000).\n"
    "It can be left out when --flash-file names a flash that holds one, or gdb is to load it (--halt).\n";

static const char after[] =
    "\n"
    "Commands on standard input, one a line\n"
    "  unplug, plug            the USB cable\n"
    "  press, release          the button\n"
    "  reset                   the reset pin, low and released\n"
    "  power off, power on\n"
    "  pin PIN                 tell its level: low, high or open, such as 'pin PA9'\n"
    "  pin PIN LEVEL           drive it from outside, low or high; open: no longer\n"
    "  send N TEXT             the text and a line feed to USART N, such as 'send 1 hello'\n"
    "  expect N SECONDS TEXT   take the next command when USART N has sent the text, since the start or\n"
    "                          the last 'expect'; end with status 4 if it has not that much later\n"
    "  control TYPE REQUEST VALUE INDEX [LENGTH|BYTES]\n"
    "                          a request, with --enumerate: bmRequestType, bRequest, wValue, wIndex, then\n"
    "                          how many bytes to read or which to write: 'control 0x80 0 0 0 2'\n"
    "  in ENDPOINT [LENGTH]    read from an endpoint, one packet if without length, such as 'in 0x81 64'\n"
    "  out ENDPOINT BYTES      write to it, in hexadecimal or quotes: 'out 1 \"hello\" 0D 0A'\n"
    "  wait SECONDS            take the next command that much later, in the board's own time\n"
    "  slow-motion N           from now on N times slower than the clock on the wall; 1: no longer\n"
    "  quit                    end\n"
    "With several boards a command is for all of them, or for one: 2 reset\n"
    "\n"
    "Exit status: 0 ended by request or --max-time, 1 the processor locked up after a fault,\n"
    "2 wrong use, or a file could not be written, 3 a rule of the chip's manual was broken,\n"
    "4 'expect' was not met.\n";

/* What an option is for stands in a column of its own. */
static void print_row(const struct option_row *row)
{
    enum { COLUMN = 26 };
    int width;
    if (row->heading) {
        printf("\n%s\n", row->heading);
        return;
    }
    if (row->note)
        width = printf("  %s", row->note);
    else
        width = printf("  --%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
    printf("%*s", width < COLUMN ? COLUMN - width : 1, "");
    for (const char *c = row->help; *c; c++)
        if (*c == '\n')
            printf("\n%*s", COLUMN, "");
        else
            putchar(*c);
    putchar('\n');
}

void options_print_help(void)
{
    fputs(before, stdout);
    for (unsigned i = 0; i < options_table_rows; i++)
        print_row(&options_table[i]);
    fputs(after, stdout);
}

static const char *pin_name(uint8_t pin, char name[8])
{
    if (pin == PIN_NONE)
        return "none";
    snprintf(name, 8, "P%c%u", 'A' + (pin >> 4), pin & 15u);
    return name;
}

void options_print_boards(void)
{
    printf("%-18s %-32s %-14s %-10s %-9s %-5s %-6s %s\n", "NAME", "BOARD", "CHIP", "FAMILY", "FLASH", "LED",
           "BUTTON", "USB PULL-UP");
    for (const struct board_info *board = board_list; board->name; board++) {
        char led[8], button[8], pullup[8];
        printf("%-18s %-32s %-14s %-10s %3u KiB   %-5s %-6s %s\n", board->name, board->title, board->chip,
               board->family->name, board->flash_kib, pin_name(board->led, led),
               pin_name(board->button, button),
               board->pullup_inside        ? "inside"
               : board->pullup == PIN_NONE ? "fixed"
                                           : pin_name(board->pullup, pullup));
    }
}
