/* DFU 1.1, A.2: every state, every request, well and badly formed. */
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = TARGET_DFU_WTRANSFERSIZE, FOREVER = 1000000000 };

static struct image image;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    image_make(&image, 6 * FLASH_PAGE_SIZE, 3);
    return 0;
}

/* The ways into the states ------------------------------------------------------------------------------- */

static void send_block(uint16_t number)
{
    assert_int_equal(dfu_dnload(number, image.bytes + number * BLOCK, BLOCK), BLOCK);
}

static void to_idle(void)
{
    host_enumerate();
    assert_int_equal(dfu_get_state(), dfuIDLE);
}

static void to_dnload_sync(void)
{
    to_idle();
    send_block(0);
}

static void to_dnload_idle(void)
{
    to_dnload_sync();
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
}

/* With a flash that never gets ready and a clock that hardly moves. */
static void to_dnbusy(void)
{
    to_idle();
    fake.erase_turns = fake.program_turns = FOREVER;
    fake_set_clock(100000);
    for (uint16_t number = 0;; number++) {
        send_block(number);

        struct dfu_reply reply = dfu_get_status();

        if (reply.bState == dfuDNBUSY)
            return;
        assert_int_equal(reply.bState, dfuDNLOAD_IDLE);
    }
}

static void to_manifest_sync(void)
{
    to_idle();
    fake.erase_turns = FOREVER;
    fake_set_clock(8);
    memset(fake_area(), 0, FLASH_PAGE_SIZE);
    send_block(0);
    assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    assert_int_equal(dfu_dnload(1, NULL, 0), 0);
}

static void to_manifest(void)
{
    to_manifest_sync();
    assert_int_equal(dfu_get_status().bState, dfuMANIFEST);
}

static void to_upload_idle(void)
{
    uint8_t block[BLOCK];

    to_idle();
    assert_int_equal(dfu_upload(0, block, BLOCK), BLOCK);
}

static void to_error(void)
{
    to_idle();
    assert_int_equal(dfu_out(DFU_CLRSTATUS), HOST_STALL);
}

/* The table ---------------------------------------------------------------------------------------------- */

// clang-format off
static const struct state {
    const char *name;
    uint8_t number;
    void (*enter)(void);
    uint16_t next_block;
    uint8_t after[7]; /* each request, in the order of bRequest: the state then; 0: it stalls, and the state is dfuERROR */
} states[] = {
    /*               DETACH,  DNLOAD,         UPLOAD,         GETSTATUS,      CLRSTATUS, GETSTATE,       ABORT */
    {"dfuIDLE", dfuIDLE, to_idle, 0,
                    {dfuIDLE, dfuDNLOAD_SYNC, dfuUPLOAD_IDLE, dfuIDLE,        0,       dfuIDLE,          dfuIDLE}},
    {"dfuDNLOAD-SYNC", dfuDNLOAD_SYNC, to_dnload_sync, 1,
                    {0,       0,              0,              dfuDNLOAD_IDLE, 0,       dfuDNLOAD_SYNC,   dfuIDLE}},
    {"dfuDNBUSY", dfuDNBUSY, to_dnbusy, 1,
                    {0,       0,              0,              dfuDNBUSY,      0,       dfuDNBUSY,        0}},
    {"dfuDNLOAD-IDLE", dfuDNLOAD_IDLE, to_dnload_idle, 1,
                    {0,       dfuDNLOAD_SYNC, 0,              dfuDNLOAD_IDLE, 0,       dfuDNLOAD_IDLE,   dfuIDLE}},
    {"dfuMANIFEST-SYNC", dfuMANIFEST_SYNC, to_manifest_sync, 1,
                    {0,       0,              0,              dfuMANIFEST,    0,       dfuMANIFEST_SYNC, dfuIDLE}},
    {"dfuMANIFEST", dfuMANIFEST, to_manifest, 1,
                    {0,       0,              0,              dfuMANIFEST,    0,       dfuMANIFEST,      0}},
    {"dfuUPLOAD-IDLE", dfuUPLOAD_IDLE, to_upload_idle, 1,
                    {0,       0,              dfuUPLOAD_IDLE, dfuUPLOAD_IDLE, 0,       dfuUPLOAD_IDLE,   dfuIDLE}},
    {"dfuERROR", dfuERROR, to_error, 0,
                    {0,       0,              0,              dfuERROR,       dfuIDLE, dfuERROR,         0}},
};
// clang-format on
enum { STATES = sizeof states / sizeof *states };

static const uint8_t right_type[] = {0x21, 0x21, 0xA1, 0xA1, 0x21, 0xA1, 0x21};
static const uint16_t right_length[] = {0, BLOCK, BLOCK, 6, 0, 1, 0};

static bool has_block_number(uint8_t request)
{
    return request == DFU_DNLOAD || request == DFU_UPLOAD;
}

static void expect_state(const struct state *from, const char *what, uint8_t request, uint8_t expected)
{
    uint8_t found = dfu_get_state();

    if (found != expected)
        fail_msg("%s, request %u (%s): state %u expected, found %u", from->name, request, what, expected,
                 found);
}

static void expect_error(const struct state *from, const char *what, uint8_t type, uint8_t request,
                         uint16_t value, uint16_t length)
{
    static uint8_t data[0x10000];

    fake_power_on();
    from->enter();

    int answer = host_control(type, request, value, 0, length, data);

    if (answer != HOST_STALL)
        fail_msg("%s, request %u (%s): not stalled but %d", from->name, request, what, answer);
    expect_state(from, what, request, dfuERROR);
    assert_dfu(dfuERROR, errSTALLEDPKT);
}

static void every_state_takes_the_requests_of_the_table_and_no_other(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (uint8_t request = 0; request <= DFU_ABORT; request++) {
            uint8_t data[BLOCK], after = from->after[request];
            uint16_t length = right_length[request],
                     number = has_block_number(request) ? from->next_block : 0;

            if (!after) {
                expect_error(from, "not in this state", right_type[request], request, number, length);
                continue;
            }
            fake_power_on();
            from->enter();
            memcpy(data, image.bytes, sizeof data);

            int answer = host_control(right_type[request], request, number, 0, length, data);

            if (answer != length)
                fail_msg("%s, request %u: answered with %d", from->name, request, answer);
            if (request == DFU_GETSTATUS)
                assert_int_equal(data[4], after);
            if (request == DFU_GETSTATE)
                assert_int_equal(data[0], after);
            expect_state(from, "right", request, after);
        }
}

static void requests_that_the_class_does_not_have_are_errors_in_every_state(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (unsigned request = DFU_ABORT + 1; request < 256; request++) {
            expect_error(from, "unknown", 0x21, (uint8_t)request, 0, 0);
            expect_error(from, "unknown", 0xA1, (uint8_t)request, 0, 6);
        }
}

static void the_wrong_direction_is_an_error_in_every_state(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (uint8_t request = 0; request <= DFU_ABORT; request++) {
            uint16_t number = has_block_number(request) ? from->next_block : 0;

            expect_error(from, "direction", right_type[request] ^ 0x80, request, number,
                         right_length[request]);
            expect_error(from, "direction, no data", right_type[request] ^ 0x80, request, number, 0);
        }
}

static void a_wrong_block_number_is_an_error(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (uint8_t request = DFU_DNLOAD; request <= DFU_UPLOAD; request++)
            for (uint32_t off = 1; off < 0x10000; off = off * 2 + 1)
                expect_error(from, "block number", right_type[request], request,
                             (uint16_t)(from->next_block + off), BLOCK);
}

static void a_block_larger_than_the_transfer_size_is_an_error(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (uint8_t request = DFU_DNLOAD; request <= DFU_UPLOAD; request++) {
            expect_error(from, "too long", right_type[request], request, from->next_block, BLOCK + 1);
            expect_error(from, "too long", right_type[request], request, from->next_block, HOST_MOST);
        }
}

static void a_request_without_data_that_brings_some_is_an_error_and_does_nothing(void **state)
{
    static const uint8_t requests[] = {DFU_DETACH, DFU_CLRSTATUS, DFU_ABORT};

    (void)state;
    for (const struct state *from = states; from < states + STATES; from++)
        for (unsigned i = 0; i < sizeof requests; i++) {
            expect_error(from, "has data", 0x21, requests[i], 0, 1);
            expect_error(from, "has data", 0x21, requests[i], 0, HOST_MOST);
            fake_set_clock(1);
            assert_int_equal(fake_ms_until_restart(500), -1);
        }
}

static void an_empty_first_block_is_an_error(void **state)
{
    (void)state;
    expect_error(&states[0], "empty", 0x21, DFU_DNLOAD, 0, 0);
}

static void status_and_state_can_be_asked_for_in_part(void **state)
{
    uint8_t data[512];

    (void)state;
    to_idle();
    assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, 0, 1, data), 1);
    assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, 0, 5, data), 5);
    assert_int_equal(data[4], dfuIDLE);
    assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, 0, 512, data), 6);
    assert_int_equal(host_control(0xA1, DFU_GETSTATE, 0, 0, 512, data), 1);
    assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, 0, 0, data), 0);
    assert_int_equal(dfu_get_state(), dfuIDLE);
}

static void only_class_requests_to_the_interface_change_the_state(void **state)
{
    static const uint8_t types[] = {0x00, 0x01, 0x02, 0x03, 0x20, 0x22, 0x23, 0x40, 0x41, 0x42, 0x60, 0x61};

    (void)state;
    for (const struct state *from = states; from < states + STATES; from++) {
        if (from->number == dfuDNBUSY || from->number == dfuMANIFEST)
            continue; /* where asking is an error of its own */
        for (unsigned i = 0; i < 2 * sizeof types; i++)
            for (unsigned request = 0; request < 16; request++) {
                uint8_t data[BLOCK], type = i % 2 ? types[i / 2] | 0x80 : types[i / 2];

                if (type == 0x00 && (request == 5 || request == 9))
                    continue; /* SET_ADDRESS, SET_CONFIGURATION: for enumeration */
                fake_power_on();
                from->enter();
                host_control(type, (uint8_t)request, 0, 0, 0, data);
                expect_state(from, "of another class", (uint8_t)request, from->number);
            }
    }
}

static void another_interface_is_nobody(void **state)
{
    uint8_t data[6];

    (void)state;
    to_idle();
    for (uint32_t index = 1; index < 0x10000; index = index * 2 + 1) {
        assert_int_equal(host_control(0xA1, DFU_GETSTATUS, 0, (uint16_t)index, 6, data), HOST_STALL);
        assert_int_equal(host_control(0x21, DFU_DETACH, 0, (uint16_t)index, 0, data), HOST_STALL);
    }
    assert_dfu(dfuIDLE, STATUS_OK);
    assert_int_equal(fake_ms_until_restart(500), -1);
}

static void class_requests_need_a_configuration(void **state)
{
    uint8_t data[6];

    (void)state;
    host_bus_reset();
    host_control(0x00, 5, 5, 0, 0, NULL);
    for (uint8_t request = 0; request <= DFU_ABORT; request++)
        assert_int_equal(
            host_control(right_type[request], request, 0, 0, right_length[request] ? 6 : 0, data),
            HOST_STALL);
    host_control(0x00, 9, 1, 0, 0, NULL);
    assert_dfu(dfuIDLE, STATUS_OK);
    assert_int_equal(fake_ms_until_restart(500), -1);
}

static void dfu_dnbusy_ends_by_itself_within_the_time_that_was_told(void **state)
{
    (void)state;
    to_idle();
    fake_set_clock(100);
    memset(fake_area(), 0x55, fake_area_size());
    fake.erase_turns = FOREVER;
    for (uint16_t number = 0;; number++) {
        send_block(number);

        struct dfu_reply reply = dfu_get_status();

        if (reply.bState == dfuDNBUSY) {
            assert_in_range(reply.bwPollTimeout, 1, 100);
            fake_wait_ms(reply.bwPollTimeout);
            break;
        }
    }
    assert_int_equal(dfu_get_state(), dfuDNLOAD_SYNC);
    assert_int_equal(dfu_get_status().bState, dfuDNBUSY);
}

static void dfu_manifest_ends_by_itself_within_the_time_that_was_told(void **state)
{
    (void)state;
    to_idle();
    fake.erase_turns = FOREVER;
    fake_set_clock(100);
    memset(fake_area(), 0x55, fake_area_size());
    for (uint16_t number = 0; number < 2; number++) {
        send_block(number);
        assert_dfu(dfuDNLOAD_IDLE, STATUS_OK);
    }
    assert_int_equal(dfu_dnload(2, NULL, 0), 0);

    struct dfu_reply reply = dfu_get_status();

    assert_int_equal(reply.bState, dfuMANIFEST);
    assert_in_range(reply.bwPollTimeout, 1, 100);
    fake_wait_ms(reply.bwPollTimeout);
    assert_int_equal(dfu_get_state(), dfuMANIFEST_SYNC);
    assert_int_equal(dfu_get_status().bState, dfuMANIFEST);
}

/* With nothing left to program one millisecond is told, the least there is. */
static void dfu_manifest_ends_by_itself_when_a_millisecond_was_told(void **state)
{
    (void)state;
    to_manifest_sync();

    struct dfu_reply reply = dfu_get_status();

    assert_int_equal(reply.bState, dfuMANIFEST);
    assert_in_range(reply.bwPollTimeout, 1, 100);
    fake_wait_ms(reply.bwPollTimeout);
    assert_int_equal(dfu_get_state(), dfuMANIFEST_SYNC);
}

static void an_error_stays_until_it_is_cleared(void **state)
{
    (void)state;
    to_error();
    fake_wait_ms(10000);
    assert_dfu(dfuERROR, errSTALLEDPKT);
    assert_dfu(dfuERROR, errSTALLEDPKT);
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    assert_dfu(dfuIDLE, STATUS_OK);
}

static void a_bus_reset_leads_to_idle_from_every_state_unless_the_image_is_all_there(void **state)
{
    (void)state;
    for (const struct state *from = states; from < states + STATES; from++) {
        if (from->number == dfuMANIFEST_SYNC || from->number == dfuMANIFEST)
            continue; /* test_leaving.c */
        fake_power_on();
        from->enter();
        fake_set_clock(1);
        host_enumerate();
        assert_dfu(dfuIDLE, STATUS_OK);
        assert_int_equal(fake_ms_until_restart(6000), -1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_state_takes_the_requests_of_the_table_and_no_other, power_on),
        cmocka_unit_test_setup(requests_that_the_class_does_not_have_are_errors_in_every_state, power_on),
        cmocka_unit_test_setup(the_wrong_direction_is_an_error_in_every_state, power_on),
        cmocka_unit_test_setup(a_wrong_block_number_is_an_error, power_on),
        cmocka_unit_test_setup(a_block_larger_than_the_transfer_size_is_an_error, power_on),
        cmocka_unit_test_setup(a_request_without_data_that_brings_some_is_an_error_and_does_nothing,
                               power_on),
        cmocka_unit_test_setup(an_empty_first_block_is_an_error, power_on),
        cmocka_unit_test_setup(status_and_state_can_be_asked_for_in_part, power_on),
        cmocka_unit_test_setup(only_class_requests_to_the_interface_change_the_state, power_on),
        cmocka_unit_test_setup(another_interface_is_nobody, power_on),
        cmocka_unit_test_setup(class_requests_need_a_configuration, power_on),
        cmocka_unit_test_setup(dfu_dnbusy_ends_by_itself_within_the_time_that_was_told, power_on),
        cmocka_unit_test_setup(dfu_manifest_ends_by_itself_within_the_time_that_was_told, power_on),
        cmocka_unit_test_setup(dfu_manifest_ends_by_itself_when_a_millisecond_was_told, power_on),
        cmocka_unit_test_setup(an_error_stays_until_it_is_cleared, power_on),
        cmocka_unit_test_setup(a_bus_reset_leads_to_idle_from_every_state_unless_the_image_is_all_there,
                               power_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
