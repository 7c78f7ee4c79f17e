/* See image.h. Sources: Tool Interface Standard ELF 1.2; Intel Hexadecimal Object File Format, revision A. */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Firmware with all its debug information is smaller. */
enum { LARGEST_FILE = 64 * 1024 * 1024 };

/* A file in memory, and where to complain about it. */
struct source {
    const char *path;
    uint8_t *bytes;
    size_t length;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 3, 4))) static bool fail(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return false;
}

#define FAIL(source, ...) fail((source)->error, (source)->error_size, __VA_ARGS__)

static void *allocate(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes);
    if (!memory) {
        fputs("vboard: out of memory\n", stderr);
        abort();
    }
    return memory;
}

/* ---- pieces ---- */

static void add_piece(struct image *image, const char *file, uint32_t address, const void *bytes,
                      uint32_t length)
{
    image->pieces = allocate(image->pieces, (image->count + 1) * sizeof *image->pieces);
    struct image_piece *piece = &image->pieces[image->count++];
    *piece = (struct image_piece){.address = address, .length = length, .file = file};
    piece->bytes = allocate(NULL, length);
    memcpy(piece->bytes, bytes, length);
}

/* Adds bytes to the last piece if they follow it, so that a HEX file does not become thousands of pieces. */
static void add_bytes(struct image *image, size_t first, const char *file, uint32_t address,
                      const void *bytes, uint32_t length)
{
    struct image_piece *last = image->count > first ? &image->pieces[image->count - 1] : NULL;
    if (!last || last->address + last->length != address) {
        add_piece(image, file, address, bytes, length);
        return;
    }
    last->bytes = allocate(last->bytes, last->length + length);
    memcpy(last->bytes + last->length, bytes, length);
    last->length += length;
}

static void drop_pieces(struct image *image, size_t first)
{
    while (image->count > first)
        free(image->pieces[--image->count].bytes);
}

void image_free(struct image *image)
{
    drop_pieces(image, 0);
    free(image->pieces);
    *image = (struct image){0};
}

/* ---- ELF ---- */

static bool inside_file(const struct source *file, uint64_t offset, uint64_t length)
{
    return offset + length <= file->length;
}

/* Headers need not be aligned in the file: they are copied out. */
static bool read_at(const struct source *file, uint64_t offset, void *to, size_t length)
{
    if (!inside_file(file, offset, length))
        return FAIL(file, "%s is cut short: it ends before a header that it announces", file->path);
    memcpy(to, file->bytes + offset, length);
    return true;
}

static bool is_elf(const struct source *file)
{
    return file->length >= SELFMAG && memcmp(file->bytes, ELFMAG, SELFMAG) == 0;
}

static bool read_elf_header(const struct source *file, Elf32_Ehdr *header)
{
    if (!read_at(file, 0, header, sizeof *header))
        return false;
    if (header->e_ident[EI_CLASS] != ELFCLASS32 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_ARM)
        return FAIL(file,
                    "%s is a program for another machine (ELF machine %u); an STM32F103 needs 32-bit ARM",
                    file->path, header->e_machine);
    if (header->e_type != ET_EXEC || header->e_phnum == 0)
        return FAIL(file, "%s is not a linked program; give the ELF file that the linker made", file->path);
    if (header->e_phentsize != sizeof(Elf32_Phdr) ||
        (header->e_shnum && header->e_shentsize != sizeof(Elf32_Shdr)))
        return FAIL(file, "%s is damaged: the sizes in its ELF header make no sense", file->path);
    return true;
}

/* The segment that loads these bytes of the file, in *segment. */
static bool find_segment(const struct source *file, const Elf32_Ehdr *header, const Elf32_Shdr *section,
                         Elf32_Phdr *segment)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof *segment, segment, sizeof *segment))
            return false;
        if (segment->p_type == PT_LOAD && section->sh_offset >= segment->p_offset &&
            (uint64_t)section->sh_offset + section->sh_size <=
                (uint64_t)segment->p_offset + segment->p_filesz)
            return true;
    }
    return FAIL(file, "%s is damaged: a section of it belongs to no segment", file->path);
}

/*
 * Section by section, each at the physical address its segment gives it. A segment as a whole may begin with
 * the ELF header itself (GNU ld does that when there is room before the first section), which is not for the
 * flash.
 */
static bool add_elf_sections(struct image *image, const struct source *file, const Elf32_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_shnum; i++) {
        Elf32_Shdr section;
        Elf32_Phdr segment;
        if (!read_at(file, header->e_shoff + (uint64_t)i * sizeof section, &section, sizeof section))
            return false;
        if (!(section.sh_flags & SHF_ALLOC) || section.sh_type == SHT_NOBITS || section.sh_size == 0)
            continue;
        if (!inside_file(file, section.sh_offset, section.sh_size))
            return FAIL(file, "%s is cut short: a section of it is missing", file->path);
        if (!find_segment(file, header, &section, &segment))
            return false;
        add_piece(image, file->path, segment.p_paddr + (section.sh_offset - segment.p_offset),
                  file->bytes + section.sh_offset, section.sh_size);
    }
    return true;
}

static bool add_elf_segments(struct image *image, const struct source *file, const Elf32_Ehdr *header)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf32_Phdr segment;
        if (!read_at(file, header->e_phoff + (uint64_t)i * sizeof segment, &segment, sizeof segment))
            return false;
        if (segment.p_type != PT_LOAD || segment.p_filesz == 0)
            continue;
        if (!inside_file(file, segment.p_offset, segment.p_filesz))
            return FAIL(file, "%s is cut short: a segment of it is missing", file->path);
        add_piece(image, file->path, segment.p_paddr, file->bytes + segment.p_offset, segment.p_filesz);
    }
    return true;
}

static bool add_elf(struct image *image, const struct source *file)
{
    Elf32_Ehdr header;
    size_t before = image->count;
    if (!read_elf_header(file, &header))
        return false;
    if (!(header.e_shnum ? add_elf_sections : add_elf_segments)(image, file, &header))
        return false;
    return image->count > before || FAIL(file, "%s holds nothing to load", file->path);
}

/* ---- Intel HEX ---- */

enum hex_type { HEX_DATA, HEX_END, HEX_SEGMENT, HEX_START_SEGMENT, HEX_LINEAR, HEX_START_LINEAR };

enum { HEX_OVERHEAD = 5, HEX_LARGEST = 255 + HEX_OVERHEAD }; /* length, address, type, checksum */

struct hex_record {
    uint8_t length, type;
    uint16_t offset;
    const uint8_t *data;
};

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

static size_t line_length(const struct source *file, size_t at)
{
    const uint8_t *start = file->bytes + at;
    const uint8_t *end = memchr(start, '\n', file->length - at);
    return end ? (size_t)(end - start) : file->length - at;
}

static bool add_hex(struct image *image, const struct source *file)
{
    size_t first = image->count;
    uint32_t base = 0;
    unsigned line = 0;
    for (size_t at = 0, length; at < file->length; at += length + 1) {
        uint8_t bytes[HEX_LARGEST];
        struct hex_record record;
        line++;
        length = line_length(file, at);
        size_t used = length && file->bytes[at + length - 1] == '\r' ? length - 1 : length;
        if (used == 0)
            continue;
        const char *wrong = parse_record(file->bytes + at, used, bytes, &record);
        if (!wrong && (record.type == HEX_SEGMENT || record.type == HEX_LINEAR))
            wrong = set_base(&record, &base);
        else if (!wrong && record.type > HEX_START_LINEAR)
            wrong = "a record of a kind that does not exist";
        if (wrong)
            return FAIL(file, "%s is damaged: line %u has %s", file->path, line, wrong);
        if (record.type == HEX_DATA && record.length)
            add_bytes(image, first, file->path, base + record.offset, record.data, record.length);
        if (record.type == HEX_END)
            return image->count > first || FAIL(file, "%s holds nothing to load", file->path);
    }
    return FAIL(file, "%s is cut short: it has no end record", file->path);
}

/* ---- files ---- */

static bool has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), wanted = strlen(ending);
    return length >= wanted && strcasecmp(path + length - wanted, ending) == 0;
}

static bool is_hex(const char *path)
{
    return has_ending(path, ".hex") || has_ending(path, ".ihx") || has_ending(path, ".ihex");
}

static bool read_all(struct source *file, FILE *stream)
{
    size_t room = 0;
    for (;;) {
        if (file->length == room) {
            if (room >= LARGEST_FILE)
                return FAIL(file, "%s is too large to be firmware", file->path);
            room = room ? 2 * room : 256 * 1024;
            file->bytes = allocate(file->bytes, room);
        }
        size_t got = fread(file->bytes + file->length, 1, room - file->length, stream);
        file->length += got;
        if (ferror(stream))
            return FAIL(file, "%s cannot be read: %s", file->path, strerror(errno));
        if (got == 0)
            return file->length > 0 || FAIL(file, "%s is empty", file->path);
    }
}

static bool read_file(struct source *file)
{
    FILE *stream = fopen(file->path, "rb");
    if (!stream && errno == ENOENT)
        return FAIL(file, "there is no file %s", file->path);
    if (!stream)
        return FAIL(file, "%s cannot be opened: %s", file->path, strerror(errno));
    bool good = read_all(file, stream);
    fclose(stream);
    return good;
}

static bool add_source(struct image *image, const struct source *file, uint32_t address)
{
    if (is_elf(file))
        return add_elf(image, file);
    if (has_ending(file->path, ".elf"))
        return FAIL(file, "%s is not an ELF file, whatever its name says", file->path);
    if (is_hex(file->path))
        return add_hex(image, file);
    add_piece(image, file->path, address, file->bytes, (uint32_t)file->length);
    return true;
}

bool image_add(struct image *image, const char *path, uint32_t address, char *error, size_t error_size)
{
    struct source file = {.path = path, .error = error, .error_size = error_size};
    size_t before = image->count;
    bool good = read_file(&file) && add_source(image, &file, address);
    if (!good)
        drop_pieces(image, before);
    free(file.bytes);
    return good;
}

/* ---- into flash ---- */

static int by_address(const void *left, const void *right)
{
    const struct image_piece *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static bool check_fits(const struct image_piece *piece, uint32_t flash_bytes, char *error, size_t size)
{
    uint64_t end = (uint64_t)piece->address + piece->length;
    if (piece->address >= FLASH_BASE && end <= (uint64_t)FLASH_BASE + flash_bytes)
        return true;
    return fail(error, size,
                "%s does not fit: it needs 0x%08x to 0x%08x, and the flash is 0x%08x to 0x%08x (%u KiB); "
                "is it linked for this chip?",
                piece->file, piece->address, (unsigned)(end - 1), FLASH_BASE, FLASH_BASE + flash_bytes - 1,
                flash_bytes / 1024);
}

static bool check_overlap(const struct image_piece *piece, const struct image_piece *next, char *error,
                          size_t size)
{
    if (piece->address + piece->length <= next->address)
        return true;
    if (piece->file == next->file)
        return fail(error, size, "%s is damaged: it has two values for address 0x%08x", piece->file,
                    next->address);
    return fail(error, size, "%s and %s both want address 0x%08x", piece->file, next->file, next->address);
}

static void erase_pages(const struct image_piece *piece, uint8_t *flash, uint32_t page_bytes)
{
    uint32_t first = (piece->address - FLASH_BASE) / page_bytes;
    uint32_t last = (piece->address - FLASH_BASE + piece->length - 1) / page_bytes;
    memset(flash + first * page_bytes, 0xFF, (last - first + 1) * page_bytes);
}

bool image_burn(struct image *image, uint8_t *flash, uint32_t flash_bytes, uint32_t page_bytes, char *error,
                size_t error_size)
{
    if (image->count)
        qsort(image->pieces, image->count, sizeof *image->pieces, by_address);
    for (size_t i = 0; i < image->count; i++) {
        if (!check_fits(&image->pieces[i], flash_bytes, error, error_size))
            return false;
        if (i > 0 && !check_overlap(&image->pieces[i - 1], &image->pieces[i], error, error_size))
            return false;
    }
    for (size_t i = 0; i < image->count; i++)
        erase_pages(&image->pieces[i], flash, page_bytes);
    for (size_t i = 0; i < image->count; i++)
        memcpy(flash + (image->pieces[i].address - FLASH_BASE), image->pieces[i].bytes,
               image->pieces[i].length);
    return true;
}
