/* libvboard's enumeration that goes on while the board runs. */
#include "library_test.h"

enum { PIECE = 10 * MILLISECOND };

/* Runs in pieces until it is over; returns in how many. */
static unsigned pieces(struct vboard *board)
{
    unsigned n = 0;
    for (; vboard_usb_is_enumerating(board); n++) {
        assert_in_range(n, 0, 500);
        assert_ok(board, vboard_run(board, PIECE));
    }
    return n;
}

/* Into the bus reset: the device is there, and was asked nothing yet. */
static void run_to_reset(struct vboard *board)
{
    while (board->board->host.port != USB_PORT_RESET)
        assert_ok(board, vboard_run(board, MILLISECOND));
}

static void a_started_enumeration_goes_on_while_the_board_runs(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual;
    struct vboard *board = with_file(bulk_echo);
    uint64_t before = vboard_now(board);
    assert_ok(board, vboard_usb_start_enumeration(board));
    assert_int_equal(vboard_now(board), before);
    assert_true(vboard_usb_is_enumerating(board));
    assert_false(vboard_usb_is_configured(board));
    assert_in_range(pieces(board), 12, 30); /* 100 ms of debounce, a reset and its recovery */
    assert_true(vboard_usb_is_configured(board));
    assert_ok(board, vboard_usb_finish_enumeration(board));
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "hello", 5, NULL, SECOND));
    assert_ok(board, vboard_usb_in(board, 0x82, got, sizeof got, &actual, SECOND));
    assert_int_equal(actual, 5);
    vboard_free(board);
}

static void each_time_that_a_device_leaves_the_bus_is_counted(void **state)
{
    (void)state;
    struct vboard *board = with_file(bulk_echo);
    assert_ok(board, vboard_usb_enumerate(board, SECOND));
    uint32_t before = vboard_usb_detachments(board);
    for (uint32_t n = 1; n <= 3; n++) {
        vboard_plug(board, false);
        assert_ok(board, vboard_run(board, 1));
        vboard_plug(board, true);
        assert_ok(board, vboard_run(board, MILLISECOND));
        assert_int_equal(vboard_usb_detachments(board), before + n);
    }
    assert_ok(board, vboard_usb_enumerate(board, SECOND));
    assert_int_equal(vboard_usb_detachments(board), before + 3);
    vboard_free(board);
}

static void a_device_that_never_answers_is_given_up_piece_by_piece(void **state)
{
    (void)state;
    struct vboard *board = looping(); /* D+ is up, and nobody answers */
    assert_ok(board, vboard_usb_start_enumeration(board));
    assert_in_range(pieces(board), 200, 400);
    assert_int_equal(vboard_usb_finish_enumeration(board), VBOARD_GONE);
    assert_says(board, "does not enumerate");
    assert_false(vboard_usb_is_configured(board));
    vboard_free(board);
}

static void it_takes_as_long_as_in_one_call(void **state)
{
    (void)state;
    struct vboard *one = looping(), *other = looping();
    assert_int_equal(vboard_usb_enumerate(one, 10 * SECOND), VBOARD_GONE);
    assert_ok(other, vboard_usb_start_enumeration(other));
    unsigned milliseconds = PIECE / MILLISECOND * pieces(other);
    assert_in_range(vboard_now(one) / MILLISECOND, milliseconds - PIECE / MILLISECOND, milliseconds);
    vboard_free(one);
    vboard_free(other);
}

static void one_that_is_finished_early_ends_there(void **state)
{
    (void)state;
    struct vboard *board = with_file(bulk_echo);
    assert_int_equal(vboard_usb_finish_enumeration(board), VBOARD_WRONG);
    assert_says(board, "vboard_usb_start_enumeration()");
    assert_ok(board, vboard_usb_start_enumeration(board));
    run_to_reset(board);
    assert_true(vboard_usb_is_enumerating(board));
    assert_int_equal(vboard_usb_finish_enumeration(board), VBOARD_TIMED_OUT);
    assert_false(vboard_usb_is_enumerating(board));
    assert_ok(board, vboard_run(board, SECOND));
    assert_false(vboard_usb_is_configured(board));
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    vboard_free(board);
}

static void without_a_device_it_waits(void **state)
{
    (void)state;
    struct vboard *board = with_file(bulk_echo);
    vboard_plug(board, false);
    assert_ok(board, vboard_usb_start_enumeration(board));
    assert_ok(board, vboard_run(board, 2 * SECOND));
    assert_true(vboard_usb_is_enumerating(board));
    vboard_plug(board, true);
    pieces(board);
    assert_ok(board, vboard_usb_finish_enumeration(board));
    assert_ok(board, vboard_usb_start_enumeration(board));
    vboard_plug(board, false);
    assert_ok(board, vboard_run(board, MILLISECOND));
    assert_false(vboard_usb_is_enumerating(board)); /* it left while it was asked */
    assert_int_equal(vboard_usb_finish_enumeration(board), VBOARD_GONE);
    assert_ok(board, vboard_usb_start_enumeration(board));
    assert_int_equal(vboard_usb_finish_enumeration(board), VBOARD_GONE);
    assert_says(board, "no device was attached");
    vboard_free(board);
}

static void meanwhile_no_transfer_can_be_made(void **state)
{
    (void)state;
    uint8_t got[18];
    struct vboard *board = with_file(bulk_echo);
    assert_ok(board, vboard_usb_start_enumeration(board));
    run_to_reset(board);
    assert_int_equal(vboard_usb_control(board, 0x80, GET_DESCRIPTOR, 0x0100, 0, got, 18, NULL, SECOND),
                     VBOARD_WRONG);
    assert_says(board, "vboard_usb_finish_enumeration()");
    assert_null(vboard_usb_start(board, DATA_OUT, got, 1));
    pieces(board);
    assert_ok(board, vboard_usb_finish_enumeration(board));
    vboard_free(board);
}

static void a_snapshot_holds_an_enumeration_that_is_under_way(void **state)
{
    (void)state;
    struct vboard *board = with_file(bulk_echo);
    struct vboard_snapshot *first = vboard_save(board);
    assert_ok(board, vboard_usb_start_enumeration(board));
    for (unsigned i = 0; i < 30; i++) { /* at each of its steps */
        assert_ok(board, vboard_run(board, 5 * MILLISECOND));
        bool before = vboard_usb_is_enumerating(board);
        struct vboard_snapshot *here = vboard_save(board);
        assert_non_null(here);
        unsigned n = pieces(board);
        assert_true(vboard_usb_is_configured(board));
        assert_ok(board, vboard_restore(board, here));
        assert_int_equal(vboard_usb_is_enumerating(board), before);
        assert_int_equal(pieces(board), n);
        assert_true(vboard_usb_is_configured(board));
        assert_ok(board, vboard_restore(board, here));
        vboard_snapshot_free(here);
    }
    assert_ok(board, vboard_restore(board, first));
    assert_false(vboard_usb_is_enumerating(board));
    assert_ok(board, vboard_run(board, SECOND));
    assert_false(vboard_usb_is_configured(board));
    vboard_snapshot_free(first);
    vboard_free(board);
}

static void one_that_is_started_again_begins_anew(void **state)
{
    (void)state;
    struct vboard *board = with_file(bulk_echo);
    assert_ok(board, vboard_usb_start_enumeration(board));
    run_to_reset(board);
    assert_ok(board, vboard_usb_start_enumeration(board));
    pieces(board);
    assert_ok(board, vboard_usb_finish_enumeration(board));
    assert_true(vboard_usb_is_configured(board));
    vboard_free(board);
}

static void a_board_that_stands_still_starts_none(void **state)
{
    (void)state;
    struct vboard *board = running("BLUEPILL", NULL, undefined, sizeof undefined);
    assert_int_equal(vboard_run(board, SECOND), VBOARD_LOCKED_UP);
    assert_int_equal(vboard_usb_start_enumeration(board), VBOARD_LOCKED_UP);
    assert_false(vboard_usb_is_enumerating(board));
    vboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_started_enumeration_goes_on_while_the_board_runs),
        cmocka_unit_test(each_time_that_a_device_leaves_the_bus_is_counted),
        cmocka_unit_test(a_device_that_never_answers_is_given_up_piece_by_piece),
        cmocka_unit_test(it_takes_as_long_as_in_one_call),
        cmocka_unit_test(one_that_is_finished_early_ends_there),
        cmocka_unit_test(without_a_device_it_waits),
        cmocka_unit_test(meanwhile_no_transfer_can_be_made),
        cmocka_unit_test(a_snapshot_holds_an_enumeration_that_is_under_way),
        cmocka_unit_test(one_that_is_started_again_begins_anew),
        cmocka_unit_test(a_board_that_stands_still_starts_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
