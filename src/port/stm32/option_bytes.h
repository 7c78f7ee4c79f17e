/* Option bytes. Internal to the ports. */
#pragma once

/*
 * Write-protects the groups of 4 KiB that are all bootloader, unless they are or the chip is read-protected.
 * In force after the next reset. Needs flash_start; takes 20 to 40 ms, once in a chip's life.
 */
void option_bytes_protect_bootloader(void);
