/* Power control (RM0008 chapter 5): the lock of the backup domain, Stop and Standby. */
#include "pwr_f1.h"

#include "chip/chip.h"

#include <stdio.h>

enum { CR = 0x00, CSR = 0x04 };
enum {
    CR_LPDS = 1 << 0,
    CR_PDDS = 1 << 1,
    CR_CWUF = 1 << 2,
    CR_CSBF = 1 << 3,
    CR_PVDE = 1 << 4,
    CR_DBP = 1 << 8
};
enum { CSR_WUF = 1 << 0, CSR_SBF = 1 << 1, CSR_EWUP = 1 << 8 };

struct pwr {
    uint32_t CR, CSR;
    bool stop_allowed, standby_allowed; /* by the option bytes */
};

static inline struct pwr *pwr_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CR", RW | STABLE, 0xFFFFFE00},
    AT(0x04) = {"CSR", RW | STABLE, 0xFFFFFEF8},
};

static uint32_t read(struct device *device, uint32_t offset)
{
    return offset == CR ? pwr_of(device)->CR : pwr_of(device)->CSR;
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset == CSR) {
        pwr_of(device)->CSR = (pwr_of(device)->CSR & ~(uint32_t)CSR_EWUP) | (value & CSR_EWUP);
        return;
    }
    if (value & CR_PVDE) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "PWR_CR = 0x%X: the voltage detector (RM0008 5.2.3) is not modelled",
                         (unsigned)value);
    }
    pwr_of(device)->CSR &= ~(value & CR_CWUF ? CSR_WUF : 0u) & ~(value & CR_CSBF ? CSR_SBF : 0u);
    pwr_of(device)->CR = value & ~(uint32_t)(CR_CWUF | CR_CSBF);
    device_chip(device)->backup_writable = value & CR_DBP;
}

/* Stop and Standby (RM0008 5.3.5, 5.3.6). In Stop every clock but LSI and LSE stands still until an EXTI line
 * wakes the chip on HSI; Standby ends in a reset. */

/* DS5319 table "low-power mode wakeup timings", rounded up. */
enum { WAKE_FROM_STOP_US = 4, WAKE_FROM_STOP_LPDS_US = 6 };

static void leave_standby(struct device *device)
{
    pwr_of(device)->CSR |= CSR_WUF;
    chip_reset(device_chip(device), RESET_STANDBY);
}

static void alarm_rang(struct device *device)
{
    if (device_chip(device)->sleep_state == IN_STANDBY)
        leave_standby(device);
}

/* WKUP has a pull-down in Standby; what drives it high wakes the chip. */
static void pins_changed(struct device *device)
{
    const struct chip *chip = device_chip(device);
    const struct pwr_f1_info *info = device_config(device);
    if (chip->sleep_state == IN_STANDBY && pwr_of(device)->CSR & CSR_EWUP &&
        chip_outside_level(chip, info->wkup_pin >> 4, info->wkup_pin & 0xF) == 1)
        leave_standby(device);
}

/* Says what of those that can wake it asks for that already. */
static bool is_kept_awake(const struct device *device, char *text, size_t size)
{
    const struct pwr_f1_info *info = device_config(device);
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < PWR_F1_WAKERS; i++) {
        const struct device *waker = chip_device(device_chip(device), info->waker[i].device);
        uint32_t flags = waker ? waker->info->class->pending(waker) : 0;
        if (flags && used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%s 0x%X", used ? ", " : "",
                                     info->waker[i].flags, (unsigned)flags);
        }
    }
    return used != 0;
}

static void enter_stop(struct device *device)
{
    struct chip *chip = device_chip(device);
    char what[80];
    if (is_kept_awake(device, what, sizeof what)) {
        device_violation(device, SUSPICIOUS, "stop-with-pending",
                         "Stop is not entered: %s must be clear (RM0008 5.3.5)", what);
        chip_cancel_sleep(chip);
        return;
    }
    if (!pwr_of(device)->stop_allowed) {
        chip_reset(chip, RESET_LOW_POWER);
        return;
    }
    device_report(device, REPORT_NOTE, "Stop mode");
    chip->sleep_state = IN_STOP;
    device_pulse(device, PWR_F1_STOPS_CLOCKS);
    chip_outputs_changed(chip);
}

static void enter_standby(struct device *device)
{
    struct chip *chip = device_chip(device);
    if (!pwr_of(device)->standby_allowed) {
        chip_reset(chip, RESET_LOW_POWER);
        return;
    }
    if (pwr_of(device)->CSR & CSR_WUF) {
        device_violation(device, SUSPICIOUS, "standby-with-wuf",
                         "Standby with PWR_CSR 0x%X: WUF is set, the chip wakes at once; clear it by CWUF "
                         "(RM0008 5.3.6)",
                         (unsigned)pwr_of(device)->CSR);
        chip_reset(chip, RESET_STANDBY);
        return;
    }
    device_report(device, REPORT_NOTE, "Standby mode");
    chip->sleep_state = IN_STANDBY;
    pwr_of(device)->CSR |= CSR_SBF;
    device_pulse(device, PWR_F1_STOPS_CLOCKS);
    chip_float_pins(chip); /* all but WKUP */
    device_listen(device, 1u << PWR_F1_ALARM);
    pins_changed(device);
}

static void deep_sleep(struct device *device)
{
    if (chip_flash_is_busy(device_chip(device)))
        return; /* it waits for the flash (5.3.5) */
    if (pwr_of(device)->CR & CR_PDDS)
        enter_standby(device);
    else
        enter_stop(device);
}

static void wake(struct device *device)
{
    struct chip *chip = device_chip(device);
    if (chip->sleep_state != IN_STOP)
        return;
    uint64_t us = pwr_of(device)->CR & CR_LPDS ? WAKE_FROM_STOP_LPDS_US : WAKE_FROM_STOP_US;
    ticks at = device_now(device) + ticks_from_us(us);
    chip->wakes_at = at < chip->wakes_at ? at : chip->wakes_at;
}

static void line(struct device *device, unsigned input, bool level)
{
    switch (input) {
    case PWR_F1_WAKE: wake(device); break;
    case PWR_F1_ALARM:
        if (level)
            alarm_rang(device);
        break;
    case PWR_F1_STOP_ALLOWED: pwr_of(device)->stop_allowed = level; break;
    default: pwr_of(device)->standby_allowed = level; break;
    }
}

/* WUF and SBF outlive a system reset (RM0008 5.4.2). */
static void reset(struct device *device)
{
    pwr_of(device)->CR = 0;
    device_chip(device)->backup_writable = false;
    device_listen(device, 0);
    pwr_of(device)->CSR &= CSR_WUF | CSR_SBF;
}

static void powered_up(struct device *device)
{
    pwr_of(device)->CSR = 0;
}

const struct device_class pwr_f1_class = {
    .state = sizeof(struct pwr),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .read = read,
    .write = write,
    .reset = reset,
    .powered_up = powered_up,
    .line = line,
    .pins_changed = pins_changed,
    .deep_sleep = deep_sleep,
};
