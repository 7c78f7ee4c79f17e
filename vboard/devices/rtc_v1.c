/*
 * Real-time clock (RM0008 chapter 18): a prescaler and a counter on RTCCLK in the backup domain, and the slow
 * path to them: writes take cycles of RTCCLK (RTOFF), reads are right only after a first one (RSF).
 */
#include "rtc_v1.h"

#include "chip/chip.h"

enum { CRH = 0x00, CRL = 0x04, PRLH = 0x08, PRLL = 0x0C, DIVH = 0x10, DIVL = 0x14, CNTH = 0x18, CNTL = 0x1C };
enum { ALRH = 0x20, ALRL = 0x24 };
enum { SECF = 1 << 0, ALRF = 1 << 1, OWF = 1 << 2, RSF = 1 << 3, CNF = 1 << 4, RTOFF = 1 << 5 };
enum { FLAGS = SECF | ALRF | OWF, CRL_RESET = RTOFF, PRL_RESET = 0x8000, WRITE_CYCLES = 3 };
enum { WROTE_PRL = 1, WROTE_ALR = 2, WROTE_CNT = 4 };

__extension__ typedef unsigned __int128 wide; /* products of ticks and hertz */

struct rtc {
    uint32_t CRH, CRL, PRL, ALR, CNT, DIV;
    uint32_t new_PRL, new_ALR, new_CNT; /* written in configuration mode */
    uint8_t written;                    /* which of them */
    ticks busy_until;                   /* RTOFF */
    ticks synchronized;                 /* RSF, again */
    uint32_t hz;                        /* of RTCCLK; 0: none */
    ticks since;                        /* when CNT and DIV were as they are */
    bool polled;
};

static inline struct rtc *rtc_of(const struct device *device)
{
    return device_state(device);
}

static const struct device_register registers[] = {
    AT(0x00) = {"CRH", RW | STABLE, 0xFFFFFFF8}, AT(0x04) = {"CRL", RW | STABLE, 0xFFFFFFC0, CRL_RESET},
    AT(0x08) = {"PRLH", WRITE_ONLY, 0xFFFFFFF0}, AT(0x0C) = {"PRLL", WRITE_ONLY, 0xFFFF0000},
    AT(0x10) = {"DIVH", READ_ONLY, 0},           AT(0x14) = {"DIVL", READ_ONLY, 0, 0x8000},
    AT(0x18) = {"CNTH", RW, 0xFFFF0000},         AT(0x1C) = {"CNTL", RW, 0xFFFF0000},
    AT(0x20) = {"ALRH", WRITE_ONLY, 0xFFFF0000}, AT(0x24) = {"ALRL", WRITE_ONLY, 0xFFFF0000},
};

static uint64_t cycles_in(const struct rtc *rtc, ticks time)
{
    return (uint64_t)((wide)time * rtc->hz / TICKS_PER_SECOND);
}

/* Rounded up: at the end of it that many cycles are over. */
static ticks time_of(const struct rtc *rtc, uint64_t cycles)
{
    return (ticks)(((wide)cycles * TICKS_PER_SECOND + rtc->hz - 1) / rtc->hz);
}

/* Counting */

static uint32_t period(const struct rtc *rtc)
{
    return rtc->PRL + 1;
}

/*
 * Flags come in the last RTCCLK cycle before the counter moves on (18.3.5): the n-th from now while the
 * counter still has the value first_flagged + n.
 */
static uint32_t first_flagged(const struct rtc *rtc)
{
    return rtc->CNT + (rtc->DIV == 0);
}

static uint64_t cycles_to_flag(const struct rtc *rtc)
{
    return rtc->DIV == 0 ? period(rtc) : rtc->DIV;
}

static void update_irq(struct device *device)
{
    device_drive(device, RTC_V1_IRQ, rtc_of(device)->CRL & rtc_of(device)->CRH & FLAGS);
}

static void raise_flags(struct device *device, uint32_t first, uint64_t count)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t to_alarm = rtc->ALR - first, to_overflow = UINT32_MAX - first;
    rtc->CRL |= SECF | (to_overflow < count ? OWF : 0);
    if (to_alarm < count) {
        rtc->CRL |= ALRF;
        device_drive(device, RTC_V1_ALARM, true);
        device_drive(device, RTC_V1_ALARM, false);
    }
    update_irq(device);
}

static void settle(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    ticks now = device_now(device);
    if (now >= rtc->busy_until)
        rtc->CRL |= RTOFF;
    if (now >= rtc->synchronized) {
        rtc->synchronized = TICKS_NEVER;
        rtc->CRL |= RSF;
    }
    if (rtc->hz == 0 || now <= rtc->since)
        return;
    uint64_t cycles = cycles_in(rtc, now - rtc->since);
    uint32_t first = first_flagged(rtc);
    uint64_t flagged = cycles < cycles_to_flag(rtc) ? 0 : 1 + (cycles - cycles_to_flag(rtc)) / period(rtc);
    uint64_t position = rtc->PRL - rtc->DIV + cycles;
    rtc->since += time_of(rtc, cycles);
    rtc->CNT += (uint32_t)(position / period(rtc));
    rtc->DIV = rtc->PRL - (uint32_t)(position % period(rtc));
    if (flagged)
        raise_flags(device, first, flagged);
}

static ticks flag_time(const struct rtc *rtc, uint64_t seconds)
{
    return rtc->since + time_of(rtc, cycles_to_flag(rtc) + seconds * period(rtc));
}

static ticks sooner(ticks a, ticks b)
{
    return a < b ? a : b;
}

static void plan(struct device *device)
{
    const struct rtc *rtc = rtc_of(device);
    ticks next = sooner(rtc->CRL & RTOFF ? TICKS_NEVER : rtc->busy_until, rtc->synchronized);
    uint32_t awaited = (rtc->CRH | (rtc->polled ? FLAGS : 0)) & ~rtc->CRL & FLAGS;
    if (device_is_heard(device, RTC_V1_ALARM))
        awaited |= ALRF;
    if (rtc->hz != 0) {
        uint32_t first = first_flagged(rtc);
        next = awaited & SECF ? sooner(next, flag_time(rtc, 0)) : next;
        next = awaited & ALRF ? sooner(next, flag_time(rtc, (uint32_t)(rtc->ALR - first))) : next;
        next = awaited & OWF ? sooner(next, flag_time(rtc, UINT32_MAX - first)) : next;
    }
    device_schedule(device, 0, next);
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    settle(device);
    plan(device);
}

static void listeners_changed(struct device *device)
{
    settle(device);
    plan(device);
}

/* Reads */

static void check_synchronized(struct device *device, uint32_t offset)
{
    if (!(rtc_of(device)->CRL & RSF)) {
        device_violation(device, UNDEFINED, "rtc-not-synchronized",
                         "RTC register 0x%02X is read while CRL.RSF is 0: after a reset wait for it (RM0008 "
                         "18.3.3)",
                         (unsigned)offset);
    }
}

static uint32_t read_counter(struct device *device, uint32_t offset)
{
    const struct rtc *rtc = rtc_of(device);
    check_synchronized(device, offset);
    switch (offset) {
    case DIVH: return rtc->DIV >> 16;
    case DIVL: return rtc->DIV & 0xFFFF;
    case CNTH: return rtc->CNT >> 16;
    case CNTL: return rtc->CNT & 0xFFFF;
    case ALRH: return rtc->ALR >> 16;
    default: return rtc->ALR & 0xFFFF;
    }
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct rtc *rtc = rtc_of(device);
    settle(device);
    if (offset == CRH)
        return rtc->CRH;
    if (offset == CRL) {
        if (!rtc->polled)
            device_changed(device);
        rtc->polled = true;
        plan(device);
        return rtc->CRL;
    }
    plan(device);
    return read_counter(device, offset);
}

/* Writes */

static uint32_t replace_half(uint32_t old, bool high, uint32_t half)
{
    return high ? (old & 0xFFFF) | half << 16 : (old & 0xFFFF0000) | (half & 0xFFFF);
}

/* 18.3.4: configuration mode, entered when the last write is over. */
static bool write_is_allowed(struct device *device, uint32_t offset, uint32_t value)
{
    if (!device_backup_writable(device, "RTC_PRL, CNT or ALR", value))
        return false;
    if (!(rtc_of(device)->CRL & CNF)) {
        device_violation(device, FORBIDDEN, "rtc-configuration-mode",
                         "0x%X to RTC register 0x%02X is ignored: CRL.CNF must be set first (RM0008 18.3.4)",
                         (unsigned)value, (unsigned)offset);
        return false;
    }
    return true;
}

static void write_setting(struct device *device, uint32_t offset, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    if (!write_is_allowed(device, offset, value))
        return;
    switch (offset) {
    case PRLH:
    case PRLL:
        rtc->new_PRL = replace_half(rtc->new_PRL, offset == PRLH, value);
        rtc->written |= WROTE_PRL;
        break;
    case CNTH:
    case CNTL:
        rtc->new_CNT =
            replace_half(rtc->written & WROTE_CNT ? rtc->new_CNT : rtc->CNT, offset == CNTH, value);
        rtc->written |= WROTE_CNT;
        break;
    default:
        rtc->new_ALR = replace_half(rtc->new_ALR, offset == ALRH, value);
        rtc->written |= WROTE_ALR;
        break;
    }
}

/* Leaving configuration mode is what writes; writing PRL or CNT starts the prescaler anew. */
static void commit(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    if (rtc->written & WROTE_PRL)
        rtc->PRL = rtc->new_PRL;
    if (rtc->written & WROTE_ALR)
        rtc->ALR = rtc->new_ALR;
    if (rtc->written & WROTE_CNT)
        rtc->CNT = rtc->new_CNT;
    if (rtc->written & (WROTE_PRL | WROTE_CNT))
        rtc->DIV = rtc->PRL;
    rtc->written = 0;
    rtc->CRL &= ~(uint32_t)RTOFF;
    rtc->busy_until = rtc->hz ? device_now(device) + time_of(rtc, WRITE_CYCLES) : TICKS_NEVER;
}

static void write_CRL(struct device *device, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    bool enters = value & ~rtc->CRL & CNF, leaves = rtc->CRL & ~value & CNF;
    if (enters && !(rtc->CRL & RTOFF)) {
        device_violation(device, FORBIDDEN, "rtc-busy",
                         "RTC_CRL = 0x%X: the last write is not over, wait for RTOFF (RM0008 18.3.4)",
                         (unsigned)value);
        return;
    }
    rtc->CRL &= value | ~(uint32_t)(FLAGS | RSF);
    rtc->CRL = (rtc->CRL & ~(uint32_t)CNF) | (value & CNF);
    if (!(rtc->CRL & RSF) && rtc->hz && rtc->synchronized == TICKS_NEVER)
        rtc->synchronized = device_now(device) + time_of(rtc, 1);
    if (enters) {
        rtc->new_PRL = rtc->PRL;
        rtc->new_ALR = rtc->ALR;
    }
    if (leaves)
        commit(device);
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    settle(device);
    rtc_of(device)->polled = false;
    switch (offset) {
    case CRH: rtc_of(device)->CRH = value; break;
    case CRL: write_CRL(device, value); break;
    default: write_setting(device, offset, value); break;
    }
    update_irq(device);
    plan(device);
}

/* Clock and reset */

static void clock_changed(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t hz = device_kernel_hz(device);
    if (hz == rtc->hz)
        return;
    settle(device);
    rtc->hz = hz;
    rtc->since = device_now(device);
    bool waits_for_clock = !(rtc->CRL & RTOFF) && rtc->busy_until == TICKS_NEVER;
    if (hz != 0 && waits_for_clock)
        rtc->busy_until = device_now(device) + time_of(rtc, WRITE_CYCLES);
    rtc->synchronized = hz != 0 && !(rtc->CRL & RSF) ? device_now(device) + time_of(rtc, 1) : TICKS_NEVER;
    plan(device);
}

/* A system reset leaves PRL, DIV, CNT and ALR (18.4). */
static void reset(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    rtc->CRH = 0;
    rtc->CRL = CRL_RESET;
    rtc->written = 0;
    rtc->polled = false;
    rtc->busy_until = TICKS_NEVER;
    rtc->synchronized = rtc->hz ? device_now(device) + time_of(rtc, 1) : TICKS_NEVER;
    update_irq(device);
    plan(device);
}

static void backup_reset(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    rtc->PRL = rtc->DIV = PRL_RESET;
    rtc->ALR = UINT32_MAX;
    rtc->CNT = 0;
    rtc->hz = 0;
    reset(device);
}

static uint32_t pending(const struct device *device)
{
    return rtc_of(device)->CRL & ALRF ? rtc_of(device)->CRL : 0;
}

const struct device_class rtc_v1_class = {
    .state = sizeof(struct rtc),
    REGISTERS(registers),
    .sizes = HALF_WORDS_TOO,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .backup_reset = backup_reset,
    .event = event,
    .clock_changed = clock_changed,
    .listeners_changed = listeners_changed,
    .pending = pending,
};
