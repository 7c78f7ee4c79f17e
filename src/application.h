/* What a valid application is, and where it lives. */
#pragma once

#include "port.h" // port_flash, port_flash_limit, port_flash_size

/*
 * Offset of the two words that start the application: initial stack pointer and reset vector. The high
 * variant keeps the bootloader's own reset vector in word 1 of the table and the application's start words in
 * words 7 and 8, which ARMv7-M reserves.
 */
enum { START_WORDS_OFFSET = HIGH ? 7 * 4 : 0 };

/* True for builds whose applications begin behind the end of the smallest chip's flash. */
enum { APPLICATION_MAY_BE_BEHIND = APP_BASE_ADDRESS - FLASH_BASE >= SMALLEST_FLASH - FLASH_PAGE_SIZE };

/*
 * Bytes an application has in `flash` bytes of flash: whole pages. Where pages are 2 KiB the high variant's 7
 * KiB begin in the middle of one.
 */
static inline uint32_t application_area(uint32_t flash)
{
    if (HIGH)
        flash = (BOOTLOADER_BASE - FLASH_BASE) / FLASH_PAGE_SIZE * FLASH_PAGE_SIZE;
    if (SIGNED)
        flash -= VERSION_LOG_SIZE;
    if (APPLICATION_MAY_BE_BEHIND && flash <= APP_BASE_ADDRESS - FLASH_BASE)
        return 0;
    return flash - (APP_BASE_ADDRESS - FLASH_BASE);
}

/* Bytes an application can have on this chip; only while serving. */
static inline uint32_t application_size(void)
{
    return application_area(port_flash_size());
}

/* The start words in flash. */
static inline const uint32_t *application_start_words(void)
{
    return (const uint32_t *)port_flash(APP_BASE_ADDRESS + START_WORDS_OFFSET);
}

/* The initial stack pointer: the processor drops the lower two bits (ARMv7-M B1.5.5). */
static inline uint32_t stack_pointer(const uint32_t words[2])
{
    return words[0] & ~3u;
}

/*
 * Where nothing can be programmed over data, an application cannot be made invalid in its own place. There,
 * marks say that a download began and did not end: a word at the start of each of the last two pages of the
 * bootloader's slot. One is set before anything else changes; both are erased when an image is complete.
 * docs/design.md has the states.
 */
enum { FIRST_MARK = 1, SECOND_MARK = 2, OTHER_MARK = FIRST_MARK ^ SECOND_MARK };

/* The address of a mark, and of its page. */
static inline uint32_t application_mark(uint32_t which)
{
    return BOOTLOADER_BASE + BOOTLOADER_SIZE - which * FLASH_PAGE_SIZE;
}

/* Bits of a mark that is set; 0: it is not. */
static inline flash_unit application_is_marked(uint32_t which)
{
    return *(const volatile flash_unit *)port_flash(application_mark(which)) ^ FLASH_BLANK;
}

/* By either mark. False: a valid application is whole. */
static inline bool application_has_marks(void)
{
    return application_is_marked(FIRST_MARK) | application_is_marked(SECOND_MARK);
}

/* True if words[0] is a stack pointer in RAM, words[1] a Thumb address in the application area. */
bool application_is_valid(const uint32_t words[2]);
