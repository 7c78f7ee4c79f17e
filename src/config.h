/*
 * Every option of the bootloader: its value for this build. docs/options.md says what each is for. Order of
 * precedence: DEFS, then the board file, then the defaults here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The release, as bcdDevice has it: 0x0123 is 1.23. Its only place. */
#define VERSION 0x0100

#include "chip.h"    /* of the board's port: what its family is like, spellings of pins and registers */
#include BOARD_FILE  /* boards/NAME.h */
#include "defs.h"    /* made by the build from DEFS */
#include "variant.h" /* made by the build from TARGET: HIGH, SIGNED, sizes, the board's name */

/* Application and flash ---------------------------------------------------------------------------------- */

#ifndef FLASH_PAGE_SIZE
#define FLASH_PAGE_SIZE USUAL_FLASH_PAGE
#endif
/* Bytes of flash to trust instead of the chip's size register; 0: trust the register. */
#ifndef FLASH_SIZE_OVERRIDE
#define FLASH_SIZE_OVERRIDE 0
#endif
/* Of signed variants, behind the application area: whole pages, for 127 versions at least. */
#define VERSION_LOG_SIZE (FLASH_PAGE_SIZE > 1024 ? FLASH_PAGE_SIZE : 1024)
/* The largest RAM of the chips a board may carry, bytes: bounds an application's initial stack pointer. */
#ifndef RAM_SIZE
#define RAM_SIZE USUAL_RAM
#endif

/* variant.h: HIGH 0, BOOTLOADER_SIZE or HIGH 1, HIGH_FLASH_SIZE; and SIGNED 0 or SIGNED 1, BOARD_NAME */
#if HIGH
#define BOOTLOADER_SIZE (7 * 1024)
#define BOOTLOADER_BASE (FLASH_BASE + HIGH_FLASH_SIZE - BOOTLOADER_SIZE)
#ifndef APP_BASE_ADDRESS
#define APP_BASE_ADDRESS FLASH_BASE
#endif
#else
#define BOOTLOADER_BASE FLASH_BASE
#ifndef APP_BASE_ADDRESS
#define APP_BASE_ADDRESS (FLASH_BASE + BOOTLOADER_SIZE)
#endif
#endif

/* DFU ---------------------------------------------------------------------------------------------------- */

#ifndef DFU_UPLOAD_AVAILABLE
#define DFU_UPLOAD_AVAILABLE 1
#endif
#ifndef DFU_DOWNLOAD_AVAILABLE
#define DFU_DOWNLOAD_AVAILABLE 1
#endif
#ifndef DFU_WILL_DETACH
#define DFU_WILL_DETACH 1
#endif
#ifndef TARGET_DFU_WTRANSFERSIZE
#define TARGET_DFU_WTRANSFERSIZE FLASH_PAGE_SIZE
#endif
#ifndef USB_DFU_ALTN
#define USB_DFU_ALTN 0
#endif

/* USB ---------------------------------------------------------------------------------------------------- */

#ifndef USB_VID
#define USB_VID 0x1209
#endif
#ifndef USB_PID
#define USB_PID 0xDB42
#endif
#ifndef USB_VENDOR_STRING
#define USB_VENDOR_STRING "dapboot"
#endif
#ifndef USB_PRODUCT_STRING
#if HIGH
#define USB_PRODUCT_STRING "DAPBoot High-Memory DFU Bootloader"
#else
#define USB_PRODUCT_STRING "DAPBoot DFU Bootloader"
#endif
#endif
#ifndef USB_INTERFACE_STRING
#define USB_INTERFACE_STRING "DAPBoot DFU"
#endif
#ifndef LANDING_PAGE_URL
#define LANDING_PAGE_URL "devanlai.github.io/webdfu/dfu-util/"
#endif

/* Board -------------------------------------------------------------------------------------------------- */

#ifndef USE_HSI
#define USE_HSI 0
#endif
/* The crystal, or what comes in its place if HSE_BYPASS is 1: a clock from outside on OSC_IN. */
#ifndef HSE_MHZ
#define HSE_MHZ USUAL_HSE_MHZ
#endif
#ifndef HSE_BYPASS
#define HSE_BYPASS 0
#endif
#ifndef HAVE_LED
#define HAVE_LED 0
#endif
#ifndef LED_GPIO_PORT
#define LED_GPIO_PORT GPIOA
#endif
#ifndef LED_GPIO_PIN
#define LED_GPIO_PIN GPIO0
#endif
#ifndef LED_OPEN_DRAIN
#define LED_OPEN_DRAIN 0
#endif
/* An open-drain LED can only be on when low. */
#ifndef LED_ACTIVE_HIGH
#define LED_ACTIVE_HIGH (!LED_OPEN_DRAIN)
#endif

#ifndef HAVE_BUTTON
#define HAVE_BUTTON 0
#endif
#ifndef BUTTON_GPIO_PORT
#define BUTTON_GPIO_PORT GPIOA
#endif
#ifndef BUTTON_GPIO_PIN
#define BUTTON_GPIO_PIN GPIO0
#endif
#ifndef BUTTON_ACTIVE_HIGH
#define BUTTON_ACTIVE_HIGH 0
#endif
#ifndef BUTTON_USES_PULL
#define BUTTON_USES_PULL 1
#endif
/* In cycles of a 72 MHz clock, whatever clock is running: the default is 20 ms. */
#ifndef BUTTON_SAMPLE_DELAY_CYCLES
#define BUTTON_SAMPLE_DELAY_CYCLES 1440000
#endif

#ifndef HAVE_USB_PULLUP_CONTROL
#define HAVE_USB_PULLUP_CONTROL 0
#endif
#ifndef USB_PULLUP_GPIO_PORT
#define USB_PULLUP_GPIO_PORT GPIOA
#endif
#ifndef USB_PULLUP_GPIO_PIN
#define USB_PULLUP_GPIO_PIN GPIO12
#endif
#ifndef USB_PULLUP_ACTIVE_HIGH
#define USB_PULLUP_ACTIVE_HIGH 0
#endif
#ifndef USB_PULLUP_OPEN_DRAIN
#define USB_PULLUP_OPEN_DRAIN 1
#endif

#ifndef REG_BOOT
#define REG_BOOT BKP1
#endif
#ifndef CMD_BOOT
#define CMD_BOOT USUAL_CMD_BOOT
#endif

/* Off by default ----------------------------------------------------------------------------------------- */

/* Two resets within half a second enter DFU mode. Every start of the application takes that long. */
#ifndef HAVE_DOUBLE_TAP
#define HAVE_DOUBLE_TAP 0
#endif
/* The application must feed the independent watchdog this often, in ms, or the board comes back in DFU mode;
 * 0: it need not. */
#ifndef APP_WATCHDOG_MS
#define APP_WATCHDOG_MS 0
#endif
/* Write-protects the bootloader's own pages by option bytes when it first serves. */
#ifndef PROTECT_BOOTLOADER
#define PROTECT_BOOTLOADER 0
#endif
/* Tells fwupd in a DS20 descriptor what it needs a quirk file for otherwise. */
#ifndef HAVE_DS20
#define HAVE_DS20 0
#endif

/* Signed variants: the signature is checked at every start too, not only before an image is made valid. */
#ifndef VERIFY_AT_START
#define VERIFY_AT_START 0
#endif

#include "config_checks.h"
