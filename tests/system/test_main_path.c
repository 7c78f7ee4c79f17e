/* The main path: from a blank board to a running application and back, with the image that is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { BLUEPILL_AREA = 120 * 1024 };

static struct rig rig;

static int new_rig(void **state)
{
    (void)state;
    rig = rig_new("BLUEPILL");
    return 0;
}

static int free_rig(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

/* Blink toggles the LED every half second. */
static void assert_blinks(void)
{
    rig_run_ms(&rig, 600);
    uint64_t before = rig.board->led_changes;
    rig_run_ms(&rig, 3000);
    assert_int_equal(rig.board->led_changes - before, 6);
    rig_assert_clean(&rig);
}

static void download_and_compare(uint32_t length, uint32_t block)
{
    uint8_t *image = blink_image(length, length);
    struct dfu_result result = dfu_download(&rig, image, length, block);

    rig_assert_clean(&rig);
    if (!result.done)
        fail_msg("download of %u bytes in blocks of %u: status %u, state %u after %u bytes", length, block,
                 result.last.bStatus, result.last.bState, result.bytes);
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, length);
    free(image);
}

static void a_blank_board_becomes_a_dfu_device(void **state)
{
    (void)state;
    struct dfu_status status;

    assert_true(rig_enter_dfu(&rig));
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bState, dfuIDLE);
    assert_int_equal(status.bStatus, OK);
    rig_assert_clean(&rig);
}

/* What a strict board lets pass, such as too short a wait for USB's analog part, is no more welcome here. */
static void refuse_violations(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    (void)watcher, (void)at;
    if (kind == REPORT_VIOLATION)
        fail_msg("%s", text);
}

static void a_download_does_nothing_that_is_even_suspicious(void **state)
{
    (void)state;
    rig.board->report = refuse_violations;
    assert_true(rig_enter_dfu(&rig));
    download_and_compare(4 * 1024, 1024);
}

static void a_downloaded_application_runs_and_blinks(void **state)
{
    (void)state;
    assert_true(rig_enter_dfu(&rig));
    download_and_compare(blink_length(), 1024);
    assert_blinks();
}

static void the_application_starts_by_itself_after_power_up(void **state)
{
    (void)state;
    uint8_t *image = blink_image(blink_length(), 1);

    rig_burn(&rig, rig.app_base, image, blink_length());
    board_power(rig.board, true);
    assert_blinks();
    free(image);
}

static void images_of_all_lengths_are_written_exactly(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {9, 1023, 1024, 1025, 2047, 2048, 2049, 3072, 3073, 4096, 10001};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_true(rig_enter_dfu(&rig));
        uint8_t *image = blink_image(lengths[i] < 308 ? 308 : lengths[i], (unsigned)i);
        const uint32_t inside = rig.app_base + 1;

        if (lengths[i] < 308)
            memcpy(image + 4, &inside, 4); /* the program's own entry is cut off */
        struct dfu_result result = dfu_download(&rig, image, lengths[i], 1024);

        assert_true(result.done);
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, lengths[i]);
        free(image);
        board_press(rig.board, true);
        rig_power_cycle(&rig);
        rig_assert_clean(&rig);
    }
}

static void blocks_of_any_size_are_taken(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 7, 8, 63, 64, 65, 500, 1000, 1023};

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        board_press(rig.board, true);
        rig_power_cycle(&rig);
        assert_true(rig_enter_dfu(&rig));
        download_and_compare(blocks[i] < 8 ? 1500 : 5000, blocks[i]);
    }
}

static void the_whole_area_can_be_written_and_read_back(void **state)
{
    (void)state;
    uint8_t *image = blink_image(BLUEPILL_AREA, 3), *back = malloc(BLUEPILL_AREA + 2048);

    assert_int_equal(rig.app_bytes, BLUEPILL_AREA);
    assert_true(rig_enter_dfu(&rig));
    assert_true(dfu_download(&rig, image, BLUEPILL_AREA, 1024).done);
    board_press(rig.board, true);
    rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));

    struct dfu_result result = dfu_upload(&rig, back, BLUEPILL_AREA + 2048, 1024);
    assert_true(result.done);
    assert_int_equal(result.bytes, BLUEPILL_AREA);
    assert_memory_equal(back, image, BLUEPILL_AREA);
    rig_assert_clean(&rig);
    free(image);
    free(back);
}

static void an_image_too_large_is_refused_and_nothing_outside_the_area_is_touched(void **state)
{
    (void)state;
    uint8_t *image = blink_image(BLUEPILL_AREA + 1, 4), bootloader[8192];

    memcpy(bootloader, rig_flash(&rig, FLASH_BASE), sizeof bootloader);
    assert_true(rig_enter_dfu(&rig));
    struct dfu_result result = dfu_download(&rig, image, BLUEPILL_AREA + 1, 1024);
    assert_false(result.done);
    assert_int_equal(result.last.bState, dfuERROR);
    assert_int_equal(result.last.bStatus, errADDRESS);
    assert_memory_equal(bootloader, rig_flash(&rig, FLASH_BASE), sizeof bootloader);

    /*
     * what was written is not an application: the bootloader is back after a reset, and takes another image
     */
    rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));
    download_and_compare(2000, 1024);
    assert_blinks();
    free(image);
}

static void an_image_that_is_no_application_leaves_the_old_one_alone(void **state)
{
    (void)state;
    uint32_t length = blink_length();
    uint8_t *old = blink_image(length, 1), *wrong = blink_image(4000, 2);
    static const struct {
        uint32_t stack, entry;
        const char *what;
    } cases[] = {
        {0x20005000, 0x08000101, "linked at the start of flash"},
        {0x20005000, 0x08002100, "an even reset vector"},
        {0x20000003, 0x08002101, "a stack pointer without room, bits that do not count set"},
        {0x20005004, 0x08002101, "a stack pointer past RAM"},
        {0x20000000, 0x08002101, "a stack pointer without room"},
        {0x32303A3A, 0x30303030, "a .hex file"},
        {0x60005000, 0x08002101, "a stack pointer outside RAM that old masks let through (D6)"},
    };

    rig_burn(&rig, rig.app_base, old, length);
    board_press(rig.board, true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_power_cycle(&rig);
        assert_true(rig_enter_dfu(&rig));
        memcpy(wrong, &cases[i].stack, 4);
        memcpy(wrong + 4, &cases[i].entry, 4);
        struct dfu_result result = dfu_download(&rig, wrong, 4000, 1024);
        if (result.done || result.last.bStatus != errTARGET)
            fail_msg("%s: status %u", cases[i].what, result.last.bStatus);
        assert_memory_equal(rig_flash(&rig, rig.app_base), old, length);
    }
    assert_int_equal(rig.board->chip.flash.operations, 0);
    board_press(rig.board, false);
    rig_power_cycle(&rig);
    assert_blinks();
    free(old);
    free(wrong);
}

static void the_button_keeps_the_board_in_dfu_mode(void **state)
{
    (void)state;
    uint8_t *image = blink_image(blink_length(), 1);

    rig_burn(&rig, rig.app_base, image, blink_length());
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    rig_assert_clean(&rig);
    free(image);
}

static void the_application_can_ask_for_the_bootloader(void **state)
{
    (void)state;
    uint8_t *image = blink_image(blink_length(), 1);

    rig_burn(&rig, rig.app_base, image, blink_length());
    board_power(rig.board, true);
    rig_run_ms(&rig, 700);
    /* blink asks when PB2 is high; released again before the bootloader looks */
    board_press(rig.board, true);
    rig_run_ms(&rig, 501);
    board_press(rig.board, false);
    assert_true(rig_enter_dfu(&rig));
    /* and the request is gone */
    assert_int_equal(chip_backup_get(&rig.board->chip, 1), 0);
    board_reset_button(rig.board);
    assert_blinks();
    free(image);
}

static void a_download_cut_off_starts_nothing_and_can_be_repeated(void **state)
{
    (void)state;
    uint8_t *old = blink_image(30000, 1), *new = blink_image(20000, 2);

    rig_burn(&rig, rig.app_base, old, 30000);
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    board_press(rig.board, false);
    for (uint16_t block = 0; block < 7; block++) {
        struct dfu_status status;
        assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, new + 1024 * block, 1024), USB_DONE);
        do {
            assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
            rig_run_ms(&rig, status.poll_ms);
        } while (status.bState == dfuDNBUSY);
    }
    rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));
    assert_true(dfu_download(&rig, new, 20000, 1024).done);
    assert_blinks();
    free(old);
    free(new);
}

static void detach_leaves_for_the_application(void **state)
{
    (void)state;
    uint8_t *image = blink_image(blink_length(), 1);

    rig_burn(&rig, rig.app_base, image, blink_length());
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    board_press(rig.board, false);
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 1000, NULL, 0), USB_DONE);
    rig_run_ms(&rig, 200);
    assert_blinks();
    free(image);
}

/* What web/ does: the status that tells of success was answered, the board leaves in 250 ms, and is kept. */
static void a_client_keeps_the_board_with_abort_reads_back_and_lets_it_go(void **state)
{
    (void)state;
    static const unsigned late_ms[] = {0, 100, 240};
    uint32_t length = blink_length();
    uint8_t *image = blink_image(length, 1), *back = malloc(rig.app_bytes + 1024);

    assert_non_null(back);
    for (size_t i = 0; i < sizeof late_ms / sizeof late_ms[0]; i++) {
        board_press(rig.board, i > 0);
        assert_true(rig_enter_dfu(&rig));
        board_press(rig.board, false);
        assert_true(dfu_download(&rig, image, length, 1024).done);
        rig_run_ms(&rig, late_ms[i]);
        assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
        rig_run_ms(&rig, 10000);
        assert_int_equal(dfu_get_state(&rig), dfuIDLE);
        assert_true(dfu_upload(&rig, back, rig.app_bytes + 1024, 1024).done);
        assert_memory_equal(back, image, length);
        assert_int_equal(dfu_send(&rig, DFU_DETACH, 1000, NULL, 0), USB_DONE);
        rig_run_ms(&rig, 300);
        assert_blinks();
        board_press(rig.board, true);
        board_reset_button(rig.board);
    }
    free(back);
    free(image);
}

static void a_dead_crystal_is_shown_and_does_not_end_it(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");

    config.hse_hz = 0;
    rig_free(&rig);
    rig = rig_new_with("BLUEPILL", &config);
    assert_true(rig_enter_dfu(&rig));
    /* two flashes a second instead of one */
    rig_run_ms(&rig, 1024);
    uint64_t before = rig.board->led_changes;
    rig_run_ms(&rig, 10240);
    assert_in_range(rig.board->led_changes - before, 39, 41);
    rig_assert_clean(&rig);
}

static void the_led_blinks_once_a_second_while_waiting(void **state)
{
    (void)state;
    assert_true(rig_enter_dfu(&rig));
    uint64_t before = rig.board->led_changes;
    rig_run_ms(&rig, 10240);
    assert_in_range(rig.board->led_changes - before, 19, 21);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, new_rig, free_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_blank_board_becomes_a_dfu_device),
        RIG_TEST(a_download_does_nothing_that_is_even_suspicious),
        RIG_TEST(a_downloaded_application_runs_and_blinks),
        RIG_TEST(the_application_starts_by_itself_after_power_up),
        RIG_TEST(images_of_all_lengths_are_written_exactly),
        RIG_TEST(blocks_of_any_size_are_taken),
        RIG_TEST(the_whole_area_can_be_written_and_read_back),
        RIG_TEST(an_image_too_large_is_refused_and_nothing_outside_the_area_is_touched),
        RIG_TEST(an_image_that_is_no_application_leaves_the_old_one_alone),
        RIG_TEST(the_button_keeps_the_board_in_dfu_mode),
        RIG_TEST(the_application_can_ask_for_the_bootloader),
        RIG_TEST(a_download_cut_off_starts_nothing_and_can_be_repeated),
        RIG_TEST(detach_leaves_for_the_application),
        RIG_TEST(a_client_keeps_the_board_with_abort_reads_back_and_lets_it_go),
        RIG_TEST(a_dead_crystal_is_shown_and_does_not_end_it),
        RIG_TEST(the_led_blinks_once_a_second_while_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
