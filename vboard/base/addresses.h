/* Where flash and RAM begin in the memory map of every STM32 that there is (RM0008 3.3). */
#pragma once

#define FLASH_BASE 0x08000000u
#define RAM_BASE   0x20000000u
