/* What the decoders of instructions share. */
#pragma once

#include "cortex_m3_private.h"

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
