/* Registers of RCC (RM0008 7.3), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "rcc_f1.h"

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
enum { BDCR_WRITABLE = 0x8305, BDCR_RTCEN = 1 << 15 };
enum { RTCSEL_SHIFT = 8, RTCSEL_LSE = 1, RTCSEL_LSI = 2, RTCSEL_HSE = 3, RTC_HSE_DIVIDER = 128 };
enum { PPRE1_SHIFT = 8, PPRE2_SHIFT = 11, LSE_HZ = 32768 };
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

struct rcc {
    uint32_t CR, CFGR, CIR, APB2RSTR, APB1RSTR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR;
    bool lsi_needed;                                             /* by the watchdog */
    ticks hsi_ready, hse_ready, pll_ready, lsi_ready, lse_ready; /* TICKS_NEVER: off */
};

static inline struct rcc *rcc_of(const struct device *device)
{
    return device_state(device);
}

/* SYSCLK, HCLK, PCLK1, ADC, USB and flash within their limits? */
void rcc_check_limits(struct device *device);
/* Is the clock with this value of SW ready? */
bool rcc_source_ready(const struct device *device, uint32_t source);
/* CFGR or a ready flag changed: switches if it can, and sets the processor's clock. */
void rcc_update_clock(struct device *device);
void rcc_update_irq(struct device *device);
void rcc_schedule_ready(struct device *device);
bool rcc_pll_source_ready(const struct device *device);
/* The PLL was turned on or off, or its input was. */
void rcc_lock_pll(struct device *device);
uint32_t rcc_pll_hz(const struct device *device);
void rcc_event(struct device *device, unsigned n);
/* Stop mode turns HSI, HSE and PLL off and wakes up on HSI (RM0008 5.3.5). */
void rcc_enter_stop(struct device *device);
void rcc_force_lsi(struct device *device);
void rcc_check_node(struct device *device, unsigned node);
/* Says what each node of the tree has now, and lets the devices know. */
void rcc_clocks_changed(struct device *device);

/* registers.c */
uint32_t rcc_read(struct device *device, uint32_t offset);
void rcc_write(struct device *device, uint32_t offset, uint32_t value);
void rcc_reset(struct device *device);
void rcc_started(struct device *device);
void rcc_backup_reset(struct device *device);
