/*
 * STM32L-DISCOVERY and 32L152CDISCOVERY. The ST-Link on it gives the chip 8 MHz in place of a crystal. The
 * USB socket is the ST-Link's: PA11 (D-) and PA12 (D+) are on the pin headers.
 */
#define BOARD_TITLE    "STM32L152 Discovery"
#define BOARD_CHIP     "STM32L152RB"
#define BOARD_PORT     "stm32l1"
#define BOARD_VARIANTS "_4K"

#define FLASH_PAGE_SIZE 256
#define RAM_SIZE        (16 * 1024)
#define HSE_MHZ         8
#define HSE_BYPASS      1

#define HAVE_LED        1
#define LED_GPIO_PORT   GPIOB
#define LED_GPIO_PIN    GPIO6
#define LED_ACTIVE_HIGH 1

#define HAVE_BUTTON        1
#define BUTTON_GPIO_PORT   GPIOA
#define BUTTON_GPIO_PIN    GPIO0
#define BUTTON_ACTIVE_HIGH 1
#define BUTTON_USES_PULL   0
