/* Firmware files (ELF, Intel HEX, plain binary) and how a programmer on the bench puts them into a flash. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addresses.h" // FLASH_BASE

enum { IMAGE_SECTION = 32 };

struct image_piece {
    uint32_t address, length;
    uint8_t *bytes;
    const char *file;            /* the path given to image_add */
    char section[IMAGE_SECTION]; /* the name it has in an ELF file; "" for others */
};

/* What one or several files say, piece by piece. Begins as { 0 }. */
struct image {
    struct image_piece *pieces;
    size_t count;
    size_t kept; /* bytes of the file that is being added */
    /* What the file that was added last has for the RAM, which a board has lost when its power comes: the
     * first part, and bytes of all. They are not among the pieces. */
    struct {
        uint32_t address, length;
        char section[IMAGE_SECTION];
    } ram;
};

/*
 * Adds what a file says. An ELF file is known by its first bytes, Intel HEX by the ending .hex, .ihx or
 * .ihex; all else is binary and goes to `address`, the others say their addresses themselves. A binary file
 * at FLASH_BASE is to begin with a vector table: text, and files that are known to be something else (UF2,
 * DfuSe, a DFU suffix, archives), are refused. Parts of an ELF or HEX file for the RAM are left out
 * (image.ram); a file of such parts only is refused. On failure the image is as before and `error` says what
 * is wrong, in a sentence that names the file. The path must outlive the image.
 */
bool image_add(struct image *image, const char *path, uint32_t address, char *error, size_t error_size);
/* The same for a file that is in memory. Its name counts for its ending, and must outlive the image. */
bool image_add_memory(struct image *image, const char *name, const void *bytes, size_t length,
                      uint32_t address, char *error, size_t error_size);

/*
 * Erases the pages that the image touches (to `blank`) and writes it. `flash` is what is at FLASH_BASE.
 * False, nothing changed and `error` set when a piece is outside of the flash, two files hold the same byte,
 * or one file has two values for it.
 */
bool image_burn(const struct image *image, uint8_t *flash, uint32_t flash_bytes, uint32_t page_bytes,
                uint8_t blank, char *error, size_t error_size);

/* image_start.c: does the flash hold what the processor can start? false: doubt says what is wrong. */
bool image_may_start(const uint8_t *flash, uint32_t flash_bytes, uint8_t blank, char *doubt,
                     size_t doubt_size);

void image_free(struct image *image);
