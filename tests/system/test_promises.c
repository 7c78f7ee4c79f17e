/* What docs/applications.md promises an application of its RAM: which bytes a start and DFU mode write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { KIB = 1024, LENGTH = 3 * KIB, STACK = 64, CHECK_STACK = 512, CONNECTED_MS = 300 };
#define START_LIMIT (8 * TICKS_PER_SECOND)

/* A build, and what the manual says that it writes: RAM up to `low`, and from `high` to `end` (offsets). */
static const struct promise {
    const char *build, *target;
    uint32_t low, high, end; /* by a start */
    uint32_t serving;        /* DFU mode: everything below */
} promises[] = {
    {"BLUEPILL", "BLUEPILL", 0, 8 * KIB - STACK, 8 * KIB, 8 * KIB},
    {"BLUEPILL_HIGH_128", "BLUEPILL_HIGH_128", 0, 8 * KIB - STACK, 8 * KIB, 8 * KIB},
    {"BTTSKRMINIE3V2", "BTTSKRMINIE3V2", 0, 12 * KIB - STACK, 12 * KIB, 12 * KIB},
    {"STM32L152DISCOVERY", "STM32L152DISCOVERY", 0, 10 * KIB - STACK, 10 * KIB, 10 * KIB},
    {"STM32L152DISCOVERY_SIGNED", "STM32L152DISCOVERY_SIGNED", 0, 16 * KIB - STACK, 16 * KIB, 16 * KIB},
    {"double-tap", "BLUEPILL", 0, 8 * KIB - STACK, 8 * KIB, 8 * KIB},
    {"app-watchdog", "BLUEPILL", 0, 8 * KIB - STACK, 8 * KIB, 8 * KIB},
    {"BLUEPILL_SIGNED", "BLUEPILL_SIGNED", 0, 20 * KIB - STACK, 20 * KIB, 20 * KIB},
    {"verify-at-start", "BLUEPILL_SIGNED", 14 * KIB, 20 * KIB - CHECK_STACK, 20 * KIB, 20 * KIB},
    {"verify-at-start-high", "BLUEPILL_HIGH_SIGNED", 14 * KIB, 20 * KIB - CHECK_STACK, 20 * KIB, 20 * KIB},
    {"verify-at-start-2k", "BTTSKRMINIE3V2_SIGNED", 16 * KIB, 20 * KIB - CHECK_STACK, 20 * KIB, 20 * KIB},
};
enum { PROMISES = sizeof promises / sizeof promises[0] };

static struct rig rig;

static int put_away(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig = (struct rig){0};
    return 0;
}

static void use(const struct promise *promise)
{
    struct chip_config config = rig_config(promise->target);

    rig = rig_new_build(promise->build, promise->target, &config);
}

static void download(unsigned seed)
{
    uint8_t *image = rig_application(&rig, LENGTH, seed);

    assert_true(dfu_download(&rig, image, LENGTH, rig.transfer_size).done);
    free(image);
}

static void fill(uint8_t pattern)
{
    memset(rig.board->chip.ram, pattern, rig.board->chip.config.ram_bytes);
}

/* Adds to `written` which bytes are no longer the pattern. */
static void look(uint8_t pattern, bool *written)
{
    for (uint32_t i = 0; i < rig.board->chip.config.ram_bytes; i++)
        written[i] |= rig.board->chip.ram[i] != pattern;
}

/* Patterns that differ in each bit: what is written differs from one of them. */
enum { PATTERNS = 2 };
static const uint8_t patterns[PATTERNS] = {0x5A, 0xA5};

static bool *none_written(void)
{
    bool *written = calloc(rig.board->chip.config.ram_bytes, sizeof *written);

    assert_non_null(written);
    return written;
}

/* Ends the test if a byte was written that is neither below `low` nor from `high` up to `end`. */
static void expect(const struct promise *promise, const char *when, const bool *written, uint32_t low,
                   uint32_t high, uint32_t end)
{
    bool any = false;

    for (uint32_t i = 0; i < rig.board->chip.config.ram_bytes; i++) {
        any |= written[i];
        if (written[i] && i >= low && (i < high || i >= end))
            fail_msg("%s: %s writes 0x%08X, outside of what the manual says", promise->build, when,
                     (unsigned)(RAM_BASE + i));
    }
    assert_true(any); /* it needs a stack at least: else nothing was looked at */
}

static void a_start_writes_only_the_ram_that_the_manual_says(void **state)
{
    (void)state;
    for (const struct promise *promise = promises; promise < promises + PROMISES; promise++) {
        bool *written;

        use(promise);
        board_press(rig.board, true);
        assert_true(rig_enter_dfu(&rig));
        download(1);
        board_press(rig.board, false);
        rig_power_cycle(&rig);
        assert_true(rig_starts_application(&rig, START_LIMIT));
        written = none_written();
        for (unsigned i = 0; i < PATTERNS; i++) {
            fill(patterns[i]);
            board_reset_button(rig.board);
            assert_true(rig_starts_application(&rig, START_LIMIT));
            look(patterns[i], written);
        }
        expect(promise, "a start", written, promise->low, promise->high, promise->end);
        free(written);
        rig_assert_clean(&rig);
        put_away(NULL);
    }
}

static void dfu_mode_writes_only_the_ram_that_the_manual_says(void **state)
{
    (void)state;
    for (const struct promise *promise = promises; promise < promises + PROMISES; promise++) {
        bool *written;

        use(promise);
        board_press(rig.board, true);
        assert_true(rig_enter_dfu(&rig));
        written = none_written();
        for (unsigned i = 0; i < PATTERNS; i++) {
            fill(patterns[i]);
            board_reset_button(rig.board);
            rig_run_ms(&rig, CONNECTED_MS);
            assert_true(rig_enumerate(&rig));
            download(i);
            look(patterns[i], written);
        }
        expect(promise, "DFU mode", written, promise->serving, 0, 0);
        free(written);
        rig_assert_clean(&rig);
        put_away(NULL);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_start_writes_only_the_ram_that_the_manual_says),
        TEST(dfu_mode_writes_only_the_ram_that_the_manual_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
