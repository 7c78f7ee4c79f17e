/* See image.h. The formats are in image_elf.c and image_hex.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/allocate.h"
#include "image_private.h"

/* Firmware with all its debug information is smaller. */
enum { LARGEST_FILE = 64 * 1024 * 1024, PART_NAME = 4096 };

bool image_fail(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- pieces ---- */

bool image_add_piece(struct image *image, const struct source *file, uint32_t address, const void *bytes,
                     uint32_t length)
{
    /* No byte of a file is for two places: what is kept is no larger than the file. */
    if (length > file->length - image->kept)
        return FAIL(file, "%s is damaged: parts of it overlap in the file", file->path);
    image->kept += length;
    image->pieces = reallocate(image->pieces, (image->count + 1) * sizeof *image->pieces);
    struct image_piece *piece = &image->pieces[image->count++];
    *piece = (struct image_piece){.address = address, .length = length, .file = file->path};
    piece->bytes = reallocate(NULL, length);
    memcpy(piece->bytes, bytes, length);
    return true;
}

bool image_add_bytes(struct image *image, size_t first, const struct source *file, uint32_t address,
                     const void *bytes, uint32_t length)
{
    struct image_piece *last = image->count > first ? &image->pieces[image->count - 1] : NULL;
    if (!last || last->address + last->length != address)
        return image_add_piece(image, file, address, bytes, length);
    last->bytes = reallocate(last->bytes, last->length + length);
    memcpy(last->bytes + last->length, bytes, length);
    last->length += length;
    return true;
}

bool image_is_for_ram(struct image *image, uint32_t address, uint32_t length, const char *section)
{
    enum { RAM_REGION = 0x20000000, RAM_REGION_END = 0x40000000 };
    if (address < RAM_REGION || address >= RAM_REGION_END)
        return false;
    if (image->ram.length == 0) {
        image->ram.address = address;
        snprintf(image->ram.section, sizeof image->ram.section, "%s", section ? section : "");
    }
    image->ram.length += length;
    return true;
}

bool image_is_not_empty(const struct image *image, size_t first, const struct source *file)
{
    if (image->count > first)
        return true;
    if (image->ram.length)
        return FAIL(
            file,
            "%s is all for the RAM (0x%08x), which is lost when the power comes: link it for the flash, "
            "or let gdb load it (vboard run --gdb 3333 --halt)",
            file->path, image->ram.address);
    return FAIL(file, "%s holds nothing to load", file->path);
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

/* ---- files ---- */

bool image_has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), wanted = strlen(ending);
    return length >= wanted && strcasecmp(path + length - wanted, ending) == 0;
}

static bool read_all(struct source *file, FILE *stream)
{
    size_t room = 0;
    for (;;) {
        if (file->length == room) {
            if (room >= LARGEST_FILE)
                return FAIL(file, "%s is too large to be firmware", file->path);
            room = room ? 2 * room : 256 * 1024;
            file->bytes = reallocate(file->bytes, room);
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
    if (image_is_elf(file))
        return image_add_elf(image, file);
    if (image_has_ending(file->path, ".elf"))
        return FAIL(file, "%s is not an ELF file, whatever its name says", file->path);
    if (image_is_hex(file))
        return image_add_hex(image, file);
    if (address == FLASH_BASE && !image_may_be_firmware(file))
        return false;
    return image_add_piece(image, file, address, file->bytes, (uint32_t)file->length);
}

/* As it is in memory, or when it is read: `good`. On failure the image is as before. */
static bool add_if(bool good, struct image *image, const struct source *file, uint32_t address)
{
    size_t before = image->count;
    image->kept = 0;
    image->ram.length = 0;
    good = good && add_source(image, file, address);
    if (!good)
        drop_pieces(image, before);
    return good;
}

bool image_add(struct image *image, const char *path, uint32_t address, char *error, size_t error_size)
{
    struct source file = {.path = path, .error = error, .error_size = error_size};
    bool good = add_if(read_file(&file), image, &file, address);
    free(file.bytes);
    return good;
}

bool image_add_memory(struct image *image, const char *name, const void *bytes, size_t length,
                      uint32_t address, char *error, size_t error_size)
{
    struct source file = {.path = name, .length = length, .error = error, .error_size = error_size};
    if (length == 0)
        return FAIL(&file, "%s is empty", name);
    if (length > LARGEST_FILE)
        return FAIL(&file, "%s is too large to be firmware", name);
    file.bytes = reallocate(NULL, length);
    memcpy(file.bytes, bytes, length);
    bool good = add_if(true, image, &file, address);
    free(file.bytes);
    return good;
}

/* ---- into flash ---- */

/* ".data of a.elf", or "a.bin". */
static const char *part_name(const struct image_piece *piece, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", piece->section, piece->section[0] ? " of " : "", piece->file);
    return text;
}

static bool is_option_bytes(const struct image_piece *piece)
{
    enum { OPTION_BYTES = 0x1FFFF800, OPTION_BYTES_SIZE = 16 };
    return piece->address - OPTION_BYTES < OPTION_BYTES_SIZE;
}

static bool check_fits(const struct image_piece *piece, uint32_t flash_bytes, char *error, size_t size)
{
    uint64_t end = (uint64_t)piece->address + piece->length;
    char name[PART_NAME];
    if (piece->address >= FLASH_BASE && end <= (uint64_t)FLASH_BASE + flash_bytes)
        return true;
    part_name(piece, name, sizeof name);
    if (is_option_bytes(piece))
        return image_fail(
            error, size,
            "%s is for the option bytes (0x%08x), which are not loaded from a file: leave it out", name,
            piece->address);
    return image_fail(
        error, size,
        "%s does not fit: it needs 0x%08x to 0x%08x, and the flash is 0x%08x to 0x%08x (%u KiB); "
        "is it linked for this chip?",
        name, piece->address, (unsigned)(end - 1), FLASH_BASE, FLASH_BASE + flash_bytes - 1,
        flash_bytes / 1024);
}

/* Who holds each byte of the flash, as far as it is known; adds a piece. The same value twice is no conflict
 * within a file. */
static bool claim(const struct image_piece *piece, const struct image_piece **owner, char *error, size_t size)
{
    uint32_t offset = piece->address - FLASH_BASE;
    for (uint32_t i = 0; i < piece->length; i++) {
        const struct image_piece *other = owner[offset + i];
        owner[offset + i] = piece;
        if (!other)
            continue;
        uint32_t address = piece->address + i;
        if (other->file != piece->file)
            return image_fail(error, size, "%s and %s both want address 0x%08x", other->file, piece->file,
                              address);
        if (other->bytes[address - other->address] != piece->bytes[i])
            return image_fail(error, size, "%s is damaged: it has two values for address 0x%08x", piece->file,
                              address);
    }
    return true;
}

static bool check_pieces(const struct image *image, uint32_t flash_bytes, char *error, size_t size)
{
    bool good = true;
    for (size_t i = 0; good && i < image->count; i++)
        good = check_fits(&image->pieces[i], flash_bytes, error, size);
    if (!good)
        return false;
    const struct image_piece **owner = allocate(flash_bytes * sizeof *owner);
    for (size_t i = 0; good && i < image->count; i++)
        good = claim(&image->pieces[i], owner, error, size);
    free(owner);
    return good;
}

static void erase_pages(const struct image_piece *piece, uint8_t *flash, uint32_t page_bytes, uint8_t blank)
{
    uint32_t first = (piece->address - FLASH_BASE) / page_bytes;
    uint32_t last = (piece->address - FLASH_BASE + piece->length - 1) / page_bytes;
    memset(flash + first * page_bytes, blank, (last - first + 1) * page_bytes);
}

bool image_burn(const struct image *image, uint8_t *flash, uint32_t flash_bytes, uint32_t page_bytes,
                uint8_t blank, char *error, size_t error_size)
{
    if (!check_pieces(image, flash_bytes, error, error_size))
        return false;
    for (size_t i = 0; i < image->count; i++)
        erase_pages(&image->pieces[i], flash, page_bytes, blank);
    for (size_t i = 0; i < image->count; i++)
        memcpy(flash + (image->pieces[i].address - FLASH_BASE), image->pieces[i].bytes,
               image->pieces[i].length);
    return true;
}
