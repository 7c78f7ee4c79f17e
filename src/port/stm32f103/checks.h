/* Stops a build whose options an STM32F103 cannot follow. The end of config_checks.h. */
#pragma once

#if FLASH_PAGE_SIZE != 1024 && FLASH_PAGE_SIZE != 2048
#error "FLASH_PAGE_SIZE must be 1024 (up to 128 KiB of flash) or 2048: the STM32F1 has no other page sizes."
#endif
#if FLASH_SIZE_OVERRIDE % FLASH_PAGE_SIZE || FLASH_SIZE_OVERRIDE < 0 || FLASH_SIZE_OVERRIDE > 0x100000
#error "FLASH_SIZE_OVERRIDE is in bytes and must be whole pages, at most 0x100000 (1 MiB)."
#endif
#if FLASH_SIZE_OVERRIDE && FLASH_SIZE_OVERRIDE < 16 * 1024
#error "FLASH_SIZE_OVERRIDE is in bytes and must be at least 0x4000 (16 KiB), the smallest STM32F103."
#endif
/* Above 64 KiB two values of a stack pointer's upper half would be valid that differ in one bit: not the
 * all-or-nothing that an image's last half-word must be. */
#if RAM_SIZE % 1024 || RAM_SIZE < 8 * 1024 || RAM_SIZE > 64 * 1024 ||                                        \
    (FLASH_PAGE_SIZE > 1024 && RAM_SIZE < 12 * 1024)
#error "RAM_SIZE must be whole KiB up to 64 KiB, at least 8 KiB (12 KiB with pages of 2 KiB)."
#endif
#if SIGNED && RAM_SIZE < 20 * 1024
#error "RAM_SIZE must be at least 20 KiB for a TARGET that ends in _SIGNED: that much the check may need."
#endif
#if CMD_BOOT < 1 || CMD_BOOT > 0xFFFF
#error "CMD_BOOT must be from 1 to 0xFFFF: backup registers have 16 bits and are 0 after power-up."
#endif
#if REG_BOOT < 1 || REG_BOOT > 10
#error "REG_BOOT must be BKP1 to BKP10."
#endif
#if BUTTON_SAMPLE_DELAY_CYCLES < 0 || BUTTON_SAMPLE_DELAY_CYCLES / 9 > 0xFFFFFF
#error "BUTTON_SAMPLE_DELAY_CYCLES must be from 0 to 150994943 (2.1 s), one run of the 24-bit SysTick."
#endif
#if APP_WATCHDOG_MS < 0 || APP_WATCHDOG_MS > 26000
#error "APP_WATCHDOG_MS must be from 1 to 26000, the longest the watchdog can wait, or 0 for none."
#endif
#if PROTECT_BOOTLOADER && HIGH
#error "PROTECT_BOOTLOADER is not for _HIGH variants: a power cut while it is set could lock the first 4 KiB."
#endif

#if HSE_MHZ != 4 && HSE_MHZ != 6 && HSE_MHZ != 8 && HSE_MHZ != 9 && HSE_MHZ != 12 && HSE_MHZ != 16
#error "HSE_MHZ must be 4, 6, 8, 9, 12 or 16: the PLL must make 72 MHz or 48 MHz of it, of which USB gets 48."
#endif

#define IS_PIN(port, pin) ((port) >= GPIOA && (port) <= GPIOE && (pin) >= GPIO0 && (pin) <= GPIO15)
#if !IS_PIN(LED_GPIO_PORT, LED_GPIO_PIN)
#error "The LED's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15."
#endif
#if !IS_PIN(BUTTON_GPIO_PORT, BUTTON_GPIO_PIN)
#error "The button's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15."
#endif
#if !IS_PIN(USB_PULLUP_GPIO_PORT, USB_PULLUP_GPIO_PIN)
#error "The USB pull-up's port must be GPIOA to GPIOE and its pin GPIO0 to GPIO15."
#endif
