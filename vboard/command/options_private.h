/* Shared by options.c (the command line), options_table.c (every option), options_values.c and
 * options_board.c (each value), options_fit.c (whether they go together) and options_help.c. */
#pragma once

#include "options.h"

#define DEFAULT_BOARD "BLUEPILL"

/* Prints a sentence that says what is wrong, and returns false. */
bool options_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each takes one option's text. false: it was wrong, which has been said (but by options_parse_number). */
/* All of the text is one number, decimal or 0x..., from low to high. */
bool options_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value);
bool options_parse_backup(struct options *options, char *text);
bool options_parse_serial(struct options *options, char *text);
bool options_parse_trace(struct options *options, char *text);
bool options_parse_load(struct options *options, char *text);
bool options_parse_chip(struct options *options, char *text);
bool options_parse_flash_size(struct options *options, char *text);
/* options_board.c */
bool options_parse_crystal(struct options *options, char *text);
bool options_parse_led(struct options *options, char *text);
bool options_parse_button_pin(struct options *options, char *text);
bool options_parse_pullup(struct options *options, char *text);
bool options_parse_port(const char *option, const char *text, bool *wanted, unsigned *port);
bool options_parse_allow(struct options *options, char *text);
bool options_parse_count(struct options *options, char *text);
bool options_parse_slow_motion(struct options *options, char *text);
bool options_parse_usart(struct options *options, char *text);
bool options_parse_time(struct options *options, char *text);

/* Do the options contradict each other, or want one file or port for two things? */
bool options_fit(const struct options *options);
