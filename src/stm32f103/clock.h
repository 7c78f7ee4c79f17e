/* Clock tree, SysTick and waiting. Internal to the port. */
#pragma once

#include <stdint.h>

/* Waits so many cycles of the processor's clock, up to 2^24; leaves SysTick as after reset. */
void wait_cycles(uint32_t cycles);
/* 72 MHz from the crystal, or 48 MHz without; 48 MHz for USB; SysTick at 1 kHz. */
void clock_start(void);
/* Processor cycles in so many milliseconds, once clock_start was called. */
uint32_t clock_cycles(uint32_t milliseconds);
