/*
 * The STM32L1 of categories 1 to 3 in numbers: what options may say, and what the shared parts of the port
 * must know. Macros only, as the linker script reads them too. Source: RM0038 (chapter in brackets), data
 * sheets DS6876, DS8928, and ST's device headers.
 */
#pragma once

#include "stm32/pin_names.h" // GPIOA..., GPIO0...

/* Registers of 32 bits [20.6.20]. They survive a reset, not a loss of power: there is no VBAT pin. */
#define BKP0  0
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
#define BKP11 11
#define BKP12 12
#define BKP13 13
#define BKP14 14
#define BKP15 15
#define BKP16 16
#define BKP17 17
#define BKP18 18
#define BKP19 19

#define USUAL_CMD_BOOT 0x544F4F42

/* Memories, bytes [2.3, 3.3]. What no chip says otherwise, and what all have that the port is for. */
#define FLASH_BASE          0x08000000
#define SMALLEST_FLASH      (32 * 1024)
#define LARGEST_FLASH       (256 * 1024)
#define RAM_BASE            0x20000000
#define LARGEST_RAM         (32 * 1024)
#define USUAL_RAM           (10 * 1024)
#define USUAL_FLASH_PAGE    256
#define SMALLEST_FLASH_PAGE 256
/* RAM that the bootloader takes: what every chip has; signed variants need chips with 16 KiB. */
#define BOOTLOADER_RAM (SIGNED ? 16 * 1024 : 10 * 1024)

/*
 * Flash [3.3]: bytes that one operation programs, which must be blank before, and how many such
 * units a half page has; what a blank one reads. Nothing can be programmed over anything, so there
 * are marks. Times: each operation takes 3.28 ms (data sheet, flash memory characteristics), two or three
 * for a page: telling a host one operation, less than that, takes less code than counting them.
 */
#define FLASH_UNIT          4
#define FLASH_BURST         32
#define FLASH_BLANK         0
#define FLASH_RETIRED       0 /* is no operation, see FLASH_MARKS */
#define FLASH_MARKS         1
#define FLASH_MARK          0xFFFFFFFF
#define FLASH_ERASE_MS      1 /* not counted */
#define FLASH_PROGRAM_MS(n) 2

/* Clocks, in kHz: after reset (MSI, range 5), serving at most, checking a signature at start. */
#define RESET_KHZ     2097
#define SERVING_KHZ   32000
#define CHECK_KHZ     32000
#define USUAL_HSE_MHZ 16
/* The watchdog's, typically. */
#define LSI_KHZ 37

/* What is where [2.3]. */
#define FLASH_INTERFACE_BASE 0x40023C00
#define GPIO_BASE            0x40020000 /* GPIOA; the others follow */
#define GPIO_SIZE            0x400
#define IWDG_BASE            0x40003000
#define USB_BASE             0x40005C00
#define USB_MEMORY_STRIDE    4 /* bytes from one half-word of the packet memory to the next [23.3] */
/* D+ is pulled up by the chip itself, unless the board has a pin for it [8.5.2]. */
#define USB_PULLUP_INSIDE 1
