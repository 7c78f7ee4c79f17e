/* The flash interface of the STM32L1 against RM0038: keys, words, half pages, erasing, EEPROM, options, time.
 */
#include "l1_test.h"

#define TARGET (FLASH_AT + 0x4000)

static uint32_t status(struct lab *lab)
{
    return get(lab, FLASH(FLASH_SR));
}

static void the_keys_unlock(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), PELOCK | PRGLOCK | OPTLOCK);
    put(lab, FLASH(FLASH_PECR), PROG);
    expect_violation(lab, "FORBIDDEN flash-locked");
    put(lab, FLASH(FLASH_PRGKEYR), 0x8C9DAEBF);
    expect_violation(lab, "FORBIDDEN flash-locked");
    unlock_pecr(lab);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), PRGLOCK | OPTLOCK);
    put(lab, TARGET, 1);
    expect_violation(lab, "FORBIDDEN flash-locked");
    assert_int_equal(status(lab), WRPERR | ENDHV);
    put(lab, FLASH(FLASH_PRGKEYR), 0x8C9DAEBF);
    put(lab, FLASH(FLASH_PRGKEYR), 0x13141516);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), OPTLOCK);
    put(lab, FLASH(FLASH_OPTKEYR), 0xFBEAD9C8);
    put(lab, FLASH(FLASH_OPTKEYR), 0x24252627);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), 0);
    put(lab, FLASH(FLASH_PECR), PRGLOCK);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), PRGLOCK);
    put(lab, FLASH(FLASH_PECR), PELOCK);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), PELOCK | PRGLOCK | OPTLOCK);
    expect_violation(lab, NULL);
    unlock_pecr(lab);
    put(lab, FLASH(FLASH_PEKEYR), 0x89ABCDEF);
    expect_violation(lab, "SUSPICIOUS flash-key-while-unlocked");
    lab_free(lab);
}

static void a_wrong_key_locks_until_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_PEKEYR), 0x89ABCDEF);
    assert_false(put_size(lab, FLASH(FLASH_PEKEYR), 4, 0x89ABCDEF));
    expect_violation(lab, "FORBIDDEN flash-key");
    assert_false(put_size(lab, FLASH(FLASH_PEKEYR), 4, 0x89ABCDEF));
    assert_false(put_size(lab, FLASH(FLASH_PEKEYR), 4, 0x02030405));
    lab->violations = 0;
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), PELOCK | PRGLOCK | OPTLOCK);
    board_reset_button(lab->board);
    unlock_flash(lab);
    assert_int_equal(get(lab, FLASH(FLASH_PECR)), OPTLOCK);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_word_takes_its_time(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    assert_int_equal(get(lab, TARGET), 0);
    ticks start = board_now(lab->board);
    put(lab, TARGET, 0x12345678);
    assert_int_equal(status(lab), BSY);
    assert_int_equal(get(lab, TARGET), 0x12345678); /* waits */
    assert_in_range(ticks_to_us(board_now(lab->board) - start), 3279, 3285);
    assert_int_equal(status(lab), EOP | ENDHV);
    put(lab, FLASH(FLASH_SR), EOP);
    assert_int_equal(status(lab), ENDHV);
    assert_int_equal(lab->board->chip.flash.programs, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void program_memory_takes_words_only(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put_size(lab, TARGET, 2, 1);
    expect_violation(lab, "FORBIDDEN flash-program-size");
    assert_int_equal(status(lab) & SIZERR, SIZERR);
    put_size(lab, TARGET, 1, 1);
    expect_violation(lab, "FORBIDDEN flash-program-size");
    assert_int_equal(get(lab, TARGET), 0);
    lab_free(lab);
}

static void a_page_erase_clears_256_bytes(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    uint8_t bytes[3 * PAGE];
    memset(bytes, 0xA5, sizeof bytes);
    assert_true(flash_load(&lab->board->chip, TARGET - PAGE, bytes, sizeof bytes));
    unlock_flash(lab);
    ticks start = board_now(lab->board);
    erase_page(lab, TARGET);
    assert_in_range(ticks_to_us(board_now(lab->board) - start), 3279, 3290);
    for (uint32_t at = 0; at < PAGE; at += 4)
        assert_int_equal(get(lab, TARGET + at), 0);
    assert_int_equal(get(lab, TARGET - 4), 0xA5A5A5A5);
    assert_int_equal(get(lab, TARGET + PAGE), 0xA5A5A5A5);
    assert_int_equal(lab->board->chip.flash.erased[0x4000 / PAGE], 1);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_PECR), ERASE | PROG);
    put(lab, TARGET + 4, 0);
    expect_violation(lab, "UNDEFINED flash-erase-address");
    finish(lab);
    put(lab, TARGET, 1);
    expect_violation(lab, "UNDEFINED flash-erase-address");
    lab_free(lab);
}

static void a_half_page_is_32_words_in_one_operation(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    ticks start = board_now(lab->board);
    program_half_page(lab, TARGET + HALF_PAGE, 0x100);
    assert_int_equal(status(lab), BSY);
    finish(lab);
    assert_in_range(ticks_to_us(board_now(lab->board) - start), 3279, 3290);
    put(lab, FLASH(FLASH_PECR), 0);
    for (uint32_t i = 0; i < HALF_PAGE_WORDS; i++)
        assert_int_equal(get(lab, TARGET + HALF_PAGE + 4 * i), 0x100 + i);
    assert_int_equal(get(lab, TARGET + HALF_PAGE - 4), 0);
    assert_int_equal(lab->board->chip.flash.operations, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_half_page_begins_where_half_pages_do(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_PECR), FPRG | PROG);
    put(lab, TARGET + 64, 1);
    expect_violation(lab, "FORBIDDEN flash-half-page");
    assert_int_equal(status(lab), PGAERR | ENDHV);
    lab_free(lab);
}

static void a_half_page_is_written_in_order(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_PECR), FPRG | PROG);
    put(lab, TARGET, 1);
    put(lab, TARGET + 8, 1);
    expect_violation(lab, "FORBIDDEN flash-half-page");
    assert_int_equal(status(lab), PGAERR | ENDHV);
    put(lab, FLASH(FLASH_SR), PGAERR);
    program_half_page(lab, TARGET, 1);
    finish(lab);
    assert_int_equal(get(lab, TARGET + 4), 2);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void nothing_reads_the_flash_between_the_words_of_a_half_page(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_PECR), FPRG | PROG);
    put(lab, TARGET, 1);
    get(lab, FLASH_AT);
    expect_violation(lab, "FORBIDDEN flash-half-page");
    assert_int_equal(status(lab), PGAERR | ENDHV);
    put(lab, TARGET, 1);
    board_run(lab->board, ticks_from_us(10)); /* the program is in flash */
    expect_violation(lab, "FORBIDDEN flash-half-page");
    put(lab, TARGET, 1);
    put(lab, FLASH(FLASH_PECR), 0);
    expect_violation(lab, "FORBIDDEN flash-half-page");
    assert_int_equal(get(lab, TARGET), 0);
    lab_free(lab);
}

static void a_word_that_is_not_erased_is_not_programmed_again(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, TARGET, 0x0F);
    finish(lab);
    put(lab, TARGET, 0xF0);
    expect_violation(lab, "FORBIDDEN program-over-data");
    finish(lab);
    assert_int_not_equal(get(lab, TARGET), 0xF0);
    put(lab, TARGET, 0); /* programs nothing */
    finish(lab);
    expect_violation(lab, NULL);
    program_half_page(lab, TARGET, 1);
    expect_violation(lab, "FORBIDDEN program-over-data");
    lab_free(lab);
}

static void a_half_page_with_a_word_of_0_leaves_that_word_blank(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    program_half_page(lab, TARGET, 0);
    finish(lab);
    put(lab, FLASH(FLASH_PECR), 0);
    put(lab, TARGET, 0x20001000);
    finish(lab);
    assert_int_equal(get(lab, TARGET), 0x20001000);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void pecr_waits_for_the_end_of_an_operation(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, TARGET, 1);
    put(lab, FLASH(FLASH_PECR), PELOCK);
    expect_violation(lab, "FORBIDDEN flash-busy");
    finish(lab);
    put(lab, FLASH(FLASH_PECR), ERASE);
    put(lab, TARGET, 0);
    expect_violation(lab, "UNDEFINED flash-mode");
    lab_free(lab);
}

static void a_protected_sector_stays(void **state)
{
    (void)state;
    struct chip_config config = board_default_config(board_find("STM32L1"));
    config.write_protected = 1 << 4;
    struct lab *lab = lab_with("STM32L1", &config);
    assert_int_equal(get(lab, FLASH(FLASH_WRPR1)), 1 << 4);
    unlock_flash(lab);
    put(lab, TARGET, 1);
    expect_violation(lab, "SUSPICIOUS flash-write-protected");
    assert_int_equal(status(lab), WRPERR | ENDHV);
    put(lab, TARGET - 4, 1);
    finish(lab);
    assert_int_equal(get(lab, TARGET), 0);
    assert_int_equal(get(lab, TARGET - 4), 1);
    lab_free(lab);
}

static uint64_t time_of_data_write(struct lab *lab, uint32_t address, unsigned size, uint32_t value)
{
    ticks start = board_now(lab->board);
    put_size(lab, address, size, value);
    get(lab, EEPROM_AT);
    return ticks_to_us(board_now(lab->board) - start);
}

static void data_eeprom_erases_by_itself(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, EEPROM_AT, 1);
    expect_violation(lab, "FORBIDDEN flash-locked");
    unlock_pecr(lab);
    assert_in_range(time_of_data_write(lab, EEPROM_AT + 4, 4, 0x11223344), 3279, 3290);
    assert_in_range(time_of_data_write(lab, EEPROM_AT + 4, 4, 0x55667788), 6559, 6570);
    assert_int_equal(get(lab, EEPROM_AT + 4), 0x55667788);
    time_of_data_write(lab, EEPROM_AT + 5, 1, 0xAA);
    assert_int_equal(get(lab, EEPROM_AT + 4), 0x5566AA88);
    time_of_data_write(lab, EEPROM_AT + 6, 2, 0xBBCC);
    assert_int_equal(get(lab, EEPROM_AT + 4), 0xBBCCAA88);
    put(lab, FLASH(FLASH_PECR), get(lab, FLASH(FLASH_PECR)) | FTDW);
    assert_in_range(time_of_data_write(lab, EEPROM_AT + 8, 4, 1), 6559, 6570);
    expect_violation(lab, NULL);
    put_size(lab, EEPROM_AT + 4, 1, 0);
    expect_violation(lab, "FORBIDDEN flash-eeprom-zero");
    time_of_data_write(lab, EEPROM_AT + 4, 4, 0);
    assert_int_equal(get(lab, EEPROM_AT + 4), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void option_bytes_are_words_with_complement_and_are_loaded_at_a_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, OPTIONS_AT), 0xFF5500AA);
    assert_int_equal(get(lab, OPTIONS_AT + 4), 0xFF0700F8);
    assert_int_equal(get(lab, OPTIONS_AT + 8), 0xFFFF0000);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)), 0x00F800AA);
    unlock_pecr(lab);
    put(lab, OPTIONS_AT + 8, 0xFFFD0002);
    expect_violation(lab, "FORBIDDEN flash-options-locked");
    put(lab, FLASH(FLASH_OPTKEYR), 0xFBEAD9C8);
    put(lab, FLASH(FLASH_OPTKEYR), 0x24252627);
    put(lab, OPTIONS_AT + 8, 2);
    expect_violation(lab, "SUSPICIOUS flash-option-complement");
    finish(lab);
    put(lab, OPTIONS_AT + 8, 0xFFFD0002);
    finish(lab);
    assert_int_equal(get(lab, FLASH(FLASH_WRPR1)), 0);
    put(lab, FLASH(FLASH_PECR), OBL_LAUNCH);
    wait_us(lab, 10);
    assert_int_equal(get(lab, FLASH(FLASH_WRPR1)), 2);
    assert_int_equal(get(lab, RCC(RCC_CSR)) & 1 << 25, 1 << 25);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_hardware_watchdog_is_an_option(void **state)
{
    (void)state;
    struct chip_config config = board_default_config(board_find("STM32L1"));
    config.hardware_watchdog = true;
    struct lab *lab = lab_with("STM32L1", &config);
    wait_us(lab, 500000);
    assert_true(heard(lab, "independent watchdog reset"));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_unlock),
        cmocka_unit_test(a_wrong_key_locks_until_reset),
        cmocka_unit_test(a_word_takes_its_time),
        cmocka_unit_test(program_memory_takes_words_only),
        cmocka_unit_test(a_page_erase_clears_256_bytes),
        cmocka_unit_test(a_half_page_is_32_words_in_one_operation),
        cmocka_unit_test(a_half_page_begins_where_half_pages_do),
        cmocka_unit_test(a_half_page_is_written_in_order),
        cmocka_unit_test(nothing_reads_the_flash_between_the_words_of_a_half_page),
        cmocka_unit_test(a_word_that_is_not_erased_is_not_programmed_again),
        cmocka_unit_test(a_half_page_with_a_word_of_0_leaves_that_word_blank),
        cmocka_unit_test(pecr_waits_for_the_end_of_an_operation),
        cmocka_unit_test(a_protected_sector_stays),
        cmocka_unit_test(data_eeprom_erases_by_itself),
        cmocka_unit_test(option_bytes_are_words_with_complement_and_are_loaded_at_a_reset),
        cmocka_unit_test(the_hardware_watchdog_is_an_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
