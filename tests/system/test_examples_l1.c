/* The examples for the STM32L1 behind its bootloader: no rule of the chip's manual is broken. */
#include "examples_test.h"

#include "chip/pins.h" // chip_pin_level

/* Boards, and the example linked for the place and the clock of each. */
static const struct {
    const char *target, *blink, *runtime, *echo;
} boards[] = {
    {"STM32L152DISCOVERY", "blink/blink-l1", "dfu-runtime/dfu-runtime-l1", "cdc-echo/cdc-echo-l1"},
    {"STM32L152DISCOVERY_4K", "blink/blink-l1-4k", "dfu-runtime/dfu-runtime-l1-4k",
     "cdc-echo/cdc-echo-l1-4k"},
    {"STM32L1", "blink/blink-l1", "dfu-runtime/dfu-runtime-l1-16mhz", "cdc-echo/cdc-echo-l1-16mhz"},
};
enum { BOARDS = sizeof boards / sizeof boards[0] };

static void download_to(const char *target, const char *path)
{
    rig = rig_new(target);
    assert_int_equal(enumerate(), DFU_PID);
    download(path);
}

/* ---- blink ---- */

/* PB6 for 6 seconds: it drives the LED of the Discovery, nothing on the generic board. */
static unsigned changes_of_pb6(void)
{
    enum { PORT_B = 1, PIN_6 = 6, STEP_MS = 10 };
    unsigned changes = 0;
    int before = chip_pin_level(&rig.board->chip, PORT_B, PIN_6);

    for (unsigned ms = 0; ms < 6000; ms += STEP_MS) {
        rig_run_ms(&rig, STEP_MS);
        int now = chip_pin_level(&rig.board->chip, PORT_B, PIN_6);
        changes += now != before;
        before = now;
    }
    return changes;
}

static void blink_toggles_the_blue_led_twice_a_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOARDS; i++) {
        download_to(boards[i].target, boards[i].blink);
        rig_run_ms(&rig, 200);
        uint64_t before = rig.board->led_changes;
        unsigned changes = changes_of_pb6();
        assert_in_range(changes, 11, 13);
        if (rig.board->info->led != PIN_NONE)
            assert_int_equal(rig.board->led_changes - before, changes);
        finish();
    }
}

static void blink_returns_to_the_bootloader_at_the_press_of_the_button(void **state)
{
    (void)state;
    start_on("STM32L152DISCOVERY", "blink/blink-l1");
    rig_run_ms(&rig, 700);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    board_press(rig.board, true);
    rig_run_ms(&rig, 600); /* it looks twice a second */
    board_press(rig.board, false);
    assert_int_equal(enumerate(), DFU_PID);
    /* the request is honoured once */
    board_reset_button(rig.board);
    rig_run_ms(&rig, 700);
    assert_int_equal(rig.host->port, USB_PORT_EMPTY);
    assert_half_period(500);
    finish();
}

static void an_image_of_another_variant_or_family_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"STM32L152DISCOVERY", "blink/blink-l1-4k"}, /* starts below the area */
        {"STM32L152DISCOVERY_4K", "blink/blink-l1"}, /* starts behind its own end */
        {"STM32L152DISCOVERY", "blink/blink"},       /* its stack is above this chip's 16 KiB of RAM */
        {"STM32L1", "blink/blink-high"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t length;
        uint8_t *image = read_example(wrong[i][1], &length);

        rig = rig_new(wrong[i][0]);
        assert_int_equal(enumerate(), DFU_PID);
        struct dfu_result result = dfu_download(&rig, image, length, rig.transfer_size);
        assert_false(result.done);
        assert_int_equal(result.last.bStatus, errTARGET);
        free(image);
        finish();
    }
}

/* ---- dfu-runtime ---- */

static void DFU_DETACH_brings_the_bootloader_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOARDS; i++) {
        download_to(boards[i].target, boards[i].runtime);
        assert_int_equal(enumerate(), EXAMPLE_PID);
        expect_text(2, "DFU run-time example 1");
        detach();
        download(boards[i].echo);
        assert_int_equal(enumerate(), EXAMPLE_PID);
        expect_text(2, "CDC echo example");
        finish();
    }
}

static uint8_t *serial_number(uint8_t string[255])
{
    assert_int_equal(rig_request(&rig, USB_IN, 6, 0x0303, 0x0409, 255, string, NULL), USB_DONE);
    return string;
}

/* Its words are apart, and elsewhere on category 3. */
static void an_application_reads_the_unique_id_that_the_bootloader_tells(void **state)
{
    (void)state;
    struct chip_config chips[] = {rig_config("STM32L152DISCOVERY"),
                                  board_default_config(board_find("STM32L151xC"))};
    uint8_t bootloader[255], application[255];

    chips[1].hse_hz = chips[0].hse_hz;
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        rig = rig_new_with("STM32L152DISCOVERY", &chips[i]);
        assert_int_equal(enumerate(), DFU_PID);
        serial_number(bootloader);
        download("dfu-runtime/dfu-runtime-l1");
        assert_int_equal(enumerate(), EXAMPLE_PID);
        serial_number(application);
        assert_int_equal(application[0], 50);
        assert_memory_equal(application, bootloader, 50);
        finish();
    }
}

static void without_a_crystal_it_makes_way_for_the_bootloader(void **state)
{
    (void)state;
    assert_makes_way_without_crystal("STM32L152DISCOVERY", "dfu-runtime/dfu-runtime-l1");
}

static void it_sleeps_and_wakes_with_the_bus(void **state)
{
    (void)state;

    start_on("STM32L152DISCOVERY", "dfu-runtime/dfu-runtime-l1");
    assert_int_equal(enumerate(), EXAMPLE_PID);
    for (unsigned i = 0; i < 3; i++) {
        usb_host_suspend(rig.host);
        rig_run_ms(&rig, 50);
        usb_host_resume(rig.host);
        rig_run_ms(&rig, 50);
        assert_int_equal(rig.host->port, USB_PORT_ENABLED);
        expect_text(4, "Update");
    }
    finish();
}

/* ---- cdc-echo ---- */

static void cdc_echo_sends_back_what_it_receives(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 63, 64, 65, 128, 200};

    for (size_t i = 0; i < BOARDS; i++) {
        start_on(boards[i].target, boards[i].echo);
        assert_int_equal(enumerate(), EXAMPLE_PID);
        for (size_t n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
            uint8_t sent[256], back[256];
            uint32_t actual = 0;

            for (unsigned at = 0; at < lengths[n]; at++)
                sent[at] = (uint8_t)(at * 7 + n);
            assert_int_equal(move(USB_BULK, 1, 64, sent, lengths[n], 100, NULL), USB_DONE);
            for (uint32_t total = 0; total < lengths[n]; total += actual)
                assert_int_equal(move(USB_BULK, 0x81, 64, back + total, sizeof back - total, 100, &actual),
                                 USB_DONE);
            assert_memory_equal(back, sent, lengths[n]);
        }
        finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blink_toggles_the_blue_led_twice_a_second),
        cmocka_unit_test(blink_returns_to_the_bootloader_at_the_press_of_the_button),
        cmocka_unit_test(an_image_of_another_variant_or_family_is_refused),
        cmocka_unit_test(DFU_DETACH_brings_the_bootloader_back),
        cmocka_unit_test(an_application_reads_the_unique_id_that_the_bootloader_tells),
        cmocka_unit_test(without_a_crystal_it_makes_way_for_the_bootloader),
        cmocka_unit_test(it_sleeps_and_wakes_with_the_bus),
        cmocka_unit_test(cdc_echo_sends_back_what_it_receives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
