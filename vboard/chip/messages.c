/* What the chip tells the board around it: reports and broken rules. */
#include "private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between instructions r[15] is the next one. */
uint32_t chip_pc(const struct chip *chip)
{
    return chip->core_runs ? chip->cpu.private_state.at : chip->cpu.r[15];
}

void chip_report_text(void *context, enum report_kind kind, const char *text)
{
    struct chip *chip = context;
    chip->board.report(chip->board.context, kind, text);
}

void chip_violation_text(void *context, enum violation_level level, const char *rule, const char *text)
{
    struct chip *chip = context;
    chip->violations++;
    chip->board.violation(chip->board.context, level, rule, text);
}

static void report(struct chip *chip, enum report_kind kind, const char *format, va_list arguments)
{
    char text[512];
    (void)vsnprintf(text, sizeof text, format, arguments);
    chip_report_text(chip, kind, text);
}

void chip_report(struct chip *chip, enum report_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(chip, kind, format, arguments);
    va_end(arguments);
}

void device_report(struct device *device, enum report_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(device_chip(device), kind, format, arguments);
    va_end(arguments);
}

static const char *instead_of(const struct chip *chip, unsigned long chapter)
{
    const struct citation *row = chip->info->manual.citations;
    while (row && row->instead && row->chapter != chapter)
        row++;
    return row ? row->instead : NULL;
}

/* Names the chip's own manual where a device cites that of another family. */
static void cite(const struct chip *chip, char *text, size_t size)
{
    static const char manual[] = "RM0008 ", sections[] = "0123456789., ";
    char *at = strstr(text, manual);
    const char *instead = at ? instead_of(chip, strtoul(at + sizeof manual - 1, NULL, 10)) : NULL;
    if (instead) {
        char rest[512];
        const char *from = at + sizeof manual - 1;
        (void)snprintf(rest, sizeof rest, "%s", from + strspn(from, sections));
        (void)snprintf(at, size - (size_t)(at - text), "%s%s", instead, rest);
    }
}

/* With the instruction, or the channel of DMA, that did it. */
static void violation(struct chip *chip, enum violation_level level, const char *rule, const char *format,
                      va_list arguments)
{
    char text[512];
    (void)vsnprintf(text, sizeof text, format, arguments);
    cite(chip, text, sizeof text);
    size_t length = strlen(text);
    if (length + 1 < sizeof text) {
        char *end = text + length;
        size_t room = sizeof text - length;
        if (chip->bus_master == NO_DEVICE) {
            (void)snprintf(end, room, " (PC 0x%08X)", (unsigned)chip_pc(chip));
        } else {
            (void)snprintf(end, room, " (by %s channel %u)", device_name(&chip->device[chip->bus_master]),
                           chip->bus_channel);
        }
    }
    chip_violation_text(chip, level, rule, text);
}

void chip_violation(struct chip *chip, enum violation_level level, const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    violation(chip, level, rule, format, arguments);
    va_end(arguments);
}

void device_violation(struct device *device, enum violation_level level, const char *rule, const char *format,
                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    violation(device_chip(device), level, rule, format, arguments);
    va_end(arguments);
}
