/* What the decoders of instructions share. */
#pragma once

#include "private.h"

static inline uint32_t field(uint32_t op, unsigned low, unsigned bits)
{
    return op >> low & ((1u << bits) - 1);
}

/* BadReg(), A7.1: what most 32-bit instructions do not take. */
static inline bool is_bad(unsigned n)
{
    return n == SP || n == PC;
}

static inline bool in_it_block(const struct cortex_m3 *cpu)
{
    return cpu->private_state.at_itstate != 0;
}

/* These must be aligned whatever CCR says (A3.2.1). */
static inline bool m3_is_aligned(struct cortex_m3 *cpu, uint32_t address, unsigned size)
{
    if (address & (size - 1))
        m3_fault(cpu, USAGE_FAULT, UNALIGNED);
    return !(address & (size - 1));
}

static inline void m3_write_back(struct cortex_m3 *cpu, unsigned rn, uint32_t value)
{
    cpu->r[rn] = rn == SP ? value & ~3u : value;
}

static inline void m3_check_push(struct cortex_m3 *cpu, unsigned rn, uint32_t address)
{
    if (rn == SP && !m3_uses_psp(cpu))
        m3_check_stack(cpu, address);
}
