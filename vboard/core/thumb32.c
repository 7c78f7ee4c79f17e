/* The 32-bit instructions (A5.3): the table that finds the function of each kind. */
#include "cortex_m3.h"

#include "private.h"

static void undefined(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    (void)op1, (void)op2;
    m3_undefined(cpu);
}

static void no_coprocessor(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    (void)op1, (void)op2;
    m3_fault(cpu, USAGE_FAULT, NOCP);
}

/* 0xF000..0xF7FF: immediate data processing, or branches and control. */
static void immediates_and_branches(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    if (op2 & 0x8000)
        m3_branches_and_control(cpu, op1, op2);
    else if (op1 & 0x200)
        m3_dp_plain_immediate(cpu, op1, op2);
    else
        m3_dp_modified_immediate(cpu, op1, op2);
}

/* By bits 12..4 of the first half-word, from 0xE800 on. */
#define WIDE(op1)            (((op1)-0xE800) >> 4)
#define FROM_TO(first, last) [WIDE(first)... WIDE(last)]

static m3_thumb32 *const thumb32_table[0x180] = {
    FROM_TO(0xE800, 0xE83F) = m3_load_store_multiple,
    FROM_TO(0xE840, 0xE87F) = m3_load_store_dual,
    FROM_TO(0xE880, 0xE8BF) = m3_load_store_multiple,
    FROM_TO(0xE8C0, 0xE8FF) = m3_load_store_dual,
    FROM_TO(0xE900, 0xE93F) = m3_load_store_multiple,
    FROM_TO(0xE940, 0xE97F) = m3_load_store_dual,
    FROM_TO(0xE980, 0xE9BF) = m3_load_store_multiple,
    FROM_TO(0xE9C0, 0xE9FF) = m3_load_store_dual,
    FROM_TO(0xEA00, 0xEBFF) = m3_dp_shifted_register,
    FROM_TO(0xEC00, 0xEC1F) = undefined,
    FROM_TO(0xEC20, 0xEEFF) = no_coprocessor,
    FROM_TO(0xEF00, 0xEFFF) = undefined,
    FROM_TO(0xF000, 0xF7FF) = immediates_and_branches,
    [WIDE(0xF800)] = m3_store_single,
    [WIDE(0xF810)] = m3_load_single,
    [WIDE(0xF820)] = m3_store_single,
    [WIDE(0xF830)] = m3_load_single,
    [WIDE(0xF840)] = m3_store_single,
    [WIDE(0xF850)] = m3_load_single,
    FROM_TO(0xF860, 0xF87F) = undefined,
    [WIDE(0xF880)] = m3_store_single,
    [WIDE(0xF890)] = m3_load_single,
    [WIDE(0xF8A0)] = m3_store_single,
    [WIDE(0xF8B0)] = m3_load_single,
    [WIDE(0xF8C0)] = m3_store_single,
    [WIDE(0xF8D0)] = m3_load_single,
    FROM_TO(0xF8E0, 0xF90F) = undefined,
    [WIDE(0xF910)] = m3_load_single,
    [WIDE(0xF920)] = undefined,
    [WIDE(0xF930)] = m3_load_single,
    FROM_TO(0xF940, 0xF98F) = undefined,
    [WIDE(0xF990)] = m3_load_single,
    [WIDE(0xF9A0)] = undefined,
    [WIDE(0xF9B0)] = m3_load_single,
    FROM_TO(0xF9C0, 0xF9FF) = undefined,
    FROM_TO(0xFA00, 0xFAFF) = m3_dp_register,
    FROM_TO(0xFB00, 0xFB7F) = m3_multiply,
    FROM_TO(0xFB80, 0xFBFF) = m3_long_multiply_and_divide,
    FROM_TO(0xFC00, 0xFC1F) = undefined,
    FROM_TO(0xFC20, 0xFEFF) = no_coprocessor,
    FROM_TO(0xFF00, 0xFFFF) = undefined,
};

void m3_fetch_thumb32(struct cortex_m3 *cpu, uint32_t op1)
{
    uint16_t op2;
    if (!m3_fetch(cpu, m3_private(cpu)->at + 2, &op2))
        return;
    cpu->r[PC] += 2;
    thumb32_table[WIDE(op1)](cpu, op1, op2);
}
