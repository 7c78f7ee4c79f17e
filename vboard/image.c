/* See image.h. The formats are in image_elf.c and image_hex.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "image_private.h"

/* Firmware with all its debug information is smaller. */
enum { LARGEST_FILE = 64 * 1024 * 1024 };

bool image_fail(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return false;
}

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

void image_add_piece(struct image *image, const char *file, uint32_t address, const void *bytes,
                     uint32_t length)
{
    image->pieces = allocate(image->pieces, (image->count + 1) * sizeof *image->pieces);
    struct image_piece *piece = &image->pieces[image->count++];
    *piece = (struct image_piece){.address = address, .length = length, .file = file};
    piece->bytes = allocate(NULL, length);
    memcpy(piece->bytes, bytes, length);
}

void image_add_bytes(struct image *image, size_t first, const char *file, uint32_t address, const void *bytes,
                     uint32_t length)
{
    struct image_piece *last = image->count > first ? &image->pieces[image->count - 1] : NULL;
    if (!last || last->address + last->length != address) {
        image_add_piece(image, file, address, bytes, length);
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
    if (image_is_elf(file))
        return image_add_elf(image, file);
    if (image_has_ending(file->path, ".elf"))
        return FAIL(file, "%s is not an ELF file, whatever its name says", file->path);
    if (image_is_hex(file))
        return image_add_hex(image, file);
    image_add_piece(image, file->path, address, file->bytes, (uint32_t)file->length);
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
    return image_fail(
        error, size,
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
        return image_fail(error, size, "%s is damaged: it has two values for address 0x%08x", piece->file,
                          next->address);
    return image_fail(error, size, "%s and %s both want address 0x%08x", piece->file, next->file,
                      next->address);
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
