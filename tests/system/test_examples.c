/*
 * The example applications, as they are shipped, under a scripted host: they enumerate, do what they say and
 * break no rule of the chip. They also try the virtual board with programs that use it unlike the bootloader
 * does: interrupts, many endpoints, sleep, threads on a stack of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { DFU_PID = 0xDB42, EXAMPLE_PID = 0x0001, MAX_IMAGE = 16 * 1024 };
enum { USB_IN = 0x80 };

static struct rig rig;

/* ---- the bench ---- */

static uint8_t *read_example(const char *path, uint32_t *length)
{
    char full[128];
    uint8_t *bytes = malloc(MAX_IMAGE);

    snprintf(full, sizeof full, "build/examples/%s.bin", path);
    FILE *file = fopen(full, "rb");
    if (!file || !bytes)
        fail_msg("%s is missing: `make examples` builds it", full);
    *length = (uint32_t)fread(bytes, 1, MAX_IMAGE, file);
    fclose(file);
    return bytes;
}

/* A Blue Pill that was flashed with the example, powered. */
static void start(const char *path)
{
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    rig = rig_new("BLUEPILL");
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    free(image);
}

static void finish(void)
{
    rig_assert_clean(&rig);
    rig_free(&rig);
}

/* Enumerates whoever appears, within a second; its product id. */
static uint16_t enumerate(void)
{
    uint8_t device[18];

    if (!rig.board->chip.powered)
        board_power(rig.board, true);
    for (unsigned ms = 0; ms < 1000; ms += 10) {
        rig_run_ms(&rig, 10);
        if (rig.host->port >= USB_PORT_ATTACHED && usb_host_enumerate(rig.host) == USB_DONE) {
            assert_int_equal(rig_request(&rig, USB_IN, 6, 0x0100, 0, sizeof device, device, NULL), USB_DONE);
            return (uint16_t)(device[10] | device[11] << 8);
        }
    }
    rig_assert_clean(&rig);
    fail_msg("no device appears");
    return 0;
}

static void expect_text(unsigned index, const char *text)
{
    uint8_t string[255];
    uint32_t actual = 0;
    char ascii[128] = "";

    assert_int_equal(rig_request(&rig, USB_IN, 6, (uint16_t)(0x0300 | index), 0x0409, 255, string, &actual),
                     USB_DONE);
    assert_int_equal(actual, string[0]);
    for (uint32_t i = 2; i < actual; i += 2)
        ascii[i / 2 - 1] = (char)string[i];
    assert_string_equal(ascii, text);
}

/* A transfer other than control; what came of it, USB_PENDING if nothing did in the time. */
static enum usb_host_status move(enum usb_transfer_type type, uint8_t endpoint, uint16_t max_packet,
                                 void *data, uint32_t length, unsigned milliseconds, uint32_t *actual)
{
    struct usb_transfer transfer = {.type = type,
                                    .endpoint = endpoint,
                                    .data = data,
                                    .length = length,
                                    .max_packet = max_packet,
                                    .interval = 10};

    assert_true(usb_host_submit(rig.host, &transfer));
    for (unsigned ms = 0; ms < milliseconds && transfer.status == USB_PENDING; ms++)
        rig_run_ms(&rig, 1);
    enum usb_host_status status = transfer.status;
    if (status == USB_PENDING)
        usb_host_cancel(rig.host, &transfer);
    if (actual)
        *actual = transfer.actual;
    return status;
}

static void assert_half_period(unsigned milliseconds)
{
    enum { CHANGES = 12 };
    uint64_t before = rig.board->led_changes;

    rig_run_ms(&rig, CHANGES * milliseconds);
    assert_in_range(rig.board->led_changes - before, CHANGES - 1, CHANGES + 1);
}

/* ---- blink ---- */

static void blink_runs_behind_each_variant_of_the_bootloader(void **state)
{
    (void)state;
    static const char *const variants[][2] = {{"BLUEPILL", "blink/blink"},
                                              {"BLUEPILL_4K", "blink/blink-4k"},
                                              {"BLUEPILL_HIGH", "blink/blink-high"}};

    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        uint32_t length;
        uint8_t *image = read_example(variants[i][1], &length);

        rig = rig_new(variants[i][0]);
        assert_int_equal(enumerate(), DFU_PID);
        assert_true(dfu_download(&rig, image, length, 1024).done);
        rig_run_ms(&rig, 200);
        assert_half_period(500);
        free(image);
        finish();
    }
}

static void an_image_of_another_variant_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"BLUEPILL", "blink/blink-4k"},
                                           {"BLUEPILL", "blink/blink-high"},
                                           {"BLUEPILL_4K", "blink/blink-high"}};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t length;
        uint8_t *image = read_example(wrong[i][1], &length);

        rig = rig_new(wrong[i][0]);
        assert_int_equal(enumerate(), DFU_PID);
        struct dfu_result result = dfu_download(&rig, image, length, 1024);
        assert_false(result.done);
        assert_int_equal(result.last.bStatus, errTARGET);
        free(image);
        finish();
    }
}

/* ---- dfu-runtime ---- */

enum { appIDLE = 0 };

static void expect_runtime(unsigned version)
{
    struct dfu_status status;

    assert_int_equal(enumerate(), EXAMPLE_PID);
    expect_text(2, version == 1 ? "DFU run-time example 1" : "DFU run-time example 2");
    expect_text(4, "Update");
    assert_int_equal(dfu_get_state(&rig), appIDLE);
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bStatus, OK);
    assert_int_equal(status.bState, appIDLE);
    assert_half_period(500 / version);
}

/* As dfu-util -D does: DFU_DETACH answered, then the device leaves by itself and comes back as another. */
static void detach(void)
{
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 1000, NULL, 0), USB_DONE);
    rig_run_ms(&rig, 15);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    assert_int_equal(enumerate(), DFU_PID);
}

static void download(const char *path)
{
    uint32_t length;
    uint8_t *image = read_example(path, &length);

    assert_true(dfu_download(&rig, image, length, 1024).done);
    for (unsigned ms = 0; ms < 500 && rig.host->port != USB_PORT_EMPTY; ms++)
        rig_run_ms(&rig, 1);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    free(image);
}

static void a_running_application_is_replaced_by_the_next_in_each_variant(void **state)
{
    (void)state;
    static const char *const variants[][3] = {
        {"BLUEPILL", "dfu-runtime/dfu-runtime", "dfu-runtime/dfu-runtime-2"},
        {"BLUEPILL_4K", "dfu-runtime/dfu-runtime-4k", "dfu-runtime/dfu-runtime-2-4k"},
        {"BLUEPILL_HIGH", "dfu-runtime/dfu-runtime-high", "dfu-runtime/dfu-runtime-2-high"},
    };

    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        rig = rig_new(variants[i][0]);
        assert_int_equal(enumerate(), DFU_PID);
        download(variants[i][1]);
        expect_runtime(1);
        detach();
        download(variants[i][2]);
        expect_runtime(2);
        detach();
        download(variants[i][1]);
        expect_runtime(1);
        finish();
    }
}

static void the_run_time_interface_stalls_what_belongs_to_the_bootloader(void **state)
{
    (void)state;
    uint8_t block[64] = {0};

    start("dfu-runtime/dfu-runtime");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 0, block, sizeof block), USB_STALLED);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_STALLED);
    assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_STALLED);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 64, block, NULL), USB_STALLED);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_GETSTATE, 0, 1, 1, block, NULL), USB_STALLED);
    assert_int_equal(dfu_get_state(&rig), appIDLE);
    finish();
}

/* Microsoft OS 1.0: the string tells the request, the request tells WINUSB for interface 0. */
static void windows_learns_which_driver_it_needs(void **state)
{
    (void)state;
    uint8_t data[64];
    uint32_t actual = 0;

    start("dfu-runtime/dfu-runtime");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    assert_int_equal(rig_request(&rig, USB_IN, 6, 0x03EE, 0, 18, data, &actual), USB_DONE);
    assert_int_equal(actual, 18);
    assert_memory_equal(
        data, ((const uint8_t[]){18, 3, 'M', 0, 'S', 0, 'F', 0, 'T', 0, '1', 0, '0', 0, '0', 0}), 16);
    uint8_t code = data[16];
    assert_int_equal(rig_request(&rig, 0xC0, code, 0, 4, 64, data, &actual), USB_DONE);
    assert_int_equal(actual, 40);
    assert_int_equal(data[0], 40);
    assert_int_equal(data[8], 1);
    assert_int_equal(data[16], 0);
    assert_memory_equal(data + 18, "WINUSB\0\0", 8);
    finish();
}

static void without_a_crystal_it_makes_way_for_the_bootloader(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");
    uint32_t length;
    uint8_t *image = read_example("dfu-runtime/dfu-runtime", &length);

    config.hse_hz = 0;
    rig = rig_new_with("BLUEPILL", &config);
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    assert_int_equal(enumerate(), DFU_PID);
    free(image);
    finish();
}

static void it_sleeps_and_wakes_with_the_bus(void **state)
{
    (void)state;

    start("dfu-runtime/dfu-runtime");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    for (unsigned i = 0; i < 3; i++) {
        usb_host_suspend(rig.host);
        rig_run_ms(&rig, 50);
        usb_host_resume(rig.host);
        rig_run_ms(&rig, 50);
        assert_int_equal(rig.host->port, USB_PORT_ENABLED);
        assert_int_equal(dfu_get_state(&rig), appIDLE);
    }
    usb_host_suspend(rig.host);
    rig_run_ms(&rig, 50);
    usb_host_reset(rig.host, 20);
    assert_int_equal(enumerate(), EXAMPLE_PID);
    finish();
}

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

    /* opened, closed and opened before anyone asks: the first news, then the last; never one changed under
     * way */
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

/* ---- rtos ---- */

struct line {
    char text[4096];
    size_t length;
};

static void hear(void *watcher, unsigned usart, ticks at, uint16_t data)
{
    struct line *line = watcher;
    (void)at;

    assert_int_equal(usart, 1);
    if (line->length < sizeof line->text - 1)
        line->text[line->length++] = (char)data;
}

static void three_threads_take_turns_and_keep_their_registers(void **state)
{
    (void)state;
    static struct line line;
    char expected[64];

    start("rtos/rtos");
    memset(&line, 0, sizeof line);
    rig.board->serial_watcher = &line;
    rig.board->serial = hear;
    rig_run_ms(&rig, 100);
    assert_half_period(250);
    rig_run_ms(&rig, 7000);
    rig_assert_clean(&rig);
    const char *at = line.text;
    for (unsigned i = 1; i <= 36; i++) {
        snprintf(expected, sizeof expected, "change %u, work goes on, 0 errors\r\n", i);
        if (strncmp(at, expected, strlen(expected)) != 0)
            fail_msg("expected \"%s\", got \"%.40s\"", expected, at);
        at += strlen(expected);
    }
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blink_runs_behind_each_variant_of_the_bootloader),
        cmocka_unit_test(bulk_echo_sends_back_what_comes_through_double_buffers),
        cmocka_unit_test(bulk_echo_holds_back_what_it_has_no_room_for),
        cmocka_unit_test(an_image_of_another_variant_is_refused),
        cmocka_unit_test(a_running_application_is_replaced_by_the_next_in_each_variant),
        cmocka_unit_test(the_run_time_interface_stalls_what_belongs_to_the_bootloader),
        cmocka_unit_test(windows_learns_which_driver_it_needs),
        cmocka_unit_test(without_a_crystal_it_makes_way_for_the_bootloader),
        cmocka_unit_test(it_sleeps_and_wakes_with_the_bus),
        cmocka_unit_test(control_transfers_end_as_chapter_9_says),
        cmocka_unit_test(bytes_come_back_in_order),
        cmocka_unit_test(a_stream_both_ways_loses_nothing),
        cmocka_unit_test(opening_the_port_lights_the_led_and_is_told_back),
        cmocka_unit_test(the_line_coding_is_kept),
        cmocka_unit_test(the_button_is_a_key),
        cmocka_unit_test(the_led_shows_caps_lock),
        cmocka_unit_test(an_idle_rate_repeats_the_report),
        cmocka_unit_test(the_report_descriptor_fits_the_reports),
        cmocka_unit_test(three_threads_take_turns_and_keep_their_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
