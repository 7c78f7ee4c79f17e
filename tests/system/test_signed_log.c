/* The log of versions: no version is followed by an older one. */
#include "signed_test.h"

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
