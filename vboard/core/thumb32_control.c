/* The 32-bit branches and what controls the core (A5.3.4): special registers, barriers, hints. */
#include "cortex_m3.h"

#include "decode.h"

/* SYSm numbers (B5.1.1). */
enum {
    SYSM_EPSR_LAST = 7,
    SYSM_MSP = 8,
    SYSM_PSP,
    SYSM_PRIMASK = 16,
    SYSM_BASEPRI,
    SYSM_BASEPRI_MAX,
    SYSM_FAULTMASK,
    SYSM_CONTROL
};

static void came_around_if_backward(struct cortex_m3 *cpu)
{
    if (cpu->r[PC] <= m3_private(cpu)->at)
        m3_came_around(cpu);
}

static void branch_conditional(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    if (m3_private(cpu)->at_itstate)
        m3_unpredictable(cpu, "conditional branch in an IT block");
    if (!m3_condition(cpu, field(op1, 6, 4)))
        return;
    uint32_t offset = field(op1, 10, 1) << 20 | field(op2, 11, 1) << 19 | field(op2, 13, 1) << 18 |
                      field(op1, 0, 6) << 12 | field(op2, 0, 11) << 1;
    m3_branch(cpu, m3_private(cpu)->at + 4 + (uint32_t)((int32_t)(offset << 11) >> 11));
    came_around_if_backward(cpu);
}

static uint32_t long_offset(uint32_t op1, uint32_t op2)
{
    uint32_t s = field(op1, 10, 1), i1 = !(field(op2, 13, 1) ^ s), i2 = !(field(op2, 11, 1) ^ s);
    uint32_t offset = s << 24 | i1 << 23 | i2 << 22 | field(op1, 0, 10) << 12 | field(op2, 0, 11) << 1;
    return (uint32_t)((int32_t)(offset << 7) >> 7);
}

static void branch(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    m3_branch(cpu, m3_private(cpu)->at + 4 + long_offset(op1, op2));
    came_around_if_backward(cpu);
}

static void branch_with_link(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    cpu->r[LR] = cpu->r[PC] | 1;
    m3_branch(cpu, m3_private(cpu)->at + 4 + long_offset(op1, op2));
}

/* Unprivileged code sees 0 for everything but flags and CONTROL; EPSR reads as 0 always. */
static uint32_t special_register(struct cortex_m3 *cpu, unsigned sysm)
{
    bool privileged = m3_privileged(cpu);
    if (sysm <= SYSM_EPSR_LAST) {
        uint32_t value = sysm & 4 ? 0 : cpu->apsr;
        return sysm & 1 && privileged ? value | cpu->ipsr : value;
    }
    if (sysm == SYSM_CONTROL)
        return cpu->control;
    if (!privileged)
        return 0;
    switch (sysm) {
    case SYSM_MSP: return cortex_m3_msp(cpu);
    case SYSM_PSP: return cortex_m3_psp(cpu);
    case SYSM_PRIMASK: return cpu->primask;
    case SYSM_BASEPRI:
    case SYSM_BASEPRI_MAX: return cpu->basepri;
    case SYSM_FAULTMASK: return cpu->faultmask;
    default: return 0;
    }
}

static bool sysm_exists(unsigned sysm)
{
    return sysm <= SYSM_PSP ? sysm != 4 : sysm >= SYSM_PRIMASK && sysm <= SYSM_CONTROL;
}

static void mrs(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rd = field(op2, 8, 4), sysm = op2 & 0xFF;
    if (rd == SP || rd == PC || !sysm_exists(sysm) || field(op1, 0, 4) != 0xF || op2 & 0x2000)
        m3_unpredictable(cpu, "MRS");
    cpu->cycles++;
    m3_set_register(cpu, rd, special_register(cpu, sysm));
}

static void set_stack_pointer(struct cortex_m3 *cpu, bool process, uint32_t value)
{
    if (m3_uses_psp(cpu) == process)
        m3_set_sp(cpu, value);
    else
        cpu->other_sp = value & ~3u;
}

static void set_control(struct cortex_m3 *cpu, uint32_t value)
{
    uint32_t control = value & (CONTROL_NPRIV | CONTROL_SPSEL);
    if (cpu->ipsr != 0) /* SPSEL is written in thread mode only */
        control = (control & CONTROL_NPRIV) | (cpu->control & CONTROL_SPSEL);
    m3_set_mode(cpu, cpu->ipsr, control);
}

static void set_special_register(struct cortex_m3 *cpu, unsigned sysm, uint32_t value)
{
    uint8_t priority = value & PRIORITY_BITS;
    switch (sysm) {
    case SYSM_MSP: set_stack_pointer(cpu, false, value); break;
    case SYSM_PSP: set_stack_pointer(cpu, true, value); break;
    case SYSM_PRIMASK: cpu->primask = value & 1; break;
    case SYSM_BASEPRI: cpu->basepri = priority; break;
    case SYSM_BASEPRI_MAX:
        if (priority && (priority < cpu->basepri || cpu->basepri == 0))
            cpu->basepri = priority;
        break;
    case SYSM_FAULTMASK:
        if (!(value & 1) || m3_execution_priority(cpu) > -1)
            cpu->faultmask = value & 1;
        break;
    case SYSM_CONTROL: set_control(cpu, value); break;
    default: break;
    }
    m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
}

static void msr(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), sysm = op2 & 0xFF, mask = field(op2, 10, 2);
    bool flags = sysm <= 3;
    /* Without the DSP extension the only mask is "flags". */
    if (rn == SP || rn == PC || !sysm_exists(sysm) || mask != 2 || op2 & 0x2300)
        m3_unpredictable(cpu, "MSR");
    uint32_t value = m3_register(cpu, rn);
    cpu->cycles++;
    if (flags && mask & 2)
        cpu->apsr = value & APSR_MASK;
    else if (m3_privileged(cpu))
        set_special_register(cpu, sysm, value);
}

static void barriers_and_clrex(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    enum { CLREX = 2, DSB = 4, DMB, ISB };
    unsigned operation = field(op2, 4, 4);
    if (field(op1, 0, 4) != 0xF || (op2 & 0x2F00) != 0x0F00)
        m3_unpredictable(cpu, "barrier or CLREX");
    switch (operation) {
    case CLREX: cpu->exclusive = false; break;
    case DSB:
    case DMB: break;
    case ISB: cpu->cycles += 2; break;
    default: m3_undefined(cpu); break;
    }
}

/* The wide hints are the narrow ones; what is not allocated is a NOP. CPS has no wide form here. */
static void hints(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    if (field(op1, 0, 4) != 0xF || op2 & 0x2800)
        m3_unpredictable(cpu, "hint");
    if (op2 & 0x700)
        m3_undefined(cpu);
    else if ((op2 & 0xFF) < 0x10)
        m3_thumb16_table[0xBF00 >> 6](cpu, 0xBF00 | (op2 & 0xF) << 4);
}

static void control(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    switch (field(op1, 4, 7)) {
    case 0x38:
    case 0x39: msr(cpu, op1, op2); break;
    case 0x3A: hints(cpu, op1, op2); break;
    case 0x3B: barriers_and_clrex(cpu, op1, op2); break;
    case 0x3E:
    case 0x3F: mrs(cpu, op1, op2); break;
    default: m3_undefined(cpu); break;
    }
}

void m3_branches_and_control(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    bool links = op2 & 0x4000, is_long = op2 & 0x1000;
    if (links && is_long)
        branch_with_link(cpu, op1, op2);
    else if (links)
        m3_undefined(cpu); /* BLX to ARM code */
    else if (is_long)
        branch(cpu, op1, op2);
    else if (field(op1, 7, 3) != 7)
        branch_conditional(cpu, op1, op2);
    else
        control(cpu, op1, op2);
}
