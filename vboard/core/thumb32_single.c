/* The 32-bit loads and stores of a word or less (A5.3.7 to A5.3.10). */
#include "cortex_m3.h"

#include "decode.h"

/* Address of a single load or store in all its forms. */
struct address {
    uint32_t address, base_after;
    bool writes_back, unprivileged, is_register, undefined;
};

static struct address decode_address(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4);
    uint32_t base = m3_register(cpu, rn);
    struct address a = {.address = base};
    if (rn == PC) { /* literal, loads only */
        base &= ~3u;
        a.address = op1 & 0x80 ? base + field(op2, 0, 12) : base - field(op2, 0, 12);
    } else if (op1 & 0x80) {
        a.address = base + field(op2, 0, 12);
    } else if (!(op2 & 0x800)) {
        a.is_register = true;
        a.undefined = op2 & 0x7C0;
        a.address = base + (m3_register(cpu, field(op2, 0, 4)) << field(op2, 4, 2));
    } else {
        bool before = op2 & 0x400, add = op2 & 0x200;
        uint32_t moved = add ? base + field(op2, 0, 8) : base - field(op2, 0, 8);
        a.writes_back = op2 & 0x100;
        a.unprivileged = before && add && !a.writes_back;
        a.undefined = !before && !a.writes_back;
        a.address = before ? moved : base;
        a.base_after = moved;
    }
    return a;
}

static unsigned access_size(uint32_t op1)
{
    return 1u << field(op1, 5, 2);
}

void m3_store_single(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4), size = access_size(op1);
    struct address a = decode_address(cpu, op1, op2);
    if (rn == PC || a.undefined) {
        m3_undefined(cpu);
        return;
    }
    bool special = size == 4 && !a.unprivileged ? rt == PC : is_bad(rt);
    if (special || (a.writes_back && rt == rn) || (a.is_register && is_bad(field(op2, 0, 4))))
        m3_unpredictable(cpu, "STR");
    if (a.writes_back && a.base_after < cpu->r[rn])
        m3_check_push(cpu, rn, a.base_after);
    cpu->cycles += a.is_register;
    m3_private(cpu)->unprivileged = a.unprivileged;
    bool done = m3_write(cpu, a.address, size, m3_register(cpu, rt));
    m3_private(cpu)->unprivileged = false;
    if (done && a.writes_back)
        m3_write_back(cpu, rn, a.base_after);
}

static bool is_hint(uint32_t op1, uint32_t op2)
{
    return field(op2, 12, 4) == PC && access_size(op1) != 4;
}

static bool load_is_predictable(const struct cortex_m3 *cpu, const struct address *a, uint32_t op1,
                                uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4), size = access_size(op1);
    if (a->writes_back && rt == rn)
        return false;
    if (a->is_register && is_bad(field(op2, 0, 4)))
        return false;
    if (size != 4 || a->unprivileged)
        return !is_bad(rt);
    return rt != PC || !((a->address & 3) || cpu->itstate);
}

/* PLD, PLI and the unallocated hints beside them do nothing, also at an address that does not exist. */
static void hint(struct cortex_m3 *cpu, const struct address *a)
{
    if (a->writes_back || a->unprivileged)
        m3_unpredictable(cpu, "byte or half-word load of PC");
}

void m3_load_single(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4), size = access_size(op1);
    bool is_signed = op1 & 0x100;
    struct address a = decode_address(cpu, op1, op2);
    uint32_t value;
    if (a.undefined) {
        m3_undefined(cpu);
        return;
    }
    if (is_hint(op1, op2)) {
        hint(cpu, &a);
        return;
    }
    if (!load_is_predictable(cpu, &a, op1, op2))
        m3_unpredictable(cpu, "LDR");
    cpu->cycles++;
    m3_private(cpu)->unprivileged = a.unprivileged;
    bool done = m3_read(cpu, a.address, size, &value);
    m3_private(cpu)->unprivileged = false;
    if (!done)
        return;
    if (is_signed)
        value = size == 1 ? (uint32_t)(int8_t)value : (uint32_t)(int16_t)value;
    if (a.writes_back)
        m3_write_back(cpu, rn, a.base_after);
    if (rt == PC)
        m3_branch_exchange(cpu, value);
    else
        m3_set_register(cpu, rt, value);
}
