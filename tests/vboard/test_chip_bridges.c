/*
 * How long the processor takes for an access to a peripheral: the bridges to APB have a clock of their own.
 */
#include "chip_test.h"

enum { STR_R1_R0 = 0x6001, LDR_R2_R0 = 0x6802, NOP = 0xBF00, STAY = 0xE7FE, PROGRAM_AT = 0x800 };
enum { PPRE1_SHIFT = 8, DIVIDED_BY_2 = 4, DIVIDED_BY_4 = 5 };

static uint64_t cycles_of(struct lab *lab, uint32_t address, const uint16_t *code, unsigned count)
{
    struct chip *chip = &lab->board->chip;
    const uint16_t stay = STAY;
    memcpy(&chip->ram[PROGRAM_AT], code, 2 * count);
    memcpy(&chip->ram[PROGRAM_AT + 2 * count], &stay, 2);
    chip->cpu.r[0] = address;
    chip->cpu.r[1] = 1;
    chip->cpu.r[15] = RAM_AT + PROGRAM_AT;
    chip->cpu.cycles = (chip->cpu.cycles + 16) & ~15ull; /* an edge of every clock */
    chip->bridge_free = 0;
    uint64_t before = chip->cpu.cycles, instructions = chip->cpu.instructions;
    while (chip->cpu.instructions < instructions + count)
        board_run(lab->board, 1);
    assert_int_equal(chip->cpu.instructions, instructions + count);
    return chip->cpu.cycles - before;
}
#define CYCLES(lab, address, ...)                                                                            \
    cycles_of(lab, address, (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / 2)

static struct lab *lab_divided(unsigned ppre1)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    put(lab, RCC(RCC_CFGR), ppre1 << PPRE1_SHIFT);
    return lab;
}

/* DS5319 2.3.21: a pin changes at most every two cycles of PCLK2. */
static void writes_in_a_row_come_every_two_cycles_of_apb(void **state)
{
    (void)state;
    struct lab *lab = lab_divided(0);
    const uint32_t bsrr = GPIO('A', GPIO_BSRR);
    assert_int_equal(CYCLES(lab, bsrr, STR_R1_R0), 1);
    assert_int_equal(CYCLES(lab, bsrr, STR_R1_R0, STR_R1_R0, STR_R1_R0, STR_R1_R0, STR_R1_R0), 1 + 4 * 2);
    assert_int_equal(CYCLES(lab, bsrr, STR_R1_R0, NOP, STR_R1_R0, NOP, STR_R1_R0),
                     5); /* the buffer hides it */
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_read_waits_for_the_bridge(void **state)
{
    (void)state;
    struct lab *lab = lab_divided(0);
    assert_int_equal(CYCLES(lab, GPIO('A', GPIO_IDR), LDR_R2_R0), 3);
    assert_int_equal(CYCLES(lab, GPIO('A', GPIO_ODR), STR_R1_R0, LDR_R2_R0), 1 + 4); /* behind the write */
    assert_int_equal(CYCLES(lab, RCC(RCC_CSR), LDR_R2_R0), 2);                       /* AHB */
    lab_free(lab);
}

static void a_slower_bus_takes_its_own_cycles(void **state)
{
    (void)state;
    struct lab *lab = lab_divided(DIVIDED_BY_2);
    assert_int_equal(CYCLES(lab, TIM2(TIM_CNT), LDR_R2_R0), 2 + 4);
    assert_int_equal(CYCLES(lab, TIM2(TIM_ARR), STR_R1_R0, STR_R1_R0, STR_R1_R0), 6 + 4);
    assert_int_equal(CYCLES(lab, GPIO('A', GPIO_IDR), LDR_R2_R0), 3); /* APB2 is as fast as ever */
    lab_free(lab);
    lab = lab_divided(DIVIDED_BY_4);
    assert_int_equal(CYCLES(lab, TIM2(TIM_CNT), LDR_R2_R0), 4 + 8);
    lab_free(lab);
}

/* Skipped passes of a loop take what executed ones do, also when each waits for an edge of a slow clock. */
static void idle_loops_keep_in_step_with_the_bus(void **state)
{
    (void)state;
    static const uint16_t loop[] = {LDR_R2_R0, NOP, 0xE7FC}; /* ldr; nop; b */
    uint64_t cycles[2], instructions[2];
    for (unsigned every_pass = 0; every_pass < 2; every_pass++) {
        struct lab *lab = lab_divided(DIVIDED_BY_4);
        struct chip *chip = &lab->board->chip;
        memcpy(&chip->ram[PROGRAM_AT], loop, sizeof loop);
        chip->cpu.r[0] = TIM2(TIM_ARR);
        chip->cpu.r[15] = RAM_AT + PROGRAM_AT;
        chip->cpu.every_pass = every_pass;
        wait_us(lab, 1003);
        cycles[every_pass] = chip->cpu.cycles;
        instructions[every_pass] = chip->cpu.instructions;
        lab_free(lab);
    }
    assert_int_equal(cycles[0], cycles[1]);
    assert_int_equal(instructions[0], instructions[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_in_a_row_come_every_two_cycles_of_apb),
        cmocka_unit_test(a_read_waits_for_the_bridge),
        cmocka_unit_test(a_slower_bus_takes_its_own_cycles),
        cmocka_unit_test(idle_loops_keep_in_step_with_the_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
