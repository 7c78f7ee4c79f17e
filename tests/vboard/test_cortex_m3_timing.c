/* Straight code from memory with wait states, and accesses through the bridges to APB, to the cycle. What the
 * figures come from is in docs/vboard.md, "How exact". */
#include "test_cortex_m3_machine.h"

enum { NOP = 0xBF00, WIDE_1 = 0xF100, WIDE_2 = 0x0001 }; /* add.w r0,r0,#1 */

static uint64_t cycles_of(struct machine *m, unsigned wait_states, const uint16_t *code, size_t bytes,
                          unsigned instructions)
{
    machine_start(m);
    load(m, MAIN, code, bytes);
    PROGRAM(m, MAIN + 0x400, 0x4700); /* bx r0: begins with a jump */
    m->cpu.window[0].wait_states = (uint8_t)wait_states;
    m->cpu.r[0] = MAIN | 1;
    m->cpu.r[15] = MAIN + 0x400;
    step(m, 1);
    uint64_t before = m->cpu.cycles;
    step(m, instructions);
    return m->cpu.cycles - before;
}

/* RM0008 3.3.3: four narrow instructions of a line take longer than reading the next. */
static void narrow_straight_code_flows_at_any_wait_states(void **state)
{
    uint16_t code[40];
    for (unsigned i = 0; i < 40; i++)
        code[i] = NOP;
    for (unsigned wait_states = 0; wait_states <= 2; wait_states++)
        assert_int_equal(cycles_of(*state, wait_states, code, sizeof(code), 40), 40);
}

/* Two wide ones take two cycles, and a line takes one and its wait states. */
static void wide_straight_code_waits_for_its_lines_at_two_wait_states(void **state)
{
    uint16_t code[80];
    for (unsigned i = 0; i < 80; i++)
        code[i] = i % 2 ? WIDE_2 : WIDE_1;
    assert_int_equal(cycles_of(*state, 0, code, sizeof(code), 40), 40);
    assert_int_equal(cycles_of(*state, 1, code, sizeof(code), 40), 40);
    assert_int_equal(cycles_of(*state, 2, code, sizeof(code), 40),
                     40 + 19); /* the first line was waited for */
}

/* An instruction that lies in two lines needs both. */
static void a_jump_to_the_end_of_a_line_waits_for_the_next_too(void **state)
{
    struct machine *m = *state;
    const uint16_t code[] = {NOP, NOP, NOP, WIDE_1, WIDE_2, NOP};
    machine_start(m);
    load(m, MAIN, code, sizeof(code));
    PROGRAM(m, MAIN + 0x400, 0x4700);
    m->cpu.window[0].wait_states = 2;
    m->cpu.r[0] = (MAIN + 6) | 1;
    m->cpu.r[15] = MAIN + 0x400;
    step(m, 1);
    uint64_t before = m->cpu.cycles;
    step(m, 1);
    assert_int_equal(m->cpu.cycles - before, 3);
}

/* A slow instruction lets the flash read ahead. */
static void what_was_read_ahead_is_used_up_before_the_code_waits(void **state)
{
    const uint16_t code[] = {0xFBB3, 0xF0F1, WIDE_1, WIDE_2, /* udiv r0,r3,r1 of 8 cycles or more */
                             WIDE_1, WIDE_2, WIDE_1, WIDE_2, WIDE_1, WIDE_2, WIDE_1, WIDE_2};
    struct machine *m = *state;
    machine_start(m);
    load(m, MAIN, code, sizeof(code));
    m->cpu.window[0].wait_states = 2;
    m->cpu.r[1] = 1;
    m->cpu.r[3] = UINT32_MAX;
    step(m, 1);
    uint64_t before = m->cpu.cycles;
    step(m, 4);
    assert_int_equal(m->cpu.cycles - before, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(narrow_straight_code_flows_at_any_wait_states),
        TEST(wide_straight_code_waits_for_its_lines_at_two_wait_states),
        TEST(a_jump_to_the_end_of_a_line_waits_for_the_next_too),
        TEST(what_was_read_ahead_is_used_up_before_the_code_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
