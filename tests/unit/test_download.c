/* Downloads: every size and block size, what is refused, what goes wrong, what it costs, and in which order
 * flash is written. */
#include "application.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = FLASH_PAGE_SIZE, HALF_WORDS = PAGE / 2, BLOCK = TARGET_DFU_WTRANSFERSIZE };
/* Offset of the half-word that makes an application valid: the upper one of its stack pointer. */
enum { KEY = (HIGH ? 28 : 0) + 2 };

static struct image image, other;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    host_enumerate();
    return 0;
}

/* A valid application fills the area; the image is another. */
static int replace_old(void **state)
{
    power_on(state);
    image_make(&other, fake_area_size(), 99);
    image_install(&other);
    image_make(&image, 3 * PAGE + 10, 7);
    return 0;
}

static uint8_t block_size_is_fine(uint32_t length, uint32_t block)
{
    fake_power_on();
    host_enumerate();
    image_make(&image, length, length + block);
    return client_send(&image, block);
}

static void assert_downloads(uint32_t length, uint32_t block)
{
    uint8_t status = block_size_is_fine(length, block);

    if (status || !image_is_in_flash(&image))
        fail_msg("%u bytes in blocks of %u: bStatus %u", length, block, status);
}

static void images_of_every_length_arrive_in_blocks_of_every_size(void **state)
{
    static const uint32_t blocks[] = {7, 8, 63, 64, 65, 128, 1000, 1023, 1024, BLOCK - 1, BLOCK};
    const uint32_t lengths[] = {
        8,        9,        35,           36,           37,           63,           64,
        65,       PAGE - 1, PAGE,         PAGE + 1,     2 * PAGE - 1, 2 * PAGE,     2 * PAGE + 1,
        3 * PAGE, 3333,     3 * PAGE + 1, 4 * PAGE - 1, 4 * PAGE,     5 * PAGE + 77};

    (void)state;
    for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++)
        for (unsigned j = 0; j < sizeof lengths / sizeof *lengths && blocks[i] <= BLOCK; j++)
            assert_downloads(lengths[j], blocks[i]);
}

static void blocks_of_one_byte_are_blocks(void **state)
{
    (void)state;
    assert_downloads(8, 1);
    assert_downloads(2 * PAGE + 1, 1);
}

static void an_image_may_fill_the_whole_area(void **state)
{
    (void)state;
    assert_downloads(fake_area_size(), BLOCK);
    assert_downloads(fake_area_size() - 1, BLOCK);
    assert_downloads(fake_area_size(), BLOCK - 24);
}

static void block_numbers_start_again_after_65535(void **state)
{
    (void)state;
    assert_downloads(65536 + 3000, 1);
}

static void a_slow_flash_takes_blocks_of_every_size(void **state)
{
    static const uint32_t blocks[] = {65, BLOCK};

    for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        replace_old(state);
        image_make(&image, 7 * PAGE + 13, 5);
        fake.erase_turns = 80;
        fake.program_turns = 2;
        assert_int_equal(client_send(&image, blocks[i]), STATUS_OK);
        assert_true(image_is_in_flash(&image));
    }
}

/* Refused ------------------------------------------------------------------------------------------------ */

static void an_image_that_does_not_fit_is_an_address_error_and_what_fits_is_all_that_is_written(void **state)
{
    static const uint32_t blocks[] = {BLOCK, BLOCK < 1000 ? 77 : 1000};

    (void)state;
    for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        assert_int_equal(block_size_is_fine(fake_area_size() + 1, blocks[i]), errADDRESS);
        assert_dfu(dfuERROR, errADDRESS); /* the fake port watches the limits */
        fake_wait_ms(500);
        assert_int_equal(fake_area()[KEY + 1], BLANK_BYTE);
        assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
        assert_dfu(dfuIDLE, STATUS_OK);
    }
}

static void a_smaller_chip_takes_smaller_images(void **state)
{
    (void)state;
    if (HIGH)
        skip();
    fake.flash_size = FAKE_FLASH_SIZE / 4;
    image_make(&image, fake_area_size(), 1);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    image_make(&image, fake_area_size() + 1, 1);
    assert_int_equal(client_send(&image, BLOCK), errADDRESS);
}

static void assert_refused(const char *why, uint32_t block)
{
    struct image *before = &other;

    memcpy(before->bytes, fake_area(), fake_area_size());
    fake.operations = 0;

    uint8_t status = client_send(&image, block);

    if (status != errTARGET || fake.operations || memcmp(before->bytes, fake_area(), fake_area_size()))
        fail_msg("%s: bStatus %u, %u flash operations", why, status, fake.operations);
    assert_dfu(dfuERROR, errTARGET);
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    assert_dfu(dfuIDLE, STATUS_OK);
}

static void an_image_that_cannot_be_an_application_is_refused_and_flash_is_untouched(void **state)
{
    static const struct {
        const char *why;
        uint32_t stack, entry;
    } wrong[] = {
        {"all ones", 0xFFFFFFFF, 0xFFFFFFFF},
        {"all zeros", 0, 0},
        {"stack at the start of RAM", RAM_BASE + 3, APP_BASE_ADDRESS + 0x101},
        {"stack in flash", FLASH_BASE + 0x1000, APP_BASE_ADDRESS + 0x101},
        {"stack beyond RAM", RAM_BASE + RAM_SIZE + 4, APP_BASE_ADDRESS + 0x101},
        {"entry even", RAM_BASE + 0x1000, APP_BASE_ADDRESS + 0x100},
        {"entry before the area", RAM_BASE + 0x1000, APP_BASE_ADDRESS - 0xFF},
        {"entry behind all flash", RAM_BASE + 0x1000, APP_BASE_ADDRESS + FAKE_FLASH_SIZE + 1},
    };

    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (uint32_t block = 1; block <= BLOCK; block = block * 4 - 1) {
            replace_old(state);
            memcpy(image.bytes, &wrong[i].stack, 4);
            memcpy(image.bytes + 4, &wrong[i].entry, 4);
            assert_refused(wrong[i].why, block < 3 ? 3 : block);
        }
}

static void a_hex_file_is_refused(void **state)
{
    static const char hex[] =
        ":020000040800F2\r\n:1020000000500020C1200008C5200008C7200008EA\r\n:00000001FF\r\n";

    replace_old(state);
    memcpy(image.bytes, hex, sizeof hex - 1);
    image.length = sizeof hex - 1;
    assert_refused("hex", BLOCK);
}

static void an_image_too_short_for_two_words_is_refused(void **state)
{
    for (uint32_t length = 1; length < 8; length++)
        for (uint32_t block = 1; block <= 8; block += 7) {
            replace_old(state);
            image_make(&image, length, 1);
            assert_refused("too short", block);
        }
}

static void after_a_refusal_the_next_image_is_welcome(void **state)
{
    replace_old(state);
    memset(image.bytes, 0x3A, 8);
    assert_int_equal(client_send(&image, BLOCK), errTARGET);
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    image_make(&image, 3000, 8);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

/* What goes wrong in flash ------------------------------------------------------------------------------- */

static void assert_fails_with(uint8_t expected)
{
    assert_int_equal(client_send(&image, BLOCK), expected);
    assert_dfu(dfuERROR, expected);
    assert_false(fake_application_starts());

    uint32_t operations = fake.operations;

    fake_wait_ms(1000);
    assert_int_equal(fake.operations, operations); /* it gave up */
    assert_int_equal(dfu_out(DFU_CLRSTATUS), 0);
    assert_dfu(dfuIDLE, STATUS_OK);
}

static void a_protected_page_is_a_write_error(void **state)
{
    for (uint32_t page = 1; page < 4; page++) {
        replace_old(state);
        fake.protected_page = APP_BASE_ADDRESS + page * PAGE;
        assert_fails_with(errWRITE);
    }
}

static void where_nothing_can_be_made_invalid_it_is_a_write_error_and_the_old_application_stays(void **state)
{
    replace_old(state);
    fake.protected_page = FLASH_MARKS ? application_mark(FIRST_MARK) : APP_BASE_ADDRESS;
    assert_int_equal(client_send(&image, BLOCK), errWRITE);
    assert_true(image_is_in_flash(&other));
    assert_true(fake_application_starts());
    if (FLASH_MARKS) {
        replace_old(state);
        fake.protected_page = APP_BASE_ADDRESS;
        assert_fails_with(errWRITE);
    }
}

static void a_worn_page_is_an_erase_error(void **state)
{
    for (uint32_t page = 0; page < 4; page++) {
        replace_old(state);
        fake.worn_page = APP_BASE_ADDRESS + page * PAGE;
        image.bytes[page * PAGE + 15] |= 0x04; /* the bit that is worn is wanted */
        assert_fails_with(errERASE);
    }
}

static void a_half_word_that_cannot_be_programmed_is_a_programming_error(void **state)
{
    static const uint32_t offsets[] = {0, KEY, PAGE - 2, PAGE, 2 * PAGE - 2, 3 * PAGE + 8};

    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        replace_old(state);
        image.bytes[offsets[i]] = 0;
        image.bytes[PAGE - 2] = 0;
        memset(fake_area() + 4 * PAGE, BLANK_BYTE, PAGE);
        /* the old application is made invalid first, and that works */
        if (offsets[i] != KEY || FLASH_MARKS)
            fake.programming_fails_at = APP_BASE_ADDRESS + offsets[i];
        else
            memset(fake_area() + 8 * HIGH, BLANK_BYTE, fake_area_size() - 8 * HIGH),
                fake.programming_fails_at = APP_BASE_ADDRESS + KEY;
        /* the key is made 0 before the first page is written, even if that is blank */
        assert_fails_with(offsets[i] == KEY && !FLASH_MARKS ? errWRITE : errPROG);
    }
}

static void a_half_word_that_takes_another_value_is_a_verification_error(void **state)
{
    static const uint32_t offsets[] = {8, PAGE - 2, PAGE, 2 * PAGE - 2, 3 * PAGE + 8};

    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        replace_old(state);
        image.bytes[offsets[i]] &= ~0x08;
        fake.worn_unit = APP_BASE_ADDRESS + offsets[i];
        assert_fails_with(errVERIFY);
    }
}

static void a_clone_that_refuses_zero_loses_the_old_application_by_an_erase(void **state)
{
    if (FLASH_MARKS)
        skip();
    replace_old(state);
    fake.refuses_zero = true;
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    assert_false(fake.log[0].erase);
    assert_true(fake.log[1].erase);
    assert_int_equal(fake.log[1].address, APP_BASE_ADDRESS);
    /* which takes the reset vector with it: it comes back at once */
    for (unsigned i = 0; HIGH && i < 2; i++) {
        assert_false(fake.log[2 + i].erase);
        assert_int_equal(fake.log[2 + i].address, APP_BASE_ADDRESS + 4 + 2 * i);
    }
}

/* What it costs, and in which order ---------------------------------------------------------------------- */

static void an_identical_image_costs_no_flash_operation(void **state)
{
    replace_old(state);
    image_install(&image);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(fake.operations, 0);
    assert_true(image_is_in_flash(&image));
}

static void a_changed_page_costs_itself_and_the_one_that_makes_the_application_invalid(void **state)
{
    replace_old(state);
    image_install(&image);
    image.bytes[2 * PAGE + 100] ^= 1;
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    assert_int_equal(fake.erases, FLASH_MARKS ? 3 : 2);
    for (uint32_t i = 0; i < fake.operations; i++) {
        uint32_t page = (fake.log[i].address - APP_BASE_ADDRESS) / PAGE;

        assert_true(page == 2 || (FLASH_MARKS ? fake.log[i].address < APP_BASE_ADDRESS : page == 0));
    }
}

static void blank_pages_are_not_erased(void **state)
{
    (void)state;
    if (HIGH)
        memset(fake_area() + 8, BLANK_BYTE, PAGE - 8);
    image_make(&image, 5 * PAGE, 2);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    /* but the first one, which a power cut in its erase leaves blank, too (where it may be two of the chip,
     * in either); or those of both marks */
    assert_int_equal(fake.erases, FLASH_MARKS ? 2 : PAGE / SMALLEST_FLASH_PAGE);
}

static void blank_half_words_are_not_programmed(void **state)
{
    (void)state;
    image_make(&image, 3 * PAGE, 2);
    memset(image.bytes + PAGE, BLANK_BYTE, PAGE);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    for (uint32_t i = 0; i < fake.operations; i++)
        assert_int_not_equal((fake.log[i].address - APP_BASE_ADDRESS) / PAGE, 1);
}

static void a_mark_is_set_first_and_erased_last(void **state)
{
    if (!FLASH_MARKS)
        skip();
    replace_old(state);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_false(fake.log[0].erase);
    assert_int_equal(fake.log[0].address, application_mark(FIRST_MARK));
    assert_int_equal(fake.log[0].value, FLASH_MARK);
    assert_true(fake.log[1].erase);
    assert_int_equal(fake.log[1].address, application_mark(SECOND_MARK));
    for (uint32_t i = 2; i < fake.operations - 1; i++)
        assert_true(fake.log[i].address >= APP_BASE_ADDRESS);
    assert_true(fake.log[fake.operations - 1].erase);
    assert_int_equal(fake.log[fake.operations - 1].address, application_mark(FIRST_MARK));
    assert_true(fake_application_starts());
}

static void marks_that_cannot_be_erased_are_an_erase_error(void **state)
{
    if (!FLASH_MARKS)
        skip();
    replace_old(state);
    fake.worn_page = application_mark(FIRST_MARK);
    assert_int_equal(client_send(&image, BLOCK), errERASE);
    assert_false(fake_application_starts());
}

static void the_old_application_is_made_invalid_first_and_the_key_is_written_last(void **state)
{
    if (FLASH_MARKS)
        skip();
    replace_old(state);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(fake.log[0].address, APP_BASE_ADDRESS + KEY);
    assert_int_equal(fake.log[0].value, 0);

    const struct fake_operation *last = &fake.log[fake.operations - 1];

    assert_false(last->erase);
    assert_int_equal(last->address, APP_BASE_ADDRESS + KEY);
    assert_int_equal(last->value, 0x2000);
    /* the first page is the last to be erased, and from then on the only one that changes */
    bool first_page = false;

    for (uint32_t i = 1; i < fake.operations; i++) {
        if (fake.log[i].address == APP_BASE_ADDRESS && fake.log[i].erase)
            first_page = true;
        assert_int_equal(fake.log[i].address < APP_BASE_ADDRESS + PAGE, first_page);
    }
    assert_true(first_page);
}

static void the_hook_is_back_right_after_the_first_page_is_erased(void **state)
{
    uint32_t i = 0;

    if (!HIGH)
        skip();
    replace_old(state);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    while (!fake.log[i].erase || fake.log[i].address != APP_BASE_ADDRESS)
        i++;
    for (uint32_t n = 0; n < 2; n++)
        assert_int_equal(fake.log[i + 1 + n].address, APP_BASE_ADDRESS + 4 + 2 * n);
}

static void an_image_that_adds_to_a_partly_blank_first_page_arrives(void **state)
{
    for (int zero = 0; zero < 2; zero++) {
        replace_old(state);
        image_make(&image, 700, 3);
        image_make(&other, fake_area_size(), 4);
        memset(other.bytes, BLANK_BYTE, other.length);
        image_install(&other);
        memcpy(other.bytes, image.bytes, 600);
        other.length = 600;
        image_install(&other);
        fake.refuses_zero = zero;
        assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
        assert_true(image_is_in_flash(&image));
    }
}

/* The first page holds the right stack pointer already, but no application: it must not
 * become one before all is there. */
static void a_key_that_is_in_flash_already_is_still_written_last(void **state)
{
    replace_old(state);
    memset(fake_area() + 8, BLANK_BYTE, PAGE - 8);
    if (!HIGH)
        memset(fake_area(), BLANK_BYTE, 8);
    memcpy(fake_area() + KEY - 2, image.bytes, 4);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
    assert_int_equal(fake.log[fake.operations - 1].address,
                     FLASH_MARKS ? application_mark(FIRST_MARK) : APP_BASE_ADDRESS + KEY);
}

/* Time --------------------------------------------------------------------------------------------------- */

enum { TURNS_PER_MS = 100, ERASE_TURNS = 20 * TURNS_PER_MS, PROGRAM_TURNS = 4 };

static void real_time(void)
{
    fake.erase_turns = ERASE_TURNS; /* the shortest times of the data sheet: 20 ms, 40 us */
    fake.program_turns = PROGRAM_TURNS;
    fake_set_clock(TURNS_PER_MS);
}

static void the_device_answers_within_100_ms_and_tells_the_time_it_really_needs(void **state)
{
    uint32_t busy = 0;

    replace_old(state);
    image_make(&image, 12 * PAGE, 5);
    real_time();
    for (uint16_t number = 0; number < 12; number++) {
        assert_int_equal(dfu_dnload(number, image.bytes + number * BLOCK, BLOCK), BLOCK);
        for (int times = 0;; times++) {
            uint32_t asked = fake.ms;
            struct dfu_reply reply = dfu_get_status();

            assert_in_range(fake.ms - asked, 0, 100);
            assert_int_equal(reply.bStatus, STATUS_OK);
            if (reply.bState == dfuDNLOAD_IDLE) {
                assert_int_equal(reply.bwPollTimeout, 0);
                break;
            }
            assert_int_equal(reply.bState, dfuDNBUSY);
            /* one page from erase to the last half-word, no more; after one such wait little is left */
            assert_in_range(reply.bwPollTimeout, 1, 20 + HALF_WORDS / 25); /* docs/protocol.md: 60 or 40 */
            if (times && reply.bwPollTimeout > 3)
                fail_msg("block %u: told to wait %u ms after a wait", number, reply.bwPollTimeout);
            busy += reply.bwPollTimeout;
            fake_wait_ms(reply.bwPollTimeout);
        }
    }
    /* nine pages were waited for, three were buffered */
    assert_in_range(busy, 7 * (20 + HALF_WORDS * 40 / 1000), 12 * (22 + HALF_WORDS * 40 / 1000));
}

/* Asked at every turn of the main loop: once the rest of a page is blank there is no more to wait for. */
static void blank_half_words_at_the_end_of_a_page_are_no_time_to_wait(void **state)
{
    enum { WRITTEN = 128, MOST_TURNS = 1000 };
    uint32_t told = 0;

    if (FLASH_BURST > 1)
        skip(); /* not counted there */
    for (uint32_t turns = 0; turns < MOST_TURNS; turns++) {
        replace_old(state);
        memset(image.bytes + PAGE + WRITTEN, BLANK_BYTE, PAGE - WRITTEN);
        fake.erase_turns = fake.program_turns = 2;
        for (uint16_t number = 0; number * BLOCK < 3 * PAGE; number++) {
            assert_int_equal(dfu_dnload(number, image.bytes + number * BLOCK, BLOCK), BLOCK);
            if ((number + 1) * BLOCK < 3 * PAGE)
                assert_int_equal(dfu_wait().bState, dfuDNLOAD_IDLE);
        }
        for (uint32_t i = 0; i < turns; i++)
            fake_turn();

        bool all_there = memcmp(fake_area() + PAGE, image.bytes + PAGE, PAGE) == 0;
        struct dfu_reply reply = dfu_get_status();

        if (reply.bState == dfuDNLOAD_IDLE)
            break;
        assert_int_equal(reply.bState, dfuDNBUSY);
        if (all_there) {
            assert_int_equal(reply.bwPollTimeout, 1);
            told++;
        }
    }
    assert_true(told > 0);
}

static void with_a_free_page_buffer_the_device_takes_the_next_block_at_once(void **state)
{
    replace_old(state);
    fake.erase_turns = 1000000;
    for (uint16_t number = 0; number < 2; number++) {
        assert_int_equal(dfu_dnload(number, image.bytes + number * BLOCK, BLOCK), BLOCK);

        struct dfu_reply reply = dfu_get_status();

        assert_int_equal(reply.bState, dfuDNLOAD_IDLE);
        assert_int_equal(reply.bwPollTimeout, 0);
    }
}

static void the_first_status_of_the_manifestation_is_held_back_until_it_is_good(void **state)
{
    uint16_t next;

    replace_old(state);
    image_make(&image, 3 * PAGE, 5);
    real_time();
    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
    assert_int_equal(dfu_get_state(), dfuMANIFEST_SYNC);

    uint32_t asked = fake.ms;

    assert_dfu(dfuIDLE, STATUS_OK);
    assert_in_range(fake.ms - asked, 20, 400);
    assert_true(image_is_in_flash(&image));
}

static void the_status_of_a_long_manifestation_comes_within_400_ms_with_a_time_to_wait(void **state)
{
    uint16_t next;

    replace_old(state);
    image_make(&image, PAGE, 5);
    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    real_time();
    fake.erase_turns = 2000 * TURNS_PER_MS;
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);

    uint32_t asked = fake.ms;
    struct dfu_reply reply = dfu_get_status();

    assert_in_range(fake.ms - asked, 390, 410);
    assert_int_equal(reply.bState, dfuMANIFEST);
    assert_in_range(reply.bwPollTimeout, 1, 100);
    fake_wait_ms(reply.bwPollTimeout);
    asked = fake.ms;
    reply = dfu_get_status();
    assert_in_range(fake.ms - asked, 0, 2); /* not held back again */
    assert_int_equal(reply.bState, dfuMANIFEST);
    fake_wait_ms(reply.bwPollTimeout);
    fake.busy_until = fake.turns;
    assert_int_equal(dfu_wait().bState, dfuIDLE);
    assert_true(image_is_in_flash(&image));
}

static void an_error_of_the_last_page_is_told_by_the_status_that_was_held_back(void **state)
{
    uint16_t next;

    replace_old(state);
    image_make(&image, 3 * PAGE, 5);
    real_time();
    image.bytes[100] &= ~0x08;
    fake.worn_unit = APP_BASE_ADDRESS + 100;
    assert_int_equal(client_send_blocks(&image, BLOCK, &next), STATUS_OK);
    assert_int_equal(dfu_dnload(next, NULL, 0), 0);
    assert_int_equal(dfu_wait_last().bStatus, errVERIFY);
    assert_dfu(dfuERROR, errVERIFY);
}

/* Given up half-way -------------------------------------------------------------------------------------- */

static void an_aborted_download_can_be_followed_by_another(void **state)
{
    uint16_t next;

    for (uint32_t blocks = 1; blocks < 5; blocks++) {
        replace_old(state);
        fake.erase_turns = 7;
        image_make(&other, blocks * BLOCK, 3);
        assert_int_equal(client_send_blocks(&other, BLOCK, &next), STATUS_OK);
        assert_int_equal(dfu_out(DFU_ABORT), 0);
        assert_dfu(dfuIDLE, STATUS_OK);
        assert_int_equal(client_send(&image, BLOCK < 500 ? 100 : 500), STATUS_OK);
        assert_true(image_is_in_flash(&image));
    }
}

static void an_image_may_be_sent_again_and_another_after_it(void **state)
{
    replace_old(state);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    image_make(&image, 5 * PAGE, 8);
    assert_int_equal(client_send(&image, BLOCK), STATUS_OK);
    assert_true(image_is_in_flash(&image));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(images_of_every_length_arrive_in_blocks_of_every_size),
        TEST(blocks_of_one_byte_are_blocks),
        TEST(an_image_may_fill_the_whole_area),
        TEST(block_numbers_start_again_after_65535),
        TEST(a_slow_flash_takes_blocks_of_every_size),
        TEST(an_image_that_does_not_fit_is_an_address_error_and_what_fits_is_all_that_is_written),
        TEST(a_smaller_chip_takes_smaller_images),
        TEST(an_image_that_cannot_be_an_application_is_refused_and_flash_is_untouched),
        TEST(a_hex_file_is_refused),
        TEST(an_image_too_short_for_two_words_is_refused),
        TEST(after_a_refusal_the_next_image_is_welcome),
        TEST(a_protected_page_is_a_write_error),
        TEST(where_nothing_can_be_made_invalid_it_is_a_write_error_and_the_old_application_stays),
        TEST(a_worn_page_is_an_erase_error),
        TEST(a_half_word_that_cannot_be_programmed_is_a_programming_error),
        TEST(a_half_word_that_takes_another_value_is_a_verification_error),
        TEST(a_clone_that_refuses_zero_loses_the_old_application_by_an_erase),
        TEST(an_identical_image_costs_no_flash_operation),
        TEST(a_changed_page_costs_itself_and_the_one_that_makes_the_application_invalid),
        TEST(blank_pages_are_not_erased),
        TEST(blank_half_words_are_not_programmed),
        TEST(a_mark_is_set_first_and_erased_last),
        TEST(marks_that_cannot_be_erased_are_an_erase_error),
        TEST(the_old_application_is_made_invalid_first_and_the_key_is_written_last),
        TEST(the_hook_is_back_right_after_the_first_page_is_erased),
        TEST(an_image_that_adds_to_a_partly_blank_first_page_arrives),
        TEST(a_key_that_is_in_flash_already_is_still_written_last),
        TEST(the_device_answers_within_100_ms_and_tells_the_time_it_really_needs),
        TEST(blank_half_words_at_the_end_of_a_page_are_no_time_to_wait),
        TEST(with_a_free_page_buffer_the_device_takes_the_next_block_at_once),
        TEST(the_first_status_of_the_manifestation_is_held_back_until_it_is_good),
        TEST(the_status_of_a_long_manifestation_comes_within_400_ms_with_a_time_to_wait),
        TEST(an_error_of_the_last_page_is_told_by_the_status_that_was_held_back),
        TEST(an_aborted_download_can_be_followed_by_another),
        TEST(an_image_may_be_sent_again_and_another_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
