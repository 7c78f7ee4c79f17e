/*
 * The STM32F103 in numbers: what options may say, and what the shared parts of the port must
 * know. Macros only, as the linker script reads them too. Source: RM0008 (chapter in brackets),
 * PM0075, data sheets DS5319, DS5792.
 */
#pragma once

#include "stm32/pin_names.h" // GPIOA..., GPIO0...

/* Of 16 bits [6.4.1]. */
#define BKP1  1
#define BKP2  2
#define BKP3  3
#define BKP4  4
#define BKP5  5
#define BKP6  6
#define BKP7  7
#define BKP8  8
#define BKP9  9
#define BKP10 10

#define USUAL_CMD_BOOT 0x4F42

/*
 * Memories, bytes: [3.3]. What no chip says otherwise, and what all have that a build may run on: those of
 * more than 128 KiB, where a high variant may be, have no pages of 1 KiB (PM0075 2.1).
 */
#define FLASH_BASE          0x08000000
#define SMALLEST_FLASH      (16 * 1024)
#define LARGEST_FLASH       (1024 * 1024)
#define RAM_BASE            0x20000000
#define LARGEST_RAM         (64 * 1024)
#define USUAL_RAM           (20 * 1024)
#define USUAL_FLASH_PAGE    1024
#define SMALLEST_FLASH_PAGE (BOOTLOADER_BASE - FLASH_BASE < 128 * 1024 ? 1024 : 2048)
/*
 * RAM that the bootloader takes: what every chip with such pages has; signed variants need the usual 20 KiB.
 */
#define BOOTLOADER_RAM (SIGNED ? 20 * 1024 : FLASH_PAGE_SIZE > 1024 ? 12 * 1024 : 8 * 1024)

/*
 * Flash (PM0075 2.3): bytes that one operation programs, which must be blank before, and how many such units
 * at a time; what a blank one reads; what may be programmed over anything. Shortest times of the data sheet
 * (DS5319 table 28), so that no host waits longer than it must.
 */
#define FLASH_UNIT          2
#define FLASH_BURST         1
#define FLASH_BLANK         0xFFFF
#define FLASH_RETIRED       0
#define FLASH_MARKS         0 /* as there is FLASH_RETIRED */
#define FLASH_MARK          0
#define FLASH_ERASE_MS      20
#define FLASH_PROGRAM_MS(n) ((n) / 25) /* n times 40 us */

/* Clocks, in kHz: after reset, serving at most, checking a signature at start. */
#define RESET_KHZ     8000
#define SERVING_KHZ   72000
#define CHECK_KHZ     64000
#define USUAL_HSE_MHZ 8
/* The watchdog's, typically [19.3]. */
#define LSI_KHZ 40

/* What is where [3.3]. */
#define FLASH_INTERFACE_BASE 0x40022000
#define GPIO_BASE            0x40010800 /* GPIOA; the others follow */
#define GPIO_SIZE            0x400
#define IWDG_BASE            0x40003000
#define USB_BASE             0x40005C00
#define USB_MEMORY_STRIDE    4 /* bytes from one half-word of the packet memory to the next [23.3] */
#define OPTION_BYTES_BASE    0x1FFFF800
#define USB_PULLUP_INSIDE    0
