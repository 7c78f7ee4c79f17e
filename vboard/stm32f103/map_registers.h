/* The registers of each peripheral that has a model, for map.c. */
#pragma once

#include "map.h"

extern const struct map_register rcc_registers[];
extern const struct map_register flash_registers[];
extern const struct map_register gpio_registers[];
extern const struct map_register afio_registers[];
extern const struct map_register exti_registers[];
extern const struct map_register pwr_registers[];
extern const struct map_register bkp_registers[];
extern const struct map_register iwdg_registers[];
extern const struct map_register usb_registers[];
extern const struct map_register dbgmcu_registers[];
extern const struct map_register rtc_registers[];
extern const struct map_register wwdg_registers[];
extern const struct map_register crc_registers[];
extern const struct map_register tim1_registers[];
extern const struct map_register tim_registers[];
extern const struct map_register usart_registers[];
extern const struct map_register i2c_registers[];
extern const struct map_register spi_registers[];
extern const struct map_register adc_registers[];
extern const struct map_register dma_registers[];
extern const struct map_register tim_basic_registers[];
extern const struct map_register dma2_registers[];
extern const struct map_register can_registers[];
extern const struct map_register dac_registers[];
extern const struct map_register sdio_registers[];
extern const struct map_register fsmc_registers[];

/* A channel of DMA1 or DMA2. */
#define DMA_CHANNEL(number, at)                                                                              \
    {"CCR" #number, at, RW, 0xFFFF8000}, {"CNDTR" #number, at + 4, RW, 0xFFFF0000},                          \
        {"CPAR" #number, at + 8, RW, 0},                                                                     \
    {                                                                                                        \
        "CMAR" #number, at + 12, RW, 0                                                                       \
    }
