/* Stops a build whose options cannot work, with a sentence that says why. The end of config.h. */
#pragma once

/* Anything but 0 and 1 would be half believed. */
#define IS_BOOLEAN(option) ((option) == 0 || (option) == 1)
#if !IS_BOOLEAN(DFU_UPLOAD_AVAILABLE) || !IS_BOOLEAN(DFU_DOWNLOAD_AVAILABLE) || !IS_BOOLEAN(DFU_WILL_DETACH)
#error "DFU_UPLOAD_AVAILABLE, DFU_DOWNLOAD_AVAILABLE and DFU_WILL_DETACH must be 0 or 1."
#endif
#if !IS_BOOLEAN(USE_HSI) || !IS_BOOLEAN(HSE_BYPASS)
#error "USE_HSI and HSE_BYPASS must be 0 or 1."
#endif
#if !IS_BOOLEAN(HAVE_LED) || !IS_BOOLEAN(LED_OPEN_DRAIN) || !IS_BOOLEAN(LED_ACTIVE_HIGH)
#error "HAVE_LED, LED_OPEN_DRAIN and LED_ACTIVE_HIGH must be 0 or 1."
#endif
#if !IS_BOOLEAN(HAVE_BUTTON) || !IS_BOOLEAN(BUTTON_ACTIVE_HIGH) || !IS_BOOLEAN(BUTTON_USES_PULL)
#error "HAVE_BUTTON, BUTTON_ACTIVE_HIGH and BUTTON_USES_PULL must be 0 or 1."
#endif
#if !IS_BOOLEAN(HAVE_USB_PULLUP_CONTROL) || !IS_BOOLEAN(USB_PULLUP_ACTIVE_HIGH) ||                           \
    !IS_BOOLEAN(USB_PULLUP_OPEN_DRAIN)
#error "HAVE_USB_PULLUP_CONTROL, USB_PULLUP_ACTIVE_HIGH and USB_PULLUP_OPEN_DRAIN must be 0 or 1."
#endif
#if !IS_BOOLEAN(HAVE_DOUBLE_TAP) || !IS_BOOLEAN(PROTECT_BOOTLOADER) || !IS_BOOLEAN(HAVE_DS20)
#error "HAVE_DOUBLE_TAP, PROTECT_BOOTLOADER and HAVE_DS20 must be 0 or 1."
#endif

#if !IS_BOOLEAN(VERIFY_AT_START)
#error "VERIFY_AT_START must be 0 or 1."
#endif
#if VERIFY_AT_START && !SIGNED
#error "VERIFY_AT_START needs a TARGET that ends in _SIGNED: there is no signature to verify in the others."
#endif

#if TARGET_DFU_WTRANSFERSIZE < 8 || TARGET_DFU_WTRANSFERSIZE > FLASH_PAGE_SIZE
#error "TARGET_DFU_WTRANSFERSIZE must be from 8 bytes to FLASH_PAGE_SIZE: buffers are whole pages."
#endif
#if HIGH && FLASH_SIZE_OVERRIDE && FLASH_SIZE_OVERRIDE < HIGH_FLASH_SIZE
#error "FLASH_SIZE_OVERRIDE leaves no room for the bootloader: this _HIGH variant is for larger chips."
#endif
#if APP_BASE_ADDRESS % FLASH_PAGE_SIZE
#error "APP_BASE_ADDRESS must be the start of a flash page."
#endif
#if !HIGH && APP_BASE_ADDRESS < FLASH_BASE + BOOTLOADER_SIZE
#error "APP_BASE_ADDRESS is in the bootloader's own flash: at least 0x08002000 (0x08001000 for _4K)."
#endif
#if HIGH && APP_BASE_ADDRESS != FLASH_BASE
#error "In the _HIGH variants the application starts at 0x08000000; APP_BASE_ADDRESS cannot be another."
#endif
#if APP_BASE_ADDRESS >=                                                                                      \
    FLASH_BASE + (FLASH_SIZE_OVERRIDE ? FLASH_SIZE_OVERRIDE : LARGEST_FLASH) - SIGNED * VERSION_LOG_SIZE
#error "APP_BASE_ADDRESS leaves no flash for an application (signed ones need a page behind it, too)."
#endif
#if USB_DFU_ALTN < 0 || USB_DFU_ALTN > 7
#error "USB_DFU_ALTN must be from 0 to 7."
#endif
#if USB_VID < 1 || USB_VID > 0xFFFF || USB_PID < 0 || USB_PID > 0xFFFF
#error "USB_VID must be from 1 to 0xFFFF, USB_PID from 0 to 0xFFFF."
#endif

#define IS_USB_PIN(port, pin) ((port) == GPIOA && ((pin) == GPIO11 || (pin) == GPIO12))
#if HAVE_LED && IS_USB_PIN(LED_GPIO_PORT, LED_GPIO_PIN)
#error "The LED cannot be on PA11 or PA12: those are D- and D+ of USB."
#endif
#if HAVE_BUTTON && IS_USB_PIN(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN)
#error "The button cannot be on PA11 or PA12: those are D- and D+ of USB."
#endif
#if HAVE_USB_PULLUP_CONTROL && IS_USB_PIN(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN)
#error "USB_PULLUP_GPIO_PORT and _PIN must say which pin switches the pull-up: PA11 and PA12 are USB itself."
#endif
#if HAVE_LED && HAVE_USB_PULLUP_CONTROL && LED_GPIO_PORT == USB_PULLUP_GPIO_PORT &&                          \
    LED_GPIO_PIN == USB_PULLUP_GPIO_PIN
#error "The LED and the USB pull-up cannot be on the same pin: the board would come and go on the bus."
#endif
#if LED_ACTIVE_HIGH && LED_OPEN_DRAIN
#error "An open-drain pin cannot light an LED that is on when high: drop LED_OPEN_DRAIN or LED_ACTIVE_HIGH."
#endif
#if USB_PULLUP_ACTIVE_HIGH && USB_PULLUP_OPEN_DRAIN && HAVE_USB_PULLUP_CONTROL
#error "An open-drain pin cannot drive a pull-up that is active high: set USB_PULLUP_OPEN_DRAIN to 0."
#endif

#include "checks.h" /* of the board's port: what its chips cannot do */
