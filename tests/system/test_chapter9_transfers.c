/* Transfers on the control pipe (USB 2.0 8.5.3, 9.2): given up, repeated, cut short, stalled, suspended. */
#include "chapter9_test.h"

static void begin_long_answer(void)
{
    uint8_t packet[PACKET];
    unsigned length;

    assert_int_equal(wire_setup(&rig, IN | VENDOR, '!', 0, 7, 512), USB_ACK);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    assert_int_equal(length, PACKET);
}

/* 8.5.3.5 and 9.2.6: a host may give up a transfer at any time by the next SETUP. */
static void a_setup_amid_an_answer_begins_anew(void **state)
{
    (void)state;
    go_to(CONFIGURED);
    begin_long_answer();
    expect_alive();
    begin_long_answer();
    begin_long_answer();
    expect_alive();
    /* a request without data, then */
    begin_long_answer();
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 1, 0, 0, NULL, NULL), USB_DONE);
    expect_alive();
    /* before even the first packet was fetched */
    assert_int_equal(wire_setup(&rig, IN | VENDOR, '!', 0, 7, 512), USB_ACK);
    expect_alive();
}

static void a_setup_amid_the_data_of_a_download_forgets_that_block(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 3000, 1);
    struct dfu_status status;

    go_to(CONFIGURED);
    for (unsigned packets = 0; packets < 4; packets++) {
        assert_int_equal(wire_setup(&rig, CLASS | INTERFACE, DFU_DNLOAD, 0, 0, 256), USB_ACK);
        for (unsigned i = 0; i < packets; i++)
            assert_int_equal(wire_out(&rig, !(i & 1), image + 100 + PACKET * i, PACKET), USB_ACK);
        assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
        assert_int_equal(status.bState, dfuIDLE);
    }
    struct dfu_result result = dfu_download(&rig, image, 3000, 1000);
    assert_true(result.done);
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 3000);
    rig_assert_clean(&rig);
    free(image);
}

/* In the second block, too: what came of it must not be counted. */
static void a_block_given_up_can_be_sent_again(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 2000, 1);
    struct dfu_status status;

    go_to(CONFIGURED);
    assert_true(dfu_send_block(&rig, 0, image, 1000));
    assert_int_equal(wire_setup(&rig, CLASS | INTERFACE, DFU_DNLOAD, 1, 0, 1000), USB_ACK);
    assert_int_equal(wire_out(&rig, 1, image, PACKET), USB_ACK);
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bState, dfuDNLOAD_IDLE);
    assert_true(dfu_send_block(&rig, 1, image + 1000, 1000));
    assert_true(dfu_send_block(&rig, 2, NULL, 0));
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 2000);
    free(image);
}

/* 8.5.3.4: a protocol STALL lasts until the next SETUP, in both directions, and no host need clear it. */
static void a_stalled_control_pipe_recovers_with_the_next_setup(void **state)
{
    (void)state;
    uint8_t packet[PACKET];
    unsigned length;

    go_to(CONFIGURED);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(wire_setup(&rig, IN | DEVICE, GET_DESCRIPTOR, 0x0600, 0, 10), USB_ACK);
        for (unsigned tries = 0; tries < 4; tries++)
            assert_int_equal(wire_in(&rig, packet, &length), USB_STALL);
        expect_alive();
        assert_int_equal(wire_setup(&rig, DEVICE, SET_DESCRIPTOR, 0x0100, 0, 18), USB_ACK);
        for (unsigned tries = 0; tries < 4; tries++)
            assert_int_equal(wire_out(&rig, 1, packet, 18), USB_STALL);
        expect_alive();
    }
}

/* An answer that ends with a full packet and is shorter than asked for ends with an empty one (5.5.3). */
static void an_empty_packet_ends_an_answer_that_fills_its_last_one(void **state)
{
    (void)state;
    uint8_t packet[PACKET];
    unsigned length, toggle;

    /* the area is a multiple of the packet: the last, empty block of an upload */
    go_to(CONFIGURED);
    static uint8_t back[130 * 1024];
    struct dfu_result result = dfu_upload(&rig, back, sizeof back, 1024);
    assert_true(result.done);
    assert_int_equal(result.bytes, rig.app_bytes);

    /* in 960 bytes 120 KiB end within a block, after 128 = two packets */
    go_to(CONFIGURED);
    for (uint16_t block = 0; block < 128; block++)
        assert_int_equal(request(IN | CLASS | INTERFACE, DFU_UPLOAD, block, 0, 960, back, NULL), USB_DONE);
    assert_int_equal(rig.app_bytes - 128 * 960, 0);
    assert_int_equal(wire_setup(&rig, IN | CLASS | INTERFACE, DFU_UPLOAD, 128, 0, 960), USB_ACK);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    assert_int_equal(length, 0);

    go_to(CONFIGURED);
    for (uint16_t block = 0; block < 122; block++)
        assert_int_equal(request(IN | CLASS | INTERFACE, DFU_UPLOAD, block, 0, 1000, back, NULL), USB_DONE);
    uint32_t left = rig.app_bytes - 122 * 1000, came = 0;
    assert_int_equal(wire_setup(&rig, IN | CLASS | INTERFACE, DFU_UPLOAD, 122, 0, 1000), USB_ACK);
    for (toggle = 1, length = PACKET; length == PACKET; toggle ^= 1) {
        assert_int_equal(wire_in(&rig, packet, &length), toggle ? USB_DATA1 : USB_DATA0);
        came += length;
    }
    assert_int_equal(came, left);
}

/* Exactly as long as asked for: no empty packet follows, the status stage does. */
static void an_answer_as_long_as_asked_for_ends_without_an_empty_packet(void **state)
{
    (void)state;
    uint8_t packet[PACKET];
    unsigned length;

    go_to(CONFIGURED);
    assert_int_equal(wire_setup(&rig, IN | VENDOR, '!', 0, 7, 128), USB_ACK);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA0);
    assert_int_equal(length, PACKET);
    assert_int_equal(wire_out(&rig, 1, NULL, 0), USB_ACK);
    expect_alive();
}

/* The host may end the data stage early by going to the status stage (8.5.3.2 note, 5.5.3). */
static void a_host_that_has_enough_goes_to_the_status_stage_early(void **state)
{
    (void)state;
    go_to(CONFIGURED);
    for (unsigned i = 0; i < 3; i++) {
        begin_long_answer();
        assert_int_equal(wire_out(&rig, 1, NULL, 0), USB_ACK);
        expect_alive();
    }
}

/* Packets of a download that are shorter than they must be: the block is refused, the device goes on. */
static void a_packet_of_the_wrong_length_stalls_the_data_stage(void **state)
{
    (void)state;
    static const unsigned wrong[] = {0, 1, 30, 63};
    uint8_t data[PACKET] = {0};
    struct dfu_status status;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        go_to(CONFIGURED);
        assert_int_equal(wire_setup(&rig, CLASS | INTERFACE, DFU_DNLOAD, 0, 0, 256), USB_ACK);
        assert_int_equal(wire_out(&rig, 1, data, PACKET), USB_ACK);
        assert_int_equal(wire_out(&rig, 0, data, wrong[i]), USB_ACK);
        assert_int_equal(wire_out(&rig, 1, data, PACKET), USB_STALL);
        assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
        assert_int_not_equal(status.bState, dfuDNLOAD_SYNC);
        expect_alive();
    }
    /* a last packet longer than wLength leaves room for */
    go_to(CONFIGURED);
    assert_int_equal(wire_setup(&rig, CLASS | INTERFACE, DFU_DNLOAD, 0, 0, 80), USB_ACK);
    assert_int_equal(wire_out(&rig, 1, data, PACKET), USB_ACK);
    assert_int_equal(wire_out(&rig, 0, data, PACKET), USB_ACK);
    assert_int_equal(wire_out(&rig, 1, data, PACKET), USB_STALL);
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_not_equal(status.bState, dfuDNLOAD_SYNC);
    expect_alive();
}

/* A packet sent twice, because the device's ACK was lost, counts once (8.6.4). */
static void a_repeated_packet_counts_once(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 192, 1), packet[PACKET];
    unsigned length;

    go_to(CONFIGURED);
    assert_int_equal(wire_setup(&rig, CLASS | INTERFACE, DFU_DNLOAD, 0, 0, 192), USB_ACK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(wire_out(&rig, !(i & 1), image + PACKET * i, PACKET), USB_ACK);
        if (i < 2)
            assert_int_equal(wire_out(&rig, !(i & 1), image + PACKET * i, PACKET), USB_ACK);
    }
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    assert_int_equal(length, 0);
    struct dfu_status status;
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bState, dfuDNLOAD_IDLE);
    assert_true(dfu_send_block(&rig, 1, NULL, 0));
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 192);
    assert_int_equal(*rig_flash(&rig, rig.app_base + 192), 0xFF);
    free(image);
}

/* An answer whose ACK was lost is sent again, the same packet with the same toggle. */
static void a_packet_that_was_not_acknowledged_is_sent_again(void **state)
{
    (void)state;
    uint8_t first[USB_MAX_PACKET], again[USB_MAX_PACKET];
    unsigned length;
    struct chip *chip = &rig.board->chip;

    go_to(CONFIGURED);
    assert_int_equal(wire_setup(&rig, IN | VENDOR, '!', 0, 7, 512), USB_ACK);
    rig_run_ms(&rig, 1);
    for (unsigned toggle = 1, left = LONG_ANSWER; left; left -= length, toggle ^= 1) {
        enum usb_answer expected = toggle ? USB_DATA1 : USB_DATA0;
        assert_int_equal(usb_in(chip, OWN_ADDRESS, 0, first, &length, false), expected);
        rig_run_ms(&rig, 1);
        assert_int_equal(usb_in(chip, OWN_ADDRESS, 0, again, &length, true), expected);
        assert_memory_equal(first, again, length);
        assert_int_equal(length, left < PACKET ? left : PACKET);
        rig_run_ms(&rig, 1);
    }
    assert_int_equal(wire_out(&rig, 1, NULL, 0), USB_ACK);
    expect_alive();
}

static void two_setups_in_a_row_are_answered_in_order(void **state)
{
    (void)state;
    uint8_t packet[PACKET];
    unsigned length;

    go_to(CONFIGURED);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(wire_setup(&rig, IN | DEVICE, GET_CONFIGURATION, 0, 0, 1), USB_ACK);
        assert_int_equal(wire_setup(&rig, IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 18), USB_ACK);
        assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
        assert_int_equal(length, 18);
        assert_int_equal(wire_out(&rig, 1, NULL, 0), USB_ACK);
    }
    rig_assert_clean(&rig);
}

/* Suspend ------------------------------------------------------------------------------------------------ */

static void suspend_and_resume_change_nothing(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 3000, 1);

    go_to(CONFIGURED);
    assert_true(dfu_send_block(&rig, 0, image, 1000));
    for (unsigned i = 0; i < 3; i++) {
        usb_host_suspend(rig.host);
        rig_run_ms(&rig, 500);
        assert_int_equal(rig.host->port, USB_PORT_SUSPENDED); /* and no remote wake-up */
        usb_host_resume(rig.host);
        rig_run_ms(&rig, 40);
        assert_int_equal(rig.host->port, USB_PORT_ENABLED);
        expect_alive();
        assert_int_equal(configuration(), 1);
        assert_int_equal(dfu_get_state(&rig), dfuDNLOAD_IDLE);
    }
    assert_true(dfu_send_block(&rig, 1, image + 1000, 1000));
    assert_true(dfu_send_block(&rig, 2, image + 2000, 1000));
    assert_true(dfu_send_block(&rig, 3, NULL, 0));
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 3000);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setup_amid_an_answer_begins_anew),
        cmocka_unit_test(a_setup_amid_the_data_of_a_download_forgets_that_block),
        cmocka_unit_test(a_block_given_up_can_be_sent_again),
        cmocka_unit_test(a_stalled_control_pipe_recovers_with_the_next_setup),
        cmocka_unit_test(an_empty_packet_ends_an_answer_that_fills_its_last_one),
        cmocka_unit_test(an_answer_as_long_as_asked_for_ends_without_an_empty_packet),
        cmocka_unit_test(a_host_that_has_enough_goes_to_the_status_stage_early),
        cmocka_unit_test(a_packet_of_the_wrong_length_stalls_the_data_stage),
        cmocka_unit_test(a_repeated_packet_counts_once),
        cmocka_unit_test(a_packet_that_was_not_acknowledged_is_sent_again),
        cmocka_unit_test(two_setups_in_a_row_are_answered_in_order),
        cmocka_unit_test(suspend_and_resume_change_nothing),
    };
    return cmocka_run_group_tests(tests, take_snapshots, free_snapshots);
}
