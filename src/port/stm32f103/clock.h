/* The clock tree. Each family has such a file; internal to the port. */
#pragma once

#include <stdint.h>

/* 72 MHz from the crystal, or 48 MHz without; 48 MHz for USB. Returns the processor's frequency in kHz. */
uint32_t clock_start(void);
/* CHECK_KHZ without a crystal and without USB. */
void clock_start_check(void);
/* As after reset again. */
void clock_end_check(void);
