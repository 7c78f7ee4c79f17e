/* Which exception is the most urgent, and how urgent what is being done is (B1.5.4). */
#include "cortex_m3.h"

#include "private.h"

enum { NO_PRIORITY = 256 };

static int priority(const struct cortex_m3 *cpu, int exception)
{
    switch (exception) {
    case NMI: return -2;
    case HARD_FAULT: return -1;
    default:
        return exception < FIRST_IRQ ? cpu->system.priority[exception]
                                     : cpu->nvic.priority[exception - FIRST_IRQ];
    }
}

/* AIRCR.PRIGROUP says which bits count for preemption. */
static int group(const struct cortex_m3 *cpu, int value)
{
    unsigned prigroup = cpu->system.aircr >> 8 & 7;
    return value < 0 ? value : value & (0xFF << (prigroup + 1) & 0xFF);
}

int m3_group_priority(const struct cortex_m3 *cpu, int exception)
{
    return group(cpu, priority(cpu, exception));
}

int m3_mask_priority(const struct cortex_m3 *cpu)
{
    if (cpu->faultmask)
        return -1;
    return cpu->basepri ? group(cpu, cpu->basepri) : NO_PRIORITY;
}

/* Of the active exceptions and BASEPRI, FAULTMASK; without PRIMASK, which does not keep WFI from waking. */
int m3_base_priority(const struct cortex_m3 *cpu)
{
    int highest = NO_PRIORITY;
    for (int i = NMI; i < FIRST_IRQ + (int)cpu->irqs; i++) {
        bool active = i < FIRST_IRQ ? cpu->system.active[i] : cpu->nvic.active[i - FIRST_IRQ];
        if (active && m3_group_priority(cpu, i) < highest)
            highest = m3_group_priority(cpu, i);
    }
    int masked = m3_mask_priority(cpu);
    return masked < highest ? masked : highest;
}

int m3_execution_priority(const struct cortex_m3 *cpu)
{
    int base = m3_base_priority(cpu);
    return cpu->primask && base > 0 ? 0 : base;
}

static bool is_enabled(const struct cortex_m3 *cpu, int exception)
{
    switch (exception) {
    case MEM_MANAGE: return cpu->system.shcsr & SHCSR_MEMFAULTENA;
    case BUS_FAULT: return cpu->system.shcsr & SHCSR_BUSFAULTENA;
    case USAGE_FAULT: return cpu->system.shcsr & SHCSR_USGFAULTENA;
    default: return true;
    }
}

static bool is_pending(const struct cortex_m3 *cpu, int exception)
{
    if (exception < FIRST_IRQ)
        return cpu->system.pending[exception] && is_enabled(cpu, exception);
    return cpu->nvic.pending[exception - FIRST_IRQ] && cpu->nvic.enabled[exception - FIRST_IRQ];
}

/* 0: none. Of equals the lowest number. */
int m3_highest_pending(const struct cortex_m3 *cpu)
{
    int best = 0;
    for (int i = NMI; i < FIRST_IRQ + (int)cpu->irqs; i++)
        if (is_pending(cpu, i) && (best == 0 || priority(cpu, i) < priority(cpu, best)))
            best = i;
    return best;
}
