/* The values of options, as they are written on the command line. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "board/chip_kinds.h"
#include "options_private.h"

enum {
    MAX_SECONDS = 4 * 24 * 3600, /* what fits into ticks */
    MAX_SLOW_MOTION = 100        /* hosts and people are looked after once in so many milliseconds */
};

bool options_wrong(const char *format, ...)
{
    va_list arguments;
    fputs("vboard: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

bool options_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *end == '\0' && *value >= low && *value <= high;
}

bool options_parse_seconds(const char *text, ticks *time)
{
    char *end;
    if ((*text < '0' || *text > '9') && *text != '.')
        return false;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= MAX_SECONDS))
        return false;
    *time = ticks_from_us((uint64_t)(seconds * 1e6 + 0.5));
    return true;
}

bool options_parse_backup(struct options *options, char *text)
{
    const struct backup_range *range = &options->config.family->backup_range;
    char number[4] = "";
    uint64_t index, value;
    const char *equals = strchr(text, '=');
    if (equals && equals - text < (long)sizeof number)
        memcpy(number, text, (size_t)(equals - text));
    if (!equals || !options_parse_number(number, range->first, range->last, &index) ||
        !options_parse_number(equals + 1, 0, range->most, &value))
        return options_wrong(
            "--backup takes a register from %u to %u and %u bits, such as 1=0x4F42, not '%s'", range->first,
            range->last, range->most > UINT16_MAX ? 32 : 16, text);
    options->backup_given[index] = true;
    options->backup[index] = (uint32_t)value;
    return true;
}

bool options_parse_serial(struct options *options, char *text)
{
    uint8_t *id = options->config.unique_id;
    size_t bytes = sizeof options->config.unique_id;
    if (strlen(text) != 2 * bytes || strspn(text, "0123456789abcdefABCDEF") != 2 * bytes)
        return options_wrong("--serial takes %zu hexadecimal digits, not '%s'", 2 * bytes, text);
    for (size_t i = 0; i < bytes; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], 0};
        id[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool trace_kind(const char *name, size_t length, uint32_t *kinds)
{
    static const struct {
        const char *name;
        uint32_t kinds;
    } names[] = {
        {"usb", 1 << REPORT_USB},
        {"led", 1 << REPORT_LED},
        {"violations", 1 << REPORT_VIOLATION},
        {"flash", 1 << REPORT_FLASH},
        {"registers", 1 << REPORT_REGISTER},
        {"packets", 1 << REPORT_PACKET},
        {"all", (1 << REPORT_KINDS) - 1},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0) {
            *kinds |= names[i].kinds;
            return true;
        }
    return false;
}

bool options_parse_trace(struct options *options, char *text)
{
    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        if (!trace_kind(name, length, &options->trace))
            return options_wrong("--trace takes usb, led, violations, flash, registers, packets or all, "
                                 "with commas between them, not '%.*s'",
                                 (int)length, name);
        name += length;
        if (*name == '\0')
            return true;
    }
}

/* Cuts FILE@ADDRESS in two. An ELF or HEX file needs no address. */
bool options_parse_load(struct options *options, char *text)
{
    uint64_t address = FLASH_BASE;
    char *at = strrchr(text, '@');
    size_t length = strlen(text);
    if (at && options_parse_number(at + 1, 0, UINT32_MAX, &address))
        *at = '\0';
    else if (at || (length > 4 && strcasecmp(text + length - 4, ".bin") == 0))
        return options_wrong("--load takes a file and where it goes, such as blink.bin@0x08002000, not '%s'",
                             text);
    if (options->file_count == OPTIONS_MAX_FILES)
        return options_wrong("--load can be given at most %d times", OPTIONS_MAX_FILES - 1);
    options->files[options->file_count++] = (struct file_to_load){text, (uint32_t)address};
    return true;
}

bool options_parse_chip(struct options *options, char *text)
{
    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        if (chip_kind_is_foreign(&options->config, name, length))
            return options_wrong("--chip: the chip of this board, an %s, cannot be '%.*s'",
                                 options->config.family->name, (int)length, name);
        if (!chip_kind_apply(&options->config, name, length))
            return options_wrong("--chip takes %s, with commas between them, not '%.*s'", chip_kinds,
                                 (int)length, name);
        name += length;
        if (*name == '\0')
            return true;
    }
}

bool options_parse_allow(struct options *options, char *text)
{
    for (const char *name = text;; name++) {
        size_t length = strcspn(name, ",");
        int rule = rule_find(name, length);
        if (rule == RULE_UNKNOWN)
            return options_wrong(
                "--allow: there is no rule '%.*s'; do you mean %s? docs/vboard-rules.md lists them",
                (int)length, name, rule_nearest(name, length));
        options->allowed[rule] = true;
        name += length;
        if (*name == '\0')
            return true;
    }
}

bool options_parse_flash_size(struct options *options, char *text)
{
    uint64_t kib;
    unsigned most = options->config.family->most_flash_kib;
    if (!options_parse_number(text, 16, most, &kib) || kib * 1024 % options->config.page_bytes != 0)
        return options_wrong("--flash-size takes 16 to %u KiB in whole pages, not '%s'", most, text);
    options->config.flash_bytes = (uint32_t)kib * 1024;
    options->config.flash_size_register = (uint16_t)kib;
    return true;
}

bool options_parse_port(const char *option, const char *text, bool *wanted, unsigned *port)
{
    uint64_t value;
    if (!options_parse_number(text, 0, UINT16_MAX, &value))
        return options_wrong("%s takes a port up to 65535 (0: any that is free), not '%s'", option, text);
    *wanted = true;
    *port = (unsigned)value;
    return true;
}

bool options_parse_count(struct options *options, char *text)
{
    uint64_t value;
    if (!options_parse_number(text, 1, OPTIONS_MAX_COUNT, &value))
        return options_wrong("--count takes 1 to %d boards, not '%s'", OPTIONS_MAX_COUNT, text);
    options->count = (unsigned)value;
    return true;
}

bool options_parse_times(const char *text, unsigned *times)
{
    uint64_t value;
    if (!options_parse_number(text, 1, MAX_SLOW_MOTION, &value))
        return false;
    *times = (unsigned)value;
    return true;
}

bool options_parse_slow_motion(struct options *options, char *text)
{
    return options_parse_times(text, &options->slow_motion) ||
           options_wrong("--slow-motion takes a whole number from 1 to %d, not '%s'", MAX_SLOW_MOTION, text);
}

bool options_parse_time(struct options *options, char *text)
{
    return options_parse_seconds(text, &options->max_time) ||
           options_wrong("--max-time takes a number of seconds up to %d, such as 2.5, not '%s'", MAX_SECONDS,
                         text);
}

static bool parse_end(struct serial_end *end, const char *where)
{
    static const char tcp[] = "tcp:";
    bool wanted;
    if (strcmp(where, "terminal") == 0) {
        end->kind = SERIAL_TERMINAL;
    } else if (strncmp(where, tcp, strlen(tcp)) == 0) {
        end->kind = SERIAL_PORT;
        return options_parse_port("--usart N=tcp:PORT", where + strlen(tcp), &wanted, &end->port);
    } else {
        *end = (struct serial_end){.kind = SERIAL_FILE, .path = where};
    }
    return true;
}

bool options_parse_usart(struct options *options, char *text)
{
    unsigned number = (unsigned)(text[0] - '0');
    if (number < 1 || number > USARTS || text[1] != '=' || text[2] == '\0')
        return options_wrong("--usart takes a USART and where it leads, such as 1=terminal, not '%s'", text);
    if (options->usart[number].kind != SERIAL_NOWHERE)
        return options_wrong("USART%u leads to one place: terminal, a file or tcp:PORT", number);
    return parse_end(&options->usart[number], text + 2);
}
