/* The 16-bit instructions that work on registers (A5.2.1 to A5.2.3, A5.2.5). Names follow the manual's; flags
 * set inside an IT block are undone by the run loop. */
#include "cortex_m3.h"

#include "decode.h"
#include "thumb16.h"

void narrow_lsl_immediate(struct cortex_m3 *cpu, uint32_t op)
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

void narrow_lsr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    shift_right_immediate(cpu, op, SHIFT_LSR);
}

void narrow_asr_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    shift_right_immediate(cpu, op, SHIFT_ASR);
}

void narrow_add_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], cpu->r[field(op, 6, 3)], 0);
}

void narrow_sub_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], ~cpu->r[field(op, 6, 3)], 1);
}

void narrow_add_immediate3(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], field(op, 6, 3), 0);
}

void narrow_sub_immediate3(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[field(op, 3, 3)], ~field(op, 6, 3), 1);
}

void narrow_mov_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[field(op, 8, 3)] = op & 0xFF);
}

void narrow_cmp_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[field(op, 8, 3)], ~(op & 0xFF), 1);
}

void narrow_add_immediate8(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t *rdn = &cpu->r[field(op, 8, 3)];
    *rdn = m3_add(cpu, *rdn, op & 0xFF, 0);
}

void narrow_sub_immediate8(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t *rdn = &cpu->r[field(op, 8, 3)];
    *rdn = m3_add(cpu, *rdn, ~(op & 0xFF), 1);
}

void narrow_and_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] &= cpu->r[field(op, 3, 3)]);
}

void narrow_eor_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] ^= cpu->r[field(op, 3, 3)]);
}

void narrow_orr_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] |= cpu->r[field(op, 3, 3)]);
}

void narrow_bic_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] &= ~cpu->r[field(op, 3, 3)]);
}

void narrow_mvn_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] = ~cpu->r[field(op, 3, 3)]);
}

void narrow_mul_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] *= cpu->r[field(op, 3, 3)]);
}

void narrow_tst_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_nz(cpu, cpu->r[op & 7] & cpu->r[field(op, 3, 3)]);
}

static void shift_by_register(struct cortex_m3 *cpu, uint32_t op, enum m3_shift kind)
{
    bool carry = m3_carry(cpu);
    uint32_t result = m3_shift(cpu->r[op & 7], kind, cpu->r[field(op, 3, 3)] & 0xFF, &carry);
    m3_set_nzc(cpu, cpu->r[op & 7] = result, carry);
}

void narrow_lsl_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_LSL);
}

void narrow_lsr_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_LSR);
}

void narrow_asr_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_ASR);
}

void narrow_ror_register(struct cortex_m3 *cpu, uint32_t op)
{
    shift_by_register(cpu, op, SHIFT_ROR);
}

void narrow_adc_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[op & 7], cpu->r[field(op, 3, 3)], m3_carry(cpu));
}

void narrow_sbc_register(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, cpu->r[op & 7], ~cpu->r[field(op, 3, 3)], m3_carry(cpu));
}

void narrow_rsb_immediate(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = m3_add(cpu, ~cpu->r[field(op, 3, 3)], 0, 1);
}

void narrow_cmp_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[op & 7], ~cpu->r[field(op, 3, 3)], 1);
}

void narrow_cmn_register(struct cortex_m3 *cpu, uint32_t op)
{
    m3_add(cpu, cpu->r[op & 7], cpu->r[field(op, 3, 3)], 0);
}

/* ADD, CMP and MOV of any register. */
static unsigned high_rdn(uint32_t op)
{
    return field(op, 0, 3) | field(op, 7, 1) << 3;
}

void narrow_add_high(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rdn = high_rdn(op), rm = field(op, 3, 4);
    if (rdn == PC && rm == PC)
        m3_unpredictable(cpu, "ADD PC, PC");
    m3_set_register(cpu, rdn, m3_register(cpu, rdn) + m3_register(cpu, rm));
}

void narrow_cmp_high(struct cortex_m3 *cpu, uint32_t op)
{
    unsigned rn = high_rdn(op), rm = field(op, 3, 4);
    if ((rn < 8 && rm < 8) || rn == PC || rm == PC)
        m3_unpredictable(cpu, "CMP of low registers or PC");
    m3_add(cpu, m3_register(cpu, rn), ~m3_register(cpu, rm), 1);
}

void narrow_mov_high(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_register(cpu, high_rdn(op), m3_register(cpu, field(op, 3, 4)));
}

void narrow_adr(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[field(op, 8, 3)] = ((m3_private(cpu)->at + 4) & ~3u) + field(op, 0, 8) * 4;
}

void narrow_add_rd_sp(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[field(op, 8, 3)] = cpu->r[SP] + field(op, 0, 8) * 4;
}

void narrow_add_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_sp(cpu, cpu->r[SP] + field(op, 0, 7) * 4);
}

void narrow_sub_sp(struct cortex_m3 *cpu, uint32_t op)
{
    m3_set_sp(cpu, cpu->r[SP] - field(op, 0, 7) * 4);
}

void narrow_sxth(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int16_t)cpu->r[field(op, 3, 3)];
}

void narrow_sxtb(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int8_t)cpu->r[field(op, 3, 3)];
}

void narrow_uxth(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint16_t)cpu->r[field(op, 3, 3)];
}

void narrow_uxtb(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint8_t)cpu->r[field(op, 3, 3)];
}

void narrow_rev(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = __builtin_bswap32(cpu->r[field(op, 3, 3)]);
}

void narrow_rev16(struct cortex_m3 *cpu, uint32_t op)
{
    uint32_t value = cpu->r[field(op, 3, 3)];
    cpu->r[op & 7] = (value & 0x00FF00FF) << 8 | (value >> 8 & 0x00FF00FF);
}

void narrow_revsh(struct cortex_m3 *cpu, uint32_t op)
{
    cpu->r[op & 7] = (uint32_t)(int16_t)__builtin_bswap16((uint16_t)cpu->r[field(op, 3, 3)]);
}
