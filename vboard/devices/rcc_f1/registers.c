/* Reset and clock control (RM0008 chapter 7): the registers. What they do to the clocks: tree.c. */
#include "private.h"

uint32_t rcc_read(struct device *device, uint32_t offset)
{
    const struct rcc *rcc = rcc_of(device);
    switch (offset) {
    case CR: return rcc->CR;
    case CFGR: return rcc->CFGR;
    case CIR: return rcc->CIR;
    case APB2RSTR: return rcc->APB2RSTR;
    case APB1RSTR: return rcc->APB1RSTR;
    case AHBENR: return rcc->AHBENR;
    case APB2ENR: return rcc->APB2ENR;
    case APB1ENR: return rcc->APB1ENR;
    case BDCR: return rcc->BDCR;
    default: return rcc->CSR;
    }
}

/* Does the system clock, now or as selected, come from this oscillator (its ON bit)? RM0008 7.3.1. */
static bool in_use(const struct device *device, uint32_t on_bit)
{
    uint32_t setup = rcc_of(device)->CFGR;
    for (unsigned shift = 0; shift <= SWS_SHIFT; shift += SWS_SHIFT) {
        uint32_t source = setup >> shift & SW_MASK;
        bool pll = source == SW_PLL;
        if ((on_bit == CR_PLLON && pll) ||
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
    } oscillators[] = {{CR_HSION, "HSION"}, {CR_HSEON, "HSEON"}, {CR_PLLON, "PLLON"}};
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        uint32_t bit = oscillators[i].bit;
        if (rcc_of(device)->CR & bit && !(value & bit) && in_use(device, bit)) {
            device_violation(
                device, SUSPICIOUS, "rcc-clock-in-use",
                "RCC_CR = 0x%08X: %s cannot be cleared, the system clock depends on it (RM0008 7.3.1)",
                (unsigned)value, oscillators[i].name);
            value |= bit;
        }
    }
    return value;
}

static void start_hse(struct device *device)
{
    bool alive = device_chip(device)->config.hse_hz != 0;
    rcc_of(device)->hse_ready =
        alive ? device_now(device) + ticks_from_us(device_chip(device)->config.hse_startup_us) : TICKS_NEVER;
}

static void check_pll_start(struct device *device, uint32_t value)
{
    if (!rcc_pll_source_ready(device)) {
        device_violation(device, SUSPICIOUS, "pll-source-not-ready",
                         "RCC_CR = 0x%08X starts the PLL before its input is ready (RM0008 7.2.3)",
                         (unsigned)value);
    } else if (rcc_pll_hz(device) > MAX_HCLK_HZ || rcc_pll_hz(device) < MIN_PLL_HZ) {
        device_violation(
            device, FORBIDDEN, "pll-frequency",
            "RCC_CR = 0x%08X starts the PLL at %u Hz; it gives 16 to 72 MHz (RM0008 7.3.2, DS5319 5.3.8)",
            (unsigned)value, (unsigned)rcc_pll_hz(device));
    }
}

static void write_CR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t old = rcc->CR;
    value = keep_clocks_in_use(device, value);
    if ((value ^ old) & CR_HSEBYP && old & CR_HSEON) {
        device_violation(device, SUSPICIOUS, "hsebyp",
                         "RCC_CR = 0x%08X: HSEBYP may change only with HSE off (RM0008 7.3.1)",
                         (unsigned)value);
        value ^= CR_HSEBYP;
    }
    uint32_t set = value & ~old, cleared = old & ~value;
    rcc->CR = (old & ~(uint32_t)CR_WRITABLE) | (value & CR_WRITABLE);
    if (set & CR_HSION) {
        rcc->hsi_ready = device_now(device) + ticks_from_us(HSI_STARTUP_US);
    } else if (cleared & CR_HSION) {
        rcc->hsi_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_HSIRDY;
    }
    if (set & CR_HSEON) {
        start_hse(device);
    } else if (cleared & CR_HSEON) {
        rcc->hse_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_HSERDY;
    }
    if (set & CR_PLLON)
        check_pll_start(device, value);
    rcc_lock_pll(device);
    rcc_schedule_ready(device);
    rcc_clocks_changed(device);
}

static void check_CFGR(struct device *device, uint32_t value)
{
    const struct rcc *rcc = rcc_of(device);
    uint32_t changed = rcc->CFGR ^ value, wanted = value & SW_MASK;
    if (wanted == 3) {
        device_violation(device, FORBIDDEN, "rcc-switch",
                         "RCC_CFGR = 0x%08X: SW = 3 is not allowed (RM0008 7.3.2)", (unsigned)value);
    } else if (changed & SW_MASK && !rcc_source_ready(device, wanted)) {
        device_violation(
            device, SUSPICIOUS, "rcc-switch-not-ready",
            "RCC_CFGR = 0x%08X selects a clock that is not ready; the switch waits for it (RM0008 7.2.6)",
            (unsigned)value);
    }
    if (changed & CFGR_PLL_SETUP && rcc->CR & CR_PLLON) {
        device_violation(
            device, SUSPICIOUS, "pll-changed-while-on",
            "RCC_CFGR = 0x%08X changes the PLL's setup, which counts only while it is off (RM0008 7.3.2)",
            (unsigned)value);
    }
    if (changed & CFGR_USBPRE && rcc->APB1ENR & APB1ENR_USB) {
        device_violation(device, SUSPICIOUS, "usbpre-changed-while-on",
                         "RCC_CFGR = 0x%08X changes USBPRE while APB1ENR.USBEN is set (RM0008 7.3.2)",
                         (unsigned)value);
    }
}

static void write_CFGR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    check_CFGR(device, value);
    uint32_t keep = CFGR_SWS;
    keep |= rcc->CR & CR_PLLON ? CFGR_PLL_SETUP : 0;
    keep |= rcc->APB1ENR & APB1ENR_USB ? CFGR_USBPRE & rcc->CFGR : 0; /* cannot be cleared then */
    keep |= (value & SW_MASK) == 3 ? SW_MASK : 0;
    rcc->CFGR = (rcc->CFGR & keep) | (value & ~keep);
    rcc_update_clock(device);
    rcc_check_limits(device);
}

static void write_CIR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t flags = rcc->CIR & (0x1F | CSSF) & ~(value >> 16);
    rcc->CIR = flags | (value & CIR_ENABLES);
    rcc_update_irq(device);
}

void rcc_backup_reset(struct device *device)
{
    rcc_of(device)->BDCR = 0;
    rcc_of(device)->lse_ready = TICKS_NEVER;
}

static void write_BDCR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    if (!device_backup_writable(device, "RCC_BDCR", value))
        return;
    if (value & BDCR_BDRST) {
        chip_reset_backup_domain(device_chip(device));
        rcc->BDCR = BDCR_BDRST;
        rcc_schedule_ready(device);
        rcc_clocks_changed(device);
        return;
    }
    if (rcc->BDCR & BDCR_RTCSEL && (rcc->BDCR ^ value) & BDCR_RTCSEL) {
        device_violation(device, SUSPICIOUS, "rtcsel",
                         "RCC_BDCR = 0x%X: RTCSEL can be set once until BDRST (RM0008 7.3.9)",
                         (unsigned)value);
        value = (value & ~(uint32_t)BDCR_RTCSEL) | (rcc->BDCR & BDCR_RTCSEL);
    }
    uint32_t changed = rcc->BDCR ^ value;
    rcc->BDCR = (rcc->BDCR & BDCR_LSERDY) | (value & BDCR_WRITABLE);
    if (changed & BDCR_LSEON) {
        bool on = value & BDCR_LSEON;
        rcc->lse_ready = on ? device_now(device) + ticks_from_us(LSE_STARTUP_US) : TICKS_NEVER;
        rcc->BDCR &= ~(uint32_t)BDCR_LSERDY;
    }
    rcc_schedule_ready(device);
    rcc_clocks_changed(device);
}

static void write_CSR(struct device *device, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    if (value & CSR_RMVF)
        rcc->CSR &= ~CSR_FLAGS;
    bool on = value & CSR_LSION;
    rcc->CSR = (rcc->CSR & ~(uint32_t)CSR_LSION) | (on ? CSR_LSION : 0);
    if (on) {
        rcc_force_lsi(device);
    } else if (!rcc->lsi_needed) { /* 19.3.1: the watchdog keeps LSI on */
        rcc->lsi_ready = TICKS_NEVER;
        rcc->CSR &= ~(uint32_t)CSR_LSIRDY;
        rcc_schedule_ready(device);
        rcc_clocks_changed(device);
    }
}

static void write_resets(struct device *device, enum rcc_f1_bank bank, uint32_t *RSTR, uint32_t value)
{
    *RSTR = value;
    clock_hold_in_reset(device_chip(device), bank, value);
}

static void write_enables(struct device *device, enum rcc_f1_bank bank, uint32_t *ENR, uint32_t value)
{
    uint32_t enabled = value & ~*ENR;
    *ENR = value;
    clock_enable(device_chip(device), bank, value);
    rcc_clocks_changed(device);
    if (enabled)
        rcc_check_limits(device);
}

void rcc_write(struct device *device, uint32_t offset, uint32_t value)
{
    struct rcc *rcc = rcc_of(device);
    switch (offset) {
    case CR: write_CR(device, value); break;
    case CFGR: write_CFGR(device, value); break;
    case CIR: write_CIR(device, value); break;
    case APB2RSTR: write_resets(device, RCC_F1_APB2, &rcc->APB2RSTR, value); break;
    case APB1RSTR: write_resets(device, RCC_F1_APB1, &rcc->APB1RSTR, value); break;
    case AHBENR: write_enables(device, RCC_F1_AHB, &rcc->AHBENR, value); break;
    case APB2ENR: write_enables(device, RCC_F1_APB2, &rcc->APB2ENR, value); break;
    case APB1ENR: write_enables(device, RCC_F1_APB1, &rcc->APB1ENR, value); break;
    case BDCR: write_BDCR(device, value); break;
    default: write_CSR(device, value); break;
    }
}

/* A reset pulls NRST, so that PINRSTF comes with every cause (RM0008 figure 4). */
void rcc_started(struct device *device)
{
    static const uint32_t flag[] = {
        [RESET_POWER] = CSR_PORRSTF,   [RESET_PIN] = 0,         [RESET_SOFTWARE] = 1u << 28,
        [RESET_IWDG] = 1u << 29,       [RESET_WWDG] = 1u << 30, [RESET_LOW_POWER] = 1u << 31,
        [RESET_STANDBY] = CSR_PORRSTF,
    };
    rcc_of(device)->CSR |= flag[device_chip(device)->reset_cause] | CSR_PINRSTF;
}

/* What outlives it: the backup domain's register and the flags. */
void rcc_reset(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    struct chip *chip = device_chip(device);
    bool power = chip->reset_cause == RESET_POWER;
    *rcc = (struct rcc){
        .CR = CR_RESET,
        .AHBENR = AHBENR_RESET,
        .BDCR = rcc->BDCR,
        .CSR = power ? 0 : rcc->CSR & CSR_FLAGS,
        .hse_ready = TICKS_NEVER,
        .pll_ready = TICKS_NEVER,
        .lsi_ready = TICKS_NEVER,
        .lse_ready = rcc->lse_ready,
    };
    chip_set_clock(device_chip(device), TICKS_PER_SECOND / HSI_HZ);
    clock_reset_gates(chip, RCC_F1_AHB, rcc->AHBENR);
    clock_reset_gates(chip, RCC_F1_APB1, 0);
    clock_reset_gates(chip, RCC_F1_APB2, 0);
    rcc_clocks_changed(device);
    rcc_schedule_ready(device);
}
