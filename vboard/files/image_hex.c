/*
 * Reads Intel HEX files. Source: Intel, Hexadecimal Object File Format, revision A; and what tools make of
 * it.
 */
#include <string.h>

#include "image_private.h"

enum hex_type { HEX_DATA, HEX_END, HEX_SEGMENT, HEX_START_SEGMENT, HEX_LINEAR, HEX_START_LINEAR };

enum { HEX_OVERHEAD = 5, HEX_LARGEST = 255 + HEX_OVERHEAD }; /* length, address, type, checksum */

struct hex_record {
    uint8_t length, type;
    uint16_t offset;
    const uint8_t *data;
};

struct hex_line {
    const uint8_t *text;
    size_t length;
    unsigned number;
};

bool image_is_hex(const struct source *file)
{
    return image_has_ending(file->path, ".hex") || image_has_ending(file->path, ".ihx") ||
           image_has_ending(file->path, ".ihex");
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes apart one line without its end. `bytes` has HEX_LARGEST places. NULL or what is wrong with it. */
static const char *parse_record(const uint8_t *line, size_t length, uint8_t *bytes, struct hex_record *record)
{
    uint8_t sum = 0;
    size_t count = (length - 1) / 2;
    if (line[0] != ':')
        return "a line that does not begin with ':'";
    if (length % 2 == 0 || count < HEX_OVERHEAD || count > HEX_LARGEST)
        return "a line of the wrong length";
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(line[1 + 2 * i]), low = hex_digit(line[2 + 2 * i]);
        if (high < 0 || low < 0)
            return "something that is no hexadecimal digit";
        bytes[i] = (uint8_t)(high << 4 | low);
        sum = (uint8_t)(sum + bytes[i]);
    }
    if (bytes[0] + HEX_OVERHEAD != (int)count)
        return "a line of another length than it says";
    if (sum != 0)
        return "a wrong checksum";
    *record = (struct hex_record){bytes[0], bytes[3], (uint16_t)(bytes[1] << 8 | bytes[2]), bytes + 4};
    return NULL;
}

/* The upper half of the addresses that follow. NULL or what is wrong. */
static const char *set_base(const struct hex_record *record, uint32_t *base)
{
    if (record->length != 2)
        return "an address record of the wrong length";
    uint32_t value = (uint32_t)(record->data[0] << 8 | record->data[1]);
    *base = value << (record->type == HEX_SEGMENT ? 4 : 16);
    return NULL;
}

/* A comment, and not a record whose colon is damaged: that would be a hole in the program. */
static bool is_comment(const struct hex_line *line)
{
    enum { SHORTEST_RECORD = 2 * HEX_OVERHEAD };
    size_t digits = 1;
    if (line->text[0] != ';' && line->text[0] != '#')
        return false;
    while (digits < line->length && hex_digit(line->text[digits]) >= 0)
        digits++;
    return digits < line->length || digits <= SHORTEST_RECORD;
}

/*
 * The next line that says something, without blanks around it; ends of lines are those of Unix, DOS and old
 * Macs, and a control-Z at the end is DOS's. false: there is none.
 */
static bool next_line(const struct source *file, size_t *at, struct hex_line *line)
{
    while (*at < file->length) {
        const uint8_t *bytes = file->bytes;
        size_t from = *at, to = from;
        while (to < file->length && bytes[to] != '\n' && bytes[to] != '\r')
            to++;
        *at = to + (to + 1 < file->length && bytes[to] == '\r' && bytes[to + 1] == '\n' ? 2 : 1);
        while (from < to && bytes[from] <= ' ')
            from++;
        while (from < to && bytes[to - 1] <= ' ')
            to--;
        *line = (struct hex_line){bytes + from, to - from, line->number + 1};
        if (line->length && !is_comment(line))
            return true;
    }
    return false;
}

/* Two files made one by cat: what is behind the first end record would be lost without a word. */
static bool is_last(const struct source *file, size_t at, struct hex_line line)
{
    while (next_line(file, &at, &line))
        if (line.text[0] == ':')
            return FAIL(file,
                        "%s is several HEX files in one: line %u is behind the end record; give each file by "
                        "itself (vboard run FIRST --load SECOND)",
                        file->path, line.number);
    return true;
}

bool image_add_hex(struct image *image, const struct source *file)
{
    static const uint8_t utf8_mark[] = {0xEF, 0xBB, 0xBF};
    size_t first = image->count, at = 0;
    uint32_t base = 0;
    struct hex_line line = {0};
    if (file->length >= sizeof utf8_mark && memcmp(file->bytes, utf8_mark, sizeof utf8_mark) == 0)
        at = sizeof utf8_mark;
    while (next_line(file, &at, &line)) {
        uint8_t bytes[HEX_LARGEST];
        struct hex_record record;
        const char *wrong = parse_record(line.text, line.length, bytes, &record);
        if (!wrong && (record.type == HEX_SEGMENT || record.type == HEX_LINEAR))
            wrong = set_base(&record, &base);
        else if (!wrong && record.type > HEX_START_LINEAR)
            wrong = "a record of a kind that does not exist";
        if (wrong)
            return FAIL(file, "%s is damaged: line %u has %s", file->path, line.number, wrong);
        if (record.type == HEX_END)
            return is_last(file, at, line) && image_is_not_empty(image, first, file);
        if (record.type != HEX_DATA || record.length == 0 ||
            image_is_for_ram(image, base + record.offset, record.length, NULL))
            continue;
        if (!image_add_bytes(image, first, file, base + record.offset, record.data, record.length))
            return false;
    }
    return FAIL(file, "%s is cut short: it has no end record", file->path);
}
