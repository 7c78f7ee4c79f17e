/* The USB peripheral from both sides, register by register and token by token, against RM0008 chapter 23; and
 * every rule it watches over, broken once. */
#include "usb_model.h"

enum { EP = 3, ADDRESS = 9 }; /* register and address used by most tests */

static struct chip *chip_of(struct model *model)
{
    return &model->board->chip;
}

static uint16_t epr(struct model *model, unsigned n)
{
    return (uint16_t)model_read(model, n * 4);
}

/* Without a host of its own: the test is the host. */
static int setup_enabled(void **state)
{
    model_setup(state);
    struct model *model = *state;
    board_plug(model->board, false);
    model_enable_usb(model);
    model_write(model, USB_BTABLE, MODEL_TABLE);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    model_expect_clean(model);
    return 0;
}

static void open_endpoint(struct model *model, unsigned n, uint16_t type, enum usb_stat rx, enum usb_stat tx)
{
    model_table(model, n, MODEL_TX1, MODEL_RX1);
    model_write(model, n * 4, (uint16_t)(type | n));
    model_stat(model, n, USB_TX, tx);
    model_stat(model, n, USB_RX, rx);
}

static enum usb_answer out(struct model *model, unsigned endpoint, unsigned toggle, unsigned length)
{
    static const uint8_t data[USB_MAX_PACKET] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    return usb_out(chip_of(model), ADDRESS, (uint8_t)endpoint, toggle, data, length);
}

static enum usb_answer in(struct model *model, unsigned endpoint, uint8_t data[USB_MAX_PACKET],
                          unsigned *length, bool acknowledge)
{
    return usb_in(chip_of(model), ADDRESS, (uint8_t)endpoint, data, length, acknowledge);
}

static enum usb_answer setup_token(struct model *model, unsigned endpoint)
{
    static const uint8_t data[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    return usb_setup(chip_of(model), ADDRESS, (uint8_t)endpoint, data);
}

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

/* Frames, suspend, interrupts */

static bool pending(struct model *model, unsigned irq)
{
    return chip_of(model)->cpu.nvic.line[irq];
}

static void test_sof_sets_the_frame_number_and_locks(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 0x123);
    assert_int_equal(model_read(model, USB_FNR) & FNR_FN, 0x123);
    assert_false(model_read(model, USB_FNR) & FNR_LCK);
    assert_true(model_read(model, USB_ISTR) & ISTR_SOF);
    usb_sof(chip_of(model), 0x124);
    assert_true(model_read(model, USB_FNR) & FNR_LCK);
}

static void test_lost_sofs_give_esof_and_after_3_ms_suspend(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 1);
    model_run_us(model, 990);
    assert_false(model_read(model, USB_ISTR) & ISTR_ESOF);
    model_run_us(model, 100);
    assert_true(model_read(model, USB_ISTR) & ISTR_ESOF);
    assert_int_equal(model_read(model, USB_FNR) & FNR_LSOF, FNR_ONE_LOST);
    model_run_us(model, 1500);
    assert_false(model_read(model, USB_ISTR) & ISTR_SUSP);
    model_run_us(model, 500);
    assert_true(model_read(model, USB_ISTR) & ISTR_SUSP);
    usb_sof(chip_of(model), 2);
    assert_int_equal(model_read(model, USB_FNR) & FNR_LSOF, 0);
}

static void test_a_bus_reset_clears_registers_but_not_ctr(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    setup_token(model, EP);
    usb_bus_reset(chip_of(model), true);
    assert_int_equal(epr(model, EP), EPR_CTR_RX);
    assert_int_equal(model_read(model, USB_DADDR), 0);
    assert_true(model_read(model, USB_ISTR) & ISTR_RESET);
    assert_int_equal(model_read(model, USB_FNR) & (FNR_RXDP | FNR_RXDM), 0);
    usb_bus_reset(chip_of(model), false);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(setup_token(model, EP), USB_SILENCE); /* ISTR.RESET still holds reception off */
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    model_expect_clean(model);
}

static void test_interrupt_lines_follow_flags_and_masks(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 1);
    assert_false(pending(model, IRQ_USB_LP));
    model_write(model, USB_CNTR, ISTR_SOF);
    assert_true(pending(model, IRQ_USB_LP));
    model_write(model, USB_ISTR, (uint16_t)~ISTR_SOF);
    assert_false(pending(model, IRQ_USB_LP));
    model_write(model, USB_CNTR, ISTR_CTR);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    assert_true(pending(model, IRQ_USB_LP));
    assert_false(pending(model, IRQ_USB_HP));
    model_clear_ctr(model, EP, EPR_CTR_RX);
    assert_false(pending(model, IRQ_USB_LP));
}

/* RM0008 23.5.1 has CTRM mask CTR. Chips of ST's own interrupt nevertheless, clones do as the manual says:
 * HID bootloaders in wide use never set CTRM, run on the former and not on the latter. */
static void test_ctr_interrupts_are_masked_by_ctrm_on_clones_only(void **state)
{
    struct model *model = *state;
    assert_false(chip_of(model)->config.ctr_masked); /* the Blue Pill has a chip of ST's own */
    assert_true(board_default_config(board_find("BLUEPILLPLUSGD32")).ctr_masked);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    for (unsigned masked = 0; masked < 2; masked++) {
        chip_of(model)->config.ctr_masked = masked;
        model_write(model, USB_CNTR, ISTR_RESET);
        model_stat(model, EP, USB_RX, STAT_VALID);
        out(model, EP, masked, 4);
        assert_int_equal(pending(model, IRQ_USB_LP), !masked);
        model_clear_ctr(model, EP, EPR_CTR_RX);
        assert_false(pending(model, IRQ_USB_LP));
    }
}

static void test_isochronous_transfers_raise_the_high_priority_interrupt(void **state)
{
    struct model *model = *state;
    model_write(model, USB_CNTR, ISTR_CTR);
    model_table(model, EP, MODEL_RX1, MODEL_RX1 + 64);
    model_poke(model, EP * 8 + 2, MODEL_BLOCKS_64);
    model_write(model, EP * 4, EPR_ISOCHRONOUS | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    out(model, EP, 0, 4);
    assert_true(pending(model, IRQ_USB_HP));
}

static void test_activity_wakes_a_suspended_peripheral_through_exti_18(void **state)
{
    struct model *model = *state;
    struct chip *chip = chip_of(model);
    enum { EXTI = 0x40010400, IMR = 0, RTSR = 8, PR = 20, LINE = 1 << 18 };
    uint32_t value = 0;
    bus_write(chip, EXTI + IMR, 4, LINE);
    bus_write(chip, EXTI + RTSR, 4, LINE);
    model_run_us(model, 5000);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, 0);
    model_write(model, USB_CNTR, CNTR_FSUSP);
    model_write(model, USB_CNTR, CNTR_FSUSP | CNTR_LP_MODE);
    usb_bus_resume(chip, true);
    assert_int_equal(model_read(model, USB_CNTR), CNTR_FSUSP);
    assert_true(model_read(model, USB_ISTR) & ISTR_WKUP);
    bus_read(chip, EXTI + PR, 4, &value);
    assert_true(value & LINE);
    assert_true(pending(model, IRQ_USB_WAKEUP));
    model_expect_clean(model);
}

static void test_forced_reset_acts_like_one_from_the_bus(void **state)
{
    struct model *model = *state;
    model_write(model, USB_CNTR, CNTR_FRES);
    assert_int_equal(model_read(model, USB_DADDR), 0);
    assert_true(model_read(model, USB_ISTR) & ISTR_RESET);
    assert_int_equal(usb_setup(chip_of(model), 0, 0, (const uint8_t[8]){0}), USB_SILENCE);
}

static void test_reads_and_void_writes_leave_no_side_effect(void **state)
{
    struct model *model = *state;
    struct chip *chip = chip_of(model);
    uint64_t before = chip->cpu.side_effects;
    for (uint32_t offset = 0x40; offset <= 0x50; offset += 4)
        usb_read(chip, offset);
    usb_write(chip, USB_DADDR, usb_read(chip, USB_DADDR));
    usb_write(chip, USB_CNTR, usb_read(chip, USB_CNTR));
    assert_int_equal(chip->cpu.side_effects, before);
    usb_write(chip, USB_DADDR, DADDR_EF);
    assert_true(chip->cpu.side_effects > before);
}

/* Rules. Each is broken by the least that breaks it. */

static void break_clock(struct model *model)
{
    struct chip *chip = chip_of(model);
    clock_set(chip, RCC_F1_USBCLK, TICKS_PER_SECOND / 32000000, 32000000);
    model_enable_usb(model);
}

static void break_packet_clock(struct model *model)
{
    clock_set(chip_of(model), RCC_F1_USBCLK, TICKS_PER_SECOND / 32000000, 32000000);
    out(model, EP, 0, 0);
}

static void break_apb_clock(struct model *model)
{
    clock_set(chip_of(model), RCC_F1_PCLK1, TICKS_PER_SECOND / 3000000, 3000000);
    model_enable_usb(model);
}

static void break_startup(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_FRES);
    model_write(model, USB_CNTR, 0);
}

static void break_startup_at_once(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_PDWN | CNTR_FRES);
    model_write(model, USB_CNTR, 0);
}

static void break_power(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_PDWN);
}

static void break_can(struct model *model)
{
    clock_enable(chip_of(model), RCC_F1_APB1, chip_of(model)->gates[RCC_F1_APB1].enabled | 1u << 25);
    model_enable_usb(model);
}

static void break_reserved_cntr(struct model *model)
{
    model_write(model, USB_CNTR, 1 << 5);
}

static void break_reserved_daddr(struct model *model)
{
    model_write(model, USB_DADDR, 1 << 8);
}

static void break_upper_half(struct model *model)
{
    usb_write(chip_of(model), USB_DADDR, 0x10000 | DADDR_EF);
}

static void break_fnr(struct model *model)
{
    model_write(model, USB_FNR, 1);
}

static void break_reserved_register(struct model *model)
{
    model_read(model, 0x20);
}

static void break_gap(struct model *model)
{
    model_write(model, USB_MEMORY_OFFSET + 2, 1);
}

static void break_wide_write(struct model *model)
{
    usb_write(chip_of(model), USB_MEMORY_OFFSET, 0x12345678);
}

static void break_unset_read(struct model *model)
{
    model_peek(model, 0x1F0);
}

static void break_unset_send(struct model *model)
{
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_poke(model, EP * 8 + 2, 8);
    model_stat(model, EP, USB_TX, STAT_VALID);
    in(model, EP, data, &length, true);
}

static void break_buffer_unset(struct model *model)
{
    model_poke(model, EP * 8 + 4, MODEL_RX1);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_unset_at_last(struct model *model)
{
    model_write(model, USB_DADDR, 0);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
    model_write(model, USB_DADDR, DADDR_EF);
}

static void break_table_unset(struct model *model)
{
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_alignment(struct model *model)
{
    model_write(model, USB_BTABLE, 4);
}

static void break_table_range(struct model *model)
{
    model_write(model, USB_BTABLE, 0x1F0);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
}

static void break_table_moved(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    model_write(model, USB_BTABLE, 0x40);
}

static void receive_at(struct model *model, unsigned n, uint16_t address, uint16_t count)
{
    model_table(model, n, 0, address);
    model_poke(model, n * 8 + 6, count);
    model_write(model, n * 4, (uint16_t)(EPR_BULK | n));
    model_stat(model, n, USB_RX, STAT_VALID);
}

static void break_overlap(struct model *model)
{
    receive_at(model, 1, 0x80, MODEL_BLOCKS_64);
    receive_at(model, 2, 0xBE, MODEL_BLOCKS_64);
}

static void break_table_overlap(struct model *model)
{
    receive_at(model, 1, 0x0C, MODEL_BLOCKS_64);
}

static void break_range(struct model *model)
{
    receive_at(model, 1, 0x1F0, MODEL_BLOCKS_64);
}

static void break_alignment(struct model *model)
{
    receive_at(model, 1, 0x81, MODEL_BLOCKS_64);
}

static void break_no_size(struct model *model)
{
    receive_at(model, 1, 0x80, 0);
}

static void break_reserved_size(struct model *model)
{
    receive_at(model, 1, 0x80, 0xC000);
}

static void break_setup_size(struct model *model)
{
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_poke(model, EP * 8 + 6, 3 << 10);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    setup_token(model, EP);
}

static void break_transmit_length(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_poke(model, EP * 8 + 2, 65);
    model_stat(model, EP, USB_TX, STAT_VALID);
}

static void break_transmit_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, MODEL_TX1 + 2, 0);
}

static void break_count_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, EP * 8 + 2, 2);
}

static void write_the_same_count(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_DISABLED, STAT_NAK);
    model_send(model, EP, MODEL_TX1, (const uint8_t *)"abcd", 4);
    model_poke(model, EP * 8 + 2, 4);
}

static void break_receive_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_stat(model, EP, USB_RX, STAT_VALID);
    model_peek(model, MODEL_RX1);
}

static void break_receive_size_race(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    model_poke(model, EP * 8 + 6, MODEL_BLOCKS_32);
}

static void break_lost_ctr(struct model *model)
{
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    uint16_t before = epr(model, EP);
    setup_token(model, EP);
    model_write(model, EP * 4, before & EPR_READ_WRITE);
}

static void break_lost_reset(struct model *model)
{
    uint16_t before = (uint16_t)model_read(model, USB_ISTR);
    usb_bus_reset(chip_of(model), true);
    model_write(model, USB_ISTR, before & (uint16_t)~ISTR_SOF);
}

static void break_ctr_mask(struct model *model)
{
    chip_of(model)->cpu.nvic.enabled[IRQ_USB_LP] = true;
    model_write(model, USB_CNTR, ISTR_RESET);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
}

static void break_twice(struct model *model)
{
    receive_at(model, 1, 0x80, MODEL_BLOCKS_64);
    model_table(model, 2, 0, 0xC0);
    model_write(model, 8, EPR_BULK | 1);
    model_stat(model, 2, USB_RX, STAT_VALID);
}

static void break_twice_at_last(struct model *model)
{
    model_write(model, USB_DADDR, 0);
    break_twice(model);
    model_expect_clean(model);
    model_write(model, USB_DADDR, DADDR_EF);
}

static void break_iso_stall(struct model *model)
{
    open_endpoint(model, EP, EPR_ISOCHRONOUS, STAT_STALL, STAT_DISABLED);
}

static void break_double_directions(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK | EPR_EP_KIND, STAT_NAK, STAT_NAK);
}

static void break_kind(struct model *model)
{
    open_endpoint(model, EP, EPR_INTERRUPT | EPR_EP_KIND, STAT_NAK, STAT_DISABLED);
}

static void break_suspend(struct model *model)
{
    usb_sof(chip_of(model), 1);
    model_write(model, USB_CNTR, CNTR_FSUSP);
}

static void break_low_power(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_LP_MODE);
}

static void break_early_resume(struct model *model)
{
    usb_sof(chip_of(model), 1);
    model_run_us(model, 4000);
    model_write(model, USB_CNTR, CNTR_RESUME);
}

static void break_short_resume(struct model *model)
{
    model_run_us(model, 6000);
    model_write(model, USB_CNTR, CNTR_RESUME);
    model_run_us(model, 900);
    model_write(model, USB_CNTR, 0);
}

static void break_long_resume(struct model *model)
{
    model_run_us(model, 6000);
    model_write(model, USB_CNTR, CNTR_RESUME);
    model_run_us(model, 15100);
    model_write(model, USB_CNTR, 0);
}

static void break_in_reset(struct model *model)
{
    model_write(model, USB_CNTR, CNTR_FRES);
    model_write(model, USB_DADDR, DADDR_EF);
}

static const struct rule {
    const char *name;
    void (*breaks)(struct model *model);
    bool from_reset; /* the peripheral is as after reset */
} rules[] = {
    {"usb-clock", break_clock, true},
    {"usb-clock", break_packet_clock, false},
    {"usb-apb-clock", break_apb_clock, true},
    {"usb-startup-time", break_startup, true},
    {"usb-startup-time", break_startup_at_once, true},
    {"usb-power", break_power, true},
    {"usb-can-memory", break_can, true},
    {"usb-reserved-bits", break_reserved_cntr, false},
    {"usb-reserved-bits", break_reserved_daddr, false},
    {"usb-reserved-bits", break_upper_half, false},
    {"usb-read-only", break_fnr, false},
    {"usb-reserved-register", break_reserved_register, false},
    {"usb-memory-access", break_gap, false},
    {"usb-memory-access", break_wide_write, false},
    {"usb-memory-unset", break_unset_read, false},
    {"usb-memory-unset", break_unset_send, false},
    {"usb-table-unset", break_table_unset, false},
    {"usb-table-unset", break_table_unset_at_last, false},
    {"usb-table-unset", break_buffer_unset, false},
    {"usb-table-alignment", break_table_alignment, false},
    {"usb-table-range", break_table_range, false},
    {"usb-table-moved", break_table_moved, false},
    {"usb-buffer-overlap", break_overlap, false},
    {"usb-buffer-overlap", break_table_overlap, false},
    {"usb-buffer-range", break_range, false},
    {"usb-buffer-alignment", break_alignment, false},
    {"usb-buffer-size", break_no_size, false},
    {"usb-buffer-size", break_reserved_size, false},
    {"usb-buffer-size", break_setup_size, false},
    {"usb-transmit-length", break_transmit_length, false},
    {"packet-memory-race", break_transmit_race, false},
    {"packet-memory-race", break_count_race, false},
    {"packet-memory-race", break_receive_race, false},
    {"packet-memory-race", break_receive_size_race, false},
    {"usb-event-lost", break_lost_ctr, false},
    {"usb-event-lost", break_lost_reset, false},
    {"usb-ctr-masked", break_ctr_mask, false},
    {"usb-endpoint-twice", break_twice, false},
    {"usb-endpoint-twice", break_twice_at_last, false},
    {"usb-endpoint-status", break_iso_stall, false},
    {"usb-endpoint-direction", break_double_directions, false},
    {"usb-endpoint-kind", break_kind, false},
    {"usb-suspend", break_suspend, false},
    {"usb-suspend", break_low_power, false},
    {"usb-resume", break_early_resume, false},
    {"usb-resume", break_short_resume, false},
    {"usb-resume", break_long_resume, false},
    {"usb-in-reset", break_in_reset, false},
};

/* Until DADDR.EF is set the peripheral answers nobody, and what its table holds does not matter
 * (RM0008 23.4.2, 23.5.1). */
static void test_endpoints_may_be_set_up_before_their_table_until_the_function_is_enabled(void **state)
{
    struct model *model = *state;
    model_write(model, USB_DADDR, 0);
    model_write(model, EP * 4, EPR_CONTROL | EP | EPR_STAT_RX);
    model_table(model, EP, MODEL_TX1, MODEL_RX1);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    model_expect_clean(model);
}

/* ST's own library sets the size of endpoint 0's buffer again while it is VALID. */
static void write_the_same_receive_size(struct model *model)
{
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    model_clear_ctr(model, EP, EPR_CTR_RX);
    model_stat(model, EP, USB_RX, STAT_VALID);
    model_poke(model, EP * 8 + 6, MODEL_BLOCKS_64);
}

static void read_a_gap(struct model *model)
{
    model_read(model, USB_MEMORY_OFFSET + 2);
}

/* A bus reset leaves CTR flags (RM0008 23.5.2) and voids what they tell of (USB 2.0 9.1.1.3): a driver may
 * clear them unread then. */
static void test_flags_from_before_a_bus_reset_may_be_cleared_unread(void **state)
{
    struct model *model = *state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    model_send(model, EP, MODEL_TX1, NULL, 0);
    in(model, EP, data, &length, true);
    setup_token(model, EP); /* ISTR tells of this one, and not of what was sent */
    usb_bus_reset(chip_of(model), true);
    usb_bus_reset(chip_of(model), false);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    assert_false(usb_state(model->board)->EPR[EP] & EPR_CTR);
    model_expect_clean(model);
}

static void read_a_byte(struct model *model)
{
    uint32_t value;
    model_poke(model, MODEL_RX1, 0x1234);
    assert_true(bus_read(chip_of(model), USB_BASE + USB_MEMORY_OFFSET + MODEL_RX1 * 2, 1, &value));
    assert_int_equal(value, 0x34);
}

/* What leaves the chip working is told, and does not stop a strict board. */
static void test_what_every_library_does_is_suspicious_only(void **state)
{
    (void)state;
    void (*const habits[])(struct model *) = {break_startup_at_once,
                                              break_wide_write,
                                              break_buffer_unset,
                                              read_a_byte,
                                              write_the_same_count,
                                              write_the_same_receive_size,
                                              read_a_gap,
                                              break_reserved_cntr,
                                              break_fnr,
                                              break_reserved_register};
    for (unsigned i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        void *fresh;
        setup_enabled(&fresh);
        struct model *model = fresh;
        habits[i](model);
        if (model->violations != 1 || model->level[0] != SUSPICIOUS)
            fail_msg("habit %u: %u rules, the first is %s", i, model->violations, model->rule[0]);
        model_teardown(&fresh);
    }
}

/* COUNTn_RX never written is large enough, as a bootloader shows that leaves it so; 0 written is none. */
static void test_a_receive_size_never_written_limits_nothing_but_0_does(void **state)
{
    struct model *model = *state;
    model_poke(model, EP * 8 + 4, MODEL_RX1);
    model_write(model, EP * 4, EPR_BULK | EP | EPR_STAT_RX);
    assert_int_equal(out(model, EP, 0, 8), USB_ACK);
    assert_int_equal(model_peek(model, EP * 8 + 6) & 0x3FF, 8);
    model_poke(model, EP * 8 + 6, 0);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(out(model, EP, 1, 8), USB_STALL);
}

static void test_every_rule_is_caught_when_broken(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        void *fresh;
        (rules[i].from_reset ? model_setup : setup_enabled)(&fresh);
        struct model *model = fresh;
        rules[i].breaks(model);
        if (!model_broke(model, rules[i].name))
            fail_msg("rule %u, %s, was broken and not caught", i, rules[i].name);
        model_teardown(&fresh);
    }
}

static void test_a_byte_access_is_caught(void **state)
{
    struct model *model = *state;
    bus_write(chip_of(model), USB_BASE + USB_MEMORY_OFFSET, 1, 1);
    assert_true(model->violations > 0);
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
        TEST(test_double_buffered_bulk_out_swaps_buffers_by_dtog_and_sw_buf),
        TEST(test_double_buffered_bulk_in_swaps_buffers),
        TEST(test_a_double_buffered_in_endpoint_can_begin_with_both_buffers_full),
        TEST(test_a_double_buffered_out_endpoint_takes_its_first_packet_whatever_sw_buf_says),
        TEST(test_the_first_buffer_of_a_double_buffered_endpoint_is_guarded),
        TEST(test_isochronous_out_has_no_handshake_and_stays_valid),
        TEST(test_sof_sets_the_frame_number_and_locks),
        TEST(test_lost_sofs_give_esof_and_after_3_ms_suspend),
        TEST(test_a_bus_reset_clears_registers_but_not_ctr),
        TEST(test_flags_from_before_a_bus_reset_may_be_cleared_unread),
        TEST(test_interrupt_lines_follow_flags_and_masks),
        TEST(test_ctr_interrupts_are_masked_by_ctrm_on_clones_only),
        TEST(test_isochronous_transfers_raise_the_high_priority_interrupt),
        TEST(test_activity_wakes_a_suspended_peripheral_through_exti_18),
        TEST(test_forced_reset_acts_like_one_from_the_bus),
        TEST(test_reads_and_void_writes_leave_no_side_effect),
        TEST(test_endpoints_may_be_set_up_before_their_table_until_the_function_is_enabled),
        cmocka_unit_test(test_what_every_library_does_is_suspicious_only),
        TEST(test_a_receive_size_never_written_limits_nothing_but_0_does),
        cmocka_unit_test(test_every_rule_is_caught_when_broken),
        TEST(test_a_byte_access_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
