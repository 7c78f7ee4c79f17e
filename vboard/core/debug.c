/* What a person or a test sees of the core from outside, and how the core speaks up. */
#include "cortex_m3.h"

#include <stdarg.h>
#include <stdio.h>

#include "private.h"

enum { MAX_TEXT = 1024 };

void m3_report(struct cortex_m3 *cpu, enum report_kind kind, const char *format, ...)
{
    char text[MAX_TEXT];
    va_list arguments;
    if (!cpu->bus.report)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    cpu->bus.report(cpu->bus.context, kind, text);
    if (cpu->stop)
        m3_private(cpu)->attention |= ATTENTION_STOP;
}

void m3_violation(struct cortex_m3 *cpu, enum violation_level level, const char *rule, const char *format,
                  ...)
{
    char text[MAX_TEXT];
    va_list arguments;
    cpu->side_effects++;
    if (!cpu->bus.violation)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    cpu->bus.violation(cpu->bus.context, level, rule, text);
    if (cpu->stop)
        m3_private(cpu)->attention |= ATTENTION_STOP;
}

void m3_unpredictable(struct cortex_m3 *cpu, const char *why)
{
    uint32_t at = m3_private(cpu)->at;
    uint16_t op[2] = {0, 0};
    cortex_m3_peek(cpu, at, &op[0], 2);
    cortex_m3_peek(cpu, at + 2, &op[1], 2);
    m3_violation(cpu, UNDEFINED, "unpredictable-instruction", "%s: %04X %04X at 0x%08X", why, op[0], op[1],
                 at);
}

void m3_undefined(struct cortex_m3 *cpu)
{
    m3_fault(cpu, USAGE_FAULT, UNDEFINSTR);
}

bool cortex_m3_peek(const struct cortex_m3 *cpu, uint32_t address, void *to, size_t length)
{
    const struct cortex_m3_window *window = m3_window(cpu, address);
    if (!window || length > window->size - (address - window->base))
        return false;
    memcpy(to, window->bytes + (address - window->base), length);
    return true;
}

uint32_t cortex_m3_xpsr(const struct cortex_m3 *cpu)
{
    return cpu->apsr | (cpu->itstate & 3u) << 25 | (cpu->itstate & 0xFCu) << 8 | (cpu->thumb ? XPSR_T : 0) |
           cpu->ipsr;
}

void cortex_m3_set_xpsr(struct cortex_m3 *cpu, uint32_t value)
{
    cpu->apsr = value & APSR_MASK;
    cpu->itstate = (uint8_t)((value >> 25 & 3) | (value >> 8 & 0xFC));
    cpu->thumb = value & XPSR_T;
    m3_set_mode(cpu, value & XPSR_IPSR, cpu->control);
}

uint32_t cortex_m3_msp(const struct cortex_m3 *cpu)
{
    return m3_uses_psp(cpu) ? cpu->other_sp : cpu->r[SP];
}

uint32_t cortex_m3_psp(const struct cortex_m3 *cpu)
{
    return m3_uses_psp(cpu) ? cpu->r[SP] : cpu->other_sp;
}

char *cortex_m3_describe(const struct cortex_m3 *cpu, char *text, size_t size)
{
    const uint32_t *r = cpu->r;
    uint32_t xpsr = cortex_m3_xpsr(cpu);
    snprintf(text, size,
             "r0  %08X  r1  %08X  r2  %08X  r3  %08X  r4  %08X  r5  %08X\n"
             "r6  %08X  r7  %08X  r8  %08X  r9  %08X  r10 %08X  r11 %08X\n"
             "r12 %08X  sp  %08X  lr  %08X  pc  %08X  msp %08X  psp %08X\n"
             "xpsr %08X %c%c%c%c%c %s %u  primask %u faultmask %u basepri %02X control %u  cycles %llu",
             r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[SP], r[LR],
             r[PC], cortex_m3_msp(cpu), cortex_m3_psp(cpu), xpsr, xpsr & APSR_N ? 'N' : '-',
             xpsr & APSR_Z ? 'Z' : '-', xpsr & APSR_C ? 'C' : '-', xpsr & APSR_V ? 'V' : '-',
             xpsr & APSR_Q ? 'Q' : '-', cpu->ipsr ? "exception" : "thread", cpu->ipsr, cpu->primask,
             cpu->faultmask, cpu->basepri, cpu->control, (unsigned long long)cpu->cycles);
    return text;
}
