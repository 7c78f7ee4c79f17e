/* The file format of waveforms (IEEE 1364-2005 clause 18): signals in scopes, and their
 * changes in the order of time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/ticks.h"

enum { VCD_TEXT_SIZE = 48, VCD_MAX_SIGNALS = 160 };

/* Besides 0 and 1. */
enum { VCD_FLOATING = -1 };

struct vcd_signal {
    char scope[8]; /* within "board"; "": board itself. Signals of one scope stand together. */
    char name[16];
    bool is_text; /* else one bit. GTKWave shows texts; others skip them, as they do not skip numbers of more
                     bits */
};

struct vcd_writer;

/* NULL: error says why. The signals are copied. */
struct vcd_writer *vcd_writer_open(const char *path, const struct vcd_signal *signals, unsigned count,
                                   char *error, size_t error_size);
/* A change, also of a time before that of other changes, as long as vcd_writer_until did not pass it. */
void vcd_put(struct vcd_writer *writer, ticks at, unsigned signal, int value);
void vcd_put_text(struct vcd_writer *writer, ticks at, unsigned signal, const char *text);
/* Nothing before this time is to come. */
void vcd_writer_until(struct vcd_writer *writer, ticks until);
/* false: not all of it could be written; error names the file. */
bool vcd_writer_close(struct vcd_writer *writer, ticks end, char *error, size_t error_size);
