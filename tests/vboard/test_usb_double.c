/* Double-buffered and isochronous endpoints of the USB peripheral, RM0008 23.4.3 and 23.4.4. */
#include "usb_test.h"

/* Double buffering */

static void test_double_buffered_bulk_out_swaps_buffers_by_dtog_and_sw_buf(void **state)
{
    struct model *model = *state;
    model_table(model, EP, MODEL_RX1, MODEL_RX1 + 64);
    model_poke(model, EP * 8 + 2, MODEL_BLOCKS_64);
    model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP | EPR_DTOG_TX); /* SW_BUF = 1: buffer 1 is ours */
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 3), USB_ACK);
    assert_int_equal(fsdev_stat(epr(model, EP), USB_RX), STAT_VALID);
    assert_int_equal(model_peek(model, EP * 8 + 2), MODEL_BLOCKS_64 | 3);
    assert_int_equal(out(model, EP, 1, 4), USB_NAK); /* DTOG = SW_BUF: both full */
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_write(model, EP * 4, EPR_CTR | EPR_BULK | EPR_EP_KIND | EP | EPR_DTOG_TX);
    assert_int_equal(out(model, EP, 1, 4), USB_ACK);
    assert_int_equal(model_peek(model, EP * 8 + 6), MODEL_BLOCKS_64 | 4);
    model_expect_clean(model);
}

static void test_double_buffered_bulk_in_swaps_buffers(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_poke(model, EP * 8 + 2, 2);
    model_poke(model, EP * 8 + 6, 4);
    model_poke(model, MODEL_TX1, 0x1111);
    model_poke(model, MODEL_RX1, 0x2222);
    model_poke(model, MODEL_RX1 + 2, 0x2222);
    model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP | EPR_DTOG_RX);
    model_stat(model, EP, USB_TX, STAT_VALID);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
    assert_int_equal(length, 2);
    assert_int_equal(in(model, EP, data, &length, true), USB_NAK);
    model_write(model, EP * 4, EPR_CTR | EPR_BULK | EPR_EP_KIND | EP | EPR_DTOG_RX);
    assert_int_equal(in(model, EP, data, &length, true), USB_DATA1);
    assert_int_equal(length, 4);
    assert_int_equal(data[0], 0x22);
    model_expect_clean(model);
}

/* RM0008 23.4.3: the end of the first transaction after DBL_BUF was set triggers the special flow control.
 * Until then DTOG = SW_BUF is no conflict, so that a driver can fill both buffers before it sets VALID. */
static void test_a_double_buffered_in_endpoint_can_begin_with_both_buffers_full(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_poke(model, EP * 8 + 2, 2);
    model_poke(model, EP * 8 + 6, 4);
    model_poke(model, MODEL_TX1, 0x1111);
    model_poke(model, MODEL_RX1, 0x2222);
    model_poke(model, MODEL_RX1 + 2, 0x2222);
    for (unsigned i = 0; i < 2; i++) { /* the second time after DBL_BUF was cleared and set again */
        model_write(model, EP * 4, EPR_BULK | EP | (epr(model, EP) & EPR_TOGGLE));
        model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP);
        model_stat(model, EP, USB_TX, STAT_VALID);
        assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
        assert_int_equal(length, 2);
        model_clear_ctr(model, EP, EPR_CTR_TX);
        assert_int_equal(in(model, EP, data, &length, true), USB_DATA1);
        assert_int_equal(length, 4);
        assert_int_equal(in(model, EP, data, &length, true), USB_NAK); /* both are the software's now */
        model_clear_ctr(model, EP, EPR_CTR_TX);
        model_poke(model, EP * 8 + 2, 1);
        model_write(model, EP * 4,
                    EPR_CTR | EPR_BULK | EPR_EP_KIND | EP | EPR_DTOG_RX); /* SW_BUF: buffer 0 is full again */
        assert_int_equal(in(model, EP, data, &length, true), USB_DATA0);
        assert_int_equal(length, 1);
        model_clear_ctr(model, EP, EPR_CTR_TX);
        model_stat(model, EP, USB_TX, STAT_DISABLED);
        model_poke(model, EP * 8 + 2, 2);
    }
    model_expect_clean(model);
}

static void test_a_double_buffered_out_endpoint_takes_its_first_packet_whatever_sw_buf_says(void **state)
{
    struct model *model = *state;
    model_table(model, EP, MODEL_RX1, MODEL_RX1 + 64);
    model_poke(model, EP * 8 + 2, MODEL_BLOCKS_64);
    model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP); /* DTOG = SW_BUF */
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 3), USB_ACK);
    assert_int_equal(out(model, EP, 1, 4), USB_ACK);
    assert_int_equal(out(model, EP, 0, 5), USB_NAK);
    usb_bus_reset(chip_of(model), true); /* the next DBL_BUF is set anew */
    usb_bus_reset(chip_of(model), false);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 0, 3), USB_ACK);
    model_expect_clean(model);
}

/* Until the first transaction is over the buffer that DTOG names is the peripheral's. */
static void test_the_first_buffer_of_a_double_buffered_endpoint_is_guarded(void **state)
{
    struct model *model = *state;
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_poke(model, EP * 8 + 2, 2);
    model_poke(model, EP * 8 + 6, 2);
    model_write(model, EP * 4, EPR_BULK | EPR_EP_KIND | EP);
    model_stat(model, EP, USB_TX, STAT_VALID);
    model_expect_clean(model);
    model_poke(model, MODEL_TX1, 0x1111);
    assert_true(model_broke(model, "packet-memory-race"));
}

static void test_isochronous_out_has_no_handshake_and_stays_valid(void **state)
{
    struct model *model = *state;
    model_table(model, EP, MODEL_RX1, MODEL_RX1 + 64);
    model_poke(model, EP * 8 + 2, MODEL_BLOCKS_64);
    model_write(model, EP * 4, EPR_ISOCHRONOUS | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(out(model, EP, 0, 10 + i), USB_SILENCE);
        assert_true(epr(model, EP) & EPR_CTR_RX);
        assert_int_equal(fsdev_stat(epr(model, EP), USB_RX), STAT_VALID);
        assert_int_equal(!(epr(model, EP) & EPR_DTOG_RX), i % 2);
        model_clear_ctr(model, EP, EPR_CTR_RX);
        assert_int_equal(model_peek(model, EP * 8 + (i % 2 ? 6 : 2)) & 0x3FF, 10 + i);
    }
    model_expect_clean(model);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_enabled, model_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_double_buffered_bulk_out_swaps_buffers_by_dtog_and_sw_buf),
        TEST(test_double_buffered_bulk_in_swaps_buffers),
        TEST(test_a_double_buffered_in_endpoint_can_begin_with_both_buffers_full),
        TEST(test_a_double_buffered_out_endpoint_takes_its_first_packet_whatever_sw_buf_says),
        TEST(test_the_first_buffer_of_a_double_buffered_endpoint_is_guarded),
        TEST(test_isochronous_out_has_no_handshake_and_stays_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
