/* What counts as a valid application, at the edges of RAM and of the application area. */
#include "application.h"
#include "fake_port.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t good_stack = RAM_BASE + RAM_SIZE, good_entry = APP_BASE_ADDRESS + 0x101;

static int power_on(void **state)
{
    (void)state;
    fake_power_on();
    return 0;
}

static bool valid(uint32_t stack, uint32_t entry)
{
    const uint32_t words[2] = {stack, entry};

    return application_is_valid(words);
}

static void the_stack_pointer_less_its_lower_two_bits_is_in_ram_or_its_end(void **state)
{
    static const uint32_t wrong[] = {0,
                                     0xFFFFFFFF,
                                     0x00002000,
                                     RAM_BASE - 4,
                                     RAM_BASE,
                                     RAM_BASE + 1,
                                     RAM_BASE + 3,
                                     RAM_BASE + RAM_SIZE + 4,
                                     RAM_BASE + 0x10000000,
                                     0xA0000000 + RAM_SIZE};

    (void)state;
    assert_true(valid(RAM_BASE + RAM_SIZE, good_entry));
    assert_true(valid(RAM_BASE + RAM_SIZE - 4, good_entry));
    assert_true(valid(RAM_BASE + 4, good_entry));
    /* the processor drops them (ARMv7-M B1.5.5), and linker scripts of ST's end RAM at 0x20004FFF */
    assert_true(valid(RAM_BASE + RAM_SIZE - 1, good_entry));
    assert_true(valid(RAM_BASE + RAM_SIZE + 3, good_entry));
    assert_true(valid(RAM_BASE + 7, good_entry));
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (valid(wrong[i], good_entry))
            fail_msg("%08x is taken for a stack pointer", wrong[i]);
}

static void the_reset_vector_is_a_thumb_address_in_the_application_area(void **state)
{
    const uint32_t end = APP_BASE_ADDRESS + fake_area_size();
    const uint32_t wrong[] = {0,       1,       0xFFFFFFFF, APP_BASE_ADDRESS - 1, APP_BASE_ADDRESS, end,
                              end + 1, end - 2, 0x20000001};

    (void)state;
    assert_true(valid(good_stack, APP_BASE_ADDRESS + 1));
    assert_true(valid(good_stack, end - 1));
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (valid(good_stack, wrong[i]))
            fail_msg("%08x is taken for a reset vector", wrong[i]);
}

static void a_smaller_chip_has_a_smaller_application_area(void **state)
{
    (void)state;
    if (HIGH)
        skip(); /* the high variant is made for one size */
    fake.flash_size = FAKE_FLASH_SIZE / 2;
    assert_int_equal(application_size(), FAKE_FLASH_SIZE / 2 - (APP_BASE_ADDRESS - FLASH_BASE));
    assert_true(valid(good_stack, FLASH_BASE + FAKE_FLASH_SIZE / 2 - 1));
    assert_false(valid(good_stack, FLASH_BASE + FAKE_FLASH_SIZE / 2 + 1));
}

static void blank_and_zeroed_flash_is_no_application(void **state)
{
    (void)state;
    assert_false(application_is_valid(application_start_words()));
    for (uint32_t i = 0; i < FLASH_PAGE_SIZE; i++)
        fake_area()[i] = 0;
    assert_false(application_is_valid(application_start_words()));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_stack_pointer_less_its_lower_two_bits_is_in_ram_or_its_end, power_on),
        cmocka_unit_test_setup(the_reset_vector_is_a_thumb_address_in_the_application_area, power_on),
        cmocka_unit_test_setup(a_smaller_chip_has_a_smaller_application_area, power_on),
        cmocka_unit_test_setup(blank_and_zeroed_flash_is_no_application, power_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
