/* The processor's run loop: when to execute, when to sleep, when to take an exception, and
 * where instructions come from. */
#include "cortex_m3.h"

#include "private.h"

enum { FIRST_WIDE = 0xE800 };

void cortex_m3_init(struct cortex_m3 *cpu, const struct cortex_m3_bus *bus, unsigned irqs)
{
    struct cortex_m3_window window[CORTEX_M3_WINDOWS];
    memcpy(window, cpu->window, sizeof(window));
    memset(cpu, 0, sizeof(*cpu));
    memcpy(cpu->window, window, sizeof(window));
    cpu->bus = *bus;
    cpu->irqs = irqs < CORTEX_M3_MAX_IRQS ? irqs : CORTEX_M3_MAX_IRQS;
    m3_debug_reset(cpu);
    cortex_m3_reset(cpu);
}

/* B1.5.5 TakeReset(). R0 to R12 keep what they had, LR is all ones. */
void cortex_m3_reset(struct cortex_m3 *cpu)
{
    struct cortex_m3_private *p = m3_private(cpu);
    m3_system_reset(cpu);
    memset(&cpu->systick, 0, sizeof(cpu->systick));
    cpu->systick.counted = cpu->cycles;
    cpu->systick.wraps = UINT64_MAX;
    for (unsigned i = 0; i < CORTEX_M3_MAX_IRQS; i++) {
        cpu->nvic.enabled[i] = cpu->nvic.active[i] = false;
        cpu->nvic.priority[i] = 0;
        cpu->nvic.pending[i] = cpu->nvic.line[i];
    }
    cpu->apsr = 0;
    cpu->ipsr = 0;
    cpu->itstate = 0;
    cpu->primask = cpu->faultmask = cpu->basepri = cpu->control = 0;
    cpu->exclusive = cpu->sleeping = cpu->event = cpu->locked_up = false;
    cpu->side_effects++;
    cpu->other_sp &= ~3u;
    memset(p, 0, offsetof(struct cortex_m3_private, run));
    memset(p->loop, 0, sizeof(p->loop));
    p->attention = ATTENTION_EXCEPTIONS;
    cpu->r[LR] = UINT32_MAX;

    uint32_t sp, pc;
    if (!m3_access_read(cpu, cpu->system.vtor, 4, &sp) ||
        !m3_access_read(cpu, cpu->system.vtor + 4, 4, &pc)) {
        cpu->thumb = true;
        m3_lock_up(cpu, "the vector table cannot be read at reset");
        return;
    }
    m3_set_sp(cpu, sp);
    cpu->r[PC] = pc & ~1u;
    cpu->thumb = pc & 1;
}

void m3_find_code(struct cortex_m3 *cpu, bool jump)
{
    struct cortex_m3_private *p = m3_private(cpu);
    const struct cortex_m3_window *window = m3_window(cpu, cpu->r[PC]);
    if (!window) {
        p->code_size = p->at_hand = 0;
        return;
    }
    p->code_base = window->base;
    p->code_size = window->size;
    p->code = window->bytes;
    p->code_wait = window->wait_states;
    if (jump)
        cpu->cycles += window->wait_states;
    if (window->wait_states == 0) {
        p->line = window->base;
        p->at_hand = window->size;
        p->line_timed = false;
    } else if (jump || !p->line_timed) {
        m3_start_line(cpu, cpu->r[PC]);
    } else {
        p->at_hand = FLASH_LINE;
    }
}

/*
 * Straight code. The flash reads lines of 64 bits, one after the other, each in one cycle and its wait
 * states; two of them are buffered, and the core has three words more (RM0008 3.3.3, DDI 0337). So a
 * line is read when the one before it has come and execution has left the one three before it; the
 * core waits if it comes earlier.
 */
void m3_next_line(struct cortex_m3 *cpu, uint32_t address)
{
    struct cortex_m3_private *p = m3_private(cpu);
    uint32_t line = address & ~(uint32_t)(FLASH_LINE - 1);
    if (p->code_wait == 0)
        return;
    if (line != p->line + FLASH_LINE) {
        m3_start_line(cpu, address);
        return;
    }
    if (cpu->cycles < p->line_ready)
        cpu->cycles = p->line_ready;
    uint64_t read_from = p->line_ready > p->line_began[1] ? p->line_ready : p->line_began[1];
    p->line_began[1] = p->line_began[0];
    p->line_began[0] = cpu->cycles;
    p->line_ready = read_from + p->code_wait + 1;
    p->line = line;
}

/* The default memory map (B3.1): no instructions from peripherals, devices and the system region. */
static bool execute_never(uint32_t address)
{
    return (address >= 0x40000000 && address < 0x60000000) || address >= 0xA0000000;
}

static bool fetch_slow(struct cortex_m3 *cpu, uint32_t address, uint16_t *half_word)
{
    if (execute_never(address)) {
        m3_fault(cpu, MEM_MANAGE, IACCVIOL);
        return false;
    }
    const struct cortex_m3_window *window = m3_window(cpu, address);
    if (window) {
        memcpy(half_word, window->bytes + (address - window->base), 2);
        return true;
    }
    bool done = cpu->bus.fetch && cpu->bus.fetch(cpu->bus.context, address, half_word);
    if (cpu->stop)
        m3_private(cpu)->attention |= ATTENTION_STOP;
    if (!done)
        m3_fault(cpu, BUS_FAULT, IBUSERR);
    return done;
}

bool m3_fetch(struct cortex_m3 *cpu, uint32_t address, uint16_t *half_word)
{
    struct cortex_m3_private *p = m3_private(cpu);
    uint32_t offset = address - p->code_base;
    if (LIKELY(offset < p->code_size)) {
        if (address - p->line >= p->at_hand)
            m3_next_line(cpu, address);
        memcpy(half_word, p->code + offset, 2);
        return true;
    }
    return fetch_slow(cpu, address, half_word);
}

/* 16-bit data processing does not set flags inside an IT block, except for comparisons (A7.3.2). */
static bool keeps_flags_in_it(uint32_t op)
{
    if (op >= 0x4400)
        return false;
    bool compares_immediate = op >> 11 == 5;
    bool tests = op >> 6 == 0x108 || op >> 6 == 0x10A || op >> 6 == 0x10B;
    return !compares_immediate && !tests;
}

static void execute_in_it_block(struct cortex_m3 *cpu, uint32_t op)
{
    struct cortex_m3_private *p = m3_private(cpu);
    uint8_t itstate = cpu->itstate;
    uint32_t next = cpu->r[PC] + (op >= FIRST_WIDE ? 2 : 0);
    bool is_bkpt = op >> 8 == 0xBE;
    uint8_t advanced = (itstate & 7) ? (uint8_t)((itstate & 0xE0) | (itstate << 1 & 0x1F)) : 0;
    cpu->itstate = advanced;
    if (!m3_condition(cpu, itstate >> 4) && !is_bkpt) {
        cpu->r[PC] = next;
        return;
    }
    p->at_itstate = itstate;
    uint32_t apsr = cpu->apsr;
    m3_thumb16_table[op >> 6](cpu, op);
    if (keeps_flags_in_it(op))
        cpu->apsr = apsr;
    if (advanced && cpu->itstate == advanced && cpu->r[PC] != next)
        m3_unpredictable(cpu, "branch inside an IT block");
    p->at_itstate = 0;
}

static void execute(struct cortex_m3 *cpu)
{
    struct cortex_m3_private *p = m3_private(cpu);
    while (cpu->cycles < p->limit && !p->attention) {
        uint32_t pc = cpu->r[PC];
        uint16_t op;
        p->at = pc;
        if (LIKELY(pc - p->line < p->at_hand)) {
            memcpy(&op, p->code + (pc - p->code_base), 2);
        } else {
            p->at_itstate = cpu->itstate;
            if (pc - p->code_base >= p->code_size)
                m3_find_code(cpu, false);
            bool fetched = m3_fetch(cpu, pc, &op);
            p->at_itstate = 0;
            if (!fetched)
                return;
        }
        cpu->r[PC] = pc + 2;
        cpu->cycles++;
        cpu->instructions++;
        if (LIKELY(cpu->itstate == 0))
            m3_thumb16_table[op >> 6](cpu, op);
        else
            execute_in_it_block(cpu, op);
    }
}

static bool at_breakpoint(const struct cortex_m3 *cpu)
{
    for (unsigned i = 0; i < cpu->breakpoint_count; i++)
        if (cpu->breakpoint[i] == cpu->r[PC])
            return true;
    return false;
}

static void tell_sleep(struct cortex_m3 *cpu)
{
    cpu->sleep_told = cpu->sleeping;
    if (cpu->slept)
        cpu->slept(cpu->bus.context, cpu->sleeping);
}

/* Neither asleep nor locked up any more? */
static bool awake(struct cortex_m3 *cpu)
{
    if (cpu->sleeping && m3_wakes(cpu))
        cpu->sleeping = false;
    if (UNLIKELY(cpu->sleeping != cpu->sleep_told))
        tell_sleep(cpu);
    return !cpu->sleeping && !cpu->locked_up;
}

void cortex_m3_run(struct cortex_m3 *cpu, uint64_t until)
{
    struct cortex_m3_private *p = m3_private(cpu);
    bool may_break = p->entered || !cpu->at_breakpoint;
    cpu->at_breakpoint = false;
    p->run++;
    p->code_size = p->at_hand = 0;
    while (cpu->cycles < until && !cpu->stop) {
        if (cpu->cycles >= cpu->systick.wraps)
            m3_systick_settle(cpu);
        bool exceptions = p->attention & ATTENTION_EXCEPTIONS;
        p->attention = 0;
        if (exceptions && m3_take_exception(cpu)) {
            may_break = p->entered = true;
            continue;
        }
        p->horizon = p->limit = until < cpu->systick.wraps ? until : cpu->systick.wraps;
        if (!awake(cpu)) {
            cpu->cycles = p->horizon;
            continue;
        }
        if (!cpu->thumb) {
            p->at = cpu->r[PC];
            p->at_itstate = cpu->itstate;
            m3_fault(cpu, USAGE_FAULT, INVSTATE);
            p->at_itstate = 0;
            continue;
        }
        if (cpu->breakpoint_count) {
            if (may_break && at_breakpoint(cpu)) {
                cpu->at_breakpoint = true;
                break;
            }
            p->limit = cpu->cycles + 1;
        }
        may_break = true;
        p->entered = false;
        execute(cpu);
    }
}

void cortex_m3_set_irq(struct cortex_m3 *cpu, unsigned irq, bool level)
{
    if (irq >= cpu->irqs || cpu->nvic.line[irq] == level)
        return;
    cpu->nvic.line[irq] = level;
    cpu->side_effects++;
    if (level)
        m3_pend(cpu, FIRST_IRQ + (int)irq);
}

void cortex_m3_pend_nmi(struct cortex_m3 *cpu)
{
    m3_pend(cpu, NMI);
}

void cortex_m3_send_event(struct cortex_m3 *cpu)
{
    cpu->event = true;
    cpu->side_effects++;
}
