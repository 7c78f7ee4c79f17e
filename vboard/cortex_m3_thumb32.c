/* The 32-bit instructions (A5.3) that work on registers, and the dispatch of all of them. */
#include "cortex_m3.h"

#include "cortex_m3_private.h"

static uint32_t field(uint32_t op, unsigned low, unsigned bits)
{
    return op >> low & ((1u << bits) - 1);
}

static bool is_bad(unsigned n)
{
    return n == SP || n == PC;
}

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

static void dp_modified_immediate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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

static void dp_shifted_register(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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

static void dp_plain_immediate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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

/* 0xF000..0xF7FF: immediate data processing, or branches and control. */
static void immediates_and_branches(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    if (op2 & 0x8000)
        m3_branches_and_control(cpu, op1, op2);
    else if (op1 & 0x200)
        dp_plain_immediate(cpu, op1, op2);
    else
        dp_modified_immediate(cpu, op1, op2);
}

static void shift_register(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4), rm = field(op2, 0, 4);
    bool carry = m3_carry(cpu);
    if (is_bad(rd) || is_bad(rn) || is_bad(rm))
        m3_unpredictable(cpu, "register not allowed");
    uint32_t result = m3_shift(m3_register(cpu, rn), field(op1, 5, 2), m3_register(cpu, rm) & 0xFF, &carry);
    m3_set_register(cpu, rd, result);
    if (op1 & 0x10)
        m3_set_nzc(cpu, result, carry);
}

static void extend(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rd = field(op2, 8, 4), rm = field(op2, 0, 4), rotation = field(op2, 4, 2) * 8;
    if (is_bad(rd) || is_bad(rm) || op2 & 0x40)
        m3_unpredictable(cpu, "extension");
    uint32_t value = m3_register(cpu, rm);
    if (rotation)
        value = value >> rotation | value << (32 - rotation);
    switch (field(op1, 4, 3)) {
    case 0: value = (uint32_t)(int16_t)value; break;
    case 1: value = (uint16_t)value; break;
    case 4: value = (uint32_t)(int8_t)value; break;
    default: value = (uint8_t)value; break;
    }
    m3_set_register(cpu, rd, value);
}

static uint32_t reverse_bits(uint32_t value)
{
    uint32_t result = 0;
    for (unsigned i = 0; i < 32; i++)
        result |= (value >> i & 1) << (31 - i);
    return result;
}

static void reverse_or_count(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rd = field(op2, 8, 4), rm = field(op2, 0, 4);
    unsigned operation = (op1 & 0x30) >> 2 | field(op2, 4, 2);
    enum { REV = 4, REV16, RBIT, REVSH, CLZ = 12 };
    if ((operation < REV || operation > REVSH) && operation != CLZ) {
        m3_undefined(cpu);
        return;
    }
    if (is_bad(rd) || is_bad(rm) || field(op1, 0, 4) != rm)
        m3_unpredictable(cpu, "register not allowed");
    uint32_t value = m3_register(cpu, rm);
    switch (operation) {
    case REV: value = __builtin_bswap32(value); break;
    case REV16: value = (value & 0x00FF00FF) << 8 | (value >> 8 & 0x00FF00FF); break;
    case RBIT: value = reverse_bits(value); break;
    case REVSH: value = (uint32_t)(int16_t)__builtin_bswap16((uint16_t)value); break;
    default: value = value ? (uint32_t)__builtin_clz(value) : 32; break;
    }
    m3_set_register(cpu, rd, value);
}

/* 0xFA00..0xFAFF; the additions in parallel and the extending additions are of the DSP extension. */
static void dp_register(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned kind = field(op1, 4, 4);
    bool extends = op2 & 0x80;
    bool is_extension = kind < 8 && (kind & 3) < 2 && field(op1, 0, 4) == PC;
    if ((op2 & 0xF000) != 0xF000)
        m3_undefined(cpu);
    else if (kind < 8 && !extends && (op2 & 0x70) == 0)
        shift_register(cpu, op1, op2);
    else if (extends && is_extension)
        extend(cpu, op1, op2);
    else if (kind >= 8 && kind < 12 && (op2 & 0xC0) == 0x80)
        reverse_or_count(cpu, op1, op2);
    else
        m3_undefined(cpu);
}

/* MUL, MLA, MLS */
static void multiply(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), ra = field(op2, 12, 4), rd = field(op2, 8, 4), rm = field(op2, 0, 4);
    bool subtract = field(op2, 4, 4) == 1;
    if ((op1 & 0x70) || field(op2, 4, 4) > 1) {
        m3_undefined(cpu);
        return;
    }
    if (is_bad(rn) || is_bad(rd) || is_bad(rm) || ra == SP || (subtract && ra == PC))
        m3_unpredictable(cpu, "register not allowed");
    uint32_t product = m3_register(cpu, rn) * m3_register(cpu, rm);
    bool accumulates = subtract || ra != PC;
    uint32_t base = accumulates ? m3_register(cpu, ra) : 0;
    cpu->cycles += accumulates;
    m3_set_register(cpu, rd, subtract ? base - product : base + product);
}

/* 2 to 12 cycles: the divider takes four bits of the quotient in each (TRM 18.2). */
static unsigned division_cycles(uint32_t dividend, uint32_t divisor)
{
    if (divisor == 0 || dividend < divisor)
        return 2;
    unsigned bits = (unsigned)(__builtin_clz(divisor) - __builtin_clz(dividend)) + 1;
    return 3 + (bits + 3) / 4;
}

static void divide(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rd = field(op2, 8, 4), rm = field(op2, 0, 4);
    bool is_unsigned = op1 & 0x20;
    if (is_bad(rn) || is_bad(rd) || is_bad(rm) || field(op2, 12, 4) != 0xF)
        m3_unpredictable(cpu, "register not allowed");
    uint32_t dividend = m3_register(cpu, rn), divisor = m3_register(cpu, rm), quotient;
    if (divisor == 0 && cpu->system.ccr & CCR_DIV_0_TRP) {
        m3_fault(cpu, USAGE_FAULT, DIVBYZERO);
        return;
    }
    if (divisor == 0) {
        quotient = 0;
        cpu->cycles++;
    } else if (is_unsigned) {
        quotient = dividend / divisor;
        cpu->cycles += division_cycles(dividend, divisor) - 1;
    } else {
        int64_t n = (int32_t)dividend, d = (int32_t)divisor;
        quotient = (uint32_t)(n / d);
        cpu->cycles += division_cycles((uint32_t)(n < 0 ? -n : n), (uint32_t)(d < 0 ? -d : d)) - 1;
    }
    m3_set_register(cpu, rd, quotient);
}

static void multiply_long(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), low = field(op2, 12, 4), high = field(op2, 8, 4), rm = field(op2, 0, 4);
    bool is_unsigned = op1 & 0x20, accumulates = op1 & 0x40;
    if (is_bad(rn) || is_bad(low) || is_bad(high) || is_bad(rm) || low == high)
        m3_unpredictable(cpu, "register not allowed");
    uint32_t a = m3_register(cpu, rn), b = m3_register(cpu, rm);
    uint64_t result = is_unsigned ? (uint64_t)a * b : (uint64_t)((int64_t)(int32_t)a * (int32_t)b);
    if (accumulates)
        result += (uint64_t)m3_register(cpu, high) << 32 | m3_register(cpu, low);
    cpu->cycles += accumulates ? 4 : 3;
    m3_set_register(cpu, low, (uint32_t)result);
    m3_set_register(cpu, high, (uint32_t)(result >> 32));
}

/* 0xFB80..0xFBFF */
static void long_multiply_and_divide(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned kind = field(op1, 4, 3), operation = field(op2, 4, 4);
    bool divides = kind == 1 || kind == 3;
    if (divides && operation == 0xF)
        divide(cpu, op1, op2);
    else if ((kind == 0 || kind == 2 || kind == 4 || kind == 6) && operation == 0)
        multiply_long(cpu, op1, op2);
    else
        m3_undefined(cpu);
}

/* By bits 12..4 of the first half-word, from 0xE800 on. */
#define WIDE(op1)            (((op1)-0xE800) >> 4)
#define FROM_TO(first, last) [WIDE(first)... WIDE(last)]

static m3_wide *const wide_table[0x180] = {
    FROM_TO(0xE800, 0xE83F) = m3_load_store_multiple,
    FROM_TO(0xE840, 0xE87F) = m3_load_store_dual,
    FROM_TO(0xE880, 0xE8BF) = m3_load_store_multiple,
    FROM_TO(0xE8C0, 0xE8FF) = m3_load_store_dual,
    FROM_TO(0xE900, 0xE93F) = m3_load_store_multiple,
    FROM_TO(0xE940, 0xE97F) = m3_load_store_dual,
    FROM_TO(0xE980, 0xE9BF) = m3_load_store_multiple,
    FROM_TO(0xE9C0, 0xE9FF) = m3_load_store_dual,
    FROM_TO(0xEA00, 0xEBFF) = dp_shifted_register,
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
    FROM_TO(0xFA00, 0xFAFF) = dp_register,
    FROM_TO(0xFB00, 0xFB7F) = multiply,
    FROM_TO(0xFB80, 0xFBFF) = long_multiply_and_divide,
    FROM_TO(0xFC00, 0xFC1F) = undefined,
    FROM_TO(0xFC20, 0xFEFF) = no_coprocessor,
    FROM_TO(0xFF00, 0xFFFF) = undefined,
};

void m3_fetch_wide(struct cortex_m3 *cpu, uint32_t op1)
{
    uint16_t op2;
    if (!m3_fetch(cpu, m3_private(cpu)->at + 2, &op2))
        return;
    cpu->r[PC] += 2;
    wide_table[WIDE(op1)](cpu, op1, op2);
}
