/* libvboard's USB transfers that go on while the board runs. */
#include "library_test.h"

enum { ECHO_OUT = 0x01, ECHO_IN = 0x82 };

static struct vboard *echo(void)
{
    struct vboard *board = with_file(bulk_echo);
    assert_false(vboard_usb_is_configured(board));
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_true(vboard_usb_is_configured(board));
    return board;
}

static void a_started_transfer_is_over_when_its_bytes_came(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual;
    struct vboard *board = echo();
    struct vboard_transfer *in = vboard_usb_start(board, ECHO_IN, got, sizeof got);
    assert_non_null(in);
    assert_ok(board, vboard_run(board, 10 * MILLISECOND));
    assert_true(vboard_usb_is_pending(in));
    struct vboard_transfer *out = vboard_usb_start(board, ECHO_OUT, (char[]){"hello"}, 5);
    assert_non_null(out);
    assert_ok(board, vboard_run(board, 10 * MILLISECOND));
    assert_false(vboard_usb_is_pending(out));
    assert_false(vboard_usb_is_pending(in));
    assert_ok(board, vboard_usb_finish(board, out, &actual));
    assert_int_equal(actual, 5);
    assert_ok(board, vboard_usb_finish(board, in, &actual));
    assert_int_equal(actual, 5);
    assert_memory_equal(got, "hello", 5);
    vboard_free(board);
}

static void an_endpoint_has_one_transfer_at_a_time(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual = 99;
    struct vboard *board = echo();
    struct vboard_transfer *first = vboard_usb_start(board, ECHO_IN, got, sizeof got);
    assert_non_null(first);
    assert_null(vboard_usb_start(board, ECHO_IN, got, sizeof got));
    assert_says(board, "0x82 is under way");
    assert_int_equal(vboard_usb_in(board, ECHO_IN, got, sizeof got, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_finish(board, first, &actual), VBOARD_TIMED_OUT);
    assert_int_equal(actual, 0);
    assert_ok(board, vboard_usb_out(board, ECHO_OUT, "again", 5, NULL, SECOND));
    assert_ok(board, vboard_usb_in(board, ECHO_IN, got, sizeof got, &actual, SECOND));
    assert_int_equal(actual, 5);
    vboard_free(board);
}

static void a_transfer_that_cannot_be_started_says_why(void **state)
{
    (void)state;
    uint8_t got[64];
    struct vboard *board = with_file(bulk_echo);
    assert_null(vboard_usb_start(board, ECHO_IN, got, sizeof got));
    assert_says(board, "no device is configured");
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_null(vboard_usb_start(board, 0x83, got, sizeof got));
    assert_says(board, "no endpoint 0x83");
    assert_null(vboard_usb_start(board, 0, got, sizeof got));
    assert_says(board, "0x00 is no endpoint");
    assert_null(vboard_usb_start(board, ECHO_IN, NULL, 0));
    assert_says(board, "needs data");
    vboard_free(board);
}

static void a_device_that_leaves_ends_its_transfers(void **state)
{
    (void)state;
    uint8_t got[64];
    struct vboard *board = echo();
    struct vboard_transfer *in = vboard_usb_start(board, ECHO_IN, got, sizeof got);
    vboard_plug(board, false);
    assert_ok(board, vboard_run(board, MILLISECOND));
    assert_false(vboard_usb_is_configured(board));
    assert_false(vboard_usb_is_pending(in));
    assert_int_equal(vboard_usb_finish(board, in, NULL), VBOARD_GONE);
    vboard_free(board);
}

static void a_snapshot_is_refused_while_a_transfer_is_pending(void **state)
{
    (void)state;
    uint8_t got[64];
    struct vboard *board = echo();
    struct vboard_snapshot *before = vboard_save(board);
    assert_non_null(before);
    struct vboard_transfer *in = vboard_usb_start(board, ECHO_IN, got, sizeof got);
    assert_null(vboard_save(board));
    assert_says(board, "vboard_usb_finish()");
    assert_int_equal(vboard_restore(board, before), VBOARD_WRONG);
    assert_int_equal(vboard_usb_finish(board, in, NULL), VBOARD_TIMED_OUT);
    assert_ok(board, vboard_restore(board, before));
    assert_true(vboard_usb_is_configured(board));
    vboard_snapshot_free(before);
    vboard_free(board);
}

static void a_board_is_freed_with_its_transfers(void **state)
{
    (void)state;
    uint8_t got[64];
    struct vboard *board = echo();
    assert_non_null(vboard_usb_start(board, ECHO_IN, got, sizeof got));
    vboard_free(board); /* the sanitizers would tell of what is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_started_transfer_is_over_when_its_bytes_came),
        cmocka_unit_test(an_endpoint_has_one_transfer_at_a_time),
        cmocka_unit_test(a_transfer_that_cannot_be_started_says_why),
        cmocka_unit_test(a_device_that_leaves_ends_its_transfers),
        cmocka_unit_test(a_snapshot_is_refused_while_a_transfer_is_pending),
        cmocka_unit_test(a_board_is_freed_with_its_transfers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
