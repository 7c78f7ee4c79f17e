/* USB 2.0 chapter 9 in Address and Configured state, and transfers that do not go as they should. */
#include "../usb_protocol.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = TARGET_DFU_WTRANSFERSIZE, LAST_ALTERNATE = USB_DFU_ALTN };

static struct image image;

static void to_address(void)
{
    host_bus_reset();
    assert_int_equal(host_control(0x00, SET_ADDRESS, 5, 0, 0, NULL), 0);
}

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    image_make(&image, 4 * FLASH_PAGE_SIZE, 4);
    return 0;
}

/* Standard requests -------------------------------------------------------------------------------------- */

static void standard_requests_are_answered_as_chapter_9_says(void **state)
{
    enum { NO = HOST_STALL };
    static const struct {
        const char *what;
        uint8_t type, request;
        uint16_t value, index, length;
        int in_address, in_configured; /* bytes, or NO */
    } requests[] = {
        {"GET_STATUS of the device", 0x80, GET_STATUS, 0, 0, 2, 2, 2},
        {"GET_STATUS of the interface", 0x81, GET_STATUS, 0, 0, 2, NO, 2},
        {"GET_STATUS of an interface that is not there", 0x81, GET_STATUS, 0, 1, 2, NO, NO},
        {"GET_STATUS of endpoint 0 OUT", 0x82, GET_STATUS, 0, 0, 2, 2, 2},
        {"GET_STATUS of endpoint 0 IN", 0x82, GET_STATUS, 0, 0x80, 2, 2, 2},
        {"GET_STATUS of endpoint 1", 0x82, GET_STATUS, 0, 1, 2, NO, NO},
        {"GET_STATUS of endpoint 0x81", 0x82, GET_STATUS, 0, 0x81, 2, NO, NO},
        {"GET_STATUS of other", 0x83, GET_STATUS, 0, 0, 2, NO, NO},
        {"CLEAR_FEATURE remote wake-up", 0x00, CLEAR_FEATURE, 1, 0, 0, NO, NO},
        {"CLEAR_FEATURE of the interface", 0x01, CLEAR_FEATURE, 0, 0, 0, NO, NO},
        {"CLEAR_FEATURE halt of endpoint 0", 0x02, CLEAR_FEATURE, 0, 0, 0, 0, 0},
        {"CLEAR_FEATURE halt of endpoint 0 IN", 0x02, CLEAR_FEATURE, 0, 0x80, 0, 0, 0},
        {"CLEAR_FEATURE halt of endpoint 1", 0x02, CLEAR_FEATURE, 0, 1, 0, NO, NO},
        {"CLEAR_FEATURE 1 of endpoint 0", 0x02, CLEAR_FEATURE, 1, 0, 0, NO, NO},
        {"SET_FEATURE remote wake-up", 0x00, SET_FEATURE, 1, 0, 0, NO, NO},
        {"SET_FEATURE test mode", 0x00, SET_FEATURE, 2, 0x100, 0, NO, NO},
        {"SET_FEATURE halt of endpoint 1", 0x02, SET_FEATURE, 0, 1, 0, NO, NO},
        {"GET_CONFIGURATION", 0x80, GET_CONFIGURATION, 0, 0, 1, 1, 1},
        {"SET_CONFIGURATION 2", 0x00, SET_CONFIGURATION, 2, 0, 0, NO, NO},
        {"SET_CONFIGURATION 255", 0x00, SET_CONFIGURATION, 255, 0, 0, NO, NO},
        {"GET_INTERFACE", 0x81, GET_INTERFACE, 0, 0, 1, NO, 1},
        {"GET_INTERFACE 1", 0x81, GET_INTERFACE, 0, 1, 1, NO, NO},
        {"SET_INTERFACE, first setting", 0x01, SET_INTERFACE, 0, 0, 0, NO, 0},
        {"SET_INTERFACE, last setting", 0x01, SET_INTERFACE, LAST_ALTERNATE, 0, 0, NO, 0},
        {"SET_INTERFACE, one setting more", 0x01, SET_INTERFACE, LAST_ALTERNATE + 1, 0, 0, NO, NO},
        {"SET_INTERFACE, setting 256", 0x01, SET_INTERFACE, 256, 0, 0, NO, NO},
        {"SET_INTERFACE 1", 0x01, SET_INTERFACE, 0, 1, 0, NO, NO},
        {"GET_DESCRIPTOR device", 0x80, GET_DESCRIPTOR, 0x100, 0, 18, 18, 18},
        {"GET_DESCRIPTOR device 1", 0x80, GET_DESCRIPTOR, 0x101, 0, 18, NO, NO},
        {"GET_DESCRIPTOR device qualifier", 0x80, GET_DESCRIPTOR, 0x600, 0, 10, NO, NO},
        {"GET_DESCRIPTOR of the interface (HID report)", 0x81, GET_DESCRIPTOR, 0x2200, 0, 64, NO, NO},
        {"SET_DESCRIPTOR", 0x00, SET_DESCRIPTOR, 0x100, 0, 18, NO, NO},
        {"SYNCH_FRAME", 0x82, SYNCH_FRAME, 0, 0, 2, NO, NO},
        {"GET_STATUS the wrong way", 0x00, GET_STATUS, 0, 0, 0, NO, NO},
        {"SET_ADDRESS the wrong way", 0x80, SET_ADDRESS, 9, 0, 0, NO, NO},
        {"SET_ADDRESS with data", 0x00, SET_ADDRESS, 9, 0, 1, NO, NO},
    };

    (void)state;
    for (int configured = 0; configured < 2; configured++)
        for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++) {
            uint8_t data[64] = {0};

            to_address();
            if (configured)
                host_control(0x00, SET_CONFIGURATION, 1, 0, 0, NULL);

            int answer = host_control(requests[i].type, requests[i].request, requests[i].value,
                                      requests[i].index, requests[i].length, data);
            int expected = configured ? requests[i].in_configured : requests[i].in_address;

            if (answer != expected)
                fail_msg("%s%s: %d expected, %d came", requests[i].what, configured ? ", configured" : "",
                         expected, answer);
            if (requests[i].request == GET_STATUS && answer == 2)
                assert_int_equal(data[0] | data[1], 0); /* bus-powered, no remote wake-up, not halted */
            assert_int_equal(fake.address, 5);
        }
}

static uint8_t configuration(void)
{
    uint8_t number = 0xEE;

    assert_int_equal(host_control(0x80, GET_CONFIGURATION, 0, 0, 1, &number), 1);
    return number;
}

static uint8_t alternate(void)
{
    uint8_t number = 0xEE;

    assert_int_equal(host_control(0x81, GET_INTERFACE, 0, 0, 1, &number), 1);
    return number;
}

static void the_configuration_is_what_was_set_until_a_bus_reset(void **state)
{
    (void)state;
    to_address();
    assert_int_equal(configuration(), 0);
    host_control(0x00, SET_CONFIGURATION, 1, 0, 0, NULL);
    assert_int_equal(configuration(), 1);
    assert_int_equal(host_control(0x00, SET_CONFIGURATION, 2, 0, 0, NULL), HOST_STALL);
    assert_int_equal(configuration(), 1);
    host_control(0x00, SET_CONFIGURATION, 0, 0, 0, NULL);
    assert_int_equal(configuration(), 0);
    host_control(0x00, SET_CONFIGURATION, 1, 0, 0, NULL);
    to_address();
    assert_int_equal(configuration(), 0);
}

static void the_alternate_setting_is_what_was_set_until_the_configuration_is_set(void **state)
{
    (void)state;
    host_enumerate();
    for (uint8_t i = 0; i <= LAST_ALTERNATE; i++) {
        assert_int_equal(host_control(0x01, SET_INTERFACE, i, 0, 0, NULL), 0);
        assert_int_equal(alternate(), i);
    }
    host_control(0x00, SET_CONFIGURATION, 1, 0, 0, NULL);
    assert_int_equal(alternate(), 0);
}

static void the_address_changes_after_the_status_stage(void **state)
{
    (void)state;
    host_bus_reset();
    host_setup(0x00, SET_ADDRESS, 77, 0, 0);
    for (int i = 0; i < 20; i++)
        fake_turn();
    assert_int_equal(fake.address, 0);
    assert_int_equal(host_in(NULL), 0);
    fake_turn();
    assert_int_equal(fake.address, 77);
    host_bus_reset();
    assert_int_equal(fake.address, 0);
}

static void a_set_address_that_is_never_finished_changes_nothing(void **state)
{
    uint8_t data[18];

    (void)state;
    to_address();
    host_setup(0x00, SET_ADDRESS, 77, 0, 0);
    fake_turn();
    assert_int_equal(host_control(0x80, GET_DESCRIPTOR, 0x100, 0, 18, data), 18);
    assert_int_equal(fake.address, 5);
}

static void an_address_that_no_bus_has_never_reaches_the_peripheral(void **state)
{
    (void)state;
    for (uint32_t address = 128; address < 0x10000; address += 97) {
        to_address();
        host_control(0x00, SET_ADDRESS, (uint16_t)address, 0, 0, NULL); /* the fake port watches */
    }
}

/* Nothing that was refused may have had an effect. */
static void a_request_that_stalls_does_nothing(void **state)
{
    uint8_t data = 0;

    (void)state;
    to_address();
    assert_int_equal(host_control(0x00, SET_CONFIGURATION, 1, 0, 1, &data), HOST_STALL);
    assert_int_equal(configuration(), 0);
    host_control(0x00, SET_CONFIGURATION, 1, 0, 0, NULL);
    if (LAST_ALTERNATE) {
        assert_int_equal(host_control(0x01, SET_INTERFACE, LAST_ALTERNATE, 0, 1, &data), HOST_STALL);
        assert_int_equal(alternate(), 0);
    }
}

/* Transfers ---------------------------------------------------------------------------------------------- */

static void assert_alive(void)
{
    uint8_t data[18];

    assert_int_equal(host_control(0x80, GET_DESCRIPTOR, 0x100, 0, sizeof data, data), sizeof data);
    assert_int_equal(data[0], 18);
    assert_int_equal(data[1], 1);
}

static void a_setup_in_the_middle_of_a_transfer_ends_it(void **state)
{
    uint8_t packet[64];

    (void)state;
    host_enumerate();
    /* before, in and after the data stage of one that comes in */
    host_setup(0x80, GET_DESCRIPTOR, 0x200, 0, 255);
    assert_alive();
    host_setup(0xA1, DFU_UPLOAD, 0, 0, BLOCK);
    assert_int_equal(host_in(packet), 64);
    assert_int_equal(host_in(packet), 64);
    assert_alive();
    host_setup(0xA1, DFU_UPLOAD, 1, 0, BLOCK);
    assert_int_equal(host_in(packet), 64);
    fake_turn();
    assert_alive();
    assert_int_equal(dfu_out(DFU_ABORT), 0);
    /* of one that goes out */
    host_setup(0x21, DFU_DNLOAD, 0, 0, BLOCK);
    assert_alive();
    host_setup(0x21, DFU_DNLOAD, 0, 0, BLOCK);
    assert_int_equal(host_out(image.bytes, 64), 64);
    assert_alive();
    host_setup(0x21, DFU_DNLOAD, 0, 0, BLOCK);
    assert_int_equal(host_out(image.bytes, 64), 64);
    fake_turn();
    assert_alive();
    assert_dfu(dfuIDLE, STATUS_OK);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

static void two_setups_in_a_row_are_answered_once(void **state)
{
    uint8_t packet[64];

    (void)state;
    host_enumerate();
    host_setup(0x80, GET_DESCRIPTOR, 0x100, 0, 64);
    fake_turn();
    host_setup(0x80, GET_DESCRIPTOR, 0x100, 0, 8);
    assert_int_equal(host_in(packet), 8);
    assert_int_equal(host_out(NULL, 0), 0);
    fake_turn();
    assert_int_equal(host_in_once(packet), HOST_NAK);
}

static void a_stall_ends_with_the_next_setup(void **state)
{
    uint8_t data[8];

    (void)state;
    host_enumerate();
    assert_int_equal(host_control(0x80, GET_DESCRIPTOR, 0x600, 0, 8, data), HOST_STALL);
    assert_int_equal(host_in_once(data), HOST_STALL);
    assert_int_equal(host_out_once(data, 0), HOST_STALL);
    assert_alive();
}

static void a_status_stage_before_all_data_is_taken_ends_the_transfer(void **state)
{
    uint8_t packet[64];

    (void)state;
    host_enumerate();
    host_setup(0xA1, DFU_UPLOAD, 0, 0, BLOCK);
    assert_int_equal(host_in(packet), 64);
    assert_int_equal(host_out(NULL, 0), 0);
    fake_turn();
    assert_alive();
}

static void a_data_packet_of_the_wrong_length_stalls_and_the_block_can_be_sent_again(void **state)
{
    static const struct {
        uint16_t wLength, packets, last;
    } wrong[] = {{64, 1, 63},  {64, 1, 0}, {100, 1, 63}, {100, 2, 35}, {100, 2, 37},
                 {100, 2, 64}, {8, 1, 9},  {8, 1, 64},   {8, 1, 7},    {128, 2, 0}};

    (void)state;
    host_enumerate();
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        host_setup(0x21, DFU_DNLOAD, 0, 0, wrong[i].wLength);
        for (uint16_t packet = 1; packet <= wrong[i].packets; packet++)
            host_out(image.bytes, packet == wrong[i].packets ? wrong[i].last : 64);
        if (host_in(NULL) != HOST_STALL)
            fail_msg("wLength %u, %u packets, the last of %u: not stalled", wrong[i].wLength,
                     wrong[i].packets, wrong[i].last);
        assert_dfu(dfuIDLE, STATUS_OK);
    }
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

static void more_data_than_wlength_is_not_taken_for_data(void **state)
{
    uint8_t packet[64];

    (void)state;
    host_enumerate();
    assert_int_equal(dfu_dnload(0, image.bytes, 64), 64);
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    host_setup(0x21, DFU_DNLOAD, 1, 0, 64);
    assert_int_equal(host_out(image.bytes + 64, 64), 64);
    memset(packet, 0xAA, sizeof packet);
    for (int i = 0; i < 4; i++)
        if (host_out(packet, 64) == HOST_STALL)
            break;
    fake_turn();
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    assert_int_equal(dfu_dnload(2, image.bytes + 128, 64), 64);
    image.length = 192;
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    assert_int_equal(dfu_dnload(3, NULL, 0), 0);
    assert_int_equal(dfu_wait().bStatus, STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

static void a_bus_reset_in_the_middle_of_a_transfer_ends_it(void **state)
{
    uint8_t packet[64];

    (void)state;
    host_enumerate();
    host_setup(0xA1, DFU_UPLOAD, 0, 0, BLOCK);
    assert_int_equal(host_in(packet), 64);
    host_bus_reset();
    assert_int_equal(host_in_once(packet), HOST_NAK);
    host_enumerate();
    host_setup(0x21, DFU_DNLOAD, 0, 0, BLOCK);
    assert_int_equal(host_out(image.bytes, 64), 64);
    host_enumerate();
    assert_dfu(dfuIDLE, STATUS_OK);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
}

static void a_status_that_is_held_back_can_be_given_up(void **state)
{
    (void)state;
    host_enumerate();
    fake.erase_turns = 100000;
    fake_area()[0] = 0;
    image.length = 100;
    assert_int_equal(dfu_dnload(0, image.bytes, 100), 100);
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    assert_int_equal(dfu_dnload(1, NULL, 0), 0);
    fake_area()[0] = 0;
    host_setup(0xA1, DFU_GETSTATUS, 0, 0, 6);
    fake_wait_ms(10);
    assert_int_equal(host_in_once(NULL), HOST_NAK);
    assert_alive();
    assert_int_equal(dfu_get_state(), dfuMANIFEST_SYNC);
    fake_wait_ms(10);
    assert_int_equal(host_in_once(NULL), HOST_NAK);
    assert_int_equal(dfu_out(DFU_ABORT), 0);
    assert_dfu(dfuIDLE, STATUS_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(standard_requests_are_answered_as_chapter_9_says),
        TEST(the_configuration_is_what_was_set_until_a_bus_reset),
        TEST(the_alternate_setting_is_what_was_set_until_the_configuration_is_set),
        TEST(the_address_changes_after_the_status_stage),
        TEST(a_set_address_that_is_never_finished_changes_nothing),
        TEST(an_address_that_no_bus_has_never_reaches_the_peripheral),
        TEST(a_request_that_stalls_does_nothing),
        TEST(a_setup_in_the_middle_of_a_transfer_ends_it),
        TEST(two_setups_in_a_row_are_answered_once),
        TEST(a_stall_ends_with_the_next_setup),
        TEST(a_status_stage_before_all_data_is_taken_ends_the_transfer),
        TEST(a_data_packet_of_the_wrong_length_stalls_and_the_block_can_be_sent_again),
        TEST(more_data_than_wlength_is_not_taken_for_data),
        TEST(a_bus_reset_in_the_middle_of_a_transfer_ends_it),
        TEST(a_status_that_is_held_back_can_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
