/* The flash as a whole; its operations are in port.h. Internal to the port. */
#pragma once

/* Unlocks the flash and finds out how much of it there is. */
void flash_start(void);
/* Only the latter: the flash stays locked. */
void flash_measure(void);
/*
 * Write-protects the groups of 4 KiB that are all bootloader, unless they are or the chip is read-protected.
 * In force after the next reset. Needs flash_start; takes 20 to 40 ms, once in a chip's life.
 */
void flash_protect_bootloader(void);
