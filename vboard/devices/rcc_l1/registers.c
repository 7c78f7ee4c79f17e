/* Reset and clock control (RM0038 chapter 6): the registers. What they do to the clocks: tree.c. */
#include "private.h"

/* The registers of a bank: its reset, enable and low-power enable register. NULL: another one. */
static uint32_t *bank_register(struct rcc *rcc, uint32_t offset)
{
    switch (offset) {
    case AHBRSTR: return &rcc->RSTR[RCC_L1_AHB];
    case APB2RSTR: return &rcc->RSTR[RCC_L1_APB2];
    case APB1RSTR: return &rcc->RSTR[RCC_L1_APB1];
    case AHBENR: return &rcc->ENR[RCC_L1_AHB];
    case APB2ENR: return &rcc->ENR[RCC_L1_APB2];
    case APB1ENR: return &rcc->ENR[RCC_L1_APB1];
    case AHBLPENR: return &rcc->LPENR[RCC_L1_AHB];
    case APB2LPENR: return &rcc->LPENR[RCC_L1_APB2];
    case APB1LPENR: return &rcc->LPENR[RCC_L1_APB1];
    default: return NULL;
    }
}

uint32_t rcc_l1_read(struct device *device, uint32_t offset)
{
    struct rcc *rcc = rcc_of(device);
    switch (offset) {
    case CR: return rcc->CR;
    case ICSCR: return rcc->ICSCR;
    case CFGR: return rcc->CFGR;
    case CIR: return rcc->CIR;
    case CSR: return rcc->CSR;
    default: return *bank_register(rcc, offset);
    }
}

/* Does the system clock, now or as selected, come from this oscillator (its ON bit)? 6.3.1. */
static bool in_use(const struct device *device, uint32_t on_bit)
{
    uint32_t setup = rcc_of(device)->CFGR;
    for (unsigned shift = 0; shift <= SWS_SHIFT; shift += SWS_SHIFT) {
        uint32_t source = setup >> shift & SW_MASK;
        bool pll = source == SW_PLL;
        if ((on_bit == CR_PLLON && pll) || (on_bit == CR_MSION && source == SW_MSI) ||
            (on_bit == CR_HSION && (source == SW_HSI || (pll && !(setup & CFGR_PLLSRC)))) ||
            (on_bit == CR_HSEON && (source == SW_HSE || (pll && setup & CFGR_PLLSRC))))
            return true;
    }
    return false;
}

static uint32_t keep_clocks_in_use(struct device *device, uint32_t value)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } oscillators[] = {{CR_HSION, "HSION"}, {CR_MSION, "MSION"}, {CR_HSEON, "HSEON"}, {CR_PLLON, "PLLON"}};
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        uint32_t bit = oscillators[i].bit;
        if (rcc_of(device)->CR & bit && !(value & bit) && in_use(device, bit)) {
            device_violation(
                device, SUSPICIOUS, "rcc-clock-in-use",
                "RCC_CR = 0x%08X: %s cannot be cleared, the system clock depends on it (RM0038 6.3.1)",
                (unsigned)value, oscillators[i].name);
            value |= bit;
        }
    }
    return value;
}

static void write_CR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t old = rcc->CR;
    value = keep_clocks_in_use(device, value);
    if ((value ^ old) & CR_HSEBYP && old & CR_HSEON) {
        device_violation(device, SUSPICIOUS, "hsebyp",
                         "RCC_CR = 0x%08X: HSEBYP may change only with HSE off (RM0038 6.3.1)",
                         (unsigned)value);
        value ^= CR_HSEBYP;
    }
    rcc->CR = (old & ~(uint32_t)CR_WRITABLE) | (value & CR_WRITABLE);
    rcc_l1_switch_oscillators(device, old);
    if (rcc->CR & ~old & CR_PLLON)
        rcc_l1_check_pll(device);
    rcc_l1_lock_pll(device);
    rcc_l1_schedule_ready(device);
    rcc_l1_clocks_changed(device);
    if (rcc->CR & ~old & (CR_PLLON | CR_HSEON | CR_HSION))
        rcc_l1_check_limits(device);
}

static void write_ICSCR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    bool moves = (value ^ rcc->ICSCR) & ICSCR_MSIRANGE;
    if ((value & ICSCR_MSIRANGE) >> ICSCR_MSIRANGE_SHIFT >= MSI_RANGES) {
        device_violation(device, FORBIDDEN, "msi-range",
                         "RCC_ICSCR = 0x%08X: MSIRANGE = 7 is not allowed (RM0038 6.3.2)", (unsigned)value);
        value = (value & ~(uint32_t)ICSCR_MSIRANGE) | (rcc->ICSCR & ICSCR_MSIRANGE);
    } else if (moves && rcc->CR & CR_MSION && !(rcc->CR & CR_MSIRDY)) {
        device_violation(device, FORBIDDEN, "msi-range",
                         "RCC_ICSCR = 0x%08X: MSIRANGE may change with MSI off or ready only (RM0038 6.3.2)",
                         (unsigned)value);
    }
    rcc->ICSCR = (rcc->ICSCR & ~ICSCR_WRITABLE) | (value & ICSCR_WRITABLE);
    rcc_l1_update_clock(device);
    clocks_check(device_chip(device));
}

static void check_CFGR(struct device *device, uint32_t value)
{
    const struct rcc *rcc = rcc_of(device);
    uint32_t changed = rcc->CFGR ^ value, wanted = value & SW_MASK;
    if (changed & SW_MASK && !rcc_l1_source_ready(device, wanted)) {
        device_violation(
            device, SUSPICIOUS, "rcc-switch-not-ready",
            "RCC_CFGR = 0x%08X selects a clock that is not ready; the switch waits for it (RM0038 6.2.9)",
            (unsigned)value);
    }
    if (changed & CFGR_PLL_SETUP && rcc->CR & CR_PLLON) {
        device_violation(
            device, SUSPICIOUS, "pll-changed-while-on",
            "RCC_CFGR = 0x%08X changes the PLL's setup, which counts only while it is off (RM0038 6.3.3)",
            (unsigned)value);
    }
}

static void write_CFGR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    check_CFGR(device, value);
    uint32_t keep = CFGR_SWS;
    keep |= rcc->CR & CR_PLLON ? CFGR_PLL_SETUP : 0;
    rcc->CFGR = (rcc->CFGR & keep) | (value & ~keep);
    rcc_l1_update_clock(device);
    clocks_check(device_chip(device));
}

static void write_CIR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t flags = rcc->CIR & (CIR_MASKABLE | CSSF) & ~(value >> 16);
    rcc->CIR = flags | (value & CIR_ENABLES);
    rcc_l1_update_irq(device);
}

void rcc_l1_backup_reset(struct device *device)
{
    rcc_of(device)->CSR &= ~(uint32_t)(CSR_OF_RTC | CSR_LSERDY);
    rcc_of(device)->lse_ready = TICKS_NEVER;
}

/* The bits of the RTC's domain (6.3.14), which DBP locks. */
static void write_rtc_clock(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t old = rcc->CSR;
    if (!((value ^ old) & CSR_OF_RTC) || !device_backup_writable(device, "RCC_CSR", value))
        return;
    if (value & CSR_RTCRST) {
        chip_reset_backup_domain(device_chip(device));
        rcc->CSR |= CSR_RTCRST;
        return;
    }
    if (old & CSR_RTCSEL && (old ^ value) & CSR_RTCSEL) {
        device_violation(device, SUSPICIOUS, "rtcsel",
                         "RCC_CSR = 0x%X: RTCSEL can be set once until RTCRST (RM0038 6.3.14)",
                         (unsigned)value);
        value = (value & ~(uint32_t)CSR_RTCSEL) | (old & CSR_RTCSEL);
    }
    rcc->CSR = (old & ~(uint32_t)CSR_OF_RTC) | (value & CSR_OF_RTC);
    if ((old ^ value) & CSR_LSEON) {
        bool on = value & CSR_LSEON;
        rcc->lse_ready = on ? device_now(device) + ticks_from_us(LSE_STARTUP_US) : TICKS_NEVER;
        rcc->CSR &= ~(uint32_t)CSR_LSERDY;
    }
}

static void write_CSR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    if (value & CSR_RMVF)
        rcc->CSR &= ~CSR_FLAGS;
    write_rtc_clock(device, value);
    bool on = value & CSR_LSION;
    rcc->CSR = (rcc->CSR & ~(uint32_t)CSR_LSION) | (on ? CSR_LSION : 0);
    if (on) {
        rcc_l1_force_lsi(device);
    } else if (!rcc->lsi_needed) { /* the watchdog keeps LSI on (6.2.8) */
        rcc->lsi_ready = TICKS_NEVER;
        rcc->CSR &= ~(uint32_t)CSR_LSIRDY;
    }
    rcc_l1_schedule_ready(device);
    rcc_l1_clocks_changed(device);
}

static enum rcc_l1_bank bank_of(uint32_t offset)
{
    static const enum rcc_l1_bank order[] = {RCC_L1_AHB, RCC_L1_APB2, RCC_L1_APB1};
    return order[(offset - AHBRSTR) / 4 % 3];
}

static void write_bank(struct device *device, uint32_t offset, uint32_t value)
{
    struct chip *chip = device_chip(device);
    uint32_t *reg = bank_register(rcc_of(device), offset), before = *reg;
    *reg = value;
    if (offset < AHBENR) {
        clock_hold_in_reset(chip, bank_of(offset), value);
    } else if (offset < AHBLPENR) {
        clock_enable(chip, bank_of(offset), value);
        rcc_l1_clocks_changed(device);
        if (value & ~before)
            rcc_l1_check_usb(device);
    }
}

void rcc_l1_write(struct device *device, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case CR: write_CR(device, value); break;
    case ICSCR: write_ICSCR(device, value); break;
    case CFGR: write_CFGR(device, value); break;
    case CIR: write_CIR(device, value); break;
    case CSR: write_CSR(device, value); break;
    default: write_bank(device, offset, value); break;
    }
}

/* A reset pulls NRST, so that PINRSTF comes with every cause. */
void rcc_l1_started(struct device *device)
{
    static const uint32_t flag[] = {
        [RESET_POWER] = CSR_PORRSTF,   [RESET_PIN] = 0,         [RESET_SOFTWARE] = 1u << 28,
        [RESET_IWDG] = 1u << 29,       [RESET_WWDG] = 1u << 30, [RESET_LOW_POWER] = 1u << 31,
        [RESET_OPTIONS] = CSR_OBLRSTF, [RESET_STANDBY] = 0,
    };
    enum reset_cause cause = device_chip(device)->reset_cause;
    if (cause != RESET_STANDBY)
        rcc_of(device)->CSR |= CSR_PINRSTF | flag[cause];
}

/* What outlives it: the clocks of the RTC and the flags. */
void rcc_l1_reset(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    struct chip *chip = device_chip(device);
    bool power = chip->reset_cause == RESET_POWER;
    uint32_t kept = CSR_OF_RTC | CSR_LSERDY;
    *rcc = (struct rcc){
        .CR = CR_RESET,
        .ICSCR = ICSCR_RESET,
        .ENR = {[RCC_L1_AHB] = AHBENR_RESET},
        .LPENR = {[RCC_L1_AHB] = AHBLPENR_RESET},
        .CSR = power ? 0 : rcc->CSR & (CSR_FLAGS | kept),
        .hsi_ready = TICKS_NEVER,
        .hse_ready = TICKS_NEVER,
        .pll_ready = TICKS_NEVER,
        .lsi_ready = TICKS_NEVER,
        .lse_ready = power ? TICKS_NEVER : rcc->lse_ready,
    };
    rcc_l1_update_clock(device);
    clock_reset_gates(chip, RCC_L1_AHB, AHBENR_RESET);
    clock_reset_gates(chip, RCC_L1_APB1, 0);
    clock_reset_gates(chip, RCC_L1_APB2, 0);
    rcc_l1_clocks_changed(device);
    rcc_l1_schedule_ready(device);
}
