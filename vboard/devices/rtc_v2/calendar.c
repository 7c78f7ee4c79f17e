/*
 * The calendar (RM0038 20.3): seconds from RTCCLK through two prescalers, in BCD; alarms and the wake-up
 * timer. Calibration, time stamps and tamper detection are not modelled; nor is the 12-hour format.
 */
#include "private.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 24 * HOUR, FEBRUARY = 2, SUNDAY = 7 };

__extension__ typedef unsigned __int128 wide; /* products of ticks and hertz */

static unsigned from_bcd(uint32_t value)
{
    return (unsigned)((value >> 4) * 10 + (value & 0xF));
}

static uint32_t to_bcd(unsigned value)
{
    return value / 10 << 4 | value % 10;
}

ticks rtc_cycles(const struct rtc *rtc, uint64_t cycles)
{
    return rtc->hz ? (ticks)(((wide)cycles * TICKS_PER_SECOND + rtc->hz - 1) / rtc->hz) : TICKS_NEVER;
}

static uint64_t cycles_of_second(const struct rtc *rtc)
{
    uint32_t setup = rtc->reg[PRER / 4];
    return (uint64_t)((setup >> 16 & 0x7F) + 1) * ((setup & 0x7FFF) + 1);
}

static bool runs(const struct rtc *rtc)
{
    return rtc->hz && !(rtc->reg[ISR / 4] & ISR_INIT);
}

/* Dates ----------------------------------------------------------------------------------------------------
 */

static unsigned days_of(unsigned month, unsigned year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == FEBRUARY && year % 4 == 0 ? 29 : days[(month - 1) % 12];
}

static uint32_t next_day(uint32_t DR_value)
{
    unsigned year = from_bcd(DR_value >> 16 & 0xFF), month = from_bcd(DR_value >> 8 & 0x1F),
             day = from_bcd(DR_value & 0x3F), weekday = DR_value >> 13 & 7;
    weekday = weekday == SUNDAY ? 1 : weekday ? weekday + 1 : 0; /* 0 is forbidden, and stays */
    if (++day > days_of(month, year)) {
        day = 1;
        month = month % 12 + 1;
        year = month == 1 ? (year + 1) % 100 : year;
    }
    return to_bcd(year) << 16 | weekday << 13 | to_bcd(month) << 8 | to_bcd(day);
}

static uint32_t seconds_of(uint32_t TR_value)
{
    return from_bcd(TR_value >> 16 & 0x3F) * HOUR + from_bcd(TR_value >> 8 & 0x7F) * MINUTE +
           from_bcd(TR_value & 0x7F);
}

static void add_seconds(struct rtc *rtc, uint64_t seconds)
{
    uint64_t all = seconds_of(rtc->reg[TR / 4]) + seconds;
    for (uint64_t days = all / DAY; days; days--)
        rtc->reg[DR / 4] = next_day(rtc->reg[DR / 4]);
    unsigned rest = (unsigned)(all % DAY);
    rtc->reg[TR / 4] = to_bcd(rest / HOUR) << 16 | to_bcd(rest / MINUTE % 60) << 8 | to_bcd(rest % MINUTE);
}

/* The date stays (20.3.6). */
void rtc_move_hour(struct device *device, int hours)
{
    struct rtc *rtc = rtc_of(device);
    unsigned hour = from_bcd(rtc->reg[TR / 4] >> 16 & 0x3F) + 24 + (unsigned)hours;
    rtc->reg[TR / 4] = (rtc->reg[TR / 4] & 0xFFFF) | to_bcd(hour % 24) << 16;
}

void rtc_settle(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    ticks now = device_now(device);
    if (!runs(rtc) || now <= rtc->since)
        return;
    uint64_t cycles = (uint64_t)((wide)(now - rtc->since) * rtc->hz / TICKS_PER_SECOND);
    uint64_t seconds = cycles / cycles_of_second(rtc);
    if (seconds) {
        rtc->since += rtc_cycles(rtc, seconds * cycles_of_second(rtc));
        add_seconds(rtc, seconds);
    }
}

uint32_t rtc_subseconds(const struct device *device)
{
    const struct rtc *rtc = rtc_of(device);
    uint32_t setup = rtc->reg[PRER / 4], top = setup & 0x7FFF;
    ticks now = device_now(device);
    if (!runs(rtc) || now <= rtc->since)
        return top;
    uint64_t cycles = (uint64_t)((wide)(now - rtc->since) * rtc->hz / TICKS_PER_SECOND);
    return top - (uint32_t)(cycles / ((setup >> 16 & 0x7F) + 1)) % (top + 1);
}

/* Alarms ---------------------------------------------------------------------------------------------------
 */

/* Each of its four masks takes one field out of the comparison (20.6.8). */
static bool matches(const struct rtc *rtc, uint32_t alarm)
{
    uint32_t time = rtc->reg[TR / 4], date = rtc->reg[DR / 4];
    uint32_t day = alarm >> 30 & 1 ? date >> 13 & 7 : date & 0x3F;
    return (alarm >> 7 & 1 || (alarm & 0x7F) == (time & 0x7F)) &&
           (alarm >> 15 & 1 || (alarm >> 8 & 0x7F) == (time >> 8 & 0x7F)) &&
           (alarm >> 23 & 1 || (alarm >> 16 & 0x3F) == (time >> 16 & 0x3F)) &&
           (alarm >> 31 & 1 || (alarm >> 24 & 0x3F) == day);
}

static void pulse(struct device *device, enum rtc_v2_output output)
{
    device_drive(device, output, true);
    device_drive(device, output, false);
}

static void compare_alarms(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    for (unsigned i = 0; i < ALARMS; i++) {
        if (rtc->reg[CR / 4] & CR_ALRAE << i && matches(rtc, rtc->reg[ALRMAR / 4 + i])) {
            rtc->reg[ISR / 4] |= ISR_ALRAF << i;
            if (rtc->reg[CR / 4] & CR_ALRAIE << i)
                pulse(device, RTC_V2_ALARM);
        }
    }
}

/* The wake-up timer (20.3.4): RTCCLK / 16, 8, 4 or 2, or seconds, of which there may be 65536 more. */
static ticks wakeup_period(const struct rtc *rtc)
{
    uint32_t select = rtc->reg[CR / 4] & CR_WUCKSEL;
    uint64_t count = (rtc->reg[WUTR / 4] & 0xFFFF) + 1;
    if (select < 4)
        return rtc_cycles(rtc, count * (16u >> select));
    return rtc_cycles(rtc, (count + (select >= 6 ? 0x10000 : 0)) * cycles_of_second(rtc));
}

void rtc_start_wakeup(struct device *device)
{
    const struct rtc *rtc = rtc_of(device);
    bool on = rtc->reg[CR / 4] & CR_WUTE && rtc->hz;
    device_schedule(device, EVENT_WAKEUP, on ? device_now(device) + wakeup_period(rtc) : TICKS_NEVER);
}

void rtc_plan(struct device *device)
{
    const struct rtc *rtc = rtc_of(device);
    bool alarms = rtc->reg[CR / 4] & (CR_ALRAE | CR_ALRAE << 1);
    device_schedule(device, EVENT_SECOND,
                    alarms && runs(rtc) ? rtc->since + rtc_cycles(rtc, cycles_of_second(rtc)) : TICKS_NEVER);
}

void rtc_event(struct device *device, unsigned n)
{
    if (n == EVENT_WAKEUP) {
        rtc_of(device)->reg[ISR / 4] |= ISR_WUTF;
        if (rtc_of(device)->reg[CR / 4] & CR_WUTIE)
            pulse(device, RTC_V2_WAKEUP);
        rtc_start_wakeup(device);
        return;
    }
    rtc_settle(device);
    compare_alarms(device);
    rtc_plan(device);
}
