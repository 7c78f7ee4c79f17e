/* Cells of the STM32L1's flash: its code, words written twice, and what a power cut leaves. */
#include "l1_test.h"

#define TARGET (FLASH_AT + 0x4000)
enum { SEEDS = 200 };

static struct lab *lab_torn(enum torn_flash torn, enum unstable_cells readings, uint64_t seed)
{
    struct chip_config config = board_default_config(board_find("STM32L1"));
    config.torn = torn;
    config.unstable_cells = readings;
    config.seed = seed;
    struct lab *lab = lab_with("STM32L1", &config);
    unlock_flash(lab);
    return lab;
}

/* The operation that begins next is cut off in its middle. */
static void cut_next(struct lab *lab)
{
    lab->board->chip.power_cut_operation = lab->board->chip.flash.operations + 1;
    lab->board->chip.power_cut_phase = CUT_INSIDE;
}

static void power_returns(struct lab *lab)
{
    wait_us(lab, 10000);
    assert_false(lab->board->chip.powered);
    board_power(lab->board, true);
    unlock_flash(lab);
}

/* What is read of a word on which `second` was programmed over `first`. */
static uint32_t written_twice(uint32_t first, uint32_t second)
{
    struct lab *lab = lab_torn(TORN_NOISE, CELLS_BY_CHANCE, 1);
    put(lab, TARGET, first);
    finish(lab);
    put(lab, TARGET, second);
    finish(lab);
    uint32_t read = get(lab, TARGET);
    lab_free(lab);
    return read;
}

/* As on chips (docs/vboard.md): the bits of both are set, and the check bits may then "correct" a right one.
 */
static void a_word_written_twice_may_read_as_neither_value_nor_both(void **state)
{
    (void)state;
    unsigned as_both = 0, differs = 0;
    for (uint32_t n = 1; n < 31; n++) {
        uint32_t read = written_twice((1u << n) - 1, (2u << n) - 1), both = (2u << n) - 1;
        as_both += read == both;
        differs += read != both;
        assert_true(__builtin_popcount(read ^ both) <= 1);
    }
    assert_true(as_both > 0);
    assert_true(differs > 0);
    assert_int_equal(written_twice(0x12345678, 0x12345678), 0x12345678);
}

static void an_erase_clears_check_bits_too(void **state)
{
    (void)state;
    struct lab *lab = lab_torn(TORN_NOISE, CELLS_BY_CHANCE, 1);
    put(lab, TARGET, 0x0F);
    finish(lab);
    put(lab, TARGET, 0xF0);
    finish(lab);
    lab->violations = 0;
    erase_page(lab, TARGET);
    put(lab, TARGET, 0xF0);
    finish(lab);
    assert_int_equal(get(lab, TARGET), 0xF0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* One wrong bit is corrected, whichever it is. */
static void the_code_corrects_any_bit_that_does_not_get_set(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_READ_0, 1);
        put(lab, TARGET, 0xFFFFFFFF);
        finish(lab);
        flash_make_unstable(&lab->board->chip, TARGET + bit / 16 * 2, (uint16_t)(1u << bit % 16));
        assert_int_equal(get(lab, TARGET), 0xFFFFFFFF);
        lab_free(lab);
    }
}

static void two_bits_are_not_corrected(void **state)
{
    (void)state;
    struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_READ_0, 1);
    put(lab, TARGET, 0xFFFFFFFF);
    finish(lab);
    flash_make_unstable(&lab->board->chip, TARGET, 3);
    assert_int_equal(get(lab, TARGET), 0xFFFFFFFC);
    lab_free(lab);
}

static void a_word_cut_off_has_some_of_its_bits(void **state)
{
    (void)state;
    const uint32_t value = 0x5A5AF00F;
    unsigned blank = 0, done = 0, between = 0, strange = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab *lab = lab_torn(seed % 2 ? TORN_NOISE : TORN_UNSTABLE, CELLS_BY_CHANCE, seed);
        cut_next(lab);
        put(lab, TARGET, value);
        power_returns(lab);
        uint32_t read = get(lab, TARGET);
        blank += read == 0;
        done += read == value;
        between += read != 0 && read != value;
        strange += (read & ~value) != 0;
        assert_true(__builtin_popcount(read & ~value) <= 1); /* by the code only */
        assert_int_equal(get(lab, TARGET - 4), 0);
        assert_int_equal(get(lab, TARGET + 4), 0);
        lab_free(lab);
    }
    assert_true(blank > 0);
    assert_true(done > 0);
    assert_true(between > SEEDS / 4);
    assert_true(strange > 0);
}

static void each_word_of_a_half_page_cut_off_is_on_its_own(void **state)
{
    (void)state;
    unsigned whole = 0, blank = 0, between = 0;
    for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
        struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_BY_CHANCE, seed);
        cut_next(lab);
        program_half_page(lab, TARGET, 0x11110000);
        power_returns(lab);
        for (uint32_t i = 0; i < HALF_PAGE_WORDS; i++) {
            uint32_t read = get(lab, TARGET + 4 * i);
            whole += read == 0x11110000 + i;
            blank += read == 0;
            between += read != 0 && read != 0x11110000 + i;
        }
        assert_int_equal(get(lab, TARGET + HALF_PAGE), 0);
        lab_free(lab);
    }
    assert_true(whole > 0);
    assert_true(blank > 0);
    assert_true(between > 0);
}

static void an_erase_cut_off_leaves_anything_in_its_page_only(void **state)
{
    (void)state;
    uint8_t bytes[3 * PAGE];
    unsigned old = 0, erased = 0, between = 0, took_zeros = 0;
    memset(bytes, 0xA5, sizeof bytes);
    for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
        struct lab *lab = lab_torn(seed % 2 ? TORN_NOISE : TORN_UNSTABLE, CELLS_BY_CHANCE, seed);
        assert_true(flash_load(&lab->board->chip, TARGET - PAGE, bytes, sizeof bytes));
        cut_next(lab);
        put(lab, FLASH(FLASH_PECR), ERASE | PROG);
        put(lab, TARGET, 0);
        power_returns(lab);
        for (uint32_t at = 0; at < PAGE; at += 4) {
            uint32_t read = get(lab, TARGET + at);
            old += read == 0xA5A5A5A5;
            erased += read == 0;
            between += read != 0 && read != 0xA5A5A5A5;
            took_zeros += __builtin_popcount(read & ~0xA5A5A5A5) > 1;
        }
        assert_int_equal(get(lab, TARGET - 4), 0xA5A5A5A5);
        assert_int_equal(get(lab, TARGET + PAGE), 0xA5A5A5A5);
        erase_page(lab, TARGET);
        for (uint32_t at = 0; at < PAGE; at += 4)
            assert_int_equal(get(lab, TARGET + at), 0);
        lab_free(lab);
    }
    assert_true(old > 0);
    assert_true(erased > 0);
    assert_true(between > 0);
    assert_true(took_zeros > 0);
}

static void programming_makes_unstable_cells_solid(void **state)
{
    (void)state;
    struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_READ_0, 1);
    struct chip *chip = &lab->board->chip;
    flash_make_unstable(chip, TARGET, 0xFFFF);
    assert_int_equal(get(lab, TARGET), 0);
    put(lab, TARGET, 0x00FF);
    finish(lab);
    assert_int_equal(flash_unstable_bits(chip, TARGET), 0xFF00);
    erase_page(lab, TARGET);
    assert_int_equal(flash_unstable_bits(chip, TARGET), 0);
    assert_false(flash_make_unstable(chip, TARGET + 1, 1));
    assert_false(flash_make_unstable(chip, FLASH_AT + 128 * 1024, 1));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_mark_of_ones_can_be_completed_after_a_cut(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_READ_EITHER, seed);
        cut_next(lab);
        put(lab, TARGET, 0xFFFFFFFF);
        power_returns(lab);
        put(lab, TARGET, 0xFFFFFFFF); /* whatever it reads: the same bits again */
        finish(lab);
        assert_int_equal(get(lab, TARGET), 0xFFFFFFFF);
        assert_int_equal(flash_unstable_bits(&lab->board->chip, TARGET), 0);
        lab_free(lab);
    }
}

static void a_snapshot_keeps_cells_and_what_they_will_read(void **state)
{
    (void)state;
    struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_READ_EITHER, 5);
    flash_make_unstable(&lab->board->chip, TARGET, 0xFFFF);
    void *snapshot = board_save(lab->board);
    uint32_t first[8];
    for (unsigned i = 0; i < 8; i++)
        first[i] = get(lab, TARGET);
    flash_make_unstable(&lab->board->chip, TARGET, 0);
    board_restore(lab->board, snapshot);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(get(lab, TARGET), first[i]);
    free(snapshot);
    lab_free(lab);
}

static void a_data_word_cut_off_is_old_new_or_neither(void **state)
{
    (void)state;
    unsigned zero = 0, done = 0, other = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct lab *lab = lab_torn(TORN_UNSTABLE, CELLS_BY_CHANCE, seed);
        put(lab, EEPROM_AT, 0x0000FFFF);
        get(lab, EEPROM_AT);
        cut_next(lab);
        put(lab, EEPROM_AT, 0xFFFF0000);
        power_returns(lab);
        uint32_t read = get(lab, EEPROM_AT);
        zero += read == 0;
        done += read == 0xFFFF0000;
        other += read != 0 && read != 0xFFFF0000;
        put(lab, EEPROM_AT, 0x12345678);
        assert_int_equal(get(lab, EEPROM_AT), 0x12345678);
        lab_free(lab);
    }
    assert_true(zero > 0);
    assert_true(done > 0);
    assert_true(other > 0);
}

static void a_worn_word_keeps_its_bits(void **state)
{
    (void)state;
    struct chip_config config = board_default_config(board_find("STM32L1"));
    config.worn[0] = (struct flash_wear){.address = TARGET, .stays_0 = 3};
    config.worn[1] = (struct flash_wear){.address = TARGET + 6, .stays_1 = 0x8000};
    config.worn[2] = (struct flash_wear){.address = TARGET + 8, .refuses = true};
    struct lab *lab = lab_with("STM32L1", &config);
    unlock_flash(lab);
    put(lab, TARGET, 0xFF);
    finish(lab);
    assert_int_equal(get(lab, TARGET), 0xFC); /* two wrong bits: not corrected */
    put(lab, TARGET + 8, 0xFF);
    finish(lab);
    assert_int_equal(get(lab, TARGET + 8), 0);
    put(lab, TARGET + 4, 0x80000001);
    finish(lab);
    erase_page(lab, TARGET);
    assert_int_equal(get(lab, TARGET), 0);
    assert_int_equal(get(lab, TARGET + 4), 0); /* one wrong bit: corrected */
    put(lab, TARGET + 4, 1);
    finish(lab);
    assert_int_equal(get(lab, TARGET + 4), 1);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_written_twice_may_read_as_neither_value_nor_both),
        cmocka_unit_test(an_erase_clears_check_bits_too),
        cmocka_unit_test(the_code_corrects_any_bit_that_does_not_get_set),
        cmocka_unit_test(two_bits_are_not_corrected),
        cmocka_unit_test(a_word_cut_off_has_some_of_its_bits),
        cmocka_unit_test(each_word_of_a_half_page_cut_off_is_on_its_own),
        cmocka_unit_test(an_erase_cut_off_leaves_anything_in_its_page_only),
        cmocka_unit_test(programming_makes_unstable_cells_solid),
        cmocka_unit_test(a_mark_of_ones_can_be_completed_after_a_cut),
        cmocka_unit_test(a_snapshot_keeps_cells_and_what_they_will_read),
        cmocka_unit_test(a_worn_word_keeps_its_bits),
        cmocka_unit_test(a_data_word_cut_off_is_old_new_or_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
