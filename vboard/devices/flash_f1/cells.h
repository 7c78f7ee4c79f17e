/*
 * Unstable cells of flash, for the files of the flash interface and the bus.
 *
 * PM0075 says nothing of what an interrupted operation leaves. That a cell may be left between 0 and 1, and
 * read either way, is from elsewhere: Tseng, Grupp, Swanson, "Understanding the impact of power loss on flash
 * memory", DAC 2011 (measured on NAND: data that reads right after a cut and decays, erases that read well
 * and make later programs unreliable). How an STM32F103's cells behave was not measured; this model errs on
 * the strict side.
 */
#pragma once

#include "private.h"

/* Completed operations make cells stable: programming those that became 0, all else (an erase, a programmer
 * on the bench) all of them. Addresses absolute, `bytes` from there. */
void flash_cells_programmed(struct device *device, uint32_t address, uint16_t value);
void flash_cells_replaced(struct device *device, uint32_t address, uint32_t bytes);

/* Leave an operation cut off: part of its cells done, part not begun, part unstable, by chance. */
void flash_tear_program(struct device *device, uint32_t address, uint16_t value);
void flash_tear_erase(struct device *device, uint32_t first, uint32_t bytes);

/* At each power-up and reset: how they read this time. */
void flash_cells_wake(struct device *device);
/* To be called before the flash array is read: the unstable cells there take a value. */
void flash_sense(struct device *device, uint32_t address, uint32_t bytes);
/* The longest stretch of pages without an unstable cell: plain memory for the core. */
void flash_stable_stretch(const struct device *device, uint32_t *offset, uint32_t *bytes);

uint16_t flash_cells_unstable_bits(const struct device *device, uint32_t address);
bool flash_cells_make_unstable(struct device *device, uint32_t address, uint16_t bits);
