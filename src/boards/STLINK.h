/* ST-Link/V2 and its clones. */
#define BOARD_TITLE    "ST-Link/V2"
#define BOARD_CHIP     "STM32F103C8"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K _HIGH _HIGH_128"

#define FLASH_PAGE_SIZE     1024
#define FLASH_SIZE_OVERRIDE 0x20000

#define HAVE_LED        1
#define LED_GPIO_PORT   GPIOA
#define LED_GPIO_PIN    GPIO9
#define LED_ACTIVE_HIGH 1
