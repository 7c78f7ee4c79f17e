/* WeAct Blue Pill Plus with an STM32F103. */
#define BOARD_TITLE    "Blue Pill Plus (STM32)"
#define BOARD_CHIP     "STM32F103C8/CB"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K _HIGH _HIGH_128"

#define FLASH_PAGE_SIZE     1024
#define FLASH_SIZE_OVERRIDE 0x20000

#define HAVE_LED        1
#define LED_GPIO_PORT   GPIOB
#define LED_GPIO_PIN    GPIO2
#define LED_ACTIVE_HIGH 1

#define HAVE_BUTTON        1
#define BUTTON_GPIO_PORT   GPIOA
#define BUTTON_GPIO_PIN    GPIO0
#define BUTTON_ACTIVE_HIGH 1
#define BUTTON_USES_PULL   1
