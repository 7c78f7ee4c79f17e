/* See options.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options_private.h"
#include "options_table.h"

enum { FIRST_CODE = 256, MAX_ROWS = 64 };

/* For getopt: the code of a row is its number in the table, behind all characters. */
static void make_long_options(struct option long_options[MAX_ROWS])
{
    for (unsigned i = 0; i < options_table_rows && i < MAX_ROWS - 2; i++)
        if (options_table[i].name)
            *long_options++ = (struct option){options_table[i].name,
                                              options_table[i].value ? required_argument : no_argument, NULL,
                                              FIRST_CODE + (int)i};
    *long_options++ = (struct option){"help", no_argument, NULL, 'h'};
    *long_options = (struct option){0};
}

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

static bool apply(struct options *options, const struct option_row *row, char *text)
{
    if (row->take)
        return row->take(options, text);
    if (row->flag)
        *(bool *)((char *)options + row->flag) = true;
    if (row->text)
        *(const char **)((char *)options + row->text) = text;
    return true;
}

/* Calls `take` for each option; getopt has already complained of what it does not know. */
static enum options_result each_option(struct options *options, int argc, char **argv,
                                       bool (*take)(struct options *, const struct option_row *row,
                                                    char *text))
{
    struct option long_options[MAX_ROWS];
    int code;
    make_long_options(long_options);
    optind = 0; /* glibc: start anew */
    while ((code = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (code == 'h')
            return OPTIONS_HELP;
        if (code == '?') {
            fputs("vboard: 'vboard run --help' lists what there is\n", stderr);
            return OPTIONS_WRONG;
        }
        if (!take(options, &options_table[code - FIRST_CODE], optarg))
            return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

static bool take_board(struct options *options, const struct option_row *row, char *text)
{
    return strcmp(row->name, "board") != 0 || choose_board(options, text);
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
    *options = (struct options){.max_time = TICKS_NEVER, .count = 1, .slow_motion = 1};
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
