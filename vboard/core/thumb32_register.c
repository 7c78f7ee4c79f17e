/* The 32-bit shifts, extensions, bit operations, multiplications and divisions of
 * registers (A5.3.12 to A5.3.17). */
#include "cortex_m3.h"

#include "decode.h"

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
void m3_dp_register(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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
void m3_multiply(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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
void m3_long_multiply_and_divide(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
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
