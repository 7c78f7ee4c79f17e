/* The flash interface against PM0075: keys, programming, erasing, protection, time, and loss of power. */
#include "chip_test.h"

enum {
    PG = 1 << 0,
    PER = 1 << 1,
    MER = 1 << 2,
    OPTPG = 1 << 4,
    OPTER = 1 << 5,
    STRT = 1 << 6,
    LOCK = 1 << 7
};
enum { OPTWRE = 1 << 9, ERRIE = 1 << 10, EOPIE = 1 << 12 };
enum { BSY = 1 << 0, PGERR = 1 << 2, WRPRTERR = 1 << 4, EOP = 1 << 5 };

#define TARGET  (FLASH_AT + 0x2000)
#define OPTIONS 0x1FFFF800u

static void erase(struct lab *lab, uint32_t address)
{
    put(lab, FLASH(FLASH_CR), PER);
    put(lab, FLASH(FLASH_AR), address);
    put(lab, FLASH(FLASH_CR), PER | STRT);
}

static void finish(struct lab *lab)
{
    get(lab, FLASH_AT); /* waits */
    assert_int_equal(get(lab, FLASH(FLASH_SR)) & BSY, 0);
}

static void the_keys_unlock(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_CR), PG);
    expect_violation(lab, "FORBIDDEN flash-locked");
    assert_int_equal(get(lab, FLASH(FLASH_CR)), LOCK);
    unlock_flash(lab);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), 0);
    put(lab, FLASH(FLASH_CR), LOCK);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), LOCK);
    unlock_flash(lab);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), 0);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_KEYR), 0x45670123);
    expect_violation(lab, "SUSPICIOUS flash-key-while-unlocked");
    lab_free(lab);
}

static void a_wrong_key_locks_until_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_KEYR), 0x45670123);
    assert_false(put_size(lab, FLASH(FLASH_KEYR), 4, 0x45670123));
    expect_violation(lab, "FORBIDDEN flash-key");
    assert_false(put_size(lab, FLASH(FLASH_KEYR), 4, 0x45670123));
    assert_false(put_size(lab, FLASH(FLASH_KEYR), 4, 0xCDEF89AB));
    lab->violations = 0;
    assert_int_equal(get(lab, FLASH(FLASH_CR)), LOCK);
    board_reset_button(lab->board);
    unlock_flash(lab);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_half_word_takes_its_time(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    ticks begun = board_now(lab->board);
    put_size(lab, TARGET, 2, 0x1234);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), BSY);
    assert_int_equal(get_size(lab, TARGET, 2), 0x1234);
    assert_true(board_now(lab->board) - begun >= 52500 * TICKS_PER_MICROSECOND / 1000);
    assert_true(board_now(lab->board) - begun < 53 * TICKS_PER_MICROSECOND);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), EOP);
    put(lab, FLASH(FLASH_SR), EOP);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), 0);
    assert_int_equal(lab->board->chip.flash.operations, 1);
    assert_int_equal(lab->board->chip.flash.programs, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_fetch_waits_for_the_flash_and_code_in_ram_does_not(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    unlock_flash(lab);
    erase(lab, TARGET);
    uint64_t instructions = cpu->instructions;
    wait_us(lab, 19000);
    assert_true(cpu->instructions <= instructions + 1);
    wait_us(lab, 2000);
    assert_true(cpu->instructions > instructions + 10);
    put_size(lab, RAM_AT, 2, 0xE7FE);
    cpu->r[15] = RAM_AT;
    erase(lab, TARGET);
    instructions = cpu->instructions;
    wait_us(lab, 1000);
    assert_true(cpu->instructions > instructions + 100);
    assert_int_equal(get(lab, FLASH(FLASH_SR)) & BSY, BSY);
    lab_free(lab);
}

static void a_second_program_waits_for_the_first(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    ticks begun = board_now(lab->board);
    put_size(lab, TARGET, 2, 1);
    put_size(lab, TARGET + 2, 2, 2);
    assert_true(board_now(lab->board) - begun >= 52500 * TICKS_PER_MICROSECOND / 1000);
    assert_int_equal(get(lab, FLASH(FLASH_SR)) & BSY, BSY);
    assert_int_equal(get(lab, TARGET), 0x00020001);
    lab_free(lab);
}

static void only_half_words_can_be_programmed(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    assert_false(put_size(lab, TARGET, 4, 0));
    expect_violation(lab, "FORBIDDEN flash-program-size");
    assert_false(put_size(lab, TARGET, 1, 0));
    expect_violation(lab, "FORBIDDEN flash-program-size");
    put(lab, FLASH(FLASH_CR), 0);
    assert_false(put_size(lab, TARGET, 2, 0));
    expect_violation(lab, "FORBIDDEN flash-write-without-pg");
    put(lab, FLASH(FLASH_CR), LOCK);
    assert_false(put_size(lab, TARGET, 2, 0));
    expect_violation(lab, "FORBIDDEN flash-locked");
    assert_int_equal(get(lab, TARGET), 0xFFFFFFFF);
    lab_free(lab);
}

static void only_zero_goes_over_data(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    put_size(lab, TARGET, 2, 0x1234);
    put_size(lab, TARGET, 2, 0x1230);
    expect_violation(lab, "SUSPICIOUS program-over-data");
    assert_int_equal(get(lab, FLASH(FLASH_SR)), PGERR | EOP);
    assert_int_equal(get_size(lab, TARGET, 2), 0x1234);
    put(lab, FLASH(FLASH_SR), PGERR | EOP);
    put_size(lab, TARGET, 2, 0);
    assert_int_equal(get_size(lab, TARGET, 2), 0);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), EOP);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_page_erase_takes_its_page_only(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    static const uint8_t data[3072] = {0};
    flash_load(&lab->board->chip, TARGET, data, sizeof data);
    unlock_flash(lab);
    erase(lab, TARGET + 1024 + 6);
    put(lab, FLASH(FLASH_CR), PER);
    expect_violation(lab, "FORBIDDEN flash-busy");
    put(lab, FLASH(FLASH_AR), 0);
    expect_violation(lab, "FORBIDDEN flash-busy");
    assert_int_equal(get(lab, FLASH(FLASH_CR)), PER | STRT);
    finish(lab);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), PER);
    assert_int_equal(get(lab, TARGET + 1020), 0);
    assert_int_equal(get(lab, TARGET + 1024), 0xFFFFFFFF);
    assert_int_equal(get(lab, TARGET + 2044), 0xFFFFFFFF);
    assert_int_equal(get(lab, TARGET + 2048), 0);
    assert_int_equal(lab->board->chip.flash.erased[9], 1);
    assert_int_equal(lab->board->chip.flash.erases, 1);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_CR), 0);
    put(lab, FLASH(FLASH_CR), STRT);
    expect_violation(lab, "UNDEFINED flash-mode");
    erase(lab, 0x20000000);
    expect_violation(lab, "UNDEFINED flash-erase-address");
    lab_free(lab);
}

static void a_mass_erase_takes_all(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), MER);
    put(lab, FLASH(FLASH_CR), MER | STRT);
    finish(lab);
    assert_int_equal(get(lab, FLASH_AT), 0xFFFFFFFF);
    assert_int_equal(get(lab, FLASH_AT + 8), 0xFFFFFFFF);
    assert_int_equal(lab->board->chip.flash.erased[127], 1);
    lab_free(lab);
}

static void interrupts_come_for_end_and_error(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    const bool *line = &lab->board->chip.cpu.nvic.line[IRQ_FLASH];
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG | EOPIE);
    put_size(lab, TARGET, 2, 1);
    assert_false(*line);
    finish(lab);
    assert_true(*line);
    put(lab, FLASH(FLASH_SR), EOP);
    assert_false(*line);
    put(lab, FLASH(FLASH_CR), PG | ERRIE);
    put_size(lab, TARGET, 2, 3);
    assert_true(*line);
    lab_free(lab);
}

static void programming_needs_hsi(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_CR), 1 << 16);
    wait_us(lab, 3000);
    put(lab, RCC(RCC_CFGR), 1);
    put(lab, RCC(RCC_CR), get(lab, RCC(RCC_CR)) & ~1u);
    expect_violation(lab, NULL);
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    put_size(lab, TARGET, 2, 1);
    expect_violation(lab, "FORBIDDEN flash-without-hsi");
    lab_free(lab);
}

static void unlock_options(struct lab *lab)
{
    unlock_flash(lab);
    put(lab, FLASH(FLASH_OPTKEYR), 0x45670123);
    put(lab, FLASH(FLASH_OPTKEYR), 0xCDEF89AB);
}

static void write_option(struct lab *lab, unsigned at, uint8_t value)
{
    put(lab, FLASH(FLASH_CR), OPTPG | OPTWRE);
    assert_true(put_size(lab, OPTIONS + at, 2, value));
    finish(lab);
}

static void erase_options(struct lab *lab)
{
    put(lab, FLASH(FLASH_CR), OPTER | OPTWRE);
    put(lab, FLASH(FLASH_CR), OPTER | OPTWRE | STRT);
    finish(lab);
}

static void option_bytes_are_complemented_and_count_after_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_OPTKEYR), 0x45670123);
    expect_violation(lab, "FORBIDDEN flash-locked");
    unlock_options(lab);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), OPTWRE);
    erase_options(lab);
    write_option(lab, 0, 0xA5);
    write_option(lab, 4, 0x42);
    write_option(lab, 8, 0xFE);
    assert_int_equal(get_size(lab, OPTIONS + 4, 2), 0xBD42);
    assert_int_equal(get(lab, FLASH(FLASH_WRPR)), 0xFFFFFFFF);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, FLASH(FLASH_WRPR)), 0xFFFFFFFE);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)) >> 10 & 0xFF, 0x42);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)) & 3, 0);
    expect_violation(lab, NULL);
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    put_size(lab, FLASH_AT + 4094, 2, 0);
    expect_violation(lab, "SUSPICIOUS flash-write-protected");
    assert_int_equal(get(lab, FLASH(FLASH_SR)), WRPRTERR);
    put_size(lab, FLASH_AT + 4096, 2, 0);
    expect_violation(lab, NULL);
    finish(lab);
    erase(lab, FLASH_AT);
    expect_violation(lab, "SUSPICIOUS flash-write-protected");
    lab_free(lab);
}

static void option_bytes_need_their_own_keys(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), OPTER);
    put(lab, FLASH(FLASH_CR), OPTER | STRT);
    expect_violation(lab, "FORBIDDEN flash-options-locked");
    put(lab, FLASH(FLASH_CR), OPTPG);
    assert_false(put_size(lab, OPTIONS, 2, 0));
    expect_violation(lab, "FORBIDDEN flash-options-locked");
    lab_free(lab);
}

static void read_protection_guards_the_first_pages_and_its_end_wipes_all(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_options(lab);
    erase_options(lab);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)) & 3, 2);
    unlock_options(lab);
    erase(lab, FLASH_AT + 3072);
    expect_violation(lab, "SUSPICIOUS flash-write-protected");
    put(lab, FLASH(FLASH_CR), PG);
    put_size(lab, TARGET, 2, 0x55AA);
    finish(lab);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_OPTKEYR), 0x45670123);
    put(lab, FLASH(FLASH_OPTKEYR), 0xCDEF89AB);
    write_option(lab, 0, 0xA5);
    assert_int_equal(get_size(lab, TARGET, 2), 0xFFFF);
    assert_int_equal(get(lab, FLASH_AT), 0xFFFFFFFF);
    lab_free(lab);
}

static void a_broken_option_byte_sets_OPTERR(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    static const uint8_t broken[] = {0x00, 0x55};
    flash_load(&lab->board->chip, OPTIONS + 4, broken, sizeof broken);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)) & 1, 1);
    assert_int_equal(get(lab, FLASH(FLASH_OBR)) >> 10 & 0xFF, 0xFF);
    lab_free(lab);
}

static void start_cut(struct lab *lab, uint64_t operation, enum power_cut_phase phase)
{
    lab->board->chip.power_cut_operation = operation;
    lab->board->chip.power_cut_phase = phase;
}

static uint16_t program_with_cut(enum power_cut_phase phase, uint64_t seed, uint16_t value)
{
    struct chip_config config = board_default_config(board_find("BLUEPILL"));
    config.seed = seed;
    struct lab *lab = lab_with("BLUEPILL", &config);
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), PG);
    start_cut(lab, 2, phase);
    put_size(lab, TARGET, 2, 0);
    put_size(lab, TARGET + 2, 2, value);
    wait_us(lab, 100);
    assert_false(lab->board->chip.powered);
    assert_true(heard(lab, "power off"));
    board_power(lab->board, true);
    assert_int_equal(get_size(lab, TARGET, 2), 0);
    uint16_t left = (uint16_t)get_size(lab, TARGET + 2, 2);
    assert_int_equal(get(lab, FLASH(FLASH_CR)), LOCK);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), 0);
    lab_free(lab);
    return left;
}

static void power_fails_before_inside_and_after_a_program(void **state)
{
    (void)state;
    assert_int_equal(program_with_cut(CUT_BEFORE, 1, 0x0F0F), 0xFFFF);
    assert_int_equal(program_with_cut(CUT_AFTER, 1, 0x0F0F), 0x0F0F);
    uint16_t ones = 0xFFFF, zeros = 0xFFFF;
    for (uint64_t seed = 1; seed < 40; seed++) {
        uint16_t left = program_with_cut(CUT_INSIDE, seed, 0x0F0F);
        assert_int_equal(left & 0x0F0F, 0x0F0F);
        assert_int_equal(left, program_with_cut(CUT_INSIDE, seed, 0x0F0F));
        ones &= left;
        zeros &= (uint16_t)~left;
    }
    assert_int_equal(ones, 0x0F0F);
    assert_int_equal(zeros, 0);
}

static void power_fails_inside_an_erase(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    static const uint8_t data[3072] = {0};
    uint8_t *page = &lab->board->chip.flash_bytes[0x2400];
    flash_load(&lab->board->chip, TARGET, data, sizeof data);
    unlock_flash(lab);
    put_size(lab, RAM_AT, 2, 0xE7FE); /* a program that does not wait for the flash */
    lab->board->chip.cpu.r[15] = RAM_AT;
    start_cut(lab, 1, CUT_INSIDE);
    erase(lab, TARGET + 1024);
    wait_us(lab, 9000);
    assert_true(lab->board->chip.powered);
    wait_us(lab, 2000);
    assert_false(lab->board->chip.powered);
    unsigned ones = 0;
    for (unsigned i = 0; i < 1024; i++)
        ones += (unsigned)__builtin_popcount(page[i]);
    assert_in_range(ones, 3500, 4700);
    assert_int_equal(page[-1] | page[1024], 0);
    lab_free(lab);
}

static void a_reset_during_an_operation_leaves_doubt_too(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    unlock_flash(lab);
    erase(lab, TARGET);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, FLASH(FLASH_SR)), 0);
    assert_int_not_equal(get(lab, TARGET), 0xFFFFFFFF);
    lab_free(lab);
}

/* str STRT; (nop;) ldr SR; then stop. */
static uint32_t status_after_start(unsigned nops)
{
    uint8_t program[16] = {0x01, 0x61};
    unsigned at = 2;
    for (unsigned i = 0; i < nops; i++) {
        program[at++] = 0x00;
        program[at++] = 0xBF;
    }
    static const uint8_t rest[] = {0xC2, 0x68, 0xFE, 0xE7};
    memcpy(&program[at], rest, sizeof rest);
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    memcpy(&chip->ram[0x100], program, sizeof program);
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), 2);
    put(lab, FLASH(FLASH_AR), FLASH_AT + 0x4000);
    chip->cpu.r[0] = FLASH(0);
    chip->cpu.r[1] = 0x42;
    chip->cpu.r[2] = 0xFF;
    chip->cpu.r[15] = RAM_AT + 0x100;
    wait_us(lab, 10);
    expect_violation(lab, nops ? NULL : "SUSPICIOUS flash-bsy-too-early");
    uint32_t status = chip->cpu.r[2];
    lab_free(lab);
    return status;
}

static void busy_shows_a_cycle_after_the_start(void **state)
{
    (void)state;
    assert_int_equal(status_after_start(0), 0);
    assert_int_equal(status_after_start(1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_unlock),
        cmocka_unit_test(a_wrong_key_locks_until_reset),
        cmocka_unit_test(a_half_word_takes_its_time),
        cmocka_unit_test(a_fetch_waits_for_the_flash_and_code_in_ram_does_not),
        cmocka_unit_test(a_second_program_waits_for_the_first),
        cmocka_unit_test(only_half_words_can_be_programmed),
        cmocka_unit_test(only_zero_goes_over_data),
        cmocka_unit_test(a_page_erase_takes_its_page_only),
        cmocka_unit_test(a_mass_erase_takes_all),
        cmocka_unit_test(interrupts_come_for_end_and_error),
        cmocka_unit_test(programming_needs_hsi),
        cmocka_unit_test(option_bytes_are_complemented_and_count_after_reset),
        cmocka_unit_test(option_bytes_need_their_own_keys),
        cmocka_unit_test(read_protection_guards_the_first_pages_and_its_end_wipes_all),
        cmocka_unit_test(a_broken_option_byte_sets_OPTERR),
        cmocka_unit_test(power_fails_before_inside_and_after_a_program),
        cmocka_unit_test(power_fails_inside_an_erase),
        cmocka_unit_test(a_reset_during_an_operation_leaves_doubt_too),
        cmocka_unit_test(busy_shows_a_cycle_after_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
