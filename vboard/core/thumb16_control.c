/* The 16-bit branches and what controls the core (A5.2.3 to A5.2.6): IT, hints, CPS, BKPT, SVC. */
#include "cortex_m3.h"

#include "decode.h"
#include "thumb16.h"

void narrow_bx(struct cortex_m3 *cpu, uint32_t op)
{
    if (op & 7)
        m3_unpredictable(cpu, "BX with bits 2..0 set");
    m3_branch_exchange(cpu, m3_register(cpu, field(op, 3, 4)));
}

void narrow_blx(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rm = field(op, 3, 4);
    if (op & 7 || rm == PC)
        m3_unpredictable(cpu, "BLX with bits 2..0 set, or of PC");
    uint32_t target = m3_register(cpu, rm);
    cpu->r[LR] = cpu->r[PC] | 1;
    if (!(target & 1)) {
        cpu->thumb = false;
        m3_private(cpu)->attention |= ATTENTION_STATE;
    }
    m3_branch(cpu, target);
}

void narrow_compare_and_branch(struct cortex_m3 *cpu, uint32_t op)
{
    bool on_nonzero = op & 0x800;
    if (in_it_block(cpu))
        m3_unpredictable(cpu, "CBZ or CBNZ in an IT block");
    if ((cpu->r[op & 7] != 0) == on_nonzero)
        m3_branch(cpu, m3_private(cpu)->at + 4 + field(op, 3, 5) * 2 + field(op, 9, 1) * 64);
}

/* CPS: only PRIMASK and FAULTMASK exist, and only for privileged code (B5.2.1). */
void narrow_cps(struct cortex_m3 *cpu, uint32_t op)
{
    bool disable = op & 0x10;
    if ((op & 0xFFE0) != 0xB660) {
        m3_undefined(cpu);
        return;
    }
    if (op & 0xC || (op & 3) == 0 || in_it_block(cpu))
        m3_unpredictable(cpu, "CPS");
    if (!m3_privileged(cpu))
        return;
    if (op & 2)
        cpu->primask = disable;
    if (op & 1 && (!disable || m3_execution_priority(cpu) > -1))
        cpu->faultmask = disable;
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
}

void narrow_bkpt(struct cortex_m3 *cpu, uint32_t op)
{
    (void)op;
    m3_breakpoint_hit(cpu);
}

static void sleep(struct cortex_m3 *cpu, bool is_wfe)
{
    cpu->sleeping = true;
    m3_private(cpu)->sleep_is_wfe = is_wfe;
    m3_private(cpu)->attention |= ATTENTION_STATE | ATTENTION_EXCEPTIONS;
}

void narrow_it_and_hints(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned condition = field(op, 4, 4), mask = field(op, 0, 4);
    if (mask) {
        bool always = condition == 0xE && __builtin_popcount(mask) != 1;
        if (condition == 0xF || always || in_it_block(cpu))
            m3_unpredictable(cpu, "IT");
        cpu->itstate = (uint8_t)op;
        return;
    }
    switch (condition) {
    case 2: /* WFE */
        if (cpu->event)
            cpu->event = false;
        else
            sleep(cpu, true);
        break;
    case 3: /* WFI */ sleep(cpu, false); break;
    case 4: /* SEV */ cpu->event = true; break;
    default: /* NOP, YIELD, and hints that mean nothing */ break;
    }
}

void narrow_branch_conditional(struct cortex_m3 *cpu, uint32_t op)
{
    if (UNLIKELY(in_it_block(cpu)))
        m3_unpredictable(cpu, "conditional branch in an IT block");
    if (!m3_condition(cpu, field(op, 8, 4)))
        return;
    uint32_t at = m3_private(cpu)->at;
    m3_branch(cpu, at + 4 + (uint32_t)((int8_t)op * 2));
    if (cpu->r[PC] <= at)
        m3_came_around(cpu);
}

void narrow_svc(struct cortex_m3 *cpu, uint32_t op)
{
    (void)op;
    m3_supervisor_call(cpu);
}

void narrow_branch(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t at = m3_private(cpu)->at;
    m3_branch(cpu, at + 4 + (uint32_t)((int32_t)(op << 21) >> 20));
    if (cpu->r[PC] <= at)
        m3_came_around(cpu);
}

void narrow_undefined(struct cortex_m3 *cpu, uint32_t op)
{
    (void)op;
    m3_undefined(cpu);
}
