/* The command line of `vboard run`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "board/board.h"
#include "files/image.h"
#include "servers/serial.h"

enum { OPTIONS_MAX_FILES = 16, OPTIONS_MAX_COUNT = 64, BACKUP_REGISTERS = 42 };

struct file_to_load {
    const char *path;
    uint32_t address; /* of a .bin */
};

struct options {
    struct board_info board; /* the one named, with the pins that the options give it */
    struct chip_config config;
    struct file_to_load files[OPTIONS_MAX_FILES]; /* the firmware and each --load */
    unsigned file_count;
    const char *flash_file; /* NULL: the flash is forgotten */
    bool crystal_given, no_crystal;
    bool button_pressed;
    bool backup_given[BACKUP_REGISTERS + 1];
    uint32_t backup[BACKUP_REGISTERS + 1]; /* as the manual counts them */
    unsigned count;                        /* boards */
    /* Servers, each with its port; 0: any that is free. */
    bool usbredir, usbip, gdb;
    unsigned usbredir_port, usbip_port, gdb_port;
    bool enumerate;                      /* a PC of its own is at the other end of the cable: usb_pc.h */
    bool halt;                           /* wait for the debugger */
    const char *vcd, *pcap;              /* files to write; NULL: none */
    struct serial_end usart[USARTS + 1]; /* of USART1 to UART5 */
    bool display;
    bool realtime;
    unsigned slow_motion; /* times slower than real time; 1: not */
    ticks max_time;       /* TICKS_NEVER: until ended otherwise */
    bool lenient;         /* go on after a violation */
    bool pedantic;        /* end after a suspicion, too */
    bool allowed[RULES_MAX];
    uint32_t trace; /* 1 << report_kind, besides what is always shown */
    uint32_t stack_limit;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* argv[0] is "run". OPTIONS_HELP: the help was asked for; OPTIONS_WRONG: a sentence was printed to stderr. */
enum options_result options_parse(struct options *options, int argc, char **argv);

/* Prints each board with what is soldered to it. */
void options_print_boards(void);
void options_print_help(void);

/* "2", "0.25": a number of seconds up to four days, in *time. */
bool options_parse_seconds(const char *text, ticks *time);
/* "1" to "100": how many times slower than the clock on the wall, in *times. */
bool options_parse_times(const char *text, unsigned *times);
