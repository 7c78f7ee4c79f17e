/* The clock that USB needs. */
#pragma once

#include <stdint.h>

/*
 * CLOCK_HZ (chip.h) from the crystal, 48 MHz for USB. Without a crystal there is no USB to be updated
 * through, so then it hands over to the bootloader, which can do without.
 */
void clock_start(void);

/* SysTick interrupts, so many a second. */
void clock_tick(uint32_t hertz);
