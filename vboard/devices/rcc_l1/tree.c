/* The clock tree (RM0038 6.2): what each clock is, and the switch. */
#include "private.h"

static uint32_t msi_hz(const struct device *device)
{
    uint32_t range = (rcc_of(device)->ICSCR & ICSCR_MSIRANGE) >> ICSCR_MSIRANGE_SHIFT;
    return (uint32_t)MSI_RANGE_0_HZ << (range < MSI_RANGES ? range : MSI_RANGES - 1);
}

static uint32_t lsi_hz(const struct device *device)
{
    enum { TYPICAL_HZ = 37000 };
    return device_chip(device)->config.lsi_hz ? device_chip(device)->config.lsi_hz : TYPICAL_HZ;
}

uint32_t rcc_l1_pll_input_hz(const struct device *device)
{
    return rcc_of(device)->CFGR & CFGR_PLLSRC ? device_chip(device)->config.hse_hz : HSI_HZ;
}

uint32_t rcc_l1_vco_hz(const struct device *device)
{
    static const uint8_t factor[16] = {3, 4, 6, 8, 12, 16, 24, 32, 48, 48, 48, 48, 48, 48, 48, 48};
    return rcc_l1_pll_input_hz(device) * factor[(rcc_of(device)->CFGR & CFGR_PLLMUL) >> CFGR_PLLMUL_SHIFT];
}

uint32_t rcc_l1_pll_hz(const struct device *device)
{
    return rcc_l1_vco_hz(device) / (((rcc_of(device)->CFGR & CFGR_PLLDIV) >> CFGR_PLLDIV_SHIFT) + 1);
}

static uint32_t sysclk_hz(const struct device *device)
{
    switch ((rcc_of(device)->CFGR & CFGR_SWS) >> SWS_SHIFT) {
    case SW_HSI: return HSI_HZ;
    case SW_HSE: return device_chip(device)->config.hse_hz;
    case SW_PLL: return rcc_l1_pll_hz(device);
    default: return msi_hz(device);
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

uint32_t rcc_l1_hclk_hz(const struct device *device)
{
    return sysclk_hz(device) / ahb_divider(device);
}

static uint32_t rtc_hz(const struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    if (!(rcc->CSR & CSR_RTCEN) || !device_chip(device)->powered)
        return 0;
    switch ((rcc->CSR & CSR_RTCSEL) >> CSR_RTCSEL_SHIFT) {
    case RTCSEL_LSE: return rcc->CSR & CSR_LSERDY ? LSE_HZ : 0;
    case RTCSEL_LSI: return rcc->CSR & CSR_LSIRDY ? lsi_hz(device) : 0;
    case RTCSEL_HSE:
        return rcc->CR & CR_HSERDY
                   ? device_chip(device)->config.hse_hz / (2u << ((rcc->CR & CR_RTCPRE) >> CR_RTCPRE_SHIFT))
                   : 0;
    default: return 0;
    }
}

static uint32_t usb_hz(const struct device *device)
{
    return rcc_of(device)->CR & CR_PLLRDY ? rcc_l1_vco_hz(device) / 2 : 0;
}

static ticks period_of(uint32_t hz)
{
    return hz ? TICKS_PER_SECOND / hz : 0;
}

/* A bus, and its timers: they count twice as fast if it has a prescaler. */
static void set_bus(struct device *device, enum chip_bus bus, unsigned ppre_shift, enum rcc_l1_node clock,
                    enum rcc_l1_node timers)
{
    struct chip *chip = device_chip(device);
    uint32_t divider = apb_divider(device, ppre_shift), hz = rcc_l1_hclk_hz(device) / divider;
    uint32_t timer_divider = divider > 1 ? divider / 2 : divider;
    clock_set_divider(chip, bus, divider);
    clock_set(chip, clock, chip->ticks_per_cycle * divider, hz);
    clock_set(chip, timers, chip->ticks_per_cycle * timer_divider, hz * (divider / timer_divider));
}

void rcc_l1_clocks_changed(struct device *device)
{
    struct chip *chip = device_chip(device);
    const struct rcc *rcc = rcc_of(device);
    uint32_t lsi = lsi_hz(device), sysclk = sysclk_hz(device);
    clock_set(chip, RCC_L1_HSI, rcc->CR & CR_HSIRDY ? period_of(HSI_HZ) : 0, HSI_HZ);
    clock_set(chip, RCC_L1_LSI, rcc->lsi_ready != TICKS_NEVER ? period_of(lsi) : 0, lsi);
    clock_set(chip, RCC_L1_SYSCLK, period_of(sysclk), sysclk);
    clock_set(chip, RCC_L1_HCLK, chip->ticks_per_cycle, rcc_l1_hclk_hz(device));
    set_bus(device, BUS_APB1, PPRE1_SHIFT, RCC_L1_PCLK1, RCC_L1_TIMCLK1);
    set_bus(device, BUS_APB2, PPRE2_SHIFT, RCC_L1_PCLK2, RCC_L1_TIMCLK2);
    clock_set(chip, RCC_L1_USBCLK, period_of(usb_hz(device)), usb_hz(device));
    clock_set(chip, RCC_L1_RTCCLK, period_of(rtc_hz(device)), rtc_hz(device));
    clocks_changed(chip);
}

bool rcc_l1_source_ready(const struct device *device, uint32_t source)
{
    static const uint32_t ready[] = {CR_MSIRDY, CR_HSIRDY, CR_HSERDY, CR_PLLRDY};
    return rcc_of(device)->CR & ready[source];
}

/* The switch waits for the source to be ready (6.2.9). */
void rcc_l1_update_clock(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t wanted = rcc->CFGR & SW_MASK;
    if (rcc_l1_source_ready(device, wanted))
        rcc->CFGR = (rcc->CFGR & ~(uint32_t)CFGR_SWS) | wanted << SWS_SHIFT;
    ticks cycle = TICKS_PER_SECOND / sysclk_hz(device) * ahb_divider(device);
    if (cycle != device_chip(device)->ticks_per_cycle)
        chip_set_clock(device_chip(device), cycle);
    rcc_l1_clocks_changed(device);
}
