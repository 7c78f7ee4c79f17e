/* The clock tree. Each family has such a file; internal to the port. */
#pragma once

#include <stdint.h>

/* 32 MHz, from the crystal if that starts; 48 MHz for USB. Returns the processor's frequency in kHz. */
uint32_t clock_start(void);
/* CHECK_KHZ without a crystal and without USB. */
void clock_start_check(void);
/* As after reset again. */
void clock_end_check(void);
