/* Skipped passes of idle loops leave everything, to the cycle, as executed ones do. */
#include "test_cortex_m3_machine.h"

/*
 * A main loop with calls and an inner loop that waits for a flag in RAM and counts SysTick's COUNTFLAG:
 *      ldr r4,=0x20000100; ldr r5,=0x20000104; ldr r6,=0xE000E010
 * loop: bl first; bl second
 *      ldr r0,[r6]; lsls r0,#15; bpl 1f; [r5,#4]++
 * 1:   ldr r0,[r4]; cbz r0,2f; [r4] = 0; [r5]++
 * 2:   b loop
 * first: push {r4,r5,lr}; r2 = 5; do push {r2,r4}, pop {r2,r4} while --r2; pop {r4,r5,pc}
 * second: push {r6,r7,lr}; mov r7,sp; bl third; pop {r6,r7,pc}
 * third: push {r0,lr}; r1 = r7 / 3; pop {r0,pc}
 * handler: push {r4,lr}; [0x20000110]++; pop {r4,pc}
 */
static const uint16_t main_loop[] = {
    0x4C12, 0x4D13, 0x4E13, 0xF000, 0xF810, 0xF000, 0xF815, 0x6830, 0x03C0, 0xD502, 0x6868, 0x3001, 0x6068,
    0x6820, 0xB120, 0x2000, 0x6020, 0x6828, 0x3001, 0x6028, 0xE7ED, 0xB530, 0x2205, 0xB414, 0xBC14, 0x3A01,
    0xD1FB, 0xBD30, 0xB5C0, 0x466F, 0xF000, 0xF801, 0xBDC0, 0xB501, 0x2303, 0xFBB7, 0xF1F3, 0xBD01, 0x0100,
    0x2000, 0x0104, 0x2000, 0xE010, 0xE000, 0xB510, 0x4C02, 0x6820, 0x3001, 0x6020, 0xBD10, 0x0110, 0x2000,
};
enum { HANDLER_OFFSET = 0x58, FLAG = 0x20000100, COUNT = 0x20000104, WRAPS = 0x20000108, TICKS = 0x20000110 };
enum { SYST_CSR = 0xE000E010 };

static void start(struct machine *m, bool every_pass, uint32_t csr, uint32_t reload)
{
    machine_start(m);
    m->cpu.every_pass = every_pass;
    load(m, MAIN, main_loop, sizeof(main_loop));
    poke(m, 4 * 15, (MAIN + HANDLER_OFFSET) | 1);
    /* movw r0,#0xe010; movt r0,#0xe000; str r1,[r0,#4]; str r1,[r0,#8]; str r2,[r0]; b.w main */
    PROGRAM(m, 0x800, 0xF24E, 0x0010, 0xF2CE, 0x0000, 0x6041, 0x6081, 0x6002, 0xE7FE);
    m->cpu.r[1] = reload;
    m->cpu.r[2] = csr;
    m->cpu.r[15] = 0x800;
    step(m, 5);
    m->cpu.r[15] = MAIN;
}

static void assert_same(const struct machine *skipping, const struct machine *executing)
{
    assert_int_equal(skipping->cpu.cycles, executing->cpu.cycles);
    assert_int_equal(skipping->cpu.instructions, executing->cpu.instructions);
    assert_memory_equal(skipping->cpu.r, executing->cpu.r, sizeof(skipping->cpu.r));
    assert_int_equal(cortex_m3_xpsr(&skipping->cpu), cortex_m3_xpsr(&executing->cpu));
    assert_memory_equal(skipping->ram, executing->ram, RAM_SIZE);
    assert_int_equal(skipping->cpu.systick.wraps, executing->cpu.systick.wraps);
}

static uint32_t random_bits(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void run_both(uint32_t csr, uint32_t reload)
{
    static struct machine skipping, executing;
    uint64_t seed = csr + reload;
    start(&skipping, false, csr, reload);
    start(&executing, true, csr, reload);
    uint64_t until = 1000;
    for (unsigned i = 0; i < 2000; i++) {
        until += random_bits(&seed) % 5000;
        cortex_m3_run(&skipping.cpu, until);
        cortex_m3_run(&executing.cpu, until);
        assert_same(&skipping, &executing);
        if (random_bits(&seed) & 1) {
            poke(&skipping, FLAG, 1);
            poke(&executing, FLAG, 1);
        }
    }
    assert_true(peek(&executing, COUNT) > 100);
    if (csr & 2)
        assert_true(peek(&executing, TICKS) > 100);
}

static void skipping_an_idle_main_loop_is_exact(void **state)
{
    (void)state;
    run_both(0, 0);
}

static void skipping_is_exact_with_systick_polled(void **state)
{
    (void)state;
    run_both(5, 7919);
    run_both(1, 997);
}

static void skipping_is_exact_with_systick_interrupts(void **state)
{
    (void)state;
    run_both(7, 3001);
    run_both(3, 499);
    run_both(7, 200);
}

/* A second of 72 MHz must not take a second here. */
static void an_idle_main_loop_is_skipped(void **state)
{
    (void)state;
    static struct machine m;
    start(&m, false, 0, 0);
    cortex_m3_run(&m.cpu, 1000000000000ull); /* hours, if executed */
    assert_true(m.cpu.cycles >= 1000000000000ull);
    assert_true(m.cpu.private_state.changes < 100000);
}

/* loop: ldr r1,[r0]; b loop, with r0 = a register that is the same each time; then one that is not. */
static void a_device_that_does_not_change_is_read_a_few_times_only(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0x6801, 0xE7FD);
    m->cpu.r[0] = DEVICE;
    cortex_m3_run(&m->cpu, 100000000);
    assert_true(m->accesses < 20);
}

/* loop: adds r1,#1; str r1,[r0]; b loop: a register that changes each time. */
static void a_loop_that_writes_to_a_device_is_executed(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0x3101, 0x6001, 0xE7FC);
    m->cpu.r[0] = DEVICE;
    cortex_m3_run(&m->cpu, 50000);
    assert_int_equal(m->accesses, m->cpu.instructions / 3);
}

/* loop: ldr r1,[r0]; b loop, with r0 = CYCCNT, then SysTick's current value. */
static void time_is_never_skipped_while_it_is_read(void **state)
{
    struct machine *m = *state;
    static const uint32_t registers[] = {0xE0001004, 0xE000E018};
    for (unsigned i = 0; i < 2; i++) {
        static struct machine other;
        machine_start(m);
        /*
         * DEMCR.TRCENA, DWT_CTRL.CYCCNTENA, SysTick on: str r2,[r1]; str r4,[r3]; str r4,[r6,#4]; str r5,[r6]
         */
        PROGRAM(m, MAIN, 0x600A, 0x601C, 0x6074, 0x6035, 0x6807, 0xE7FD);
        m->cpu.r[0] = registers[i];
        m->cpu.r[1] = 0xE000EDFC;
        m->cpu.r[2] = 1u << 24;
        m->cpu.r[3] = 0xE0001000;
        m->cpu.r[4] = 0x3FF;
        m->cpu.r[5] = 5;
        m->cpu.r[6] = SYST_CSR;
        memcpy(&other, m, sizeof(other));
        other.cpu.bus.context = &other;
        other.cpu.window[0].bytes = other.flash;
        other.cpu.window[1].bytes = other.ram;
        other.cpu.every_pass = true;
        cortex_m3_run(&m->cpu, 77777);
        cortex_m3_run(&other.cpu, 77777);
        assert_same(m, &other);
    }
}

/* loop: ldr r1,[r0]; eors r1,r2; str r1,[r0]; b loop: memory repeats every second pass, registers too. */
static void a_state_that_repeats_every_other_pass_is_found(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0x6801, 0x4051, 0x6001, 0xE7FB);
    m->cpu.r[0] = FLAG;
    m->cpu.r[2] = 0x55;
    cortex_m3_run(&m->cpu, 1000000000000ull);
    assert_true(m->cpu.private_state.changes < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(skipping_an_idle_main_loop_is_exact),
        TEST(skipping_is_exact_with_systick_polled),
        TEST(skipping_is_exact_with_systick_interrupts),
        TEST(an_idle_main_loop_is_skipped),
        TEST(a_device_that_does_not_change_is_read_a_few_times_only),
        TEST(a_loop_that_writes_to_a_device_is_executed),
        TEST(time_is_never_skipped_while_it_is_read),
        TEST(a_state_that_repeats_every_other_pass_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
