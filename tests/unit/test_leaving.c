/* When the device restarts, and when it does not; what the LED tells meanwhile. */
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = FLASH_PAGE_SIZE, BLOCK = TARGET_DFU_WTRANSFERSIZE };

static struct image image, old;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    image_make(&image, 2 * PAGE, 6);
    host_enumerate();
    return 0;
}

static void bus_reset(void *unused)
{
    (void)unused;
    host_bus_reset();
}

static void to_manifest_sync(void)
{
    uint16_t next;

    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
}

static void an_idle_device_stays(void **state)
{
    (void)state;
    assert_int_equal(fake_ms_until_restart(60000), -1);
    host_enumerate();
    assert_int_equal(fake_ms_until_restart(60000), -1);
}

/* wDetachTimeOut, as the descriptors say. */
enum { DETACH_TIMEOUT_MS = 1000 };

/* Not at once: a client that resets the device enumerates it again, and calls it an error if it is gone. */
static void assert_restarts_after_a_bus_reset(void)
{
    assert_int_equal(fake_session(bus_reset, NULL), FAKE_FINISHED);
    host_enumerate();
    assert_in_range(fake_ms_until_restart(1000), 200, 400);
}

static void a_device_that_detaches_restarts_after_the_last_status_was_answered(void **state)
{
    (void)state;
    if (!DFU_WILL_DETACH)
        skip();
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_in_range(fake_ms_until_restart(1000), 200, 400);
    assert_true(image_is_in_flash(&image));
}

static void a_device_that_does_not_detach_waits_for_a_bus_reset(void **state)
{
    (void)state;
    if (DFU_WILL_DETACH)
        skip();
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(fake_ms_until_restart(10000), -1);
    assert_dfu(dfuIDLE, STATUS_OK);
    assert_restarts_after_a_bus_reset();
}

static void a_bus_reset_after_a_download_restarts(void **state)
{
    (void)state;
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_restarts_after_a_bus_reset();
    assert_true(image_is_in_flash(&image));
}

static void a_host_that_forgets_to_ask_is_waited_for_five_seconds(void **state)
{
    (void)state;
    to_manifest_sync();
    while (!image_is_in_flash(&image))
        fake_turn();

    int ms = fake_ms_until_restart(10000);

    if (DFU_WILL_DETACH)
        assert_in_range(ms, 4500, 5000); /* of which the last pages took some */
    else
        assert_int_equal(ms, -1);
    assert_true(image_is_in_flash(&image));
}

/*
 * A client that crashes, or is interrupted, after it was told to wait. A board that waits for its next
 * question would be in DFU mode for ever.
 */
static void a_host_that_asks_a_few_times_and_then_no_more_is_waited_for_five_seconds(void **state)
{
    enum { MOST_QUESTIONS = 3, LONG_MS = 2000 };

    for (unsigned i = 1; i <= 2 * MOST_QUESTIONS; i++) {
        bool reset = i > MOST_QUESTIONS;

        power_on(state);
        image_make(&old, 2 * PAGE, 2);
        image_install(&old);
        fake.erase_turns = fake.program_turns = LONG_MS * fake.turns_per_ms;
        to_manifest_sync();
        if (reset) {
            assert_int_equal(fake_session(bus_reset, NULL), FAKE_FINISHED);
            host_enumerate();
        }
        for (unsigned questions = (i - 1) % MOST_QUESTIONS + 1; questions; questions--) {
            struct dfu_reply reply = dfu_get_status();

            assert_int_equal(reply.bStatus, STATUS_OK);
            assert_int_equal(reply.bState, dfuMANIFEST);
        }
        assert_false(image_is_in_flash(&image));
        fake.erase_turns = fake.program_turns = 1;

        int ms = fake_ms_until_restart(10000);

        if (DFU_WILL_DETACH || reset)
            assert_in_range(ms, 4900, 5100);
        else
            assert_int_equal(ms, -1);
        assert_true(image_is_in_flash(&image));
    }
}

static void a_failed_download_does_not_restart(void **state)
{
    (void)state;
    fake.protected_page = APP_BASE_ADDRESS + PAGE;
    assert_int_equal(client_send(&image, BLOCK), errWRITE);
    assert_int_equal(fake_ms_until_restart(10000), -1);
    assert_int_equal(fake_session(bus_reset, NULL), FAKE_FINISHED);
}

static void a_next_download_keeps_the_device_from_leaving(void **state)
{
    (void)state;
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(dfu_dnload(0, image.bytes, BLOCK), BLOCK);
    assert_int_equal(fake_ms_until_restart(10000), -1);
}

static void abort_after_a_download_keeps_the_device_from_leaving(void **state)
{
    (void)state;
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(dfu_out(DFU_ABORT), 0);
    assert_int_equal(fake_ms_until_restart(10000), -1);
}

static void detach_restarts_within_its_time_and_not_before_it_is_answered(void **state)
{
    (void)state;
    assert_int_equal(dfu_out(DFU_DETACH), 0);
    assert_in_range(fake_ms_until_restart(1000), 200, DETACH_TIMEOUT_MS);
}

static void detach_then_bus_reset_restarts(void **state)
{
    (void)state;
    assert_int_equal(dfu_out(DFU_DETACH), 0);
    assert_restarts_after_a_bus_reset();
}

/* All data is there, and power has not failed: the device restarts as after any download,
 * but not before all is written. */
static void a_bus_reset_during_manifestation_does_not_lose_the_image(void **state)
{
    (void)state;
    image_make(&old, 2 * PAGE, 2);
    image_install(&old);
    fake.erase_turns = 40;
    fake.program_turns = 1;
    to_manifest_sync();
    assert_false(image_is_in_flash(&image));
    if (fake_session(bus_reset, NULL) == FAKE_FINISHED)
        assert_int_not_equal(fake_ms_until_restart(1000), -1);
    assert_true(image_is_in_flash(&image));
}

static void an_error_during_manifestation_does_not_restart(void **state)
{
    (void)state;
    fake.erase_turns = 1000000;
    memset(fake_area() + PAGE, 0, 10);
    to_manifest_sync();
    assert_int_equal(dfu_out(DFU_CLRSTATUS), HOST_STALL);
    assert_int_equal(fake_ms_until_restart(10000), -1);
}

/* LED ---------------------------------------------------------------------------------------------------- */

/* Changes per 8192 ms, after the first tick. */
static uint32_t blinks(void)
{
    fake_set_clock(1);
    fake_wait_ms(2);

    uint32_t before = fake.led_changes;

    fake_wait_ms(8192);
    return fake.led_changes - before;
}

static void the_led_tells_waiting_from_a_dead_crystal_from_work_from_error(void **state)
{
    if (!HAVE_LED)
        skip();
    assert_int_equal(blinks(), 8192 / 512);
    fake.crystal_dead = true;

    uint32_t dead = blinks();

    assert_true(dead > 8192 / 512 && dead < 8192 / 64);
    assert_int_equal(dfu_out(DFU_CLRSTATUS), HOST_STALL);
    assert_int_equal(blinks(), 8192 / 64);
    power_on(state);
    assert_int_equal(dfu_dnload(0, image.bytes, BLOCK), BLOCK);
    assert_int_equal(blinks(), 0);
    assert_true(fake.led);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(an_idle_device_stays),
        TEST(a_device_that_detaches_restarts_after_the_last_status_was_answered),
        TEST(a_device_that_does_not_detach_waits_for_a_bus_reset),
        TEST(a_bus_reset_after_a_download_restarts),
        TEST(a_host_that_forgets_to_ask_is_waited_for_five_seconds),
        TEST(a_host_that_asks_a_few_times_and_then_no_more_is_waited_for_five_seconds),
        TEST(a_failed_download_does_not_restart),
        TEST(a_next_download_keeps_the_device_from_leaving),
        TEST(abort_after_a_download_keeps_the_device_from_leaving),
        TEST(detach_restarts_within_its_time_and_not_before_it_is_answered),
        TEST(detach_then_bus_reset_restarts),
        TEST(a_bus_reset_during_manifestation_does_not_lose_the_image),
        TEST(an_error_during_manifestation_does_not_restart),
        TEST(the_led_tells_waiting_from_a_dead_crystal_from_work_from_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
