/* Reading back: exactly the application area, in blocks of any size, as it was downloaded. */
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = FLASH_PAGE_SIZE, BLOCK = TARGET_DFU_WTRANSFERSIZE };

static struct image image, readback;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    image_make(&image, fake_area_size(), 6);
    image_install(&image);
    host_enumerate();
    return 0;
}

/* Until a short block comes, as a client does; the bytes that came. */
static uint32_t client_read(uint16_t block)
{
    uint32_t total = 0;
    int length;
    uint16_t number = 0;

    do {
        length = dfu_upload(number++, readback.bytes + total, block);
        assert_in_range(length, 0, block);
        total += (uint32_t)length;
        assert_in_range(total, 0, fake_area_size());
    } while (length == block);
    return total;
}

static void assert_reads(uint16_t block)
{
    memset(readback.bytes, 0xEE, sizeof readback.bytes);

    uint32_t total = client_read(block);

    if (total != fake_area_size() || memcmp(readback.bytes, image.bytes, total))
        fail_msg("blocks of %u: %u bytes come, or not the right ones", block, total);
    assert_dfu(dfuIDLE, STATUS_OK);
}

static void an_upload_returns_exactly_the_area_in_blocks_of_every_size(void **state)
{
    static const uint16_t blocks[] = {7, 8, 63, 64, 65, 127, 128, 192, 1000, 1023, 1024, BLOCK - 1, BLOCK};

    (void)state;
    for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (blocks[i] <= BLOCK)
            assert_reads(blocks[i]);
}

static void a_last_block_of_whole_packets_ends_with_an_empty_one(void **state)
{
    uint32_t found = 0;

    (void)state;
    /* host_control insists on it: here are the block sizes whose last block is
     * short and full of whole packets */
    for (uint16_t block = 129; block <= BLOCK; block++)
        if (fake_area_size() % block && fake_area_size() % block % 64 == 0) {
            assert_reads(block);
            found++;
        }
    assert_true(found > 0);
}

static void blocks_of_different_sizes_follow_each_other(void **state)
{
    uint32_t total = 0;

    (void)state;
    for (uint16_t number = 0, block = 1; total < fake_area_size(); number++, block = block * 5 % BLOCK + 1) {
        int length = dfu_upload(number, readback.bytes + total, block);
        uint32_t left = fake_area_size() - total;

        assert_int_equal(length, left < block ? left : block);
        total += (uint32_t)length;
    }
    assert_memory_equal(readback.bytes, image.bytes, fake_area_size());
}

static void an_empty_block_may_be_asked_for(void **state)
{
    (void)state;
    assert_int_equal(dfu_upload(0, readback.bytes, 0), 0);
    assert_int_equal(dfu_upload(1, readback.bytes, 100), 100);
    assert_memory_equal(readback.bytes, image.bytes, 100);
}

static void every_wlength_up_to_the_transfer_size_is_served(void **state)
{
    (void)state;
    for (uint16_t length = 1; length <= BLOCK; length++) {
        assert_int_equal(dfu_upload(0, readback.bytes, length), length);
        assert_memory_equal(readback.bytes, image.bytes, length);
        assert_int_equal(dfu_out(DFU_ABORT), 0);
    }
}

static void an_upload_starts_from_the_beginning_after_abort(void **state)
{
    (void)state;
    assert_int_equal(dfu_upload(0, readback.bytes, BLOCK), BLOCK);
    assert_int_equal(dfu_upload(1, readback.bytes, BLOCK), BLOCK);
    assert_int_equal(dfu_out(DFU_ABORT), 0);
    assert_reads(BLOCK);
}

static void a_smaller_chip_has_less_to_read(void **state)
{
    (void)state;
    if (HIGH)
        skip();
    fake.flash_size = FAKE_FLASH_SIZE - 3 * PAGE;
    assert_reads(BLOCK - 24);
    assert_reads(BLOCK);
}

static void what_was_downloaded_comes_back(void **state)
{
    struct image *sent = &image;

    (void)state;
    image_make(sent, 5 * PAGE + 5, 8);
    assert_int_equal(client_send(sent, BLOCK), STATUS_OK);
    client_read(BLOCK - 25);
    assert_memory_equal(readback.bytes, sent->bytes, sent->length);
    assert_int_equal(fake_ms_until_restart(1000), -1); /* a client that reads back wants to stay */
}

static void an_upload_waits_for_a_flash_that_still_works(void **state)
{
    uint8_t block[BLOCK];
    uint16_t next;

    (void)state;
    image_make(&image, 3 * PAGE, 9);
    fake.erase_turns = 100;
    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    while (!fake_flash_busy())
        fake_turn();
    assert_int_equal(dfu_out(DFU_ABORT), 0);
    assert_int_equal(dfu_upload(0, block, BLOCK), BLOCK); /* the fake port watches */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(an_upload_returns_exactly_the_area_in_blocks_of_every_size),
        TEST(a_last_block_of_whole_packets_ends_with_an_empty_one),
        TEST(blocks_of_different_sizes_follow_each_other),
        TEST(an_empty_block_may_be_asked_for),
        TEST(every_wlength_up_to_the_transfer_size_is_served),
        TEST(an_upload_starts_from_the_beginning_after_abort),
        TEST(a_smaller_chip_has_less_to_read),
        TEST(what_was_downloaded_comes_back),
        TEST(an_upload_waits_for_a_flash_that_still_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
