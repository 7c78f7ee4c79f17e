/* Faults, breakpoints and supervisor calls: they become pending, escalate or lock the core up (B1.5.14). */
#include "cortex_m3.h"

#include <stdio.h>

#include "private.h"

void m3_lock_up(struct cortex_m3 *cpu, const char *why)
{
    char registers[512];
    if (cpu->locked_up)
        return;
    m3_report(cpu, REPORT_FAULT, "Lock-up: %s\n%s", why,
              cortex_m3_describe(cpu, registers, sizeof(registers)));
    cpu->locked_up = true;
    m3_private(cpu)->attention |= ATTENTION_STATE;
}

static const char *fault_name(int exception)
{
    switch (exception) {
    case NMI: return "NMI";
    case HARD_FAULT: return "HardFault";
    case MEM_MANAGE: return "MemManage";
    case BUS_FAULT: return "BusFault";
    case USAGE_FAULT: return "UsageFault";
    case SVCALL: return "SVCall";
    default: return "DebugMonitor";
    }
}

static const struct {
    uint32_t bit;
    const char *name;
} cfsr_names[] = {
    {IACCVIOL, "IACCVIOL"},       {IBUSERR, "IBUSERR"}, {PRECISERR, "PRECISERR"}, {UNSTKERR, "UNSTKERR"},
    {IMPRECISERR, "IMPRECISERR"}, {STKERR, "STKERR"},   {BFARVALID, "BFARVALID"}, {UNDEFINSTR, "UNDEFINSTR"},
    {INVSTATE, "INVSTATE"},       {INVPC, "INVPC"},     {NOCP, "NOCP"},           {UNALIGNED, "UNALIGNED"},
    {DIVBYZERO, "DIVBYZERO"},
};

void m3_report_fault(struct cortex_m3 *cpu, int cause, int taken, uint32_t cfsr)
{
    char names[160] = "", where[32] = "", registers[512];
    for (size_t i = 0; i < sizeof(cfsr_names) / sizeof(cfsr_names[0]); i++)
        if (cfsr & cfsr_names[i].bit) {
            strcat(names, " ");
            strcat(names, cfsr_names[i].name);
        }
    if (cfsr & BFARVALID)
        snprintf(where, sizeof(where), " address 0x%08X", cpu->system.bfar);
    m3_report(cpu, REPORT_FAULT, "%s%s:%s%s at PC 0x%08X\n%s", fault_name(cause),
              taken == HARD_FAULT && cause != HARD_FAULT ? " escalated to HardFault" : "", names, where,
              cpu->r[PC], cortex_m3_describe(cpu, registers, sizeof(registers)));
}

static bool may_preempt(const struct cortex_m3 *cpu, int exception)
{
    static const uint32_t enable[] = {
        [MEM_MANAGE] = SHCSR_MEMFAULTENA, [BUS_FAULT] = SHCSR_BUSFAULTENA, [USAGE_FAULT] = SHCSR_USGFAULTENA};
    if (exception <= USAGE_FAULT && !(cpu->system.shcsr & enable[exception]))
        return false;
    return m3_group_priority(cpu, exception) < m3_execution_priority(cpu);
}

int m3_pend_or_escalate(struct cortex_m3 *cpu, int exception)
{
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
    if (may_preempt(cpu, exception)) {
        cpu->system.pending[exception] = true;
        return exception;
    }
    if (m3_execution_priority(cpu) < 0)
        return 0;
    cpu->system.hfsr |= exception == DEBUG_MONITOR ? HFSR_DEBUGEVT : HFSR_FORCED;
    cpu->system.pending[HARD_FAULT] = true;
    return HARD_FAULT;
}

static void rewind_instruction(struct cortex_m3 *cpu)
{
    cpu->r[PC] = m3_private(cpu)->at;
    cpu->itstate = m3_private(cpu)->at_itstate;
}

void m3_fault(struct cortex_m3 *cpu, int exception, uint32_t cfsr)
{
    cpu->side_effects++;
    cpu->system.cfsr |= cfsr;
    rewind_instruction(cpu);
    int taken = m3_pend_or_escalate(cpu, exception);
    m3_report_fault(cpu, exception, taken, cfsr);
    if (taken == 0)
        m3_lock_up(cpu, "fault while at the priority of HardFault or NMI");
}

/*
 * Asynchronous, as an interrupt is: whatever priority the core has, BusFault waits for its turn, or HardFault
 * if BusFault is not enabled. It is taken behind the store; a real core may be some instructions further.
 */
void m3_imprecise_fault(struct cortex_m3 *cpu, uint32_t address)
{
    bool ignored = cpu->system.ccr & CCR_BFHFNMIGN && m3_execution_priority(cpu) < 0;
    bool enabled = cpu->system.shcsr & SHCSR_BUSFAULTENA;
    cpu->side_effects++;
    cpu->system.cfsr |= IMPRECISERR;
    if (ignored)
        return;
    if (!enabled)
        cpu->system.hfsr |= HFSR_FORCED;
    m3_pend(cpu, enabled ? BUS_FAULT : HARD_FAULT);
    char registers[512];
    m3_report(cpu, REPORT_FAULT,
              "BusFault%s: IMPRECISERR: the store at PC 0x%08X meets an error at 0x%08X\n%s",
              enabled ? "" : " escalated to HardFault", m3_private(cpu)->at, address,
              cortex_m3_describe(cpu, registers, sizeof(registers)));
}

void m3_breakpoint_hit(struct cortex_m3 *cpu)
{
    cpu->side_effects++;
    cpu->system.dfsr |= DFSR_BKPT;
    rewind_instruction(cpu);
    if (cpu->debugger) {
        cpu->at_breakpoint = cpu->stop = true;
        m3_private(cpu)->attention |= ATTENTION_STOP;
        return;
    }
    if (cpu->system.demcr & DEMCR_MON_EN && may_preempt(cpu, DEBUG_MONITOR)) {
        cpu->system.pending[DEBUG_MONITOR] = true;
        m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
        return;
    }
    /* The monitor, when not enabled, must not be pended: escalate past it. */
    bool locks = m3_execution_priority(cpu) < 0;
    cpu->system.hfsr |= HFSR_DEBUGEVT;
    m3_report(cpu, REPORT_FAULT, "BKPT without a debugger at PC 0x%08X", cpu->r[PC]);
    if (locks) {
        m3_lock_up(cpu, "BKPT while at the priority of HardFault or NMI");
        return;
    }
    cpu->system.pending[HARD_FAULT] = true;
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
}

void m3_supervisor_call(struct cortex_m3 *cpu)
{
    int taken = m3_pend_or_escalate(cpu, SVCALL);
    if (taken == SVCALL)
        return;
    m3_report_fault(cpu, SVCALL, taken, 0);
    if (taken == 0) {
        rewind_instruction(cpu);
        m3_lock_up(cpu, "SVC while at the priority of HardFault or NMI");
    }
}
