/*
 * Stop and Standby (RM0008 5.3.5, 5.3.6): the core sleeps with SLEEPDEEP set. In Stop every clock but LSI and
 * LSE stands still until an EXTI line wakes the chip on HSI; Standby ends in a reset.
 */
#include "chip.h"

enum {
    PWR_CR_LPDS = 1 << 0,
    PWR_CR_PDDS = 1 << 1,
    PWR_CSR_WUF = 1 << 0,
    PWR_CSR_SBF = 1 << 1,
    PWR_CSR_EWUP = 1 << 8
};
enum { OBR_nRST_STOP = 1 << 3, OBR_nRST_STDBY = 1 << 4, RTC_CRL_ALRF = 2 };
/* DS5319 table "low-power mode wakeup timings", rounded up. */
enum { WAKE_FROM_STOP_US = 4, WAKE_FROM_STOP_LPDS_US = 6 };
enum { PORT_A = 0, PIN_WKUP = 0 };

static void enter_stop(struct chip *chip)
{
    if (chip->exti.PR || chip->rtc.CRL & RTC_CRL_ALRF) {
        chip_violation(chip, SUSPICIOUS, "stop-with-pending",
                       "Stop is not entered: EXTI_PR 0x%X, RTC_CRL 0x%X must be clear (RM0008 5.3.5)",
                       (unsigned)chip->exti.PR, (unsigned)chip->rtc.CRL);
        chip->cpu.sleeping = false;
        return;
    }
    if (!(chip->flash.OBR & OBR_nRST_STOP)) {
        chip_reset(chip, RESET_LOW_POWER);
        return;
    }
    chip_report(chip, REPORT_NOTE, "Stop mode");
    chip->sleep_state = IN_STOP;
    rcc_enter_stop(chip);
    chip->board.pins_changed(chip->board.context);
}

static void enter_standby(struct chip *chip)
{
    if (!(chip->flash.OBR & OBR_nRST_STDBY)) {
        chip_reset(chip, RESET_LOW_POWER);
        return;
    }
    if (chip->pwr.CSR & PWR_CSR_WUF) {
        chip_violation(chip, SUSPICIOUS, "standby-with-wuf",
                       "Standby with PWR_CSR 0x%X: WUF is set, the chip wakes at once; clear it by CWUF "
                       "(RM0008 5.3.6)",
                       (unsigned)chip->pwr.CSR);
        chip_reset(chip, RESET_STANDBY);
        return;
    }
    chip_report(chip, REPORT_NOTE, "Standby mode");
    chip->sleep_state = IN_STANDBY;
    chip->pwr.CSR |= PWR_CSR_SBF;
    rcc_enter_stop(chip);
    for (unsigned port = 0; port < PORTS; port++) {
        gpio_reset(chip, port); /* every pin floats, but WKUP */
    }
    rtc_plan(chip);
    low_power_inputs_changed(chip);
}

void low_power_enter(struct chip *chip)
{
    if (flash_is_busy(chip)) {
        return; /* it waits for the flash (5.3.5) */
    }
    if (chip->pwr.CR & PWR_CR_PDDS) {
        enter_standby(chip);
    } else {
        enter_stop(chip);
    }
}

void low_power_exti(struct chip *chip)
{
    if (chip->sleep_state != IN_STOP) {
        return;
    }
    uint64_t us = chip->pwr.CR & PWR_CR_LPDS ? WAKE_FROM_STOP_LPDS_US : WAKE_FROM_STOP_US;
    ticks at = chip_now(chip) + ticks_from_us(us);
    chip->wakes_at = at < chip->wakes_at ? at : chip->wakes_at;
}

void low_power_wake(struct chip *chip)
{
    chip->sleep_state = AWAKE;
    chip->wakes_at = TICKS_NEVER;
    rcc_clocks_changed(chip);
    chip_report(chip, REPORT_NOTE, "wakes from Stop mode");
}

static void leave_standby(struct chip *chip)
{
    chip->pwr.CSR |= PWR_CSR_WUF;
    chip_reset(chip, RESET_STANDBY);
}

void low_power_alarm(struct chip *chip)
{
    if (chip->sleep_state == IN_STANDBY) {
        leave_standby(chip);
    }
}

/* WKUP has a pull-down in Standby; what drives it high wakes the chip. */
void low_power_inputs_changed(struct chip *chip)
{
    if (chip->sleep_state == IN_STANDBY && chip->pwr.CSR & PWR_CSR_EWUP &&
        chip->board.pin_level(chip->board.context, PORT_A, PIN_WKUP) == 1) {
        leave_standby(chip);
    }
}
