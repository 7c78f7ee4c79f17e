/* The examples that show how an application lives with the bootloader, on the virtual board. */
#include "examples_test.h"

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
    assert_makes_way_without_crystal("BLUEPILL", "dfu-runtime/dfu-runtime");
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
        cmocka_unit_test(an_image_of_another_variant_is_refused),
        cmocka_unit_test(a_running_application_is_replaced_by_the_next_in_each_variant),
        cmocka_unit_test(the_run_time_interface_stalls_what_belongs_to_the_bootloader),
        cmocka_unit_test(windows_learns_which_driver_it_needs),
        cmocka_unit_test(without_a_crystal_it_makes_way_for_the_bootloader),
        cmocka_unit_test(it_sleeps_and_wakes_with_the_bus),
        cmocka_unit_test(three_threads_take_turns_and_keep_their_registers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
