/*
 * Signed firmware on the real image: what is accepted, what is refused and why, and what a board keeps of it.
 */
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

static void use(const char *target)
{
    what = target;
    rig = rig_new(target);
}

static int put_away(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig = (struct rig){0};
    return 0;
}

/* By the button; on boards without one an application asks, if there is any. */
static void enter(void)
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

static struct dfu_result send(const uint8_t *file, uint32_t length)
{
    struct dfu_result result = dfu_download(&rig, file, length, rig.transfer_size);

    rig_assert_clean(&rig);
    return result;
}

static void accepted(const uint8_t *file, uint32_t length)
{
    struct dfu_result result = send(file, length);

    if (!result.done)
        fail_msg("%s: status %u, state %u, string %u after %u bytes", what, result.last.bStatus,
                 result.last.bState, result.last.iString, result.bytes);
}

/* With the button released: what is in flash decides. */
static bool starts(void)
{
    board_press(rig.board, false);
    rig_power_cycle(&rig);
    return rig_starts_application(&rig, TICKS_PER_SECOND);
}

static void in_flash(const uint8_t *file, uint32_t length)
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

static void refused_as(const uint8_t *file, uint32_t length, uint8_t status, const char *reason)
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

    memset(blank, 0xFF, sizeof blank);
    return blank;
}

/* Each version is recorded twice. */
enum { COPIES = 2 };

static void assert_log(const uint16_t *versions, unsigned count)
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

/* What is accepted --------------------------------------------------------------------------------------- */

static void a_signed_image_is_accepted_on_every_board(void **state)
{
    (void)state;
    for (const char *const *target = rig_signed_targets(); *target; target++) {
        use(*target);
        uint8_t *file = rig_application(&rig, LENGTH, 1);

        enter();
        accepted(file, LENGTH);
        assert_log((const uint16_t[]){FIRST_VERSION}, 1);
        if (!starts())
            fail_msg("%s: the application does not start", what);
        rig_assert_clean(&rig);
        in_flash(file, LENGTH);
        put_away(NULL);
        free(file);
    }
}

/* Trailers at every place of a page, also where the first page ends, which waits in RAM. */
static void its_length_does_not_matter(void **state)
{
    static const uint32_t lengths[] = {4, 8, 40, 100, 104, 108, 200, 204, 400};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        for (unsigned i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
            if (!rig_deep() && i % KINDS != kind)
                continue;
            uint32_t length = rig.transfer_size * (1 + i % 2) + lengths[i / 2];
            uint8_t *file = rig_application(&rig, length, i);

            enter();
            accepted(file, length);
            in_flash(file, length);
            free(file);
        }
        put_away(NULL);
    }
}

static void the_smallest_and_the_largest_are_accepted(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint32_t least = APPLICATION_LOOP + 4 + TRAILER;
        uint8_t *small = rig_application(&rig, least, 1), *large = rig_application(&rig, rig.app_bytes, 2);

        enter();
        accepted(small, least);
        in_flash(small, least);
        accepted(large, rig.app_bytes);
        in_flash(large, rig.app_bytes);
        assert_log((const uint16_t[]){FIRST_VERSION}, 1);
        put_away(NULL);
        free(small);
        free(large);
    }
}

static void blocks_of_any_size_will_do(void **state)
{
    static const uint32_t blocks[] = {1000, 512, 64, 10};

    (void)state;
    use("BLUEPILL_SIGNED");
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        uint8_t *file = rig_application(&rig, LENGTH, i);

        enter();
        assert_true(dfu_download(&rig, file, LENGTH, blocks[i]).done);
        in_flash(file, LENGTH);
        free(file);
    }
}

/* What is refused ---------------------------------------------------------------------------------------- */

static const char not_signed[] = "not signed for this product", older[] = "older than what was installed",
                  forged[] = "not signed by the maker";

static uint8_t *copy_of(const uint8_t *file, uint32_t length)
{
    uint8_t *copy = malloc(length + rig.transfer_size);

    memcpy(copy, file, length);
    memset(copy + length, 0xFF, rig.transfer_size);
    return copy;
}

/* A board with an application of version 5 on it, which is sent `length` bytes of `file`: nothing starts but
 * what is genuine. */
static void refused_and_harmless(const char *how, const uint8_t *file, uint32_t length, uint8_t status,
                                 const char *reason)
{
    uint8_t *good = rig_application(&rig, LENGTH, 1);
    char text[128];

    rig_sign(&rig, good, LENGTH, 5);
    enter();
    accepted(good, LENGTH);
    what = text;
    (void)snprintf(text, sizeof text, "%s: %s", rig.target, how);
    enter();
    refused_as(file, length, status, reason);
    if (starts() && memcmp(rig_flash(&rig, rig.app_base) + START_WORDS + HIDDEN, good + START_WORDS + HIDDEN,
                           LENGTH - START_WORDS - HIDDEN) != 0)
        fail_msg("%s: something is started that nobody signed", what);
    /* and the next one is taken */
    enter();
    accepted(good, LENGTH);
    if (!starts())
        fail_msg("%s: the next one does not start", what);
    assert_log((const uint16_t[]){5}, 1);
    what = rig.target;
    free(good);
}

/* `file` as it is, `length` of it, is not accepted; and is if it is signed. */
static void every_wrong_file(void)
{
    enum { PAGE_2 = 2 * KIB + 300, VERSION = 6 };
    uint8_t *good = rig_application(&rig, LENGTH, 2);
    struct trailer_head right = trailer_of(rig.target, rig.app_base, LENGTH, VERSION), trailer;
    uint8_t *file;

    rig_sign(&rig, good, LENGTH, VERSION);

    refused_and_harmless("no trailer", good, LENGTH - TRAILER, errFILE, not_signed);
    refused_and_harmless("the signature is missing", good, LENGTH - SIGNATURE, errFILE, not_signed);
    refused_and_harmless("the last word is missing", good, LENGTH - 4, errFILE, not_signed);
    refused_and_harmless("the last byte is missing", good, LENGTH - 1, errFILE, not_signed);
    refused_and_harmless("half is missing", good, LENGTH / 2, errFILE, not_signed);
    refused_and_harmless("less than a trailer", good, TRAILER - 4, errFILE, not_signed);

    file = copy_of(good, LENGTH);
    refused_and_harmless("a byte too many", file, LENGTH + 1, errFILE, not_signed);
    refused_and_harmless("a word too many", file, LENGTH + 4, errFILE, not_signed);
    refused_and_harmless("a page too many", file, LENGTH + rig.transfer_size, errFILE, not_signed);

#define SIGNED_FOR(field, value, status, reason)                                                             \
    trailer = right;                                                                                         \
    trailer.field = value;                                                                                   \
    sign(file, LENGTH, &trailer);                                                                            \
    refused_and_harmless("signed with another " #field, file, LENGTH, status, reason)

    SIGNED_FOR(magic[3], '2', errFILE, not_signed);
    SIGNED_FOR(address, right.address + 0x1000, errFILE, not_signed);
    SIGNED_FOR(vendor, 0x1208, errFILE, not_signed);
    SIGNED_FOR(product, 0xDB43, errFILE, not_signed);
    SIGNED_FOR(board[0], 'X', errFILE, not_signed);
    SIGNED_FOR(board[BOARD_BYTES - 1], 'X', errFILE, not_signed);
    SIGNED_FOR(length, LENGTH - 4, errFILE, not_signed);
    SIGNED_FOR(length, LENGTH + 4, errFILE, not_signed);
    SIGNED_FOR(version, 4, errVENDOR, older);
    SIGNED_FOR(version, 0, errVENDOR, older);

    sign_as_stranger(file, LENGTH, &right);
    refused_and_harmless("signed by somebody else", file, LENGTH, errVENDOR, forged);
    memset(file + LENGTH - SIGNATURE, 0, SIGNATURE);
    refused_and_harmless("a signature of zeros", file, LENGTH, errVENDOR, forged);

    static const uint32_t flipped[] = {
        8, 100, PAGE_2, LENGTH - TRAILER - 1, LENGTH - SIGNATURE, LENGTH - 32, LENGTH - 1};

    for (unsigned i = 0; i < sizeof flipped / sizeof flipped[0]; i++) {
        memcpy(file, good, LENGTH);
        file[flipped[i]] ^= 1u << i % 8;
        refused_and_harmless("a bit is flipped", file, LENGTH, errVENDOR, forged);
    }
    memcpy(file, good, LENGTH);
    file[LENGTH - SIGNATURE - 4] ^= 1; /* a newer version than was signed */
    refused_and_harmless("another version than was signed", file, LENGTH, errVENDOR, forged);
    free(file);

    file = rig_application(&rig, LENGTH, 3); /* another image, with the trailer of this one */
    memcpy(file + LENGTH - TRAILER, good + LENGTH - TRAILER, TRAILER);
    refused_and_harmless("the signature of another image", file, LENGTH, errVENDOR, forged);
    free(file);
    free(good);
}

static void nothing_but_what_the_maker_signed_for_this_product_is_accepted(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < (rig_deep() ? KINDS : 1); kind++) {
        use(kinds[kind]);
        every_wrong_file();
        put_away(NULL);
    }
}

static uint8_t *version(uint16_t number)
{
    uint8_t *file = rig_application(&rig, LENGTH, number);

    rig_sign(&rig, file, LENGTH, number);
    return file;
}

/* The maker signed it, but it would start with what nobody signed. */
static void an_image_that_starts_in_its_trailer_or_behind_is_refused(void **state)
{
    static const int entries[] = {
        LENGTH - TRAILER, LENGTH - TRAILER + 4, LENGTH - 4, LENGTH, LENGTH + KIB, 0x3000, -2 * KIB};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        struct trailer_head right = trailer_of(rig.target, rig.app_base, LENGTH, 5);

        for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++) {
            uint8_t *file = rig_application(&rig, LENGTH, i);
            uint32_t reset = rig.app_base + (uint32_t)entries[i] + 1;

            memcpy(file + 4, &reset, sizeof reset);
            sign(file, LENGTH, &right);
            if (entries[i] < 0) { /* not even an application */
                enter();
                assert_int_equal(send(file, LENGTH).last.bStatus, errTARGET);
                assert_true(starts()); /* the one before */
            } else {
                refused_and_harmless("its entry is behind the program", file, LENGTH, errFILE, not_signed);
            }
            free(file);
        }
        /* the last instruction of the program is its own */
        uint8_t *file = rig_application(&rig, LENGTH, 1);
        uint32_t reset = rig.app_base + LENGTH - TRAILER - 2 + 1;

        memcpy(file + 4, &reset, sizeof reset);
        sign(file, LENGTH, &right);
        enter();
        accepted(file, LENGTH);
        free(file);
        put_away(NULL);
    }
}

/* What a refused download left in the area is gone when a shorter genuine image is valid. */
static void nothing_of_a_forged_image_stays_behind_a_shorter_genuine_one(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint32_t pages = (LENGTH + rig.transfer_size - 1) / rig.transfer_size * rig.transfer_size;
        uint32_t long_length[] = {pages + 4 * KIB + 100, rig.app_bytes};

        for (unsigned i = 0; i < 2; i++) {
            uint8_t *wrong = rig_application(&rig, long_length[i], 7 + i), *good = version(3);

            rig_sign(&rig, wrong, long_length[i], 3);
            wrong[long_length[i] - 1] ^= 1;
            enter();
            refused_as(wrong, long_length[i], errVENDOR, forged);
            assert_memory_equal(rig_flash(&rig, rig.app_base + pages), wrong + pages, KIB);
            accepted(good, LENGTH);
            for (uint32_t at = LENGTH; at < rig.app_bytes; at++)
                if (*rig_flash(&rig, rig.app_base + at) != 0xFF)
                    fail_msg("%s: the byte at 0x%08X was not erased", what, rig.app_base + at);
            if (!starts())
                fail_msg("%s: the genuine image does not start", what);
            assert_log((const uint16_t[]){3}, 1);
            free(wrong);
            free(good);
        }
        put_away(NULL);
    }
}

/* No forged image gets as far as the first page: in the high variants, there is always a reset vector. */
static void a_forged_image_leaves_the_first_page_alone(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint8_t *good = rig_application(&rig, LENGTH, 1), before[2 * KIB];
        uint64_t erases;

        enter();
        accepted(good, LENGTH);
        enter();
        memcpy(before, rig_flash(&rig, rig.app_base), rig.transfer_size);
        erases = rig.board->chip.flash.erases;
        good[100] ^= 1; /* only the first page differs */
        refused_as(good, LENGTH, errVENDOR, forged);
        assert_memory_equal(before, rig_flash(&rig, rig.app_base), rig.transfer_size);
        assert_int_equal(erases, rig.board->chip.flash.erases);
        assert_true(starts());
        free(good);
        put_away(NULL);
    }
}

/* A host that resets the bus, aborts, or never asks: a forged image is not started by that. */
static void no_way_out_of_dfu_mode_starts_a_forged_image(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned way = 0; way < 3; way++) {
            use(kinds[kind]);
            uint8_t *file = rig_application(&rig, LENGTH, 1);
            uint16_t block = 0;

            file[LENGTH - 1] ^= 1;
            enter();
            for (uint32_t at = 0; at < LENGTH; at += rig.transfer_size, block++) {
                uint32_t left = LENGTH - at, now = left < rig.transfer_size ? left : rig.transfer_size;

                assert_true(dfu_send_block(&rig, block, file + at, (uint16_t)now));
            }
            assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, NULL, 0), USB_DONE);
            board_press(rig.board, false);
            if (way == 1)
                usb_host_reset(rig.host, 10);
            if (way == 2)
                assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
            assert_false(rig_starts_application(&rig, 10 * TICKS_PER_SECOND));
            rig_assert_clean(&rig);
            assert_false(starts());
            put_away(NULL);
            free(file);
        }
}

/* Versions ----------------------------------------------------------------------------------------------- */

static void comes(uint16_t number, bool taken)
{
    uint8_t *file = version(number);

    enter();
    if (taken) {
        accepted(file, LENGTH);
        assert_true(starts());
    } else {
        refused_as(file, LENGTH, errVENDOR, older);
    }
    free(file);
}

static void no_version_is_followed_by_an_older_one(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        comes(1, true);
        comes(3, true);
        comes(2, false);
        comes(3, true);
        comes(1, false);
        comes(300, true);
        comes(299, false);
        comes(3, false);
        comes(300, true);
        assert_log((const uint16_t[]){1, 3, 300}, 3);
        comes(65534, true);
        comes(300, false);
        assert_log((const uint16_t[]){1, 3, 300, 65534}, 4);
        put_away(NULL);
    }
}

/* The log is no part of what DFU reads and writes. */
static void the_log_cannot_be_reached_through_dfu(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        comes(7, true);
        uint8_t before[2 * KIB], *large = rig_application(&rig, rig.app_bytes + rig.transfer_size, 3);

        memcpy(before, log_page(), rig.transfer_size);
        enter();
        struct dfu_result result = send(large, rig.app_bytes + 1);
        assert_int_equal(result.last.bStatus, errADDRESS);
        assert_int_equal(result.bytes, rig.app_bytes);
        assert_memory_equal(before, log_page(), rig.transfer_size);
        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
        rig_sign(&rig, large, rig.app_bytes, 7);
        in_flash(large, 0);
        accepted(large, rig.app_bytes);
        assert_memory_equal(before, log_page(), rig.transfer_size);
        put_away(NULL);
        free(large);
    }
}

/* As boards write it: the versions from 1 on, twice each, in so many entries. */
static void fill_log(unsigned entries)
{
    uint16_t page[KIB];

    memset(page, 0xFF, sizeof page);
    page[0] = 0x4C56;
    page[1] = 0x474F;
    for (unsigned i = 0; i < entries; i++) {
        page[2 + 2 * i] = (uint16_t)(i / COPIES + 1);
        page[3 + 2 * i] = (uint16_t) ~(i / COPIES + 1);
    }
    rig_burn(&rig, rig.app_base + rig.app_bytes, page, rig.transfer_size);
}

/* As docs/signing.md has it: 127 versions in 1 KiB, 255 in 2 KiB, twice each; and one entry left over. */
static void a_full_log_keeps_its_last_version(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint16_t most = rig.transfer_size == KIB ? 127 : 255;
        uint8_t before[2 * KIB];

        fill_log(COPIES * (most - 1u));
        comes(most - 2u, false);
        comes(most - 1u, true);
        comes(most, true);
        comes(most - 1u, false);
        comes(most + 1u, true); /* the entry left over has it once */
        comes(most, false);
        memcpy(before, log_page(), rig.transfer_size);
        assert_memory_not_equal(before + rig.transfer_size - 4, blank_page(), 4);
        comes(most + 2u, true);
        comes(most + 1u, true);
        comes(most, false);
        assert_memory_equal(before, log_page(), rig.transfer_size);
        put_away(NULL);
    }
}

/* Entries that are not blank; those that say `number`. */
static unsigned entries_used(void)
{
    unsigned used = 0;

    for (unsigned i = 1; i < rig.transfer_size / 4; i++)
        used += memcmp(log_page() + 2 * i, blank_page(), 4) != 0;
    return used;
}

static unsigned entries_of(uint16_t number)
{
    unsigned count = 0;

    for (unsigned i = 1; i < rig.transfer_size / 4; i++)
        count += log_page()[2 * i] == number && (log_page()[2 * i + 1] ^ number) == 0xFFFF;
    return count;
}

/* Sends all of it, and aborts the download so long after the first half-word of an entry was written. */
static void aborted_while_recording(const uint8_t *file, uint32_t us)
{
    enum { MOST_US = 1000000 };
    unsigned used = entries_used();
    uint16_t block = 0;

    for (uint32_t at = 0; at < LENGTH; at += rig.transfer_size, block++) {
        uint32_t left = LENGTH - at, now = left < rig.transfer_size ? left : rig.transfer_size;

        assert_true(dfu_send_block(&rig, block, file + at, (uint16_t)now));
    }
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, NULL, 0), USB_DONE);
    for (uint32_t waited = 0; entries_used() == used; waited += 10) {
        assert_true(waited < MOST_US);
        board_run(rig.board, ticks_from_us(10));
    }
    board_run(rig.board, ticks_from_us(us));
    assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
    rig_run_ms(&rig, 2);
    assert_int_equal(dfu_get_state(&rig), dfuIDLE);
}

/* 4 half-words take some 0.2 ms. */
static void an_abort_while_a_version_is_recorded_does_not_stop_that(void **state)
{
    enum { STEP_US = 9, STEPS = 30, FIRST = 10 };

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        comes(1, true);
        enter();
        for (uint16_t i = 0; i < STEPS; i++) {
            if (!rig_deep() && i % KINDS != kind && i < STEPS - 2)
                continue;
            uint8_t *file = version(FIRST + i);
            unsigned used = entries_used();

            aborted_while_recording(file, i * STEP_US);
            if (entries_of(FIRST + i) != COPIES || entries_used() != used + COPIES)
                fail_msg("%s: aborted after %d us, the version has %u entries, and %u were used", what,
                         i * STEP_US, entries_of(FIRST + i), entries_used() - used);
            free(file);
        }
        rig_assert_clean(&rig);
        comes(FIRST + STEPS - 2, false);
        comes(FIRST + STEPS - 1, true);
        put_away(NULL);
    }
}

/* The rest of an application from before, or what a programmer left there. */
static void a_page_that_is_no_log_becomes_one(void **state)
{
    static const uint16_t starts_of_pages[][4] = {
        {0x1234, 0x5678, 0x9ABC, 0xDEF0}, {0x0003, 0xFFFC, 0x0003, 0xFFFC}, {0xFFFF, 0xFFFF, 0x0009, 0xFFF6},
        {0x4C56, 0xFFFF, 0x0009, 0xFFF6}, {0x4C56, 0x474F, 0x0009, 0xFFFF}, {0, 0, 0, 0},
    };

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned i = 0; i < sizeof starts_of_pages / sizeof starts_of_pages[0]; i++) {
            uint8_t page[2 * KIB];

            use(kinds[kind]);
            for (uint32_t at = 0; at < rig.transfer_size; at++)
                page[at] = (uint8_t)(at * 7 + i);
            memcpy(page, starts_of_pages[i], sizeof starts_of_pages[i]);
            rig_burn(&rig, rig.app_base + rig.app_bytes, page, rig.transfer_size);
            comes(2, true);
            comes(1, false);
            assert_log((const uint16_t[]){2}, 1);
            put_away(NULL);
        }
}

/* A chip whose pages are half as large as the build says. */
static void a_log_is_made_of_two_smaller_pages(void **state)
{
    struct chip_config config = rig_config("BLUEPILLPLUSGD32_SIGNED");
    uint8_t page[2 * KIB];

    (void)state;
    config.page_bytes = KIB;
    what = "BLUEPILLPLUSGD32_SIGNED";
    rig = rig_new_with(what, &config);
    rig.transfer_size = 2 * KIB;
    rig.app_bytes -= KIB;
    memset(page, 0x5A, sizeof page);
    rig_burn(&rig, rig.app_base + rig.app_bytes, page, sizeof page);
    comes(2, true);
    comes(1, false);
    assert_log((const uint16_t[]){2}, 1);
}

/* A chip that will not write the page: nothing is accepted whose version would not be remembered. */
static void a_version_that_cannot_be_recorded_is_not_installed(void **state)
{
    (void)state;
    use("BLUEPILL_SIGNED");
    static const uint8_t protected[] = {0x7F, 0x80}; /* from 124 KiB on */
    uint8_t *file = version(4);

    rig_allow(&rig, "flash-write-protected"); /* which the test is about */
    rig_burn(&rig, 0x1FFFF80E, protected, sizeof protected);
    enter();
    struct dfu_result result = send(file, LENGTH);
    assert_int_equal(result.last.bState, dfuERROR);
    assert_int_equal(result.last.bStatus, errVERIFY);
    assert_int_equal(result.last.iString, 0);
    assert_false(starts());
    free(file);
}

/*
 * Entries from 1 on: a bit of the complement cannot be programmed, or nothing can. Two belong to a version.
 */
static void a_worn_entry_of_the_log_is_passed_over(void **state)
{
    (void)state;
    for (uint32_t number = 1; number <= 4; number++) {
        use(kinds[0]);
        struct flash_wear *worn = rig.board->chip.config.worn;
        const uint32_t low = rig.app_base + rig.app_bytes + 4 * number;

        if (number % 2) {
            worn[0] = (struct flash_wear){.address = low + 2, .stays_1 = 8};
        } else {
            worn[0] = (struct flash_wear){.address = low, .refuses = true};
            worn[1] = (struct flash_wear){.address = low + 2, .refuses = true};
        }
        comes(7, true);
        comes(8, true);
        comes(7, false);
        if (entries_of(7) != COPIES || entries_of(8) != COPIES)
            fail_msg("entry %u is worn, and the log has version 7 %u times, 8 %u times", number,
                     entries_of(7), entries_of(8));
        put_away(NULL);
    }
}

/* An application from before the bootloader was written is started as it always was. */
static void an_application_that_was_there_before_starts(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint8_t *file = rig_application(&rig, 1000, 1);

        file[999] ^= 1; /* nobody signed it */
        rig_burn(&rig, rig.app_base, file, 1000);
        if (rig_is_high(rig.target)) {
            rig_burn(&rig, rig.app_base + HIDDEN, file, START_WORDS);
            rig_burn(&rig, rig.app_base, rig_flash(&rig, rig.bootloader), START_WORDS);
        }
        assert_true(starts());
        comes(1, true);
        put_away(NULL);
        free(file);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_signed_image_is_accepted_on_every_board),
        TEST(its_length_does_not_matter),
        TEST(the_smallest_and_the_largest_are_accepted),
        TEST(blocks_of_any_size_will_do),
        TEST(nothing_but_what_the_maker_signed_for_this_product_is_accepted),
        TEST(an_image_that_starts_in_its_trailer_or_behind_is_refused),
        TEST(nothing_of_a_forged_image_stays_behind_a_shorter_genuine_one),
        TEST(a_forged_image_leaves_the_first_page_alone),
        TEST(no_way_out_of_dfu_mode_starts_a_forged_image),
        TEST(no_version_is_followed_by_an_older_one),
        TEST(the_log_cannot_be_reached_through_dfu),
        TEST(a_full_log_keeps_its_last_version),
        TEST(an_abort_while_a_version_is_recorded_does_not_stop_that),
        TEST(a_page_that_is_no_log_becomes_one),
        TEST(a_log_is_made_of_two_smaller_pages),
        TEST(a_version_that_cannot_be_recorded_is_not_installed),
        TEST(a_worn_entry_of_the_log_is_passed_over),
        TEST(an_application_that_was_there_before_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
