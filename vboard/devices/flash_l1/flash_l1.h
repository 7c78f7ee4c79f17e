/* Flash interface of the L1: program memory, data EEPROM, option bytes, system memory */
#pragma once

#include "chip/info.h"

/* By the option bytes, except for the first. */
enum flash_l1_output {
    FLASH_L1_IRQ,
    FLASH_L1_STARTS_WATCHDOG,
    FLASH_L1_STOP_ALLOWED,
    FLASH_L1_STANDBY_ALLOWED
};

/* The clock is HCLK. By the chip's variant. */
struct flash_l1_info {
    uint32_t signature[CHIP_VARIANTS];    /* address of the flash size register; the unique ID follows */
    uint32_t eeprom_bytes[CHIP_VARIANTS]; /* at most 8192 */
    uint32_t system_bytes[CHIP_VARIANTS];
};

extern const struct device_class flash_l1_class;
