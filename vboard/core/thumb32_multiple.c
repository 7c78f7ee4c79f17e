/* The 32-bit loads and stores of more than a word (A5.3.5, A5.3.6), and the exclusive accesses and table
 * branches among them. */
#include "cortex_m3.h"

#include "decode.h"

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
        m3_check_push(cpu, list->rn, address);
    for (uint32_t left = list->registers; left; left &= left - 1, address += 4) {
        cpu->cycles++;
        if (!m3_write(cpu, address, 4, m3_register(cpu, (unsigned)__builtin_ctz(left))))
            return;
    }
    if (list->writes_back)
        m3_write_back(cpu, list->rn, list->end);
}

static void load_multiple(struct cortex_m3 *cpu, const struct list *list)
{
    uint32_t value[16] = {0}, address = list->start;
    for (uint32_t left = list->registers; left; left &= left - 1, address += 4) {
        cpu->cycles++;
        if (!m3_read(cpu, address, 4, &value[__builtin_ctz(left)]))
            return;
    }
    if (list->writes_back)
        m3_write_back(cpu, list->rn, list->end);
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
    if (!m3_is_aligned(cpu, list.start, 4))
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
    if (!m3_is_aligned(cpu, address, size) || !m3_read(cpu, address, size, &value))
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
    if (!m3_is_aligned(cpu, address, size))
        return;
    cpu->cycles++;
    bool held = cpu->exclusive;
    if (held && address != cpu->exclusive_address)
        m3_violation(cpu, UNDEFINED, "exclusive-address", "STREX to 0x%08X after LDREX of 0x%08X", address,
                     cpu->exclusive_address);
    m3_private(cpu)->unbuffered = true;
    bool failed = held && !m3_write(cpu, address, size, m3_register(cpu, rt));
    m3_private(cpu)->unbuffered = false;
    if (failed)
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
    if (!m3_is_aligned(cpu, address, 4))
        return;
    cpu->cycles += 2;
    if (load) {
        if (!m3_read(cpu, address, 4, &low) || !m3_read(cpu, address + 4, 4, &high))
            return;
    } else {
        if (writes_back && !add && before)
            m3_check_push(cpu, rn, address);
        if (!m3_write(cpu, address, 4, m3_register(cpu, rt)) ||
            !m3_write(cpu, address + 4, 4, m3_register(cpu, rt2)))
            return;
    }
    if (writes_back && rn != PC)
        m3_write_back(cpu, rn, moved);
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
