/* The clock tree (RM0008 7.2): oscillators that take their time, the switch, and the limits of each clock. */
#include "chip.h"
#include "map.h"
#include "rcc_registers.h"

/* The tree */

static uint32_t pll_source_hz(const struct chip *chip)
{
    uint32_t setup = chip->rcc.CFGR;
    if (!(setup & CFGR_PLLSRC)) {
        return HSI_HZ / 2;
    }
    return setup & CFGR_PLLXTPRE ? chip->config.hse_hz / 2 : chip->config.hse_hz;
}

uint32_t rcc_pll_hz(const struct chip *chip)
{
    uint32_t factor = ((chip->rcc.CFGR & CFGR_PLLMUL) >> 18) + 2;
    return pll_source_hz(chip) * (factor > 16 ? 16 : factor);
}

uint32_t rcc_sysclk_hz(const struct chip *chip)
{
    switch ((chip->rcc.CFGR & CFGR_SWS) >> SWS_SHIFT) {
    case SW_HSE: return chip->config.hse_hz;
    case SW_PLL: return rcc_pll_hz(chip);
    default: return HSI_HZ;
    }
}

/* HPRE: 2 to 512, without 32. */
static uint32_t ahb_divider(const struct chip *chip)
{
    uint32_t hpre = chip->rcc.CFGR >> 4 & 15;
    return hpre < 8 ? 1 : hpre < 12 ? 2u << (hpre - 8) : 64u << (hpre - 12);
}

static uint32_t apb_divider(const struct chip *chip, unsigned ppre_shift)
{
    uint32_t ppre = chip->rcc.CFGR >> ppre_shift & 7;
    return ppre < 4 ? 1 : 2u << (ppre - 4);
}

static uint32_t pclk_hz(const struct chip *chip, unsigned ppre_shift)
{
    return rcc_sysclk_hz(chip) / ahb_divider(chip) / apb_divider(chip, ppre_shift);
}

uint32_t rcc_pclk1_hz(const struct chip *chip)
{
    return pclk_hz(chip, PPRE1_SHIFT);
}

/* Clocks of peripherals */

uint32_t rcc_bus_divider(const struct chip *chip, enum map_bus bus)
{
    switch (bus) {
    case BUS_APB1: return apb_divider(chip, PPRE1_SHIFT);
    case BUS_APB2: return apb_divider(chip, PPRE2_SHIFT);
    default: return 1;
    }
}

static ticks peripheral_clock(const struct chip *chip, uint32_t base, bool is_timer)
{
    const struct map_region *region = map_find(base);
    if (!region || !chip->powered || chip->sleep_state != AWAKE || !rcc_clock_enabled(chip, base)) {
        return 0;
    }
    uint32_t divider = rcc_bus_divider(chip, region->bus);
    return chip->ticks_per_cycle * (is_timer && divider > 1 ? divider / 2 : divider);
}

ticks rcc_peripheral_clock(const struct chip *chip, uint32_t peripheral_base)
{
    return peripheral_clock(chip, peripheral_base, false);
}

ticks rcc_timer_clock(const struct chip *chip, uint32_t peripheral_base)
{
    return peripheral_clock(chip, peripheral_base, true);
}

uint32_t rcc_lsi_hz(const struct chip *chip)
{
    enum { TYPICAL_HZ = 40000 };
    return chip->config.lsi_hz ? chip->config.lsi_hz : TYPICAL_HZ;
}

uint32_t rcc_rtc_hz(const struct chip *chip)
{
    const struct rcc *rcc = &chip->rcc;
    if (!(rcc->BDCR & BDCR_RTCEN) || !chip->powered) {
        return 0;
    }
    switch ((rcc->BDCR & BDCR_RTCSEL) >> RTCSEL_SHIFT) {
    case RTCSEL_LSE: return rcc->BDCR & BDCR_LSERDY ? LSE_HZ : 0;
    case RTCSEL_LSI: return rcc->CSR & CSR_LSIRDY ? rcc_lsi_hz(chip) : 0;
    case RTCSEL_HSE: return rcc->CR & CR_HSERDY ? chip->config.hse_hz / RTC_HSE_DIVIDER : 0;
    default: return 0;
    }
}

void rcc_clocks_changed(struct chip *chip)
{
    tim_clock_changed(chip);
    usart_clock_changed(chip);
    can_clock_changed(chip);
    dma_clock_changed(chip);
    wwdg_clock_changed(chip);
    rtc_clock_changed(chip);
}

static uint32_t adc_hz(const struct chip *chip)
{
    return pclk_hz(chip, PPRE2_SHIFT) / (2 * ((chip->rcc.CFGR >> 14 & 3) + 1));
}

ticks rcc_adc_clock(const struct chip *chip)
{
    return TICKS_PER_SECOND / adc_hz(chip);
}

uint32_t rcc_usb_hz(const struct chip *chip)
{
    if (!(chip->rcc.CR & CR_PLLRDY)) {
        return 0;
    }
    return chip->rcc.CFGR & CFGR_USBPRE ? rcc_pll_hz(chip) : rcc_pll_hz(chip) / 3 * 2;
}

static void too_fast(struct chip *chip, const char *rule, const char *what, uint32_t hz, uint32_t most,
                     const char *section)
{
    if (hz > most) {
        chip_violation(chip, FORBIDDEN, rule, "RCC_CFGR = 0x%08X: %s is %u Hz, at most %u are allowed (%s)",
                       (unsigned)chip->rcc.CFGR, what, (unsigned)hz, (unsigned)most, section);
    }
}

void rcc_check_adc_clock(struct chip *chip)
{
    enum { CR2 = 2, ADON = 1 };
    if ((chip->adc[0].registers[CR2] | chip->adc[1].registers[CR2] | chip->adc[2].registers[CR2]) & ADON) {
        too_fast(chip, "adcclk-too-fast", "ADCCLK", adc_hz(chip), MAX_ADC_HZ, "RM0008 7.2, 11.1");
    }
}

void rcc_check_limits(struct chip *chip)
{
    const struct rcc *rcc = &chip->rcc;
    too_fast(chip, "hclk-too-fast", "HCLK", rcc_sysclk_hz(chip) / ahb_divider(chip), MAX_HCLK_HZ,
             "RM0008 7.2");
    too_fast(chip, "pclk1-too-fast", "PCLK1", rcc_pclk1_hz(chip), MAX_PCLK1_HZ, "RM0008 7.3.2 PPRE1");
    rcc_check_adc_clock(chip);
    if (rcc->APB1ENR & APB1ENR_USB && rcc->CR & CR_PLLRDY && rcc_usb_hz(chip) != USB_HZ) {
        chip_violation(
            chip, SUSPICIOUS, "usb-clock-not-48mhz",
            "RCC_CFGR = 0x%08X: the USB clock is %u Hz, it must be 48 MHz (RM0008 7.2, USBPRE in 7.3.2)",
            (unsigned)rcc->CFGR, (unsigned)rcc_usb_hz(chip));
    }
    flash_check_clock(chip);
}

bool rcc_source_ready(const struct chip *chip, uint32_t source)
{
    static const uint32_t ready[] = {CR_HSIRDY, CR_HSERDY, CR_PLLRDY, 0};
    return chip->rcc.CR & ready[source];
}

/* The switch waits for the source to be ready (RM0008 7.2.6). */
void rcc_update_clock(struct chip *chip)
{
    struct rcc *rcc = &chip->rcc;
    uint32_t wanted = rcc->CFGR & SW_MASK;
    if (rcc_source_ready(chip, wanted)) {
        rcc->CFGR = (rcc->CFGR & ~(uint32_t)CFGR_SWS) | wanted << SWS_SHIFT;
    }
    ticks cycle = TICKS_PER_SECOND / rcc_sysclk_hz(chip) * ahb_divider(chip);
    if (cycle != chip->ticks_per_cycle) {
        chip_set_clock(chip, cycle);
    }
    rcc_clocks_changed(chip);
}

/* Oscillators */

void rcc_update_irq(struct chip *chip)
{
    uint32_t CIR_value = chip->rcc.CIR;
    cortex_m3_set_irq(&chip->cpu, IRQ_RCC, CIR_value & CIR_value >> 8 & 0x1F);
}

static void set_ready_flag(struct chip *chip, uint32_t flag)
{
    if (chip->rcc.CIR & flag << 8) { /* 7.3.3: the flag follows the enable */
        chip->rcc.CIR |= flag;
        rcc_update_irq(chip);
    }
}

/* The next of the oscillators that are on but not ready. */
void rcc_schedule_ready(struct chip *chip)
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
    chip_schedule(chip, EVENT_CLOCK, first);
}

static bool becomes_ready(struct chip *chip, ticks at, uint32_t *reg, uint32_t bit, uint32_t flag)
{
    if (*reg & bit || at > chip_now(chip)) {
        return false;
    }
    *reg |= bit;
    set_ready_flag(chip, flag);
    return true;
}

bool rcc_pll_source_ready(const struct chip *chip)
{
    return chip->rcc.CR & (chip->rcc.CFGR & CFGR_PLLSRC ? CR_HSERDY : CR_HSIRDY);
}

/* The PLL locks once its input is there. */
void rcc_lock_pll(struct chip *chip)
{
    struct rcc *rcc = &chip->rcc;
    if (!(rcc->CR & CR_PLLON) || !rcc_pll_source_ready(chip)) {
        rcc->pll_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_PLLRDY;
    } else if (rcc->pll_ready == TICKS_NEVER) {
        rcc->pll_ready = chip_now(chip) + ticks_from_us(PLL_LOCK_US);
    }
}

void rcc_event(struct chip *chip)
{
    struct rcc *rcc = &chip->rcc;
    becomes_ready(chip, rcc->hsi_ready, &rcc->CR, CR_HSIRDY, HSIRDY);
    becomes_ready(chip, rcc->hse_ready, &rcc->CR, CR_HSERDY, HSERDY);
    becomes_ready(chip, rcc->lsi_ready, &rcc->CSR, CSR_LSIRDY, LSIRDY);
    becomes_ready(chip, rcc->lse_ready, &rcc->BDCR, BDCR_LSERDY, LSERDY);
    rcc_lock_pll(chip);
    bool locked = becomes_ready(chip, rcc->pll_ready, &rcc->CR, CR_PLLRDY, PLLRDY);
    ticks before = chip->ticks_per_cycle;
    rcc_update_clock(chip);
    if (locked || before != chip->ticks_per_cycle) {
        rcc_check_limits(chip);
    }
    rcc_schedule_ready(chip);
}

bool rcc_lsi_on(const struct chip *chip)
{
    return chip->rcc.lsi_ready != TICKS_NEVER;
}

void rcc_force_lsi(struct chip *chip)
{
    if (!rcc_lsi_on(chip)) {
        chip->rcc.lsi_ready = chip_now(chip) + ticks_from_us(LSI_STARTUP_US);
        rcc_schedule_ready(chip);
    }
}

void rcc_enter_stop(struct chip *chip)
{
    struct rcc *rcc = &chip->rcc;
    rcc->CR = (rcc->CR & ~(uint32_t)(CR_HSEON | CR_HSERDY | CR_PLLON | CR_PLLRDY)) | CR_HSION | CR_HSIRDY;
    rcc->hse_ready = rcc->pll_ready = TICKS_NEVER;
    rcc->CFGR &= ~(uint32_t)SW_MASK;
    rcc_update_clock(chip);
    rcc_schedule_ready(chip);
}
