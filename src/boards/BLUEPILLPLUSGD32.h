/* WeAct Blue Pill Plus with a GigaDevice GD32F103: erased 2 KiB at a time, which suits both page sizes. */
#define BOARD_TITLE    "Blue Pill Plus (GD32)"
#define BOARD_CHIP     "GD32F103C8/CB"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K"

#define FLASH_PAGE_SIZE     2048
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
