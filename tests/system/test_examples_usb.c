/* The examples that are USB devices, on the virtual board: chapter 9, bulk, CDC, HID. */
#include "examples_test.h"

/* ---- chapter 9, as all examples with USB share it ---- */

static void control_transfers_end_as_chapter_9_says(void **state)
{
    (void)state;
    uint8_t data[255];
    uint32_t actual = 0;

    start("cdc-echo/cdc-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);

    /* configuration descriptor: 67 bytes, two packets; cut off where the host wants less */
    for (uint16_t length = 1; length < 70; length++) {
        assert_int_equal(rig_request(&rig, USB_IN, 6, 0x0200, 0, length, data, &actual), USB_DONE);
        assert_int_equal(actual, length < 67 ? length : 67);
    }
    assert_int_equal(rig_request(&rig, USB_IN, 8, 0, 0, 1, data, &actual), USB_DONE);
    assert_int_equal(data[0], 1);
    assert_int_equal(rig_request(&rig, USB_IN, 0, 0, 0, 2, data, &actual), USB_DONE);
    assert_int_equal(data[0] | data[1], 0);

    /* halt an endpoint and free it again */
    assert_int_equal(rig_request(&rig, 0x02, 3, 0, 0x81, 0, NULL, NULL), USB_DONE);
    assert_int_equal(rig_request(&rig, 0x82, 0, 0, 0x81, 2, data, NULL), USB_DONE);
    assert_int_equal(data[0], 1);
    assert_int_equal(move(USB_BULK, 0x81, 64, data, 64, 20, NULL), USB_STALLED);
    assert_int_equal(rig_request(&rig, 0x02, 1, 0, 0x81, 0, NULL, NULL), USB_DONE);
    assert_int_equal(move(USB_BULK, 0x81, 64, data, 64, 20, NULL), USB_PENDING);

    /* what is not there */
    static const uint16_t wrong[][4] = {
        {0x80, 6, 0x0600, 0}, {0x80, 6, 0x0309, 0}, {0x80, 6, 0x0201, 0}, {0x00, 9, 2, 0},  {0x00, 3, 1, 0},
        {0x02, 3, 0, 0x83},   {0x02, 3, 1, 0x81},   {0x82, 0, 0, 0x05},   {0x01, 11, 1, 0}, {0x81, 10, 0, 2},
        {0x40, 1, 0, 0},      {0xC0, 1, 0, 0},      {0x21, 0x55, 0, 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint16_t length = wrong[i][0] & USB_IN ? 2 : 0;
        if (rig_request(&rig, (uint8_t)wrong[i][0], (uint8_t)wrong[i][1], wrong[i][2], wrong[i][3], length,
                        data, NULL) != USB_STALLED)
            fail_msg("request %zu should be stalled", i);
    }
    expect_text(2, "CDC echo example");

    /* unconfigured: endpoints are silent */
    assert_int_equal(rig_request(&rig, 0x00, 9, 0, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(rig_request(&rig, 0x82, 0, 0, 0x81, 2, data, NULL), USB_STALLED);
    assert_int_equal(move(USB_BULK, 0x81, 64, data, 64, 20, NULL), USB_ERROR);
    finish();
}

/* ---- bulk-echo ---- */

/* Both endpoints have two buffers (RM0008 23.4.3). Less than what fits the device's queue and buffers goes
 * out before anything comes back, so that both directions have packets waiting. */
static void bulk_echo_sends_back_what_comes_through_double_buffers(void **state)
{
    (void)state;
    enum { TRANSFERS = 12, MOST = 300, DATA_OUT = 1, DATA_IN = USB_IN | 2 };
    static const unsigned lengths[TRANSFERS] = {1, 63, 65, 130, 200, 299, 2, 127, 129, 191, 193, 300};
    start("bulk-echo/bulk-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    expect_text(2, "bulk echo example");
    for (unsigned t = 0; t < TRANSFERS; t++) {
        uint8_t out[MOST], in[MOST];
        uint32_t actual = 0, at = 0;
        for (unsigned i = 0; i < lengths[t]; i++)
            out[i] = (uint8_t)(i * 13 + t);
        assert_int_equal(move(USB_BULK, DATA_OUT, 64, out, lengths[t], 20, NULL), USB_DONE);
        while (at < lengths[t]) {
            assert_int_equal(move(USB_BULK, DATA_IN, 64, in + at, lengths[t] - at, 20, &actual), USB_DONE);
            assert_true(actual > 0);
            at += actual;
        }
        assert_memory_equal(in, out, lengths[t]);
    }
    finish();
}

/* While nobody fetches, two packets wait in its buffers, 256 bytes in its queue and two more packets outside:
 * the rest is NAKed, and nothing is lost. */
static void bulk_echo_holds_back_what_it_has_no_room_for(void **state)
{
    (void)state;
    enum { MUCH = 1024, DATA_OUT = 1, DATA_IN = USB_IN | 2 };
    uint8_t out[MUCH], in[MUCH];
    uint32_t actual = 0, at = 0, taken = 0;
    start("bulk-echo/bulk-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    for (unsigned i = 0; i < MUCH; i++)
        out[i] = (uint8_t)(i * 7);
    assert_int_equal(move(USB_BULK, DATA_OUT, 64, out, MUCH, 20, &taken), USB_PENDING);
    assert_in_range(taken, 256 + 3 * 64, 256 + 4 * 64);
    while (at < taken) {
        assert_int_equal(move(USB_BULK, DATA_IN, 64, in + at, 64, 20, &actual), USB_DONE);
        at += actual;
    }
    assert_int_equal(at, taken);
    assert_memory_equal(in, out, taken);
    finish();
}

/* ---- cdc-echo ---- */

static void bytes_come_back_in_order(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 63, 64, 65, 127, 128, 129, 192, 200};
    uint8_t sent[256], back[512];

    start("cdc-echo/cdc-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    for (unsigned i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7 + 3);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t actual = 0;

        assert_int_equal(move(USB_BULK, 1, 64, sent, lengths[i], 100, &actual), USB_DONE);
        assert_int_equal(actual, lengths[i]);
        /* nothing was fetched meanwhile, so packets are full; the end is told by a short one */
        uint32_t total = 0;
        while (total < lengths[i]) {
            assert_int_equal(move(USB_BULK, 0x81, 64, back + total, sizeof back - total, 100, &actual),
                             USB_DONE);
            total += actual;
        }
        assert_int_equal(total, lengths[i]);
        assert_memory_equal(back, sent, total);
    }
    finish();
}

struct stream {
    struct usb_transfer out, in;
    uint8_t sent[4096], back[4096];
    uint32_t received;
    bool wrong;
};

static void stream_in_done(struct usb_transfer *transfer)
{
    struct stream *stream = transfer->context;

    stream->received += transfer->actual;
    if (transfer->status != USB_DONE) {
        stream->wrong = true;
        return;
    }
    if (stream->received >= sizeof stream->sent)
        return;
    transfer->data = stream->back + stream->received;
    transfer->length = (uint32_t)sizeof stream->back - stream->received;
    stream->wrong |= !usb_host_submit(rig.host, transfer);
}

static void a_stream_both_ways_loses_nothing(void **state)
{
    (void)state;
    static struct stream stream;

    start("cdc-echo/cdc-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    memset(&stream, 0, sizeof stream);
    for (unsigned i = 0; i < sizeof stream.sent; i++)
        stream.sent[i] = (uint8_t)(i ^ i >> 8);
    stream.out = (struct usb_transfer){
        .type = USB_BULK, .endpoint = 1, .data = stream.sent, .length = sizeof stream.sent, .max_packet = 64};
    stream.in = (struct usb_transfer){.type = USB_BULK,
                                      .endpoint = 0x81,
                                      .data = stream.back,
                                      .length = sizeof stream.back,
                                      .max_packet = 64,
                                      .context = &stream,
                                      .done = stream_in_done};
    assert_true(usb_host_submit(rig.host, &stream.out));
    rig_run_ms(&rig, 5); /* the queue fills up, and the device must say no */
    assert_int_equal(stream.out.status, USB_PENDING);
    assert_true(usb_host_submit(rig.host, &stream.in));
    for (unsigned ms = 0; ms < 100 && stream.received < sizeof stream.sent; ms++)
        rig_run_ms(&rig, 1);
    assert_int_equal(stream.out.status, USB_DONE);
    assert_false(stream.wrong);
    assert_int_equal(stream.received, sizeof stream.sent);
    assert_memory_equal(stream.back, stream.sent, sizeof stream.sent);
    finish();
}

static void opening_the_port_lights_the_led_and_is_told_back(void **state)
{
    (void)state;
    static const uint8_t opened[] = {0xA1, 0x20, 0, 0, 0, 0, 2, 0, 3, 0};
    uint8_t notification[16];
    uint32_t actual = 0;

    start("cdc-echo/cdc-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    assert_false(rig.board->led_on);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, NULL), USB_PENDING);
    assert_int_equal(rig_request(&rig, 0x21, 0x22, 1, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, &actual), USB_DONE);
    assert_int_equal(actual, sizeof opened);
    assert_memory_equal(notification, opened, sizeof opened);
    assert_true(rig.board->led_on);
    assert_int_equal(rig_request(&rig, 0x21, 0x22, 0, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, &actual), USB_DONE);
    assert_int_equal(notification[8], 0);
    assert_false(rig.board->led_on);

    /* opened, closed and opened before anyone asks: the first news, then the
     * last; never one changed under way */
    for (uint16_t dtr = 1; dtr < 4; dtr++)
        assert_int_equal(rig_request(&rig, 0x21, 0x22, dtr & 1, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, &actual), USB_DONE);
    assert_memory_equal(notification, opened, sizeof opened);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, &actual), USB_DONE);
    assert_memory_equal(notification, opened, sizeof opened);
    assert_int_equal(move(USB_INTERRUPT, 0x82, 10, notification, 10, 50, NULL), USB_PENDING);
    finish();
}

static void the_line_coding_is_kept(void **state)
{
    (void)state;
    uint8_t coding[7] = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}, back[7] = {0};
    uint32_t actual = 0;

    start("cdc-echo/cdc-echo");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    assert_int_equal(rig_request(&rig, 0x21, 0x20, 0, 0, sizeof coding, coding, NULL), USB_DONE);
    assert_int_equal(rig_request(&rig, 0xA1, 0x21, 0, 0, sizeof back, back, &actual), USB_DONE);
    assert_int_equal(actual, sizeof back);
    assert_memory_equal(back, coding, sizeof back);
    assert_int_equal(rig_request(&rig, 0x21, 0x20, 0, 0, 8, (uint8_t[8]){0}, NULL), USB_STALLED);
    finish();
}

/* ---- hid-device ---- */

static void start_keyboard(void)
{
    start("hid-device/hid-device");
    assert_int_equal(enumerate(), EXAMPLE_PID);
}

static enum usb_host_status read_report(uint8_t report[8], unsigned milliseconds)
{
    uint32_t actual = 0;
    enum usb_host_status status = move(USB_INTERRUPT, 0x81, 8, report, 8, milliseconds, &actual);

    if (status == USB_DONE)
        assert_int_equal(actual, 8);
    return status;
}

static void the_button_is_a_key(void **state)
{
    (void)state;
    uint8_t report[8];

    start_keyboard();
    assert_int_equal(read_report(report, 100), USB_PENDING);
    for (unsigned i = 0; i < 3; i++) {
        board_press(rig.board, true);
        assert_int_equal(read_report(report, 100), USB_DONE);
        assert_memory_equal(report, ((const uint8_t[]){0, 0, 0x39, 0, 0, 0, 0, 0}), 8);
        assert_int_equal(read_report(report, 100), USB_PENDING);
        board_press(rig.board, false);
        assert_int_equal(read_report(report, 100), USB_DONE);
        assert_memory_equal(report, ((const uint8_t[8]){0}), 8);
    }
    /* a contact that chatters for less than 5 ms is nobody's finger */
    board_press(rig.board, true);
    rig_run_ms(&rig, 3);
    board_press(rig.board, false);
    assert_int_equal(read_report(report, 100), USB_PENDING);
    finish();
}

static void the_led_shows_caps_lock(void **state)
{
    (void)state;
    uint8_t on = 2, off = 0, back = 0;

    start_keyboard();
    assert_false(rig.board->led_on);
    assert_int_equal(rig_request(&rig, 0x21, 9, 0x0200, 0, 1, &on, NULL), USB_DONE);
    rig_run_ms(&rig, 1);
    assert_true(rig.board->led_on);
    assert_int_equal(rig_request(&rig, 0xA1, 1, 0x0200, 0, 1, &back, NULL), USB_DONE);
    assert_int_equal(back, 2);
    assert_int_equal(rig_request(&rig, 0x21, 9, 0x0200, 0, 1, &off, NULL), USB_DONE);
    rig_run_ms(&rig, 1);
    assert_false(rig.board->led_on);
    assert_int_equal(rig_request(&rig, 0x21, 9, 0x0300, 0, 1, &on, NULL), USB_STALLED);
    finish();
}

/* SET_IDLE: without a change the report comes again and again, at that rate (HID 1.11 7.2.4). */
static void an_idle_rate_repeats_the_report(void **state)
{
    (void)state;
    uint8_t report[8], idle = 0;

    start_keyboard();
    assert_int_equal(rig_request(&rig, 0x21, 10, 10 << 8, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(rig_request(&rig, 0xA1, 2, 0, 0, 1, &idle, NULL), USB_DONE);
    assert_int_equal(idle, 10);
    assert_int_equal(read_report(report, 100), USB_DONE);
    ticks before = board_now(rig.board);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(read_report(report, 100), USB_DONE);
    assert_in_range(ticks_to_us(board_now(rig.board) - before), 380000, 520000);
    finish();
}

static void the_report_descriptor_fits_the_reports(void **state)
{
    (void)state;
    uint8_t hid[9], report[128];
    uint32_t actual = 0, input_bits = 0, output_bits = 0, size = 0, count = 0;

    start_keyboard();
    assert_int_equal(rig_request(&rig, 0x81, 6, 0x2100, 0, sizeof hid, hid, &actual), USB_DONE);
    assert_int_equal(actual, 9);
    assert_int_equal(rig_request(&rig, 0x81, 6, 0x2200, 0, sizeof report, report, &actual), USB_DONE);
    assert_int_equal(actual, hid[7] | hid[8] << 8);
    for (uint32_t at = 0; at < actual; at += 1 + (report[at] & 3)) {
        switch (report[at] & 0xFC) {
        case 0x74: size = report[at + 1]; break;
        case 0x94: count = report[at + 1]; break;
        case 0x80: input_bits += size * count; break;
        case 0x90: output_bits += size * count; break;
        default: break;
        }
    }
    assert_int_equal(input_bits, 64);
    assert_int_equal(output_bits, 8);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_echo_sends_back_what_comes_through_double_buffers),
        cmocka_unit_test(bulk_echo_holds_back_what_it_has_no_room_for),
        cmocka_unit_test(control_transfers_end_as_chapter_9_says),
        cmocka_unit_test(bytes_come_back_in_order),
        cmocka_unit_test(a_stream_both_ways_loses_nothing),
        cmocka_unit_test(opening_the_port_lights_the_led_and_is_told_back),
        cmocka_unit_test(the_line_coding_is_kept),
        cmocka_unit_test(the_button_is_a_key),
        cmocka_unit_test(the_led_shows_caps_lock),
        cmocka_unit_test(an_idle_rate_repeats_the_report),
        cmocka_unit_test(the_report_descriptor_fits_the_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
