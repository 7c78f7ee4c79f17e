/* libvboard's functions for USB, each with what it refuses. */
#include "library_test.h"

/* USB */

static void every_kind_of_endpoint_takes_one_call(void **state)
{
    (void)state;
    enum { SET_LINE_STATE = 0x22, TO_INTERFACE = 0x21, DTR = 1 };
    uint8_t got[64];
    uint32_t actual = 99;
    struct vboard *board = with_file(cdc_echo);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_true(vboard_usb_is_attached(board));
    assert_ok(board, vboard_usb_control(board, 0x80, GET_DESCRIPTOR, 0x0100, 0, got, 18, &actual, SECOND));
    assert_int_equal(actual, 18);
    assert_int_equal(got[1], 1);
    assert_ok(board, vboard_usb_control(board, TO_INTERFACE, SET_LINE_STATE, DTR, 0, NULL, 0, NULL, SECOND));
    assert_ok(board, vboard_usb_in(board, NOTIFICATION_IN, got, 10, &actual, SECOND));
    assert_int_equal(actual, 10);
    assert_int_equal(got[8], 3); /* DCD and DSR */
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "hello", 5, &actual, SECOND));
    assert_int_equal(actual, 5);
    assert_ok(board, vboard_usb_in(board, DATA_IN, got, sizeof got, &actual, SECOND));
    assert_int_equal(actual, 5);
    assert_memory_equal(got, "hello", 5);
    assert_ok(board, vboard_usb_out(board, DATA_OUT, NULL, 0, NULL, SECOND));
    assert_string_equal(vboard_first_violation(board), "");
    vboard_free(board);
}

static void a_transfer_of_many_packets_takes_one_call(void **state)
{
    (void)state;
    uint8_t sent[192], got[192];
    uint32_t actual;
    struct vboard *board = with_file(bulk_echo);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    for (unsigned i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7);
    for (unsigned i = 0; i < 10; i++) {
        assert_ok(board, vboard_usb_out(board, DATA_OUT, sent, sizeof sent, NULL, SECOND));
        assert_ok(board, vboard_usb_in(board, 0x82, got, sizeof got, &actual, SECOND));
        assert_int_equal(actual, sizeof got);
        assert_memory_equal(got, sent, sizeof got);
    }
    vboard_free(board);
}

static void usb_transfers_that_fail_say_why(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual = 99;
    struct vboard *board = with_file(cdc_echo);
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, &actual, SECOND), VBOARD_WRONG);
    assert_says(board, "vboard_usb_enumerate()");
    assert_int_equal(actual, 0);
    assert_int_equal(vboard_usb_control(board, 0x80, 0, 0, 0, got, 2, NULL, SECOND), VBOARD_GONE);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_int_equal(vboard_usb_control(board, 0xC0, STALL_REQUEST, 0, 0, got, 2, &actual, SECOND),
                     VBOARD_STALLED);
    assert_int_equal(vboard_usb_control(board, 0x80, 0, 0, 0, NULL, 2, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_in(board, 0x83, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_says(board, "0x83");
    assert_int_equal(vboard_usb_in(board, DATA_OUT, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_out(board, DATA_IN, got, 1, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_out(board, DATA_OUT, NULL, 1, NULL, SECOND), VBOARD_WRONG);
    uint64_t before = vboard_now(board);
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, &actual, 2500), VBOARD_TIMED_OUT);
    assert_int_equal(actual, 0);
    assert_in_range(vboard_now(board), before + 2500, before + 2502);
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "too long", 8, NULL, SECOND));
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 4, NULL, SECOND), VBOARD_USB_ERROR);
    vboard_plug(board, false);
    assert_false(vboard_usb_is_attached(board));
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_enumerate(board, SECOND), VBOARD_GONE);
    vboard_plug(board, true);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    vboard_free(board);
}

static void a_device_that_does_not_answer_is_gone_or_late(void **state)
{
    (void)state;
    struct vboard *board = looping(); /* D+ is up, and nobody answers */
    assert_int_equal(vboard_usb_enumerate(board, 200 * MILLISECOND), VBOARD_TIMED_OUT);
    assert_int_equal(vboard_usb_enumerate(board, 10 * SECOND), VBOARD_GONE);
    assert_says(board, "does not enumerate");
    assert_in_range(vboard_now(board), 2 * SECOND, 4 * SECOND);
    vboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_endpoint_takes_one_call),
        cmocka_unit_test(a_transfer_of_many_packets_takes_one_call),
        cmocka_unit_test(usb_transfers_that_fail_say_why),
        cmocka_unit_test(a_device_that_does_not_answer_is_gone_or_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
