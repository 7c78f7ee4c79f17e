/* The 32-bit data processing with an immediate or a shifted register (A5.3.1, A5.3.3, A5.3.11). */
#include "cortex_m3.h"

#include "decode.h"

enum data_processing { AND, BIC, ORR, ORN, EOR, ADD = 8, ADC = 10, SBC, SUB = 13, RSB };

static bool is_arithmetic(unsigned operation)
{
    return operation >= ADD;
}

/* Which registers the encodings of A7.7 allow. */
static bool dp_is_predictable(unsigned operation, bool flags, unsigned rn, unsigned rd)
{
    bool discards = rd == PC && flags;
    switch (operation) {
    case ADD:
    case SUB:
        if (discards)
            return rn != PC;
        return rn != PC && rd != PC && (rd != SP || rn == SP);
    case AND:
    case EOR: return (discards || !is_bad(rd)) && !is_bad(rn);
    case ORR:
    case ORN: return !is_bad(rd) && rn != SP;
    default: return !is_bad(rd) && !is_bad(rn);
    }
}

static void dp_logical(struct cortex_m3 *cpu, unsigned operation, bool flags, unsigned rn, unsigned rd,
                       uint32_t operand, bool carry)
{
    bool tests = rd == PC && flags && (operation == AND || operation == EOR);
    bool moves = rn == PC && (operation == ORR || operation == ORN);
    uint32_t first = moves ? 0 : m3_register(cpu, rn);
    uint32_t result = operation == AND   ? first & operand
                      : operation == BIC ? first & ~operand
                      : operation == ORR ? first | operand
                      : operation == ORN ? first | ~operand
                                         : first ^ operand;
    if (!tests)
        m3_set_register(cpu, rd, result);
    if (flags)
        m3_set_nzc(cpu, result, carry);
}

static void dp_arithmetic(struct cortex_m3 *cpu, unsigned operation, bool flags, unsigned rn, unsigned rd,
                          uint32_t operand)
{
    bool compares = rd == PC && flags && (operation == ADD || operation == SUB);
    uint32_t apsr = cpu->apsr, first = m3_register(cpu, rn);
    uint32_t result = operation == ADD   ? m3_add(cpu, first, operand, 0)
                      : operation == ADC ? m3_add(cpu, first, operand, m3_carry(cpu))
                      : operation == SBC ? m3_add(cpu, first, ~operand, m3_carry(cpu))
                      : operation == SUB ? m3_add(cpu, first, ~operand, 1)
                                         : m3_add(cpu, ~first, operand, 1);
    if (!flags)
        cpu->apsr = apsr;
    if (!compares)
        m3_set_register(cpu, rd, result);
}

static void data_processing(struct cortex_m3 *cpu, uint32_t op1, unsigned rd, uint32_t operand, bool carry)
{
    unsigned operation = field(op1, 5, 4), rn = field(op1, 0, 4);
    bool flags = op1 & 0x10;
    if (operation == 5 || operation == 6 || operation == 7 || operation == 9 || operation == 12 ||
        operation == 15)
        m3_undefined(cpu);
    else if (is_arithmetic(operation))
        dp_arithmetic(cpu, operation, flags, rn, rd, operand);
    else
        dp_logical(cpu, operation, flags, rn, rd, operand, carry);
}

/* ThumbExpandImm_C(), A5.3.2. */
static uint32_t expand_immediate(struct cortex_m3 *cpu, uint32_t immediate12, bool *carry)
{
    uint32_t byte = immediate12 & 0xFF;
    unsigned kind = field(immediate12, 8, 4);
    if (kind >= 4) {
        unsigned rotation = immediate12 >> 7;
        uint32_t value = byte | 0x80;
        value = value >> rotation | value << (32 - rotation);
        *carry = value >> 31;
        return value;
    }
    if (kind != 0 && byte == 0)
        m3_unpredictable(cpu, "modified immediate of 0");
    return byte * (kind == 0 ? 1u : kind == 1 ? 0x00010001u : kind == 2 ? 0x01000100u : 0x01010101u);
}

static uint32_t immediate12(uint32_t op1, uint32_t op2)
{
    return field(op1, 10, 1) << 11 | field(op2, 12, 3) << 8 | field(op2, 0, 8);
}

void m3_dp_modified_immediate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    bool carry = m3_carry(cpu);
    unsigned rd = field(op2, 8, 4);
    if (!dp_is_predictable(field(op1, 5, 4), op1 & 0x10, field(op1, 0, 4), rd))
        m3_unpredictable(cpu, "register not allowed");
    uint32_t operand = expand_immediate(cpu, immediate12(op1, op2), &carry);
    data_processing(cpu, op1, rd, operand, carry);
}

/* DecodeImmShift() and Shift_C(); ROR by 0 is RRX. */
static uint32_t shift_by_immediate(uint32_t value, unsigned kind, unsigned amount, bool *carry)
{
    if (amount == 0 && kind == SHIFT_ROR) {
        uint32_t result = value >> 1 | (uint32_t)*carry << 31;
        *carry = value & 1;
        return result;
    }
    if (amount == 0 && kind != SHIFT_LSL)
        amount = 32;
    return m3_shift(value, kind, amount, carry);
}

static unsigned shift_amount(uint32_t op2)
{
    return field(op2, 12, 3) << 2 | field(op2, 6, 2);
}

static bool dp_register_is_predictable(uint32_t op1, uint32_t op2)
{
    unsigned operation = field(op1, 5, 4), rn = field(op1, 0, 4), rd = field(op2, 8, 4),
             rm = field(op2, 0, 4);
    unsigned kind = field(op2, 4, 2), amount = shift_amount(op2);
    bool flags = op1 & 0x10;
    bool plain_move = operation == ORR && rn == PC && kind == SHIFT_LSL && amount == 0;
    if (op2 & 0x8000)
        return false;
    if (plain_move)
        return flags ? !is_bad(rd) && !is_bad(rm) : rd != PC && rm != PC && !(rd == SP && rm == SP);
    if (rd == SP && (kind != SHIFT_LSL || amount > 3))
        return false;
    return dp_is_predictable(operation, flags, rn, rd) && !is_bad(rm);
}

void m3_dp_shifted_register(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    bool carry = m3_carry(cpu);
    if (!dp_register_is_predictable(op1, op2))
        m3_unpredictable(cpu, "register not allowed");
    uint32_t operand =
        shift_by_immediate(m3_register(cpu, field(op2, 0, 4)), field(op2, 4, 2), shift_amount(op2), &carry);
    data_processing(cpu, op1, field(op2, 8, 4), operand, carry);
}

static void add_sub_plain(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2, bool subtract)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4);
    uint32_t offset = immediate12(op1, op2);
    uint32_t base = rn == PC ? (m3_private(cpu)->at + 4) & ~3u : cpu->r[rn];
    if (rd == PC || (rd == SP && rn != SP))
        m3_unpredictable(cpu, "register not allowed");
    m3_set_register(cpu, rd, subtract ? base - offset : base + offset);
}

static void move_wide(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2, bool top)
{
    unsigned rd = field(op2, 8, 4);
    uint32_t immediate = field(op1, 0, 4) << 12 | immediate12(op1, op2);
    if (is_bad(rd))
        m3_unpredictable(cpu, "register not allowed");
    m3_set_register(cpu, rd, top ? (m3_register(cpu, rd) & 0xFFFF) | immediate << 16 : immediate);
}

static void saturate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2, bool is_unsigned)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4), amount = shift_amount(op2),
             bits = field(op2, 0, 5);
    bool right = op1 & 0x20, carry = false;
    if (right && amount == 0) { /* SSAT16, USAT16 are of the DSP extension */
        m3_undefined(cpu);
        return;
    }
    if (is_bad(rd) || is_bad(rn) || op2 & 0x20 || op1 & 0x400)
        m3_unpredictable(cpu, "SSAT or USAT");
    int64_t value = (int32_t)m3_shift(m3_register(cpu, rn), right ? SHIFT_ASR : SHIFT_LSL, amount, &carry);
    int64_t most = (1ll << bits) - 1;
    int64_t least = is_unsigned ? 0 : -(1ll << bits);
    int64_t result = value > most ? most : value < least ? least : value;
    if (result != value)
        cpu->apsr |= APSR_Q;
    m3_set_register(cpu, rd, (uint32_t)result);
}

static void extract_bits(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2, bool is_unsigned)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4), low = shift_amount(op2),
             bits = field(op2, 0, 5) + 1;
    if (is_bad(rd) || is_bad(rn) || low + bits > 32 || op2 & 0x20 || op1 & 0x400)
        m3_unpredictable(cpu, "SBFX or UBFX");
    if (low + bits > 32)
        bits = 32 - low;
    uint32_t top = m3_register(cpu, rn) << (32 - low - bits);
    m3_set_register(cpu, rd, is_unsigned ? top >> (32 - bits) : (uint32_t)((int32_t)top >> (32 - bits)));
}

/* BFI, and BFC when Rn is PC. */
static void insert_bits(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4), low = shift_amount(op2), high = field(op2, 0, 5);
    if (is_bad(rd) || rn == SP || high < low || op2 & 0x20 || op1 & 0x400)
        m3_unpredictable(cpu, "BFI or BFC");
    if (high < low)
        return;
    uint32_t mask = (UINT32_MAX >> (31 - (high - low))) << low;
    uint32_t source = rn == PC ? 0 : cpu->r[rn] << low;
    m3_set_register(cpu, rd, (m3_register(cpu, rd) & ~mask) | (source & mask));
}

void m3_dp_plain_immediate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    switch (field(op1, 4, 5)) {
    case 0x00: add_sub_plain(cpu, op1, op2, false); break;
    case 0x04: move_wide(cpu, op1, op2, false); break;
    case 0x0A: add_sub_plain(cpu, op1, op2, true); break;
    case 0x0C: move_wide(cpu, op1, op2, true); break;
    case 0x10:
    case 0x12: saturate(cpu, op1, op2, false); break;
    case 0x14: extract_bits(cpu, op1, op2, false); break;
    case 0x16: insert_bits(cpu, op1, op2); break;
    case 0x18:
    case 0x1A: saturate(cpu, op1, op2, true); break;
    case 0x1C: extract_bits(cpu, op1, op2, true); break;
    default: m3_undefined(cpu); break;
    }
}
