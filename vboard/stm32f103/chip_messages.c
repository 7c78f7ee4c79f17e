/* What the chip tells the board around it: reports and broken rules. */
#include "chip_private.h"

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

void chip_report(struct chip *chip, enum report_kind kind, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    chip_report_text(chip, kind, text);
}

void chip_violation(struct chip *chip, enum violation_level level, const char *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof text) {
        char *end = text + length;
        size_t room = sizeof text - (size_t)length;
        unsigned line = chip->bus_master;
        if (line == 0) {
            (void)snprintf(end, room, " (PC 0x%08X)", (unsigned)chip_pc(chip));
        } else {
            bool second = line > DMA2_CHANNEL;
            (void)snprintf(end, room, " (by DMA%u channel %u)", second ? 2u : 1u,
                           second ? line - DMA2_CHANNEL : line);
        }
    }
    chip_violation_text(chip, level, rule, text);
}
