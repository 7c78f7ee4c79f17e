/* A board of each kind with a signed variant, and signed files for it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "signed_file.h"
#include "usb_descriptors.h"

enum { KIB = 1024, LENGTH = 5 * KIB + 600, HIDDEN = 28, START_WORDS = 8 };

static struct rig rig;
static const char *what;

/* One board of each kind: low, high, pages of 2 KiB. */
static const char *const kinds[] = {"BLUEPILL_SIGNED", "BLUEPILL_HIGH_SIGNED",
                                    "BTTSKRMINIE3V2_HIGH_256_SIGNED"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static inline void use(const char *target)
{
    what = target;
    rig = rig_new(target);
}

static inline int put_away(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig = (struct rig){0};
    return 0;
}

/* By the button; on boards without one an application asks, if there is any. */
static inline void enter(void)
{
    board_press(rig.board, true);
    if (rig.board->chip.powered && rig.board->info->button == PIN_NONE) {
        chip_backup_set(&rig.board->chip, 1, 0x4F42);
        board_reset_button(rig.board);
    } else if (rig.board->chip.powered) {
        rig_power_cycle(&rig);
    }
    if (!rig_enter_dfu(&rig))
        fail_msg("%s: the bootloader does not enumerate", what);
}

static inline struct dfu_result send(const uint8_t *file, uint32_t length)
{
    struct dfu_result result = dfu_download(&rig, file, length, rig.transfer_size);

    rig_assert_clean(&rig);
    return result;
}

static inline void accepted(const uint8_t *file, uint32_t length)
{
    struct dfu_result result = send(file, length);

    if (!result.done)
        fail_msg("%s: status %u, state %u, string %u after %u bytes", what, result.last.bStatus,
                 result.last.bState, result.last.iString, result.bytes);
}

/* With the button released: what is in flash decides. */
static inline bool starts(void)
{
    board_press(rig.board, false);
    rig_power_cycle(&rig);
    return rig_starts_application(&rig, TICKS_PER_SECOND);
}

static inline void in_flash(const uint8_t *file, uint32_t length)
{
    uint8_t *back = malloc(2 * KIB * KIB);

    enter();
    struct dfu_result result = dfu_upload(&rig, back, 2 * KIB * KIB, rig.transfer_size);
    assert_true(result.done);
    assert_int_equal(result.bytes, rig.app_bytes);
    assert_memory_equal(back, file, length);
    free(back);
}

static const char *string_of(uint8_t index)
{
    static char text[MAX_DESCRIPTOR_TEXT];
    uint8_t data[255];
    uint32_t length = 0;

    assert_int_equal(rig_request(&rig, 0x80, 6, 0x0300 | index, 0x0409, sizeof data, data, &length),
                     USB_DONE);
    assert_null(parse_string(data, length, text));
    return text;
}

static inline void refused_as(const uint8_t *file, uint32_t length, uint8_t status, const char *reason)
{
    struct dfu_result result = send(file, length);

    if (result.done || result.last.bState != dfuERROR || result.last.bStatus != status)
        fail_msg("%s: status %u, state %u instead of status %u", what, result.last.bStatus,
                 result.last.bState, status);
    assert_string_equal(string_of(result.last.iString), reason);
    /* until it is cleared */
    assert_int_equal(dfu_get_status(&rig, &result.last), USB_DONE);
    assert_true(result.last.iString != 0);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_int_equal(dfu_get_status(&rig, &result.last), USB_DONE);
    assert_int_equal(result.last.bState, dfuIDLE);
    assert_int_equal(result.last.iString, 0);
}

/* The log: the page behind the application area. */
static const uint16_t *log_page(void)
{
    return (const uint16_t *)(const void *)rig_flash(&rig, rig.app_base + rig.app_bytes);
}

static const uint8_t *blank_page(void)
{
    static uint8_t blank[2 * KIB];

    memset(blank, rig.blank, sizeof blank);
    return blank;
}

/* Each version is recorded twice. */
enum { COPIES = 2 };

static inline void assert_log(const uint16_t *versions, unsigned count)
{
    const uint16_t *log = log_page();

    for (unsigned i = 0; i < COPIES * count; i++) {
        uint16_t expected = versions[i / COPIES];

        if (log[2 + 2 * i] != expected || (log[3 + 2 * i] ^ expected) != 0xFFFF)
            fail_msg("%s: entry %u of the log is %04X %04X", what, i, log[2 + 2 * i], log[3 + 2 * i]);
    }
    assert_memory_equal(log + 2 + 2 * COPIES * count, blank_page(),
                        rig.transfer_size - 4 - 4 * COPIES * count);
}

static const char not_signed[] = "not signed for this product", older[] = "older than what was installed",
                  forged[] = "not signed by the maker";

static inline uint8_t *version(uint16_t number)
{
    uint8_t *file = rig_application(&rig, LENGTH, number);

    rig_sign(&rig, file, LENGTH, number);
    return file;
}
