/* Every bmRequestType and bRequest there can be: answered, stalled, never a byte out of
 * bounds (the sanitizers watch). */
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct image image;
static uint8_t data[0x10000];

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    image_make(&image, 3 * FLASH_PAGE_SIZE, 5);
    return 0;
}

static void to_idle(void)
{
    fake_power_cycle();
    host_enumerate();
}

static void to_download(void)
{
    to_idle();
    dfu_dnload(0, image.bytes, TARGET_DFU_WTRANSFERSIZE);
    dfu_get_status();
}

static void to_upload(void)
{
    to_idle();
    dfu_upload(0, data, TARGET_DFU_WTRANSFERSIZE);
}

/* Out of an enumerated state; what it does to it stays for the next request until something is broken. */
static void sweep(void (*enter)(void), uint16_t value, uint16_t index)
{
    static const uint16_t lengths[] = {0, 1, 64, 1024, 65535};

    enter();
    for (uint32_t type = 0; type < 256; type++)
        for (uint32_t request = 0; request < 256; request++)
            for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
                int answer = host_control((uint8_t)type, (uint8_t)request, value, index, lengths[i], data);

                if (answer == HOST_NAK || answer > lengths[i])
                    fail_msg("request %02x %02x %04x %04x %04x: %d", type, request, value, index, lengths[i],
                             answer);
                if (answer != HOST_STALL)
                    enter();
            }
}

static void any_request_is_answered_or_stalled_in_idle(void **state)
{
    (void)state;
    sweep(to_idle, 0, 0);
}

static void so_it_is_with_a_value_and_an_index(void **state)
{
    (void)state;
    sweep(to_idle, 0x0102, 0x0004);
}

static void so_it_is_during_a_download(void **state)
{
    (void)state;
    sweep(to_download, 1, 0);
}

static void so_it_is_during_an_upload(void **state)
{
    (void)state;
    sweep(to_upload, 1, 0);
}

/*
 * A random walk, seeded: requests a client could send, right and wrong, with resets, and power never fails.
 */
static void a_million_random_tokens_do_no_harm(void **state)
{
    static const uint8_t types[] = {0x21, 0xA1, 0x21, 0xA1, 0x80, 0x00, 0x01, 0x81, 0xC0, 0x02, 0x82, 0x40};
    uint32_t x = 2463534242u;

    (void)state;
    to_idle();
    for (int i = 0; i < 1000000; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        switch (x % 8) {
        case 0:
        case 1: {
            uint32_t dice = x >> 8;

            if (fake.endpoint.out || fake.endpoint.setup)
                fake_turn();
            host_setup(types[dice % sizeof types], (uint8_t)(dice >> 4) % 13, (dice >> 9) % 3,
                       (dice >> 12) % 8 == 7, (uint16_t)((dice >> 14) % 4 ? (dice >> 16) % 200 : 0));
            break;
        }
        case 2: host_out_once(image.bytes, (x >> 8) % 65); break;
        case 3: host_in_once(data); break;
        default: fake_turn(); break;
        }
        if (x % 5003 == 0)
            to_idle();
        /* or the device leaves the bus, as it may */
        if (fake.ms > 90)
            to_idle();
        fake.operations = 0;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(any_request_is_answered_or_stalled_in_idle),
        TEST(so_it_is_with_a_value_and_an_index),
        TEST(so_it_is_during_a_download),
        TEST(so_it_is_during_an_upload),
        TEST(a_million_random_tokens_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
