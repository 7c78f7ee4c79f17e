/* The 16-bit instructions (A5.2), one function for each kind, and the table that finds it by the upper ten
 * bits. Names follow the manual's; flags set inside an IT block are undone by the run loop. */
#include "cortex_m3.h"

#include "cortex_m3_private.h"

static uint32_t field(uint32_t op, unsigned low, unsigned bits)
{
    return op >> low & ((1u << bits) - 1);
}

static void lsl_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    bool carry = m3_carry(cpu);
    uint32_t result = m3_shift(cpu->r[field(op, 3, 3)], SHIFT_LSL, field(op, 6, 5), &carry);
    m3_set_nzc(cpu, cpu->r[op & 7] = result, carry);
}

static void shift_right_immediate(struct cortex_m3 *cpu, uint32_t op, enum m3_shift kind)
{
    bool carry;
    uint32_t amount = field(op, 6, 5);
    uint32_t result = m3_shift(cpu->r[field(op, 3, 3)], kind, amount ? amount : 32, &carry);
    m3_set_nzc(cpu, cpu->r[op & 7] = result, carry);
}

static void lsr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    shift_right_immediate(cpu, op, SHIFT_LSR);
}

static void asr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    shift_right_immediate(cpu, op, SHIFT_ASR);
}

static void add_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], cpu->r[field(op, 6, 3)], 0);
}

static void sub_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], ~cpu->r[field(op, 6, 3)], 1);
}

static void add_immediate3(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], field(op, 6, 3), 0);
}

static void sub_immediate3(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], ~field(op, 6, 3), 1);
}

static void mov_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[field(op, 8, 3)] = op & 0xFF);
}

static void cmp_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[field(op, 8, 3)], ~(op & 0xFF), 1);
}

static void add_immediate8(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t *rdn = &cpu->r[field(op, 8, 3)];
    *rdn = m3_add(cpu, *rdn, op & 0xFF, 0);
}

static void sub_immediate8(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t *rdn = &cpu->r[field(op, 8, 3)];
    *rdn = m3_add(cpu, *rdn, ~(op & 0xFF), 1);
}

static void and_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] &= cpu->r[field(op, 3, 3)]);
}

static void eor_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] ^= cpu->r[field(op, 3, 3)]);
}

static void orr_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] |= cpu->r[field(op, 3, 3)]);
}

static void bic_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] &= ~cpu->r[field(op, 3, 3)]);
}

static void mvn_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] = ~cpu->r[field(op, 3, 3)]);
}

static void mul_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] *= cpu->r[field(op, 3, 3)]);
}

static void tst_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] & cpu->r[field(op, 3, 3)]);
}

static void shift_by_register(struct cortex_m3 *cpu, uint32_t op, enum m3_shift kind)
{
    bool carry = m3_carry(cpu);
    uint32_t result = m3_shift(cpu->r[op & 7], kind, cpu->r[field(op, 3, 3)] & 0xFF, &carry);
    m3_set_nzc(cpu, cpu->r[op & 7] = result, carry);
}

static void lsl_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_LSL);
}

static void lsr_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_LSR);
}

static void asr_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_ASR);
}

static void ror_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_ROR);
}

static void adc_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[op & 7], cpu->r[field(op, 3, 3)], m3_carry(cpu));
}

static void sbc_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[op & 7], ~cpu->r[field(op, 3, 3)], m3_carry(cpu));
}

static void rsb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, ~cpu->r[field(op, 3, 3)], 0, 1);
}

static void cmp_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[op & 7], ~cpu->r[field(op, 3, 3)], 1);
}

static void cmn_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[op & 7], cpu->r[field(op, 3, 3)], 0);
}

/* ADD, CMP and MOV of any register. */
static unsigned high_rdn(uint32_t op)
{
    return field(op, 0, 3) | field(op, 7, 1) << 3;
}

static void add_high(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rdn = high_rdn(op), rm = field(op, 3, 4);
    if (rdn == PC && rm == PC)
        m3_unpredictable(cpu, "ADD PC, PC");
    m3_set_register(cpu, rdn, m3_register(cpu, rdn) + m3_register(cpu, rm));
}

static void cmp_high(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = high_rdn(op), rm = field(op, 3, 4);
    if ((rn < 8 && rm < 8) || rn == PC || rm == PC)
        m3_unpredictable(cpu, "CMP of low registers or PC");
    m3_add(cpu, m3_register(cpu, rn), ~m3_register(cpu, rm), 1);
}

static void mov_high(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_register(cpu, high_rdn(op), m3_register(cpu, field(op, 3, 4)));
}

static void bx(struct cortex_m3 *cpu, uint32_t op)
{
    if (op & 7)
        m3_unpredictable(cpu, "BX with bits 2..0 set");
    m3_branch_exchange(cpu, m3_register(cpu, field(op, 3, 4)));
}

static void blx(struct cortex_m3 *cpu, uint32_t op)
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

static void ldr_literal(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, field(op, 8, 3), ((m3_private(cpu)->at + 4) & ~3u) + field(op, 0, 8) * 4, 4);
}

static void str_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 4, cpu->r[op & 7]);
}

static void strh_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 2, cpu->r[op & 7]);
}

static void strb_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->cycles++;
    m3_write(cpu, register_offset(cpu, op), 1, cpu->r[op & 7]);
}

static void ldr_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 4);
}

static void ldrh_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 2);
}

static void ldrb_register(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, register_offset(cpu, op), 1);
}

static void ldrsb_register(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value;
    cpu->cycles++;
    if (m3_read(cpu, register_offset(cpu, op), 1, &value))
        cpu->r[op & 7] = (uint32_t)(int8_t)value;
}

static void ldrsh_register(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value;
    cpu->cycles++;
    if (m3_read(cpu, register_offset(cpu, op), 2, &value))
        cpu->r[op & 7] = (uint32_t)(int16_t)value;
}

static void str_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 4), 4, cpu->r[op & 7]);
}

static void strh_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 2), 2, cpu->r[op & 7]);
}

static void strb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, immediate_offset(cpu, op, 1), 1, cpu->r[op & 7]);
}

static void ldr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 4), 4);
}

static void ldrh_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 2), 2);
}

static void ldrb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, op & 7, immediate_offset(cpu, op, 1), 1);
}

static void str_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_write(cpu, cpu->r[SP] + field(op, 0, 8) * 4, 4, cpu->r[field(op, 8, 3)]);
}

static void ldr_sp(struct cortex_m3 *cpu, uint32_t op)
{
    load(cpu, field(op, 8, 3), cpu->r[SP] + field(op, 0, 8) * 4, 4);
}

static void adr(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[field(op, 8, 3)] = ((m3_private(cpu)->at + 4) & ~3u) + field(op, 0, 8) * 4;
}

static void add_rd_sp(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[field(op, 8, 3)] = cpu->r[SP] + field(op, 0, 8) * 4;
}

static void add_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_sp(cpu, cpu->r[SP] + field(op, 0, 7) * 4);
}

static void sub_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_sp(cpu, cpu->r[SP] - field(op, 0, 7) * 4);
}

static bool in_it_block(const struct cortex_m3 *cpu)
{
    return cpu->private_state.at_itstate != 0;
}

static void compare_and_branch(struct cortex_m3 *cpu, uint32_t op)
{
    bool on_nonzero = op & 0x800;
    if (in_it_block(cpu))
        m3_unpredictable(cpu, "CBZ or CBNZ in an IT block");
    if ((cpu->r[op & 7] != 0) == on_nonzero)
        m3_branch(cpu, m3_private(cpu)->at + 4 + field(op, 3, 5) * 2 + field(op, 9, 1) * 64);
}

static void sxth(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int16_t)cpu->r[field(op, 3, 3)];
}

static void sxtb(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int8_t)cpu->r[field(op, 3, 3)];
}

static void uxth(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint16_t)cpu->r[field(op, 3, 3)];
}

static void uxtb(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint8_t)cpu->r[field(op, 3, 3)];
}

static void rev(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = __builtin_bswap32(cpu->r[field(op, 3, 3)]);
}

static void rev16(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value = cpu->r[field(op, 3, 3)];
    cpu->r[op & 7] = (value & 0x00FF00FF) << 8 | (value >> 8 & 0x00FF00FF);
}

static void revsh(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int16_t)__builtin_bswap16((uint16_t)cpu->r[field(op, 3, 3)]);
}

/* A multiple transfer needs a word-aligned base whatever CCR says (A3.2.1). */
static bool multiple_is_aligned(struct cortex_m3 *cpu, uint32_t address)
{
    if (address & 3)
        m3_fault(cpu, USAGE_FAULT, UNALIGNED);
    return !(address & 3);
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

static void push(struct cortex_m3 *cpu, uint32_t op)
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

static void pop(struct cortex_m3 *cpu, uint32_t op)
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

static void stm(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = field(op, 8, 3);
    uint32_t list = op & 0xFF, base = cpu->r[rn];
    bool base_not_lowest = list >> rn & 1 && list & ((1u << rn) - 1);
    if (list == 0 || base_not_lowest)
        m3_unpredictable(cpu, "STM of nothing, or of its base");
    if (multiple_is_aligned(cpu, base) && store_list(cpu, base, list))
        cpu->r[rn] = base + 4 * (uint32_t)__builtin_popcount(list);
}

static void ldm(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = field(op, 8, 3), count = 0;
    uint32_t list = op & 0xFF, base = cpu->r[rn];
    uint32_t value[8];
    if (list == 0)
        m3_unpredictable(cpu, "LDM of nothing");
    if (!multiple_is_aligned(cpu, base))
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

/* CPS: only PRIMASK and FAULTMASK exist, and only for privileged code (B5.2.1). */
static void cps(struct cortex_m3 *cpu, uint32_t op)
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

static void bkpt(struct cortex_m3 *cpu, uint32_t op)
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

static void it_and_hints(struct cortex_m3 *cpu, uint32_t op)
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

static void branch_conditional(struct cortex_m3 *cpu, uint32_t op)
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

static void svc(struct cortex_m3 *cpu, uint32_t op)
{
    (void)op;
    m3_supervisor_call(cpu);
}

static void branch(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t at = m3_private(cpu)->at;
    m3_branch(cpu, at + 4 + (uint32_t)((int32_t)(op << 21) >> 20));
    if (cpu->r[PC] <= at)
        m3_came_around(cpu);
}

static void undefined(struct cortex_m3 *cpu, uint32_t op)
{
    (void)op;
    m3_undefined(cpu);
}

/* First and last index are an encoding's first and last half-word without their low six bits. */
#define FROM_TO(first, last) [(first) >> 6 ...(last) >> 6]

m3_narrow *const m3_narrow_table[1024] = {
    FROM_TO(0x0000, 0x07FF) = lsl_immediate,
    FROM_TO(0x0800, 0x0FFF) = lsr_immediate,
    FROM_TO(0x1000, 0x17FF) = asr_immediate,
    FROM_TO(0x1800, 0x19FF) = add_register,
    FROM_TO(0x1A00, 0x1BFF) = sub_register,
    FROM_TO(0x1C00, 0x1DFF) = add_immediate3,
    FROM_TO(0x1E00, 0x1FFF) = sub_immediate3,
    FROM_TO(0x2000, 0x27FF) = mov_immediate,
    FROM_TO(0x2800, 0x2FFF) = cmp_immediate,
    FROM_TO(0x3000, 0x37FF) = add_immediate8,
    FROM_TO(0x3800, 0x3FFF) = sub_immediate8,
    FROM_TO(0x4000, 0x403F) = and_register,
    FROM_TO(0x4040, 0x407F) = eor_register,
    FROM_TO(0x4080, 0x40BF) = lsl_register,
    FROM_TO(0x40C0, 0x40FF) = lsr_register,
    FROM_TO(0x4100, 0x413F) = asr_register,
    FROM_TO(0x4140, 0x417F) = adc_register,
    FROM_TO(0x4180, 0x41BF) = sbc_register,
    FROM_TO(0x41C0, 0x41FF) = ror_register,
    FROM_TO(0x4200, 0x423F) = tst_register,
    FROM_TO(0x4240, 0x427F) = rsb_immediate,
    FROM_TO(0x4280, 0x42BF) = cmp_register,
    FROM_TO(0x42C0, 0x42FF) = cmn_register,
    FROM_TO(0x4300, 0x433F) = orr_register,
    FROM_TO(0x4340, 0x437F) = mul_register,
    FROM_TO(0x4380, 0x43BF) = bic_register,
    FROM_TO(0x43C0, 0x43FF) = mvn_register,
    FROM_TO(0x4400, 0x44FF) = add_high,
    FROM_TO(0x4500, 0x45FF) = cmp_high,
    FROM_TO(0x4600, 0x46FF) = mov_high,
    FROM_TO(0x4700, 0x477F) = bx,
    FROM_TO(0x4780, 0x47FF) = blx,
    FROM_TO(0x4800, 0x4FFF) = ldr_literal,
    FROM_TO(0x5000, 0x51FF) = str_register,
    FROM_TO(0x5200, 0x53FF) = strh_register,
    FROM_TO(0x5400, 0x55FF) = strb_register,
    FROM_TO(0x5600, 0x57FF) = ldrsb_register,
    FROM_TO(0x5800, 0x59FF) = ldr_register,
    FROM_TO(0x5A00, 0x5BFF) = ldrh_register,
    FROM_TO(0x5C00, 0x5DFF) = ldrb_register,
    FROM_TO(0x5E00, 0x5FFF) = ldrsh_register,
    FROM_TO(0x6000, 0x67FF) = str_immediate,
    FROM_TO(0x6800, 0x6FFF) = ldr_immediate,
    FROM_TO(0x7000, 0x77FF) = strb_immediate,
    FROM_TO(0x7800, 0x7FFF) = ldrb_immediate,
    FROM_TO(0x8000, 0x87FF) = strh_immediate,
    FROM_TO(0x8800, 0x8FFF) = ldrh_immediate,
    FROM_TO(0x9000, 0x97FF) = str_sp,
    FROM_TO(0x9800, 0x9FFF) = ldr_sp,
    FROM_TO(0xA000, 0xA7FF) = adr,
    FROM_TO(0xA800, 0xAFFF) = add_rd_sp,
    FROM_TO(0xB000, 0xB07F) = add_sp,
    FROM_TO(0xB080, 0xB0FF) = sub_sp,
    FROM_TO(0xB100, 0xB1FF) = compare_and_branch,
    FROM_TO(0xB200, 0xB23F) = sxth,
    FROM_TO(0xB240, 0xB27F) = sxtb,
    FROM_TO(0xB280, 0xB2BF) = uxth,
    FROM_TO(0xB2C0, 0xB2FF) = uxtb,
    FROM_TO(0xB300, 0xB3FF) = compare_and_branch,
    FROM_TO(0xB400, 0xB5FF) = push,
    FROM_TO(0xB600, 0xB63F) = undefined,
    FROM_TO(0xB640, 0xB67F) = cps,
    FROM_TO(0xB680, 0xB8FF) = undefined,
    FROM_TO(0xB900, 0xB9FF) = compare_and_branch,
    FROM_TO(0xBA00, 0xBA3F) = rev,
    FROM_TO(0xBA40, 0xBA7F) = rev16,
    FROM_TO(0xBA80, 0xBABF) = undefined,
    FROM_TO(0xBAC0, 0xBAFF) = revsh,
    FROM_TO(0xBB00, 0xBBFF) = compare_and_branch,
    FROM_TO(0xBC00, 0xBDFF) = pop,
    FROM_TO(0xBE00, 0xBEFF) = bkpt,
    FROM_TO(0xBF00, 0xBFFF) = it_and_hints,
    FROM_TO(0xC000, 0xC7FF) = stm,
    FROM_TO(0xC800, 0xCFFF) = ldm,
    FROM_TO(0xD000, 0xDDFF) = branch_conditional,
    FROM_TO(0xDE00, 0xDEFF) = undefined,
    FROM_TO(0xDF00, 0xDFFF) = svc,
    FROM_TO(0xE000, 0xE7FF) = branch,
    FROM_TO(0xE800, 0xFFFF) = m3_fetch_wide,
};
