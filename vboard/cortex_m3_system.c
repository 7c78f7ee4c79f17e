/* The system region, 0xE0000000 to 0xE00FFFFF: system control block (B3.2) and the debug components beside it
 * as a program without a debugger sees them (C1). */
#include "cortex_m3.h"

#include "cortex_m3_private.h"

#define ITM_BASE   0xE0000000u
#define DWT_CTRL   0xE0001000u
#define DWT_CYCCNT 0xE0001004u
#define SCS_BASE   0xE000E000u
#define ROM_TABLE  0xE00FF000u

#define ICTR       0xE000E004u
#define SYST_FIRST 0xE000E010u
#define SYST_LAST  0xE000E01Cu
#define NVIC_FIRST 0xE000E100u
#define NVIC_LAST  0xE000E4ECu
#define IPR_FIRST  0xE000E400u
#define ICSR       0xE000ED04u
#define VTOR       0xE000ED08u
#define AIRCR      0xE000ED0Cu
#define SCR        0xE000ED10u
#define CCR        0xE000ED14u
#define SHPR1      0xE000ED18u
#define SHPR3      0xE000ED20u
#define SHCSR      0xE000ED24u
#define CFSR       0xE000ED28u
#define HFSR       0xE000ED2Cu
#define DFSR       0xE000ED30u
#define MMFAR      0xE000ED34u
#define BFAR       0xE000ED38u
#define DEMCR      0xE000EDFCu
#define STIR       0xE000EF00u

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
#define DWT_CTRL_FIXED      0x40000000u /* four comparators */
#define DWT_CTRL_MASK       0x007F1FFFu
#define DWT_CYCCNTENA       1u

enum { PRIORITY_BITS = 0xF0 };

/* Registers that hold what was written, or read as a constant. */
static const struct {
    uint32_t address, reset, writable;
} plain[] = {
    {0xE000E008, 0, 0x7},        /* ACTLR */
    {0xE000ED00, 0x411FC231, 0}, /* CPUID: r1p1 */
    {0xE000ED3C, 0, 0},          /* AFSR */
    {0xE000ED40, 0x00000030, 0}, /* ID_PFR0 */
    {0xE000ED44, 0x00000200, 0}, /* ID_PFR1 */
    {0xE000ED48, 0x00100000, 0}, /* ID_DFR0 */
    {0xE000ED4C, 0, 0},          /* ID_AFR0 */
    {0xE000ED50, 0x00000030, 0}, /* ID_MMFR0 */
    {0xE000ED54, 0, 0},          /* ID_MMFR1 */
    {0xE000ED58, 0, 0},          /* ID_MMFR2 */
    {0xE000ED5C, 0, 0},          /* ID_MMFR3 */
    {0xE000ED60, 0x01141110, 0}, /* ID_ISAR0 */
    {0xE000ED64, 0x02111000, 0}, /* ID_ISAR1 */
    {0xE000ED68, 0x21112231, 0}, /* ID_ISAR2 */
    {0xE000ED6C, 0x01111110, 0}, /* ID_ISAR3 */
    {0xE000ED70, 0x01310102, 0}, /* ID_ISAR4 */
    {0xE000ED88, 0, 0},          /* CPACR: no coprocessor */
    {0xE000ED90, 0, 0},          /* MPU_TYPE: no MPU, so its registers read as 0 */
    {0xE000ED94, 0, 0},          /* MPU_CTRL */
    {0xE000ED98, 0, 0},          /* MPU_RNR */
    {0xE000ED9C, 0, 0},          /* MPU_RBAR */
    {0xE000EDA0, 0, 0},          /* MPU_RASR */
    {0xE000EDA4, 0, 0},          /* and their aliases */
    {0xE000EDA8, 0, 0},
    {0xE000EDAC, 0, 0},
    {0xE000EDB0, 0, 0},
    {0xE000EDB4, 0, 0},
    {0xE000EDB8, 0, 0},
    {0xE000EDF0, 0, 0},          /* DHCSR: only a debugger can set C_DEBUGEN */
    {0xE000EDF4, 0, 0},          /* DCRSR */
    {0xE000EDF8, 0, UINT32_MAX}, /* DCRDR */
    {0xE0000E00, 0, UINT32_MAX}, /* ITM_TER */
    {0xE0000E40, 0, 0xF},        /* ITM_TPR */
    {0xE0000E80, 0, 0x007F031F}, /* ITM_TCR */
    {0xE0000FB0, 0, 0},          /* ITM_LAR */
    {0xE0000FB4, 0, 0},          /* ITM_LSR: not locked */
    {0xE0001008, 0, 0xFF},       /* DWT_CPICNT */
    {0xE000100C, 0, 0xFF},       /* DWT_EXCCNT */
    {0xE0001010, 0, 0xFF},       /* DWT_SLEEPCNT */
    {0xE0001014, 0, 0xFF},       /* DWT_LSUCNT */
    {0xE0001018, 0, 0xFF},       /* DWT_FOLDCNT */
    {0xE000101C, 0, 0},          /* DWT_PCSR */
    {0xE0001020, 0, UINT32_MAX}, /* DWT_COMP0 */
    {0xE0001024, 0, 0xF},        /* DWT_MASK0 */
    {0xE0001028, 0, 0x1EF},      /* DWT_FUNCTION0 */
    {0xE0001030, 0, UINT32_MAX},
    {0xE0001034, 0, 0xF},
    {0xE0001038, 0, 0x1EF},
    {0xE0001040, 0, UINT32_MAX},
    {0xE0001044, 0, 0xF},
    {0xE0001048, 0, 0x1EF},
    {0xE0001050, 0, UINT32_MAX},
    {0xE0001054, 0, 0xF},
    {0xE0001058, 0, 0x1EF},
    {0xE0002000, 0x260, 1},               /* FP_CTRL: six code and two literal comparators */
    {0xE0002004, 0x20000000, 0x1FFFFFE0}, /* FP_REMAP */
    {0xE0002008, 0, 0xDFFFFFFD},          /* FP_COMP0 */
    {0xE000200C, 0, 0xDFFFFFFD},
    {0xE0002010, 0, 0xDFFFFFFD},
    {0xE0002014, 0, 0xDFFFFFFD},
    {0xE0002018, 0, 0xDFFFFFFD},
    {0xE000201C, 0, 0xDFFFFFFD},
    {0xE0002020, 0, 0xDFFFFFFD},
    {0xE0002024, 0, 0xDFFFFFFD},
    {0xE0040000, 0xF, 0},        /* TPIU_SSPSR */
    {0xE0040004, 1, 0xF},        /* TPIU_CSPSR */
    {0xE0040010, 0, 0x1FFF},     /* TPIU_ACPR */
    {0xE00400F0, 1, 3},          /* TPIU_SPPR */
    {0xE0040300, 8, 0},          /* TPIU_FFSR */
    {0xE0040304, 0x102, 0x2},    /* TPIU_FFCR */
    {0xE00FF000, 0xFFF0F003, 0}, /* ROM table: SCS, DWT, FPB, ITM, TPIU, no ETM */
    {0xE00FF004, 0xFFF02003, 0},
    {0xE00FF008, 0xFFF03003, 0},
    {0xE00FF00C, 0xFFF01003, 0},
    {0xE00FF010, 0xFFF41003, 0},
    {0xE00FF014, 0xFFF42002, 0},
    {0xE00FF018, 0, 0},
    {0xE00FFFCC, 1, 0},
};
enum { PLAIN_COUNT = sizeof(plain) / sizeof(plain[0]) };
_Static_assert((int)PLAIN_COUNT <= (int)CORTEX_M3_PLAIN, "cortex_m3_system.plain is too small");

void m3_system_reset(struct cortex_m3 *cpu)
{
    memset(&cpu->system, 0, sizeof(cpu->system));
    for (unsigned i = 0; i < PLAIN_COUNT; i++)
        cpu->system.plain[i] = plain[i].reset;
}

static int find_plain(uint32_t address)
{
    for (int i = 0; i < PLAIN_COUNT; i++)
        if (plain[i].address == address)
            return i;
    return -1;
}

/* Peripheral and component IDs at the end of each component's 4 KiB. */
static bool identification(uint32_t address, uint32_t *value)
{
    static const struct {
        uint32_t base;
        uint8_t part_0, part_1, part_2, part_4, component_1;
    } components[] = {
        {ITM_BASE, 0x01, 0xB0, 0x1B, 4, 0xE0},   {0xE0001000, 0x02, 0xB0, 0x1B, 4, 0xE0},
        {0xE0002000, 0x03, 0xB0, 0x1B, 4, 0xE0}, {SCS_BASE, 0x00, 0xB0, 0x1B, 4, 0xE0},
        {ROM_TABLE, 0x10, 0x04, 0x0A, 0, 0x10}, /* ST's own */
    };
    for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
        if (components[i].base != (address & ~0xFFFu) || (address & 0xFFF) < 0xFD0)
            continue;
        const uint8_t ids[12] = {components[i].part_4,
                                 0,
                                 0,
                                 0,
                                 components[i].part_0,
                                 components[i].part_1,
                                 components[i].part_2,
                                 0,
                                 0x0D,
                                 components[i].component_1,
                                 0x05,
                                 0xB1};
        *value = ids[((address & 0xFFF) - 0xFD0) / 4];
        return true;
    }
    return false;
}

static bool is_stimulus_port(uint32_t address)
{
    return address - ITM_BASE < 0x80;
}

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

static uint32_t read_icsr(const struct cortex_m3 *cpu)
{
    const struct cortex_m3_system *system = &cpu->system;
    uint32_t value = cpu->ipsr | (uint32_t)m3_highest_pending(cpu) << 12;
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

static bool read_scb(struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
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
    case DEMCR: *value = system->demcr | (system->pending[DEBUG_MONITOR] ? DEMCR_MON_PEND : 0); return true;
    case DWT_CTRL: *value = DWT_CTRL_FIXED | system->dwt_ctrl; return true;
    case DWT_CYCCNT: *value = read_cyccnt(cpu); return true;
    case STIR: *value = 0; return true;
    default: return false;
    }
}

static bool write_scb(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
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

static void read_word(struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
{
    int i = find_plain(address);
    *value = 0;
    if (address >= SYST_FIRST && address <= SYST_LAST)
        *value = m3_systick_read(cpu, address - SYST_FIRST);
    else if (address >= NVIC_FIRST && address <= NVIC_LAST && m3_nvic_read(cpu, address, value))
        return;
    else if (read_scb(cpu, address, value) || identification(address, value))
        return;
    else if (is_stimulus_port(address))
        *value = 1; /* ready */
    else if (i >= 0)
        *value = cpu->system.plain[i];
    else
        m3_violation(cpu, UNDEFINED, "reserved-system-register", "read of 0x%08X", address);
}

static void write_word(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
{
    int i = find_plain(address);
    if (address >= SYST_FIRST && address <= SYST_LAST)
        m3_systick_write(cpu, address - SYST_FIRST, value);
    else if (address >= NVIC_FIRST && address <= NVIC_LAST && m3_nvic_write(cpu, address, value))
        return;
    else if (write_scb(cpu, address, value) || is_stimulus_port(address))
        return;
    else if (i >= 0)
        cpu->system.plain[i] = (cpu->system.plain[i] & ~plain[i].writable) | (value & plain[i].writable);
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
    bool bits_act = !is_priority_register(aligned) && find_plain(aligned) < 0;
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
