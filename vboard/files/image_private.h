/* What the readers of firmware files share: image.c, image_elf.c, image_hex.c. */
#pragma once

#include "image.h"

/* A file in memory, and where to complain about it. */
struct source {
    const char *path;
    uint8_t *bytes;
    size_t length;
    char *error;
    size_t error_size;
};

/* Writes a sentence to `error`. Always false, to be returned. */
bool image_fail(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define FAIL(source, ...) image_fail((source)->error, (source)->error_size, __VA_ARGS__)

/* false: the file says more bytes than it has. */
bool image_add_piece(struct image *image, const struct source *file, uint32_t address, const void *bytes,
                     uint32_t length);
/* Adds bytes to the last piece if they follow it and it is not one of the `first` ones, so that a HEX file
 * does not become thousands of pieces. */
bool image_add_bytes(struct image *image, size_t first, const struct source *file, uint32_t address,
                     const void *bytes, uint32_t length);
/* Did the file give anything behind the `first` pieces? */
bool image_is_not_empty(const struct image *image, size_t first, const struct source *file);
/* Is it for the RAM? Then it is noted and not to be added. section: NULL for none. */
bool image_is_for_ram(struct image *image, uint32_t address, uint32_t length, const char *section);

bool image_is_elf(const struct source *file);
bool image_add_elf(struct image *image, const struct source *file);
bool image_is_hex(const struct source *file);
bool image_add_hex(struct image *image, const struct source *file);

/*
 * image_kind.c: false, and an error that says what it is, for a binary file that no processor can start from.
 */
bool image_may_be_firmware(const struct source *file);

bool image_has_ending(const char *path, const char *ending);
