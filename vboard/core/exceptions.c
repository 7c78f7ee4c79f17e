/* Exceptions: what is pending is entered, its frame stacked; returns are checked and unstacked (B1.5). */
#include "cortex_m3.h"

#include "private.h"

enum {
    ENTRY_CYCLES = 12,
    TAIL_CHAIN_CYCLES = 6,
    RETURN_CYCLES = 10,
    FRAME_WORDS = 8,
    FRAME_BYTES = 4 * FRAME_WORDS,
    FRAME_PC = 6,
    FRAME_XPSR = 7
};

void m3_pend(struct cortex_m3 *cpu, int exception)
{
    bool *pending =
        exception < FIRST_IRQ ? &cpu->system.pending[exception] : &cpu->nvic.pending[exception - FIRST_IRQ];
    if (!*pending && cpu->system.scr & SCR_SEVONPEND)
        cpu->event = true;
    cpu->side_effects += !*pending;
    *pending = true;
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
}

bool m3_wakes(struct cortex_m3 *cpu)
{
    bool is_wfe = m3_private(cpu)->sleep_is_wfe;
    if (is_wfe && cpu->event) {
        cpu->event = false;
        return true;
    }
    int pending = m3_highest_pending(cpu);
    int priority = is_wfe ? m3_execution_priority(cpu) : m3_base_priority(cpu);
    return pending && m3_group_priority(cpu, pending) < priority;
}

/* false: the stack could not be written. */
static bool push_frame(struct cortex_m3 *cpu)
{
    uint32_t sp = cpu->r[SP];
    bool align = cpu->system.ccr & CCR_STKALIGN;
    uint32_t moved = align ? sp & 4 : 0;
    uint32_t xpsr = (cortex_m3_xpsr(cpu) & ~XPSR_ALIGN) | (moved ? XPSR_ALIGN : 0);
    uint32_t frame[FRAME_WORDS] = {cpu->r[0],  cpu->r[1],  cpu->r[2],  cpu->r[3],
                                   cpu->r[12], cpu->r[LR], cpu->r[PC], xpsr};
    bool done = true;
    cpu->r[SP] = sp - FRAME_BYTES - moved;
    if (!m3_uses_psp(cpu))
        m3_check_stack(cpu, cpu->r[SP]);
    for (unsigned i = 0; i < FRAME_WORDS && done; i++)
        done = m3_access_write(cpu, cpu->r[SP] + 4 * i, 4, frame[i]);
    return done;
}

static void activate(struct cortex_m3 *cpu, int exception)
{
    if (exception < FIRST_IRQ) {
        cpu->system.pending[exception] = false;
        cpu->system.active[exception] = true;
    } else {
        cpu->nvic.pending[exception - FIRST_IRQ] = false;
        cpu->nvic.active[exception - FIRST_IRQ] = true;
    }
}

/* IPSR comes from stacked frames, in which a program may write any of 512 numbers. */
bool m3_is_active(const struct cortex_m3 *cpu, int exception)
{
    if (exception < FIRST_IRQ)
        return cpu->system.active[exception];
    return exception < FIRST_IRQ + (int)cpu->irqs && cpu->nvic.active[exception - FIRST_IRQ];
}

/* DeActivate(): the FAULTMASK part also for a number that is no exception (B1.5.8). */
static void deactivate(struct cortex_m3 *cpu, int exception)
{
    bool is_irq = exception >= FIRST_IRQ;
    if (exception != NMI)
        cpu->faultmask = 0;
    if (is_irq && exception >= FIRST_IRQ + (int)cpu->irqs)
        return;
    *(is_irq ? &cpu->nvic.active[exception - FIRST_IRQ] : &cpu->system.active[exception]) = false;
    /* A level that is still there asks again. */
    if (is_irq && cpu->nvic.line[exception - FIRST_IRQ])
        m3_pend(cpu, exception);
}

/* ExceptionTaken(): the frame is on the stack. */
static void enter(struct cortex_m3 *cpu, int exception, uint32_t exc_return)
{
    uint32_t vector;
    if (!m3_access_read(cpu, cpu->system.vtor + 4 * (uint32_t)exception, 4, &vector)) {
        cpu->system.hfsr |= HFSR_VECTTBL;
        m3_report_fault(cpu, HARD_FAULT, HARD_FAULT, 0);
        if (exception <= HARD_FAULT) {
            m3_lock_up(cpu, "the vector of HardFault or NMI cannot be read");
            return;
        }
        enter(cpu, HARD_FAULT, exc_return);
        return;
    }
    activate(cpu, exception);
    m3_set_mode(cpu, (uint32_t)exception, cpu->control & ~CONTROL_SPSEL);
    cpu->r[LR] = exc_return;
    cpu->itstate = 0;
    cpu->thumb = vector & 1;
    cpu->exclusive = false;
    cpu->event = true;
    cpu->sleeping = cpu->locked_up = false;
    cpu->side_effects++;
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
    m3_branch(cpu, vector);
    cpu->cycles -= 2; /* the refill is part of the entry's cost */
}

bool m3_take_exception(struct cortex_m3 *cpu)
{
    int exception = m3_highest_pending(cpu);
    if (exception == 0 || m3_group_priority(cpu, exception) >= m3_execution_priority(cpu))
        return false;
    if (cpu->locked_up && exception != NMI)
        return false;
    uint32_t exc_return = cpu->ipsr != 0     ? EXC_RETURN_HANDLER
                          : m3_uses_psp(cpu) ? EXC_RETURN_THREAD_PSP
                                             : EXC_RETURN_THREAD_MSP;
    cpu->cycles += ENTRY_CYCLES;
    if (!push_frame(cpu)) {
        cpu->system.cfsr |= STKERR;
        int derived = exception <= HARD_FAULT ? 0 : m3_pend_or_escalate(cpu, BUS_FAULT);
        m3_report_fault(cpu, BUS_FAULT, derived, STKERR);
        if (derived == 0) {
            m3_lock_up(cpu, "the stack cannot be written on entry of HardFault or NMI");
            return true;
        }
        exception = m3_highest_pending(cpu);
    }
    enter(cpu, exception, exc_return);
    return true;
}

/* Leaves the handler into another one without touching the stack; EXC_RETURN is handed on. */
static void tail_chain(struct cortex_m3 *cpu, int exception, uint32_t exc_return)
{
    cpu->cycles += TAIL_CHAIN_CYCLES;
    m3_private(cpu)->entered = true;
    enter(cpu, exception, exc_return);
}

static void tail_chain_fault(struct cortex_m3 *cpu, int exception, uint32_t cfsr, uint32_t exc_return)
{
    cpu->system.cfsr |= cfsr;
    int taken = m3_pend_or_escalate(cpu, exception);
    m3_report_fault(cpu, exception, taken, cfsr);
    if (taken == 0)
        m3_lock_up(cpu, "fault on return while at the priority of HardFault or NMI");
    else
        tail_chain(cpu, m3_highest_pending(cpu), exc_return);
}

static unsigned nested_activations(const struct cortex_m3 *cpu)
{
    unsigned count = 0;
    for (int i = NMI; i < FIRST_IRQ + (int)cpu->irqs; i++)
        count += m3_is_active(cpu, i);
    return count;
}

static bool return_is_valid(const struct cortex_m3 *cpu, uint32_t exc_return)
{
    bool alone = nested_activations(cpu) == 1;
    if (!m3_is_active(cpu, cpu->ipsr))
        return false;
    switch (exc_return) {
    case EXC_RETURN_HANDLER: return !alone;
    case EXC_RETURN_THREAD_MSP:
    case EXC_RETURN_THREAD_PSP: return alone || cpu->system.ccr & CCR_NONBASETHRDENA;
    default: return false;
    }
}

static void unstack(struct cortex_m3 *cpu, const uint32_t *frame, uint32_t frame_sp, uint32_t exc_return)
{
    bool to_psp = exc_return == EXC_RETURN_THREAD_PSP;
    uint32_t xpsr = frame[FRAME_XPSR];
    uint32_t sp = frame_sp + FRAME_BYTES;
    if (cpu->system.ccr & CCR_STKALIGN && xpsr & XPSR_ALIGN)
        sp |= 4;
    if (to_psp)
        cpu->other_sp = sp;
    else
        cpu->r[SP] = sp;
    memcpy(cpu->r, frame, 4 * sizeof(frame[0]));
    cpu->r[12] = frame[4];
    cpu->r[LR] = frame[5];
    uint32_t control = (cpu->control & CONTROL_NPRIV) | (to_psp ? CONTROL_SPSEL : 0);
    m3_set_mode(cpu, xpsr & XPSR_IPSR, control);
    cortex_m3_set_xpsr(cpu, xpsr);
    if (frame[FRAME_PC] & 1)
        m3_violation(cpu, SUSPICIOUS, "odd-return-address",
                     "the stacked return address 0x%08X is odd; its bit 0 is ignored (ARMv7-M B1.5.8)",
                     (unsigned)frame[FRAME_PC]);
    cpu->event = true;
    cpu->exclusive = false;
    m3_private(cpu)->attention |= ATTENTION_STATE;
    m3_branch(cpu, frame[FRAME_PC]);
    cpu->cycles -= 2;
}

void m3_exception_return(struct cortex_m3 *cpu, uint32_t exc_return)
{
    cpu->side_effects++;
    bool valid = return_is_valid(cpu, exc_return);
    deactivate(cpu, cpu->ipsr);
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
    if (!valid) {
        tail_chain_fault(cpu, USAGE_FAULT, INVPC, exc_return);
        return;
    }
    int next = m3_highest_pending(cpu);
    if (next && m3_group_priority(cpu, next) < m3_execution_priority(cpu)) {
        tail_chain(cpu, next, exc_return);
        return;
    }
    cpu->cycles += RETURN_CYCLES;
    uint32_t frame[FRAME_WORDS];
    uint32_t sp = exc_return == EXC_RETURN_THREAD_PSP ? cpu->other_sp : cpu->r[SP];
    for (unsigned i = 0; i < FRAME_WORDS; i++)
        if (!m3_access_read(cpu, sp + 4 * i, 4, &frame[i])) {
            tail_chain_fault(cpu, BUS_FAULT, UNSTKERR, exc_return);
            return;
        }
    bool to_handler = exc_return == EXC_RETURN_HANDLER;
    if (to_handler != ((frame[FRAME_XPSR] & XPSR_IPSR) != 0)) {
        tail_chain_fault(cpu, USAGE_FAULT, INVPC, exc_return);
        return;
    }
    unstack(cpu, frame, sp, exc_return);
    if (!to_handler && nested_activations(cpu) == 0 && cpu->system.scr & SCR_SLEEPONEXIT) {
        cpu->sleeping = true;
        m3_private(cpu)->sleep_is_wfe = false;
    }
}
