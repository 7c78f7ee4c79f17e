/* Registers of RCC (RM0038 6.3), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "rcc_l1.h"

enum {
    CR = 0x00,
    ICSCR = 0x04,
    CFGR = 0x08,
    CIR = 0x0C,
    AHBRSTR = 0x10,
    APB2RSTR = 0x14,
    APB1RSTR = 0x18,
    AHBENR = 0x1C,
    APB2ENR = 0x20,
    APB1ENR = 0x24,
    AHBLPENR = 0x28,
    APB2LPENR = 0x2C,
    APB1LPENR = 0x30,
    CSR = 0x34
};
enum {
    CR_HSION = 1 << 0,
    CR_HSIRDY = 1 << 1,
    CR_MSION = 1 << 8,
    CR_MSIRDY = 1 << 9,
    CR_HSEON = 1 << 16,
    CR_HSERDY = 1 << 17,
    CR_HSEBYP = 1 << 18,
    CR_PLLON = 1 << 24,
    CR_PLLRDY = 1 << 25,
    CR_CSSON = 1 << 28,
    CR_RTCPRE_SHIFT = 29,
    CR_RTCPRE = 3 << CR_RTCPRE_SHIFT,
    CR_RESET = CR_MSION | CR_MSIRDY,
    CR_WRITABLE = CR_HSION | CR_MSION | CR_HSEON | CR_HSEBYP | CR_PLLON | CR_CSSON | CR_RTCPRE
};
/* The calibration values that the factory puts into bits 0 to 7 and 16 to 23 read as 0 here. */
enum { ICSCR_MSIRANGE_SHIFT = 13, ICSCR_MSIRANGE = 7 << ICSCR_MSIRANGE_SHIFT, ICSCR_RESET = 0xB000 };
#define ICSCR_WRITABLE 0xFF00FF00u
enum {
    SW_MASK = 3,
    SWS_SHIFT = 2,
    SW_MSI = 0,
    SW_HSI = 1,
    SW_HSE = 2,
    SW_PLL = 3,
    CFGR_SWS = 3 << SWS_SHIFT
};
enum {
    CFGR_PLLSRC = 1 << 16,
    CFGR_PLLMUL_SHIFT = 18,
    CFGR_PLLMUL = 15 << CFGR_PLLMUL_SHIFT,
    CFGR_PLLDIV_SHIFT = 22,
    CFGR_PLLDIV = 3 << CFGR_PLLDIV_SHIFT,
    CFGR_PLL_SETUP = CFGR_PLLSRC | CFGR_PLLMUL | CFGR_PLLDIV,
    PPRE1_SHIFT = 8,
    PPRE2_SHIFT = 11
};
/* CIR: flags, enables 8 bits above, clears 16 bits above. */
enum {
    LSIRDY = 1 << 0,
    LSERDY = 1 << 1,
    HSIRDY = 1 << 2,
    HSERDY = 1 << 3,
    PLLRDY = 1 << 4,
    MSIRDY = 1 << 5,
    LSECSS = 1 << 6,
    CSSF = 1 << 7,
    CIR_MASKABLE = 0x7F,
    CIR_ENABLES = CIR_MASKABLE << 8
};
enum { AHBENR_RESET = 1 << 15 /* FLITF */, AHBLPENR_RESET = 0x0101903F, APB1ENR_USB = 1 << 23 };
/* CSR: LSI, the clocks of the RTC, which are in its domain, and the flags. */
enum {
    CSR_LSION = 1 << 0,
    CSR_LSIRDY = 1 << 1,
    CSR_LSEON = 1 << 8,
    CSR_LSERDY = 1 << 9,
    CSR_LSEBYP = 1 << 10,
    CSR_LSECSS = 3 << 11,
    CSR_RTCSEL_SHIFT = 16,
    CSR_RTCSEL = 3 << CSR_RTCSEL_SHIFT,
    CSR_RTCEN = 1 << 22,
    CSR_RTCRST = 1 << 23,
    CSR_RMVF = 1 << 24,
    CSR_OBLRSTF = 1 << 25,
    CSR_PINRSTF = 1 << 26,
    CSR_PORRSTF = 1 << 27,
    CSR_OF_RTC = CSR_LSEON | CSR_LSEBYP | CSR_LSECSS | CSR_RTCSEL | CSR_RTCEN | CSR_RTCRST
};
#define CSR_FLAGS 0xFE000000u
enum { RTCSEL_LSE = 1, RTCSEL_LSI = 2, RTCSEL_HSE = 3, LSE_HZ = 32768 };

enum { HSI_HZ = 16000000, MSI_RANGE_0_HZ = 65536, MSI_RANGES = 7, USB_HZ = 48000000 };
enum { MIN_PLL_INPUT_HZ = 2000000, MAX_PLL_INPUT_HZ = 24000000 };
/* DS6876 6.3.7, 6.3.8, from memory: the longest of each. */
enum {
    HSI_STARTUP_US = 6,
    MSI_STARTUP_US = 10,
    PLL_LOCK_US = 160,
    LSI_STARTUP_US = 200,
    LSE_STARTUP_US = 1000000
};

struct rcc {
    uint32_t CR, ICSCR, CFGR, CIR, CSR;
    uint32_t RSTR[3], ENR[3], LPENR[3]; /* by bank */
    bool lsi_needed;                    /* by the watchdog */
    uint8_t beyond;                     /* limits that were found exceeded, and told: a bit each */
    ticks hsi_ready, msi_ready, hse_ready, pll_ready, lsi_ready, lse_ready; /* TICKS_NEVER: off */
};

static inline struct rcc *rcc_of(const struct device *device)
{
    return device_state(device);
}

/* tree.c: what each clock is, from the registers. */
uint32_t rcc_l1_pll_input_hz(const struct device *device);
uint32_t rcc_l1_vco_hz(const struct device *device);
uint32_t rcc_l1_pll_hz(const struct device *device);
uint32_t rcc_l1_hclk_hz(const struct device *device);
/* Says what each node of the tree has now, and lets the devices know. */
void rcc_l1_clocks_changed(struct device *device);
/* CFGR or a ready flag changed: switches if it can, and sets the processor's clock. */
void rcc_l1_update_clock(struct device *device);
/* Is the clock with this value of SW ready? */
bool rcc_l1_source_ready(const struct device *device, uint32_t source);

/* limits.c */
/* PLLMUL or PLLDIV of this CFGR is one that the manual does not allow. */
bool rcc_l1_pll_setup_is_reserved(uint32_t CFGR_value);
/* The PLL is started: are its input, VCO and output within the limits? */
void rcc_l1_check_pll(struct device *device);
/* The clocks within the limits of the core's voltage? */
void rcc_l1_check_limits(struct device *device);
/* USB's clock is on, or the PLL: is it 48 MHz? */
void rcc_l1_check_usb(struct device *device);

/* oscillators.c: they take their time. */
void rcc_l1_update_irq(struct device *device);
void rcc_l1_schedule_ready(struct device *device);
/* CR changed from `old`: starts what was turned on, stops what was turned off. */
void rcc_l1_switch_oscillators(struct device *device, uint32_t old);
bool rcc_l1_pll_source_ready(const struct device *device);
/* The PLL was turned on or off, or its input was. */
void rcc_l1_lock_pll(struct device *device);
void rcc_l1_event(struct device *device, unsigned n);
/* Stop mode turns all but MSI off and wakes up on that (RM0038 5.3.6). */
void rcc_l1_enter_stop(struct device *device);
void rcc_l1_force_lsi(struct device *device);

/* registers.c */
uint32_t rcc_l1_read(struct device *device, uint32_t offset);
void rcc_l1_write(struct device *device, uint32_t offset, uint32_t value);
void rcc_l1_reset(struct device *device);
void rcc_l1_started(struct device *device);
void rcc_l1_backup_reset(struct device *device);
