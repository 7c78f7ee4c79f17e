/* The system control block (B3.2), and DWT's cycle counter with what turns it on (C1). */
#include "cortex_m3.h"

#include "system.h"

#define ICTR  0xE000E004u
#define ICSR  0xE000ED04u
#define VTOR  0xE000ED08u
#define AIRCR 0xE000ED0Cu
#define SCR   0xE000ED10u
#define CCR   0xE000ED14u
#define SHCSR 0xE000ED24u
#define HFSR  0xE000ED2Cu
#define DFSR  0xE000ED30u
#define MMFAR 0xE000ED34u
#define BFAR  0xE000ED38u
#define DHCSR 0xE000EDF0u
#define DEMCR 0xE000EDFCu
#define STIR  0xE000EF00u

#define VTOR_MASK           0x3FFFFF80u
#define AIRCR_KEY_READ      0xFA050000u
#define AIRCR_KEY_WRITE     0x05FAu
#define AIRCR_PRIGROUP      0x00000700u
#define AIRCR_SYSRESETREQ   (1u << 2)
#define AIRCR_VECTCLRACTIVE (1u << 1)
#define AIRCR_VECTRESET     (1u << 0)
#define SCR_MASK            0x16u
#define CCR_MASK            0x31Bu
#define SHCSR_ENABLES       (SHCSR_MEMFAULTENA | SHCSR_BUSFAULTENA | SHCSR_USGFAULTENA)
#define HFSR_MASK           (HFSR_VECTTBL | HFSR_FORCED | HFSR_DEBUGEVT)
#define CFSR_MASK           0x030F9F9Bu
#define DFSR_MASK           0x1Fu
#define DEMCR_MASK          0x010F07F1u
#define DEMCR_MON_PEND      (1u << 17)
#define ICSR_NMIPENDSET     (1u << 31)
#define ICSR_PENDSVSET      (1u << 28)
#define ICSR_PENDSVCLR      (1u << 27)
#define ICSR_PENDSTSET      (1u << 26)
#define ICSR_PENDSTCLR      (1u << 25)
#define ICSR_ISRPENDING     (1u << 22)
#define ICSR_RETTOBASE      (1u << 11)
#define DWT_CTRL_MASK       0x007F1FFFu
#define DWT_CYCCNTENA       1u
#define DHCSR_C_DEBUGEN     1u

/* Pending and active bits of SHCSR by exception. */
static const struct {
    uint8_t bit, exception;
} shcsr_active[] = {{0, MEM_MANAGE},    {1, BUS_FAULT}, {3, USAGE_FAULT}, {7, SVCALL},
                    {8, DEBUG_MONITOR}, {10, PENDSV},   {11, SYSTICK}},
  shcsr_pending[] = {{12, USAGE_FAULT}, {13, MEM_MANAGE}, {14, BUS_FAULT}, {15, SVCALL}};
enum {
    ACTIVE_BITS = sizeof(shcsr_active) / sizeof(shcsr_active[0]),
    PENDING_BITS = sizeof(shcsr_pending) / sizeof(shcsr_pending[0])
};

static uint32_t read_shcsr(const struct cortex_m3 *cpu)
{
    uint32_t value = cpu->system.shcsr;
    for (unsigned i = 0; i < ACTIVE_BITS; i++)
        value |= (uint32_t)cpu->system.active[shcsr_active[i].exception] << shcsr_active[i].bit;
    for (unsigned i = 0; i < PENDING_BITS; i++)
        value |= (uint32_t)cpu->system.pending[shcsr_pending[i].exception] << shcsr_pending[i].bit;
    return value;
}

static void write_shcsr(struct cortex_m3 *cpu, uint32_t value)
{
    cpu->system.shcsr = value & SHCSR_ENABLES;
    for (unsigned i = 0; i < ACTIVE_BITS; i++)
        cpu->system.active[shcsr_active[i].exception] = value >> shcsr_active[i].bit & 1;
    for (unsigned i = 0; i < PENDING_BITS; i++)
        cpu->system.pending[shcsr_pending[i].exception] = value >> shcsr_pending[i].bit & 1;
}

/* VECTPENDING heeds BASEPRI and FAULTMASK, but not PRIMASK (PM0056 4.4.3). */
static uint32_t unmasked_pending(const struct cortex_m3 *cpu)
{
    int pending = m3_highest_pending(cpu);
    return m3_group_priority(cpu, pending) < m3_mask_priority(cpu) ? (uint32_t)pending : 0;
}

static uint32_t read_icsr(const struct cortex_m3 *cpu)
{
    const struct cortex_m3_system *system = &cpu->system;
    uint32_t value = cpu->ipsr | unmasked_pending(cpu) << 12;
    unsigned others = 0;
    for (int i = NMI; i < FIRST_IRQ + (int)cpu->irqs; i++) {
        bool active = i < FIRST_IRQ ? system->active[i] : cpu->nvic.active[i - FIRST_IRQ];
        others += active && i != cpu->ipsr;
        if (i >= FIRST_IRQ && cpu->nvic.pending[i - FIRST_IRQ])
            value |= ICSR_ISRPENDING;
    }
    if (others == 0)
        value |= ICSR_RETTOBASE;
    return value | (system->pending[NMI] ? ICSR_NMIPENDSET : 0) |
           (system->pending[PENDSV] ? ICSR_PENDSVSET : 0) | (system->pending[SYSTICK] ? ICSR_PENDSTSET : 0);
}

static void write_icsr(struct cortex_m3 *cpu, uint32_t value)
{
    const uint32_t pendsv = ICSR_PENDSVSET | ICSR_PENDSVCLR, systick = ICSR_PENDSTSET | ICSR_PENDSTCLR;
    if ((value & pendsv) == pendsv || (value & systick) == systick)
        m3_violation(cpu, UNDEFINED, "icsr-set-and-clear", "ICSR 0x%08X", value);
    if (value & ICSR_NMIPENDSET)
        m3_pend(cpu, NMI);
    if (value & ICSR_PENDSVSET)
        m3_pend(cpu, PENDSV);
    else if (value & ICSR_PENDSVCLR)
        cpu->system.pending[PENDSV] = false;
    if (value & ICSR_PENDSTSET)
        m3_pend(cpu, SYSTICK);
    else if (value & ICSR_PENDSTCLR)
        cpu->system.pending[SYSTICK] = false;
}

/* The table must lie at a multiple of its size, rounded up to a power of two (B3.2.5). */
static void write_vtor(struct cortex_m3 *cpu, uint32_t value)
{
    uint32_t alignment = 128;
    while (alignment < 4 * (FIRST_IRQ + cpu->irqs))
        alignment *= 2;
    if (value & (alignment - 1) || value & ~VTOR_MASK)
        m3_violation(cpu, FORBIDDEN, "vector-table-alignment",
                     "VTOR 0x%08X, needs a multiple of %u below 0x40000000", value, alignment);
    cpu->system.vtor = value & VTOR_MASK;
}

static void clear_active(struct cortex_m3 *cpu)
{
    m3_violation(cpu, UNDEFINED, "vectclractive", "AIRCR.VECTCLRACTIVE without a halted core");
    memset(cpu->system.active, 0, sizeof(cpu->system.active));
    memset(cpu->nvic.active, 0, sizeof(cpu->nvic.active));
    m3_set_mode(cpu, 0, cpu->control);
}

static void write_aircr(struct cortex_m3 *cpu, uint32_t value)
{
    if (value >> 16 != AIRCR_KEY_WRITE) {
        m3_violation(cpu, SUSPICIOUS, "aircr-key", "AIRCR 0x%08X without its key is ignored", value);
        return;
    }
    cpu->system.aircr = value & AIRCR_PRIGROUP;
    if (value & AIRCR_VECTCLRACTIVE)
        clear_active(cpu);
    if (value & AIRCR_SYSRESETREQ) {
        cpu->side_effects++;
        if (cpu->bus.reset_request)
            cpu->bus.reset_request(cpu->bus.context);
        cpu->stop = true;
        m3_private(cpu)->attention |= ATTENTION_STOP;
    } else if (value & AIRCR_VECTRESET) {
        m3_violation(cpu, UNDEFINED, "vectreset", "AIRCR.VECTRESET without a halted core");
        cortex_m3_reset(cpu);
    }
}

static bool counts_cycles(const struct cortex_m3 *cpu)
{
    return cpu->system.demcr & DEMCR_TRCENA && cpu->system.dwt_ctrl & DWT_CYCCNTENA;
}

static uint32_t read_cyccnt(struct cortex_m3 *cpu)
{
    if (!counts_cycles(cpu))
        return cpu->system.dwt_held;
    cpu->side_effects++;
    return (uint32_t)(cpu->cycles - cpu->system.dwt_base);
}

static void set_cyccnt(struct cortex_m3 *cpu, uint32_t value)
{
    cpu->system.dwt_held = value;
    cpu->system.dwt_base = cpu->cycles - value;
}

/* DEMCR and DWT_CTRL start and stop the cycle counter. */
static void set_trace(struct cortex_m3 *cpu, uint32_t demcr, uint32_t dwt_ctrl)
{
    set_cyccnt(cpu, read_cyccnt(cpu));
    cpu->system.demcr = demcr & DEMCR_MASK & ~DEMCR_MON_PEND;
    cpu->system.dwt_ctrl = dwt_ctrl & DWT_CTRL_MASK;
}

static void write_demcr(struct cortex_m3 *cpu, uint32_t value)
{
    set_trace(cpu, value, cpu->system.dwt_ctrl);
    if (value & DEMCR_MON_PEND)
        m3_pend(cpu, DEBUG_MONITOR);
    else
        cpu->system.pending[DEBUG_MONITOR] = false;
}

static uint32_t read_shpr(const struct cortex_m3 *cpu, unsigned first)
{
    const uint8_t *p = &cpu->system.priority[first];
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Exceptions 7 to 10 and 13 are not there. */
static void write_shpr(struct cortex_m3 *cpu, unsigned first, uint32_t value)
{
    const uint32_t exist = 1u << MEM_MANAGE | 1u << BUS_FAULT | 1u << USAGE_FAULT | 1u << SVCALL |
                           1u << DEBUG_MONITOR | 1u << PENDSV | 1u << SYSTICK;
    for (unsigned i = 0; i < 4; i++)
        if (exist >> (first + i) & 1)
            cpu->system.priority[first + i] = value >> 8 * i & PRIORITY_BITS;
}

bool m3_scb_read(struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
{
    const struct cortex_m3_system *system = &cpu->system;
    switch (address) {
    case ICTR: *value = (cpu->irqs - 1) / 32; return true;
    case ICSR: *value = read_icsr(cpu); return true;
    case VTOR: *value = system->vtor; return true;
    case AIRCR: *value = AIRCR_KEY_READ | system->aircr; return true;
    case SCR: *value = system->scr; return true;
    case CCR: *value = system->ccr; return true;
    case SHPR1:
    case SHPR1 + 4:
    case SHPR3: *value = read_shpr(cpu, address - SHPR1 + MEM_MANAGE); return true;
    case SHCSR: *value = read_shcsr(cpu); return true;
    case CFSR: *value = system->cfsr; return true;
    case HFSR: *value = system->hfsr; return true;
    case DFSR: *value = system->dfsr; return true;
    case MMFAR: *value = system->mmfar; return true;
    case BFAR: *value = system->bfar; return true;
    case DHCSR: *value = cpu->debugger ? DHCSR_C_DEBUGEN : 0; return true;
    case DEMCR: *value = system->demcr | (system->pending[DEBUG_MONITOR] ? DEMCR_MON_PEND : 0); return true;
    case DWT_CTRL: *value = DWT_CTRL_FIXED | system->dwt_ctrl; return true;
    case DWT_CYCCNT: *value = read_cyccnt(cpu); return true;
    case STIR: *value = 0; return true;
    default: return false;
    }
}

bool m3_scb_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
{
    struct cortex_m3_system *system = &cpu->system;
    switch (address) {
    case ICSR: write_icsr(cpu, value); return true;
    case VTOR: write_vtor(cpu, value); return true;
    case AIRCR: write_aircr(cpu, value); return true;
    case SCR: system->scr = value & SCR_MASK; return true;
    case CCR: system->ccr = value & CCR_MASK; return true;
    case SHPR1:
    case SHPR1 + 4:
    case SHPR3: write_shpr(cpu, address - SHPR1 + MEM_MANAGE, value); return true;
    case SHCSR: write_shcsr(cpu, value); return true;
    case CFSR: system->cfsr &= ~(value & CFSR_MASK); return true;
    case HFSR: system->hfsr &= ~(value & HFSR_MASK); return true;
    case DFSR: system->dfsr &= ~(value & DFSR_MASK); return true;
    case MMFAR: system->mmfar = value; return true;
    case BFAR: system->bfar = value; return true;
    case DEMCR: write_demcr(cpu, value); return true;
    case DWT_CTRL: set_trace(cpu, system->demcr, value); return true;
    case DWT_CYCCNT: set_cyccnt(cpu, value); return true;
    case STIR: m3_nvic_trigger(cpu, value & 0x1FF); return true;
    default: return false;
    }
}
