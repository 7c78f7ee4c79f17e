/* The clock tree (RM0008 7.2): oscillators that take their time, the switch, and the limits of each clock. */
#include "private.h"

/* The tree */

static uint32_t pll_source_hz(const struct device *device)
{
    uint32_t setup = rcc_of(device)->CFGR;
    if (!(setup & CFGR_PLLSRC))
        return HSI_HZ / 2;
    return setup & CFGR_PLLXTPRE ? device_chip(device)->config.hse_hz / 2
                                 : device_chip(device)->config.hse_hz;
}

uint32_t rcc_pll_hz(const struct device *device)
{
    uint32_t factor = ((rcc_of(device)->CFGR & CFGR_PLLMUL) >> 18) + 2;
    return pll_source_hz(device) * (factor > 16 ? 16 : factor);
}

static uint32_t sysclk_hz(const struct device *device)
{
    switch ((rcc_of(device)->CFGR & CFGR_SWS) >> SWS_SHIFT) {
    case SW_HSE: return device_chip(device)->config.hse_hz;
    case SW_PLL: return rcc_pll_hz(device);
    default: return HSI_HZ;
    }
}

/* HPRE: 2 to 512, without 32. */
static uint32_t ahb_divider(const struct device *device)
{
    uint32_t hpre = rcc_of(device)->CFGR >> 4 & 15;
    return hpre < 8 ? 1 : hpre < 12 ? 2u << (hpre - 8) : 64u << (hpre - 12);
}

static uint32_t apb_divider(const struct device *device, unsigned ppre_shift)
{
    uint32_t ppre = rcc_of(device)->CFGR >> ppre_shift & 7;
    return ppre < 4 ? 1 : 2u << (ppre - 4);
}

static uint32_t pclk_hz(const struct device *device, unsigned ppre_shift)
{
    return sysclk_hz(device) / ahb_divider(device) / apb_divider(device, ppre_shift);
}

/* Nodes */

static uint32_t lsi_hz(const struct device *device)
{
    enum { TYPICAL_HZ = 40000 };
    return device_chip(device)->config.lsi_hz ? device_chip(device)->config.lsi_hz : TYPICAL_HZ;
}

static uint32_t rtc_hz(const struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    if (!(rcc->BDCR & BDCR_RTCEN) || !device_chip(device)->powered)
        return 0;
    switch ((rcc->BDCR & BDCR_RTCSEL) >> RTCSEL_SHIFT) {
    case RTCSEL_LSE: return rcc->BDCR & BDCR_LSERDY ? LSE_HZ : 0;
    case RTCSEL_LSI: return rcc->CSR & CSR_LSIRDY ? lsi_hz(device) : 0;
    case RTCSEL_HSE: return rcc->CR & CR_HSERDY ? device_chip(device)->config.hse_hz / RTC_HSE_DIVIDER : 0;
    default: return 0;
    }
}

static uint32_t adc_hz(const struct device *device)
{
    return pclk_hz(device, PPRE2_SHIFT) / (2 * ((rcc_of(device)->CFGR >> 14 & 3) + 1));
}

static uint32_t usb_hz(const struct device *device)
{
    if (!(rcc_of(device)->CR & CR_PLLRDY))
        return 0;
    return rcc_of(device)->CFGR & CFGR_USBPRE ? rcc_pll_hz(device) : rcc_pll_hz(device) / 3 * 2;
}

static ticks period_of(uint32_t hz)
{
    return hz ? TICKS_PER_SECOND / hz : 0;
}

/* A bus, and its timers: they count twice as fast if it has a prescaler (RM0008 figure 8). */
static void set_bus(struct device *device, enum chip_bus bus, unsigned ppre_shift, enum rcc_f1_node clock,
                    enum rcc_f1_node timers)
{
    struct chip *chip = device_chip(device);
    uint32_t divider = apb_divider(device, ppre_shift), hz = pclk_hz(device, ppre_shift);
    uint32_t timer_divider = divider > 1 ? divider / 2 : divider;
    clock_set_divider(chip, bus, divider);
    clock_set(chip, clock, chip->ticks_per_cycle * divider, hz);
    clock_set(chip, timers, chip->ticks_per_cycle * timer_divider, hz * (divider / timer_divider));
}

void rcc_clocks_changed(struct device *device)
{
    struct chip *chip = device_chip(device);
    const struct rcc *rcc = rcc_of(device);
    uint32_t lsi = lsi_hz(device), sysclk = sysclk_hz(device);
    clock_set(chip, RCC_F1_HSI, rcc->CR & CR_HSIRDY ? period_of(HSI_HZ) : 0, HSI_HZ);
    clock_set(chip, RCC_F1_LSI, rcc->lsi_ready != TICKS_NEVER ? period_of(lsi) : 0, lsi);
    clock_set(chip, RCC_F1_SYSCLK, period_of(sysclk), sysclk);
    clock_set(chip, RCC_F1_HCLK, chip->ticks_per_cycle, sysclk / ahb_divider(device));
    set_bus(device, BUS_APB1, PPRE1_SHIFT, RCC_F1_PCLK1, RCC_F1_TIMCLK1);
    set_bus(device, BUS_APB2, PPRE2_SHIFT, RCC_F1_PCLK2, RCC_F1_TIMCLK2);
    clock_set(chip, RCC_F1_ADCCLK, period_of(adc_hz(device)), adc_hz(device));
    clock_set(chip, RCC_F1_USBCLK, period_of(usb_hz(device)), usb_hz(device));
    clock_set(chip, RCC_F1_RTCCLK, period_of(rtc_hz(device)), rtc_hz(device));
    clocks_changed(chip);
}

/* Limits */

static void too_fast(struct device *device, const char *rule, const char *what, uint32_t hz, uint32_t most,
                     const char *section)
{
    if (hz > most) {
        device_violation(device, FORBIDDEN, rule,
                         "RCC_CFGR = 0x%08X: %s is %u Hz, at most %u are allowed (%s)",
                         (unsigned)rcc_of(device)->CFGR, what, (unsigned)hz, (unsigned)most, section);
    }
}

void rcc_check_node(struct device *device, unsigned node)
{
    if (node == RCC_F1_ADCCLK && clock_node_is_used(device_chip(device), node))
        too_fast(device, "adcclk-too-fast", "ADCCLK", adc_hz(device), MAX_ADC_HZ, "RM0008 7.2, 11.1");
}

void rcc_check_limits(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    too_fast(device, "hclk-too-fast", "HCLK", sysclk_hz(device) / ahb_divider(device), MAX_HCLK_HZ,
             "RM0008 7.2");
    too_fast(device, "pclk1-too-fast", "PCLK1", pclk_hz(device, PPRE1_SHIFT), MAX_PCLK1_HZ,
             "RM0008 7.3.2 PPRE1");
    rcc_check_node(device, RCC_F1_ADCCLK);
    if (rcc->APB1ENR & APB1ENR_USB && rcc->CR & CR_PLLRDY && usb_hz(device) != USB_HZ) {
        device_violation(
            device, SUSPICIOUS, "usb-clock-not-48mhz",
            "RCC_CFGR = 0x%08X: the USB clock is %u Hz, it must be 48 MHz (RM0008 7.2, USBPRE in 7.3.2)",
            (unsigned)rcc->CFGR, (unsigned)usb_hz(device));
    }
    clocks_check(device_chip(device));
}

bool rcc_source_ready(const struct device *device, uint32_t source)
{
    static const uint32_t ready[] = {CR_HSIRDY, CR_HSERDY, CR_PLLRDY, 0};
    return rcc_of(device)->CR & ready[source];
}

/* The switch waits for the source to be ready (RM0008 7.2.6). */
void rcc_update_clock(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t wanted = rcc->CFGR & SW_MASK;
    if (rcc_source_ready(device, wanted))
        rcc->CFGR = (rcc->CFGR & ~(uint32_t)CFGR_SWS) | wanted << SWS_SHIFT;
    ticks cycle = TICKS_PER_SECOND / sysclk_hz(device) * ahb_divider(device);
    if (cycle != device_chip(device)->ticks_per_cycle)
        chip_set_clock(device_chip(device), cycle);
    rcc_clocks_changed(device);
}

/* Oscillators */

void rcc_update_irq(struct device *device)
{
    uint32_t CIR_value = rcc_of(device)->CIR;
    device_drive(device, RCC_F1_IRQ, CIR_value & CIR_value >> 8 & 0x1F);
}

static void set_ready_flag(struct device *device, uint32_t flag)
{
    if (rcc_of(device)->CIR & flag << 8) { /* 7.3.3: the flag follows the enable */
        rcc_of(device)->CIR |= flag;
        rcc_update_irq(device);
    }
}

/* The next of the oscillators that are on but not ready. */
void rcc_schedule_ready(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    ticks first = TICKS_NEVER;
    const struct {
        bool ready;
        ticks at;
    } oscillators[] = {
        {rcc->CR & CR_HSIRDY, rcc->hsi_ready},     {rcc->CR & CR_HSERDY, rcc->hse_ready},
        {rcc->CR & CR_PLLRDY, rcc->pll_ready},     {rcc->CSR & CSR_LSIRDY, rcc->lsi_ready},
        {rcc->BDCR & BDCR_LSERDY, rcc->lse_ready},
    };
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++)
        if (!oscillators[i].ready && oscillators[i].at < first)
            first = oscillators[i].at;
    device_schedule(device, 0, first);
}

static bool becomes_ready(struct device *device, ticks at, uint32_t *reg, uint32_t bit, uint32_t flag)
{
    if (*reg & bit || at > device_now(device))
        return false;
    *reg |= bit;
    set_ready_flag(device, flag);
    return true;
}

bool rcc_pll_source_ready(const struct device *device)
{
    return rcc_of(device)->CR & (rcc_of(device)->CFGR & CFGR_PLLSRC ? CR_HSERDY : CR_HSIRDY);
}

/* The PLL locks once its input is there. */
void rcc_lock_pll(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    if (!(rcc->CR & CR_PLLON) || !rcc_pll_source_ready(device)) {
        rcc->pll_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_PLLRDY;
    } else if (rcc->pll_ready == TICKS_NEVER) {
        rcc->pll_ready = device_now(device) + ticks_from_us(PLL_LOCK_US);
    }
}

void rcc_event(struct device *device, unsigned n)
{
    (void)n;
    struct rcc *rcc = rcc_of(device);
    becomes_ready(device, rcc->hsi_ready, &rcc->CR, CR_HSIRDY, HSIRDY);
    becomes_ready(device, rcc->hse_ready, &rcc->CR, CR_HSERDY, HSERDY);
    becomes_ready(device, rcc->lsi_ready, &rcc->CSR, CSR_LSIRDY, LSIRDY);
    becomes_ready(device, rcc->lse_ready, &rcc->BDCR, BDCR_LSERDY, LSERDY);
    rcc_lock_pll(device);
    bool locked = becomes_ready(device, rcc->pll_ready, &rcc->CR, CR_PLLRDY, PLLRDY);
    ticks before = device_chip(device)->ticks_per_cycle;
    rcc_update_clock(device);
    if (locked || before != device_chip(device)->ticks_per_cycle)
        rcc_check_limits(device);
    rcc_schedule_ready(device);
}

void rcc_force_lsi(struct device *device)
{
    if (rcc_of(device)->lsi_ready == TICKS_NEVER) {
        rcc_of(device)->lsi_ready = device_now(device) + ticks_from_us(LSI_STARTUP_US);
        rcc_schedule_ready(device);
        rcc_clocks_changed(device);
    }
}

void rcc_enter_stop(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    rcc->CR = (rcc->CR & ~(uint32_t)(CR_HSEON | CR_HSERDY | CR_PLLON | CR_PLLRDY)) | CR_HSION | CR_HSIRDY;
    rcc->hse_ready = rcc->pll_ready = TICKS_NEVER;
    rcc->CFGR &= ~(uint32_t)SW_MASK;
    rcc_update_clock(device);
    rcc_schedule_ready(device);
}
