/* What the options change, on images built with them (tests/tests.mk), on a Blue Pill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../usb_protocol.h"
#include "peek.h"
#include "rig.h"

enum { PAGE = 1024, CONFIGURATION = 0x0200 };
enum { CAN_DNLOAD = 1, CAN_UPLOAD = 2, MANIFESTATION_TOLERANT = 4, WILL_DETACH = 8 };

static struct rig rig;

static void use_with(const char *build, const struct chip_config *config)
{
    rig = rig_new_build(build, "BLUEPILL", config);
}

static void use(const char *build)
{
    struct chip_config config = rig_config("BLUEPILL");

    use_with(build, &config);
}

static int finish(void **state)
{
    (void)state;
    rig_free(&rig);
    return 0;
}

static void enter(void)
{
    assert_true(rig_enter_dfu(&rig));
}

static struct dfu_result download(uint32_t length, uint32_t block)
{
    uint8_t *image = rig_application(&rig, length, 1);
    struct dfu_result result = dfu_download(&rig, image, length, block);

    if (result.done)
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, length);
    free(image);
    return result;
}

static void burn(void)
{
    uint8_t *image = rig_application(&rig, 200, 1);

    rig_burn(&rig, rig.app_base, image, 200);
    free(image);
}

static bool starts(void)
{
    return rig_starts_application(&rig, TICKS_PER_SECOND);
}

static uint32_t descriptor(uint16_t which, uint8_t *data, uint16_t room)
{
    uint32_t actual = 0;

    assert_int_equal(rig_request(&rig, 0x80, GET_DESCRIPTOR, which, 0, room, data, &actual), USB_DONE);
    return actual;
}

/* bmAttributes of the DFU functional descriptor, the last of the configuration. */
static uint8_t dfu_attributes(void)
{
    uint8_t data[255];
    uint32_t length = descriptor(CONFIGURATION, data, sizeof data);

    assert_int_equal(data[length - 9], 9);
    assert_int_equal(data[length - 8], 0x21);
    return data[length - 7];
}

static void use_hsi_needs_no_crystal(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");

    config.hse_hz = 0;
    use_with("hsi", &config);
    enter();
    assert_int_equal(PEEK_RCC(&rig.board->chip, 0) & 1u << 16, 0); /* HSEON */
    /* no crystal was wanted, so none is missing: the LED says waiting, once a second */
    rig_run_ms(&rig, 1024);
    uint64_t before = rig.board->led_changes;
    rig_run_ms(&rig, 4096);
    assert_in_range(rig.board->led_changes - before, 7, 9);
    assert_true(download(20000, PAGE).done);
    assert_true(starts());
    rig_assert_clean(&rig);
}

/* Strictly: USB must get 48 MHz of it. */
static void crystals_of_other_frequencies_serve(void **state)
{
    static const struct {
        const char *build;
        uint32_t mhz;
    } builds[] = {{"crystal-4", 4}, {"crystal-12", 12}, {"crystal-16", 16}};

    (void)state;
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        struct chip_config config = rig_config("BLUEPILL");

        if (i)
            rig_free(&rig);
        config.hse_hz = builds[i].mhz * 1000000;
        use_with(builds[i].build, &config);
        enter();
        /* the PLL runs from the crystal: it did not fall back to the internal oscillator */
        assert_int_not_equal(PEEK_RCC(&rig.board->chip, 4) & 1u << 16, 0); /* PLLSRC */
        assert_true(download(20000, PAGE).done);
        rig_assert_clean(&rig);
    }
}

static void will_detach_0_stays_until_the_host_resets_the_bus(void **state)
{
    (void)state;
    use("stay");
    enter();
    assert_int_equal(dfu_attributes(), CAN_DNLOAD | CAN_UPLOAD | MANIFESTATION_TOLERANT);
    assert_true(download(3000, PAGE).done);
    rig_run_ms(&rig, 10000);
    assert_int_equal(rig.host->port, USB_PORT_ENABLED);
    assert_int_equal(dfu_get_state(&rig), dfuIDLE);
    /* another one, and reading back, as long as it stays */
    uint8_t back[3000];
    assert_int_equal(dfu_upload(&rig, back, sizeof back, 1000).bytes, 3000);
    assert_memory_equal(back, rig_flash(&rig, rig.app_base), 3000);
    assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
    assert_true(download(3100, PAGE).done);
    usb_host_reset(rig.host, 10);
    assert_true(starts());
    rig_assert_clean(&rig);
}

static void will_detach_0_leaves_by_dfu_detach(void **state)
{
    (void)state;
    use("stay");
    enter();
    assert_true(download(3000, PAGE).done);
    rig_run_ms(&rig, 3000);
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 0, NULL, 0), USB_DONE);
    assert_true(starts());
    rig_assert_clean(&rig);
}

/* Enumeration begins with a reset; only one after a download means: go. */
static void will_detach_0_stays_through_resets_without_a_download(void **state)
{
    (void)state;
    use("stay");
    burn();
    board_press(rig.board, true);
    enter();
    board_press(rig.board, false);
    for (unsigned i = 0; i < 3; i++) {
        usb_host_reset(rig.host, 10);
        rig_run_ms(&rig, 30);
        assert_int_equal(usb_host_enumerate(rig.host), USB_DONE);
        assert_int_equal(dfu_get_state(&rig), dfuIDLE);
    }
    rig_assert_clean(&rig);
}

static void without_upload_nothing_is_read_back(void **state)
{
    (void)state;
    uint8_t data[PAGE];
    struct dfu_status status;

    use("no-upload");
    enter();
    assert_int_equal(dfu_attributes(), CAN_DNLOAD | MANIFESTATION_TOLERANT | WILL_DETACH);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, PAGE, data, NULL), USB_STALLED);
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bState, dfuERROR);
    assert_int_equal(status.bStatus, errSTALLEDPKT);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_true(download(3000, PAGE).done);
    assert_true(starts());
    rig_assert_clean(&rig);
}

static void without_download_nothing_is_written(void **state)
{
    (void)state;
    uint8_t data[200];

    use("no-download");
    burn();
    board_press(rig.board, true);
    enter();
    assert_int_equal(dfu_attributes(), CAN_UPLOAD | MANIFESTATION_TOLERANT | WILL_DETACH);
    struct dfu_result result = download(3000, PAGE);
    assert_false(result.done);
    assert_int_equal(result.last.bStatus, errSTALLEDPKT);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 200, data, NULL), USB_DONE);
    assert_memory_equal(data, rig_flash(&rig, rig.app_base), 200);
    assert_int_equal(rig.board->chip.flash.operations, 0);
    rig_assert_clean(&rig);
}

static void dfu_can_be_alternate_setting_2(void **state)
{
    (void)state;
    uint8_t data[255], alternate = 9;

    use("alternate-2");
    enter();
    uint32_t length = descriptor(CONFIGURATION, data, sizeof data);
    assert_int_equal(length, 9 + 3 * 9 + 9);
    assert_int_equal(data[2], length);
    assert_int_equal(data[4], 1); /* interfaces */
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t *interface = data + 9 + 9 * i;
        assert_int_equal(interface[1], 4);
        assert_int_equal(interface[2], 0);
        assert_int_equal(interface[3], i);
        assert_int_equal(interface[4], 0);
        if (i < 2)
            assert_int_equal(interface[8], 0); /* placeholders have no name */
    }
    assert_int_not_equal(data[9 + 18 + 8], 0);
    /* SET_INTERFACE and GET_INTERFACE (USB 2.0 9.4.4, 9.4.10) */
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(rig_request(&rig, 0x01, SET_INTERFACE, i, 0, 0, NULL, NULL), USB_DONE);
        assert_int_equal(rig_request(&rig, 0x81, GET_INTERFACE, 0, 0, 1, &alternate, NULL), USB_DONE);
        assert_int_equal(alternate, i);
    }
    assert_int_equal(rig_request(&rig, 0x01, SET_INTERFACE, 3, 0, 0, NULL, NULL), USB_STALLED);
    assert_int_equal(rig_request(&rig, 0x81, GET_INTERFACE, 0, 0, 1, &alternate, NULL), USB_DONE);
    assert_int_equal(alternate, 2);
    /* those below take no firmware */
    for (uint16_t i = 0; i < 2; i++) {
        assert_int_equal(rig_request(&rig, 0x01, SET_INTERFACE, i, 0, 0, NULL, NULL), USB_DONE);
        assert_int_equal(download(3000, PAGE).last.bStatus, errSTALLEDPKT);
        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    }
    assert_int_equal(rig.board->chip.flash.operations, 0);
    assert_int_equal(rig_request(&rig, 0x01, SET_INTERFACE, 2, 0, 0, NULL, NULL), USB_DONE);
    assert_true(download(3000, PAGE).done);
    /* the setting ends with the configuration */
    assert_int_equal(rig_request(&rig, 0x00, 9, 1, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(rig_request(&rig, 0x81, GET_INTERFACE, 0, 0, 1, &alternate, NULL), USB_DONE);
    assert_int_equal(alternate, 0);
    assert_true(starts());
    rig_assert_clean(&rig);
}

/* And with a bus reset: 9.1.1.5, Default state. */
static void an_alternate_setting_does_not_outlive_a_bus_reset(void **state)
{
    (void)state;
    uint8_t alternate = 9;

    use("alternate-2");
    enter();
    assert_int_equal(rig_request(&rig, 0x01, SET_INTERFACE, 2, 0, 0, NULL, NULL), USB_DONE);
    usb_host_reset(rig.host, 10);
    rig_run_ms(&rig, 30);
    assert_int_equal(usb_host_enumerate(rig.host), USB_DONE);
    assert_int_equal(rig_request(&rig, 0x81, GET_INTERFACE, 0, 0, 1, &alternate, NULL), USB_DONE);
    assert_int_equal(alternate, 0);
}

static void without_an_led_its_pin_is_left_alone(void **state)
{
    (void)state;
    use("no-led");
    enter();
    rig_run_ms(&rig, 2000);
    assert_true(download(3000, PAGE).done);
    assert_int_equal(rig.board->led_changes, 0);
    assert_int_equal(peek(&rig.board->chip, 0x40011004), 0x44444444);
    assert_true(starts());
    rig_assert_clean(&rig);
}

static void expect_area(uint32_t bytes)
{
    uint8_t *back = malloc(140 * 1024);

    rig.app_bytes = bytes;
    enter();
    struct dfu_result result = dfu_upload(&rig, back, 140 * 1024, PAGE);
    assert_true(result.done);
    assert_int_equal(result.bytes, bytes);
    rig.board->chip.config.page_erase_us = 1;
    rig.board->chip.config.program_ns = 100;
    result = download(bytes + 1, PAGE);
    assert_false(result.done);
    assert_int_equal(result.last.bStatus, errADDRESS);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_true(download(bytes, PAGE).done);
    rig_assert_clean(&rig);
    free(back);
}

static void flash_size_override_bounds_the_area(void **state)
{
    (void)state;
    use("flash-64k"); /* the chip has 128 */
    expect_area(56 * 1024);
}

static void without_an_override_the_chip_says_its_size(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {32, 64, 128};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct chip_config config = rig_config("BLUEPILL");
        config.flash_size_register = sizes[i];
        config.flash_bytes = sizes[i] * 1024u;
        use_with("flash-register", &config);
        expect_area(sizes[i] * 1024u - 8192);
        if (i + 1 < sizeof sizes / sizeof *sizes)
            rig_free(&rig);
    }
}

static void an_application_can_start_higher_up(void **state)
{
    (void)state;
    use("app-16k");
    rig.app_base = 0x08004000;
    expect_area(112 * 1024);
    assert_int_equal(*rig_flash(&rig, 0x08003FFF), 0xFF);
    assert_int_equal(*rig_flash(&rig, 0x08002000), 0xFF);
    assert_true(starts());
    assert_int_equal(rig.board->chip.cpu.system.vtor, 0x08004000);
}

/* One linked for the usual place is refused. */
/* Else each start would be a fault, a reset and a start, and nobody could reach DFU mode. */
static void without_flash_where_applications_begin_it_serves_and_takes_none(void **state)
{
    (void)state;
    static const char *const builds[] = {"app-64k", "app-64k-register"};
    static const uint16_t sizes[] = {32, 64, 128};

    for (unsigned i = 0; i < 6; i++) {
        struct chip_config config = rig_config("BLUEPILL");
        config.flash_size_register = sizes[i / 2];
        config.flash_bytes = sizes[i / 2] * 1024u;
        use_with(builds[i % 2], &config);
        rig.app_base = 0x08010000;
        if (sizes[i / 2] == 128) {
            expect_area(64 * 1024);
            assert_true(starts());
        } else {
            enter();
            uint8_t back[PAGE];
            struct dfu_result result = dfu_upload(&rig, back, sizeof back, PAGE);
            assert_true(result.done);
            assert_int_equal(result.bytes, 0);
            result = download(200, PAGE);
            assert_false(result.done);
            assert_int_equal(result.last.bStatus, errADDRESS);
        }
        rig_assert_clean(&rig);
        if (i < 5)
            rig_free(&rig);
    }
}

static void an_application_for_another_base_address_is_refused(void **state)
{
    (void)state;
    use("app-16k");
    enter();
    struct dfu_result result = download(3000, PAGE);
    assert_false(result.done);
    assert_int_equal(result.last.bStatus, errTARGET);
    assert_int_equal(rig.board->chip.flash.operations, 0);
}

static void blocks_can_be_smaller_than_pages(void **state)
{
    (void)state;
    uint8_t data[255];

    use("transfer-128");
    enter();
    uint32_t length = descriptor(CONFIGURATION, data, sizeof data);
    assert_int_equal(data[length - 4] | data[length - 3] << 8, 128); /* wTransferSize */
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 129, data, NULL), USB_STALLED);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 0, data, 129), USB_STALLED);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    assert_true(download(10001, 128).done);
    assert_true(starts());
    rig_assert_clean(&rig);
}

static void assert_text(uint8_t index, const char *text)
{
    uint8_t data[256];
    uint32_t length = descriptor(0x0300 | index, data, 255);

    assert_int_equal(length, 2 + 2 * strlen(text));
    assert_int_equal(data[0], length);
    assert_int_equal(data[1], 3);
    for (size_t i = 0; i < strlen(text); i++) {
        assert_int_equal(data[2 + 2 * i], text[i]);
        assert_int_equal(data[3 + 2 * i], 0);
    }
}

#define SIXTEEN        "0123456789abcdef"
#define SEVEN_TIMES_16 SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void strings_of_126_characters_arrive_whole(void **state)
{
    (void)state;
    use("long-strings");
    enter();
    assert_text(1, SEVEN_TIMES_16 "0123456789abcd");
    assert_text(2, SEVEN_TIMES_16 "ABCDEFGHIJKLMN");
    assert_text(4, SEVEN_TIMES_16 "nopqrstuvwxyz-");
    assert_true(download(3000, PAGE).done);
    assert_true(starts());
    rig_assert_clean(&rig);
}

static void empty_strings_are_two_bytes(void **state)
{
    (void)state;
    uint8_t data[64];
    uint32_t actual;

    use("empty-strings");
    enter();
    assert_text(1, "");
    assert_text(2, "");
    assert_text(4, "");
    /* an empty landing page is a URL descriptor without a URL */
    assert_int_equal(rig_request(&rig, 0xC0, '!', 1, 2, 64, data, &actual), USB_DONE);
    assert_int_equal(actual, 3);
    assert_int_equal(data[0], 3);
    rig_assert_clean(&rig);
}

/* 64 bytes: one full packet, and an empty one to say that it was all (USB 2.0 5.5.3). */
static void a_string_that_fills_a_packet_ends_with_an_empty_one(void **state)
{
    (void)state;
    uint8_t packet[64];
    unsigned length;

    use("packet-string");
    enter();
    assert_text(2, "exactly thirty-one characters !");
    assert_int_equal(wire_setup(&rig, 0x80, GET_DESCRIPTOR, 0x0302, 0x0409, 255), USB_ACK);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    assert_int_equal(length, 64);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA0);
    assert_int_equal(length, 0);
    assert_int_equal(wire_out(&rig, 1, NULL, 0), USB_ACK);
    rig_assert_clean(&rig);
}

static uint64_t us_to_application(void)
{
    burn();
    board_power(rig.board, true);
    ticks from = board_now(rig.board);
    assert_true(starts());
    rig_assert_clean(&rig);
    return ticks_to_us(board_now(rig.board) - from);
}

static void button_works(void)
{
    board_press(rig.board, true);
    rig_power_cycle(&rig);
    assert_true(rig_enter_dfu(&rig));
}

static void the_button_can_be_sampled_at_once(void **state)
{
    (void)state;
    use("delay-0");
    assert_in_range(us_to_application(), 1, 200);
    button_works();
}

static void the_button_can_be_sampled_after_100_ms(void **state)
{
    (void)state;
    use("delay-100ms");
    assert_in_range(us_to_application(), 90000, 110000);
    button_works();
}

static bool enters_by(unsigned reg, uint16_t value)
{
    chip_backup_set(&rig.board->chip, reg, value);
    board_reset_button(rig.board);
    bool application = starts();
    chip_backup_set(&rig.board->chip, reg, application ? 0 : chip_backup_get(&rig.board->chip, reg));
    return !application;
}

static void another_register_and_command_can_be_chosen(void **state)
{
    (void)state;
    use("bkp5");
    burn();
    board_power(rig.board, true);
    assert_true(starts());
    assert_false(enters_by(1, 0x4F42));
    assert_false(enters_by(5, 0x4F42));
    assert_false(enters_by(4, 0x1234));
    assert_false(enters_by(6, 0x1234));
    assert_true(enters_by(5, 0x1234));
    assert_int_equal(chip_backup_get(&rig.board->chip, 5), 0);
    enter();
    board_reset_button(rig.board);
    assert_true(starts());
    rig_assert_clean(&rig);
}

#define OPTION_TEST(name) cmocka_unit_test_teardown(name, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPTION_TEST(use_hsi_needs_no_crystal),
        OPTION_TEST(crystals_of_other_frequencies_serve),
        OPTION_TEST(will_detach_0_stays_until_the_host_resets_the_bus),
        OPTION_TEST(will_detach_0_leaves_by_dfu_detach),
        OPTION_TEST(will_detach_0_stays_through_resets_without_a_download),
        OPTION_TEST(without_upload_nothing_is_read_back),
        OPTION_TEST(without_download_nothing_is_written),
        OPTION_TEST(dfu_can_be_alternate_setting_2),
        OPTION_TEST(an_alternate_setting_does_not_outlive_a_bus_reset),
        OPTION_TEST(without_an_led_its_pin_is_left_alone),
        OPTION_TEST(flash_size_override_bounds_the_area),
        OPTION_TEST(without_an_override_the_chip_says_its_size),
        OPTION_TEST(an_application_can_start_higher_up),
        OPTION_TEST(without_flash_where_applications_begin_it_serves_and_takes_none),
        OPTION_TEST(an_application_for_another_base_address_is_refused),
        OPTION_TEST(blocks_can_be_smaller_than_pages),
        OPTION_TEST(strings_of_126_characters_arrive_whole),
        OPTION_TEST(empty_strings_are_two_bytes),
        OPTION_TEST(a_string_that_fills_a_packet_ends_with_an_empty_one),
        OPTION_TEST(the_button_can_be_sampled_at_once),
        OPTION_TEST(the_button_can_be_sampled_after_100_ms),
        OPTION_TEST(another_register_and_command_can_be_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
