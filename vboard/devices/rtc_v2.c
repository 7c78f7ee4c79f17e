/*
 * Real-time clock (RM0038 chapter 20): so far its backup registers and their locks; the calendar stands
 * still, and who sets it is told so.
 */
#include "rtc_v2.h"

#include "chip/chip.h"

#include <stdio.h>

enum { TR = 0x00, DR = 0x04, CR = 0x08, ISR = 0x0C, PRER = 0x10, WUTR = 0x14, CALIBR = 0x18, ALRMAR = 0x1C };
enum { ALRMBR = 0x20, WPR = 0x24, SSR = 0x28, SHIFTR = 0x2C, TSTR = 0x30, TAFCR = 0x40, BKP0R = 0x50 };
enum { REGISTER_WORDS = 0x14, BACKUP_REGISTERS = 32 };
enum { DR_RESET = 0x2101, PRER_RESET = 0x7F00FF, WUTR_RESET = 0xFFFF, ISR_RESET = 0x7 };
enum { ISR_RSF = 1 << 5, ISR_INITF = 1 << 6, ISR_INIT = 1 << 7, ISR_FLAGS = 0x3F00 };
enum { CR_WUTE = 1 << 10, CR_ALRAE = 1 << 8, CR_ALRBE = 1 << 9, CR_TSE = 1 << 11 };

struct rtc {
    uint32_t reg[REGISTER_WORDS];
    uint32_t BKPR[BACKUP_REGISTERS];
    uint8_t key_step; /* of WPR: 2 is unlocked */
    bool told;        /* that the calendar stands still */
};

static inline struct rtc *rtc_of(const struct device *device)
{
    return device_state(device);
}

#define RTC_REGISTERS                                                                                        \
    AT(0x00) = {"TR", RW | STABLE, 0xFF808080}, AT(0x04) = {"DR", RW | STABLE, 0xFF0000C0, DR_RESET},        \
    AT(0x08) = {"CR", RW | STABLE, 0xFF000000}, AT(0x0C) = {"ISR", RW | STABLE, 0xFFFE0000, ISR_RESET},      \
    AT(0x10) = {"PRER", RW | STABLE, 0xFF808000, PRER_RESET},                                                \
    AT(0x14) = {"WUTR", RW | STABLE, 0xFFFF0000, WUTR_RESET},                                                \
    AT(0x18) = {"CALIBR", RW | STABLE, 0xFFFFFF60}, AT(0x1C) = {"ALRMAR", RW | STABLE, 0},                   \
    AT(0x20) = {"ALRMBR", RW | STABLE, 0}, AT(0x24) = {"WPR", WRITE_ONLY, 0xFFFFFF00},                       \
    AT(0x30) = {"TSTR", READ_ONLY | STABLE, 0}, AT(0x34) = {"TSDR", READ_ONLY | STABLE, 0},                  \
    AT(0x40) = {"TAFCR", RW | STABLE, 0xFFFB0000}
#define RTC_SUBSECONDS                                                                                       \
    AT(0x28) = {"SSR", READ_ONLY | STABLE, 0}, AT(0x2C) = {"SHIFTR", WRITE_ONLY, 0x7FFF8000},                \
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

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct rtc *rtc = rtc_of(device);
    if (offset >= BKP0R) {
        return rtc->BKPR[(offset - BKP0R) / 4];
    }
    return rtc->reg[offset / 4];
}

/* 20.3.5: 0xCA, then 0x53; anything else locks again. */
static void write_key(struct device *device, uint32_t value)
{
    enum { KEY1 = 0xCA, KEY2 = 0x53, UNLOCKED = 2 };
    struct rtc *rtc = rtc_of(device);
    bool second = rtc->key_step == 1 && value == KEY2;
    rtc->key_step = second ? UNLOCKED : value == KEY1 ? 1 : 0;
}

static bool write_is_allowed(struct device *device, uint32_t offset, uint32_t value)
{
    enum { UNLOCKED = 2 };
    const char *name = device->info->class->registers[offset / 4].name;
    char what[24];
    (void)snprintf(what, sizeof what, "RTC_%s", name);
    if (!device_backup_writable(device, what, value)) {
        return false;
    }
    if (rtc_of(device)->key_step != UNLOCKED && offset != TAFCR && offset < BKP0R) {
        device_violation(device, FORBIDDEN, "rtc-write-protected",
                         "RTC_%s = 0x%X is ignored: write 0xCA, then 0x53 to RTC_WPR first (RM0038 20.3.5)",
                         name, (unsigned)value);
        return false;
    }
    return true;
}

static void tell_it_stands(struct device *device)
{
    if (!rtc_of(device)->told) {
        rtc_of(device)->told = true;
        device_violation(device, SUSPICIOUS, "unmodelled",
                         "the RTC's calendar, alarms and wake-up timer (RM0038 20.3) are not modelled: time "
                         "stands still");
    }
}

static void write_ISR(struct device *device, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    uint32_t kept = rtc->reg[ISR / 4] & (value | ~(uint32_t)(ISR_FLAGS | ISR_RSF));
    bool init = value & ISR_INIT;
    rtc->reg[ISR / 4] = (kept & ~(uint32_t)(ISR_INIT | ISR_INITF)) | (init ? ISR_INIT | ISR_INITF : 0);
    if (init) {
        tell_it_stands(device);
    }
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct rtc *rtc = rtc_of(device);
    if (offset == WPR) {
        write_key(device, value);
        return;
    }
    if (!write_is_allowed(device, offset, value)) {
        return;
    }
    if (offset >= BKP0R) {
        rtc->BKPR[(offset - BKP0R) / 4] = value;
    } else if (offset == ISR) {
        write_ISR(device, value);
    } else {
        rtc->reg[offset / 4] = value;
        if (offset == CR && value & (CR_WUTE | CR_ALRAE | CR_ALRBE | CR_TSE)) {
            tell_it_stands(device);
        }
    }
}

/* A system reset locks; the rest is the domain's (20.3.7). */
static void reset(struct device *device)
{
    rtc_of(device)->key_step = 0;
}

static void backup_reset(struct device *device)
{
    struct rtc *rtc = rtc_of(device);
    *rtc = (struct rtc){0};
    rtc->reg[DR / 4] = DR_RESET;
    rtc->reg[ISR / 4] = ISR_RESET;
    rtc->reg[PRER / 4] = PRER_RESET;
    rtc->reg[WUTR / 4] = WUTR_RESET;
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
        .state = sizeof(struct rtc), REGISTERS(table), .sizes = ONLY_WORDS, .read = read, .write = write,    \
        .reset = reset, .backup_reset = backup_reset, .pending = pending, .backup = &port                    \
    }
const struct device_class rtc_v2_20_plain_class = RTC_CLASS(plain_20_registers);
const struct device_class rtc_v2_20_class = RTC_CLASS(registers_20);
const struct device_class rtc_v2_32_class = RTC_CLASS(registers_32);
