/* What the chip tells the board around it: reports and broken rules. */
#include "private.h"

#include <stdarg.h>
#include <stdio.h>

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

/* With the instruction, or the channel of DMA, that did it. */
static void violation(struct chip *chip, enum violation_level level, const char *rule, const char *format,
                      va_list arguments)
{
    char text[512];
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length >= 0 && (size_t)length < sizeof text) {
        char *end = text + length;
        size_t room = sizeof text - (size_t)length;
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
