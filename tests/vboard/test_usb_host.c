/* The USB host against a device that works the peripheral's registers: enumeration, transfers, bus states. */
#include "board/usb_pc.h"
#include "usb_model.h"

#include <stdio.h>

static const ticks second = TICKS_PER_SECOND;

static struct usb_host *host_of(struct model *model)
{
    return &model->board->host;
}

static void enumerate(struct model *model)
{
    assert_int_equal(usb_host_enumerate(host_of(model)), USB_DONE);
}

static void test_a_device_enumerates(void **state)
{
    struct model *model = *state;
    enumerate(model);
    assert_int_equal(host_of(model)->address, 5);
    assert_int_equal(usb_state(model->board)->DADDR, DADDR_EF | 5);
    assert_int_equal(model->configuration, 1);
    assert_int_equal(model->resets, 1);
    model_expect_clean(model);
}

static void read_pattern(struct model *model, uint16_t length)
{
    static uint8_t data[65536];
    const uint8_t setup[8] = {0xC0, MODEL_PATTERN, 0, 0, 0, 0, (uint8_t)length, (uint8_t)(length >> 8)};
    uint32_t actual = 0;
    memset(data, 0, sizeof data);
    assert_int_equal(usb_host_control(host_of(model), setup, data, &actual, 10 * second), USB_DONE);
    assert_int_equal(actual, length);
    for (uint32_t i = 0; i < length; i++)
        assert_int_equal(data[i], (uint8_t)(i * 7));
}

static void test_control_reads_of_every_kind_of_length(void **state)
{
    struct model *model = *state;
    static const uint16_t lengths[] = {1, 63, 64, 65, 128, 1000, 4096, 65535};
    enumerate(model);
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        read_pattern(model, lengths[i]);
    model_expect_clean(model);
}

static void test_control_writes_of_every_kind_of_length(void **state)
{
    struct model *model = *state;
    static const uint16_t lengths[] = {0, 1, 63, 64, 65, 128, 1000, 65535};
    static uint8_t data[65536];
    enumerate(model);
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 13);
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint8_t setup[8] = {
            0x40, MODEL_STORE, 0, 0, 0, 0, (uint8_t)lengths[i], (uint8_t)(lengths[i] >> 8)};
        uint32_t actual = 0;
        assert_int_equal(usb_host_control(host_of(model), setup, data, &actual, 10 * second), USB_DONE);
        assert_int_equal(actual, lengths[i]);
        assert_memory_equal(model->data, data, lengths[i]);
    }
    model_expect_clean(model);
}

/* bMaxPacketSize0 may be 8, 16, 32 or 64; a host learns it from the first 8 bytes of the device descriptor
 * (USB 2.0 5.5.3, 9.6.1). */
static void test_control_packets_are_as_large_as_the_device_says(void **state)
{
    struct model *model = *state;
    static const uint8_t sizes[] = {8, 64, 16, 32};
    static const uint8_t store[8] = {0x40, MODEL_STORE, 0, 0, 0, 0, 100, 0};
    uint8_t data[100];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 13);
    for (unsigned i = 0; i < sizeof sizes; i++) {
        model->control_packet = sizes[i];
        enumerate(model);
        read_pattern(model, 100);
        uint64_t before = host_of(model)->transactions;
        assert_int_equal(usb_host_control(host_of(model), store, data, NULL, second), USB_DONE);
        assert_memory_equal(model->data, data, sizeof data);
        assert_true(host_of(model)->transactions - before >= 2 + sizeof data / sizes[i]);
    }
    model_expect_clean(model);
}

static void test_a_size_of_control_packets_that_usb_has_not_is_refused(void **state)
{
    struct model *model = *state;
    model->control_packet = 24;
    assert_int_equal(usb_host_enumerate(host_of(model)), USB_ERROR);
}

static void test_a_short_answer_ends_the_data_stage(void **state)
{
    struct model *model = *state;
    static const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 255, 0};
    uint8_t data[255];
    uint32_t actual;
    enumerate(model);
    assert_int_equal(usb_host_control(host_of(model), setup, data, &actual, second), USB_DONE);
    assert_int_equal(actual, 18);
}

static void test_a_stall_ends_the_transfer_and_not_the_next(void **state)
{
    struct model *model = *state;
    static const uint8_t unknown[8] = {0xC0, 0x99, 0, 0, 0, 0, 4, 0};
    uint8_t data[4];
    enumerate(model);
    assert_int_equal(usb_host_control(host_of(model), unknown, data, NULL, second), USB_STALLED);
    read_pattern(model, 100);
    model_expect_clean(model);
}

static void test_a_busy_device_is_asked_again_until_it_answers(void **state)
{
    struct model *model = *state;
    enumerate(model);
    model->delay = 3 * TICKS_PER_MILLISECOND;
    uint64_t naks = host_of(model)->naks;
    read_pattern(model, 64);
    naks = host_of(model)->naks - naks;
    assert_in_range(naks, 60, 300); /* for 3 ms or 6, every 31 us or so */
    model_expect_clean(model);
}

static void test_a_nak_limit_holds_within_each_frame(void **state)
{
    struct model *model = *state;
    enumerate(model);
    model->delay = 3 * TICKS_PER_MILLISECOND;
    host_of(model)->nak_limit = 1;
    uint64_t naks = host_of(model)->naks;
    read_pattern(model, 64);
    assert_in_range(host_of(model)->naks - naks, 4, 12);
}

static void test_a_timeout_ends_a_transfer(void **state)
{
    struct model *model = *state;
    static const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    uint8_t data[18];
    enumerate(model);
    model->delay = second;
    ticks before = board_now(model->board);
    assert_int_equal(usb_host_control(host_of(model), setup, data, NULL, 50 * TICKS_PER_MILLISECOND),
                     USB_TIMED_OUT);
    assert_in_range(ticks_to_us(board_now(model->board) - before), 50000, 51100);
}

static void test_three_silences_are_an_error(void **state)
{
    struct model *model = *state;
    static const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    uint8_t data[18];
    enumerate(model);
    host_of(model)->address = 17;
    uint64_t before = host_of(model)->transactions;
    assert_int_equal(usb_host_control(host_of(model), setup, data, NULL, second), USB_ERROR);
    assert_int_equal(host_of(model)->transactions - before, 3);
}

static void test_without_a_device_there_is_nothing_to_ask(void **state)
{
    struct model *model = *state;
    static const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
    uint8_t data[18];
    board_plug(model->board, false);
    assert_int_equal(host_of(model)->port, USB_PORT_EMPTY);
    assert_int_equal(usb_host_control(host_of(model), setup, data, NULL, second), USB_GONE);
}

static void note_done(struct usb_transfer *transfer)
{
    ++*(unsigned *)transfer->context;
}

static struct usb_transfer bulk(uint8_t endpoint, uint8_t *data, unsigned length, unsigned *done)
{
    return (struct usb_transfer){.type = USB_BULK,
                                 .endpoint = endpoint,
                                 .data = data,
                                 .length = length,
                                 .max_packet = 64,
                                 .context = done,
                                 .done = note_done};
}

static void test_unplugging_ends_what_is_in_flight(void **state)
{
    struct model *model = *state;
    uint8_t data[64];
    unsigned done = 0;
    struct usb_transfer in = bulk(0x81, data, 64, &done);
    enumerate(model);
    assert_true(usb_host_submit(host_of(model), &in));
    model_run_us(model, 5000);
    assert_int_equal(in.status, USB_PENDING);
    board_plug(model->board, false);
    assert_int_equal(in.status, USB_GONE);
    assert_int_equal(done, 1);
    board_plug(model->board, true);
    assert_int_equal(host_of(model)->port, USB_PORT_DEBOUNCE);
    model_run_us(model, 99000);
    assert_int_equal(host_of(model)->port, USB_PORT_DEBOUNCE);
    model_run_us(model, 2000);
    assert_int_equal(host_of(model)->port, USB_PORT_ATTACHED);
    enumerate(model);
}

static void test_a_cancelled_transfer_leaves_the_bus(void **state)
{
    struct model *model = *state;
    uint8_t data[64];
    unsigned done = 0;
    struct usb_transfer in = bulk(0x81, data, 64, &done);
    enumerate(model);
    usb_host_submit(host_of(model), &in);
    model_run_us(model, 3000);
    usb_host_cancel(host_of(model), &in);
    usb_host_cancel(host_of(model), &in);
    assert_int_equal(in.status, USB_CANCELLED);
    assert_int_equal(done, 1);
    uint64_t transactions = host_of(model)->transactions;
    model_run_us(model, 3000);
    assert_int_equal(host_of(model)->transactions, transactions);
    read_pattern(model, 10);
}

static void test_bulk_goes_both_ways_with_its_toggles(void **state)
{
    struct model *model = *state;
    enumerate(model);
    for (unsigned round = 0; round < 5; round++) {
        uint8_t sent[64], back[64] = {0};
        memset(sent, (int)(round + 1), sizeof sent);
        unsigned length = 60 + round, done = 0;
        struct usb_transfer out = bulk(0x01, sent, length, &done);
        struct usb_transfer in = bulk(0x81, back, sizeof back, &done);
        assert_true(usb_host_submit(host_of(model), &in));
        assert_true(usb_host_submit(host_of(model), &out));
        model_run_us(model, 5000);
        assert_int_equal(done, 2);
        assert_int_equal(out.status, USB_DONE);
        assert_int_equal(in.status, USB_DONE);
        assert_int_equal(in.actual, length);
        assert_memory_equal(sent, back, length);
    }
    model_expect_clean(model);
}

static void test_an_interrupt_endpoint_is_asked_once_an_interval(void **state)
{
    struct model *model = *state;
    uint8_t data[8];
    unsigned done = 0;
    struct usb_transfer in = {.type = USB_INTERRUPT,
                              .endpoint = 0x82,
                              .data = data,
                              .length = 8,
                              .max_packet = 8,
                              .interval = 4,
                              .context = &done,
                              .done = note_done};
    enumerate(model);
    usb_host_submit(host_of(model), &in);
    model_run_us(model, 5000);
    assert_int_equal(in.status, USB_DONE);
    assert_int_equal(in.actual, 2);
    assert_int_equal(data[0], 0x5A);
    uint64_t transactions = host_of(model)->transactions;
    usb_host_submit(host_of(model), &in); /* NAK from now on */
    model_run_us(model, 40000);
    assert_in_range(host_of(model)->transactions - transactions, 9, 11);
    usb_host_cancel(host_of(model), &in);
    model_expect_clean(model);
}

static void test_isochronous_packets_come_once_a_frame_without_handshake(void **state)
{
    struct model *model = *state;
    static const uint8_t start[8] = {0x40, MODEL_ISO_START, 0, 0, 0, 0, 0, 0};
    uint8_t data[MODEL_ISO_BYTES];
    enumerate(model);
    assert_int_equal(usb_host_control(host_of(model), start, NULL, NULL, second), USB_DONE);
    for (unsigned i = 0; i < 4; i++) {
        unsigned done = 0;
        struct usb_transfer in = {.type = USB_ISOCHRONOUS,
                                  .endpoint = 0x83,
                                  .data = data,
                                  .length = sizeof data,
                                  .max_packet = sizeof data,
                                  .interval = 1,
                                  .context = &done,
                                  .done = note_done};
        uint16_t frame = host_of(model)->frame;
        usb_host_submit(host_of(model), &in);
        while (!done)
            model_run_us(model, 10);
        assert_int_equal(in.status, USB_DONE);
        assert_int_equal(in.actual, sizeof data);
        assert_int_equal(data[MODEL_ISO_BYTES - 1], 0x77);
        if (i)
            assert_int_not_equal(host_of(model)->frame, frame);
    }
    model_expect_clean(model);
}

static void test_no_transaction_crosses_the_end_of_a_frame(void **state)
{
    struct model *model = *state;
    enumerate(model);
    read_pattern(model, 65535);
    ticks frame = model->board->host.frame_started;
    assert_true(board_now(model->board) - frame <= TICKS_PER_MILLISECOND + 2 * TICKS_PER_MICROSECOND);
    assert_int_equal(usb_state(model->board)->FNR & FNR_FN, host_of(model)->frame);
}

static void test_a_reset_ends_transfers_and_forgets_the_address(void **state)
{
    struct model *model = *state;
    uint8_t data[64];
    struct usb_transfer in = {
        .type = USB_BULK, .endpoint = 0x81, .data = data, .length = 64, .max_packet = 64};
    enumerate(model);
    usb_host_submit(host_of(model), &in);
    model_run_us(model, 3000);
    usb_host_reset(host_of(model), 10);
    assert_int_equal(in.status, USB_GONE);
    assert_int_equal(host_of(model)->address, 0);
    assert_false(usb_host_submit(host_of(model), &in));
    model_run_us(model, 9900);
    assert_true(usb_state(model->board)->bus_reset);
    model_run_us(model, 200);
    assert_false(usb_state(model->board)->bus_reset);
    model_run_us(model, 9000);
    assert_int_equal(host_of(model)->port, USB_PORT_RESET);
    model_run_us(model, 1000);
    assert_int_equal(host_of(model)->port, USB_PORT_ENABLED);
    assert_int_equal(usb_state(model->board)->DADDR, DADDR_EF);
    enumerate(model);
}

static void test_suspend_silences_the_bus_and_resume_brings_it_back(void **state)
{
    struct model *model = *state;
    enumerate(model);
    usb_host_suspend(host_of(model));
    model_run_us(model, 4000);
    assert_true(model_read(model, USB_ISTR) & ISTR_SUSP);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_SUSP);
    model_write(model, USB_CNTR, CNTR_FSUSP);
    model_write(model, USB_CNTR, CNTR_FSUSP | CNTR_LP_MODE);
    uint16_t frame = host_of(model)->frame;
    model_run_us(model, 50000);
    assert_int_equal(host_of(model)->frame, frame);
    usb_host_resume(host_of(model));
    model_run_us(model, 100);
    assert_true(model_read(model, USB_ISTR) & ISTR_WKUP);
    assert_false(model_read(model, USB_CNTR) & CNTR_LP_MODE);
    assert_int_equal(model_read(model, USB_FNR) & (FNR_RXDP | FNR_RXDM), FNR_RXDM);
    model_write(model, USB_CNTR, 0);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_WKUP);
    model_run_us(model, 31000);
    assert_int_equal(host_of(model)->port, USB_PORT_ENABLED);
    read_pattern(model, 64);
    model_expect_clean(model);
}

static void test_the_device_wakes_the_host(void **state)
{
    struct model *model = *state;
    enumerate(model);
    usb_host_suspend(host_of(model));
    model_run_us(model, 10000);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, (uint16_t)~ISTR_SUSP);
    model_write(model, USB_CNTR, CNTR_FSUSP);
    model_write(model, USB_CNTR, CNTR_RESUME);
    model_run_us(model, 5000);
    model_write(model, USB_CNTR, 0);
    model_run_us(model, 35000);
    assert_int_equal(host_of(model)->port, USB_PORT_ENABLED);
    read_pattern(model, 64);
    model_expect_clean(model);
}

static void test_idle_frames_cost_one_event_each(void **state)
{
    struct model *model = *state;
    enumerate(model);
    uint64_t transactions = host_of(model)->transactions;
    uint16_t frame = host_of(model)->frame;
    model_run_us(model, 100000);
    assert_int_equal(host_of(model)->transactions, transactions);
    assert_int_equal((uint16_t)(host_of(model)->frame - frame), 100);
    assert_true(chip_host_due(&model->board->chip) >= host_of(model)->frame_started + TICKS_PER_MILLISECOND);
}

static void test_a_device_that_babbles_is_found_out(void **state)
{
    struct model *model = *state;
    uint8_t data[4];
    unsigned done = 0;
    struct usb_transfer in = {.type = USB_BULK,
                              .endpoint = 0x82,
                              .data = data,
                              .length = 1,
                              .max_packet = 8,
                              .context = &done,
                              .done = note_done};
    enumerate(model);
    usb_host_submit(host_of(model), &in); /* sends two bytes */
    model_run_us(model, 5000);
    assert_int_equal(in.status, USB_BABBLE);
}

static void test_the_turnaround_separates_transfers(void **state)
{
    struct model *model = *state;
    enumerate(model);
    read_pattern(model, 8);
    host_of(model)->turnaround = 500 * TICKS_PER_MICROSECOND;
    ticks before = board_now(model->board);
    for (unsigned i = 0; i < 10; i++)
        read_pattern(model, 8);
    assert_true(board_now(model->board) - before > 9 * 500 * TICKS_PER_MICROSECOND);
}

/* A board whose pull-up is fixed and whose program waits, for a slow crystal perhaps, is silent at first.
 * Linux asks for two to three seconds. */
static void test_a_device_that_is_silent_for_two_seconds_enumerates(void **state)
{
    struct model *model = *state;
    struct usb_pc pc;
    usb_pc_attach(&pc, model->board);
    model_run_us(model, 2000000);
    model->control = true;
    model_enable_usb(model);
    model_run_us(model, 600000);
    assert_int_equal(model->configuration, 1);
}

static unsigned resets_heard, give_ups_heard;
static ticks gave_up;

static void listen(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    (void)watcher;
    (void)kind;
    resets_heard += strcmp(text, "bus reset") == 0;
    if (strcmp(text, "the device does not enumerate") == 0) {
        give_ups_heard++;
        gave_up = at;
    }
}

static void test_a_device_that_never_answers_is_given_up_after_eight_resets(void **state)
{
    struct model *model = *state;
    struct usb_pc pc;
    resets_heard = give_ups_heard = 0;
    model->board->report = listen;
    usb_pc_attach(&pc, model->board);
    model_run_us(model, 10000000);
    assert_int_equal(resets_heard, 8);
    assert_int_equal(give_ups_heard, 1);
    assert_in_range(gave_up, 2 * TICKS_PER_SECOND, 3 * TICKS_PER_SECOND);
}

static void test_unplugging_ends_the_attempts(void **state)
{
    struct model *model = *state;
    struct usb_pc pc;
    usb_pc_attach(&pc, model->board);
    model_run_us(model, 500000);
    resets_heard = give_ups_heard = 0;
    model->board->report = listen;
    board_plug(model->board, false);
    model_run_us(model, 5000000);
    assert_int_equal(resets_heard + give_ups_heard, 0);
    board_plug(model->board, true);
    model_run_us(model, 150000);
    assert_int_equal(resets_heard, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, model_setup_device, model_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_device_enumerates),
        TEST(test_control_reads_of_every_kind_of_length),
        TEST(test_control_writes_of_every_kind_of_length),
        TEST(test_control_packets_are_as_large_as_the_device_says),
        TEST(test_a_size_of_control_packets_that_usb_has_not_is_refused),
        TEST(test_a_short_answer_ends_the_data_stage),
        TEST(test_a_stall_ends_the_transfer_and_not_the_next),
        TEST(test_a_busy_device_is_asked_again_until_it_answers),
        TEST(test_a_nak_limit_holds_within_each_frame),
        TEST(test_a_timeout_ends_a_transfer),
        TEST(test_three_silences_are_an_error),
        TEST(test_without_a_device_there_is_nothing_to_ask),
        TEST(test_unplugging_ends_what_is_in_flight),
        TEST(test_a_cancelled_transfer_leaves_the_bus),
        TEST(test_bulk_goes_both_ways_with_its_toggles),
        TEST(test_an_interrupt_endpoint_is_asked_once_an_interval),
        TEST(test_isochronous_packets_come_once_a_frame_without_handshake),
        TEST(test_no_transaction_crosses_the_end_of_a_frame),
        TEST(test_a_reset_ends_transfers_and_forgets_the_address),
        TEST(test_suspend_silences_the_bus_and_resume_brings_it_back),
        TEST(test_the_device_wakes_the_host),
        TEST(test_idle_frames_cost_one_event_each),
        TEST(test_a_device_that_babbles_is_found_out),
        TEST(test_the_turnaround_separates_transfers),
        cmocka_unit_test_setup_teardown(test_a_device_that_is_silent_for_two_seconds_enumerates, model_setup,
                                        model_teardown),
        cmocka_unit_test_setup_teardown(test_a_device_that_never_answers_is_given_up_after_eight_resets,
                                        model_setup, model_teardown),
        cmocka_unit_test_setup_teardown(test_unplugging_ends_the_attempts, model_setup, model_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
