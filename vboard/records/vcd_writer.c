/* See vcd_writer.h. */
#include "vcd_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "output.h"

enum { WAITING = 4096, NOT_WRITTEN = -2 };

struct change {
    ticks at;
    unsigned signal;
    int value;
    char text[VCD_TEXT_SIZE];
};

struct vcd_writer {
    struct output output;
    unsigned count;
    struct vcd_signal signal[VCD_MAX_SIGNALS];
    int value[VCD_MAX_SIGNALS]; /* as written */
    uint64_t time_written;
    unsigned waiting;
    struct change change[WAITING]; /* in the order of time */
};

static uint64_t nanoseconds(ticks at)
{
    return at / TICKS_PER_MICROSECOND * 1000 + at % TICKS_PER_MICROSECOND * 1000 / TICKS_PER_MICROSECOND;
}

/* Two characters name a signal in the file. None that begins a value: programs that do not know texts would
 * take one for the other. */
static void name_of(unsigned signal, char name[3])
{
    static const char characters[] = "!%&'()*+,-./:;<=>?@ACDEFGHIJKLMNOPQRTUVWYZ";
    enum { CHARACTERS = sizeof characters - 1 };
    name[0] = characters[signal % CHARACTERS];
    name[1] = characters[signal / CHARACTERS];
    name[2] = '\0';
}

/* ---- changes ---- */

/* A space would end the text: GTKWave knows escapes as C has them. */
static void write_text(const struct vcd_writer *writer, const char *text)
{
    fputc('s', writer->output.file);
    for (; *text; text++)
        if (*text == ' ')
            fputs("\\x20", writer->output.file);
        else
            fputc(*text, writer->output.file);
    fputc(' ', writer->output.file);
}

static void write_change(struct vcd_writer *writer, const struct change *change)
{
    char name[3];
    const struct vcd_signal *signal = &writer->signal[change->signal];
    uint64_t time = nanoseconds(change->at);
    if (!signal->is_text && writer->value[change->signal] == change->value)
        return;
    if (time != writer->time_written)
        fprintf(writer->output.file, "#%" PRIu64 "\n", time);
    writer->time_written = time;
    writer->value[change->signal] = change->value;
    name_of(change->signal, name);
    if (signal->is_text)
        write_text(writer, change->text);
    else
        fputc(change->value == VCD_FLOATING ? 'z' : '0' + change->value, writer->output.file);
    fprintf(writer->output.file, "%s\n", name);
}

void vcd_writer_until(struct vcd_writer *writer, ticks until)
{
    unsigned written = 0;
    while (written < writer->waiting && writer->change[written].at <= until)
        write_change(writer, &writer->change[written++]);
    writer->waiting -= written;
    memmove(writer->change, &writer->change[written], writer->waiting * sizeof writer->change[0]);
}

static struct change *insert(struct vcd_writer *writer, ticks at)
{
    if (writer->waiting == WAITING)
        vcd_writer_until(writer, writer->change[WAITING / 2].at);
    unsigned place = writer->waiting++;
    for (; place > 0 && writer->change[place - 1].at > at; place--)
        writer->change[place] = writer->change[place - 1];
    return &writer->change[place];
}

void vcd_put(struct vcd_writer *writer, ticks at, unsigned signal, int value)
{
    *insert(writer, at) = (struct change){.at = at, .signal = signal, .value = value};
}

void vcd_put_text(struct vcd_writer *writer, ticks at, unsigned signal, const char *text)
{
    struct change *change = insert(writer, at);
    *change = (struct change){.at = at, .signal = signal};
    snprintf(change->text, sizeof change->text, "%s", text);
}

/* ---- the file ---- */

static void write_header(const struct vcd_writer *writer)
{
    FILE *file = writer->output.file;
    const char *scope = "";
    fputs("$timescale 1 ns $end\n$scope module board $end\n", file);
    for (unsigned i = 0; i < writer->count; i++) {
        const struct vcd_signal *signal = &writer->signal[i];
        char name[3];
        if (strcmp(scope, signal->scope) != 0) {
            if (scope[0])
                fputs("$upscope $end\n", file);
            scope = signal->scope;
            fprintf(file, "$scope module %s $end\n", scope);
        }
        name_of(i, name);
        fprintf(file, "$var %s 1 %s %s $end\n", signal->is_text ? "string" : "wire", name, signal->name);
    }
    fputs("$upscope $end\n$upscope $end\n$enddefinitions $end\n", file);
}

struct vcd_writer *vcd_writer_open(const char *path, const struct vcd_signal *signals, unsigned count,
                                   char *error, size_t error_size)
{
    struct vcd_writer *writer = allocate(sizeof *writer);
    if (!output_open(&writer->output, path, error, error_size)) {
        free(writer);
        return NULL;
    }
    writer->count = count;
    memcpy(writer->signal, signals, count * sizeof signals[0]);
    for (unsigned i = 0; i < count; i++)
        writer->value[i] = NOT_WRITTEN;
    writer->time_written = UINT64_MAX;
    write_header(writer);
    return writer;
}

bool vcd_writer_close(struct vcd_writer *writer, ticks end, char *error, size_t error_size)
{
    vcd_writer_until(writer, TICKS_NEVER);
    fprintf(writer->output.file, "#%" PRIu64 "\n", nanoseconds(end));
    bool good = output_close(&writer->output, error, error_size);
    free(writer);
    return good;
}
