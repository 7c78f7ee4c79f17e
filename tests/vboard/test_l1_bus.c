/* What is where on an STM32L1, and what it reads after power-up; signature and debug registers. */
#include "l1_test.h"

static void registers_read_after_power_up_as_their_tables_say_on(const char *board, unsigned least)
{
    struct lab *lab = lab_with(board, NULL);
    struct chip *chip = &lab->board->chip;
    unsigned looked_at = 0;
    put(lab, RCC(RCC_APB1ENR), 0xB0E6CA3F);
    put(lab, RCC(RCC_APB2ENR), 0x0000521D);
    put(lab, RCC(RCC_AHBENR), 0x030090FF);
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        const struct device *device = &chip->device[i];
        const struct device_class *class = device->info->class;
        bool gated = strcmp(device_name(device), "RCC") == 0;
        for (unsigned j = 0; device->present && !gated && j < class->register_count; j++) {
            const struct device_register *reg = &class->registers[j];
            if (!reg->name || reg->flags & (WRITE_ONLY | OPEN_RESET))
                continue;
            uint32_t value = get(lab, device->info->base + 4 * j);
            if (value != reg->reset) {
                fail_msg("%s: %s.%s reads 0x%X, its table says 0x%X", board, device_name(device), reg->name,
                         (unsigned)value, (unsigned)reg->reset);
            }
            looked_at++;
        }
    }
    assert_true(looked_at > least);
    lab_free(lab);
}

static void registers_read_after_power_up_as_their_tables_say(void **state)
{
    (void)state;
    registers_read_after_power_up_as_their_tables_say_on("STM32L1", 300);
    registers_read_after_power_up_as_their_tables_say_on("STM32L151xBA", 300);
    registers_read_after_power_up_as_their_tables_say_on("STM32L151xC", 350);
}

static void rcc_reads_its_reset_values(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, RCC(RCC_CR)), 0x300);
    assert_int_equal(get(lab, RCC(RCC_ICSCR)), 0xB000);
    assert_int_equal(get(lab, RCC(RCC_CFGR)), 0);
    assert_int_equal(get(lab, RCC(RCC_AHBENR)), AHBENR_FLITF);
    assert_int_equal(get(lab, RCC(0x28)), 0x0101903F);
    assert_int_equal(get(lab, RCC(RCC_CSR)), 0x0C000000);
    lab_free(lab);
}

/* Categories 1 and 2 have it at 0x1FF8004C, category 3 at 0x1FF800CC; the ID's words are at 0, 4 and 0x14. */
static void expect_signature(const char *board, uint32_t at, uint16_t kib, uint32_t device_id)
{
    struct lab *lab = lab_with(board, NULL);
    const uint8_t *id = lab->board->chip.config.unique_id;
    uint32_t word[3];
    memcpy(word, id, sizeof word);
    assert_int_equal(get_size(lab, at, 2), kib);
    assert_int_equal(get(lab, at + 4), word[0]);
    assert_int_equal(get(lab, at + 8), word[1]);
    assert_int_equal(get(lab, at + 0x18), word[2]);
    assert_int_equal(get_size(lab, at + 0x19, 1), id[9]);
    assert_int_equal(get(lab, at + 0xC), 0);
    assert_int_equal(get(lab, DBGMCU(0)) & 0xFFF, device_id);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_signature_is_where_the_category_has_it(void **state)
{
    (void)state;
    expect_signature("STM32L1", 0x1FF8004C, 128, 0x416);
    expect_signature("STM32L151x8", 0x1FF8004C, 64, 0x416);
    expect_signature("STM32L151xBA", 0x1FF8004C, 0xE080, 0x429);
    expect_signature("STM32L151xC", 0x1FF800CC, 256, 0x427);
}

static void what_the_category_lacks_is_absent(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_APB1ENR), 1 << 3);
    expect_violation(lab, "SUSPICIOUS absent-peripheral");
    put(lab, 0x40000C00, 1);
    expect_violation(lab, "FORBIDDEN absent-peripheral");
    uint32_t value;
    assert_false(bus_read(&lab->board->chip, FLASH_AT + 128 * 1024, 4, &value));
    assert_false(bus_read(&lab->board->chip, RAM_AT + 16 * 1024, 4, &value));
    assert_false(bus_read(&lab->board->chip, EEPROM_AT + 4096, 4, &value));
    assert_false(bus_read(&lab->board->chip, 0x40028000, 4, &value));
    lab_free(lab);
    lab = lab_with("STM32L151xC", NULL);
    set_bits(lab, RCC(RCC_APB1ENR), 1 << 3);
    put(lab, 0x40000C00, 1);
    assert_true(bus_read(&lab->board->chip, EEPROM_AT + 8188, 4, &value));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void gates_and_resets_count(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, GPIO('C', MODER), 1);
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    set_bits(lab, RCC(RCC_AHBENR), AHBENR_PORTS);
    put(lab, GPIO('C', MODER), 1);
    assert_int_equal(get(lab, GPIO('C', MODER)), 1);
    put(lab, RCC(RCC_AHBRSTR), 1 << 2);
    assert_int_equal(lab->violations, 0);
    put(lab, GPIO('C', MODER), 1);
    expect_violation(lab, "FORBIDDEN peripheral-in-reset");
    put(lab, RCC(RCC_AHBRSTR), 0);
    assert_int_equal(get(lab, GPIO('C', MODER)), 0);
    lab_free(lab);
}

static void backup_registers_are_locked_by_DBP_and_outlive_a_reset_not_power(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RTC(0x54), 0x544F4F42);
    expect_violation(lab, "FORBIDDEN backup-write-protected");
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    put(lab, PWR(PWR_CR), VOS_2 | DBP);
    put(lab, RTC(0x54), 0x544F4F42);
    put(lab, RTC(0x50 + 4 * 19), 19);
    expect_violation(lab, NULL);
    put(lab, RTC(0x50 + 4 * 20), 20);
    expect_violation(lab, "FORBIDDEN reserved-register");
    board_reset_button(lab->board);
    assert_int_equal(get(lab, RTC(0x54)), 0x544F4F42);
    assert_int_equal(chip_backup_get(&lab->board->chip, 1), 0x544F4F42);
    assert_int_equal(get(lab, RTC(0x50 + 4 * 19)), 19);
    put(lab, RTC(0x54), 0);
    expect_violation(lab, "FORBIDDEN backup-write-protected");
    board_power(lab->board, false);
    board_power(lab->board, true);
    assert_int_equal(get(lab, RTC(0x54)), 0);
    lab_free(lab);
}

static void a_shared_device_cites_the_chips_own_manual(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, 0x40003004, 1);
    expect_violation(lab, "FORBIDDEN iwdg-write-protected: IWDG_PR = 0x1 is ignored: 0x5555 must be written "
                          "to KR first (RM0038, IWDG) (PC");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_read_after_power_up_as_their_tables_say),
        cmocka_unit_test(rcc_reads_its_reset_values),
        cmocka_unit_test(the_signature_is_where_the_category_has_it),
        cmocka_unit_test(what_the_category_lacks_is_absent),
        cmocka_unit_test(gates_and_resets_count),
        cmocka_unit_test(a_shared_device_cites_the_chips_own_manual),
        cmocka_unit_test(backup_registers_are_locked_by_DBP_and_outlive_a_reset_not_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
