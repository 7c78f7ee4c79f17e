/* The USB peripheral from both sides, register by register and token by token, against RM0008 chapter 23. */
#include "usb_test.h"

/* Registers */

static void test_reset_values(void **state)
{
    struct model *model = *state;
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++)
        assert_int_equal(epr(model, n), 0);
    assert_int_equal(model_read(model, USB_CNTR), 3);
    assert_int_equal(model_read(model, USB_ISTR), 0);
    assert_int_equal(model_read(model, USB_DADDR), 0);
    assert_int_equal(model_read(model, USB_BTABLE), 0);
    assert_false(usb_transceiver_on(chip_of(model)));
}

static void test_toggle_bits_flip_on_one_and_stay_on_zero(void **state)
{
    struct model *model = *state;
    static const uint16_t toggles[] = {1 << 14, 1 << 13, 1 << 12, 1 << 6, 1 << 5, 1 << 4};
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    for (unsigned i = 0; i < 6; i++) {
        model_write(model, EP * 4, EPR_BULK | EP | toggles[i]);
        assert_int_equal(epr(model, EP), EPR_BULK | EP | toggles[i]);
        model_write(model, EP * 4, EPR_BULK | EP);
        assert_int_equal(epr(model, EP), EPR_BULK | EP | toggles[i]);
        model_write(model, EP * 4, EPR_BULK | EP | toggles[i]);
        assert_int_equal(epr(model, EP), EPR_BULK | EP);
    }
}

static void test_ctr_bits_clear_on_zero_and_cannot_be_set(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    model_write(model, EP * 4, EPR_CTR | EPR_BULK | EP);
    assert_false(epr(model, EP) & EPR_CTR);
    assert_int_equal(out(model, EP, 0, 4), USB_ACK);
    model_write(model, EP * 4, EPR_CTR | EPR_BULK | EP);
    assert_int_equal(epr(model, EP) & EPR_CTR, EPR_CTR_RX);
    model_write(model, EP * 4, EPR_CTR_TX | EPR_BULK | EP);
    assert_false(epr(model, EP) & EPR_CTR);
    model_expect_clean(model);
}

static void test_setup_bit_and_istr_summary_are_read_only(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    model_write(model, EP * 4, EPR_CONTROL | EPR_SETUP | EP);
    assert_false(epr(model, EP) & EPR_SETUP);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    assert_int_equal(model_read(model, USB_ISTR) & (ISTR_CTR | ISTR_DIR | 15), ISTR_CTR | ISTR_DIR | EP);
    model_write(model, USB_ISTR, 0);
    assert_int_equal(model_read(model, USB_ISTR) & (ISTR_CTR | ISTR_DIR | 15), ISTR_CTR | ISTR_DIR | EP);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    assert_int_equal(model_read(model, USB_ISTR) & (ISTR_CTR | ISTR_DIR | 15), 0);
}

static void test_the_lowest_register_comes_first_in_istr_but_double_buffered_ones_before_it(void **state)
{
    struct model *model = *state;
    for (unsigned n = 1; n < 4; n++) {
        model_table(model, n, 0, 0x80 + 0x40 * n);
        model_write(model, n * 4, (uint16_t)((n == 3 ? EPR_ISOCHRONOUS : EPR_BULK) | n));
        if (n == 3) {
            model_poke(model, 3 * 8, 0x48);
            model_poke(model, 3 * 8 + 2, 0x4 << 10);
        }
        model_stat(model, n, USB_RX, STAT_VALID);
    }
    out(model, 2, 0, 4);
    assert_int_equal(model_read(model, USB_ISTR) & 15, 2);
    out(model, 1, 0, 4);
    assert_int_equal(model_read(model, USB_ISTR) & 15, 1);
    out(model, 3, 0, 4);
    assert_int_equal(model_read(model, USB_ISTR) & 15, 3);
    model_expect_clean(model);
}

/* Control transfers */

static void test_a_setup_sets_both_directions_to_nak_and_data1(void **state)
{
    struct model *model = *state;
    static const enum usb_stat stats[] = {STAT_STALL, STAT_NAK, STAT_VALID};
    for (unsigned i = 0; i < 3; i++) {
        model_write(model, EP * 4, epr(model, EP) & (EPR_TOGGLE | EPR_READ_WRITE));
        open_endpoint(model, EP, EPR_CONTROL, stats[i], STAT_STALL);
        assert_int_equal(setup_token(model, EP), USB_ACK);
        uint16_t now = epr(model, EP);
        assert_int_equal(fsdev_stat(now, USB_RX), STAT_NAK);
        assert_int_equal(fsdev_stat(now, USB_TX), STAT_NAK);
        assert_true(now & EPR_DTOG_RX);
        assert_true(now & EPR_DTOG_TX);
        assert_int_equal(now & (EPR_CTR | EPR_SETUP), EPR_CTR_RX | EPR_SETUP);
        assert_int_equal(model_peek(model, EP * 8 + 6), MODEL_BLOCKS_64 | 8);
        assert_int_equal(model_peek(model, MODEL_RX1), 0x0680);
        model_clear_ctr(model, EP, EPR_CTR_RX);
    }
    model_expect_clean(model);
}

static void test_a_setup_is_dropped_while_the_last_packet_is_unacknowledged(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    assert_int_equal(setup_token(model, EP), USB_SILENCE);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    assert_int_equal(setup_token(model, EP), USB_ACK);
}

static void test_only_enabled_control_endpoints_take_a_setup(void **state)
{
    struct model *model = *state;
    assert_int_equal(setup_token(model, EP), USB_SILENCE);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_NAK);
    assert_int_equal(setup_token(model, EP), USB_SILENCE);
    assert_int_equal(usb_setup(chip_of(model), ADDRESS + 1, EP, (const uint8_t[8]){0}), USB_SILENCE);
}

static void test_an_out_clears_setup_but_not_while_ctr_rx_is_set(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    setup_token(model, EP);
    model_stat(model, EP, USB_RX, STAT_VALID); /* before clearing CTR_RX: a race, and told as one */
    assert_int_equal(out(model, EP, 1, 4), USB_ACK);
    assert_true(epr(model, EP) & EPR_SETUP);
    assert_true(model_broke(model, "usb-event-lost"));
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 4), USB_ACK);
    assert_false(epr(model, EP) & EPR_SETUP);
}

static void test_status_out_stalls_data(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL | EPR_EP_KIND, STAT_VALID, STAT_NAK);
    assert_int_equal(out(model, EP, 0, 1), USB_STALL);
    assert_false(epr(model, EP) & EPR_CTR_RX);
    assert_int_equal(out(model, EP, 0, 0), USB_ACK);
    assert_true(epr(model, EP) & EPR_CTR_RX);
}

/* OUT and IN */

static void test_out_answers_by_stat_rx(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    assert_int_equal(out(model, EP, 0, 4), USB_SILENCE);
    model_stat(model, EP, USB_RX, STAT_STALL);
    assert_int_equal(out(model, EP, 0, 4), USB_STALL);
    model_stat(model, EP, USB_RX, STAT_NAK);
    assert_int_equal(out(model, EP, 0, 4), USB_NAK);
    assert_false(epr(model, EP) & EPR_CTR);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 5), USB_ACK);
    assert_int_equal(fsdev_stat(epr(model, EP), USB_RX), STAT_NAK);
    assert_true(epr(model, EP) & EPR_DTOG_RX);
    assert_int_equal(model_peek(model, EP * 8 + 6), MODEL_BLOCKS_64 | 5);
    assert_int_equal(model_peek(model, MODEL_RX1 + 2), 0x0403);
    model_expect_clean(model);
}

static void test_the_crc_is_stored_behind_a_packet(void **state)
{
    struct model *model = *state;
    uint8_t data[4] = {0, 1, 2, 3};
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    assert_int_equal(usb_out(chip_of(model), ADDRESS, EP, 0, data, sizeof data), USB_ACK);
    assert_int_equal(model_peek(model, MODEL_RX1 + 4), 0x7AEF); /* USB 2.0's CRC16 of 00 01 02 03 is EF 7A */
}

static void test_a_repeated_packet_is_acknowledged_and_forgotten(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    assert_int_equal(out(model, EP, 1, 4), USB_ACK);
    assert_int_equal(fsdev_stat(epr(model, EP), USB_RX), STAT_VALID);
    assert_false(epr(model, EP) & (EPR_CTR | EPR_DTOG_RX));
}

static void test_a_packet_too_long_for_its_buffer_is_stalled_without_interrupt(void **state)
{
    struct model *model = *state;
    model_table(model, EP, 0, MODEL_RX1);
    model_poke(model, EP * 8 + 6, 5 << 10); /* 10 bytes */
    model_poke(model, MODEL_RX1 + 10, 0xBEEF);
    model_write(model, EP * 4, EPR_BULK | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 11), USB_STALL);
    assert_false(epr(model, EP) & EPR_CTR);
    assert_int_equal(fsdev_stat(epr(model, EP), USB_RX), STAT_VALID);
    assert_int_equal(model_peek(model, MODEL_RX1 + 10), 0xBEEF);
    assert_int_equal(out(model, EP, 0, 10), USB_ACK);
}

static void test_buffer_sizes_in_blocks_of_2_and_of_32(void **state)
{
    struct model *model = *state;
    static const struct {
        uint16_t count;
        unsigned size;
    } sizes[] = {{1 << 10, 2}, {31 << 10, 62}, {0x8000, 32}, {0x8400, 64}, {0x8C00, 128}};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        model_write(model, EP * 4, epr(model, EP) & (EPR_TOGGLE | EPR_READ_WRITE));
        model_table(model, EP, 0, MODEL_RX1);
        model_poke(model, EP * 8 + 6, sizes[i].count);
        model_write(model, EP * 4, EPR_BULK | EP);
        model_stat(model, EP, USB_RX, STAT_VALID);
        assert_int_equal(out(model, EP, 0, sizes[i].size + 1), USB_STALL);
        assert_int_equal(out(model, EP, 0, sizes[i].size), USB_ACK);
        model_clear_ctr(model, EP, EPR_CTR_RX);
    }
    model_expect_clean(model);
}

static void test_in_answers_by_stat_tx(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length = 0;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_DISABLED);
    assert_int_equal(in(model, EP, data, &length, true), USB_SILENCE);
    model_stat(model, EP, USB_TX, STAT_STALL);
    assert_int_equal(in(model, EP, data, &length, true), USB_STALL);
    model_stat(model, EP, USB_TX, STAT_NAK);
    assert_int_equal(in(model, EP, data, &length, true), USB_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abc", 3);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
    assert_int_equal(length, 3);
    assert_memory_equal(data, "abc", 3);
    assert_int_equal(fsdev_stat(epr(model, EP), USB_TX), STAT_NAK);
    assert_int_equal(epr(model, EP) & (EPR_CTR | EPR_DTOG_TX), EPR_CTR_TX | EPR_DTOG_TX);
    model_clear_ctr(model, EP, EPR_CTR_TX);
    model_send(model, EP, MODEL_TX1, NULL, 0);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA1);
    assert_int_equal(length, 0);
    model_expect_clean(model);
}

static void test_an_in_whose_ack_is_lost_is_sent_again(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"xy", 2);
    assert_int_equal(in(model, EP, data, &length, false), USB_DATA0);
    assert_false(epr(model, EP) & EPR_CTR);
    assert_true(model_read(model, USB_ISTR) & ISTR_ERR);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
    assert_true(epr(model, EP) & EPR_CTR_TX);
}

static void test_the_address_and_ef_must_match(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_BULK, STAT_NAK, STAT_NAK);
    assert_int_equal(usb_out(chip_of(model), ADDRESS + 1, EP, 0, NULL, 0), USB_SILENCE);
    assert_int_equal(out(model, EP, 0, 0), USB_NAK);
    model_write(model, USB_DADDR, ADDRESS);
    assert_int_equal(out(model, EP, 0, 0), USB_SILENCE);
}

/* Bits 15:10 of COUNTn_TX are not used (RM0008 23.5.3): a driver that changes the count alone leaves there
 * what the memory held at power-up. */
static void test_the_upper_bits_of_a_transmit_count_are_not_considered(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_copy_in(model, EP, MODEL_TX1, (const uint8_t *)"abcdefgh", 8);
    model_poke(model, EP * 8 + 2, 0xFC00 | 8);
    model_stat(model, EP, USB_TX, STAT_VALID);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
    assert_int_equal(length, 8);
    model_expect_clean(model);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_enabled, model_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reset_values, model_setup, model_teardown),
        TEST(test_toggle_bits_flip_on_one_and_stay_on_zero),
        TEST(test_ctr_bits_clear_on_zero_and_cannot_be_set),
        TEST(test_setup_bit_and_istr_summary_are_read_only),
        TEST(test_the_lowest_register_comes_first_in_istr_but_double_buffered_ones_before_it),
        TEST(test_a_setup_sets_both_directions_to_nak_and_data1),
        TEST(test_a_setup_is_dropped_while_the_last_packet_is_unacknowledged),
        TEST(test_only_enabled_control_endpoints_take_a_setup),
        TEST(test_an_out_clears_setup_but_not_while_ctr_rx_is_set),
        TEST(test_status_out_stalls_data),
        TEST(test_out_answers_by_stat_rx),
        TEST(test_the_crc_is_stored_behind_a_packet),
        TEST(test_a_repeated_packet_is_acknowledged_and_forgotten),
        TEST(test_a_packet_too_long_for_its_buffer_is_stalled_without_interrupt),
        TEST(test_buffer_sizes_in_blocks_of_2_and_of_32),
        TEST(test_in_answers_by_stat_tx),
        TEST(test_an_in_whose_ack_is_lost_is_sent_again),
        TEST(test_the_address_and_ef_must_match),
        TEST(test_the_upper_bits_of_a_transmit_count_are_not_considered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
