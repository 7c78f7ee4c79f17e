/* What the files of the processor share: who does what, and the short paths that every instruction takes. */
#pragma once

#include <string.h>

#include "bits.h"
#include "cortex_m3.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "windows are read as the host's words");

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { FLASH_LINE = 8 }; /* bytes that memory with wait states gives at once (RM0008 3.3.3) */

/* Bits of private_state.attention. */
enum {
    ATTENTION_STOP = 1,       /* stop, or the limit moved */
    ATTENTION_EXCEPTIONS = 2, /* pending ones or priorities changed */
    ATTENTION_STATE = 4       /* sleep, lock-up, EPSR.T clear */
};

/* thumb16*.c, thumb32*.c: one function per kind of instruction. */
typedef void m3_thumb16(struct cortex_m3 *cpu, uint32_t op);
typedef void m3_thumb32(struct cortex_m3 *cpu, uint32_t op1, uint32_t op2);
extern m3_thumb16 *const m3_thumb16_table[1024];
m3_thumb16 m3_fetch_thumb32;
m3_thumb32 m3_load_store_multiple, m3_load_store_dual, m3_load_single, m3_store_single;
m3_thumb32 m3_branches_and_control;
m3_thumb32 m3_dp_modified_immediate, m3_dp_plain_immediate, m3_dp_shifted_register;
m3_thumb32 m3_dp_register, m3_multiply, m3_long_multiply_and_divide;

/* cortex_m3.c */
/* Looks for the window the next instruction is in, with its wait states if it is a jump. */
void m3_find_code(struct cortex_m3 *cpu, bool jump);
/* The code goes on in another line of memory with wait states, or in one that was not looked at. */
void m3_next_line(struct cortex_m3 *cpu, uint32_t address);
/* One half-word of an instruction; false: a fault was raised. */
bool m3_fetch(struct cortex_m3 *cpu, uint32_t address, uint16_t *half_word);

/* cortex_m3_idle.c: a backward branch was taken. */
void m3_came_around(struct cortex_m3 *cpu);

/* cortex_m3_memory.c: the long way. They raise faults; false: one was. */
bool m3_read_slow(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value);
bool m3_write_slow(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value);
/* An aligned access that raises nothing; false: bus error. */
bool m3_access_read(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value);
bool m3_access_write(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value);
void m3_check_stack(struct cortex_m3 *cpu, uint32_t sp);

/* cortex_m3_faults.c */
/* The instruction at private_state.at does not complete. */
void m3_fault(struct cortex_m3 *cpu, int exception, uint32_t cfsr);
void m3_breakpoint_hit(struct cortex_m3 *cpu);
void m3_supervisor_call(struct cortex_m3 *cpu);
void m3_lock_up(struct cortex_m3 *cpu, const char *why);
/* A store that the write buffer took has met a bus error: BusFault becomes pending (B1.5.14). */
void m3_imprecise_fault(struct cortex_m3 *cpu, uint32_t address);
/* Pends a synchronous exception, or what it escalates to (B1.5.14). Returns what is pending; 0: lock-up. */
int m3_pend_or_escalate(struct cortex_m3 *cpu, int exception);
void m3_report_fault(struct cortex_m3 *cpu, int cause, int taken, uint32_t cfsr);

/* cortex_m3_exceptions.c */
void m3_pend(struct cortex_m3 *cpu, int exception);
/* Enters the most urgent exception that may be taken now; false: there is none. */
bool m3_take_exception(struct cortex_m3 *cpu);
bool m3_wakes(struct cortex_m3 *cpu);
/* exception: 0 to 511, what IPSR can hold; false for a number that is no exception of this core. */
bool m3_is_active(const struct cortex_m3 *cpu, int exception);
void m3_exception_return(struct cortex_m3 *cpu, uint32_t exc_return);

/* cortex_m3_priority.c */
int m3_execution_priority(const struct cortex_m3 *cpu);
int m3_group_priority(const struct cortex_m3 *cpu, int exception);
int m3_base_priority(const struct cortex_m3 *cpu);
/* Below which BASEPRI and FAULTMASK keep exceptions. */
int m3_mask_priority(const struct cortex_m3 *cpu);
int m3_highest_pending(const struct cortex_m3 *cpu);

/* cortex_m3_system.c: word, half-word or byte in 0xE0000000..0xE00FFFFF, aligned; false: bus error. */
bool m3_system_read(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value);
bool m3_system_write(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value);
void m3_system_reset(struct cortex_m3 *cpu);
/* What a power-on reset does besides. */
void m3_debug_reset(struct cortex_m3 *cpu);

/* The auxiliary control register (PM0056 4.4.1). */
#define ACTLR_DISDEFWBUF (1u << 1)
uint32_t m3_actlr(const struct cortex_m3 *cpu);

/* cortex_m3_nvic.c: 0xE000E100..0xE000E4FF and STIR. */
bool m3_nvic_read(const struct cortex_m3 *cpu, uint32_t address, uint32_t *value);
bool m3_nvic_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value);
void m3_nvic_trigger(struct cortex_m3 *cpu, unsigned irq);

/* cortex_m3_systick.c */
void m3_systick_settle(struct cortex_m3 *cpu);
uint32_t m3_systick_read(struct cortex_m3 *cpu, uint32_t offset);
void m3_systick_write(struct cortex_m3 *cpu, uint32_t offset, uint32_t value);

/* cortex_m3_debug.c */
void m3_violation(struct cortex_m3 *cpu, enum violation_level level, const char *rule, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
void m3_report(struct cortex_m3 *cpu, enum report_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void m3_unpredictable(struct cortex_m3 *cpu, const char *why);
void m3_undefined(struct cortex_m3 *cpu);

static inline struct cortex_m3_private *m3_private(struct cortex_m3 *cpu)
{
    return &cpu->private_state;
}

static inline bool m3_uses_psp(const struct cortex_m3 *cpu)
{
    return cpu->ipsr == 0 && cpu->control & CONTROL_SPSEL;
}

static inline bool m3_privileged(const struct cortex_m3 *cpu)
{
    return cpu->ipsr != 0 || !(cpu->control & CONTROL_NPRIV);
}

/* Mode, CONTROL and with them the stack pointer in use. */
static inline void m3_set_mode(struct cortex_m3 *cpu, uint32_t ipsr, uint32_t control)
{
    bool psp = m3_uses_psp(cpu);
    cpu->ipsr = (uint16_t)ipsr;
    cpu->control = (uint8_t)control;
    if (psp != m3_uses_psp(cpu)) {
        uint32_t sp = cpu->r[SP];
        cpu->r[SP] = cpu->other_sp;
        cpu->other_sp = sp;
    }
}

static inline bool m3_condition(const struct cortex_m3 *cpu, unsigned condition)
{
    /* Bit NZCV of each word: does the condition hold under these flags. A7.3, in encoding order. */
    static const uint16_t holds[16] = {0xF0F0, 0x0F0F, 0xCCCC, 0x3333, 0xFF00, 0x00FF, 0xAAAA, 0x5555,
                                       0x0C0C, 0xF3F3, 0xAA55, 0x55AA, 0x0A05, 0xF5FA, 0xFFFF, 0xFFFF};
    return holds[condition] >> (cpu->apsr >> 28) & 1;
}

static inline void m3_set_nz(struct cortex_m3 *cpu, uint32_t result)
{
    cpu->apsr = (cpu->apsr & ~(APSR_N | APSR_Z)) | (result & APSR_N) | (result == 0 ? APSR_Z : 0);
}

static inline void m3_set_nzc(struct cortex_m3 *cpu, uint32_t result, bool carry)
{
    cpu->apsr = (cpu->apsr & (APSR_V | APSR_Q)) | (result & APSR_N) | (result == 0 ? APSR_Z : 0) |
                (carry ? APSR_C : 0);
}

/* AddWithCarry() of A2.2.1, flags set. */
static inline uint32_t m3_add(struct cortex_m3 *cpu, uint32_t a, uint32_t b, uint32_t carry)
{
    uint64_t sum = (uint64_t)a + b + carry;
    uint32_t result = (uint32_t)sum;
    cpu->apsr = (cpu->apsr & APSR_Q) | (result & APSR_N) | (result == 0 ? APSR_Z : 0) |
                ((uint32_t)(sum >> 32) << 29) | ((~(a ^ b) & (a ^ result)) >> 31 << 28);
    return result;
}

static inline uint32_t m3_carry(const struct cortex_m3 *cpu)
{
    return cpu->apsr >> 29 & 1;
}

enum m3_shift { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR };

/* Shift_C() by 0..255; carry is the carry in, and out. */
static inline uint32_t m3_shift(uint32_t value, enum m3_shift kind, uint32_t amount, bool *carry)
{
    if (amount == 0)
        return value;
    switch (kind) {
    case SHIFT_LSL:
        *carry = amount <= 32 && value >> (32 - amount) & 1;
        return amount < 32 ? value << amount : 0;
    case SHIFT_LSR:
        *carry = amount <= 32 && (uint64_t)value >> (amount - 1) & 1;
        return amount < 32 ? value >> amount : 0;
    case SHIFT_ASR:
        if (amount > 31) {
            *carry = value >> 31;
            return (uint32_t)((int32_t)value >> 31);
        }
        *carry = value >> (amount - 1) & 1;
        return (uint32_t)((int32_t)value >> amount);
    default:
        amount &= 31;
        if (amount)
            value = value >> amount | value << (32 - amount);
        *carry = value >> 31;
        return value;
    }
}

/* Bits 1..0 of the stack pointer are always 0 (B1.4.1). */
static inline void m3_set_sp(struct cortex_m3 *cpu, uint32_t value)
{
    cpu->r[SP] = value & ~3u;
}

/* A jump empties the prefetch buffer: the line at its target was waited for, the next one is on its way. */
static inline void m3_start_line(struct cortex_m3 *cpu, uint32_t address)
{
    struct cortex_m3_private *p = m3_private(cpu);
    p->line = address & ~(uint32_t)(FLASH_LINE - 1);
    p->at_hand = FLASH_LINE;
    p->line_timed = true;
    p->line_ready = cpu->cycles + p->code_wait + 1;
    p->line_began[0] = p->line_began[1] = 0;
}

/* BranchWritePC(): a taken branch refills the pipeline. */
static inline void m3_branch(struct cortex_m3 *cpu, uint32_t target)
{
    struct cortex_m3_private *p = m3_private(cpu);
    cpu->r[PC] = target & ~1u;
    cpu->cycles += 2;
    if (UNLIKELY(cpu->r[PC] - p->code_base >= p->code_size)) {
        m3_find_code(cpu, true);
    } else if (p->code_wait) {
        cpu->cycles += p->code_wait;
        m3_start_line(cpu, cpu->r[PC]);
    }
}

/* BXWritePC(), LoadWritePC(): interworking, and return from exceptions. */
static inline void m3_branch_exchange(struct cortex_m3 *cpu, uint32_t target)
{
    if (cpu->ipsr != 0 && target >> 28 == 0xF) {
        m3_exception_return(cpu, target);
        return;
    }
    if (!(target & 1)) {
        cpu->thumb = false;
        m3_private(cpu)->attention |= ATTENTION_STATE;
    }
    m3_branch(cpu, target);
}

/* Any register as a destination: the exceptional ones keep their rules. */
static inline void m3_set_register(struct cortex_m3 *cpu, unsigned rd, uint32_t value)
{
    if (UNLIKELY(rd >= SP)) {
        if (rd == PC) {
            m3_branch(cpu, value);
            return;
        }
        if (rd == SP)
            value &= ~3u;
    }
    cpu->r[rd] = value;
}

/* Any register as a source: PC reads as the instruction's address + 4. */
static inline uint32_t m3_register(struct cortex_m3 *cpu, unsigned n)
{
    return n == PC ? m3_private(cpu)->at + 4 : cpu->r[n];
}

/* The window that holds an address, or NULL. */
static inline const struct cortex_m3_window *m3_window(const struct cortex_m3 *cpu, uint32_t address)
{
    for (unsigned i = 0; i < CORTEX_M3_WINDOWS; i++) {
        const struct cortex_m3_window *window = &cpu->window[i];
        if (address - window->base < window->size)
            return window;
    }
    return NULL;
}

/* Data come from the same memory as the code and before it (RM0008 3.3.3), which delays the next line. */
static inline void m3_wait_for_data(struct cortex_m3 *cpu, const struct cortex_m3_window *window)
{
    cpu->cycles += window->wait_states;
    m3_private(cpu)->line_ready += window->wait_states + 1u;
}

/* Reads zero-extended. false: a fault was raised and the instruction must leave everything as it was. */
static inline bool m3_read(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value)
{
    const struct cortex_m3_window *window = m3_window(cpu, address);
    if (UNLIKELY(!window || address & (size - 1)))
        return m3_read_slow(cpu, address, size, value);
    *value = 0;
    memcpy(value, window->bytes + (address - window->base), size);
    if (window->wait_states)
        m3_wait_for_data(cpu, window);
    return true;
}

/*
 * Notes what a word was before it changes: idle loops need to know whether memory came back to what it was.
 */
static inline void m3_note_change(struct cortex_m3 *cpu, const struct cortex_m3_window *window,
                                  uint32_t address)
{
    struct cortex_m3_private *p = m3_private(cpu);
    unsigned slot = p->changes++ % CORTEX_M3_CHANGES;
    p->change[slot].address = address & ~3u;
    memcpy(&p->change[slot].was, window->bytes + ((address & ~3u) - window->base), 4);
}

static inline bool m3_write(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value)
{
    const struct cortex_m3_window *window = m3_window(cpu, address);
    if (UNLIKELY(!window || !window->writable || address & (size - 1)))
        return m3_write_slow(cpu, address, size, value);
    uint8_t *to = window->bytes + (address - window->base);
    if (memcmp(to, &value, size) != 0) {
        m3_note_change(cpu, window, address);
        memcpy(to, &value, size);
    }
    cpu->cycles += window->wait_states;
    return true;
}
