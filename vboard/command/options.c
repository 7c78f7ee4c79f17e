/* See options.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options_private.h"

enum option_code {
    OPTION_ALLOW = 256,
    OPTION_BACKUP,
    OPTION_BOARD,
    OPTION_BUTTON,
    OPTION_BUTTON_PIN,
    OPTION_COUNT,
    OPTION_CRYSTAL,
    OPTION_DISPLAY,
    OPTION_ENUMERATE,
    OPTION_FLASH_FILE,
    OPTION_FLASH_SIZE,
    OPTION_GDB,
    OPTION_HALT,
    OPTION_HELP,
    OPTION_LED,
    OPTION_LENIENT,
    OPTION_LOAD,
    OPTION_MAX_TIME,
    OPTION_CHIP,
    OPTION_NO_CRYSTAL,
    OPTION_PCAP,
    OPTION_PEDANTIC,
    OPTION_PULLUP,
    OPTION_REALTIME,
    OPTION_SEED,
    OPTION_SERIAL,
    OPTION_STACK_LIMIT,
    OPTION_TRACE,
    OPTION_USART,
    OPTION_USBIP,
    OPTION_USBREDIR,
    OPTION_VCD,
};

static const struct option long_options[] = {
    {"allow", required_argument, NULL, OPTION_ALLOW},
    {"backup", required_argument, NULL, OPTION_BACKUP},
    {"board", required_argument, NULL, OPTION_BOARD},
    {"button", required_argument, NULL, OPTION_BUTTON},
    {"button-pin", required_argument, NULL, OPTION_BUTTON_PIN},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"crystal", required_argument, NULL, OPTION_CRYSTAL},
    {"display", no_argument, NULL, OPTION_DISPLAY},
    {"enumerate", no_argument, NULL, OPTION_ENUMERATE},
    {"flash-file", required_argument, NULL, OPTION_FLASH_FILE},
    {"flash-size", required_argument, NULL, OPTION_FLASH_SIZE},
    {"gdb", required_argument, NULL, OPTION_GDB},
    {"halt", no_argument, NULL, OPTION_HALT},
    {"help", no_argument, NULL, OPTION_HELP},
    {"led", required_argument, NULL, OPTION_LED},
    {"lenient", no_argument, NULL, OPTION_LENIENT},
    {"load", required_argument, NULL, OPTION_LOAD},
    {"max-time", required_argument, NULL, OPTION_MAX_TIME},
    {"chip", required_argument, NULL, OPTION_CHIP},
    {"no-crystal", no_argument, NULL, OPTION_NO_CRYSTAL},
    {"pcap", required_argument, NULL, OPTION_PCAP},
    {"pedantic", no_argument, NULL, OPTION_PEDANTIC},
    {"pullup", required_argument, NULL, OPTION_PULLUP},
    {"realtime", no_argument, NULL, OPTION_REALTIME},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"serial", required_argument, NULL, OPTION_SERIAL},
    {"stack-limit", required_argument, NULL, OPTION_STACK_LIMIT},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"usart", required_argument, NULL, OPTION_USART},
    {"usbip", required_argument, NULL, OPTION_USBIP},
    {"usbredir", required_argument, NULL, OPTION_USBREDIR},
    {"vcd", required_argument, NULL, OPTION_VCD},
    {0},
};

static bool unknown_board(const char *name)
{
    options_wrong("there is no board %s; these are known:", name);
    for (const struct board_info *board = board_list; board->name; board++)
        fprintf(stderr, "  %s\n", board->name);
    return false;
}

/* The board comes first, whatever its place on the command line: the others change what it implies. */
static bool choose_board(struct options *options, const char *name)
{
    const struct board_info *board = board_find(name);
    if (!board)
        return unknown_board(name);
    options->board = *board;
    options->config = board_default_config(board);
    return true;
}

static bool apply(struct options *options, int code, char *text)
{
    uint64_t value;
    switch (code) {
    case OPTION_ALLOW: return options_parse_allow(options, text);
    case OPTION_BACKUP: return options_parse_backup(options, text);
    case OPTION_BOARD: return true;
    case OPTION_BUTTON:
        options->button_pressed = true;
        return strcmp(text, "pressed") == 0 || options_wrong("--button takes only 'pressed', not '%s'", text);
    case OPTION_BUTTON_PIN: return options_parse_button_pin(options, text);
    case OPTION_CRYSTAL: return options_parse_crystal(options, text);
    case OPTION_COUNT: return options_parse_count(options, text);
    case OPTION_DISPLAY: options->display = true; return true;
    case OPTION_ENUMERATE: options->enumerate = true; return true;
    case OPTION_FLASH_FILE: options->flash_file = text; return true;
    case OPTION_FLASH_SIZE: return options_parse_flash_size(options, text);
    case OPTION_GDB: return options_parse_port("--gdb", text, &options->gdb, &options->gdb_port);
    case OPTION_HALT: options->halt = true; return true;
    case OPTION_LED: return options_parse_led(options, text);
    case OPTION_LENIENT: options->lenient = true; return true;
    case OPTION_LOAD: return options_parse_load(options, text);
    case OPTION_MAX_TIME: return options_parse_time(options, text);
    case OPTION_CHIP: return options_parse_chip(options, text);
    case OPTION_NO_CRYSTAL: options->no_crystal = true; return true;
    case OPTION_PCAP: options->pcap = text; return true;
    case OPTION_PEDANTIC: options->pedantic = true; return true;
    case OPTION_PULLUP: return options_parse_pullup(options, text);
    case OPTION_REALTIME: options->realtime = true; return true;
    case OPTION_SEED:
        return options_parse_number(text, 0, UINT64_MAX, &options->config.seed) ||
               options_wrong("--seed takes a number, not '%s'", text);
    case OPTION_SERIAL: return options_parse_serial(options, text);
    case OPTION_STACK_LIMIT:
        if (!options_parse_number(text, 0, UINT32_MAX, &value))
            return options_wrong("--stack-limit takes an address, such as 0x20000400, not '%s'", text);
        options->stack_limit = (uint32_t)value;
        return true;
    case OPTION_TRACE: return options_parse_trace(options, text);
    case OPTION_USART: return options_parse_usart(options, text);
    case OPTION_USBIP: return options_parse_port("--usbip", text, &options->usbip, &options->usbip_port);
    case OPTION_USBREDIR:
        return options_parse_port("--usbredir", text, &options->usbredir, &options->usbredir_port);
    case OPTION_VCD: options->vcd = text; return true;
    default: return false;
    }
}

/* Calls `take` for each option; getopt has already complained of what it does not know. */
static enum options_result each_option(struct options *options, int argc, char **argv,
                                       bool (*take)(struct options *, int code, char *text))
{
    int code;
    optind = 0; /* glibc: start anew */
    while ((code = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (code == OPTION_HELP || code == 'h')
            return OPTIONS_HELP;
        if (code == '?') {
            fputs("vboard: 'vboard run --help' lists what there is\n", stderr);
            return OPTIONS_WRONG;
        }
        if (!take(options, code, optarg))
            return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static bool take_board(struct options *options, int code, char *text)
{
    return code != OPTION_BOARD || choose_board(options, text);
}

static bool take_firmware(struct options *options, int count, char **names)
{
    if (count > 1)
        return options_wrong("one firmware at a time, and '%s' comes after '%s'; --load adds an application",
                             names[1], names[0]);
    if (count == 1) {
        if (options->file_count == OPTIONS_MAX_FILES)
            return options_wrong("at most %d files can be loaded", OPTIONS_MAX_FILES);
        options->files[options->file_count++] = (struct file_to_load){names[0], FLASH_BASE};
    }
    if (options->file_count == 0 && !options->flash_file && !options->halt)
        return options_wrong("say which firmware to run: vboard run FIRMWARE (or --flash-file FILE; "
                             "or --gdb PORT --halt, for gdb to load it)");
    return true;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
    static char name[] = "vboard run";
    *options = (struct options){.max_time = TICKS_NEVER, .count = 1};
    argv[0] = name; /* for getopt's messages */
    choose_board(options, DEFAULT_BOARD);
    enum options_result result = each_option(options, argc, argv, take_board);
    if (result == OPTIONS_RUN)
        result = each_option(options, argc, argv, apply);
    if (result == OPTIONS_RUN &&
        (!take_firmware(options, argc - optind, argv + optind) || !options_fit(options)))
        result = OPTIONS_WRONG;
    if (options->no_crystal)
        options->config.hse_hz = 0;
    return result;
}
