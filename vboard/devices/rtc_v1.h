/* Real-time clock of the F1, a counter: rtc_v1.c. Its kernel clock is RTCCLK. */
#pragma once

#include "chip/device.h"

enum rtc_v1_output { RTC_V1_IRQ, RTC_V1_ALARM };

extern const struct device_class rtc_v1_class;
