/*
 * MCU debug component (RM0008 31.16). Without a debugger, programs on these chips read zeros from it and
 * cannot write (ST errata ES096 and ES0340, "debug registers cannot be read by user software").
 */
#include "dbgmcu_f1.h"

#include "chip/chip.h"

enum { IDCODE = 0x00 };

struct dbgmcu {
    uint32_t CR;
};

static inline struct dbgmcu *dbgmcu_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"IDCODE", READ_ONLY | STABLE, 0},
    AT(0x04) = {"CR", RW | STABLE, 0xFFE00018},
};

static uint32_t read(struct device *device, uint32_t offset)
{
    device_violation(
        device, SUSPICIOUS, "debug-registers",
        "DBGMCU_%s reads as 0 for a program, only a debugger sees 0x%08X (ST errata sheet ES096)",
        offset == IDCODE ? "IDCODE" : "CR",
        (unsigned)(offset == IDCODE ? device_chip(device)->config.idcode : dbgmcu_of(device)->CR));
    return 0;
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    (void)offset;
    device_violation(device, SUSPICIOUS, "debug-registers",
                     "DBGMCU_CR = 0x%X does nothing without a debugger (ST errata sheet ES096)",
                     (unsigned)value);
}

/* CR is reset by power only, and power-up clears the chip (RM0008 31.16.3). */
static void reset(struct device *device)
{
    if (device_chip(device)->reset_cause == RESET_POWER)
        dbgmcu_of(device)->CR = 0;
}

const struct device_class dbgmcu_f1_class = {
    .state = sizeof(struct dbgmcu),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .read = read,
    .write = write,
    .reset = reset,
};
