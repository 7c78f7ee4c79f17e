/* SysTick (B3.3): counts down with the processor's clock or an eighth of it; nothing is stepped, its value is
 * computed from the cycles that have passed. */
#include "cortex_m3.h"

#include "private.h"

#define CSR_ENABLE    (1u << 0)
#define CSR_TICKINT   (1u << 1)
#define CSR_CLKSOURCE (1u << 2)
#define CSR_COUNTFLAG (1u << 16)
#define CSR_WRITABLE  (CSR_ENABLE | CSR_TICKINT | CSR_CLKSOURCE)
#define COUNTER_MASK  0x00FFFFFFu
#define CALIB         0x40002328u /* STM32F103: 9000 of the external clock are 1 ms at 72 MHz (RM0008 10.1.1) */

enum { SLOW_DIVIDER = 8 };
enum { CSR = 0x0, RVR = 0x4, CVR = 0x8, CALIBRATION = 0xC };

static unsigned divider(const struct cortex_m3_systick *systick)
{
    return systick->csr & CSR_CLKSOURCE ? 1 : SLOW_DIVIDER;
}

/* The counter after so many of its clocks. It reloads on the clock after it was 0. */
static uint32_t count_down(const struct cortex_m3_systick *systick, uint64_t clocks)
{
    if (clocks <= systick->cvr)
        return systick->cvr - (uint32_t)clocks;
    if (systick->rvr == 0)
        return 0;
    uint64_t into_period = (clocks - systick->cvr) % ((uint64_t)systick->rvr + 1);
    return into_period ? (uint32_t)(systick->rvr + 1 - into_period) : 0;
}

static void schedule(struct cortex_m3_systick *systick)
{
    uint64_t clocks = systick->cvr ? systick->cvr : (uint64_t)systick->rvr + 1;
    unsigned by = divider(systick);
    bool runs = systick->csr & CSR_ENABLE && (systick->cvr || systick->rvr);
    systick->wraps = runs ? (systick->counted / by + clocks) * by : UINT64_MAX;
}

/* Brings cvr up to date, and notices that the counter has reached 0. */
void m3_systick_settle(struct cortex_m3 *cpu)
{
    struct cortex_m3_systick *systick = &cpu->systick;
    unsigned by = divider(systick);
    bool wrapped = cpu->cycles >= systick->wraps;
    if (systick->csr & CSR_ENABLE)
        systick->cvr = count_down(systick, cpu->cycles / by - systick->counted / by);
    systick->counted = cpu->cycles;
    schedule(systick);
    if (!wrapped)
        return;
    cpu->side_effects++;
    systick->csr |= CSR_COUNTFLAG;
    if (systick->csr & CSR_TICKINT)
        m3_pend(cpu, SYSTICK);
}

uint32_t m3_systick_read(struct cortex_m3 *cpu, uint32_t offset)
{
    struct cortex_m3_systick *systick = &cpu->systick;
    m3_systick_settle(cpu);
    switch (offset) {
    case CSR: {
        uint32_t value = systick->csr;
        if (value & CSR_COUNTFLAG)
            cpu->side_effects++;
        systick->csr &= ~CSR_COUNTFLAG;
        return value;
    }
    case RVR: return systick->rvr;
    case CVR: cpu->side_effects += systick->csr & CSR_ENABLE; return systick->cvr;
    default: return CALIB;
    }
}

void m3_systick_write(struct cortex_m3 *cpu, uint32_t offset, uint32_t value)
{
    struct cortex_m3_systick *systick = &cpu->systick;
    m3_systick_settle(cpu);
    switch (offset) {
    case CSR: systick->csr = (systick->csr & CSR_COUNTFLAG) | (value & CSR_WRITABLE); break;
    case RVR: systick->rvr = value & COUNTER_MASK; break;
    case CVR:
        systick->cvr = 0;
        systick->csr &= ~CSR_COUNTFLAG;
        break;
    default:
        m3_violation(cpu, SUSPICIOUS, "read-only-register", "write of 0x%08X to SysTick CALIB", value);
        break;
    }
    schedule(systick);
    cpu->side_effects++;
    m3_private(cpu)->attention |= ATTENTION_STOP;
}
