/* What may be touched, when, and how wide: the rules of the bus. */
#include "chip_test.h"
#include "peek.h"

static void every_register_has_its_reset_value(void **state)
{
    (void)state;
    static const struct {
        uint32_t address, value;
    } registers[] = {
        {RCC(RCC_CR), 0x83},
        {RCC(RCC_CFGR), 0},
        {RCC(RCC_CIR), 0},
        {RCC(RCC_APB2RSTR), 0},
        {RCC(RCC_APB1RSTR), 0},
        {RCC(RCC_AHBENR), 0x14},
        {RCC(RCC_APB2ENR), 0},
        {RCC(RCC_APB1ENR), 0},
        {RCC(RCC_BDCR), 0},
        {RCC(RCC_CSR), 0x0C000000},
        {FLASH(FLASH_ACR), 0x30},
        {FLASH(FLASH_SR), 0},
        {FLASH(FLASH_CR), 0x80},
        {FLASH(FLASH_OBR), 0x03FFFFFC},
        {FLASH(FLASH_WRPR), 0xFFFFFFFF},
        {IWDG(4), 0},
        {IWDG(8), 0xFFF},
        {IWDG(12), 0},
        {EXTI(0), 0},
        {EXTI(4), 0},
        {EXTI(8), 0},
        {EXTI(12), 0},
        {EXTI(16), 0},
        {EXTI(20), 0},
    };
    struct lab *lab = lab_new();
    for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++)
        assert_int_equal(get(lab, registers[i].address), registers[i].value);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    for (char port = 'A'; port <= 'E'; port++) {
        assert_int_equal(get(lab, GPIO(port, GPIO_CRL)), 0x44444444);
        assert_int_equal(get(lab, GPIO(port, GPIO_CRH)), 0x44444444);
        assert_int_equal(get(lab, GPIO(port, GPIO_ODR)), 0);
        assert_int_equal(get(lab, GPIO(port, GPIO_LCKR)), 0);
    }
    for (uint32_t offset = 0; offset <= 0x14; offset += 4)
        assert_int_equal(get(lab, AFIO(offset)), 0);
    assert_int_equal(get(lab, PWR(0)), 0);
    assert_int_equal(get(lab, PWR(4)), 0);
    for (uint32_t offset = 4; offset <= 0x34; offset += 4)
        assert_int_equal(get(lab, BKP(offset)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_peripheral_without_clock_reads_zero_and_loses_writes(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, GPIO('C', GPIO_CRL)), 0);
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    put(lab, GPIO('C', GPIO_CRL), 0x11111111);
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    get(lab, BKP(4));
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    get(lab, USB(0x40));
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    get_size(lab, 0x40006000, 2);
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    put(lab, RCC(RCC_APB2ENR), 1 << 4);
    assert_int_equal(get(lab, GPIO('C', GPIO_CRL)), 0x44444444);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_peripheral_held_in_reset_is_reset_and_out_of_reach(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), 1 << 4);
    put(lab, GPIO('C', GPIO_CRL), 0x11111111);
    put(lab, RCC(RCC_APB2RSTR), 1 << 4);
    expect_violation(lab, NULL);
    get(lab, GPIO('C', GPIO_CRL));
    expect_violation(lab, "FORBIDDEN peripheral-in-reset");
    put(lab, RCC(RCC_APB2RSTR), 0);
    assert_int_equal(get(lab, GPIO('C', GPIO_CRL)), 0x44444444);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void word_registers_refuse_narrow_accesses(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    get_size(lab, GPIO('A', GPIO_IDR), 2);
    expect_violation(lab, "SUSPICIOUS access-size");
    put_size(lab, GPIO('A', GPIO_ODR), 1, 1);
    expect_violation(lab, "SUSPICIOUS access-size");
    get_size(lab, FLASH(FLASH_SR), 1);
    expect_violation(lab, "SUSPICIOUS access-size");
    lab_free(lab);
}

/* RM0008 4.4: words; IDR is a byte of its own (4.4.2), as ST's header declares it. */
static void the_crc_unit_takes_words_only_but_for_its_byte(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_AHBENR), AHBENR_CRC);
    put_size(lab, CRC(4), 1, 0x5A);
    assert_int_equal(get_size(lab, CRC(4), 1), 0x5A);
    expect_violation(lab, NULL);
    put_size(lab, CRC(0), 1, 0x31);
    expect_violation(lab, "SUSPICIOUS access-size");
    lab_free(lab);
}

/* RM0041 9.4, of the same DMA controller. */
static void dma_registers_take_any_size(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA1);
    put_size(lab, DMA(0x0C), 2, 0x1234); /* CNDTR1 */
    put_size(lab, DMA(0x14), 1, 0x56);   /* CMAR1 */
    put_size(lab, DMA(0x15), 1, 0x34);
    assert_int_equal(get(lab, DMA(0x0C)), 0x1234);
    assert_int_equal(get_size(lab, DMA(0x14), 2), 0x3456);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* Where ones only clear, more of them than there are flags do no harm; ST's own library writes them. */
static void ones_too_many_may_clear_flags(void **state)
{
    (void)state;
    enum { EXTI_PR = 0x14, DMA_IFCR = 0x04 };
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA1);
    put(lab, EXTI(EXTI_PR), 0x000FFFFF);
    put(lab, DMA(DMA_IFCR), 0xFFFFFFFF);
    expect_violation(lab, NULL);
    assert_int_equal(get(lab, EXTI(EXTI_PR)), 0);
    lab_free(lab);
}

static void the_bridge_repeats_narrow_data(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put_size(lab, GPIO('C', GPIO_CRL), 2, 0x3333);
    expect_violation(lab, "SUSPICIOUS access-size");
    assert_int_equal(get(lab, GPIO('C', GPIO_CRL)), 0x33333333);
    lab_free(lab);
}

static void rcc_takes_any_size_and_only_the_lanes_written(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put_size(lab, RCC(RCC_APB2ENR), 1, 0x04);
    put_size(lab, RCC(RCC_APB2ENR) + 1, 1, 0x40);
    assert_int_equal(get(lab, RCC(RCC_APB2ENR)), 0x4004);
    assert_int_equal(get_size(lab, RCC(RCC_APB2ENR) + 1, 1), 0x40);
    put_size(lab, RCC(RCC_APB1ENR) + 2, 2, 0x1800);
    assert_int_equal(get(lab, RCC(RCC_APB1ENR)), APB1ENR_BKP_PWR);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void half_words_may_be_written_to_backup_registers_and_bytes_not(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    put_size(lab, PWR(0), 2, PWR_DBP);
    put_size(lab, BKP(4), 2, 0x4F42);
    assert_int_equal(get(lab, BKP(4)), 0x4F42);
    expect_violation(lab, NULL);
    put_size(lab, BKP(4), 1, 0x11);
    expect_violation(lab, "SUSPICIOUS access-size");
    lab_free(lab);
}

static void packet_memory_is_reached_in_half_words_and_words_only(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    put_size(lab, 0x40006004, 2, 0x1234);
    assert_int_equal(get_size(lab, 0x40006004, 2), 0x1234);
    assert_int_equal(get_size(lab, 0x40006004, 4), 0x1234);
    expect_violation(lab, NULL);
    get_size(lab, 0x40006006, 2);
    expect_violation(lab, "SUSPICIOUS usb-memory-access");
    put_size(lab, 0x40006004, 1, 0x12);
    expect_violation(lab, "SUSPICIOUS access-size");
    lab_free(lab);
}

static void reserved_places_and_bits_are_caught(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(0x28), 1);
    expect_violation(lab, "FORBIDDEN reserved-register");
    assert_int_equal(get(lab, FLASH(0x18)), 0);
    expect_violation(lab, "SUSPICIOUS reserved-register");
    put(lab, RCC(RCC_APB2ENR), 1 << 1);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    assert_int_equal(get(lab, RCC(RCC_APB2ENR)), 0);
    put(lab, FLASH(FLASH_OBR), 0);
    expect_violation(lab, "SUSPICIOUS read-only-register");
    assert_int_equal(get(lab, FLASH(FLASH_KEYR)), 0);
    expect_violation(lab, "SUSPICIOUS write-only-register");
    lab_free(lab);
}

static void small_chips_lack_what_only_large_ones_have(void **state)
{
    (void)state;
    struct lab *lab = lab_new(), *large = lab_with("BTTSKRMINIE3V2", NULL);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    put(large, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    get(lab, BKP(0x40));
    expect_violation(lab, "SUSPICIOUS reserved-register");
    get(large, BKP(0x40));
    expect_violation(large, NULL);
    get(lab, 0x40007400);
    expect_violation(lab, "FORBIDDEN absent-peripheral");
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR | 1 << 3); /* TIM5 */
    expect_violation(lab, "SUSPICIOUS absent-peripheral");
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR | 1 << 3); /* told when it is set */
    expect_violation(lab, NULL);
    put(lab, RCC(RCC_AHBENR), 0x14 | 1 << 8); /* FSMC */
    expect_violation(lab, "SUSPICIOUS absent-peripheral");
    put(large, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR | 1 << 3);
    expect_violation(large, NULL);
    lab_free(lab);
    lab_free(large);
}

static void nothing_there_is_a_bus_error(void **state)
{
    (void)state;
    static const uint32_t holes[] = {0x08020000,         0x00020000, 0x20005000, 0x1FFFF810, 0x40002400,
                                     0x40018000 + 0x400, 0x40030000, 0x60000000, 0x30000000};
    struct lab *lab = lab_new();
    for (unsigned i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        uint32_t value;
        uint16_t half_word;
        assert_false(bus_read(&lab->board->chip, holes[i], 4, &value));
        assert_false(bus_write(&lab->board->chip, holes[i], 4, 0));
        assert_false(bus_fetch(&lab->board->chip, holes[i], &half_word));
    }
    lab_free(lab);
}

static void the_signature_says_size_and_unique_id(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    const uint8_t *id = lab->board->chip.config.unique_id;
    assert_int_equal(get_size(lab, 0x1FFFF7E0, 2), 64);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(get_size(lab, 0x1FFFF7E8 + i, 1), id[i]);
    assert_int_equal(get_size(lab, 0x1FFFF800, 2), 0x5AA5);
    assert_false(put_size(lab, 0x1FFFF7E0, 2, 128));
    assert_int_equal(get(lab, 0x1FFFF000), 0);
    assert_true(heard(lab, "system memory"));
    lab_free(lab);
}

static void debug_registers_are_for_debuggers(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, 0xE0042000), 0);
    expect_violation(lab, "SUSPICIOUS debug-registers");
    put(lab, 0xE0042004, 1);
    expect_violation(lab, "SUSPICIOUS debug-registers");
    lab_free(lab);
}

static void register_accesses_are_traced_when_wanted(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), 1 << 4);
    assert_false(heard(lab, "RCC.APB2ENR"));
    lab->board->chip.report_wanted = 1u << REPORT_REGISTER;
    put(lab, RCC(RCC_APB2ENR), 1 << 4);
    assert_true(heard(lab, "RCC.APB2ENR+0x18 <- 0x00000010"));
    lab_free(lab);
}

static void backup_registers_are_locked_by_DBP(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    put(lab, BKP(4), 0x4F42);
    expect_violation(lab, "FORBIDDEN backup-write-protected");
    assert_int_equal(get(lab, BKP(4)), 0);
    put(lab, RCC(RCC_BDCR), 1);
    expect_violation(lab, "FORBIDDEN backup-write-protected");
    put(lab, PWR(0), PWR_DBP);
    put(lab, BKP(4), 0x4F42);
    board_reset_button(lab->board);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    assert_int_equal(get(lab, BKP(4)), 0x4F42);
    put(lab, PWR(0), PWR_DBP);
    put(lab, RCC(RCC_BDCR), 1 << 16);
    assert_int_equal(get(lab, BKP(4)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void expect_reset_values(const char *board)
{
    struct lab *lab = lab_with(board, NULL);
    const struct chip *chip = &lab->board->chip;
    unsigned looked_at = 0;
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        const struct device *device = &chip->device[i];
        const struct device_class *class = device->info->class;
        for (unsigned j = 0; device->present && j < class->register_count; j++) {
            const struct device_register *reg = &class->registers[j];
            if (!reg->name || reg->flags & (WRITE_ONLY | OPEN_RESET))
                continue;
            uint32_t value = peek(chip, device->info->base + 4 * j);
            if (value != reg->reset) {
                fail_msg("%s: %s.%s reads 0x%X, its table says 0x%X", board, device_name(device), reg->name,
                         (unsigned)value, (unsigned)reg->reset);
            }
            looked_at++;
        }
    }
    assert_true(looked_at > 300);
    lab_free(lab);
}

static void registers_read_after_power_up_as_their_tables_say(void **state)
{
    (void)state;
    expect_reset_values("BLUEPILL");
    expect_reset_values("STM32F103xE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_read_after_power_up_as_their_tables_say),
        cmocka_unit_test(every_register_has_its_reset_value),
        cmocka_unit_test(a_peripheral_without_clock_reads_zero_and_loses_writes),
        cmocka_unit_test(a_peripheral_held_in_reset_is_reset_and_out_of_reach),
        cmocka_unit_test(word_registers_refuse_narrow_accesses),
        cmocka_unit_test(the_crc_unit_takes_words_only_but_for_its_byte),
        cmocka_unit_test(dma_registers_take_any_size),
        cmocka_unit_test(ones_too_many_may_clear_flags),
        cmocka_unit_test(the_bridge_repeats_narrow_data),
        cmocka_unit_test(rcc_takes_any_size_and_only_the_lanes_written),
        cmocka_unit_test(half_words_may_be_written_to_backup_registers_and_bytes_not),
        cmocka_unit_test(packet_memory_is_reached_in_half_words_and_words_only),
        cmocka_unit_test(reserved_places_and_bits_are_caught),
        cmocka_unit_test(small_chips_lack_what_only_large_ones_have),
        cmocka_unit_test(nothing_there_is_a_bus_error),
        cmocka_unit_test(the_signature_says_size_and_unique_id),
        cmocka_unit_test(debug_registers_are_for_debuggers),
        cmocka_unit_test(register_accesses_are_traced_when_wanted),
        cmocka_unit_test(backup_registers_are_locked_by_DBP),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
