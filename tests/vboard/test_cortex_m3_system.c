/* The system region: SysTick to the cycle, NVIC and system control block as a program sees them. */
#include "test_cortex_m3_machine.h"

enum {
    SYST = 0xE000E010,
    ISER = 0xE000E100,
    ICER = 0xE000E180,
    ISPR = 0xE000E200,
    ICPR = 0xE000E280,
    IPR = 0xE000E400
};
enum {
    ICSR = 0xE000ED04,
    VTOR = 0xE000ED08,
    AIRCR = 0xE000ED0C,
    SHPR2 = 0xE000ED1C,
    CFSR = 0xE000ED28,
    DEMCR = 0xE000EDFC
};
enum { DWT_CTRL = 0xE0001000, CYCCNT = 0xE0001004, COUNTFLAG = 1 << 16 };

/* The program reads or writes: ldr/str r1,[r0] and their narrow forms. */
static uint32_t access_register(struct machine *m, uint16_t code, uint32_t address, uint32_t value)
{
    PROGRAM(m, MAIN, code);
    m->cpu.r[15] = MAIN;
    m->cpu.r[0] = address;
    m->cpu.r[1] = value;
    step(m, 1);
    return m->cpu.r[1];
}

static uint32_t get(struct machine *m, uint32_t address)
{
    return access_register(m, 0x6801, address, 0);
}

static void set(struct machine *m, uint32_t address, uint32_t value)
{
    access_register(m, 0x6001, address, value);
}

static void set_byte(struct machine *m, uint32_t address, uint32_t value)
{
    access_register(m, 0x7001, address, value);
}

static void identifies_as_a_cortex_m3_r1p1(void **state)
{
    struct machine *m = *state;
    assert_int_equal(get(m, 0xE000ED00), 0x411FC231);
    assert_int_equal(get(m, 0xE000E004), 1); /* ICTR: up to 64 lines */
    assert_int_equal(get(m, 0xE000ED90), 0); /* no MPU */
    assert_int_equal(get(m, 0xE000EDF0), 0); /* no debugger */
    assert_int_equal(get(m, SYST + 12), 0x40002328);
    assert_int_equal(get(m, 0xE00FF000), 0xFFF0F003);
    assert_int_equal(m->violations, 0);
}

static void reserved_registers_are_violations(void **state)
{
    struct machine *m = *state;
    set(m, 0xE000ED8C, 1);
    assert_int_equal(m->violations, 1);
    assert_string_equal(m->rule, "reserved-system-register");
    assert_int_equal(m->cpu.ipsr, 0);
}

static void systick_reaches_zero_after_reload_plus_one_clocks(void **state)
{
    struct machine *m = *state;
    set(m, SYST + 4, 99);
    set(m, SYST + 8, 1);
    set(m, SYST, 7);
    uint64_t started = m->cpu.systick.counted;
    assert_int_equal(m->cpu.systick.wraps, started + 100);
    PROGRAM(m, MAIN, 0xBF00, 0xBF00, 0xBF00, 0xE7FB); /* nop; nop; nop; b */
    m->cpu.r[15] = MAIN;
    while (m->cpu.ipsr == 0)
        step(m, 1);
    /* the instruction under way ends, then the entry takes 12 */
    assert_in_range(m->cpu.cycles, started + 100 + 12, started + 102 + 12);
    assert_int_equal(m->cpu.ipsr, 15);
    assert_int_equal(m->cpu.systick.wraps, started + 200);
}

static void systick_reloads_from_the_register_of_that_moment(void **state)
{
    struct machine *m = *state;
    set(m, SYST + 4, 99);
    set(m, SYST + 8, 0);
    set(m, SYST, 5);
    uint64_t started = m->cpu.systick.counted;
    set(m, SYST + 4, 49);
    assert_int_equal(m->cpu.systick.wraps, started + 100); /* the first clock loaded 99 */
    uint32_t now = get(m, SYST + 8);
    assert_int_equal(now, 100 - (m->cpu.cycles - started));
    PROGRAM(m, MAIN, BRANCH_TO_ITSELF);
    m->cpu.r[15] = MAIN;
    cortex_m3_run(&m->cpu, started + 110);
    assert_int_equal(m->cpu.systick.wraps, started + 150);
    assert_true(get(m, SYST) & COUNTFLAG);
    assert_false(get(m, SYST) & COUNTFLAG); /* reading clears it */
    m->cpu.r[15] = MAIN;
    PROGRAM(m, MAIN, BRANCH_TO_ITSELF);
    cortex_m3_run(&m->cpu, started + 160);
    set(m, SYST + 8, 1234); /* as does writing the counter, which clears it */
    assert_false(get(m, SYST) & COUNTFLAG);
}

static void systick_with_reload_zero_stops(void **state)
{
    struct machine *m = *state;
    set(m, SYST + 4, 20);
    set(m, SYST + 8, 0);
    set(m, SYST, 5);
    step(m, 1);
    set(m, SYST + 4, 0);
    PROGRAM(m, MAIN, BRANCH_TO_ITSELF);
    m->cpu.r[15] = MAIN;
    cortex_m3_run(&m->cpu, m->cpu.cycles + 1000);
    assert_int_equal(get(m, SYST + 8), 0);
    assert_int_equal(m->cpu.systick.wraps, UINT64_MAX);
}

static void systick_can_count_eighths(void **state)
{
    struct machine *m = *state;
    set(m, SYST + 4, 9);
    set(m, SYST + 8, 0);
    set(m, SYST, 1);
    uint64_t started = m->cpu.systick.counted;
    assert_int_equal(m->cpu.systick.wraps, (started / 8 + 10) * 8);
}

static void the_cycle_counter_counts_when_it_may(void **state)
{
    struct machine *m = *state;
    set(m, DEMCR, 1 << 24);
    assert_int_equal(get(m, CYCCNT), 0);
    set(m, DWT_CTRL, 1);
    set(m, CYCCNT, 0);
    uint64_t before = m->cpu.cycles;
    uint32_t first = get(m, CYCCNT);
    PROGRAM(m, MAIN, BRANCH_TO_ITSELF);
    m->cpu.r[15] = MAIN;
    cortex_m3_run(&m->cpu, before + 30000);
    uint64_t middle = m->cpu.cycles;
    uint32_t second = get(m, CYCCNT);
    assert_true(first <= 4);
    assert_in_range(second - first, middle - before - 4, middle - before + 4);
    assert_int_equal(get(m, DWT_CTRL), 0x40000001);
}

static void lines_are_enabled_pended_and_cleared_by_bits(void **state)
{
    struct machine *m = *state;
    set(m, ISER + 4, 1 << 10 | 1u << 31); /* 42 is the last line */
    assert_int_equal(get(m, ISER + 4), 1 << 10);
    assert_int_equal(get(m, ICER + 4), 1 << 10);
    set(m, ICER + 4, 1 << 10);
    assert_int_equal(get(m, ISER + 4), 0);
    set(m, ISPR, 6);
    assert_int_equal(get(m, ICPR), 6);
    set(m, ICPR, 2);
    assert_int_equal(get(m, ISPR), 4);
    set(m, ICER, UINT32_MAX); /* as every start-up code does */
    set(m, ICER + 28, UINT32_MAX);
    set(m, 0xE000EF00, 7); /* STIR */
    assert_int_equal(get(m, ISPR), 4 | 1 << 7);
    assert_int_equal(m->violations, 0);
}

static void a_line_that_is_high_cannot_be_cleared(void **state)
{
    struct machine *m = *state;
    cortex_m3_set_irq(&m->cpu, 3, true);
    set(m, ICPR, 8);
    assert_int_equal(get(m, ISPR), 8);
    cortex_m3_set_irq(&m->cpu, 3, false);
    assert_int_equal(get(m, ISPR), 8);
    set(m, ICPR, 8);
    assert_int_equal(get(m, ISPR), 0);
}

static void priorities_have_four_bits_and_take_bytes(void **state)
{
    struct machine *m = *state;
    set_byte(m, IPR + 6, 0xFF);
    assert_int_equal(get(m, IPR + 4), 0x00F00000);
    set_byte(m, SHPR2 + 3, 0x5A); /* SVCall */
    assert_int_equal(get(m, SHPR2), 0x50000000);
    assert_int_equal(m->violations, 0);
    set_byte(m, VTOR, 0);
    assert_string_equal(m->rule, "system-register-size");
}

static void fault_status_is_cleared_by_ones_also_in_bytes(void **state)
{
    struct machine *m = *state;
    m->cpu.system.cfsr = 0x02018283;
    set_byte(m, CFSR, 0xFF);
    assert_int_equal(get(m, CFSR), 0x02018200);
    set(m, CFSR, 0x00018000);
    assert_int_equal(get(m, CFSR), 0x02000200);
}

static void icsr_pends_and_tells(void **state)
{
    struct machine *m = *state;
    m->cpu.primask = 1;
    set(m, ICSR, 1 << 28);
    uint32_t icsr = get(m, ICSR);
    assert_true(icsr & 1 << 28);
    assert_int_equal(icsr >> 12 & 0x1FF, 14);
    set(m, ICSR, 1 << 27);
    set(m, ICSR, 1 << 26);
    assert_int_equal(get(m, ICSR) >> 12 & 0x1FF, 15);
    set(m, ICSR, 1 << 25);
    assert_int_equal(get(m, ICSR) & 0x1FFFF000, 0);
    set(m, ICSR, 1u << 31);
    step(m, 1);
    assert_int_equal(m->cpu.ipsr, 2); /* NMI knows no mask */
}

/*
 * PM0056 4.4.3: "includes the effect of the BASEPRI and FAULTMASK registers, but not any effect of PRIMASK".
 */
static void vectpending_heeds_basepri_and_faultmask(void **state)
{
    struct machine *m = *state;
    m->cpu.nvic.enabled[6] = true;
    m->cpu.nvic.priority[6] = 0x80;
    m->cpu.primask = 1;
    cortex_m3_set_irq(&m->cpu, 6, true);
    assert_int_equal(get(m, ICSR) >> 12 & 0x1FF, 22);
    m->cpu.basepri = 0x80;
    assert_int_equal(get(m, ICSR) >> 12 & 0x1FF, 0);
    assert_true(get(m, ICSR) & 1 << 22); /* ISRPENDING all the same */
    m->cpu.basepri = 0x90;
    assert_int_equal(get(m, ICSR) >> 12 & 0x1FF, 22);
    m->cpu.faultmask = 1;
    assert_int_equal(get(m, ICSR) >> 12 & 0x1FF, 0);
}

static void a_reset_request_needs_the_key_and_stops_the_run(void **state)
{
    struct machine *m = *state;
    set(m, AIRCR, 4);
    assert_false(m->reset_requested);
    assert_string_equal(m->rule, "aircr-key");
    set(m, AIRCR, 0x05FA0300);
    assert_int_equal(get(m, AIRCR), 0xFA050300);
    PROGRAM(m, MAIN, 0x6001, 0x2201);
    m->cpu.r[15] = MAIN;
    m->cpu.r[0] = AIRCR;
    m->cpu.r[1] = 0x05FA0004;
    cortex_m3_run(&m->cpu, m->cpu.cycles + 1000);
    assert_true(m->reset_requested && m->cpu.stop);
    assert_int_equal(m->cpu.r[2], 0);
    assert_int_equal(m->cpu.r[15], MAIN + 2);
    m->cpu.stop = false;
    cortex_m3_reset(&m->cpu);
    assert_int_equal(m->cpu.r[15], MAIN);
    assert_int_equal(m->cpu.r[13], STACK_TOP);
    assert_int_equal(m->cpu.r[14], UINT32_MAX);
}

static void the_vector_table_moves_to_aligned_places(void **state)
{
    struct machine *m = *state;
    set(m, VTOR, RAM_BASE + 0x1000);
    assert_int_equal(get(m, VTOR), RAM_BASE + 0x1000);
    assert_int_equal(m->violations, 0);
    poke(m, RAM_BASE + 0x1000 + 44, 0x901);
    PROGRAM(m, MAIN, 0xDF00);
    m->cpu.r[15] = MAIN;
    step(m, 2);
    assert_int_equal(m->cpu.r[15], 0x900);
    machine_start(m);
    set(m, VTOR, 0x80); /* 59 vectors need 256 bytes */
    assert_string_equal(m->rule, "vector-table-alignment");
}

/* Each with how many cycles it takes without wait states. */
static void instructions_cost_what_the_manual_says(void **state)
{
    struct machine *m = *state;
    static const struct {
        uint16_t code[2];
        unsigned cycles;
    } costs[] = {
        {{0x1840, 0}, 1},      /* adds r0,r0,r1 */
        {{0x6810, 0}, 2},      /* ldr r0,[r2] */
        {{0x6010, 0}, 1},      /* str r0,[r2] */
        {{0x5050, 0}, 2},      /* str r0,[r2,r1] */
        {{0xCA03, 0}, 3},      /* ldmia r2!,{r0,r1} */
        {{0xB403, 0}, 3},      /* push {r0,r1} */
        {{0xE7FE, 0}, 3},      /* b . */
        {{0x4348, 0}, 1},      /* muls r0,r1 */
        {{0xFB00, 0x0101}, 2}, /* mla r1,r0,r1,r0 */
        {{0xFBB3, 0xF0F1}, 2}, /* udiv r0,r3,r1: 0 / 4 */
    };
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        machine_start(m);
        load(m, MAIN, costs[i].code, 4);
        m->cpu.r[1] = 4;
        m->cpu.r[2] = RAM_BASE;
        uint64_t before = m->cpu.cycles;
        step(m, 1);
        assert_int_equal(m->cpu.cycles - before, costs[i].cycles);
    }
}

static void wait_states_cost_at_jumps_and_data_only(void **state)
{
    struct machine *m = *state;
    m->cpu.window[0].wait_states = 2;
    PROGRAM(m, MAIN, 0xBF00, 0xBF00, 0x4800, 0xE7FE, 0, 0); /* nop; nop; ldr r0,=; b . */
    uint64_t before = m->cpu.cycles;
    step(m, 4);
    assert_int_equal(m->cpu.cycles - before, 1 + 1 + (2 + 2) + (3 + 2));
}

static bool closing_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    struct machine *m = context;
    (void)address, (void)size;
    *value = 1;
    m->cpu.window[0].size = 0; /* as the chip does while the flash is busy */
    m->cpu.cycles += 100;
    cortex_m3_set_irq(&m->cpu, 1, true);
    return true;
}

static bool counting_fetch(void *context, uint32_t address, uint16_t *half_word)
{
    struct machine *m = context;
    m->accesses++;
    memcpy(half_word, m->flash + address, 2);
    return true;
}

static void callbacks_may_move_windows_time_and_lines(void **state)
{
    struct machine *m = *state;
    m->cpu.bus.read = closing_read;
    m->cpu.bus.fetch = counting_fetch;
    m->cpu.nvic.enabled[1] = true;
    PROGRAM(m, MAIN, 0x6801, 0xBF00, BRANCH_TO_ITSELF);
    m->cpu.r[0] = DEVICE;
    m->cpu.system.vtor = RAM_BASE + 0x1000;
    poke(m, RAM_BASE + 0x1000 + 4 * 17, 0x901);
    PROGRAM(m, 0x900, 0xBF00, 0xF04F, 0x0207, BRANCH_TO_ITSELF); /* nop; mov.w r2,#7 */
    cortex_m3_run(&m->cpu, m->cpu.cycles + 1);
    assert_in_range(m->cpu.cycles, 102, 110);
    step(m, 1);
    assert_int_equal(m->cpu.ipsr, 17);
    step(m, 2);
    assert_int_equal(m->cpu.r[2], 7);
    assert_int_equal(m->accesses, 3); /* each half-word through the bus */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identifies_as_a_cortex_m3_r1p1),
        TEST(reserved_registers_are_violations),
        TEST(systick_reaches_zero_after_reload_plus_one_clocks),
        TEST(systick_reloads_from_the_register_of_that_moment),
        TEST(systick_with_reload_zero_stops),
        TEST(systick_can_count_eighths),
        TEST(the_cycle_counter_counts_when_it_may),
        TEST(lines_are_enabled_pended_and_cleared_by_bits),
        TEST(a_line_that_is_high_cannot_be_cleared),
        TEST(priorities_have_four_bits_and_take_bytes),
        TEST(fault_status_is_cleared_by_ones_also_in_bytes),
        TEST(icsr_pends_and_tells),
        TEST(vectpending_heeds_basepri_and_faultmask),
        TEST(a_reset_request_needs_the_key_and_stops_the_run),
        TEST(the_vector_table_moves_to_aligned_places),
        TEST(instructions_cost_what_the_manual_says),
        TEST(wait_states_cost_at_jumps_and_data_only),
        TEST(callbacks_may_move_windows_time_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
