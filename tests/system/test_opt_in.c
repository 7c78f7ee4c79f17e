/*
 * The options that are off by default: double tap, application watchdog, write protection of the bootloader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peek.h"
#include "rig.h"

#define OPTIONS_AT 0x1FFFF800u

static struct rig rig;

/* The build, with blink in flash, without power. */
static void use(const char *build)
{
    struct chip_config config = rig_config("BLUEPILL");
    uint32_t length = blink_length();
    uint8_t *image = blink_image(length, 1);

    if (rig.board)
        rig_free(&rig);
    rig = rig_new_build(build, "BLUEPILL", &config);
    rig_burn(&rig, rig.app_base, image, length);
    free(image);
}

static int finish(void **state)
{
    (void)state;
    rig_free(&rig);
    rig.board = NULL;
    return 0;
}

static bool application_runs(void)
{
    uint32_t pc = rig.board->chip.cpu.r[15];
    rig_assert_clean(&rig);
    return pc >= rig.app_base && pc < rig.app_base + rig.app_bytes;
}

/*
 * Within `ms` the board leaves the bus, where the application's pull-up was, and comes back as a DFU device.
 */
static bool enters_dfu_within(unsigned ms)
{
    rig_run_ms(&rig, ms);
    return rig_enter_dfu(&rig);
}

static void two_resets_within_half_a_second_enter_dfu_mode(void **state)
{
    (void)state;
    use("double-tap");
    board_power(rig.board, true);
    rig_run_ms(&rig, 1000);
    assert_true(application_runs());
    board_reset_button(rig.board);
    rig_run_ms(&rig, 300);
    assert_false(application_runs());
    board_reset_button(rig.board);
    assert_true(enters_dfu_within(100));
    assert_int_equal(chip_backup_get(&rig.board->chip, 1), 0);
}

static void two_slow_resets_start_the_application_twice(void **state)
{
    (void)state;
    use("double-tap");
    board_power(rig.board, true);
    for (unsigned i = 0; i < 3; i++) {
        rig_run_ms(&rig, 600);
        assert_true(application_runs());
        assert_int_equal(chip_backup_get(&rig.board->chip, 1), 0);
        board_reset_button(rig.board);
    }
}

/* An application's own value, as 0x32F2 by which ST's code for the RTC knows that the clock is set. */
static void what_was_in_the_register_is_put_back_after_half_a_second(void **state)
{
    (void)state;
    static const uint16_t contents[] = {0x32F2, 0xFFFF, 1, 0};

    use("double-tap");
    board_power(rig.board, true);
    rig_run_ms(&rig, 600);
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        chip_backup_set(&rig.board->chip, 1, contents[i]);
        board_reset_button(rig.board);
        rig_run_ms(&rig, 300);
        assert_int_equal(chip_backup_get(&rig.board->chip, 1), 0x4F42);
        rig_run_ms(&rig, 300);
        assert_true(application_runs());
        assert_int_equal(chip_backup_get(&rig.board->chip, 1), contents[i]);
    }
}

static void an_application_that_does_not_feed_its_watchdog_falls_back_to_dfu_mode(void **state)
{
    (void)state;
    use("app-watchdog"); /* of 1000 ms; blink knows nothing of it */
    board_power(rig.board, true);
    rig_run_ms(&rig, 700);
    assert_true(application_runs());
    assert_true(enters_dfu_within(700));
    /* once: the next reset starts the application again */
    board_reset_button(rig.board);
    rig_run_ms(&rig, 300);
    assert_true(application_runs());
}

static void the_application_watchdog_never_bites_the_bootloader(void **state)
{
    (void)state;
    uint8_t *image = blink_image(30000, 2);

    use("app-watchdog");
    board_power(rig.board, true);
    assert_true(enters_dfu_within(1300)); /* the watchdog has bitten and stopped */
    rig_run_ms(&rig, 3000);
    assert_true(dfu_download(&rig, image, 30000, 1024).done);
    free(image);
}

static void the_bootloader_protects_its_own_pages_once(void **state)
{
    (void)state;
    uint8_t *image = blink_image(30000, 2), first[16];

    use("protect");
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    peek_bytes(&rig.board->chip, OPTIONS_AT, first, sizeof first);
    assert_int_equal(first[0], 0xA5);                   /* RDP: off */
    assert_int_equal(first[8] | first[9] << 8, 0x03FC); /* WRP0: pages 0 to 7 */
    assert_int_equal(first[10] | first[11] << 8, 0x00FF);
    uint64_t operations = rig.board->chip.flash.operations;
    board_reset_button(rig.board);
    assert_true(enters_dfu_within(100));
    assert_int_equal(rig.board->chip.flash.operations, operations);
    assert_int_equal(PEEK_FLASH(&rig.board->chip, 0x20), 0xFFFFFFFC);
    assert_true(dfu_download(&rig, image, 30000, 1024).done);
    free(image);
}

static void a_read_protected_chip_keeps_its_option_bytes(void **state)
{
    (void)state;
    uint8_t now[16];
    static const uint8_t locked[16] = {0x00, 0xFF, 0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00,
                                       0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00};

    use("protect");
    assert_true(flash_load(&rig.board->chip, OPTIONS_AT, locked, sizeof locked));
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    peek_bytes(&rig.board->chip, OPTIONS_AT, now, sizeof now);
    assert_memory_equal(now, locked, sizeof locked);
}

/* A pair whose upper half is no complement is none: the chip takes 0xFF for it (PM0075 2.5). */
static void a_torn_option_byte_is_not_made_valid(void **state)
{
    (void)state;
    uint8_t now[16];
    static const uint8_t torn[16] = {0xA5, 0x5A, 0x00, 0x00, 0x12, 0x00, 0x34, 0xCB,
                                     0x77, 0x00, 0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00};
    static const uint8_t wanted[16] = {0xA5, 0x5A, 0xFF, 0x00, 0xFF, 0x00, 0x34, 0xCB,
                                       0xFC, 0x03, 0xFF, 0x00, 0xFF, 0x00, 0xFF, 0x00};

    use("protect");
    assert_true(flash_load(&rig.board->chip, OPTIONS_AT, torn, sizeof torn));
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    peek_bytes(&rig.board->chip, OPTIONS_AT, now, sizeof now);
    assert_memory_equal(now, wanted, sizeof wanted);
}

/* False: there are not so many operations on option bytes. */
static bool power_fails_in_the_protection(uint64_t operation, enum power_cut_phase phase, uint64_t seed)
{
    use("protect");
    board_press(rig.board, true);
    rig.board->chip.random_state ^= seed * 0x9E3779B97F4A7C15ull;
    rig.board->chip.power_cut_operation = operation;
    rig.board->chip.power_cut_phase = phase;
    board_power(rig.board, true);
    rig_run_ms(&rig, 150);
    rig_assert_clean(&rig);
    return !rig.board->chip.powered;
}

/* The next serving protects the bootloader, or the chip is read-protected; either way the board works. */
static void assert_the_board_works(uint64_t operation, enum power_cut_phase phase)
{
    uint8_t *image = blink_image(3000, 2);
    const struct chip *chip = &rig.board->chip;

    assert_true(rig_enter_dfu(&rig));
    bool locked = PEEK_FLASH(chip, 0x1C) & 2;
    if (locked && (operation > 2 || (operation == 2 && phase == CUT_AFTER)))
        fail_msg("read-protected by a cut at operation %llu", (unsigned long long)operation);
    assert_true(dfu_download(&rig, image, 3000, 1024).done);
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 3000);
    board_press(rig.board, false);
    rig_power_cycle(&rig);
    rig_run_ms(&rig, 300);
    assert_true(application_runs());
    assert_int_equal(PEEK_FLASH(chip, 0x1C) & 2, locked ? 2 : 0);
    if (!locked)
        assert_int_equal(PEEK_FLASH(chip, 0x20), 0xFFFFFFFC);
    free(image);
}

static void a_power_cut_in_the_protection_at_worst_leaves_a_read_protected_chip(void **state)
{
    (void)state;
    enum { OPERATIONS = 9, SEEDS = 4 }; /* an erase, and eight half-words */
    unsigned read_protected = 0;

    for (uint64_t operation = 1; operation <= OPERATIONS; operation++)
        for (unsigned cut = 0; cut < 2 + SEEDS; cut++) {
            enum power_cut_phase phase = cut == 0 ? CUT_BEFORE : cut == 1 ? CUT_AFTER : CUT_INSIDE;

            assert_true(power_fails_in_the_protection(operation, phase, cut));
            assert_the_board_works(operation, phase);
            read_protected += (PEEK_FLASH(&rig.board->chip, 0x1C) & 2) != 0;
        }
    assert_true(read_protected > 0); /* else docs/options.md would warn of nothing */
    assert_false(power_fails_in_the_protection(OPERATIONS + 1, CUT_BEFORE, 0));
}

static void all_of_them_together_work(void **state)
{
    (void)state;
    uint8_t *image = blink_image(5000, 2);

    use("everything");
    board_power(rig.board, true);
    rig_run_ms(&rig, 100);
    board_reset_button(rig.board);
    assert_true(enters_dfu_within(100));
    assert_true(dfu_download(&rig, image, 5000, 1024).done);
    rig_run_ms(&rig, 1500);
    assert_true(application_runs());
    free(image);
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(two_resets_within_half_a_second_enter_dfu_mode),
        RIG_TEST(two_slow_resets_start_the_application_twice),
        RIG_TEST(what_was_in_the_register_is_put_back_after_half_a_second),
        RIG_TEST(an_application_that_does_not_feed_its_watchdog_falls_back_to_dfu_mode),
        RIG_TEST(the_application_watchdog_never_bites_the_bootloader),
        RIG_TEST(the_bootloader_protects_its_own_pages_once),
        RIG_TEST(a_read_protected_chip_keeps_its_option_bytes),
        RIG_TEST(a_torn_option_byte_is_not_made_valid),
        RIG_TEST(a_power_cut_in_the_protection_at_worst_leaves_a_read_protected_chip),
        RIG_TEST(all_of_them_together_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
