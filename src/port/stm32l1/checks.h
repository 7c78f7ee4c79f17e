/* Stops a build whose options an STM32L1 cannot follow. The end of config_checks.h. */
#pragma once

#if FLASH_PAGE_SIZE != 256
#error "FLASH_PAGE_SIZE must be 256: the STM32L1 has no other page sizes."
#endif
#if FLASH_SIZE_OVERRIDE % 4096 || FLASH_SIZE_OVERRIDE < 0 || FLASH_SIZE_OVERRIDE > LARGEST_FLASH
#error                                                                                                       \
    "FLASH_SIZE_OVERRIDE is in bytes and must be whole sectors of 4 KiB, at most 0x40000 (256 KiB, category 3): chips with two banks are not supported."
#endif
#if FLASH_SIZE_OVERRIDE && FLASH_SIZE_OVERRIDE < SMALLEST_FLASH
#error "FLASH_SIZE_OVERRIDE is in bytes and must be at least 0x8000 (32 KiB), the smallest STM32L151."
#endif
#if RAM_SIZE % 1024 || RAM_SIZE < 10 * 1024 || RAM_SIZE > LARGEST_RAM
#error                                                                                                       \
    "RAM_SIZE must be whole KiB from 10 KiB to 32 KiB (category 3): the STM32L100x6 has too little, categories 4 and up are not supported."
#endif
#if SIGNED && RAM_SIZE < 16 * 1024
#error "RAM_SIZE must be at least 16 KiB for a TARGET that ends in _SIGNED: that much the check may need."
#endif
#if CMD_BOOT < 1 || CMD_BOOT > 0xFFFFFFFF
#error "CMD_BOOT must be from 1 to 0xFFFFFFFF: backup registers have 32 bits and are 0 after power-up."
#endif
#if REG_BOOT < 0 || REG_BOOT > 19
#error "REG_BOOT must be BKP0 to BKP19."
#endif
#if BUTTON_SAMPLE_DELAY_CYCLES < 0 || BUTTON_SAMPLE_DELAY_CYCLES / 34 > 0xFFFFFF
#error "BUTTON_SAMPLE_DELAY_CYCLES must be from 0 to 570425310 (8 s), one run of the 24-bit SysTick."
#endif
#if APP_WATCHDOG_MS < 0 || APP_WATCHDOG_MS > 26000
#error "APP_WATCHDOG_MS must be from 1 to 26000, the longest the watchdog can wait, or 0 for none."
#endif
#if PROTECT_BOOTLOADER
#error                                                                                                       \
    "PROTECT_BOOTLOADER is not there for the STM32L1: what a power cut leaves of its option bytes is not known."
#endif
#if HSE_MHZ != 4 && HSE_MHZ != 6 && HSE_MHZ != 8 && HSE_MHZ != 12 && HSE_MHZ != 16 && HSE_MHZ != 24
#error "HSE_MHZ must be 4, 6, 8, 12, 16 or 24: the PLL must make 96 MHz of it, of which USB gets half."
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
