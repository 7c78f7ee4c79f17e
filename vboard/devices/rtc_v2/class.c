/* The RTC as a device: its registers, and what the chip calls. */
#include "private.h"

#define RTC_REGISTERS                                                                                        \
    AT(0x00) = {"TR", RW, 0xFF808080}, AT(0x04) = {"DR", RW, 0xFF0000C0, DR_RESET},                          \
    AT(0x08) = {"CR", RW | STABLE, 0xFF000000}, AT(0x0C) = {"ISR", RW, 0xFFFE0000, ISR_RESET},               \
    AT(0x10) = {"PRER", RW | STABLE, 0xFF808000, PRER_RESET},                                                \
    AT(0x14) = {"WUTR", RW | STABLE, 0xFFFF0000, WUTR_RESET},                                                \
    AT(0x18) = {"CALIBR", RW | STABLE, 0xFFFFFF60}, AT(0x1C) = {"ALRMAR", RW | STABLE, 0},                   \
    AT(0x20) = {"ALRMBR", RW | STABLE, 0}, AT(0x24) = {"WPR", WRITE_ONLY, 0xFFFFFF00},                       \
    AT(0x30) = {"TSTR", READ_ONLY | STABLE, 0}, AT(0x34) = {"TSDR", READ_ONLY | STABLE, 0},                  \
    AT(0x40) = {"TAFCR", RW | STABLE, 0xFFFB0000}
#define RTC_SUBSECONDS                                                                                       \
    AT(0x28) = {"SSR", READ_ONLY | OPEN_RESET, 0}, AT(0x2C) = {"SHIFTR", WRITE_ONLY, 0x7FFF8000},            \
    AT(0x38) = {"TSSSR", READ_ONLY | STABLE, 0}, AT(0x3C) = {"CALR", RW | STABLE, 0xFFFF1E00},               \
    AT(0x44) = {"ALRMASSR", RW | STABLE, 0xF0FF8000}, AT(0x48) = {"ALRMBSSR", RW | STABLE, 0xF0FF8000}
#define BKP(number) AT(BKP0R + 4 * (number)) = {"BKP" #number "R", RW | STABLE, 0}
#define BKP_0_TO_19                                                                                          \
    BKP(0), BKP(1), BKP(2), BKP(3), BKP(4), BKP(5), BKP(6), BKP(7), BKP(8), BKP(9), BKP(10), BKP(11),        \
        BKP(12), BKP(13), BKP(14), BKP(15), BKP(16), BKP(17), BKP(18), BKP(19)
#define BKP_20_TO_31                                                                                         \
    BKP(20), BKP(21), BKP(22), BKP(23), BKP(24), BKP(25), BKP(26), BKP(27), BKP(28), BKP(29), BKP(30), BKP(31)

static const struct device_register plain_20_registers[] = {RTC_REGISTERS, BKP_0_TO_19};
static const struct device_register registers_20[] = {RTC_REGISTERS, RTC_SUBSECONDS, BKP_0_TO_19};
static const struct device_register registers_32[] = {RTC_REGISTERS, RTC_SUBSECONDS, BKP_0_TO_19,
                                                      BKP_20_TO_31};

static void clock_changed(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t hz = device_kernel_hz(device);
    if (hz == rtc->hz)
        return;
    rtc_settle(device);
    rtc->hz = hz;
    rtc->since = device_now(device);
    rtc->synchronized = hz ? rtc->since + rtc_cycles(rtc, 2) : TICKS_NEVER;
    if (rtc->reg[ISR / 4] & ISR_INIT && rtc->initialized == TICKS_NEVER)
        rtc->initialized = hz ? rtc->since + rtc_cycles(rtc, 2) : TICKS_NEVER;
    rtc_start_wakeup(device);
    rtc_plan(device);
}

/* A system reset locks and asks for synchronization; the rest is the domain's (20.3.7). */
static void reset(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    rtc->key_step = 0;
    rtc->reg[ISR / 4] &= ~(uint32_t)ISR_INIT;
    rtc->initialized = TICKS_NEVER;
    rtc->synchronized = rtc->hz ? device_now(device) + rtc_cycles(rtc, 2) : TICKS_NEVER;
    rtc_start_wakeup(device);
    rtc_plan(device);
}

static void backup_reset(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t hz = rtc->hz;
    *rtc = (struct rtc){0};
    rtc->hz = hz;
    rtc->since = device_now(device);
    rtc->reg[DR / 4] = DR_RESET;
    rtc->reg[PRER / 4] = PRER_RESET;
    rtc->reg[WUTR / 4] = WUTR_RESET;
    reset(device);
}

static uint32_t get(const struct device *device, unsigned number)
{
    return rtc_of(device)->BKPR[number % BACKUP_REGISTERS];
}

static void set(struct device *device, unsigned number, uint32_t value)
{
    rtc_of(device)->BKPR[number % BACKUP_REGISTERS] = value;
}

static uint32_t pending(const struct device *device)
{
    return rtc_of(device)->reg[ISR / 4] & ISR_FLAGS;
}

static const struct backup_port port = {.get = get, .set = set};

#define RTC_CLASS(table)                                                                                     \
    {                                                                                                        \
        .state = sizeof(struct rtc), REGISTERS(table), .sizes = ONLY_WORDS, .events = EVENTS,                \
        .read = rtc_read, .write = rtc_write, .reset = reset, .backup_reset = backup_reset,                  \
        .event = rtc_event, .clock_changed = clock_changed, .pending = pending, .backup = &port              \
    }
const struct device_class rtc_v2_20_plain_class = RTC_CLASS(plain_20_registers);
const struct device_class rtc_v2_20_class = RTC_CLASS(registers_20);
const struct device_class rtc_v2_32_class = RTC_CLASS(registers_32);
