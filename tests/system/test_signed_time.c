/* While a signature is checked: what the host is told of the time it takes, USB, the watchdog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum {
    KIB = 1024,
    FASTEST_LSI = 60000,
    HIDDEN = 28,
    CRYSTAL_HZ = 8000000,
    MOST_MS = 3000,
    SHORT_MS = 200,
    TURNAROUND_US = 20
};

static struct rig rig;
static uint8_t *file;

static const char *const kinds[] = {"BLUEPILL_SIGNED", "BLUEPILL_HIGH_SIGNED",
                                    "BTTSKRMINIE3V2_HIGH_256_SIGNED"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

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

static void use(const char *target, uint32_t crystal_hz)
{
    struct chip_config config = rig_config(target);

    config.hse_hz = crystal_hz;
    config.hardware_watchdog = true;
    config.lsi_hz = FASTEST_LSI;
    rig = rig_new_with(target, &config);
}

/* Everything but the answer to the question how it ended. */
static void send_all(uint32_t length)
{
    uint32_t block = rig.transfer_size;

    file = rig_application(&rig, length, 1);
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    for (uint32_t at = 0; at < length; at += block)
        assert_true(dfu_send_block(&rig, (uint16_t)(at / block), file + at,
                                   (uint16_t)(length - at < block ? length - at : block)));
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, (uint16_t)((length + block - 1) / block), NULL, 0), USB_DONE);
}

/* The last half-word of all is in flash. */
static bool is_valid(void)
{
    uint16_t key;

    memcpy(&key, rig_flash(&rig, rig.app_base + (rig_is_high(rig.target) ? HIDDEN : 0) + 2), sizeof key);
    return key == 0x2000;
}

static unsigned ms_until_valid(void)
{
    for (unsigned ms = 0; ms < MOST_MS; ms++) {
        if (is_valid())
            return ms;
        rig_run_ms(&rig, 1);
    }
    fail_msg("%s: the image is not valid after %d ms", rig.target, MOST_MS);
    return 0;
}

static void the_host_is_told_how_long_it_takes_at_least(void **state)
{
    static const uint32_t crystals[] = {CRYSTAL_HZ, 0};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned i = 0; i < 2; i++) {
            struct dfu_status status;

            use(kinds[kind], crystals[i]);
            send_all(rig.app_bytes);
            assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
            if (status.bState == dfuMANIFEST) { /* else the answer could wait for the end */
                unsigned left = ms_until_valid();

                /* no more than it takes; and with a crystal not much less */
                if (status.poll_ms > left + 1 || (crystals[i] && left > status.poll_ms + SHORT_MS))
                    fail_msg("%s: it takes %u ms, and the host is told %u", kinds[kind], left,
                             status.poll_ms);
            }
            rig_run_ms(&rig, status.poll_ms);
            while (status.bState != dfuIDLE) {
                assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
                assert_int_equal(status.bStatus, OK);
                rig_run_ms(&rig, status.poll_ms);
            }
            rig_assert_clean(&rig);
            put_away(NULL);
        }
}

/* The poll times of docs/protocol.md: 60 ms at most, 40 with pages of 1 KiB. */
static void a_check_that_was_aborted_makes_no_later_block_take_longer(void **state)
{
    enum { BLOCKS = 10, MOST_BUSY_MS = 60, MOST_BUSY_MS_1K = 40 };

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind], CRYSTAL_HZ);
        send_all(rig.app_bytes);
        assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);

        uint32_t block = rig.transfer_size, longest = 0;
        for (uint16_t i = 0; i < BLOCKS; i++) {
            struct dfu_status status;

            assert_int_equal(dfu_send(&rig, DFU_DNLOAD, i, file + i * block, (uint16_t)block), USB_DONE);
            do {
                assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
                rig_run_ms(&rig, status.poll_ms);
                if (status.poll_ms > longest)
                    longest = status.poll_ms;
            } while (status.bState == dfuDNBUSY);
            assert_int_equal(status.bState, dfuDNLOAD_IDLE);
        }
        assert_in_range(longest, 1, block > KIB ? MOST_BUSY_MS : MOST_BUSY_MS_1K);
        rig_assert_clean(&rig);
        put_away(NULL);
    }
}

/* By a host that asks the next thing 20 us after the last answer, which is faster than any. */
static void every_request_is_answered_meanwhile(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        unsigned requests = 0;
        ticks longest = 0;

        use(kinds[kind], CRYSTAL_HZ);
        send_all(16 * KIB);
        rig.host->turnaround = ticks_from_us(TURNAROUND_US);
        for (; !is_valid(); requests++) {
            uint8_t device[18];
            uint32_t length = 0;
            ticks from = board_now(rig.board);

            assert_int_equal(rig_request(&rig, 0x80, 6, 0x0100, 0, sizeof device, device, &length), USB_DONE);
            assert_int_equal(length, sizeof device);
            assert_true(requests < 100000);
            if (board_now(rig.board) - from > longest)
                longest = board_now(rig.board) - from;
        }
        rig_assert_clean(&rig);
        assert_true(requests > 100);
        if (ticks_to_us(longest) > 2000)
            fail_msg("%s: a request took %u us", kinds[kind], (unsigned)ticks_to_us(longest));
        put_away(NULL);
    }
}

static void a_hardware_watchdog_does_not_bite(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind], 0);
        send_all(rig.app_bytes);
        (void)ms_until_valid();
        assert_int_equal(rig.board->chip.reset_cause, RESET_POWER);
        rig_assert_clean(&rig);
        put_away(NULL);
    }
}

/* Who never asks finds the application running; a board that stays until told is told by a bus reset. */
static void nobody_needs_to_ask(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind], CRYSTAL_HZ);
        send_all(16 * KIB);
        board_press(rig.board, false);
        if (strstr(kinds[kind], "SKR"))
            usb_host_reset(rig.host, 10);
        assert_true(rig_starts_application(&rig, 8 * TICKS_PER_SECOND));
        rig_assert_clean(&rig);
        put_away(NULL);
    }
}

/* Who is told to wait, and then is gone, leaves no board in DFU mode; nor one that reset the bus before. */
static void who_asks_once_and_is_gone_finds_the_application_running(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned reset = 0; reset < 2; reset++) {
            struct dfu_status status;

            use(kinds[kind], 0); /* the check takes longest */
            send_all(rig.app_bytes);
            board_press(rig.board, false);
            if (reset || strstr(kinds[kind], "SKR")) {
                usb_host_reset(rig.host, 10);
                assert_true(rig_enumerate(&rig));
            }
            assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
            assert_int_equal(status.bState, dfuMANIFEST);
            assert_false(is_valid());
            assert_true(rig_starts_application(&rig, 8 * TICKS_PER_SECOND));
            rig_assert_clean(&rig);
            put_away(NULL);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(the_host_is_told_how_long_it_takes_at_least),
        TEST(a_check_that_was_aborted_makes_no_later_block_take_longer),
        TEST(every_request_is_answered_meanwhile),
        TEST(a_hardware_watchdog_does_not_bite),
        TEST(nobody_needs_to_ask),
        TEST(who_asks_once_and_is_gone_finds_the_application_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
