/* Real-time clock of every STM32 except the F1: a calendar with alarms, a wake-up timer and backup registers
 */
#pragma once

#include "chip/device.h"

/* Pulses, for EXTI. Its kernel clock is RTCCLK. */
enum rtc_v2_output { RTC_V2_ALARM, RTC_V2_WAKEUP };

/* They differ in subseconds and in backup registers: without and 20; with and 20; with and 32. */
extern const struct device_class rtc_v2_20_plain_class, rtc_v2_20_class, rtc_v2_32_class;
