/* Power control of the F1 (RM0008 chapter 5). */
#include "private.h"

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xFFFFFE00},
    AT(0x04) = {"CSR", RW | STABLE, 0xFFFFFEF8},
};

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == CSR)
        pwr_write_CSR(device, value);
    else
        pwr_write_CR(device, value);
}

static void reset(struct device *device)
{
    pwr_reset(device, 0);
}

const struct device_class pwr_f1_class = {
    .state = sizeof(struct pwr),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .read = pwr_read,
    .write = write,
    .reset = reset,
    .powered_up = pwr_powered_up,
    .line = pwr_line,
    .pins_changed = pwr_pins_changed,
    .deep_sleep = pwr_deep_sleep,
};
