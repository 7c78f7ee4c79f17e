/* Stop and Standby (RM0008 5.3.5, 5.3.6). In Stop every clock but LSI and LSE stands still until an EXTI line
 * wakes the chip on its internal oscillator; Standby ends in a reset. */
#include "private.h"

#include <stdio.h>

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
static bool wkup_is_high(const struct device *device)
{
    const struct pwr_info *info = device_config(device);
    for (unsigned i = 0; i < PWR_WKUP_PINS; i++) {
        uint8_t pin = info->wkup_pin[i];
        if (pin != NO_PIN && pwr_of(device)->CSR >> (CSR_EWUP_SHIFT + i) & 1 &&
            chip_outside_level(device_chip(device), pin >> 4, pin & 0xF) == 1)
            return true;
    }
    return false;
}

void pwr_pins_changed(struct device *device)
{
    if (device_chip(device)->sleep_state == IN_STANDBY && wkup_is_high(device))
        leave_standby(device);
}

/* Says what of those that can wake it asks for that already. */
static bool is_kept_awake(const struct device *device, char *text, size_t size)
{
    const struct pwr_info *info = device_config(device);
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < PWR_WAKERS && info->waker[i].flags; i++) {
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
    device_pulse(device, PWR_STOPS_CLOCKS);
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
    device_pulse(device, PWR_STOPS_CLOCKS);
    chip_float_pins(chip); /* all but WKUP */
    device_listen(device, 1u << PWR_ALARM);
    pwr_pins_changed(device);
}

void pwr_deep_sleep(struct device *device)
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

void pwr_line(struct device *device, unsigned input, bool level)
{
    switch (input) {
    case PWR_WAKE: wake(device); break;
    case PWR_ALARM:
        if (level)
            alarm_rang(device);
        break;
    case PWR_STOP_ALLOWED: pwr_of(device)->stop_allowed = level; break;
    default: pwr_of(device)->standby_allowed = level; break;
    }
}
