/* The system region, 0xE0000000 to 0xE00FFFFF: which part of it has a word, and what sizes do to it. */
#include "cortex_m3.h"

#include "system.h"

#define SYST_FIRST 0xE000E010u
#define SYST_LAST  0xE000E01Cu
#define NVIC_FIRST 0xE000E100u
#define NVIC_LAST  0xE000E4ECu
#define IPR_FIRST  0xE000E400u

enum { MANAGEMENT_REGISTERS = 0xF00 }; /* lock and identification, at the end of each unit */

static bool is_stimulus_port(uint32_t address)
{
    return address - ITM_BASE < 0x80;
}

/* ITM, DWT or TPIU while DEMCR.TRCENA keeps them off (ARMv7-M C1.6.5), but for what names them. */
static bool is_trace_off(const struct cortex_m3 *cpu, uint32_t address)
{
    uint32_t unit = address & ~0xFFFu;
    bool is_trace = unit == ITM_BASE || unit == DWT_CTRL || unit == TPIU_BASE;
    return is_trace && !(cpu->system.demcr & DEMCR_TRCENA) && (address & 0xFFF) < MANAGEMENT_REGISTERS;
}

/*
 * UNKNOWN by the architecture; CYCCNT of real STM32F103s reads as DWT_CTRL does. Told for the
 * counter only, and once: programs look at ITM to see whether somebody listens, and one that
 * waits for CYCCNT waits for ever.
 */
static uint32_t read_trace_off(struct cortex_m3 *cpu, uint32_t address)
{
    if (address == DWT_CYCCNT && !cpu->system.trace_told) {
        cpu->system.trace_told = true;
        m3_violation(cpu, SUSPICIOUS, "trace-disabled",
                     "DWT_CYCCNT is read while DEMCR.TRCENA is 0: it does not count");
    }
    return address == DWT_CYCCNT || address == DWT_CTRL ? DWT_CTRL_FIXED : 0;
}

static void read_word(struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
{
    *value = 0;
    if (is_trace_off(cpu, address))
        *value = read_trace_off(cpu, address);
    else if (address >= SYST_FIRST && address <= SYST_LAST)
        *value = m3_systick_read(cpu, address - SYST_FIRST);
    else if (address >= NVIC_FIRST && address <= NVIC_LAST && m3_nvic_read(cpu, address, value))
        return;
    else if (m3_scb_read(cpu, address, value) || m3_plain_read(cpu, address, value))
        return;
    else if (is_stimulus_port(address))
        *value = 1; /* ready */
    else
        m3_violation(cpu, UNDEFINED, "reserved-system-register", "read of 0x%08X", address);
}

static void write_word(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
{
    if (is_trace_off(cpu, address))
        m3_violation(cpu, SUSPICIOUS, "trace-disabled",
                     "write of 0x%08X to 0x%08X (DWT, ITM or TPIU) is lost: DEMCR.TRCENA is 0", value,
                     address);
    else if (address >= SYST_FIRST && address <= SYST_LAST)
        m3_systick_write(cpu, address - SYST_FIRST, value);
    else if (address >= NVIC_FIRST && address <= NVIC_LAST && m3_nvic_write(cpu, address, value))
        return;
    else if (m3_scb_write(cpu, address, value) || m3_plain_write(cpu, address, value) ||
             is_stimulus_port(address))
        return;
    else
        m3_violation(cpu, FORBIDDEN, "reserved-system-register", "write of 0x%08X to 0x%08X", value, address);
}

/* Which registers take bytes and half-words (B3.1.1); a write to the first kind leaves the others alone. */
static bool is_priority_register(uint32_t address)
{
    return (address >= IPR_FIRST && address <= NVIC_LAST) || (address >= SHPR1 && address <= SHPR3);
}

static void check_size(struct cortex_m3 *cpu, uint32_t address, unsigned size)
{
    bool may_be_narrow = is_priority_register(address) || address == CFSR || is_stimulus_port(address);
    if (size < 4 && !may_be_narrow)
        m3_violation(cpu, UNDEFINED, "system-register-size", "access of %u bytes to 0x%08X", size, address);
}

bool m3_system_read(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t *value)
{
    uint32_t aligned = address & ~3u;
    check_size(cpu, aligned, size);
    read_word(cpu, aligned, value);
    *value >>= 8 * (address & 3);
    if (size < 4)
        *value &= (1u << 8 * size) - 1;
    return true;
}

/* Bits that are cleared, set or triggered by writing 1 take 0 in the bytes that are not written. */
static uint32_t rest_of_word(struct cortex_m3 *cpu, uint32_t aligned, uint32_t mask)
{
    uint32_t old;
    bool bits_act = !is_priority_register(aligned) && !m3_is_plain(aligned);
    if (mask == UINT32_MAX || bits_act)
        return 0;
    read_word(cpu, aligned, &old);
    return old & ~mask;
}

bool m3_system_write(struct cortex_m3 *cpu, uint32_t address, unsigned size, uint32_t value)
{
    uint32_t aligned = address & ~3u;
    uint32_t mask = (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1) << 8 * (address & 3);
    struct cortex_m3_system system;
    struct cortex_m3_nvic nvic;
    memcpy(&system, &cpu->system, sizeof(system));
    memcpy(&nvic, &cpu->nvic, sizeof(nvic));
    check_size(cpu, aligned, size);
    write_word(cpu, aligned, (value << 8 * (address & 3) & mask) | rest_of_word(cpu, aligned, mask));
    if (memcmp(&system, &cpu->system, sizeof(system)) != 0 || memcmp(&nvic, &cpu->nvic, sizeof(nvic)) != 0) {
        cpu->side_effects++;
        m3_private(cpu)->attention |= ATTENTION_EXCEPTIONS;
    }
    return true;
}
