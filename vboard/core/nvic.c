/* The interrupt controller's registers (B3.4). Bits of lines that are not implemented read as 0. */
#include "cortex_m3.h"

#include "private.h"

enum { LINES_PER_WORD = 32 };
enum {
    ISER = 0xE100,
    ICER = 0xE180,
    ISPR = 0xE200,
    ICPR = 0xE280,
    IABR = 0xE300,
    IPR = 0xE400,
    IPR_END = 0xE4F0
};

static uint32_t gather(const struct cortex_m3 *cpu, const bool *flags, unsigned first)
{
    uint32_t word = 0;
    for (unsigned i = 0; i < LINES_PER_WORD && first + i < cpu->irqs; i++)
        word |= (uint32_t)flags[first + i] << i;
    return word;
}

static uint32_t read_priorities(const struct cortex_m3 *cpu, unsigned first)
{
    uint32_t word = 0;
    for (unsigned i = 0; i < 4 && first + i < cpu->irqs; i++)
        word |= (uint32_t)cpu->nvic.priority[first + i] << 8 * i;
    return word;
}

static void write_priorities(struct cortex_m3 *cpu, unsigned first, uint32_t word)
{
    for (unsigned i = 0; i < 4 && first + i < cpu->irqs; i++)
        cpu->nvic.priority[first + i] = word >> 8 * i & PRIORITY_BITS;
}

/* Each block of bits has 16 words of room. */
static unsigned block(uint32_t offset)
{
    return offset & ~0x3Fu;
}

static unsigned first_line(uint32_t offset)
{
    return (offset & 0x3F) / 4 * LINES_PER_WORD;
}

bool m3_nvic_read(const struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
{
    uint32_t offset = address & 0xFFFF;
    unsigned first = first_line(offset);
    if (offset >= IPR && offset < IPR_END) {
        *value = read_priorities(cpu, offset - IPR);
        return true;
    }
    switch (block(offset)) {
    case ISER:
    case ICER: *value = gather(cpu, cpu->nvic.enabled, first); return true;
    case ISPR:
    case ICPR: *value = gather(cpu, cpu->nvic.pending, first); return true;
    case IABR: *value = gather(cpu, cpu->nvic.active, first); return true;
    default: return false;
    }
}

static void write_line(struct cortex_m3 *cpu, unsigned to, unsigned irq)
{
    switch (to) {
    case ISER: cpu->nvic.enabled[irq] = true; break;
    case ICER: cpu->nvic.enabled[irq] = false; break;
    case ISPR: m3_pend(cpu, FIRST_IRQ + (int)irq); break;
    default: /* ICPR: a level that is there cannot be cleared */
        cpu->nvic.pending[irq] = cpu->nvic.line[irq] && !cpu->nvic.active[irq];
        break;
    }
}

bool m3_nvic_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
{
    uint32_t offset = address & 0xFFFF;
    unsigned to = block(offset), first = first_line(offset);
    if (offset >= IPR && offset < IPR_END) {
        write_priorities(cpu, offset - IPR, value);
        return true;
    }
    if (to != ISER && to != ICER && to != ISPR && to != ICPR)
        return false;
    for (unsigned i = 0; i < LINES_PER_WORD && first + i < cpu->irqs; i++)
        if (value >> i & 1)
            write_line(cpu, to, first + i);
    return true;
}

void m3_nvic_trigger(struct cortex_m3 *cpu, unsigned irq)
{
    if (irq < cpu->irqs)
        m3_pend(cpu, FIRST_IRQ + (int)irq);
}
