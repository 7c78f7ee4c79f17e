/* Oscillators and the PLL (RM0038 6.2): they are ready some time after they are turned on. */
#include "private.h"

void rcc_l1_update_irq(struct device *device)
{
    uint32_t CIR_value = rcc_of(device)->CIR;
    device_drive(device, RCC_L1_IRQ, CIR_value & CIR_value >> 8 & CIR_MASKABLE);
}

static void set_ready_flag(struct device *device, uint32_t flag)
{
    if (rcc_of(device)->CIR & flag << 8) { /* 6.3.4: the flag follows the enable */
        rcc_of(device)->CIR |= flag;
        rcc_l1_update_irq(device);
    }
}

/* The next of the oscillators that are on but not ready. */
void rcc_l1_schedule_ready(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    ticks first = TICKS_NEVER;
    const struct {
        bool ready;
        ticks at;
    } oscillators[] = {
        {rcc->CR & CR_HSIRDY, rcc->hsi_ready},   {rcc->CR & CR_MSIRDY, rcc->msi_ready},
        {rcc->CR & CR_HSERDY, rcc->hse_ready},   {rcc->CR & CR_PLLRDY, rcc->pll_ready},
        {rcc->CSR & CSR_LSIRDY, rcc->lsi_ready}, {rcc->CSR & CSR_LSERDY, rcc->lse_ready},
    };
    for (unsigned i = 0; i < sizeof oscillators / sizeof oscillators[0]; i++)
        if (!oscillators[i].ready && oscillators[i].at < first)
            first = oscillators[i].at;
    device_schedule(device, 0, first);
}

static void switch_oscillator(struct device *device, uint32_t old, uint32_t on, uint32_t ready, ticks *at,
                              uint64_t startup_us)
{
    struct rcc *rcc = rcc_of(device);
    if (rcc->CR & ~old & on) {
        *at = device_now(device) + ticks_from_us(startup_us);
    } else if (old & ~rcc->CR & on) {
        *at = TICKS_NEVER;
        rcc->CR &= ~ready;
    }
}

void rcc_l1_switch_oscillators(struct device *device, uint32_t old)
{
    struct rcc *rcc = rcc_of(device);
    const struct chip_config *config = &device_chip(device)->config;
    switch_oscillator(device, old, CR_HSION, CR_HSIRDY, &rcc->hsi_ready, HSI_STARTUP_US);
    switch_oscillator(device, old, CR_MSION, CR_MSIRDY, &rcc->msi_ready, MSI_STARTUP_US);
    switch_oscillator(device, old, CR_HSEON, CR_HSERDY, &rcc->hse_ready, config->hse_startup_us);
    if (config->hse_hz == 0)
        rcc->hse_ready = TICKS_NEVER;
}

static bool becomes_ready(struct device *device, ticks at, uint32_t *reg, uint32_t bit, uint32_t flag)
{
    if (*reg & bit || at > device_now(device))
        return false;
    *reg |= bit;
    set_ready_flag(device, flag);
    return true;
}

bool rcc_l1_pll_source_ready(const struct device *device)
{
    return rcc_of(device)->CR & (rcc_of(device)->CFGR & CFGR_PLLSRC ? CR_HSERDY : CR_HSIRDY);
}

/* The PLL locks once its input is there. */
void rcc_l1_lock_pll(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    if (!(rcc->CR & CR_PLLON) || !rcc_l1_pll_source_ready(device)) {
        rcc->pll_ready = TICKS_NEVER;
        rcc->CR &= ~(uint32_t)CR_PLLRDY;
    } else if (rcc->pll_ready == TICKS_NEVER) {
        rcc->pll_ready = device_now(device) + ticks_from_us(PLL_LOCK_US);
    }
}

void rcc_l1_event(struct device *device, unsigned n)
{
    (void)n;
    struct rcc *rcc = rcc_of(device);
    becomes_ready(device, rcc->hsi_ready, &rcc->CR, CR_HSIRDY, HSIRDY);
    becomes_ready(device, rcc->msi_ready, &rcc->CR, CR_MSIRDY, MSIRDY);
    becomes_ready(device, rcc->hse_ready, &rcc->CR, CR_HSERDY, HSERDY);
    becomes_ready(device, rcc->lsi_ready, &rcc->CSR, CSR_LSIRDY, LSIRDY);
    becomes_ready(device, rcc->lse_ready, &rcc->CSR, CSR_LSERDY, LSERDY);
    rcc_l1_lock_pll(device);
    bool locked = becomes_ready(device, rcc->pll_ready, &rcc->CR, CR_PLLRDY, PLLRDY);
    if (locked)
        rcc_l1_check_usb(device);
    ticks before = device_chip(device)->ticks_per_cycle;
    rcc_l1_update_clock(device);
    if (locked || before != device_chip(device)->ticks_per_cycle)
        clocks_check(device_chip(device));
    rcc_l1_schedule_ready(device);
}

void rcc_l1_force_lsi(struct device *device)
{
    if (rcc_of(device)->lsi_ready == TICKS_NEVER) {
        rcc_of(device)->lsi_ready = device_now(device) + ticks_from_us(LSI_STARTUP_US);
        rcc_l1_schedule_ready(device);
        rcc_l1_clocks_changed(device);
    }
}

void rcc_l1_enter_stop(struct device *device)
{
    struct rcc *rcc = rcc_of(device);
    uint32_t off = CR_HSEON | CR_HSERDY | CR_PLLON | CR_PLLRDY | CR_HSION | CR_HSIRDY;
    rcc->CR = (rcc->CR & ~off) | CR_MSION | CR_MSIRDY;
    rcc->hse_ready = rcc->pll_ready = rcc->hsi_ready = TICKS_NEVER;
    rcc->CFGR &= ~(uint32_t)SW_MASK;
    rcc_l1_update_clock(device);
    rcc_l1_schedule_ready(device);
}
