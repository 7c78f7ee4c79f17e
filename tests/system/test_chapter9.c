/*
 * USB 2.0 chapter 9: every standard request in every device state, and what hosts do wrong on purpose or not.
 */
#include "chapter9_test.h"

/* The table ---------------------------------------------------------------------------------------------- */

enum { STALLS = -1, ANY = -2 /* unspecified by chapter 9: anything goes but harm */ };

/* What chapter 9 expects of a request: STALLS or the number of bytes, in each state. */
static const struct {
    uint8_t type, bRequest;
    uint16_t wValue, wIndex, wLength;
    int in[STATES];
    uint8_t first; /* byte of the answer, in the last state */
    const char *why;
} requests[] = {
    {DEVICE, CLEAR_FEATURE, DEVICE_REMOTE_WAKEUP, 0, 0, {ANY, STALLS, STALLS}, 0, "no remote wake-up"},
    {DEVICE, CLEAR_FEATURE, TEST_MODE, 0, 0, {ANY, STALLS, STALLS}, 0, "9.4.1: never TEST_MODE"},
    {DEVICE, CLEAR_FEATURE, 77, 0, 0, {ANY, STALLS, STALLS}, 0, "no such feature"},
    {INTERFACE, CLEAR_FEATURE, 0, 0, 0, {ANY, STALLS, STALLS}, 0, "interfaces have none"},
    {ENDPOINT, CLEAR_FEATURE, 77, 0, 0, {ANY, STALLS, STALLS}, 0, "no such feature"},
    {ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, 1, 0, {ANY, STALLS, STALLS}, 0, "no endpoint 1"},
    {ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, 0x81, 0, {ANY, STALLS, STALLS}, 0, "no endpoint 1 IN"},
    {ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, 0, 0, {ANY, ANY, ANY}, 0, "9.4.5: optional"},
    {DEVICE, SET_FEATURE, DEVICE_REMOTE_WAKEUP, 0, 0, {ANY, STALLS, STALLS}, 0, "no remote wake-up"},
    {DEVICE, SET_FEATURE, TEST_MODE, 0x0100, 0, {STALLS, STALLS, STALLS}, 0, "high speed only"},
    {DEVICE, SET_FEATURE, 77, 0, 0, {ANY, STALLS, STALLS}, 0, "no such feature"},
    {INTERFACE, SET_FEATURE, 0, 0, 0, {ANY, STALLS, STALLS}, 0, "interfaces have none"},
    {ENDPOINT, SET_FEATURE, ENDPOINT_HALT, 1, 0, {ANY, STALLS, STALLS}, 0, "no endpoint 1"},
    {ENDPOINT, SET_FEATURE, ENDPOINT_HALT, 0, 0, {ANY, ANY, STALLS}, 0, "9.4.5: ep 0 does not halt"},
    {IN | DEVICE, GET_CONFIGURATION, 0, 0, 1, {ANY, 1, 1}, 1, ""},
    {IN | DEVICE, GET_CONFIGURATION, 0, 0, 64, {ANY, 1, 1}, 1, "wLength longer"},
    {IN | DEVICE, GET_CONFIGURATION, 0, 0, 0, {ANY, 0, 0}, 0, "wLength 0"},
    {DEVICE, GET_CONFIGURATION, 0, 0, 0, {ANY, STALLS, STALLS}, 0, "wrong direction"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 18, {18, 18, 18}, 18, "device"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 8, {8, 8, 8}, 18, "its first packet"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 64, {18, 18, 18}, 18, "as Windows asks"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 65535, {18, 18, 18}, 18, ""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 1, {1, 1, 1}, 18, ""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 0, {0, 0, 0}, 0, ""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0101, 0, 18, {STALLS, STALLS, STALLS}, 0, "one device only"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0200, 0, 9, {9, 9, 9}, 9, "configuration"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0200, 0, 27, {27, 27, 27}, 9, ""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0200, 0, 255, {27, 27, 27}, 9, ""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0201, 0, 27, {STALLS, STALLS, STALLS}, 0, "one configuration only"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0300, 0, 255, {4, 4, 4}, 4, "languages"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0301, 0x0409, 255, {16, 16, 16}, 16, "\"dapboot\""},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0302, 0x0409, 255, {46, 46, 46}, 46, "product"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0303, 0x0409, 255, {50, 50, 50}, 50, "serial number"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0304, 0x0409, 255, {24, 24, 24}, 24, "interface"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x03EE, 0, 18, {18, 18, 18}, 18, "Microsoft OS string"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0305, 0x0409, 255, {STALLS, STALLS, STALLS}, 0, "no such string"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0400, 0, 9, {STALLS, STALLS, STALLS}, 0, "9.4.3: not directly"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0500, 0, 7, {STALLS, STALLS, STALLS}, 0, "9.4.3: not directly"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0600, 0, 10, {STALLS, STALLS, STALLS}, 0, "9.6.2: full speed only"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0700, 0, 9, {STALLS, STALLS, STALLS}, 0, "9.6.4: full speed only"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0F00, 0, 5, {5, 5, 5}, 5, "BOS header"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0F00, 0, 255, {57, 57, 57}, 5, "BOS"},
    {IN | DEVICE, GET_DESCRIPTOR, 0x0000, 0, 18, {STALLS, STALLS, STALLS}, 0, "no such type"},
    {IN | DEVICE, GET_DESCRIPTOR, 0xFF00, 0, 18, {STALLS, STALLS, STALLS}, 0, "no such type"},
    {DEVICE, GET_DESCRIPTOR, 0x0100, 0, 0, {STALLS, STALLS, STALLS}, 0, "wrong direction"},
    {IN | INTERFACE, GET_INTERFACE, 0, 0, 1, {STALLS, STALLS, 1}, 0, ""},
    {IN | INTERFACE, GET_INTERFACE, 0, 0, 64, {STALLS, STALLS, 1}, 0, "wLength longer"},
    {IN | INTERFACE, GET_INTERFACE, 0, 1, 1, {STALLS, STALLS, STALLS}, 0, "no interface 1"},
    {IN | INTERFACE, GET_INTERFACE, 0, 0xFFFF, 1, {STALLS, STALLS, STALLS}, 0, "no such interface"},
    {IN | DEVICE, GET_STATUS, 0, 0, 2, {ANY, 2, 2}, 0, "no remote wake-up, bus-powered"},
    {IN | DEVICE, GET_STATUS, 0, 0, 1, {ANY, 1, 1}, 0, "wLength shorter"},
    {IN | DEVICE, GET_STATUS, 0, 0, 64, {ANY, 2, 2}, 0, "wLength longer"},
    {IN | INTERFACE, GET_STATUS, 0, 0, 2, {ANY, STALLS, 2}, 0, "zero"},
    {IN | INTERFACE, GET_STATUS, 0, 1, 2, {ANY, STALLS, STALLS}, 0, "no interface 1"},
    {IN | ENDPOINT, GET_STATUS, 0, 0, 2, {ANY, 2, 2}, 0, "not halted"},
    {IN | ENDPOINT, GET_STATUS, 0, 0x80, 2, {ANY, 2, 2}, 0, "not halted, IN"},
    {IN | ENDPOINT, GET_STATUS, 0, 1, 2, {ANY, STALLS, STALLS}, 0, "no endpoint 1"},
    {IN | ENDPOINT, GET_STATUS, 0, 0x81, 2, {ANY, STALLS, STALLS}, 0, "no endpoint 1 IN"},
    {IN | ENDPOINT, GET_STATUS, 0, 0x0100, 2, {ANY, ANY, ANY}, 0, "9.3.4: reserved bits"},
    {DEVICE, SET_CONFIGURATION, 0, 0, 0, {ANY, 0, 0}, 0, "to Address"},
    {DEVICE, SET_CONFIGURATION, 1, 0, 0, {ANY, 0, 0}, 0, "to Configured"},
    {DEVICE, SET_CONFIGURATION, 2, 0, 0, {STALLS, STALLS, STALLS}, 0, "no configuration 2"},
    {DEVICE, SET_CONFIGURATION, 255, 0, 0, {STALLS, STALLS, STALLS}, 0, "no configuration 255"},
    {IN | DEVICE, SET_CONFIGURATION, 1, 0, 1, {ANY, STALLS, STALLS}, 0, "wrong direction"},
    {DEVICE, SET_DESCRIPTOR, 0x0100, 0, 18, {STALLS, STALLS, STALLS}, 0, "9.4.8: not supported"},
    {DEVICE, SET_DESCRIPTOR, 0x0301, 0x0409, 200, {STALLS, STALLS, STALLS}, 0, "9.4.8: not supported"},
    {INTERFACE, SET_INTERFACE, 0, 0, 0, {STALLS, STALLS, 0}, 0, ""},
    {INTERFACE, SET_INTERFACE, 1, 0, 0, {STALLS, STALLS, STALLS}, 0, "no alternate 1"},
    {INTERFACE, SET_INTERFACE, 0, 1, 0, {STALLS, STALLS, STALLS}, 0, "no interface 1"},
    {INTERFACE, SET_INTERFACE, 0x0100, 0, 0, {STALLS, STALLS, STALLS}, 0, "no alternate 256"},
    {IN | ENDPOINT, SYNCH_FRAME, 0, 0, 2, {STALLS, STALLS, STALLS}, 0, "no isochronous endpoint"},
    {IN | DEVICE, 2, 0, 0, 2, {STALLS, STALLS, STALLS}, 0, "reserved"},
    {DEVICE, 4, 0, 0, 0, {STALLS, STALLS, STALLS}, 0, "reserved"},
    {DEVICE, 13, 0, 0, 0, {STALLS, STALLS, STALLS}, 0, "reserved"},
    {IN | DEVICE, 255, 0, 0, 9, {STALLS, STALLS, STALLS}, 0, "reserved"},
    {IN | CLASS | DEVICE, 0, 0, 0, 9, {STALLS, STALLS, STALLS}, 0, "no class requests to the device"},
    {IN | CLASS | INTERFACE, 3, 0, 0, 6, {STALLS, STALLS, 6}, 0, "DFU_GETSTATUS"},
    {IN | CLASS | INTERFACE, 3, 0, 1, 6, {STALLS, STALLS, STALLS}, 0, "no interface 1"},
    {IN | 0x60 | DEVICE, 6, 0x0100, 0, 18, {STALLS, STALLS, STALLS}, 0, "reserved type"},
    {IN | 3, GET_STATUS, 0, 0, 2, {STALLS, STALLS, STALLS}, 0, "other recipient"},
    {IN | 31, GET_STATUS, 0, 0, 2, {STALLS, STALLS, STALLS}, 0, "reserved recipient"},
};

static void every_standard_request_is_answered_as_its_state_demands(void **state)
{
    (void)state;
    static uint8_t data[65536];

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        for (unsigned s = 0; s < STATES; s++) {
            uint32_t actual = 0;
            int expected = requests[i].in[s];

            go_to(s);
            memset(data, 0xEE, sizeof data);
            enum usb_host_status result = request(requests[i].type, requests[i].bRequest, requests[i].wValue,
                                                  requests[i].wIndex, requests[i].wLength, data, &actual);
            bool right = expected == ANY ? result == USB_DONE || result == USB_STALLED
                         : expected == STALLS
                             ? result == USB_STALLED && (actual == 0 || !(requests[i].type & IN))
                             : result == USB_DONE && actual == (uint32_t)expected;
            if (right && expected > 0 && s == CONFIGURED)
                right = data[0] == requests[i].first;
            if (!right)
                fail_msg("%s state, %02X %02X wValue %04X wIndex %04X wLength %u (%s): expected %d, came "
                         "result %u, %u bytes, the first is %02X",
                         state_names[s], requests[i].type, requests[i].bRequest, requests[i].wValue,
                         requests[i].wIndex, requests[i].wLength, requests[i].why, expected, result, actual,
                         data[0]);
            assert_int_equal(data[actual], 0xEE);
            if (requests[i].bRequest != SET_ADDRESS)
                expect_alive();
        }
    }
}

static void the_configuration_is_0_until_set_and_after_a_reset(void **state)
{
    (void)state;
    uint8_t data[6];

    go_to(ADDRESS);
    assert_int_equal(configuration(), 0);
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 1, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(configuration(), 1);
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 7, 0, 0, NULL, NULL), USB_STALLED);
    assert_int_equal(configuration(), 1);
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 0, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(configuration(), 0);
    assert_int_equal(request(IN | CLASS | INTERFACE, DFU_GETSTATUS, 0, 0, 6, data, NULL), USB_STALLED);

    go_to(CONFIGURED);
    reset_bus();
    assert_int_equal(request(DEVICE, SET_ADDRESS, 9, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(configuration(), 0);
    expect_alive();
}

/* A request refused for want of a configuration is no DFU error either. */
static void class_requests_before_configuration_leave_the_dfu_state_alone(void **state)
{
    (void)state;
    struct dfu_status status;

    go_to(ADDRESS);
    assert_int_equal(request(CLASS | INTERFACE, DFU_CLRSTATUS, 0, 0, 0, NULL, NULL), USB_STALLED);
    assert_int_equal(request(DEVICE, SET_CONFIGURATION, 1, 0, 0, NULL, NULL), USB_DONE);
    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    assert_int_equal(status.bState, dfuIDLE);
}

/* Address ------------------------------------------------------------------------------------------------ */

/* 9.2.6.3, 9.4.6: the status stage itself still uses the old address, and the device has 2 ms after it. */
static void a_new_address_takes_effect_only_after_the_status_stage(void **state)
{
    (void)state;
    uint8_t packet[USB_MAX_PACKET];
    unsigned length;
    struct chip *chip = &rig.board->chip;

    go_to(DEFAULT);
    assert_int_equal(wire_setup(&rig, DEVICE, SET_ADDRESS, 42, 0, 0), USB_ACK);
    rig_run_ms(&rig, 20);
    rig.host->address = 42;
    assert_int_equal(wire_in(&rig, packet, &length), USB_SILENCE);
    rig.host->address = 0;
    assert_int_equal(usb_in_begin(chip, 0, 0, packet, &length), USB_DATA1);
    assert_int_equal(length, 0);
    usb_in_end(chip, 0, 0, false); /* the host's ACK was lost: the host asks again, with the old address */
    rig_run_ms(&rig, 5);
    assert_int_equal(usb_in(chip, 0, 0, packet, &length, true), USB_DATA1);
    rig_run_ms(&rig, 2);
    assert_int_equal(usb_in(chip, 0, 0, packet, &length, true), USB_SILENCE);
    rig.host->address = 42;
    expect_alive();
}

static void an_address_can_be_changed_taken_back_and_is_lost_in_a_reset(void **state)
{
    (void)state;
    static const uint8_t addresses[] = {1, 127, 64, 5};

    go_to(ADDRESS);
    for (size_t i = 0; i < sizeof addresses; i++) {
        assert_int_equal(request(DEVICE, SET_ADDRESS, addresses[i], 0, 0, NULL, NULL), USB_DONE);
        assert_int_equal(rig.host->address, addresses[i]);
        expect_alive();
    }
    assert_int_equal(request(DEVICE, SET_ADDRESS, 0, 0, 0, NULL, NULL), USB_DONE);
    expect_alive(); /* in Default state */
    assert_int_equal(request(DEVICE, SET_ADDRESS, 0, 0, 0, NULL, NULL), USB_DONE);
    expect_alive();
    assert_int_equal(request(DEVICE, SET_ADDRESS, 77, 0, 0, NULL, NULL), USB_DONE);
    reset_bus();
    expect_alive();
    rig.host->address = 77;
    uint8_t data[18];
    assert_int_equal(request(IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 18, data, NULL), USB_ERROR);
}

/* Another request before the status stage was taken: the address must not be that of the one given up. */
static void an_address_given_up_for_another_request_is_not_taken(void **state)
{
    (void)state;

    go_to(ADDRESS);
    assert_int_equal(wire_setup(&rig, DEVICE, SET_ADDRESS, 99, 0, 0), USB_ACK);
    expect_alive();
    expect_alive();
}

/* In time ------------------------------------------------------------------------------------------------ */

/* A device must answer as soon as it can, requests without data within 50 ms (9.2.6.4). */
/* CTR flags outlive a bus reset (RM0008 23.5.2): news of what ended before it. */
static void an_address_acknowledged_just_before_a_reset_is_lost_in_it(void **state)
{
    (void)state;
    uint8_t data[USB_MAX_PACKET];
    unsigned length;

    go_to(ADDRESS);
    assert_int_equal(wire_setup(&rig, DEVICE, SET_ADDRESS, 99, 0, 0), USB_ACK);
    /* no instruction runs between the end of the status stage and the reset */
    assert_int_equal(usb_in(&rig.board->chip, rig.host->address, 0, data, &length, true), USB_DATA1);
    reset_bus();
    expect_alive();
}

static void standard_requests_are_answered_within_a_millisecond_even_while_flash_is_written(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 1024 * 3, 1), data[18];

    go_to(CONFIGURED);
    for (uint16_t block = 0; block < 3; block++) {
        struct dfu_status status;
        assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, image + 1024 * block, 1024), USB_DONE);
        assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    }
    assert_int_not_equal(rig.board->chip.flash.operation.kind, FLASH_NOTHING);
    for (unsigned i = 0; i < 40; i++) {
        ticks from = board_now(rig.board);
        assert_int_equal(request(IN | DEVICE, GET_DESCRIPTOR, 0x0100, 0, 18, data, NULL), USB_DONE);
        assert_in_range(ticks_to_us(board_now(rig.board) - from), 1, 1000);
        rig_run_ms(&rig, 1);
    }
    free(image);
}

/*
 * A SETUP that comes while the firmware has not taken the packet before finds no answer (RM0008 23.4.3), and
 * a host that finds none three times in a row, which may be within a frame, gives up. So the firmware must
 * never be away for long: not while it writes, and not while it compares pages that need no writing.
 */
static void a_setup_is_heard_at_all_times(void **state)
{
    (void)state;
    enum { LENGTH = 3100, MOST_US = 600, STEP_US = 20 };
    static const uint32_t present[] = {0, 3000, LENGTH}; /* of the image, in flash already */
    uint8_t *image = rig_application(&rig, LENGTH, 1);

    for (size_t i = 0; i < sizeof present / sizeof *present; i++)
        for (unsigned us = 0; us <= MOST_US; us += STEP_US) { /* between two requests of the host */
            go_to(CONFIGURED);
            rig_burn(&rig, rig.app_base, image, present[i]);
            rig.host->turnaround = ticks_from_us(us);
            struct dfu_result result = dfu_download(&rig, image, LENGTH, 1024);
            if (!result.done)
                fail_msg(
                    "a host that waits %u us between requests, %u bytes in flash already: after %u bytes "
                    "a request had no answer (status %u, state %u)",
                    us, present[i], result.bytes, result.last.bStatus, result.last.bState);
        }
    rig_assert_clean(&rig);
    free(image);
}

enum { POISON = 0xA5, RAM_OF_ITS_OWN = 8 * 1024, ROUNDS = 240 };

/* How much the device may send to a request while configured, -1: it must stall. */
static int longest_answer(uint8_t type, uint8_t bRequest, uint16_t wValue, uint16_t wIndex)
{
    static const struct {
        uint16_t value;
        int length;
    } descriptors[] = {{0x0100, 18}, {0x0200, 27}, {0x0300, 4},  {0x0301, 16}, {0x0302, 46},
                       {0x0303, 50}, {0x0304, 24}, {0x03EE, 18}, {0x0F00, 57}};

    switch (type << 8 | bRequest) {
    case (IN | DEVICE) << 8 | GET_DESCRIPTOR:
        for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++)
            if (descriptors[i].value == wValue)
                return descriptors[i].length;
        return -1;
    case (IN | DEVICE) << 8 | GET_STATUS: return 2;
    case (IN | DEVICE) << 8 | GET_CONFIGURATION: return 1;
    case (IN | ENDPOINT) << 8 | GET_STATUS: return (wIndex & 0x7F) == 0 ? 2 : -1;
    case (IN | INTERFACE) << 8 | GET_STATUS: return wIndex == 0 ? 2 : -1;
    case (IN | INTERFACE) << 8 | GET_INTERFACE: return wIndex == 0 ? 1 : -1;
    case (IN | CLASS | INTERFACE) << 8 | DFU_UPLOAD: return wIndex == 0 ? 1024 : -1;
    case (IN | CLASS | INTERFACE) << 8 | DFU_GETSTATUS: return wIndex == 0 ? 6 : -1;
    case (IN | CLASS | INTERFACE) << 8 | DFU_GETSTATE: return wIndex == 0 ? 1 : -1;
    case (IN | VENDOR) << 8 | '!':
        if (wIndex == 2 && wValue == 1)
            return 3 + 36;
        return wIndex == 4 && wValue == 0 ? 40 : wIndex == 7 && wValue == 0 ? LONG_ANSWER : -1;
    }
    return -1;
}

/*
 * All request types and a good many requests, values and lengths, against RAM full of a pattern: answers are
 * those of the table, nothing of the pattern comes out, and RAM that is not the bootloader's stays as it was.
 */
static void no_request_of_any_type_and_length_reads_or_writes_where_it_must_not(void **state)
{
    (void)state;
    static const uint16_t values[] = {0, 1, 0x0100, 0x0200, 0x03EE, 0x0F00, 0xFFFF};
    static const uint16_t indexes[] = {0, 2, 4, 7, 0x0409, 0xFFFF};
    static const uint16_t lengths[] = {0, 1, 6, 18, 63, 64, 65, 255, 1023, 1024, 1025, 4096, 32768, 65535};
    static uint8_t data[65536], bootloader[8192];
    struct chip *chip = &rig.board->chip;
    uint32_t random = 12345;

    go_to(CONFIGURED);
    memset(chip->ram + RAM_OF_ITS_OWN, POISON, chip->config.ram_bytes - RAM_OF_ITS_OWN);
    memcpy(bootloader, chip->flash_bytes, sizeof bootloader);
    void *poisoned = board_save(rig.board);

    for (unsigned type = 0; type < 256; type++) {
        for (unsigned r = 0; r < ROUNDS; r++) {
            random = random * 1664525u + 1013904223u;
            uint8_t bRequest = r % 32 < 16 ? r % 32 : r % 32 < 20 ? '!' : random >> 24;
            uint16_t wValue = values[(random >> 8) % 7], wIndex = indexes[(random >> 12) % 6],
                     wLength = lengths[(random >> 16) % 14];
            uint32_t actual = 0;

            if ((type == DEVICE && bRequest == SET_ADDRESS) || (random >> 20 & 7) == 0)
                wIndex = 0;
            if (bRequest == SET_ADDRESS)
                continue; /* the host would follow it */
            if (type == (CLASS | INTERFACE) && bRequest == DFU_DETACH)
                continue; /* leaves */
            memset(data, 0x5A, sizeof data);
            enum usb_host_status result = request(type, bRequest, wValue, wIndex, wLength, data, &actual);
            if (result != USB_DONE && result != USB_STALLED)
                fail_msg("%02X %02X wValue %04X wIndex %04X wLength %u: result %u", type, bRequest, wValue,
                         wIndex, wLength, result);
            int longest = longest_answer(type, bRequest, wValue, wIndex);
            if (type & IN && result == USB_DONE && (int)actual > longest)
                fail_msg("%02X %02X wValue %04X wIndex %04X wLength %u: %u bytes, %d at most", type, bRequest,
                         wValue, wIndex, wLength, actual, longest);
            if (type & IN) {
                if (actual > wLength || data[actual] != 0x5A)
                    fail_msg("%02X %02X: %u bytes of %u", type, bRequest, actual, wLength);
                for (uint32_t i = 0; i < actual; i++)
                    if (data[i] == POISON)
                        fail_msg("%02X %02X wValue %04X wIndex %04X wLength %u disclosed RAM", type, bRequest,
                                 wValue, wIndex, wLength);
            }
            rig_assert_clean(&rig);
            for (uint32_t i = RAM_OF_ITS_OWN; i < chip->config.ram_bytes; i++)
                if (chip->ram[i] != POISON)
                    fail_msg("%02X %02X wValue %04X wIndex %04X wLength %u wrote to RAM at 0x%X", type,
                             bRequest, wValue, wIndex, wLength, 0x20000000 + i);
            if (r % 8 == 7) {
                assert_memory_equal(chip->flash_bytes, bootloader, sizeof bootloader);
                board_restore(rig.board, poisoned);
            }
        }
    }
    free(poisoned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_standard_request_is_answered_as_its_state_demands),
        cmocka_unit_test(the_configuration_is_0_until_set_and_after_a_reset),
        cmocka_unit_test(class_requests_before_configuration_leave_the_dfu_state_alone),
        cmocka_unit_test(a_new_address_takes_effect_only_after_the_status_stage),
        cmocka_unit_test(an_address_can_be_changed_taken_back_and_is_lost_in_a_reset),
        cmocka_unit_test(an_address_given_up_for_another_request_is_not_taken),
        cmocka_unit_test(an_address_acknowledged_just_before_a_reset_is_lost_in_it),
        cmocka_unit_test(standard_requests_are_answered_within_a_millisecond_even_while_flash_is_written),
        cmocka_unit_test(a_setup_is_heard_at_all_times),
        cmocka_unit_test(no_request_of_any_type_and_length_reads_or_writes_where_it_must_not),
    };
    return cmocka_run_group_tests(tests, take_snapshots, free_snapshots);
}
