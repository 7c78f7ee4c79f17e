/* Power control: the lock of the backup domain, Stop and Standby; of the L1 the ranges of the core's voltage
 */
#pragma once

#include "chip/device.h"

enum pwr_output { PWR_STOPS_CLOCKS };
enum pwr_input { PWR_WAKE, PWR_ALARM, PWR_STOP_ALLOWED, PWR_STANDBY_ALLOWED };

enum { PWR_WAKERS = 5, PWR_WKUP_PINS = 3 };
struct pwr_info {
    uint8_t wkup_pin[PWR_WKUP_PINS]; /* NO_PIN where there are fewer */
    /* Whose flags keep the chip out of Stop, and what they are called; NULL ends them. */
    struct {
        uint8_t device;
        const char *flags;
    } waker[PWR_WAKERS];
};

extern const struct device_class pwr_f1_class, pwr_l1_class;
