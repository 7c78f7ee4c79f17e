/* The RTC's registers, their locks, and initialization mode (RM0038 20.3.5, 20.6). */
#include "private.h"

#include <stdio.h>

enum { UNLOCKED = 2, INIT_CYCLES = 2, SYNC_CYCLES = 2 };

static uint32_t read_ISR(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t value = rtc->reg[ISR / 4] & (ISR_FLAGS | ISR_INIT), control = rtc->reg[CR / 4];
    ticks now = device_now(device);
    value |= control & CR_ALRAE ? 0 : ISR_ALRAWF;
    value |= control & CR_ALRAE << 1 ? 0 : ISR_ALRAWF << 1;
    value |= control & CR_WUTE ? 0 : ISR_WUTWF;
    value |= rtc->reg[DR / 4] >> 16 & 0xFF ? ISR_INITS : 0;
    value |= now >= rtc->initialized ? ISR_INITF : 0;
    value |= now >= rtc->synchronized ? ISR_RSF : 0;
    return value;
}

uint32_t rtc_read(struct device *device, uint32_t offset)
{
    const struct rtc *rtc = rtc_of(device);
    if (offset >= BKP0R)
        return rtc->BKPR[(offset - BKP0R) / 4];
    rtc_settle(device);
    switch (offset) {
    case ISR: return read_ISR(device);
    case SSR: return rtc_subseconds(device);
    default: return rtc->reg[offset / 4];
    }
}

/* 20.3.5: 0xCA, then 0x53; anything else locks again. */
static void write_key(struct device *device, uint32_t value)
{
    enum { KEY1 = 0xCA, KEY2 = 0x53 };
    struct rtc *rtc = rtc_of(device);
    bool second = rtc->key_step == 1 && value == KEY2;
    rtc->key_step = second ? UNLOCKED : value == KEY1 ? 1 : 0;
}

static const char *name_of(const struct device *device, uint32_t offset)
{
    return device->info->class->registers[offset / 4].name;
}

/* What may be written only in initialization mode, and only while an alarm or the wake-up timer is off. */
static bool mode_allows(struct device *device, uint32_t offset, uint32_t value)
{
    const struct rtc *rtc = rtc_of(device);
    bool calendar = offset == TR || offset == DR || offset == PRER;
    uint32_t enable = offset == ALRMAR || offset == ALRMASSR   ? CR_ALRAE
                      : offset == ALRMBR || offset == ALRMBSSR ? CR_ALRAE << 1
                      : offset == WUTR                         ? CR_WUTE
                                                               : 0;
    if (calendar && !(read_ISR(device) & ISR_INITF)) {
        device_violation(device, FORBIDDEN, "rtc-initialization-mode",
                         "RTC_%s = 0x%X is ignored: set RTC_ISR.INIT and wait for INITF (RM0038 20.3.5)",
                         name_of(device, offset), (unsigned)value);
        return false;
    }
    if (rtc->reg[CR / 4] & enable) {
        device_violation(device, FORBIDDEN, "rtc-enabled",
                         "RTC_%s = 0x%X is ignored while it is enabled by RTC_CR = 0x%X (RM0038 20.3.5)",
                         name_of(device, offset), (unsigned)value, (unsigned)rtc->reg[CR / 4]);
        return false;
    }
    return true;
}

static bool write_is_allowed(struct device *device, uint32_t offset, uint32_t value)
{
    char what[24];
    (void)snprintf(what, sizeof what, "RTC_%s", name_of(device, offset));
    if (!device_backup_writable(device, what, value))
        return false;
    if (rtc_of(device)->key_step != UNLOCKED && offset != TAFCR && offset < BKP0R) {
        device_violation(device, FORBIDDEN, "rtc-write-protected",
                         "RTC_%s = 0x%X is ignored: write 0xCA, then 0x53 to RTC_WPR first (RM0038 20.3.5)",
                         name_of(device, offset), (unsigned)value);
        return false;
    }
    return offset >= BKP0R || mode_allows(device, offset, value);
}

static void write_ISR(struct device *device, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    bool enters = value & ~rtc->reg[ISR / 4] & ISR_INIT, leaves = rtc->reg[ISR / 4] & ~value & ISR_INIT;
    ticks now = device_now(device);
    rtc->reg[ISR / 4] = (rtc->reg[ISR / 4] & value & ISR_FLAGS) | (value & ISR_INIT);
    if (enters) {
        rtc->initialized = rtc->hz ? now + rtc_cycles(rtc, INIT_CYCLES) : TICKS_NEVER;
    } else if (leaves) {
        rtc->initialized = TICKS_NEVER;
        rtc->since = now; /* the prescalers begin anew */
    }
    if (leaves || !(value & ISR_RSF))
        rtc->synchronized = rtc->hz ? now + rtc_cycles(rtc, SYNC_CYCLES) : TICKS_NEVER;
}

static void write_CR(struct device *device, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    bool wakeup_begins = value & ~rtc->reg[CR / 4] & CR_WUTE,
         wakeup_ends = rtc->reg[CR / 4] & ~value & CR_WUTE;
    if (value & CR_TSE) {
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "RTC_CR = 0x%X: time stamps (RM0038 20.3.13) are not modelled", (unsigned)value);
    }
    rtc->reg[CR / 4] = value & ~(uint32_t)(CR_ADD1H | CR_SUB1H);
    if (value & (CR_ADD1H | CR_SUB1H))
        rtc_move_hour(device, value & CR_ADD1H ? 1 : -1);
    if (wakeup_begins || wakeup_ends)
        rtc_start_wakeup(device);
}

void rtc_write(struct device *device, uint32_t offset, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    if (offset == WPR) {
        write_key(device, value);
        return;
    }
    if (!write_is_allowed(device, offset, value))
        return;
    rtc_settle(device);
    if (offset >= BKP0R) {
        rtc->BKPR[(offset - BKP0R) / 4] = value;
    } else if (offset == ISR) {
        write_ISR(device, value);
    } else if (offset == CR) {
        write_CR(device, value);
    } else if (offset == SHIFTR || offset == CALR || offset == CALIBR) {
        rtc->reg[offset / 4] = value;
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "RTC_%s = 0x%X: calibration (RM0038 20.3.10 to 20.3.12) is not modelled",
                         name_of(device, offset), (unsigned)value);
    } else {
        rtc->reg[offset / 4] = value;
    }
    rtc_plan(device);
}
