/* The system region's registers that hold what was written or read as a constant, the debug components' among
 * them: a program without a debugger sees nothing else of these (C1). */
#include "cortex_m3.h"

#include "system.h"

#define SCS_BASE  0xE000E000u
#define ROM_TABLE 0xE00FF000u

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
    {0xE000EDF0, 0, 0},          /* DHCSR: only a debugger can write it */
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
enum { PLAIN_ACTLR }; /* its place in the table */
enum { PLAIN_COUNT = sizeof(plain) / sizeof(plain[0]) };
_Static_assert(sizeof(plain) / sizeof(plain[0]) <= CORTEX_M3_PLAIN, "cortex_m3_system.plain is too small");

/* ITM, DWT and FPB, and TPIU: only a power-on reset reaches them, as DEMCR (DDI 0337E 10.2.4). */
static bool is_debug_unit(uint32_t address)
{
    return address < SCS_BASE || (address & ~0xFFFu) == TPIU_BASE;
}

static void reset_plain(struct cortex_m3 *cpu, bool debug_units)
{
    for (unsigned i = 0; i < PLAIN_COUNT; i++)
        if (is_debug_unit(plain[i].address) == debug_units)
            cpu->system.plain[i] = plain[i].reset;
}

/* The monitor's bits of DEMCR are cleared by every reset (ARMv7-M C1.6.5). */
void m3_system_reset(struct cortex_m3 *cpu)
{
    struct cortex_m3_system old;
    memcpy(&old, &cpu->system, sizeof(old));
    memset(&cpu->system, 0, sizeof(cpu->system));
    memcpy(cpu->system.plain, old.plain, sizeof(old.plain));
    cpu->system.demcr = old.demcr & ~DEMCR_MONITOR;
    cpu->system.dwt_ctrl = old.dwt_ctrl;
    cpu->system.dwt_base = old.dwt_base;
    cpu->system.dwt_held = old.dwt_held;
    reset_plain(cpu, false);
}

void m3_debug_reset(struct cortex_m3 *cpu)
{
    cpu->system.demcr = cpu->system.dwt_ctrl = cpu->system.dwt_held = 0;
    cpu->system.dwt_base = cpu->cycles;
    reset_plain(cpu, true);
}

uint32_t m3_actlr(const struct cortex_m3 *cpu)
{
    return cpu->system.plain[PLAIN_ACTLR];
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

bool m3_is_plain(uint32_t address)
{
    return find_plain(address) >= 0;
}

bool m3_plain_read(const struct cortex_m3 *cpu, uint32_t address, uint32_t *value)
{
    int i = find_plain(address);
    if (i >= 0)
        *value = cpu->system.plain[i];
    return i >= 0 || identification(address, value);
}

bool m3_plain_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value)
{
    int i = find_plain(address);
    if (i >= 0)
        cpu->system.plain[i] = (cpu->system.plain[i] & ~plain[i].writable) | (value & plain[i].writable);
    return i >= 0;
}
