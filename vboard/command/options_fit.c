/* Options that cannot be together: what contradicts itself, and two uses of one port or one file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "options_private.h"

/* ---- ports ---- */

struct port_use {
    char option[16];
    unsigned first, count; /* first is 0: whichever is free */
};

enum { MAX_PORTS = 3 + USARTS };

static unsigned list_ports(const struct options *options, struct port_use uses[MAX_PORTS])
{
    unsigned used = 0;
    if (options->usbip)
        uses[used++] = (struct port_use){"--usbip", options->usbip_port, 1};
    if (options->usbredir)
        uses[used++] = (struct port_use){"--usbredir", options->usbredir_port, options->count};
    if (options->gdb)
        uses[used++] = (struct port_use){"--gdb", options->gdb_port, options->count};
    for (unsigned i = 1; i <= USARTS; i++)
        if (options->usart[i].kind == SERIAL_PORT) {
            uses[used] = (struct port_use){"", options->usart[i].port, options->count};
            snprintf(uses[used++].option, sizeof uses[0].option, "--usart %u", i);
        }
    return used;
}

static bool ports_meet(const struct port_use *a, const struct port_use *b)
{
    return a->first && b->first && a->first < b->first + b->count && b->first < a->first + a->count;
}

static bool ports_fit(const struct options *options)
{
    struct port_use uses[MAX_PORTS];
    unsigned used = list_ports(options, uses);
    for (unsigned i = 0; i < used; i++) {
        const struct port_use *a = &uses[i];
        if (a->first && a->first + a->count - 1 > UINT16_MAX)
            return options_wrong("%u boards need as many ports, and from %s %u on there are only %u",
                                 a->count, a->option, a->first, UINT16_MAX - a->first + 1);
        for (const struct port_use *b = uses; b < a; b++)
            if (ports_meet(a, b))
                return options_wrong("%s (%u to %u) and %s (%u to %u) want the same port; choose others",
                                     b->option, b->first, b->first + b->count - 1, a->option, a->first,
                                     a->first + a->count - 1);
    }
    return true;
}

/* ---- files ---- */

struct file_use {
    const char *what, *path;
    bool numbered; /* with several boards: each has its own */
    bool written;
};

enum { MAX_FILES = OPTIONS_MAX_FILES + 3 + USARTS };

static unsigned list_files(const struct options *options, struct file_use uses[MAX_FILES])
{
    unsigned used = 0;
    const bool numbered = options->count > 1;
    for (unsigned i = 0; i < options->file_count; i++)
        uses[used++] = (struct file_use){"the firmware", options->files[i].path, false, false};
    uses[used++] = (struct file_use){"--flash-file", options->flash_file, numbered, true};
    uses[used++] = (struct file_use){"--vcd", options->vcd, numbered, true};
    uses[used++] = (struct file_use){"--pcap", options->pcap, numbered, true};
    for (unsigned i = 1; i <= USARTS; i++)
        uses[used++] = (struct file_use){"--usart", options->usart[i].path, numbered, true};
    return used;
}

static bool files_meet(const struct file_use *a, const struct file_use *b)
{
    struct stat left, right;
    if (!a->path || !b->path || a->numbered != b->numbered || (!a->written && !b->written))
        return false;
    if (strcmp(a->path, b->path) == 0)
        return true;
    return stat(a->path, &left) == 0 && stat(b->path, &right) == 0 && S_ISREG(left.st_mode) &&
           left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

static bool files_fit(const struct options *options)
{
    struct file_use uses[MAX_FILES];
    unsigned used = list_files(options, uses);
    for (unsigned i = 0; i < used; i++)
        for (unsigned k = 0; k < i; k++)
            if (files_meet(&uses[k], &uses[i]))
                return options_wrong("%s and %s are one file, %s; what is written there would be lost",
                                     uses[k].what, uses[i].what, uses[i].path);
    return true;
}

/* Small chips of a family have fewer. */
static bool usarts_fit(const struct options *options)
{
    const struct chip_config *config = &options->config;
    for (unsigned i = 1; i <= USARTS; i++)
        if (options->usart[i].kind != SERIAL_NOWHERE && !board_has_serial(config, i))
            return options_wrong("the chip of this board, an %s with %u KiB of flash, has no USART%u: see "
                                 "--board and --flash-size",
                                 config->family->name, (unsigned)(config->flash_bytes / 1024), i);
    return true;
}

/* ---- pins ---- */

static bool pins_fit(const struct options *options)
{
    const struct board_info *board = &options->board;
    const struct {
        const char *option;
        uint8_t pin;
    } uses[] = {{"--led", board->led}, {"--button-pin", board->button}, {"--pullup", board->pullup}};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k < i; k++)
            if (uses[i].pin != PIN_NONE && uses[i].pin == uses[k].pin)
                return options_wrong("%s and %s are one pin, P%c%u; choose another, or none", uses[k].option,
                                     uses[i].option, 'A' + (uses[i].pin >> 4), uses[i].pin & 15u);
    return true;
}

bool options_fit(const struct options *options)
{
    if (options->usbredir + options->usbip + options->enumerate > 1)
        return options_wrong("a board has one USB cable: --usbredir or --usbip or --enumerate");
    if (options->halt && !options->gdb)
        return options_wrong("--halt waits for a debugger: it needs --gdb PORT");
    if (options->display && options->count > 1)
        return options_wrong("--display shows one board, not %u", options->count);
    if (options->pcap && !options->usbredir && !options->usbip && !options->enumerate)
        fputs("vboard: note: --pcap will stay empty, as nobody is at the other end of the USB cable: "
              "--enumerate, --usbip "
              "or --usbredir\n",
              stderr);
    if (options->lenient && options->pedantic)
        return options_wrong(
            "--lenient goes on after every broken rule, --pedantic ends at the least; choose one");
    if (options->crystal_given && options->no_crystal)
        return options_wrong("a board has a crystal or none: --crystal or --no-crystal");
    return pins_fit(options) && usarts_fit(options) && ports_fit(options) && files_fit(options);
}
