/* The parts of the system region, 0xE0000000 to 0xE00FFFFF. */
#pragma once

#include "private.h"

#define ITM_BASE   0xE0000000u
#define DWT_CTRL   0xE0001000u
#define DWT_CYCCNT 0xE0001004u
#define TPIU_BASE  0xE0040000u
#define SHPR1      0xE000ED18u
#define SHPR3      0xE000ED20u
#define CFSR       0xE000ED28u

#define DWT_CTRL_FIXED 0x40000000u /* four comparators */

/* cortex_m3_scb.c, cortex_m3_plain.c: a word; false: not a register of theirs. */
bool m3_scb_read(struct cortex_m3 *cpu, uint32_t address, uint32_t *value);
bool m3_scb_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value);
bool m3_plain_read(const struct cortex_m3 *cpu, uint32_t address, uint32_t *value);
bool m3_plain_write(struct cortex_m3 *cpu, uint32_t address, uint32_t value);
bool m3_is_plain(uint32_t address);
