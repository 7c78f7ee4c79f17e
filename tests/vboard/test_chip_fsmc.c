/* FSMC (RM0008 chapter 21): its registers, and the memory that is taken to be behind bank 1. */
#include "chip_test.h"

#define FSMC(offset) (0xA0000000u + (offset))

enum { BCR1 = 0x00, BTR1 = 0x04, BCR3 = 0x10, PCR2 = 0x60, SR2 = 0x64, ECCR2 = 0x74, BWTR1 = 0x104 };
enum { MBKEN = 1, SRAM_16 = 1 << 4, NOR = 2 << 2, FACCEN = 1 << 6, WREN = 1 << 12, PBKEN = 1 << 2 };
enum { PAGE = 512, PAGES = 128 };
#define NE1 0x60000000u
#define NE3 0x68000000u

static struct lab *lab_with_fsmc(void)
{
    struct lab *lab = lab_with("BTTSKRMINIE3V2", NULL);
    put(lab, RCC(RCC_AHBENR), 1 << 8);
    return lab;
}

static bool refused(struct lab *lab, uint32_t address, bool write)
{
    uint32_t value;
    bool done =
        write ? bus_write(&lab->board->chip, address, 2, 1) : bus_read(&lab->board->chip, address, 2, &value);
    return !done;
}

static void registers_are_as_after_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    assert_int_equal(get(lab, FSMC(BCR1)), 0x30DB);
    assert_int_equal(get(lab, FSMC(BCR3)), 0x30D2);
    assert_int_equal(get(lab, FSMC(BTR1)), 0x0FFFFFFF);
    assert_int_equal(get(lab, FSMC(BWTR1)), 0x0FFFFFFF);
    assert_int_equal(get(lab, FSMC(PCR2)), 0x18);
    assert_int_equal(get(lab, FSMC(SR2)), 0x40);
    put(lab, FSMC(BTR1), 0x123);
    assert_int_equal(get(lab, FSMC(BTR1)), 0x123);
    expect_violation(lab, NULL);
    put(lab, FSMC(BCR1), 1 << 16);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    (void)get(lab, FSMC(0x20));
    expect_violation(lab, "SUSPICIOUS reserved-register");
    lab_free(lab);
}

static void bank_1_is_memory_once_it_is_enabled(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    assert_true(refused(lab, NE3, false));
    expect_violation(lab, "SUSPICIOUS fsmc-refused: read of 0x68000000 is a bus error: BCR.MBKEN");
    put(lab, FSMC(BCR3), MBKEN | SRAM_16 | WREN);
    put(lab, NE3 + 0x100, 0x12345678);
    assert_int_equal(get(lab, NE3 + 0x100), 0x12345678);
    assert_true(put_size(lab, NE3 + 0x102, 1, 0xAB));
    assert_int_equal(get_size(lab, NE3 + 0x102, 2), 0x12AB);
    put(lab, NE3 + 0x1FE, 0xCAFEF00D); /* over the end of a page */
    assert_int_equal(get_size(lab, NE3 + 0x200, 2), 0xCAFE);
    put(lab, NE3 + 0x20000, 1);
    assert_int_equal(get(lab, NE3 + 0x100), 0x12AB5678);
    assert_true(heard(lab, "FSMC: memory is taken to be"));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void what_was_never_written_is_the_same_each_time(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    put(lab, FSMC(BCR1), MBKEN | SRAM_16 | WREN);
    uint32_t before = get(lab, NE1 + 0x104);
    put(lab, NE1 + 0x100, 1);
    assert_int_equal(get(lab, NE1 + 0x104), before);
    assert_int_not_equal(get(lab, NE1 + 0x108), before);
    lab_free(lab);
}

static void memory_outlives_a_reset_but_not_the_power(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    put(lab, FSMC(BCR1), MBKEN | SRAM_16 | WREN);
    uint32_t before = get(lab, NE1);
    put(lab, NE1, ~before);
    board_reset_button(lab->board);
    put(lab, RCC(RCC_AHBENR), 1 << 8);
    assert_int_equal(get(lab, FSMC(BCR1)), 0x30DB);
    assert_int_equal(get(lab, NE1), ~before);
    board_power(lab->board, false);
    board_power(lab->board, true);
    put(lab, RCC(RCC_AHBENR), 1 << 8);
    assert_int_equal(get(lab, NE1), before);
    lab_free(lab);
}

static void only_so_many_pages_are_kept(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    put(lab, FSMC(BCR1), MBKEN | SRAM_16 | WREN);
    for (unsigned i = 0; i < PAGES; i++)
        put(lab, NE1 + 0x10000 * i, i);
    expect_violation(lab, NULL);
    put(lab, NE1 + 0x10000 * PAGES, 1);
    expect_violation(lab, "SUSPICIOUS unmodelled: 0x60800000 is written");
    put(lab, NE1 + 0x10000 * PAGES + PAGE, 1);
    expect_violation(lab, NULL);
    for (unsigned i = 0; i < PAGES; i++)
        assert_int_equal(get(lab, NE1 + 0x10000 * i), i);
    lab_free(lab);
}

static void banks_refuse_what_they_are_not_set_up_for(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    put(lab, FSMC(BCR1), MBKEN | NOR | SRAM_16 | WREN);
    assert_true(refused(lab, NE1, false));
    expect_violation(lab, "SUSPICIOUS fsmc-refused: read of 0x60000000 is a bus error: BCR.FACCEN");
    put(lab, FSMC(BCR1), MBKEN | NOR | FACCEN | SRAM_16);
    assert_false(refused(lab, NE1, false));
    assert_true(refused(lab, NE1, true));
    expect_violation(lab, "SUSPICIOUS fsmc-refused: write of 0x60000000 is a bus error: BCR.WREN");
    put(lab, RCC(RCC_AHBENR), 0);
    assert_true(refused(lab, NE1, false));
    expect_violation(lab, "FORBIDDEN unclocked-peripheral");
    lab_free(lab);
}

static void a_nand_flash_is_not_there_and_a_card_neither(void **state)
{
    (void)state;
    struct lab *lab = lab_with_fsmc();
    assert_true(refused(lab, 0x70000000, false));
    expect_violation(lab, "SUSPICIOUS fsmc-refused: read of 0x70000000 is a bus error: PCR.PBKEN");
    put(lab, FSMC(PCR2), 0x18 | PBKEN);
    put(lab, 0x70010000, 0x90);
    assert_int_equal(get(lab, 0x70000000), 0xFFFFFFFF);
    assert_int_equal(get(lab, FSMC(ECCR2)), 0);
    expect_violation(lab, NULL);
    assert_true(refused(lab, 0x90000000, true));
    expect_violation(lab, "SUSPICIOUS fsmc-refused: write of 0x90000000 is a bus error: no card");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_as_after_reset),
        cmocka_unit_test(bank_1_is_memory_once_it_is_enabled),
        cmocka_unit_test(what_was_never_written_is_the_same_each_time),
        cmocka_unit_test(memory_outlives_a_reset_but_not_the_power),
        cmocka_unit_test(only_so_many_pages_are_kept),
        cmocka_unit_test(banks_refuse_what_they_are_not_set_up_for),
        cmocka_unit_test(a_nand_flash_is_not_there_and_a_card_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
