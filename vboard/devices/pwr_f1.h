/* Power control of the F1: pwr_f1.c */
#pragma once

#include "chip/device.h"

enum pwr_f1_output { PWR_F1_STOPS_CLOCKS };
enum pwr_f1_input { PWR_F1_WAKE, PWR_F1_ALARM, PWR_F1_STOP_ALLOWED, PWR_F1_STANDBY_ALLOWED };

enum { PWR_F1_WAKERS = 2 };
struct pwr_f1_info {
    uint8_t wkup_pin;
    /* Whose flags keep the chip out of Stop, and what they are called. */
    struct {
        uint8_t device;
        const char *flags;
    } waker[PWR_F1_WAKERS];
};

extern const struct device_class pwr_f1_class;
