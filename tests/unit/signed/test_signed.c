/* Signed firmware in the portable core: what is refused, how a check is interrupted, and
 * power cuts at every operation. */
#include "host.h"

#include "application.h"        // application_is_valid
#include "signed/signature.h"   // NOT_SIGNED
#include "signed/version_log.h" // version_log_floor

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "../../system/signed_file.h"

enum { PAGE = FLASH_PAGE_SIZE, BLOCK = TARGET_DFU_WTRANSFERSIZE, LENGTH = 2 * PAGE + 200 };

static struct image image, old, before;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    return 0;
}

static void make(struct image *to, uint32_t length, uint32_t seed, uint16_t version)
{
    const struct trailer_head head = trailer_of("BLUEPILL", APP_BASE_ADDRESS, length, version);

    image_make(to, length, seed);
    sign(to->bytes, length, &head);
}

static uint8_t send(const struct image *what)
{
    host_enumerate();
    return client_send(what, BLOCK);
}

static bool would_start(void)
{
    return application_is_valid((const uint32_t *)(fake_area() + START_WORDS_OFFSET));
}

static uint8_t reason(void)
{
    uint8_t status[6];

    assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, 0, sizeof status, status), sizeof status);
    return status[5];
}

static void a_genuine_image_is_written(void **state)
{
    (void)state;
    make(&image, LENGTH, 1, 1);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(image_is_in_flash(&image) && would_start());
    assert_int_equal(version_log_floor(), 1);
}

static void refused(uint32_t result)
{
    assert_int_equal(send(&image), (uint8_t)result);
    assert_int_equal(reason(), result >> 8);
    assert_false(would_start());
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    assert_int_equal(reason(), 0);
}

static void what_is_not_is_refused_and_the_host_told_why(void **state)
{
    (void)state;
    make(&image, LENGTH, 1, 7);
    assert_int_equal(send(&image), STATUS_OK);
    image.bytes[PAGE + 1] ^= 1;
    refused(FORGED_SIGNATURE);
    image.bytes[LENGTH - TRAILER] ^= 1;
    refused(NOT_SIGNED);
    make(&image, LENGTH, 1, 6);
    refused(OLDER_VERSION);
    image.length = LENGTH - 4;
    refused(NOT_SIGNED);
    image.length = TRAILER - 4;
    refused(NOT_SIGNED);
    assert_int_equal(version_log_floor(), 7);
    make(&image, LENGTH, 1, 7);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(would_start());
}

/* After so many turns of the check. */
static void interrupted(uint32_t turns, bool by_reset)
{
    uint16_t next;

    fake_power_on();
    make(&image, LENGTH, 1, 1);
    image.bytes[200] ^= 1;
    host_enumerate();
    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
    while (turns--)
        fake_turn();
    if (by_reset)
        host_bus_reset();
    else
        assert_int_equal(dfu_out(DFU_ABORT), 0);
    assert_int_equal(fake_ms_until_restart(4000) >= 0, by_reset);
    assert_false(would_start());

    fake_power_cycle();
    make(&image, LENGTH, 2, 1);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

static void a_check_may_be_interrupted_anywhere(void **state)
{
    (void)state;
    for (uint32_t turns = 1; turns < 20000; turns = turns * 3 + 1) {
        interrupted(turns, false);
        interrupted(turns, true);
    }
}

/* The log as a board may have it after a long life. */
static void burn_log(const uint32_t *entries, uint32_t count)
{
    uint8_t *log = fake_area() + application_size();
    const uint32_t magic = 0x474F4C56;

    memset(log, 0xFF, PAGE);
    memcpy(log, &magic, sizeof magic);
    memcpy(log + sizeof magic, entries, count * sizeof *entries);
}

static uint32_t entry(uint16_t version)
{
    return version | (uint32_t)(uint16_t)~version << 16;
}

static void the_highest_version_counts_wherever_it_is(void **state)
{
    const uint32_t entries[] = {entry(5), 0xFFFF0000, entry(3), 0xFFFA0004, 0xFFFFFFFF};

    (void)state;
    burn_log(entries, 5);
    assert_int_equal(version_log_floor(), 5);
    make(&image, LENGTH, 1, 6);
    assert_int_equal(send(&image), STATUS_OK);
    assert_int_equal(version_log_floor(), 6);
}

static void remember(void)
{
    memcpy(before.bytes, fake_area(), fake_area_size());
}

static uint32_t entries_used(void)
{
    const uint32_t *log = (const void *)(fake_area() + application_size());
    uint32_t used = 0;

    for (uint32_t i = 1; i < PAGE / 4; i++)
        used += log[i] != 0xFFFFFFFF;
    return used;
}

/* Sends `what` and ends it after so many turns: by DFU_ABORT, or by a request that is an error then. */
static void ended_by(uint8_t request, const struct image *what, uint32_t turns)
{
    uint16_t next;

    assert_int_equal(client_send_blocks(what, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
    while (turns--)
        fake_turn();
    assert_int_equal(dfu_out(request), request == DFU_ABORT ? 0 : HOST_STALL);
    fake_wait_ms(2);
}

/* Turns from the last, empty block to the first half-word of an entry. Flash is as before. */
static uint32_t turns_until_recorded(const struct image *what)
{
    const uint32_t used = entries_used();
    uint32_t turns = 0;
    uint16_t next;

    remember();
    assert_int_equal(client_send_blocks(what, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
    for (; entries_used() == used; turns++)
        fake_turn();
    fake_wait_ms(20); /* the core keeps no entry in work, as after a real power cut */
    fake_power_cycle();
    memcpy(fake_area(), before.bytes, fake_area_size());
    host_enumerate();
    return turns;
}

/* By somebody who has two genuine images that are newer, and tries as often as there are entries. */
static void aborts_use_up_no_more_entries_than_versions_need(void **state)
{
    enum { TRIES = 254, EARLY = 20 };

    (void)state;
    make(&old, LENGTH, 1, 1);
    assert_int_equal(send(&old), STATUS_OK);
    assert_int_equal(entries_used(), 2);
    fake_power_cycle();
    host_enumerate();
    for (uint16_t version = 2; version <= 3; version++) {
        make(&image, LENGTH, version, version);

        uint32_t from = turns_until_recorded(&image) - EARLY, used = entries_used();

        for (uint32_t i = 0; i < TRIES / 2; i++) {
            ended_by(DFU_ABORT, &image, from + i / 3);
            uint32_t now = version_log_floor();

            assert_true(now == version || now == version - 1u);
            assert_int_equal(entries_used(), now == version ? used + 2 : used);
        }
        assert_int_equal(version_log_floor(), version);
    }
    fake_power_cycle();
    assert_int_equal(send(&old), OLDER_VERSION & 0xFF);
    assert_int_equal(send(&image), STATUS_OK);
    assert_int_equal(entries_used(), 6);
}

/* Each moment of it anew: the next download would end what the one before left unended. */
static void an_end_at_any_moment_of_a_record_leaves_all_of_it_or_nothing(void **state)
{
    enum { EARLY = 10, TURNS = 40 };

    (void)state;
    make(&old, LENGTH, 1, 1);
    assert_int_equal(send(&old), STATUS_OK);
    fake_power_cycle();
    host_enumerate();
    make(&image, LENGTH, 2, 2);

    uint32_t from = turns_until_recorded(&image) - EARLY, recorded = 0;

    for (uint32_t i = 0; i < 2 * TURNS; i++) {
        remember();
        ended_by(i % 2 ? DFU_ABORT : DFU_CLRSTATUS, &image, from + i / 2);

        uint32_t used = entries_used();

        assert_true(used == 2 || used == 4);
        assert_int_equal(version_log_floor(), used / 2);
        recorded += used == 4;
        fake_wait_ms(20);
        fake_power_cycle();
        memcpy(fake_area(), before.bytes, fake_area_size());
        host_enumerate();
    }
    assert_in_range(recorded, 2, 2 * TURNS - 2);
}

static void an_entry_in_the_trailer_or_behind_is_refused(void **state)
{
    const uint32_t behind[] = {LENGTH - TRAILER, LENGTH - 2, LENGTH, LENGTH + PAGE};

    (void)state;
    for (uint32_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        const struct trailer_head head = trailer_of("BLUEPILL", APP_BASE_ADDRESS, LENGTH, 1);
        uint32_t reset = (APP_BASE_ADDRESS + behind[i]) | 1;

        image_make(&image, LENGTH, i);
        memcpy(image.bytes + 4, &reset, sizeof reset);
        sign(image.bytes, LENGTH, &head);
        refused(NOT_SIGNED);
    }
}

/* What a refused download left, with a trailer of its own. */
static void nothing_stays_behind_a_shorter_genuine_image(void **state)
{
    (void)state;
    make(&image, LENGTH + 3 * PAGE, 1, 1);
    image.bytes[image.length - 1] ^= 1;
    refused(FORGED_SIGNATURE);
    assert_memory_equal(fake_area() + LENGTH + PAGE, image.bytes + LENGTH + PAGE, PAGE);
    make(&image, LENGTH, 2, 1);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(would_start() && image_is_in_flash(&image) && signature_of_application(image_read(0, PAGE)));
    for (uint32_t i = LENGTH; i < application_size(); i++)
        assert_int_equal(fake_area()[i], 0xFF);
}

static void a_full_log_stays_as_it_is(void **state)
{
    uint32_t entries[PAGE / 4 - 1];

    (void)state;
    for (uint32_t i = 0; i < PAGE / 4 - 1; i++)
        entries[i] = entry((uint16_t)(i + 1));
    burn_log(entries, PAGE / 4 - 1);
    make(&image, LENGTH, 1, 1000);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(would_start());
    assert_int_equal(version_log_floor(), PAGE / 4 - 1);
}

static void a_version_that_cannot_be_recorded_is_not_installed(void **state)
{
    (void)state;
    make(&image, LENGTH, 1, 8);
    fake.protected_page = APP_BASE_ADDRESS + application_size();
    assert_int_equal(send(&image), errVERIFY);
    assert_int_equal(reason(), 0);
    assert_false(would_start());
}

/* Of the entry, from 1 on, a bit of the complement cannot be programmed; a version before takes two. */
static void a_worn_entry_is_passed_over(void **state)
{
    (void)state;
    for (uint32_t number = 1; number <= 4; number++) {
        fake_power_on();
        make(&old, LENGTH, 1, 7);
        if (number > 2)
            assert_int_equal(send(&old), STATUS_OK);
        make(&image, LENGTH, 2, 8);
        fake.worn_unit = APP_BASE_ADDRESS + application_size() + 4 * number + 2;
        assert_int_equal(send(&image), STATUS_OK);
        assert_true(would_start());
        assert_int_equal(version_log_floor(), 8);
        /* where nothing was recorded before the page is erased once more */
        assert_int_equal(entries_used(), number == 1 ? 2 : number == 2 ? 3 : 5);
        fake_power_cycle();
        assert_int_equal(send(&old), OLDER_VERSION & 0xFF);
    }
}

/* The last entry of a log that has no room for another: as if it were full. */
static void a_worn_last_entry_leaves_a_full_log(void **state)
{
    uint32_t entries[PAGE / 4 - 2];

    (void)state;
    for (uint32_t i = 0; i < PAGE / 4 - 2; i++)
        entries[i] = entry(7);
    burn_log(entries, PAGE / 4 - 2);
    make(&image, LENGTH, 1, 8);
    fake.worn_unit = APP_BASE_ADDRESS + application_size() + PAGE - 2;
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(would_start());
    assert_int_equal(version_log_floor(), 7);
}

/* One entry has it already, as after a power cut between the two: the other one cannot be written. */
static void a_version_whose_second_entry_cannot_be_written_is_not_installed(void **state)
{
    const uint32_t first = entry(8);

    (void)state;
    burn_log(&first, 1);
    make(&image, LENGTH, 1, 8);
    fake.protected_page = APP_BASE_ADDRESS + application_size();
    assert_int_equal(send(&image), errVERIFY);
    assert_false(would_start());
    fake.protected_page = 0;
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(would_start());
}

static void what_is_in_flash_can_be_checked(void **state)
{
    (void)state;
    assert_false(signature_of_application(image_read(0, PAGE)));
    make(&image, LENGTH, 1, 2);
    assert_int_equal(send(&image), STATUS_OK);
    assert_true(signature_of_application(image_read(0, PAGE)));
    fake_area()[PAGE] ^= 1;
    assert_false(signature_of_application(image_read(0, PAGE)));
    fake_area()[PAGE] ^= 1;
    fake_area()[LENGTH - TRAILER] ^= 1;
    assert_false(signature_of_application(image_read(0, PAGE)));
    fake_area()[LENGTH - TRAILER] ^= 1;
    fake_area()[LENGTH - TRAILER + 32] ^= 4; /* its length */
    assert_false(signature_of_application(image_read(0, PAGE)));
    /* a version that an earlier check looked at does not count for the next download */
    make(&image, LENGTH, 1, 1);
    refused(OLDER_VERSION);
}

/* Power cuts --------------------------------------------------------------------------------------------- */

static void download(void *status)
{
    *(uint8_t *)status = send(&image);
}

static bool cut_at(uint32_t operation, bool within)
{
    uint8_t status = STATUS_OK;

    fake_power_cycle();
    memcpy(fake_area(), before.bytes, fake_area_size());
    fake.cut_at = operation;
    fake.cut_within = within;
    fake.seed = operation;

    bool cut = fake_session(download, &status) == FAKE_POWER_CUT;

    assert_int_equal(status, STATUS_OK);
    return cut;
}

static uint32_t floor_now(void)
{
    while (fake_flash_busy())
        fake.turns++;
    return version_log_floor();
}

/* From what `before` holds, of the version `floor`; the image has a newer one. */
static void sweep(uint32_t floor, uint32_t version)
{
    uint32_t least = floor;

    for (uint32_t operation = 1;; operation++)
        for (int within = 1; within >= 0; within--) {
            bool cut = cut_at(operation, within);
            uint32_t now = floor_now();

            if (now < least || (now != floor && now != version))
                fail_msg("power cut %s operation %u: version %u was recorded, and now %u is",
                         within ? "within" : "after", operation, least, now);
            if (would_start() && image_is_in_flash(&image) && now != version)
                fail_msg("power cut %s operation %u: the image is valid and its version not recorded",
                         within ? "within" : "after", operation);
            if (would_start() && !image_is_in_flash(&image) &&
                memcmp(fake_area(), before.bytes, application_size()) != 0)
                fail_msg("power cut %s operation %u: neither the old nor the new image is valid",
                         within ? "within" : "after", operation);
            if (!within)
                least = now;
            if (!cut) {
                assert_int_equal(now, version);
                assert_true(operation > 100);
                return;
            }
        }
}

static void power_may_fail_at_every_operation(void **state)
{
    (void)state;
    make(&old, PAGE, 1, 3);
    assert_int_equal(send(&old), STATUS_OK);
    remember();
    make(&image, PAGE, 2, 4);
    sweep(3, 4);
}

static void also_where_the_page_of_the_log_holds_something_else(void **state)
{
    (void)state;
    memset(fake_area() + application_size(), 0x5A, PAGE);
    remember();
    make(&image, PAGE, 2, 4);
    sweep(0, 4);
}

/* Each time a bit later, until it is there. */
static void a_version_is_recorded_after_any_number_of_cuts(void **state)
{
    uint32_t cuts = 0;

    (void)state;
    make(&image, PAGE, 2, 9);
    remember();
    for (uint32_t operation = 1; cut_at(7 * operation, operation % 2); operation++, cuts++) {
        assert_true(cuts < 1000);
        (void)floor_now();
        remember();
    }
    assert_true(cuts > 20);
    assert_true(image_is_in_flash(&image));
    assert_int_equal(floor_now(), 9);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(a_genuine_image_is_written),
        TEST(what_is_not_is_refused_and_the_host_told_why),
        TEST(a_check_may_be_interrupted_anywhere),
        TEST(the_highest_version_counts_wherever_it_is),
        TEST(aborts_use_up_no_more_entries_than_versions_need),
        TEST(an_end_at_any_moment_of_a_record_leaves_all_of_it_or_nothing),
        TEST(an_entry_in_the_trailer_or_behind_is_refused),
        TEST(nothing_stays_behind_a_shorter_genuine_image),
        TEST(a_full_log_stays_as_it_is),
        TEST(a_version_that_cannot_be_recorded_is_not_installed),
        TEST(a_worn_entry_is_passed_over),
        TEST(a_worn_last_entry_leaves_a_full_log),
        TEST(a_version_whose_second_entry_cannot_be_written_is_not_installed),
        TEST(what_is_in_flash_can_be_checked),
        TEST(power_may_fail_at_every_operation),
        TEST(also_where_the_page_of_the_log_holds_something_else),
        TEST(a_version_is_recorded_after_any_number_of_cuts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
