/* Why a program in flash may not start: what its author will want to hear before a page of faults. */
#include <stdio.h>

#include "image.h"

enum { RESET_VECTOR = 4 };

static uint32_t word_at(const uint8_t *flash, uint32_t offset)
{
    return flash[offset] | (uint32_t)flash[offset + 1] << 8 | (uint32_t)flash[offset + 2] << 16 |
           (uint32_t)flash[offset + 3] << 24;
}

static uint32_t first_used(const uint8_t *flash, uint32_t flash_bytes, uint8_t blank)
{
    uint32_t offset = 0;
    while (offset < flash_bytes && flash[offset] == blank)
        offset++;
    return offset;
}

/* The reset vector is odd, and leads to something in flash (at its own address, or
 * at 0 where it appears, too). */
static bool leads_to_program(const uint8_t *flash, uint32_t flash_bytes, uint8_t blank)
{
    uint32_t vector = word_at(flash, RESET_VECTOR);
    uint32_t offset = (vector & ~1u) - (vector >= FLASH_BASE ? FLASH_BASE : 0);
    return vector & 1 && offset < flash_bytes - 1 && (flash[offset] != blank || flash[offset + 1] != blank);
}

bool image_may_start(const uint8_t *flash, uint32_t flash_bytes, uint8_t blank, char *doubt,
                     size_t doubt_size)
{
    uint32_t used = first_used(flash, flash_bytes, blank);
    if (used == flash_bytes)
        snprintf(doubt, doubt_size, "the flash is blank: there is nothing to run");
    else if (used >= RESET_VECTOR + 4)
        snprintf(
            doubt, doubt_size,
            "nothing is at 0x%08x, where the processor starts: the program begins at 0x%08x. An application "
            "needs its bootloader, too (vboard run BOOTLOADER --load APPLICATION)",
            FLASH_BASE, FLASH_BASE + used);
    else if (!leads_to_program(flash, flash_bytes, blank))
        snprintf(
            doubt, doubt_size,
            "the reset vector is 0x%08x, and no program is there: is this an application for another address "
            "(vboard run BOOTLOADER --load FILE.bin@ADDRESS), or no program at all?",
            word_at(flash, RESET_VECTOR));
    else
        return true;
    return false;
}
