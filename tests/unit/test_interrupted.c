/* Downloads that do not end as they should: errors, clients that stop asking, power cuts before this one. */
#include "application.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = FLASH_PAGE_SIZE, BLOCK = TARGET_DFU_WTRANSFERSIZE, KEY = START_WORDS_OFFSET + 2 };

static struct image image, old;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    host_enumerate();
    image_make(&image, 4 * PAGE - 100, 6);
    return 0;
}

/* Everything but the first page is in flash, the empty block was taken. */
static void to_the_end(void)
{
    uint16_t next;

    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
}

static void an_image_that_would_start_behind_its_end_is_refused_when_it_ends(void **state)
{
    const uint32_t behind = APP_BASE_ADDRESS + image.length + 1, last = APP_BASE_ADDRESS + image.length - 1;

    (void)state;
    memcpy(image.bytes + 4, &behind, 4);
    assert_int_equal(client_send(&image, BLOCK), errTARGET);
    fake_wait_ms(1000);
    assert_false(fake_application_starts());
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    memcpy(image.bytes + 4, &last, 4);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

/* A word was accepted. The second one came in a block that the host gave up in its data stage. */
static void a_block_that_was_given_up_is_no_part_of_the_image(void **state)
{
    (void)state;
    for (uint32_t entry = 1; entry < 8; entry += 2) {
        const uint32_t words[16] = {APP_BASE_ADDRESS + entry};

        assert_int_equal(dfu_dnload(0, image.bytes, 4), 4);
        assert_int_equal(dfu_wait().bState, dfuDNLOAD_IDLE);
        host_setup(0x21, DFU_DNLOAD, 1, 0, 128);
        assert_int_equal(host_out(words, sizeof words), sizeof words);
        assert_int_equal(dfu_dnload(1, NULL, 0), 0);
        assert_int_equal(dfu_wait_last().bStatus, errTARGET);
        assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    }
    assert_int_equal(fake.operations, 0);
}

static void alternate_settings_below_the_last_move_no_firmware(void **state)
{
    uint8_t data[BLOCK];

    (void)state;
    for (int alternate = 0; alternate < USB_DFU_ALTN; alternate++) {
        host_choose_alternate((uint16_t)alternate);
        assert_int_equal(dfu_dnload(0, image.bytes, BLOCK), HOST_STALL);
        assert_dfu(dfuERROR, errSTALLEDPKT);
        assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
        assert_int_equal(dfu_upload(0, data, BLOCK), HOST_STALL);
        assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    }
    assert_int_equal(fake.operations, 0);
    host_choose_alternate(USB_DFU_ALTN);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
}

static bool all_that_follows_is_the_hook(uint32_t from)
{
    for (uint32_t i = from; i < fake.operations; i++)
        if (!HIGH || fake.log[i].address - APP_BASE_ADDRESS >= 8)
            return false;
    return true;
}

/* At each turn of the main loop after the last block; the old application is gone by then. */
static void after_an_error_nothing_more_is_written(void **state)
{
    for (uint32_t turns = 0;; turns = turns * 5 / 4 + 1) {
        uint8_t data[BLOCK];

        power_on(state);
        image_make(&old, 6 * PAGE, 2);
        image_install(&old);
        fake.erase_turns = 40;
        fake.program_turns = 2;
        to_the_end();
        for (uint32_t i = 0; i < turns; i++)
            fake_turn();
        if (image_is_in_flash(&image))
            break;
        assert_int_equal(dfu_upload(0, data, BLOCK), HOST_STALL);

        uint32_t operations = fake.operations;

        fake_wait_ms(1000);
        if (!all_that_follows_is_the_hook(operations))
            fail_msg("the error came %u turns after the last block, and the image goes on", turns);
        assert_false(fake_application_starts());
        assert_dfu(dfuERROR, errSTALLEDPKT);
        assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        assert_true(image_is_in_flash(&image));
    }
}

static void a_client_that_hears_dfuMANIFEST_and_asks_no_more_is_waited_for_five_seconds(void **state)
{
    (void)state;
    image_make(&old, 4 * PAGE, 2);
    image_install(&old);
    fake.erase_turns = 4 * 600;
    to_the_end();

    struct dfu_reply reply = dfu_get_status();

    assert_int_equal(reply.bState, dfuMANIFEST);

    int ms = fake_ms_until_restart(30000);

    if (DFU_WILL_DETACH)
        assert_in_range(ms, 4900, 5100);
    else
        assert_int_equal(ms, -1);
    assert_true(image_is_in_flash(&image));
}

static void a_bus_reset_in_dfuMANIFEST_ends_that_state_and_not_the_image(void **state)
{
    (void)state;
    image_make(&old, 4 * PAGE, 2);
    image_install(&old);
    fake.erase_turns = 4 * 600;
    to_the_end();
    assert_dfu(dfuMANIFEST, STATUS_OK);
    host_bus_reset();
    host_enumerate();
    assert_int_equal(dfu_get_state(), dfuMANIFEST_SYNC);

    uint32_t ms = fake.ms;

    /* asked at once, it answers at once: the patience was before */
    assert_dfu(dfuMANIFEST, STATUS_OK);
    assert_in_range(fake.ms - ms, 0, 2);
    assert_int_equal(dfu_wait_last().bState, dfuIDLE);
    assert_true(image_is_in_flash(&image));
}

/*
 * In high variants two of them are those of the bootloader's reset vector, put back whenever they are blank.
 */
static void a_start_word_that_cannot_be_written_is_an_error_and_ends_the_attempts(void **state)
{
    (void)state;
    image_make(&old, 6 * PAGE, 2);
    for (uint32_t offset = 0; offset < 8; offset += 2) {
        fake_power_on();
        host_enumerate();
        image_install(&old);
        fake.programming_fails_at = APP_BASE_ADDRESS + offset;
        /* the key half-word is written before that, to make the old application invalid */
        assert_int_equal(client_send(&image, BLOCK), offset == KEY && !FLASH_MARKS ? errWRITE : errPROG);

        uint32_t operations = fake.operations;

        fake_wait_ms(1000);
        assert_int_equal(fake.operations, operations);
        assert_false(fake_application_starts());
    }
}

static void a_client_that_asks_all_the_time_loses_nothing(void **state)
{
    struct dfu_reply reply;
    uint16_t number = 0;

    (void)state;
    image_make(&old, 6 * PAGE, 2);
    image_install(&old);
    fake.erase_turns = 4 * 30;
    fake.program_turns = 1;
    for (uint32_t offset = 0; offset < image.length; offset += BLOCK, number++) {
        uint32_t length = image.length - offset < BLOCK ? image.length - offset : BLOCK;

        assert_int_equal(dfu_dnload(number, image.bytes + offset, (uint16_t)length), length);
        do {
            reply = dfu_get_status();
            assert_int_equal(reply.bStatus, STATUS_OK);
            assert_int_equal(reply.bwPollTimeout != 0, reply.bState == dfuDNBUSY);
        } while (reply.bState == dfuDNBUSY);
        assert_int_equal(reply.bState, dfuDNLOAD_IDLE);
    }
    assert_int_equal(dfu_dnload(number, NULL, 0), 0);
    do
        reply = dfu_get_status();
    while (reply.bState == dfuMANIFEST);
    assert_int_equal(reply.bState, dfuIDLE);
    assert_true(image_is_in_flash(&image));
}

/* A cell that was cut off may read 0 now and as before later. */
static void a_key_that_reads_0_is_made_0_once_more_before_anything_changes(void **state)
{
    (void)state;
    if (FLASH_MARKS)
        skip();
    image_make(&old, 4 * PAGE, 2);
    image_install(&old);
    memset(fake_area() + KEY, 0, 2);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_false(fake.log[0].erase);
    assert_int_equal(fake.log[0].address, APP_BASE_ADDRESS + KEY);
    assert_int_equal(fake.log[0].value, 0);
    assert_true(image_is_in_flash(&image));
}

/* A mark may read otherwise later: the other one is set. When both are, a cut fell into an erase of one. */
static void after_a_download_that_did_not_end_the_other_mark_is_set(void **state)
{
    if (!FLASH_MARKS)
        skip();
    for (uint32_t marks = 1; marks <= (FIRST_MARK | SECOND_MARK); marks++) {
        power_on(state);
        image_make(&old, 4 * PAGE, 2);
        image_install(&old);
        for (uint32_t which = FIRST_MARK; which <= SECOND_MARK; which++)
            if (marks & which)
                memset(fake_mark_pages() + (SECOND_MARK - which) * PAGE, FLASH_MARK & 0xFF, FLASH_UNIT);
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        if (marks == FIRST_MARK || marks == SECOND_MARK) {
            assert_false(fake.log[0].erase);
            assert_int_equal(fake.log[0].address, application_mark(marks ^ OTHER_MARK));
            assert_true(fake.log[1].erase);
            assert_int_equal(fake.log[1].address, application_mark(marks));
        } else {
            assert_true(fake.log[0].address >= APP_BASE_ADDRESS);
        }
        assert_true(image_is_in_flash(&image));
        assert_true(fake_application_starts());
    }
}

static void a_mark_that_does_not_take_is_a_write_error_though_the_other_is_set(void **state)
{
    (void)state;
    if (!FLASH_MARKS)
        skip();
    image_make(&old, 4 * PAGE, 2);
    image_install(&old);
    fake_interrupted_before();
    fake.programming_fails_at = application_mark(SECOND_MARK);
    assert_int_equal(client_send(&image, BLOCK), errWRITE);
    assert_true(image_is_in_flash(&old));
    assert_int_equal(fake.operations, 1);
}

/* A page that is erased is blank; one that reads blank before may not be so later. */
static bool was_erased_at(uint32_t offset)
{
    bool erased = false;

    for (uint32_t i = 0; i < fake.operations; i++)
        erased |= fake.log[i].erase && fake.log[i].address == APP_BASE_ADDRESS + offset;
    return erased;
}

static bool was_erased(uint32_t page)
{
    return was_erased_at(page * PAGE);
}

/* All of it was compared before, but that was before the cut. */
static void after_a_download_that_did_not_end_every_page_is_erased_whatever_it_reads(void **state)
{
    for (int blank = 0; blank < 2; blank++) {
        power_on(state);
        image_install(&image);
        if (blank)
            memset(fake_area() + PAGE, BLANK_BYTE, 3 * PAGE);
        fake_interrupted_before();
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        assert_true(image_is_in_flash(&image));
        for (uint32_t page = 0; page < 4; page++)
            assert_true(was_erased(page));
    }
}

static void so_is_every_part_of_a_page_that_the_chip_erases_at_a_time(void **state)
{
    if (SMALLEST_FLASH_PAGE == PAGE)
        skip();
    for (int blank = 0; blank < 2; blank++) {
        power_on(state);
        fake.page_bytes = SMALLEST_FLASH_PAGE;
        image_install(&image);
        if (blank)
            memset(fake_area() + PAGE, BLANK_BYTE, 3 * PAGE);
        fake_interrupted_before();
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        assert_true(image_is_in_flash(&image));
        for (uint32_t offset = 0; offset < fake_area_size(); offset += SMALLEST_FLASH_PAGE)
            assert_true(was_erased_at(offset));
    }
}

static void so_is_every_page_behind_the_image_and_only_then(void **state)
{
    for (int interrupted = 0; interrupted < 2; interrupted++)
        for (uint32_t pages = 1; pages <= 4; pages += 3) {
            power_on(state);
            image_make(&old, 6 * PAGE, 2);
            image_install(&old);
            image_make(&image, pages * PAGE, 6);
            if (interrupted)
                fake_interrupted_before();
            assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
            assert_true(image_is_in_flash(&image));
            assert_true(fake_application_starts());
            for (uint32_t page = pages; page < fake_area_size() / PAGE; page++)
                assert_int_equal(was_erased(page), interrupted);
            assert_int_equal(fake_area()[5 * PAGE] == BLANK_BYTE, interrupted);
        }
}

static void a_page_behind_the_image_that_is_protected_or_worn_does_not_stop_it(void **state)
{
    for (int worn = 0; worn < 2; worn++) {
        power_on(state);
        image_make(&old, 8 * PAGE, 2);
        image_install(&old);
        fake_interrupted_before();
        *(worn ? &fake.worn_page : &fake.protected_page) = APP_BASE_ADDRESS + 6 * PAGE;
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        assert_true(image_is_in_flash(&image));
        assert_true(fake_application_starts());
        assert_true(was_erased(7));
    }
}

/* Without marks it is known by that. What comes before was written before it, or stayed blank. */
static void on_a_blank_chip_all_is_erased_from_the_first_page_behind_the_image_that_is_not(void **state)
{
    if (FLASH_MARKS)
        skip();
    for (uint32_t pages = 1; pages <= 4; pages += 3)
        for (uint32_t used = 0; used <= 7; used += 7) {
            power_on(state);
            image_make(&image, pages * PAGE, 6);
            if (used)
                fake_area()[used * PAGE + 3] = 0;
            assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
            assert_true(image_is_in_flash(&image));
            assert_true(fake_application_starts());
            assert_true(was_erased(0));
            for (uint32_t page = 1; page < fake_area_size() / PAGE; page++)
                assert_int_equal(was_erased(page), used && page >= used);
        }
}

static void a_first_download_that_did_not_end_is_known_by_what_it_left(void **state)
{
    (void)state;
    memcpy(fake_area() + PAGE, image.bytes + PAGE, PAGE + 100);
    if (FLASH_MARKS)
        fake_interrupted_before();
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    assert_int_equal(fake.log[0].address,
                     FLASH_MARKS ? application_mark(SECOND_MARK) : APP_BASE_ADDRESS + KEY);
    assert_true(fake.erases >= 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(an_image_that_would_start_behind_its_end_is_refused_when_it_ends),
        TEST(a_block_that_was_given_up_is_no_part_of_the_image),
        TEST(alternate_settings_below_the_last_move_no_firmware),
        TEST(after_an_error_nothing_more_is_written),
        TEST(a_client_that_hears_dfuMANIFEST_and_asks_no_more_is_waited_for_five_seconds),
        TEST(a_bus_reset_in_dfuMANIFEST_ends_that_state_and_not_the_image),
        TEST(a_start_word_that_cannot_be_written_is_an_error_and_ends_the_attempts),
        TEST(a_client_that_asks_all_the_time_loses_nothing),
        TEST(a_key_that_reads_0_is_made_0_once_more_before_anything_changes),
        TEST(after_a_download_that_did_not_end_the_other_mark_is_set),
        TEST(a_mark_that_does_not_take_is_a_write_error_though_the_other_is_set),
        TEST(after_a_download_that_did_not_end_every_page_is_erased_whatever_it_reads),
        TEST(so_is_every_part_of_a_page_that_the_chip_erases_at_a_time),
        TEST(so_is_every_page_behind_the_image_and_only_then),
        TEST(a_page_behind_the_image_that_is_protected_or_worn_does_not_stop_it),
        TEST(on_a_blank_chip_all_is_erased_from_the_first_page_behind_the_image_that_is_not),
        TEST(a_first_download_that_did_not_end_is_known_by_what_it_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
