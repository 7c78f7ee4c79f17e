/* Power fails with every single flash operation of a download: flash holds the old
 * application, the new one, or none. */
#include "application.h"
#include "host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE = FLASH_PAGE_SIZE, BLOCK = TARGET_DFU_WTRANSFERSIZE };

static struct image image, old, before;
static uint8_t marks_before[FAKE_MARK_BYTES + 1];
static bool refuses_zero;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    refuses_zero = false;
    old.length = 0;
    return 0;
}

static void remember(void)
{
    memcpy(before.bytes, fake_area(), fake_area_size());
    memcpy(marks_before, fake_mark_pages(), FAKE_MARK_BYTES);
}

static void download(void *status)
{
    host_enumerate();
    *(uint8_t *)status = client_send(&image, BLOCK);
}

/* A download onto what `before` holds, with power failing at an operation; true if it did. */
static bool download_with_cut(uint32_t operation, bool within, uint32_t seed)
{
    uint8_t status = STATUS_OK;

    fake_power_cycle();
    memcpy(fake_area(), before.bytes, fake_area_size());
    memcpy(fake_mark_pages(), marks_before, FAKE_MARK_BYTES);
    fake.refuses_zero = refuses_zero;
    fake.cut_at = operation;
    fake.cut_within = within;
    fake.seed = seed;

    bool cut = fake_session(download, &status) == FAKE_POWER_CUT;

    assert_int_equal(status, STATUS_OK);
    return cut;
}

static bool hook_in_place(void)
{
    return !memcmp(fake_area() + 4, fake_area() + (BOOTLOADER_BASE - APP_BASE_ADDRESS) + 4, 4);
}

static void check_flash(uint32_t operation, bool within, uint32_t seed)
{
    bool valid = fake_application_starts();
    bool is_old = !memcmp(fake_area(), before.bytes, fake_area_size());

    if (valid && !is_old && !image_is_in_flash(&image))
        fail_msg("power cut %s operation %u (seed %u): an application starts that is neither old nor new",
                 within ? "within" : "after", operation, seed);
    if (valid && HIGH && !hook_in_place())
        fail_msg("power cut %s operation %u (seed %u): an application starts, but no bootloader before it",
                 within ? "within" : "after", operation, seed);
}

static void finish(uint32_t operation, bool within, uint32_t seed)
{
    fake_power_cycle();
    fake.refuses_zero = refuses_zero;
    host_enumerate();

    uint8_t status = client_send(&image, BLOCK);

    if (status || !image_is_in_flash(&image))
        fail_msg("after a power cut %s operation %u (seed %u) the next download gives bStatus %u",
                 within ? "within" : "after", operation, seed, status);
}

/* Every operation, just done and half done, and now and then a second download to the end. */
static void sweep(void)
{
    uint32_t operation;

    remember();
    for (operation = 1;; operation++)
        for (int within = 0; within < 2; within++) {
            uint32_t seed = operation * 8 + 1;

            if (!download_with_cut(operation, within, seed)) {
                assert_true(image_is_in_flash(&image));
                assert_true(fake_application_starts());
                assert_true(operation > (FLASH_BURST > 1 ? 4 : 100));
                return;
            }
            check_flash(operation, within, seed);
            if (FLASH_BURST > 1 || operation % (PAGE / 16) < 2)
                finish(operation, within, seed);
        }
}

static void a_first_download_is_whole_or_nothing(void **state)
{
    (void)state;
    image_make(&image, 2 * PAGE + 20, 1);
    sweep();
}

static void a_download_over_an_application_leaves_the_old_or_the_new_or_none(void **state)
{
    (void)state;
    image_make(&old, 2 * PAGE, 2);
    image_install(&old);
    image_make(&image, 2 * PAGE, 3);
    sweep();
}

static void so_does_one_over_a_larger_application(void **state)
{
    (void)state;
    image_make(&old, fake_area_size(), 2);
    image_install(&old);
    image_make(&image, PAGE + 700, 3);
    sweep();
}

static void so_does_one_over_a_smaller_application(void **state)
{
    (void)state;
    image_make(&old, 600, 2);
    image_install(&old);
    image_make(&image, 2 * PAGE, 3);
    sweep();
}

static void so_does_one_that_changes_a_single_page(void **state)
{
    (void)state;
    image_make(&image, 3 * PAGE, 2);
    image_install(&image);
    image.bytes[PAGE + 30] ^= 0x55;
    sweep();
}

static void so_does_one_that_changes_the_first_page_only(void **state)
{
    (void)state;
    image_make(&image, 2 * PAGE, 2);
    image_install(&image);
    image.bytes[PAGE / 2 - 12] ^= 0x55;
    sweep();
}

static void so_does_one_that_adds_to_a_partly_blank_first_page(void **state)
{
    (void)state;
    image_make(&image, 900, 2);
    old = image;
    old.length = 600;
    memset(old.bytes + 600, BLANK_BYTE, 300);
    image_install(&old);
    sweep();
}

static void so_does_one_over_a_clone_that_refuses_zero(void **state)
{
    (void)state;
    if (HIGH || FLASH_MARKS)
        skip(); /* refused there: test_download.c; there is no other way there */
    refuses_zero = true;
    image_make(&old, 3 * PAGE, 2);
    image_install(&old);
    image_make(&image, 2 * PAGE, 3);
    sweep();
}

/* What another tool, or a cut, may have left: some half-words as in the image, others blank. */
static void so_does_one_over_a_part_of_itself(void **state)
{
    (void)state;
    image_make(&image, PAGE + 400, 2);
    image_install(&image);
    for (uint32_t i = HIGH ? 32 : 4; i < 2 * PAGE; i += 2)
        if (i % 6 || i < 40)
            fake_area()[i] = fake_area()[i + 1] = BLANK_BYTE;
    sweep();
}

/* A cut while recovering from a cut, and so on: in the end the image is there all the same. */
static void power_may_fail_again_and_again(void **state)
{
    uint32_t operation = 1;

    (void)state;
    image_make(&old, 3 * PAGE, 2);
    image_install(&old);
    image_make(&image, 3 * PAGE, 3);
    remember();
    for (uint32_t seed = 1; seed < 200; seed++) {
        operation = operation * 29 % (FLASH_BURST > 1 ? 13 : 701) + 1;

        bool cut = download_with_cut(operation, seed % 3, seed);

        check_flash(operation, seed % 3, seed);
        remember();
        if (!cut)
            break;
    }
    finish(operation, false, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, power_on)
        TEST(a_first_download_is_whole_or_nothing),
        TEST(a_download_over_an_application_leaves_the_old_or_the_new_or_none),
        TEST(so_does_one_over_a_larger_application),
        TEST(so_does_one_over_a_smaller_application),
        TEST(so_does_one_that_changes_a_single_page),
        TEST(so_does_one_that_changes_the_first_page_only),
        TEST(so_does_one_that_adds_to_a_partly_blank_first_page),
        TEST(so_does_one_over_a_clone_that_refuses_zero),
        TEST(so_does_one_over_a_part_of_itself),
        TEST(power_may_fail_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
