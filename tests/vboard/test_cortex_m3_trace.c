/* DEMCR and what it turns on (DWT, ITM, TPIU), which resets it outlives, and DHCSR. */
#include "test_cortex_m3_machine.h"

#define ITM_STIM0 0xE0000000u
#define ITM_TER   0xE0000E00u
#define ITM_TCR   0xE0000E80u
#define DWT_CTRL  0xE0001000u
#define CYCCNT    0xE0001004u
#define DWT_COMP0 0xE0001020u
#define FP_COMP0  0xE0002008u
#define DHCSR     0xE000EDF0u
#define DEMCR     0xE000EDFCu
#define TPIU_ACPR 0xE0040010u
#define DWT_PID0  0xE0001FE0u

enum { C_DEBUGEN = 1, TRCENA = 1 << 24, MON_EN = 1 << 16, MON_PEND = 1 << 17, VC_HARDERR = 1 << 10 };
enum { STR_R1_R0 = 0x6001, LDR_R1_R0 = 0x6801 };

static void set(struct machine *m, uint32_t address, uint32_t value)
{
    PROGRAM(m, MAIN, STR_R1_R0);
    m->cpu.r[0] = address;
    m->cpu.r[1] = value;
    m->cpu.r[15] = MAIN;
    step(m, 1);
}

static uint32_t get(struct machine *m, uint32_t address)
{
    PROGRAM(m, MAIN, LDR_R1_R0);
    m->cpu.r[0] = address;
    m->cpu.r[15] = MAIN;
    step(m, 1);
    return m->cpu.r[1];
}

/* DDI 0337E 10.2.4: TRCENA "must be set to 1 to enable use of" DWT, ITM and TPIU. */
static void without_trcena_writes_to_the_trace_units_are_lost_and_told(void **state)
{
    struct machine *m = *state;
    static const uint32_t registers[] = {DWT_CTRL, CYCCNT, DWT_COMP0, ITM_TER, ITM_TCR, ITM_STIM0, TPIU_ACPR};
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        machine_start(m);
        set(m, registers[i], 1);
        assert_int_equal(m->violations, 1);
        assert_string_equal(m->rule, "trace-disabled");
        set(m, DEMCR, TRCENA);
        assert_true(registers[i] == ITM_STIM0 || (get(m, registers[i]) & 0xFFFFFF) == 0);
        assert_int_equal(m->violations, 1);
    }
}

static void without_trcena_the_cycle_counter_reads_as_chips_do_and_is_told_once(void **state)
{
    struct machine *m = *state;
    assert_int_equal(get(m, CYCCNT), 0x40000000);
    assert_int_equal(get(m, CYCCNT), 0x40000000);
    assert_int_equal(m->violations, 1);
    assert_string_equal(m->rule, "trace-disabled");
    assert_int_equal(get(m, DWT_CTRL), 0x40000000);
    assert_int_equal(get(m, ITM_TCR), 0); /* as programs ask whether a debugger listens */
    assert_int_equal(get(m, DWT_PID0), 2);
    assert_int_equal(m->violations, 1);
}

static void the_cycle_counter_stops_and_goes_on_with_trcena(void **state)
{
    struct machine *m = *state;
    set(m, DEMCR, TRCENA);
    set(m, DWT_CTRL, 1);
    uint32_t before = get(m, CYCCNT);
    set(m, DEMCR, 0);
    m->cpu.cycles += 1000;
    set(m, DEMCR, TRCENA);
    assert_in_range(get(m, CYCCNT) - before, 0, 20);
    assert_int_equal(get(m, DWT_CTRL), 0x40000001);
    assert_int_equal(m->violations, 0);
}

static void flash_patch_needs_no_trcena(void **state)
{
    struct machine *m = *state;
    set(m, FP_COMP0, 0x1000);
    assert_int_equal(get(m, FP_COMP0), 0x1000);
    assert_int_equal(m->violations, 0);
}

/* DDI 0337E 10.2.4: only a power-on reset resets DEMCR; the bits of the monitor are cleared by any. */
static void trace_outlives_a_system_reset_but_the_monitor_does_not(void **state)
{
    struct machine *m = *state;
    set(m, DEMCR, TRCENA | MON_EN | VC_HARDERR);
    set(m, DWT_CTRL, 1);
    set(m, DWT_COMP0, 0x12345678);
    set(m, ITM_TER, 3);
    set(m, FP_COMP0, 0x1000);
    set(m, 0xE000ED08, 0x200); /* VTOR, which does not */
    uint32_t counted = get(m, CYCCNT);
    m->cpu.system.pending[12] = true;
    cortex_m3_reset(&m->cpu);
    assert_int_equal(get(m, DEMCR), TRCENA | VC_HARDERR);
    assert_int_equal(get(m, DWT_CTRL), 0x40000001);
    assert_int_equal(get(m, DWT_COMP0), 0x12345678);
    assert_int_equal(get(m, ITM_TER), 3);
    assert_int_equal(get(m, FP_COMP0), 0x1000);
    assert_int_equal(get(m, 0xE000ED08), 0);
    assert_true(get(m, CYCCNT) > counted);
    struct cortex_m3_bus bus = m->cpu.bus;
    cortex_m3_init(&m->cpu, &bus, IRQS); /* power-on */
    assert_int_equal(get(m, DEMCR), 0);
    assert_int_equal(get(m, FP_COMP0), 0);
    set(m, DEMCR, TRCENA);
    assert_int_equal(get(m, DWT_CTRL), 0x40000000);
    assert_int_equal(get(m, CYCCNT), 0);
    assert_int_equal(get(m, ITM_TER), 0);
}

/* ARMv7-M C1.6.2: C_DEBUGEN is the debugger's; the program can read it and no more. */
static void dhcsr_tells_whether_a_debugger_is_there(void **state)
{
    struct machine *m = *state;
    assert_int_equal(get(m, DHCSR), 0);
    m->cpu.debugger = m;
    assert_int_equal(get(m, DHCSR) & C_DEBUGEN, C_DEBUGEN);
    set(m, DHCSR, 0xA05F0000);
    assert_int_equal(get(m, DHCSR) & C_DEBUGEN, C_DEBUGEN);
    m->cpu.debugger = NULL;
    set(m, DHCSR, 0xA05F0001);
    assert_int_equal(get(m, DHCSR), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_trcena_writes_to_the_trace_units_are_lost_and_told),
        TEST(without_trcena_the_cycle_counter_reads_as_chips_do_and_is_told_once),
        TEST(the_cycle_counter_stops_and_goes_on_with_trcena),
        TEST(flash_patch_needs_no_trcena),
        TEST(trace_outlives_a_system_reset_but_the_monitor_does_not),
        TEST(dhcsr_tells_whether_a_debugger_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
