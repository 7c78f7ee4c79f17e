/* Reset and clock control (RM0008 chapter 7): oscillators, the clock tree and its limits, resets, enables. */
#include "chip.h"
#include "map.h"

enum {
    CR = 0x00,
    CFGR = 0x04,
    CIR = 0x08,
    APB2RSTR = 0x0C,
    APB1RSTR = 0x10,
    AHBENR = 0x14,
    APB2ENR = 0x18,
    APB1ENR = 0x1C,
    BDCR = 0x20,
    CSR = 0x24
};
enum {
    CR_HSION = 1 << 0,
    CR_HSIRDY = 1 << 1,
    CR_HSEON = 1 << 16,
    CR_HSERDY = 1 << 17,
    CR_HSEBYP = 1 << 18,
    CR_CSSON = 1 << 19,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CR_RESET = 0x83,
    CR_WRITABLE = 0x010D00F9
};
enum { SW_MASK = 3, SWS_SHIFT = 2, SW_HSI = 0, SW_HSE = 1, SW_PLL = 2 };
enum { CFGR_PLLSRC = 1 << 16, CFGR_PLLXTPRE = 1 << 17, CFGR_PLLMUL = 15 << 18, CFGR_USBPRE = 1 << 22 };
enum { CFGR_SWS = 3 << SWS_SHIFT, CFGR_PLL_SETUP = CFGR_PLLSRC | CFGR_PLLXTPRE | CFGR_PLLMUL };
/* CIR: flags, enables 8 bits above, clears 16 bits above. */
enum { LSIRDY = 1 << 0, LSERDY = 1 << 1, HSIRDY = 1 << 2, HSERDY = 1 << 3, PLLRDY = 1 << 4, CSSF = 1 << 7 };
enum { CIR_ENABLES = 0x1F00, AHBENR_RESET = 0x14, APB1ENR_USB = 1 << 23, APB2ENR_ADC = 3 << 9 };
enum { BDCR_LSEON = 1 << 0, BDCR_LSERDY = 1 << 1, BDCR_BDRST = 1 << 16, BDCR_RTCSEL = 3 << 8 };
enum { BDCR_WRITABLE = 0x8305 };
enum {
    CSR_LSION = 1 << 0,
    CSR_LSIRDY = 1 << 1,
    CSR_RMVF = 1 << 24,
    CSR_PINRSTF = 1 << 26,
    CSR_PORRSTF = 1 << 27
};
#define CSR_FLAGS 0xFC000000u

enum { HSI_HZ = 8000000, MAX_HCLK_HZ = 72000000, MAX_PCLK1_HZ = 36000000, MAX_ADC_HZ = 14000000 };
enum { MIN_PLL_HZ = 16000000, USB_HZ = 48000000 };
/* DS5319 5.3.6 to 5.3.8, the longest of each. */
enum { HSI_STARTUP_US = 2, PLL_LOCK_US = 200, LSI_STARTUP_US = 85, LSE_STARTUP_US = 3000000 };

/* The tree */

static uint32_t pll_source_hz(const struct stm32f103 *chip)
{
    uint32_t setup = chip->rcc.CFGR;
    if (!(setup & CFGR_PLLSRC)) {
        return HSI_HZ / 2;
    }
    return setup & CFGR_PLLXTPRE ? chip->config.hse_hz / 2 : chip->config.hse_hz;
}

static uint32_t pll_hz(const struct stm32f103 *chip)
{
    uint32_t factor = ((chip->rcc.CFGR & CFGR_PLLMUL) >> 18) + 2;
    return pll_source_hz(chip) * (factor > 16 ? 16 : factor);
}

uint32_t rcc_sysclk_hz(const struct stm32f103 *chip)
{
    switch ((chip->rcc.CFGR & CFGR_SWS) >> SWS_SHIFT) {
    case SW_HSE: return chip->config.hse_hz;
    case SW_PLL: return pll_hz(chip);
    default: return HSI_HZ;
    }
}

/* HPRE: 2 to 512, without 32. */
static uint32_t ahb_divider(const struct stm32f103 *chip)
{
    uint32_t hpre = chip->rcc.CFGR >> 4 & 15;
    return hpre < 8 ? 1 : hpre < 12 ? 2u << (hpre - 8) : 64u << (hpre - 12);
}

static uint32_t pclk_hz(const struct stm32f103 *chip, unsigned ppre_shift)
{
    uint32_t ppre = chip->rcc.CFGR >> ppre_shift & 7;
    return rcc_sysclk_hz(chip) / ahb_divider(chip) / (ppre < 4 ? 1 : 2u << (ppre - 4));
}

uint32_t rcc_pclk1_hz(const struct stm32f103 *chip)
{
    return pclk_hz(chip, 8);
}

static uint32_t adc_hz(const struct stm32f103 *chip)
{
    return pclk_hz(chip, 11) / (2 * ((chip->rcc.CFGR >> 14 & 3) + 1));
}

uint32_t rcc_usb_hz(const struct stm32f103 *chip)
{
    if (!(chip->rcc.CR & CR_PLLRDY)) {
        return 0;
    }
    return chip->rcc.CFGR & CFGR_USBPRE ? pll_hz(chip) : pll_hz(chip) / 3 * 2;
}

static void too_fast(struct stm32f103 *chip, const char *rule, const char *what, uint32_t hz, uint32_t most,
                     const char *section)
{
    if (hz > most) {
        stm32f103_violation(chip, FORBIDDEN, rule,
                            "RCC_CFGR = 0x%08X: %s is %u Hz, at most %u are allowed (%s)",
                            (unsigned)chip->rcc.CFGR, what, (unsigned)hz, (unsigned)most, section);
    }
}

static void check_limits(struct stm32f103 *chip)
{
    const struct rcc *rcc = &chip->rcc;
    too_fast(chip, "hclk-too-fast", "HCLK", rcc_sysclk_hz(chip) / ahb_divider(chip), MAX_HCLK_HZ,
             "RM0008 7.2");
    too_fast(chip, "pclk1-too-fast", "PCLK1", rcc_pclk1_hz(chip), MAX_PCLK1_HZ, "RM0008 7.3.2 PPRE1");
    if (rcc->APB2ENR & APB2ENR_ADC) {
        too_fast(chip, "adcclk-too-fast", "ADCCLK", adc_hz(chip), MAX_ADC_HZ, "RM0008 7.2, 11.1");
    }
    if (rcc->APB1ENR & APB1ENR_USB && rcc->CR & CR_PLLRDY && rcc_usb_hz(chip) != USB_HZ) {
        stm32f103_violation(
            chip, FORBIDDEN, "usb-clock-not-48mhz",
            "RCC_CFGR = 0x%08X: the USB clock is %u Hz, it must be 48 MHz (RM0008 7.2, USBPRE in 7.3.2)",
            (unsigned)rcc->CFGR, (unsigned)rcc_usb_hz(chip));
    }
    flash_check_clock(chip);
}

static bool source_ready(const struct stm32f103 *chip, uint32_t source)
{
    static const uint32_t ready[] = {CR_HSIRDY, CR_HSERDY, CR_PLLRDY, 0};
    return chip->rcc.CR & ready[source];
}

/* The switch waits for the source to be ready (RM0008 7.2.6). */
static void update_clock(struct stm32f103 *chip)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t wanted = rcc->CFGR & SW_MASK;
    if (source_ready(chip, wanted)) {
        rcc->CFGR = (rcc->CFGR & ~(uint32_t)CFGR_SWS) | wanted << SWS_SHIFT;
    }
    ticks cycle = TICKS_PER_SECOND / rcc_sysclk_hz(chip) * ahb_divider(chip);
    if (cycle != chip->ticks_per_cycle) {
        stm32f103_set_clock(chip, cycle);
    }
}

/* Oscillators */

static void update_irq(struct stm32f103 *chip)
{
    uint32_t CIR_value = chip->rcc.CIR;
    cortex_m3_set_irq(&chip->cpu, IRQ_RCC, CIR_value & CIR_value >> 8 & 0x1F);
}

static void set_ready_flag(struct stm32f103 *chip, uint32_t flag)
{
    if (chip->rcc.CIR & flag << 8) { /* 7.3.3: the flag follows the enable */
        chip->rcc.CIR |= flag;
        update_irq(chip);
    }
}

/* The next of the oscillators that are on but not ready. */
static void schedule_ready(struct stm32f103 *chip)
{
    const struct rcc *rcc = &chip->rcc;
    ticks first = TICKS_NEVER;
    const struct {
        bool ready;
        ticks at;
    } oscillators[] = {
        {rcc->CR & CR_HSIRDY, rcc->hsi_ready},     {rcc->CR & CR_HSERDY, rcc->hse_ready},
        {rcc->CR & CR_PLLRDY, rcc->pll_ready},     {rcc->CSR & CSR_LSIRDY, rcc->lsi_ready},
        {rcc->BDCR & BDCR_LSERDY, rcc->lse_ready},
    };
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        if (!oscillators[i].ready && oscillators[i].at < first) {
            first = oscillators[i].at;
        }
    }
    stm32f103_schedule(chip, EVENT_CLOCK, first);
}

static bool becomes_ready(struct stm32f103 *chip, ticks at, uint32_t *reg, uint32_t bit, uint32_t flag)
{
    if (*reg & bit || at > stm32f103_now(chip)) {
        return false;
    }
    *reg |= bit;
    set_ready_flag(chip, flag);
    return true;
}

static bool pll_source_ready(const struct stm32f103 *chip)
{
    return chip->rcc.CR & (chip->rcc.CFGR & CFGR_PLLSRC ? CR_HSERDY : CR_HSIRDY);
}

/* The PLL locks once its input is there. */
static void lock_pll(struct stm32f103 *chip)
{
    struct rcc *rcc = &chip->rcc;
    if (!(rcc->CR & CR_PLLON) || !pll_source_ready(chip)) {
        rcc->pll_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_PLLRDY;
    } else if (rcc->pll_ready == TICKS_NEVER) {
        rcc->pll_ready = stm32f103_now(chip) + ticks_from_us(PLL_LOCK_US);
    }
}

void rcc_event(struct stm32f103 *chip)
{
    struct rcc *rcc = &chip->rcc;
    becomes_ready(chip, rcc->hsi_ready, &rcc->CR, CR_HSIRDY, HSIRDY);
    becomes_ready(chip, rcc->hse_ready, &rcc->CR, CR_HSERDY, HSERDY);
    becomes_ready(chip, rcc->lsi_ready, &rcc->CSR, CSR_LSIRDY, LSIRDY);
    becomes_ready(chip, rcc->lse_ready, &rcc->BDCR, BDCR_LSERDY, LSERDY);
    lock_pll(chip);
    bool locked = becomes_ready(chip, rcc->pll_ready, &rcc->CR, CR_PLLRDY, PLLRDY);
    ticks before = chip->ticks_per_cycle;
    update_clock(chip);
    if (locked || before != chip->ticks_per_cycle) {
        check_limits(chip);
    }
    schedule_ready(chip);
}

bool rcc_lsi_on(const struct stm32f103 *chip)
{
    return chip->rcc.lsi_ready != TICKS_NEVER;
}

void rcc_force_lsi(struct stm32f103 *chip)
{
    if (!rcc_lsi_on(chip)) {
        chip->rcc.lsi_ready = stm32f103_now(chip) + ticks_from_us(LSI_STARTUP_US);
        schedule_ready(chip);
    }
}

/* Registers */

uint32_t rcc_read(struct stm32f103 *chip, uint32_t offset)
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
static bool in_use(const struct stm32f103 *chip, uint32_t on_bit)
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

static uint32_t keep_clocks_in_use(struct stm32f103 *chip, uint32_t value)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } oscillators[] = {{CR_HSION, "HSION"}, {CR_HSEON, "HSEON"}, {CR_PLLON, "PLLON"}};
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++) {
        uint32_t bit = oscillators[i].bit;
        if (chip->rcc.CR & bit && !(value & bit) && in_use(chip, bit)) {
            stm32f103_violation(
                chip, FORBIDDEN, "rcc-clock-in-use",
                "RCC_CR = 0x%08X: %s cannot be cleared, the system clock depends on it (RM0008 7.3.1)",
                (unsigned)value, oscillators[i].name);
            value |= bit;
        }
    }
    return value;
}

static void start_hse(struct stm32f103 *chip)
{
    bool alive = chip->config.hse_hz != 0;
    chip->rcc.hse_ready =
        alive ? stm32f103_now(chip) + ticks_from_us(chip->config.hse_startup_us) : TICKS_NEVER;
}

static void check_pll_start(struct stm32f103 *chip, uint32_t value)
{
    if (!pll_source_ready(chip)) {
        stm32f103_violation(chip, SUSPICIOUS, "pll-source-not-ready",
                            "RCC_CR = 0x%08X starts the PLL before its input is ready (RM0008 7.2.3)",
                            (unsigned)value);
    } else if (pll_hz(chip) > MAX_HCLK_HZ || pll_hz(chip) < MIN_PLL_HZ) {
        stm32f103_violation(
            chip, FORBIDDEN, "pll-frequency",
            "RCC_CR = 0x%08X starts the PLL at %u Hz; it gives 16 to 72 MHz (RM0008 7.3.2, DS5319 5.3.8)",
            (unsigned)value, (unsigned)pll_hz(chip));
    }
}

static void write_CR(struct stm32f103 *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t old = rcc->CR;
    value = keep_clocks_in_use(chip, value);
    if ((value ^ old) & CR_HSEBYP && old & CR_HSEON) {
        stm32f103_violation(chip, FORBIDDEN, "hsebyp",
                            "RCC_CR = 0x%08X: HSEBYP may change only with HSE off (RM0008 7.3.1)",
                            (unsigned)value);
        value ^= CR_HSEBYP;
    }
    if (value & ~old & CR_CSSON) {
        stm32f103_violation(chip, SUSPICIOUS, "unmodelled",
                            "RCC_CR = 0x%08X: the clock security system (RM0008 7.2.7) is not modelled",
                            (unsigned)value);
    }
    uint32_t set = value & ~old, cleared = old & ~value;
    rcc->CR = (old & ~(uint32_t)CR_WRITABLE) | (value & CR_WRITABLE);
    if (set & CR_HSION) {
        rcc->hsi_ready = stm32f103_now(chip) + ticks_from_us(HSI_STARTUP_US);
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
    lock_pll(chip);
    schedule_ready(chip);
}

static void check_CFGR(struct stm32f103 *chip, uint32_t value)
{
    const struct rcc *rcc = &chip->rcc;
    uint32_t changed = rcc->CFGR ^ value, wanted = value & SW_MASK;
    if (wanted == 3) {
        stm32f103_violation(chip, FORBIDDEN, "rcc-switch",
                            "RCC_CFGR = 0x%08X: SW = 3 is not allowed (RM0008 7.3.2)", (unsigned)value);
    } else if (changed & SW_MASK && !source_ready(chip, wanted)) {
        stm32f103_violation(
            chip, SUSPICIOUS, "rcc-switch-not-ready",
            "RCC_CFGR = 0x%08X selects a clock that is not ready; the switch waits for it (RM0008 7.2.6)",
            (unsigned)value);
    }
    if (changed & CFGR_PLL_SETUP && rcc->CR & CR_PLLON) {
        stm32f103_violation(
            chip, FORBIDDEN, "pll-changed-while-on",
            "RCC_CFGR = 0x%08X changes the PLL's setup, which counts only while it is off (RM0008 7.3.2)",
            (unsigned)value);
    }
    if (changed & CFGR_USBPRE && rcc->APB1ENR & APB1ENR_USB) {
        stm32f103_violation(chip, FORBIDDEN, "usbpre-changed-while-on",
                            "RCC_CFGR = 0x%08X changes USBPRE while APB1ENR.USBEN is set (RM0008 7.3.2)",
                            (unsigned)value);
    }
}

static void write_CFGR(struct stm32f103 *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    check_CFGR(chip, value);
    uint32_t keep = CFGR_SWS;
    keep |= rcc->CR & CR_PLLON ? CFGR_PLL_SETUP : 0;
    keep |= rcc->APB1ENR & APB1ENR_USB ? CFGR_USBPRE & rcc->CFGR : 0; /* cannot be cleared then */
    keep |= (value & SW_MASK) == 3 ? SW_MASK : 0;
    rcc->CFGR = (rcc->CFGR & keep) | (value & ~keep);
    update_clock(chip);
    check_limits(chip);
}

static void write_CIR(struct stm32f103 *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t flags = rcc->CIR & (0x1F | CSSF) & ~(value >> 16);
    rcc->CIR = flags | (value & CIR_ENABLES);
    update_irq(chip);
}

/* Setting a bit resets what it belongs to; it stays in reset while the bit is set. */
static void write_resets(struct stm32f103 *chip, enum map_bus bus, uint32_t *RSTR, uint32_t value)
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

void rcc_reset_backup_domain(struct stm32f103 *chip)
{
    chip->bkp = (struct bkp){0};
    chip->rcc.BDCR = 0;
    chip->rcc.lse_ready = TICKS_NEVER;
}

static void write_BDCR(struct stm32f103 *chip, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    if (!pwr_backup_writable(chip, "RCC_BDCR", value)) {
        return;
    }
    if (value & BDCR_BDRST) {
        rcc_reset_backup_domain(chip);
        rcc->BDCR = BDCR_BDRST;
        schedule_ready(chip);
        return;
    }
    if (rcc->BDCR & BDCR_RTCSEL && (rcc->BDCR ^ value) & BDCR_RTCSEL) {
        stm32f103_violation(chip, FORBIDDEN, "rtcsel",
                            "RCC_BDCR = 0x%X: RTCSEL can be set once until BDRST (RM0008 7.3.9)",
                            (unsigned)value);
        value = (value & ~(uint32_t)BDCR_RTCSEL) | (rcc->BDCR & BDCR_RTCSEL);
    }
    uint32_t changed = rcc->BDCR ^ value;
    rcc->BDCR = (rcc->BDCR & BDCR_LSERDY) | (value & BDCR_WRITABLE);
    if (changed & BDCR_LSEON) {
        bool on = value & BDCR_LSEON;
        rcc->lse_ready = on ? stm32f103_now(chip) + ticks_from_us(LSE_STARTUP_US) : TICKS_NEVER;
        rcc->BDCR &= ~(uint32_t)BDCR_LSERDY;
    }
    schedule_ready(chip);
}

static void write_CSR(struct stm32f103 *chip, uint32_t value)
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
        schedule_ready(chip);
    }
}

static void write_enables(struct stm32f103 *chip, uint32_t *ENR, uint32_t value)
{
    uint32_t enabled = value & ~*ENR;
    *ENR = value;
    if (enabled) {
        check_limits(chip);
    }
}

void rcc_write(struct stm32f103 *chip, uint32_t offset, uint32_t value)
{
    struct rcc *rcc = &chip->rcc;
    switch (offset) {
    case CR: write_CR(chip, value); break;
    case CFGR: write_CFGR(chip, value); break;
    case CIR: write_CIR(chip, value); break;
    case APB2RSTR: write_resets(chip, BUS_APB2, &rcc->APB2RSTR, value); break;
    case APB1RSTR: write_resets(chip, BUS_APB1, &rcc->APB1RSTR, value); break;
    case AHBENR: write_enables(chip, &rcc->AHBENR, value); break;
    case APB2ENR: write_enables(chip, &rcc->APB2ENR, value); break;
    case APB1ENR: write_enables(chip, &rcc->APB1ENR, value); break;
    case BDCR: write_BDCR(chip, value); break;
    default: write_CSR(chip, value); break;
    }
}

bool rcc_clock_enabled(const struct stm32f103 *chip, uint32_t peripheral_base)
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
void rcc_set_reset_flags(struct stm32f103 *chip, enum reset_cause cause)
{
    static const uint32_t flag[] = {
        [RESET_POWER] = CSR_PORRSTF, [RESET_PIN] = 0,         [RESET_SOFTWARE] = 1u << 28,
        [RESET_IWDG] = 1u << 29,     [RESET_WWDG] = 1u << 30,
    };
    chip->rcc.CSR |= flag[cause] | CSR_PINRSTF;
}

/* What outlives it: the backup domain's register and the flags. */
void rcc_reset(struct stm32f103 *chip)
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
    stm32f103_set_clock(chip, TICKS_PER_SECOND / HSI_HZ);
    schedule_ready(chip);
}
