/* Registers of PWR (RM0008 5.4, RM0038 5.4), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "pwr.h"

enum { CR = 0x00, CSR = 0x04 };
enum {
    CR_LPDS = 1 << 0,
    CR_PDDS = 1 << 1,
    CR_CWUF = 1 << 2,
    CR_CSBF = 1 << 3,
    CR_PVDE = 1 << 4,
    CR_DBP = 1 << 8
};
/* EWUP: a bit for each of the pins, from here up. */
enum { CSR_WUF = 1 << 0, CSR_SBF = 1 << 1, CSR_EWUP_SHIFT = 8, CSR_EWUP_ALL = 7 << CSR_EWUP_SHIFT };

struct pwr {
    uint32_t CR, CSR;
    bool stop_allowed, standby_allowed; /* by the option bytes */
};

static inline struct pwr *pwr_of(const struct device *device)
{
    return device_state(device);
}

/* common.c */
uint32_t pwr_read(struct device *device, uint32_t offset);
/* What both have in CR: clears the flags, opens the lock; the rest of `value` is kept. */
void pwr_write_CR(struct device *device, uint32_t value);
void pwr_write_CSR(struct device *device, uint32_t value);
/* WUF and SBF outlive a system reset (RM0008 5.4.2). */
void pwr_reset(struct device *device, uint32_t CR_reset);
void pwr_powered_up(struct device *device);

/* deep_sleep.c */
void pwr_line(struct device *device, unsigned input, bool level);
void pwr_pins_changed(struct device *device);
void pwr_deep_sleep(struct device *device);
