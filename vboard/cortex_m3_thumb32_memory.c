/* The 32-bit loads and stores (A5.3.5 to A5.3.10), and the table branches among them. */
#include "cortex_m3.h"

#include "cortex_m3_decode.h"

/* These must be aligned whatever CCR says (A3.2.1). */
static bool is_aligned(struct cortex_m3 *cpu, uint32_t address, unsigned size)
{
    if (address & (size - 1))
        m3_fault(cpu, USAGE_FAULT, UNALIGNED);
    return !(address & (size - 1));
}

static void write_back(struct cortex_m3 *cpu, unsigned rn, uint32_t value)
{
    cpu->r[rn] = rn == SP ? value & ~3u : value;
}

static void check_push(struct cortex_m3 *cpu, unsigned rn, uint32_t address)
{
    if (rn == SP && !m3_uses_psp(cpu))
        m3_check_stack(cpu, address);
}

struct list {
    unsigned rn, count;
    uint32_t registers, start, end; /* end: base after write-back */
    bool writes_back;
};

static struct list decode_list(const struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    struct list list = {.rn = field(op1, 0, 4), .registers = op2, .writes_back = op1 & 0x20};
    uint32_t base = cpu->r[list.rn];
    list.count = (unsigned)__builtin_popcount(op2);
    bool before = op1 & 0x100;
    list.start = before ? base - 4 * list.count : base;
    list.end = before ? list.start : base + 4 * list.count;
    return list;
}

static bool list_is_predictable(const struct list *list, bool load)
{
    bool base_in_list = list->registers >> list->rn & 1;
    if (list->rn == PC || list->count < 2 || list->registers & 1u << SP ||
        (list->writes_back && base_in_list))
        return false;
    return load ? (list->registers >> LR & 3) != 3 : !(list->registers & 1u << PC);
}

static void store_multiple(struct cortex_m3 *cpu, const struct list *list)
{
    uint32_t address = list->start;
    if (list->end == list->start && list->writes_back)
        check_push(cpu, list->rn, address);
    for (uint32_t left = list->registers; left; left &= left - 1, address += 4) {
        cpu->cycles++;
        if (!m3_write(cpu, address, 4, m3_register(cpu, (unsigned)__builtin_ctz(left))))
            return;
    }
    if (list->writes_back)
        write_back(cpu, list->rn, list->end);
}

static void load_multiple(struct cortex_m3 *cpu, const struct list *list)
{
    uint32_t value[16], address = list->start;
    for (uint32_t left = list->registers; left; left &= left - 1, address += 4) {
        cpu->cycles++;
        if (!m3_read(cpu, address, 4, &value[__builtin_ctz(left)]))
            return;
    }
    if (list->writes_back)
        write_back(cpu, list->rn, list->end);
    for (uint32_t left = list->registers & 0x7FFF; left; left &= left - 1) {
        unsigned rt = (unsigned)__builtin_ctz(left);
        cpu->r[rt] = rt == SP ? value[rt] & ~3u : value[rt];
    }
    if (list->registers >> PC)
        m3_branch_exchange(cpu, value[PC]);
}

/* LDM, STM, and PUSH and POP among them; SRS and RFE are not of this profile. */
void m3_load_store_multiple(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    bool before = op1 & 0x100, after = op1 & 0x80, load = op1 & 0x10;
    if (before == after) {
        m3_undefined(cpu);
        return;
    }
    struct list list = decode_list(cpu, op1, op2);
    if (!list_is_predictable(&list, load))
        m3_unpredictable(cpu, "LDM or STM");
    if (!is_aligned(cpu, list.start, 4))
        return;
    if (load)
        load_multiple(cpu, &list);
    else
        store_multiple(cpu, &list);
}

static void table_branch(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rm = field(op2, 0, 4);
    bool half_words = op2 & 0x10;
    uint32_t offset;
    if (rn == SP || is_bad(rm) || (op2 & 0xFF00) != 0xF000)
        m3_unpredictable(cpu, "TBB or TBH");
    uint32_t address = m3_register(cpu, rn) + (m3_register(cpu, rm) << half_words);
    cpu->cycles++;
    if (m3_read(cpu, address, half_words ? 2 : 1, &offset))
        m3_branch(cpu, m3_private(cpu)->at + 4 + 2 * offset);
}

static void load_exclusive(struct cortex_m3 *cpu, unsigned rn, unsigned rt, uint32_t address, unsigned size)
{
    uint32_t value;
    if (is_bad(rt) || rn == PC)
        m3_unpredictable(cpu, "LDREX");
    cpu->cycles++;
    if (!is_aligned(cpu, address, size) || !m3_read(cpu, address, size, &value))
        return;
    cpu->exclusive = true;
    cpu->exclusive_address = address;
    m3_set_register(cpu, rt, value);
}

/* The monitor of this core does not remember the address; a program that uses another one is wrong (A3.4). */
static void store_exclusive(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2, unsigned rd, uint32_t address,
                            unsigned size)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4);
    if (is_bad(rd) || is_bad(rt) || rn == PC || rd == rn || rd == rt)
        m3_unpredictable(cpu, "STREX");
    if (!is_aligned(cpu, address, size))
        return;
    cpu->cycles++;
    bool held = cpu->exclusive;
    if (held && address != cpu->exclusive_address)
        m3_violation(cpu, UNDEFINED, "exclusive-address", "STREX to 0x%08X after LDREX of 0x%08X", address,
                     cpu->exclusive_address);
    if (held && !m3_write(cpu, address, size, m3_register(cpu, rt)))
        return;
    cpu->exclusive = false;
    m3_set_register(cpu, rd, !held);
}

static void dual_immediate(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4), rt2 = field(op2, 8, 4);
    bool before = op1 & 0x100, add = op1 & 0x80, writes_back = op1 & 0x20, load = op1 & 0x10;
    bool base_written = writes_back && (rn == rt || rn == rt2);
    uint32_t base = rn == PC ? (m3_private(cpu)->at + 4) & ~3u : cpu->r[rn];
    uint32_t moved = add ? base + field(op2, 0, 8) * 4 : base - field(op2, 0, 8) * 4;
    uint32_t address = before ? moved : base, low, high;
    if (is_bad(rt) || is_bad(rt2) || base_written || (load && rt == rt2) ||
        (rn == PC && (writes_back || !load)))
        m3_unpredictable(cpu, "LDRD or STRD");
    if (!is_aligned(cpu, address, 4))
        return;
    cpu->cycles += 2;
    if (load) {
        if (!m3_read(cpu, address, 4, &low) || !m3_read(cpu, address + 4, 4, &high))
            return;
    } else {
        if (writes_back && !add && before)
            check_push(cpu, rn, address);
        if (!m3_write(cpu, address, 4, m3_register(cpu, rt)) ||
            !m3_write(cpu, address + 4, 4, m3_register(cpu, rt2)))
            return;
    }
    if (writes_back && rn != PC)
        write_back(cpu, rn, moved);
    if (load) {
        m3_set_register(cpu, rt, low);
        m3_set_register(cpu, rt2, high);
    }
}

/* STREX, LDREX, and by bits 7..4 of the second half-word the exclusive bytes and half-words, TBB, TBH. */
static void exclusive_or_table(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    unsigned rn = field(op1, 0, 4), rt = field(op2, 12, 4), kind = field(op2, 4, 4);
    bool load = op1 & 0x10, words = !(op1 & 0x80);
    uint32_t base = m3_register(cpu, rn);
    if (words && load) {
        if ((op2 & 0xF00) != 0xF00)
            m3_unpredictable(cpu, "LDREX");
        load_exclusive(cpu, rn, rt, base + field(op2, 0, 8) * 4, 4);
    } else if (words) {
        store_exclusive(cpu, op1, op2, field(op2, 8, 4), base + field(op2, 0, 8) * 4, 4);
    } else if (kind == 4 || kind == 5) {
        if ((op2 & 0xF00) != 0xF00 || (load && (op2 & 0xF) != 0xF))
            m3_unpredictable(cpu, "LDREX or STREX");
        if (load)
            load_exclusive(cpu, rn, rt, base, kind == 4 ? 1 : 2);
        else
            store_exclusive(cpu, op1, op2, field(op2, 0, 4), base, kind == 4 ? 1 : 2);
    } else if (load && kind < 2) {
        table_branch(cpu, op1, op2);
    } else {
        m3_undefined(cpu);
    }
}

void m3_load_store_dual(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2)
{
    bool before = op1 & 0x100, writes_back = op1 & 0x20;
    if (before || writes_back)
        dual_immediate(cpu, op1, op2);
    else
        exclusive_or_table(cpu, op1, op2);
}

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
        check_push(cpu, rn, a.base_after);
    cpu->cycles += a.is_register;
    m3_private(cpu)->unprivileged = a.unprivileged;
    bool done = m3_write(cpu, a.address, size, m3_register(cpu, rt));
    m3_private(cpu)->unprivileged = false;
    if (done && a.writes_back)
        write_back(cpu, rn, a.base_after);
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
        write_back(cpu, rn, a.base_after);
    if (rt == PC)
        m3_branch_exchange(cpu, value);
    else
        m3_set_register(cpu, rt, value);
}
