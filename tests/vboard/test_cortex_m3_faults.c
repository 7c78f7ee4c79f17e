/* Forged returns from exceptions, and the bus faults of stores that the write buffer makes imprecise. */
#include "test_cortex_m3_machine.h"

#define ENABLE_FAULTS (7u << 16)
#define INVPC         (1u << 18)
#define PRECISERR     (1u << 9)
#define IMPRECISERR   (1u << 10)
#define BFARVALID     (1u << 15)
#define FORCED        (1u << 30)
#define ACTLR         0xE000E008u

enum { DISDEFWBUF = 2, CCR_BFHFNMIGN = 1 << 8, PC_IN_FRAME = 24, XPSR_IN_FRAME = 28 };
enum { BUS_FAULT = 5, SVCALL = 11, HARD_FAULT = 3 };
enum { BX_LR = 0x4770, NOP = 0xBF00, STR_R1_R0 = 0x6001, LDR_R1_R0 = 0x6801 };

/* In a handler that was interrupted by another one: its stacked IPSR is what the inner one returns to. */
static void return_to_forged_ipsr(struct machine *m, uint32_t ipsr)
{
    machine_start(m);
    PROGRAM(m, MAIN, 0xDF00); /* svc #0 */
    PROGRAM(m, handler_of(SVCALL), NOP, BX_LR);
    PROGRAM(m, handler_of(2), BX_LR);
    step(m, 2);
    assert_int_equal(m->cpu.ipsr, SVCALL);
    cortex_m3_pend_nmi(&m->cpu);
    step(m, 1);
    assert_int_equal(m->cpu.ipsr, 2);
    uint32_t at = m->cpu.r[13] + XPSR_IN_FRAME;
    poke(m, at, (peek(m, at) & ~0x1FFu) | ipsr);
    m->cpu.system.shcsr = ENABLE_FAULTS;
    m->cpu.system.priority[SVCALL] = 0x40; /* which stays active: UsageFault may preempt it */
}

/* ARMv7-M B1.5.8: the number of the returning exception is checked against those that are active. */
static void a_return_from_an_exception_that_is_not_active_is_invpc(void **state)
{
    struct machine *m = *state;
    static const uint32_t forged[] = {511, 400, 16 + 80, 16 + IRQS, 16 + 5, 1, 14};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        return_to_forged_ipsr(m, forged[i]);
        step(m, 1); /* the return to the handler, which now has another number */
        assert_int_equal(m->cpu.ipsr, forged[i]);
        struct cortex_m3_nvic nvic = m->cpu.nvic;
        step(m, 2); /* nop, bx lr */
        assert_int_equal(m->cpu.system.cfsr, INVPC);
        assert_int_equal(m->cpu.ipsr, 6);
        assert_memory_equal(&nvic, &m->cpu.nvic, sizeof(nvic));
    }
}

static void loads_are_precise_and_bfar_is_the_address_asked_for(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, LDR_R1_R0);
    m->cpu.r[0] = RAM_BASE + RAM_SIZE - 2; /* the second half is what is not there */
    step(m, 2);
    assert_int_equal(m->cpu.system.cfsr, PRECISERR | BFARVALID);
    assert_int_equal(m->cpu.system.bfar, RAM_BASE + RAM_SIZE - 2); /* PM0056 4.4, BFAR */
}

/* Every store but to the private peripheral bus: PM0056 4.4.1, DDI 0337 "Write buffer". */
static void stores_are_imprecise_and_the_program_goes_on_first(void **state)
{
    struct machine *m = *state;
    static const uint32_t nowhere[] = {NOWHERE, 0x100, 0x40000400, 0x60000000, 0xA0000000};
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        machine_start(m);
        PROGRAM(m, MAIN, 0xF840, 0x1B04, NOP); /* str r1,[r0],#4 */
        m->cpu.r[0] = nowhere[i];
        m->cpu.system.shcsr = ENABLE_FAULTS;
        step(m, 2);
        assert_int_equal(m->cpu.ipsr, BUS_FAULT);
        assert_int_equal(m->cpu.system.cfsr, IMPRECISERR);
        assert_int_equal(m->cpu.system.bfar, 0);
        assert_int_equal(m->cpu.r[0], nowhere[i] + 4); /* the store is over */
        assert_int_equal(peek(m, m->cpu.r[13] + PC_IN_FRAME), MAIN + 4);
        assert_non_null(strstr(m->fault, "IMPRECISERR"));
    }
}

static void a_store_of_several_words_goes_on_behind_an_imprecise_error(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0xC00E); /* stmia r0!,{r1-r3} */
    m->cpu.r[0] = RAM_BASE - 4;
    m->cpu.r[2] = 22;
    m->cpu.r[3] = 33;
    step(m, 2);
    assert_int_equal(m->cpu.system.cfsr, IMPRECISERR);
    assert_int_equal(m->cpu.ipsr, HARD_FAULT);
    assert_int_equal(m->cpu.system.hfsr, FORCED);
    assert_int_equal(peek(m, RAM_BASE), 22);
    assert_int_equal(peek(m, RAM_BASE + 4), 33);
    assert_int_equal(m->cpu.r[0], RAM_BASE + 8);
}

static void without_the_write_buffer_stores_are_precise(void **state)
{
    struct machine *m = *state;
    static const struct {
        uint16_t code[2];
        uint32_t base, fault;
    } stores[] = {
        {{0x6011, NOP}, NOWHERE, NOWHERE},                                 /* str r1,[r2] */
        {{0xF842, 0x1B04}, NOWHERE, NOWHERE},                              /* str r1,[r2],#4 */
        {{0xC20B, NOP}, RAM_BASE + RAM_SIZE - 4, RAM_BASE + RAM_SIZE},     /* stmia r2!,{r0,r1,r3} */
        {{0x6011, NOP}, 0x100, 0x100},                                     /* to flash */
        {{0x6011, NOP}, RAM_BASE + RAM_SIZE - 2, RAM_BASE + RAM_SIZE - 2}, /* unaligned, in part */
    };
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        machine_start(m);
        PROGRAM(m, MAIN, STR_R1_R0);
        load(m, MAIN + 2, stores[i].code, sizeof(stores[i].code));
        m->cpu.r[0] = ACTLR;
        m->cpu.r[1] = DISDEFWBUF;
        m->cpu.r[2] = stores[i].base;
        m->cpu.system.shcsr = ENABLE_FAULTS;
        step(m, 3);
        assert_int_equal(m->cpu.ipsr, BUS_FAULT);
        assert_int_equal(m->cpu.system.cfsr, PRECISERR | BFARVALID);
        assert_int_equal(m->cpu.system.bfar, stores[i].fault);
        assert_int_equal(m->cpu.r[2], stores[i].base); /* no write-back */
        assert_int_equal(peek(m, m->cpu.r[13] + PC_IN_FRAME), MAIN + 2);
    }
}

static void an_exclusive_store_waits_for_its_answer(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0xE840, 0x1200); /* strex r2,r1,[r0] */
    m->cpu.r[0] = m->cpu.exclusive_address = NOWHERE;
    m->cpu.exclusive = true;
    step(m, 2);
    assert_int_equal(m->cpu.system.cfsr, PRECISERR | BFARVALID);
}

/* An unprivileged store to the private peripheral bus is refused inside the core. */
static void the_private_peripheral_bus_has_no_write_buffer(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, STR_R1_R0);
    m->cpu.control = 1;
    m->cpu.r[0] = 0xE000ED08;
    step(m, 2);
    assert_int_equal(m->cpu.system.cfsr, PRECISERR | BFARVALID);
}

/* ARMv7-M B1.5.14: pended, as an interrupt is, not escalated for its priority. */
static void an_imprecise_error_waits_for_its_turn(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0xB671, STR_R1_R0, NOP, 0xB661, NOP); /* cpsid f; str; nop; cpsie f */
    m->cpu.r[0] = NOWHERE;
    m->cpu.system.shcsr = ENABLE_FAULTS;
    step(m, 3);
    assert_int_equal(m->cpu.ipsr, 0);
    assert_true(m->cpu.system.pending[BUS_FAULT]);
    assert_false(m->cpu.locked_up);
    step(m, 2);
    assert_int_equal(m->cpu.ipsr, BUS_FAULT);
    assert_int_equal(m->cpu.system.hfsr, 0);

    machine_start(m); /* with BusFault disabled it is HardFault that waits */
    PROGRAM(m, MAIN, 0xB671, STR_R1_R0, NOP, 0xB661, NOP);
    m->cpu.r[0] = NOWHERE;
    step(m, 3);
    assert_int_equal(m->cpu.ipsr, 0);
    assert_true(m->cpu.system.pending[HARD_FAULT]);
    step(m, 2);
    assert_int_equal(m->cpu.ipsr, HARD_FAULT);
    assert_int_equal(m->cpu.system.hfsr, FORCED);
}

static void bfhfnmign_ignores_imprecise_errors_too(void **state)
{
    struct machine *m = *state;
    PROGRAM(m, MAIN, 0xB671, STR_R1_R0, NOP, 0xB661, NOP); /* cpsid f; str; nop; cpsie f */
    m->cpu.r[0] = NOWHERE;
    m->cpu.system.ccr = CCR_BFHFNMIGN;
    step(m, 5);
    assert_int_equal(m->cpu.ipsr, 0);
    assert_int_equal(m->cpu.system.cfsr, IMPRECISERR);
    assert_int_equal(m->cpu.r[15], MAIN + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_return_from_an_exception_that_is_not_active_is_invpc),
        TEST(loads_are_precise_and_bfar_is_the_address_asked_for),
        TEST(stores_are_imprecise_and_the_program_goes_on_first),
        TEST(a_store_of_several_words_goes_on_behind_an_imprecise_error),
        TEST(without_the_write_buffer_stores_are_precise),
        TEST(an_exclusive_store_waits_for_its_answer),
        TEST(the_private_peripheral_bus_has_no_write_buffer),
        TEST(an_imprecise_error_waits_for_its_turn),
        TEST(bfhfnmign_ignores_imprecise_errors_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
