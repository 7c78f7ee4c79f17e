/* Clock tree, SysTick and waiting. Internal to the port. */
#pragma once

#include <stdint.h>

/* Waits so many cycles of the processor's clock, up to 2^24; leaves SysTick as after reset. */
void wait_cycles(uint32_t cycles);
/* 64 MHz without a crystal, and back to the 8 MHz of reset. */
void clock_hurry(void);
void clock_rest(void);
/* 72 MHz from the crystal, or 48 MHz without; 48 MHz for USB. Returns the processor's frequency in kHz. */
uint32_t clock_start(void);
