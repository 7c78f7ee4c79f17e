/* Reset and clock control (RM0008 chapter 7): the registers. What they do to the clocks: rcc_clock.c. */
#include "chip.h"
#include "map.h"
#include "rcc_registers.h"

uint32_t rcc_read(struct chip *chip, uint32_t offset)
{
    const struct rcc *rcc = &chip->rcc;
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
static bool in_use(const struct chip *chip, uint32_t on_bit)
{
    uint32_t setup = chip->rcc.CFGR;
    for (unsigned shift = 0; shift <= SWS_SHIFT; shift += SWS_SHIFT) {
        uint32_t source = setup >> shift & SW_MASK;
        bool pll = source == SW_PLL;
        if ((on_bit == CR_PLLON && pll) ||
            (on_bit == CR_HSION && (source == SW_HSI || (pll && !(setup & CFGR_PLLSRC)))) ||
            (on_bit == CR_HSEON && (source == SW_HSE || (pll && setup & CFGR_PLLSRC)))) {
            return true;
        }
    }
    return false;
}

static uint32_t keep_clocks_in_use(struct chip *chip, uint32_t value)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } oscillators[] = {{CR_HSION, "HSION"}, {CR_HSEON, "HSEON"}, {CR_PLLON, "PLLON"}};
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        uint32_t bit = oscillators[i].bit;
        if (chip->rcc.CR & bit && !(value & bit) && in_use(chip, bit)) {
            chip_violation(
                chip, SUSPICIOUS, "rcc-clock-in-use",
                "RCC_CR = 0x%08X: %s cannot be cleared, the system clock depends on it (RM0008 7.3.1)",
                (unsigned)value, oscillators[i].name);
            value |= bit;
        }
    }
    return value;
}

static void start_hse(struct chip *chip)
{
    bool alive = chip->config.hse_hz != 0;
    chip->rcc.hse_ready = alive ? chip_now(chip) + ticks_from_us(chip->config.hse_startup_us) : TICKS_NEVER;
}

static void check_pll_start(struct chip *chip, uint32_t value)
{
    if (!rcc_pll_source_ready(chip)) {
        chip_violation(chip, SUSPICIOUS, "pll-source-not-ready",
                       "RCC_CR = 0x%08X starts the PLL before its input is ready (RM0008 7.2.3)",
                       (unsigned)value);
    } else if (rcc_pll_hz(chip) > MAX_HCLK_HZ || rcc_pll_hz(chip) < MIN_PLL_HZ) {
        chip_violation(
            chip, FORBIDDEN, "pll-frequency",
            "RCC_CR = 0x%08X starts the PLL at %u Hz; it gives 16 to 72 MHz (RM0008 7.3.2, DS5319 5.3.8)",
            (unsigned)value, (unsigned)rcc_pll_hz(chip));
    }
}

static void write_CR(struct chip *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t old = rcc->CR;
    value = keep_clocks_in_use(chip, value);
    if ((value ^ old) & CR_HSEBYP && old & CR_HSEON) {
        chip_violation(chip, SUSPICIOUS, "hsebyp",
                       "RCC_CR = 0x%08X: HSEBYP may change only with HSE off (RM0008 7.3.1)",
                       (unsigned)value);
        value ^= CR_HSEBYP;
    }
    uint32_t set = value & ~old, cleared = old & ~value;
    rcc->CR = (old & ~(uint32_t)CR_WRITABLE) | (value & CR_WRITABLE);
    if (set & CR_HSION) {
        rcc->hsi_ready = chip_now(chip) + ticks_from_us(HSI_STARTUP_US);
    } else if (cleared & CR_HSION) {
        rcc->hsi_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_HSIRDY;
    }
    if (set & CR_HSEON) {
        start_hse(chip);
    } else if (cleared & CR_HSEON) {
        rcc->hse_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_HSERDY;
    }
    if (set & CR_PLLON) {
        check_pll_start(chip, value);
    }
    rcc_lock_pll(chip);
    rcc_schedule_ready(chip);
    rtc_clock_changed(chip);
}

static void check_CFGR(struct chip *chip, uint32_t value)
{
    const struct rcc *rcc = &chip->rcc;
    uint32_t changed = rcc->CFGR ^ value, wanted = value & SW_MASK;
    if (wanted == 3) {
        chip_violation(chip, FORBIDDEN, "rcc-switch",
                       "RCC_CFGR = 0x%08X: SW = 3 is not allowed (RM0008 7.3.2)", (unsigned)value);
    } else if (changed & SW_MASK && !rcc_source_ready(chip, wanted)) {
        chip_violation(
            chip, SUSPICIOUS, "rcc-switch-not-ready",
            "RCC_CFGR = 0x%08X selects a clock that is not ready; the switch waits for it (RM0008 7.2.6)",
            (unsigned)value);
    }
    if (changed & CFGR_PLL_SETUP && rcc->CR & CR_PLLON) {
        chip_violation(
            chip, SUSPICIOUS, "pll-changed-while-on",
            "RCC_CFGR = 0x%08X changes the PLL's setup, which counts only while it is off (RM0008 7.3.2)",
            (unsigned)value);
    }
    if (changed & CFGR_USBPRE && rcc->APB1ENR & APB1ENR_USB) {
        chip_violation(chip, SUSPICIOUS, "usbpre-changed-while-on",
                       "RCC_CFGR = 0x%08X changes USBPRE while APB1ENR.USBEN is set (RM0008 7.3.2)",
                       (unsigned)value);
    }
}

static void write_CFGR(struct chip *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    check_CFGR(chip, value);
    uint32_t keep = CFGR_SWS;
    keep |= rcc->CR & CR_PLLON ? CFGR_PLL_SETUP : 0;
    keep |= rcc->APB1ENR & APB1ENR_USB ? CFGR_USBPRE & rcc->CFGR : 0; /* cannot be cleared then */
    keep |= (value & SW_MASK) == 3 ? SW_MASK : 0;
    rcc->CFGR = (rcc->CFGR & keep) | (value & ~keep);
    rcc_update_clock(chip);
    rcc_check_limits(chip);
}

static void write_CIR(struct chip *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t flags = rcc->CIR & (0x1F | CSSF) & ~(value >> 16);
    rcc->CIR = flags | (value & CIR_ENABLES);
    rcc_update_irq(chip);
}

/* Setting a bit resets what it belongs to; it stays in reset while the bit is set. */
static void write_resets(struct chip *chip, enum map_bus bus, uint32_t *RSTR, uint32_t value)
{
    uint32_t begun = value & ~*RSTR;
    *RSTR = value;
    for (const struct map_region *region = map; region->name; region++) {
        if (region->bus != bus || region->clock_bit == ALWAYS_CLOCKED || !(begun >> region->clock_bit & 1)) {
            continue;
        }
        if (region->port != NOT_A_PORT) {
            gpio_reset(chip, (unsigned)region->port);
        } else if (region->reset) {
            region->reset(chip);
        }
    }
}

void rcc_reset_backup_domain(struct chip *chip)
{
    chip->bkp = (struct bkp){0};
    chip->rcc.BDCR = 0;
    chip->rcc.lse_ready = TICKS_NEVER;
    rtc_reset_backup_domain(chip);
}

static void write_BDCR(struct chip *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    if (!pwr_backup_writable(chip, "RCC_BDCR", value)) {
        return;
    }
    if (value & BDCR_BDRST) {
        rcc_reset_backup_domain(chip);
        rcc->BDCR = BDCR_BDRST;
        rcc_schedule_ready(chip);
        return;
    }
    if (rcc->BDCR & BDCR_RTCSEL && (rcc->BDCR ^ value) & BDCR_RTCSEL) {
        chip_violation(chip, SUSPICIOUS, "rtcsel",
                       "RCC_BDCR = 0x%X: RTCSEL can be set once until BDRST (RM0008 7.3.9)", (unsigned)value);
        value = (value & ~(uint32_t)BDCR_RTCSEL) | (rcc->BDCR & BDCR_RTCSEL);
    }
    uint32_t changed = rcc->BDCR ^ value;
    rcc->BDCR = (rcc->BDCR & BDCR_LSERDY) | (value & BDCR_WRITABLE);
    if (changed & BDCR_LSEON) {
        bool on = value & BDCR_LSEON;
        rcc->lse_ready = on ? chip_now(chip) + ticks_from_us(LSE_STARTUP_US) : TICKS_NEVER;
        rcc->BDCR &= ~(uint32_t)BDCR_LSERDY;
    }
    rcc_schedule_ready(chip);
    rtc_clock_changed(chip);
}

static void write_CSR(struct chip *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    if (value & CSR_RMVF) {
        rcc->CSR &= ~CSR_FLAGS;
    }
    bool on = value & CSR_LSION;
    rcc->CSR = (rcc->CSR & ~(uint32_t)CSR_LSION) | (on ? CSR_LSION : 0);
    if (on) {
        rcc_force_lsi(chip);
    } else if (!chip->iwdg.running) { /* 19.3.1: the watchdog keeps LSI on */
        rcc->lsi_ready = TICKS_NEVER;
        rcc->CSR &= ~(uint32_t)CSR_LSIRDY;
        rcc_schedule_ready(chip);
        rtc_clock_changed(chip);
    }
}

/* The manual's bits are those of the largest chips. */
static void check_enables(struct chip *chip, enum map_bus bus, uint32_t enabled)
{
    if (chip->config.flash_bytes > MEDIUM_DENSITY_FLASH) {
        return;
    }
    for (const struct map_region *region = map; region->name; region++) {
        if (region->high_density && region->bus == bus && enabled >> region->clock_bit & 1) {
            chip_violation(chip, SUSPICIOUS, "absent-peripheral",
                           "the clock of %s is enabled, which this chip does not have (RM0008 table 3)",
                           region->name);
        }
    }
}

static void write_enables(struct chip *chip, enum map_bus bus, uint32_t *ENR, uint32_t value)
{
    uint32_t enabled = value & ~*ENR;
    check_enables(chip, bus, enabled);
    *ENR = value;
    rcc_clocks_changed(chip);
    if (enabled) {
        rcc_check_limits(chip);
    }
}

void rcc_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    switch (offset) {
    case CR: write_CR(chip, value); break;
    case CFGR: write_CFGR(chip, value); break;
    case CIR: write_CIR(chip, value); break;
    case APB2RSTR: write_resets(chip, BUS_APB2, &rcc->APB2RSTR, value); break;
    case APB1RSTR: write_resets(chip, BUS_APB1, &rcc->APB1RSTR, value); break;
    case AHBENR: write_enables(chip, BUS_AHB, &rcc->AHBENR, value); break;
    case APB2ENR: write_enables(chip, BUS_APB2, &rcc->APB2ENR, value); break;
    case APB1ENR: write_enables(chip, BUS_APB1, &rcc->APB1ENR, value); break;
    case BDCR: write_BDCR(chip, value); break;
    default: write_CSR(chip, value); break;
    }
}

bool rcc_clock_enabled(const struct chip *chip, uint32_t peripheral_base)
{
    const struct map_region *region = map_find(peripheral_base);
    if (!region || region->clock_bit == ALWAYS_CLOCKED) {
        return true;
    }
    uint32_t ENR = region->bus == BUS_AHB    ? chip->rcc.AHBENR
                   : region->bus == BUS_APB1 ? chip->rcc.APB1ENR
                                             : chip->rcc.APB2ENR;
    return ENR >> region->clock_bit & 1;
}

/* A reset pulls NRST, so that PINRSTF comes with every cause (RM0008 figure 4). */
void rcc_set_reset_flags(struct chip *chip, enum reset_cause cause)
{
    static const uint32_t flag[] = {
        [RESET_POWER] = CSR_PORRSTF,   [RESET_PIN] = 0,         [RESET_SOFTWARE] = 1u << 28,
        [RESET_IWDG] = 1u << 29,       [RESET_WWDG] = 1u << 30, [RESET_LOW_POWER] = 1u << 31,
        [RESET_STANDBY] = CSR_PORRSTF,
    };
    chip->rcc.CSR |= flag[cause] | CSR_PINRSTF;
}

/* What outlives it: the backup domain's register and the flags. */
void rcc_reset(struct chip *chip)
{
    struct rcc *rcc = &chip->rcc;
    *rcc = (struct rcc){
        .CR = CR_RESET,
        .AHBENR = AHBENR_RESET,
        .BDCR = rcc->BDCR,
        .CSR = rcc->CSR & CSR_FLAGS,
        .hse_ready = TICKS_NEVER,
        .pll_ready = TICKS_NEVER,
        .lsi_ready = TICKS_NEVER,
        .lse_ready = rcc->lse_ready,
    };
    chip_set_clock(chip, TICKS_PER_SECOND / HSI_HZ);
    rcc_clocks_changed(chip);
    rcc_schedule_ready(chip);
}
