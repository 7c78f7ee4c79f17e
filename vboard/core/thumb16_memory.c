/* The 16-bit loads and stores (A5.2.4 to A5.2.6). */
#include "cortex_m3.h"

#include "decode.h"
#include "thumb16.h"

/* Loads take a cycle more than the base cost; stores with a register offset as well (TRM 18.2). */
static void load(struct cortex_m3 *cpu, unsigned rt, uint32_t address, unsigned size)
{
    uint32_t value;
    cpu->cycles++;
    if (m3_read(cpu, address, size, &value))
        cpu->r[rt] = value;
}

static uint32_t register_offset(const struct cortex_m3 *cpu, uint32_t op)
{
    return cpu->r[field(op, 3, 3)] + cpu->r[field(op, 6, 3)];
}

static uint32_t immediate_offset(const struct cortex_m3 *cpu, uint32_t op, unsigned size)
{
    return cpu->r[field(op, 3, 3)] + field(op, 6, 5) * size;
}

void narrow_ldr_literal(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, field(op, 8, 3), ((m3_private(cpu)->at + 4) & ~3u) + field(op, 0, 8) * 4, 4);
}

void narrow_str_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 4, cpu->r[op & 7]);
}

void narrow_strh_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 2, cpu->r[op & 7]);
}

void narrow_strb_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 1, cpu->r[op & 7]);
}

void narrow_ldr_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 4);
}

void narrow_ldrh_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 2);
}

void narrow_ldrb_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 1);
}

void narrow_ldrsb_register(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value;
    cpu->cycles++;
    if (m3_read(cpu, register_offset(cpu, op), 1, &value))
        cpu->r[op & 7] = (uint32_t)(int8_t)value;
}

void narrow_ldrsh_register(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value;
    cpu->cycles++;
    if (m3_read(cpu, register_offset(cpu, op), 2, &value))
        cpu->r[op & 7] = (uint32_t)(int16_t)value;
}

void narrow_str_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 4), 4, cpu->r[op & 7]);
}

void narrow_strh_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 2), 2, cpu->r[op & 7]);
}

void narrow_strb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 1), 1, cpu->r[op & 7]);
}

void narrow_ldr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 4), 4);
}

void narrow_ldrh_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 2), 2);
}

void narrow_ldrb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 1), 1);
}

void narrow_str_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, cpu->r[SP] + field(op, 0, 8) * 4, 4, cpu->r[field(op, 8, 3)]);
}

void narrow_ldr_sp(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, field(op, 8, 3), cpu->r[SP] + field(op, 0, 8) * 4, 4);
}

static bool store_list(struct cortex_m3 *cpu, uint32_t address, uint32_t list)
{
    for (unsigned i = 0; list; i++, list >>= 1) {
        if (!(list & 1))
            continue;
        cpu->cycles++;
        if (!m3_write(cpu, address, 4, cpu->r[i]))
            return false;
        address += 4;
    }
    return true;
}

void narrow_push(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t list = (op & 0xFF) | (op & 0x100) << (LR - 8);
    uint32_t address = cpu->r[SP] - 4 * (uint32_t)__builtin_popcount(list);
    if (list == 0)
        m3_unpredictable(cpu, "PUSH of nothing");
    if (UNLIKELY(address < cpu->stack_limit || m3_private(cpu)->below_limit) && !m3_uses_psp(cpu))
        m3_check_stack(cpu, address);
    if (store_list(cpu, address, list))
        cpu->r[SP] = address;
}

void narrow_pop(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t address = cpu->r[SP];
    uint32_t value[9];
    unsigned count = 0;
    if ((op & 0x1FF) == 0)
        m3_unpredictable(cpu, "POP of nothing");
    for (uint32_t list = op & 0x1FF; list; list &= list - 1) {
        cpu->cycles++;
        if (!m3_read(cpu, address, 4, &value[count++]))
            return;
        address += 4;
    }
    count = 0;
    for (unsigned i = 0; i < 8; i++)
        if (op >> i & 1)
            cpu->r[i] = value[count++];
    cpu->r[SP] = address;
    if (op & 0x100)
        m3_branch_exchange(cpu, value[count]);
}

void narrow_stm(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = field(op, 8, 3);
    uint32_t list = op & 0xFF, base = cpu->r[rn];
    bool base_not_lowest = list >> rn & 1 && list & ((1u << rn) - 1);
    if (list == 0 || base_not_lowest)
        m3_unpredictable(cpu, "STM of nothing, or of its base");
    if (m3_is_aligned(cpu, base, 4) && store_list(cpu, base, list))
        cpu->r[rn] = base + 4 * (uint32_t)__builtin_popcount(list);
}

void narrow_ldm(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = field(op, 8, 3), count = 0;
    uint32_t list = op & 0xFF, base = cpu->r[rn];
    uint32_t value[8];
    if (list == 0)
        m3_unpredictable(cpu, "LDM of nothing");
    if (!m3_is_aligned(cpu, base, 4))
        return;
    for (uint32_t left = list; left; left &= left - 1, count++) {
        cpu->cycles++;
        if (!m3_read(cpu, base + 4 * count, 4, &value[count]))
            return;
    }
    cpu->r[rn] = base + 4 * count;
    count = 0;
    for (unsigned i = 0; i < 8; i++)
        if (list >> i & 1)
            cpu->r[i] = value[count++];
}
