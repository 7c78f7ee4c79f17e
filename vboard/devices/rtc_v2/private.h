/* Registers of the RTC (RM0038 20.6), and what the files of this folder share. */
#pragma once

#include "chip/chip.h"
#include "rtc_v2.h"

enum { TR = 0x00, DR = 0x04, CR = 0x08, ISR = 0x0C, PRER = 0x10, WUTR = 0x14, CALIBR = 0x18, ALRMAR = 0x1C };
enum { ALRMBR = 0x20, WPR = 0x24, SSR = 0x28, SHIFTR = 0x2C, TSTR = 0x30, TSDR = 0x34, TSSSR = 0x38 };
enum { CALR = 0x3C, TAFCR = 0x40, ALRMASSR = 0x44, ALRMBSSR = 0x48, BKP0R = 0x50 };
enum { REGISTER_WORDS = BKP0R / 4, BACKUP_REGISTERS = 32, ALARMS = 2 };
enum { DR_RESET = 0x2101, PRER_RESET = 0x7F00FF, WUTR_RESET = 0xFFFF, ISR_RESET = 7 };
enum {
    ISR_ALRAWF = 1 << 0,
    ISR_WUTWF = 1 << 2,
    ISR_INITS = 1 << 4,
    ISR_RSF = 1 << 5,
    ISR_INITF = 1 << 6,
    ISR_INIT = 1 << 7,
    ISR_ALRAF = 1 << 8,
    ISR_WUTF = 1 << 10,
    ISR_FLAGS = 0x3F00 /* cleared by writing 0 */
};
enum {
    CR_WUCKSEL = 7,
    CR_ALRAE = 1 << 8,
    CR_WUTE = 1 << 10,
    CR_TSE = 1 << 11,
    CR_ALRAIE = 1 << 12,
    CR_WUTIE = 1 << 14,
    CR_ADD1H = 1 << 16,
    CR_SUB1H = 1 << 17
};
enum { EVENT_SECOND, EVENT_WAKEUP, EVENTS };

struct rtc {
    uint32_t reg[REGISTER_WORDS]; /* by offset / 4; TR and DR as of `since` */
    uint32_t BKPR[BACKUP_REGISTERS];
    uint8_t key_step;                /* of WPR: 2 is unlocked */
    uint32_t hz;                     /* of RTCCLK; 0: none */
    ticks since;                     /* when TR took its value: the start of that second */
    ticks initialized, synchronized; /* when INITF and RSF are set; TICKS_NEVER */
};

static inline struct rtc *rtc_of(const struct device *device)
{
    return device_state(device);
}

/* calendar.c */
/* Brings TR and DR up to now; they stand still in initialization mode and without RTCCLK. */
void rtc_settle(struct device *device);
/* Of the synchronous prescaler, which counts down to 0 in each second. */
uint32_t rtc_subseconds(const struct device *device);
/* That many cycles of RTCCLK. */
ticks rtc_cycles(const struct rtc *rtc, uint64_t cycles);
/* What comes at a time of its own: seconds while an alarm is on, the wake-up timer. */
void rtc_plan(struct device *device);
void rtc_start_wakeup(struct device *device);
void rtc_event(struct device *device, unsigned n);
/* An hour is added or taken away (CR.ADD1H, SUB1H). */
void rtc_move_hour(struct device *device, int hours);

/* registers.c */
uint32_t rtc_read(struct device *device, uint32_t offset);
void rtc_write(struct device *device, uint32_t offset, uint32_t value);
