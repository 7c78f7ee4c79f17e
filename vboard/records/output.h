/* A file that a run writes into from its beginning to its end: recordings and serial output. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct output {
    FILE *file; /* NULL: not open */
    char *path;
};

/* Begins the file anew. false: error says why. */
bool output_open(struct output *output, const char *path, char *error, size_t error_size);
/* false: not all of it could be written, and error names the file. */
bool output_close(struct output *output, char *error, size_t error_size);
