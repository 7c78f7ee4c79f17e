/* Every option of `vboard run` once: its name, its value, what the help says of it, and what it does. */
#pragma once

#include <stddef.h>

#include "options_private.h"

/* A row is an option, or a line of the help: a heading, or a note that looks like an option. */
struct option_row {
    const char *name;    /* without its dashes; NULL: not an option */
    const char *value;   /* what the help calls it; NULL: takes none */
    const char *help;    /* may have several lines */
    const char *heading; /* before it, an empty line */
    const char *note;    /* in the place of name and value */

    /* One of these, unless it is the board, which is taken before all others. */
    bool (*take)(struct options *options, char *text);
    size_t flag; /* offset of a bool that it sets, in struct options */
    size_t text; /* offset of a const char * that becomes its value */
};

extern const struct option_row options_table[];
extern const unsigned options_table_rows;
