/*
 * Power control of the L1 (RM0038 chapter 5): the core's voltage has three ranges, 1 the highest; each allows
 * so much of a clock. That the change takes 50 us is a guess: the manual gives no time.
 */
#include "private.h"

enum { CR_VOS_SHIFT = 11, CR_VOS = 3 << CR_VOS_SHIFT, CR_LPRUN = 1 << 14, CR_RESET = 2 << CR_VOS_SHIFT };
enum { CSR_VREFINTRDYF = 1 << 3, CSR_VOSF = 1 << 4, CHANGE_US = 50 };
enum { VOS_FORBIDDEN = 0 };

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xFFFFA000, CR_RESET},
    AT(0x04) = {"CSR", RW | STABLE, 0xFFFFF8C0, CSR_VREFINTRDYF},
};

static uint32_t vos(uint32_t CR_value)
{
    return (CR_value & CR_VOS) >> CR_VOS_SHIFT;
}

static void set_range(struct device *device)
{
    device_chip(device)->voltage_range = (uint8_t)vos(pwr_of(device)->CR);
}

/* A lower voltage may be there at once, a higher one is there when VOSF is 0. */
static void change_range(struct device *device)
{
    pwr_of(device)->CSR |= CSR_VOSF;
    device_schedule(device, 0, device_now(device) + ticks_from_us(CHANGE_US));
    if (vos(pwr_of(device)->CR) > device_chip(device)->voltage_range) {
        set_range(device);
        clocks_check(device_chip(device));
    }
}

static uint32_t check_vos(struct device *device, uint32_t value)
{
    const struct pwr *pwr = pwr_of(device);
    uint32_t kept = (value & ~(uint32_t)CR_VOS) | (pwr->CR & CR_VOS);
    if (vos(value) == VOS_FORBIDDEN) {
        device_violation(device, FORBIDDEN, "pwr-vos",
                         "PWR_CR = 0x%X: VOS = 0 is forbidden, the range stays (RM0038 5.4.1)",
                         (unsigned)value);
        return kept;
    }
    if (vos(value) != vos(pwr->CR) && pwr->CSR & CSR_VOSF) {
        device_violation(
            device, FORBIDDEN, "pwr-vos-busy",
            "PWR_CR = 0x%X changes VOS while the last change goes on, wait until PWR_CSR.VOSF is "
            "0 (RM0038 5.1.6)",
            (unsigned)value);
        return kept;
    }
    return value;
}

static void write_CR(struct device *device, uint32_t value)
{
    uint32_t before = vos(pwr_of(device)->CR);
    if (value & ~pwr_of(device)->CR & CR_LPRUN) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "PWR_CR = 0x%X: low-power run (RM0038 5.3.2) is not modelled", (unsigned)value);
    }
    value = check_vos(device, value);
    pwr_write_CR(device, value);
    if (vos(value) != before)
        change_range(device);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == CSR)
        pwr_write_CSR(device, value);
    else
        write_CR(device, value);
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    pwr_of(device)->CSR &= ~(uint32_t)CSR_VOSF;
    set_range(device);
}

static void reset(struct device *device)
{
    pwr_reset(device, CR_RESET);
    pwr_of(device)->CSR |= CSR_VREFINTRDYF;
    device_schedule(device, 0, TICKS_NEVER);
    set_range(device);
}

const struct device_class pwr_l1_class = {
    .state = sizeof(struct pwr),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .events = 1,
    .read = pwr_read,
    .write = write,
    .reset = reset,
    .powered_up = pwr_powered_up,
    .event = event,
    .line = pwr_line,
    .pins_changed = pwr_pins_changed,
    .deep_sleep = pwr_deep_sleep,
};
