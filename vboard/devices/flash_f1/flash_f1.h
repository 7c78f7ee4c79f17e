/* Flash interface of the F1, its option bytes and system memory */
#pragma once

#include "chip/device.h"

/* By the option bytes. */
enum flash_f1_output {
    FLASH_F1_IRQ,
    FLASH_F1_STARTS_WATCHDOG,
    FLASH_F1_STOP_ALLOWED,
    FLASH_F1_STANDBY_ALLOWED
};

/* The clock is HCLK, the kernel clock SYSCLK. */
struct flash_f1_info {
    uint8_t hsi; /* clock node that programming and erasing need */
};

extern const struct device_class flash_f1_class;
