/* VERIFY_AT_START: what is in flash is checked before every start, and what is not genuine does not start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "signed_file.h"

enum { KIB = 1024, LENGTH = 5 * KIB + 600, START_WORDS = 8, HIDDEN = 28, FASTEST_LSI = 60000 };

static struct rig rig;
static uint8_t *file;

static const struct {
    const char *build, *target;
} builds[] = {{"verify-at-start", "BLUEPILL_SIGNED"}, {"verify-at-start-high", "BLUEPILL_HIGH_SIGNED"}};
enum { BUILDS = sizeof builds / sizeof builds[0] };

static void use_with(unsigned build, const struct chip_config *config)
{
    rig = rig_new_build(builds[build].build, builds[build].target, config);
    file = rig_application(&rig, LENGTH, 1);
}

static void use(unsigned build)
{
    const struct chip_config config = rig_config(builds[build].target);

    use_with(build, &config);
}

static int put_away(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    free(file);
    rig = (struct rig){0};
    file = NULL;
    return 0;
}

static void install(const uint8_t *image, uint32_t length)
{
    board_press(rig.board, true);
    if (rig.board->chip.powered)
        rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));
    assert_true(dfu_download(&rig, image, length, rig.transfer_size).done);
    rig_assert_clean(&rig);
}

static bool starts(void)
{
    board_press(rig.board, false);
    rig_power_cycle(&rig);

    bool started = rig_starts_application(&rig, 2 * TICKS_PER_SECOND);

    rig_assert_clean(&rig);
    return started;
}

/* What does not start leads to the bootloader, and a genuine image gets the board back. */
static void waits_in_dfu_mode(void)
{
    assert_false(starts());
    assert_int_equal(usb_host_enumerate(rig.host), USB_DONE);
    install(file, LENGTH);
    assert_true(starts());
}

static void a_genuine_application_starts(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        install(file, LENGTH);
        assert_true(starts());
        assert_true(starts());
        put_away(NULL);
    }
}

/* Where the trailer crosses the end of a page, the first one too, which the high variant reads from RAM. */
static void wherever_its_trailer_is(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        for (uint32_t length = KIB - 4; length <= KIB + TRAILER + 4; length += 4) {
            uint8_t *image = rig_application(&rig, length, length);

            install(image, length);
            assert_true(starts());
            free(image);
        }
        uint8_t *whole = rig_application(&rig, rig.app_bytes, 7);
        install(whole, rig.app_bytes);
        assert_true(starts());
        free(whole);
        put_away(NULL);
    }
}

static void what_a_probe_changed_does_not_start(void **state)
{
    static const uint32_t changed[] = {64, 2000, LENGTH - TRAILER, LENGTH - TRAILER + 36, LENGTH - 1};

    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        for (unsigned i = 0; i < sizeof changed / sizeof changed[0]; i++) {
            install(file, LENGTH);
            rig.board->chip.flash_bytes[rig.app_base - FLASH_BASE + changed[i]] ^= 4;
            waits_in_dfu_mode();
        }
        put_away(NULL);
    }
}

static void burn_over(const uint8_t *image, uint32_t length)
{
    uint8_t *flash = rig.board->chip.flash_bytes + (rig.app_base - FLASH_BASE);

    memcpy(flash, image, length);
    if (rig_is_high(rig.target)) {
        memset(flash + HIDDEN, 0, START_WORDS);
        memcpy(flash + HIDDEN, image, START_WORDS);
        memcpy(flash, rig_flash(&rig, rig.bootloader), START_WORDS);
    }
}

/* By a probe, or from before the bootloader was written. */
static void nor_does_an_application_that_nobody_signed(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        uint8_t *other = rig_application(&rig, LENGTH, 2);
        struct trailer_head trailer = trailer_of(rig.target, rig.app_base, LENGTH, 1);

        install(file, LENGTH);
        burn_over(other, LENGTH - TRAILER); /* with the trailer of the other */
        waits_in_dfu_mode();
        burn_over(other, LENGTH);
        memset(rig.board->chip.flash_bytes + (rig.app_base - FLASH_BASE) + LENGTH - TRAILER, 0xFF, TRAILER);
        waits_in_dfu_mode();
        sign_as_stranger(other, LENGTH, &trailer);
        burn_over(other, LENGTH);
        waits_in_dfu_mode();
        trailer.product ^= 1;
        sign(other, LENGTH, &trailer);
        burn_over(other, LENGTH);
        waits_in_dfu_mode();
        free(other);
        put_away(NULL);
    }
}

static void assert_blank_behind(uint32_t length)
{
    for (uint32_t at = length; at < rig.app_bytes; at++)
        if (*rig_flash(&rig, rig.app_base + at) != 0xFF)
            fail_msg("%s: the byte at 0x%08X is not blank", rig.target, rig.app_base + at);
}

/*
 * What anybody can leave there over USB: all but the first page of a file, with a genuine trailer at its end.
 */
static void the_rest_of_a_refused_file_is_erased_before_a_shorter_one_starts(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        uint8_t *longer = rig_application(&rig, rig.app_bytes, 2);

        install(file, LENGTH);
        longer[2 * LENGTH] ^= 1;
        assert_false(dfu_download(&rig, longer, rig.app_bytes, rig.transfer_size).done);
        assert_memory_equal(rig_flash(&rig, rig.app_base + rig.app_bytes - TRAILER),
                            longer + rig.app_bytes - TRAILER, TRAILER);
        assert_false(starts());
        assert_int_equal(usb_host_enumerate(rig.host), USB_DONE);
        install(file, LENGTH);
        assert_blank_behind(LENGTH);
        assert_true(starts());
        free(longer);
        put_away(NULL);
    }
}

/* By a probe: it is no part of what was signed. The next download of the very same file erases it. */
static void what_stands_behind_the_trailer_is_not_checked_and_erased_by_a_download(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        use(build);
        uint8_t *flash = rig.board->chip.flash_bytes + (rig.app_base - FLASH_BASE);

        install(file, LENGTH);
        memset(flash + 6 * KIB, 0x5A, KIB);
        flash[rig.app_bytes - 1] = 0;
        assert_true(starts());
        install(file, LENGTH);
        assert_blank_behind(LENGTH);
        assert_true(starts());
        put_away(NULL);
    }
}

/* A chip sold as 64 KiB that ends there: the search for the trailer does, too. */
static void the_search_ends_where_the_flash_does(void **state)
{
    struct chip_config config = rig_config("BLUEPILL_SIGNED");

    (void)state;
    config.flash_bytes = 64 * KIB;
    use_with(0, &config);
    install(file, LENGTH);
    burn_over(file, LENGTH - TRAILER);
    memset(rig.board->chip.flash_bytes + (rig.app_base - FLASH_BASE) + LENGTH - TRAILER, 0xFF, TRAILER);
    waits_in_dfu_mode();
}

static void a_hardware_watchdog_does_not_bite(void **state)
{
    (void)state;
    for (unsigned build = 0; build < BUILDS; build++) {
        struct chip_config config = rig_config(builds[build].target);

        config.hardware_watchdog = true;
        config.lsi_hz = FASTEST_LSI;
        use_with(build, &config);
        uint8_t *whole = rig_application(&rig, rig.app_bytes, 7);

        install(whole, rig.app_bytes);
        board_press(rig.board, false);
        rig_power_cycle(&rig);
        assert_true(rig_starts_application(&rig, 2 * TICKS_PER_SECOND));
        assert_int_equal(rig.board->chip.reset_cause, RESET_POWER);
        rig_assert_clean(&rig);
        free(whole);
        put_away(NULL);
    }
}

static void no_crystal_is_needed(void **state)
{
    struct chip_config config = rig_config("BLUEPILL_SIGNED");

    (void)state;
    config.hse_hz = 0;
    use_with(0, &config);
    install(file, LENGTH);
    assert_true(starts());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_genuine_application_starts),
        TEST(wherever_its_trailer_is),
        TEST(what_a_probe_changed_does_not_start),
        TEST(nor_does_an_application_that_nobody_signed),
        TEST(the_rest_of_a_refused_file_is_erased_before_a_shorter_one_starts),
        TEST(what_stands_behind_the_trailer_is_not_checked_and_erased_by_a_download),
        TEST(the_search_ends_where_the_flash_does),
        TEST(a_hardware_watchdog_does_not_bite),
        TEST(no_crystal_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
