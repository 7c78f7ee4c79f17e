/*
 * What the clocks may be in each range of the core's voltage (RM0038 5.1.6, 6.2.5). HCLK in range 3 is
 * "4.2 MHz", the uppermost range of MSI.
 */
#include "private.h"

struct limits {
    uint32_t hclk, vco, hse;
    bool hsi;
};
/* By range. */
static const struct limits limits[] = {
    [1] = {32000000, 96000000, 32000000, true},
    [2] = {16000000, 48000000, 16000000, true},
    [3] = {4200000, 24000000, 8000000, false},
};

bool rcc_l1_pll_setup_is_reserved(uint32_t CFGR_value)
{
    enum { LARGEST_PLLMUL = 8 };
    return !(CFGR_value & CFGR_PLLDIV) || (CFGR_value & CFGR_PLLMUL) >> CFGR_PLLMUL_SHIFT > LARGEST_PLLMUL;
}

static const struct limits *limits_now(const struct device *device)
{
    return &limits[device_chip(device)->voltage_range];
}

/* Told once, until it is within its limit again. */
enum limit { LIMIT_HSE, LIMIT_HSI, LIMIT_VCO, LIMIT_PLL, LIMIT_HCLK };

static bool begins(struct device *device, enum limit limit, bool beyond)
{
    struct rcc *rcc = rcc_of(device);
    bool before = rcc->beyond >> limit & 1;
    rcc->beyond = (uint8_t)((rcc->beyond & ~(1u << limit)) | (unsigned)beyond << limit);
    return beyond && !before;
}

static void too_fast(struct device *device, const char *rule, enum limit limit, const char *what, uint32_t hz,
                     uint32_t most, const char *section)
{
    if (begins(device, limit, hz > most)) {
        device_violation(
            device, FORBIDDEN, rule,
            "RCC_CFGR = 0x%08X: %s is %u Hz, at most %u are allowed in voltage range %u (RM0038 %s)",
            (unsigned)rcc_of(device)->CFGR, what, (unsigned)hz, (unsigned)most,
            device_chip(device)->voltage_range, section);
    }
}

void rcc_l1_check_pll(struct device *device)
{
    uint32_t setup = rcc_of(device)->CFGR, input = rcc_l1_pll_input_hz(device);
    if (!rcc_l1_pll_source_ready(device)) {
        device_violation(device, SUSPICIOUS, "pll-source-not-ready",
                         "RCC_CR = 0x%08X starts the PLL before its input is ready (RM0038 6.2.5)",
                         (unsigned)rcc_of(device)->CR);
    } else if (rcc_l1_pll_setup_is_reserved(setup)) {
        device_violation(device, FORBIDDEN, "pll-setup",
                         "RCC_CFGR = 0x%08X: the PLL is started with a PLLMUL above 8 or PLLDIV 0, which are "
                         "not allowed (RM0038 6.3.3)",
                         (unsigned)setup);
    } else if (input < MIN_PLL_INPUT_HZ || input > MAX_PLL_INPUT_HZ) {
        device_violation(device, FORBIDDEN, "pll-frequency",
                         "RCC_CFGR = 0x%08X: the PLL's input is %u Hz; it takes 2 to 24 MHz (RM0038 6.2.5)",
                         (unsigned)setup, (unsigned)input);
    }
}

static void check_pll_speed(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    bool runs =
        rcc->CR & CR_PLLON && rcc_l1_pll_source_ready(device) && !rcc_l1_pll_setup_is_reserved(rcc->CFGR);
    too_fast(device, "pll-frequency", LIMIT_VCO, "the PLL's VCO", runs ? rcc_l1_vco_hz(device) : 0,
             limits_now(device)->vco, "6.2.5");
    too_fast(device, "pll-frequency", LIMIT_PLL, "the PLL's output", runs ? rcc_l1_pll_hz(device) : 0,
             limits_now(device)->hclk, "6.2.5");
}

static void check_oscillators(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    too_fast(device, "hse-too-fast", LIMIT_HSE, "HSE",
             rcc->CR & CR_HSEON ? device_chip(device)->config.hse_hz : 0, limits_now(device)->hse, "5.1.6");
    if (begins(device, LIMIT_HSI, rcc->CR & CR_HSION && !limits_now(device)->hsi)) {
        device_violation(device, FORBIDDEN, "hsi-in-range-3",
                         "RCC_CR = 0x%08X: there is no HSI in voltage range 3 (RM0038 5.1.6)",
                         (unsigned)rcc->CR);
    }
}

void rcc_l1_check_limits(struct device *device)
{
    if (!device_chip(device)->powered)
        return;
    check_oscillators(device);
    check_pll_speed(device);
    too_fast(device, "hclk-too-fast", LIMIT_HCLK, "HCLK", rcc_l1_hclk_hz(device), limits_now(device)->hclk,
             "5.1.6");
}

void rcc_l1_check_usb(struct device *device)
{
    const struct rcc *rcc = rcc_of(device);
    uint32_t vco = rcc_l1_vco_hz(device);
    if (rcc->ENR[RCC_L1_APB1] & APB1ENR_USB && rcc->CR & CR_PLLRDY && vco / 2 != USB_HZ) {
        device_violation(
            device, SUSPICIOUS, "usb-clock-not-48mhz",
            "RCC_CFGR = 0x%08X: the USB clock is %u Hz, half of the PLL's VCO; it must be 48 MHz "
            "(RM0038 6.2.5)",
            (unsigned)rcc->CFGR, (unsigned)(vco / 2));
    }
}
