/* Forms of a file that its maker signed: a length that no file has, the magic word elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"
#include "signed_file.h"

enum { KIB = 1024, LENGTH = 3 * KIB + 200 };

static struct rig rig;

static int put_away(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig = (struct rig){0};
    return 0;
}

static struct dfu_result send(const uint8_t *file, uint32_t length)
{
    board_press(rig.board, true);
    if (rig.board->chip.powered)
        rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));

    struct dfu_result result = dfu_download(&rig, file, length, rig.transfer_size);

    rig_assert_clean(&rig);
    return result;
}

static bool starts(void)
{
    board_press(rig.board, false);
    rig_power_cycle(&rig);

    bool started = rig_starts_application(&rig, 2 * TICKS_PER_SECOND);

    rig_assert_clean(&rig);
    return started;
}

/* As tools/sign never makes it, with the right key: docs/signing.md, "The format". */
static void a_genuine_file_whose_length_is_no_multiple_of_4_is_refused(void **state)
{
    static const char *const kinds[] = {"BLUEPILL_SIGNED", "BLUEPILL_HIGH_SIGNED"};

    (void)state;
    for (unsigned kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        rig = rig_new(kinds[kind]);
        for (uint32_t length = LENGTH; length <= LENGTH + 4; length++) {
            const struct trailer_head trailer = trailer_of(rig.target, rig.app_base, length, FIRST_VERSION);
            uint8_t *file = rig_application(&rig, LENGTH + 4, 1);

            sign(file, length, &trailer);

            struct dfu_result result = send(file, length);

            if (length % 4 == 0)
                assert_true(result.done);
            else if (result.last.bState != dfuERROR || result.last.bStatus != errFILE)
                fail_msg("%s: %u bytes: state %u, status %u", rig.target, length, result.last.bState,
                         result.last.bStatus);
            assert_int_equal(starts(), length % 4 == 0);
            free(file);
        }
        put_away(NULL);
    }
}

/*
 * The check at the start looks for the trailer in flash; what only looks like one is part of the application.
 */
static void words_that_look_like_a_trailer_do_not_keep_an_application_from_starting(void **state)
{
    static const char *const builds[][2] = {{"verify-at-start", "BLUEPILL_SIGNED"},
                                            {"verify-at-start-high", "BLUEPILL_HIGH_SIGNED"}};
    enum { BEHIND = 2 * KIB, ON_FIRST_PAGE = 512 };

    (void)state;
    for (unsigned build = 0; build < 2; build++) {
        const struct chip_config config = rig_config(builds[build][1]);

        rig = rig_new_build(builds[build][0], builds[build][1], &config);

        uint8_t *file = rig_application(&rig, LENGTH, 1);

        memcpy(file + ON_FIRST_PAGE, "DBS1", 4);
        memcpy(file + BEHIND, file + LENGTH - TRAILER, TRAILER); /* says another length than its place has */
        rig_sign(&rig, file, LENGTH, FIRST_VERSION);
        assert_true(send(file, LENGTH).done);
        assert_true(starts());
        free(file);
        put_away(NULL);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_genuine_file_whose_length_is_no_multiple_of_4_is_refused),
        TEST(words_that_look_like_a_trailer_do_not_keep_an_application_from_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
