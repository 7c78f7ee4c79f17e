/* LeafLabs Maple Mini and its clones. */
#define BOARD_TITLE    "Maple Mini"
#define BOARD_CHIP     "STM32F103CB"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K _HIGH _HIGH_128"

#define FLASH_PAGE_SIZE 1024

#define HAVE_LED        1
#define LED_GPIO_PORT   GPIOB
#define LED_GPIO_PIN    GPIO1
#define LED_ACTIVE_HIGH 1

#define HAVE_USB_PULLUP_CONTROL 1
#define USB_PULLUP_GPIO_PORT    GPIOB
#define USB_PULLUP_GPIO_PIN     GPIO9
#define USB_PULLUP_ACTIVE_HIGH  0
#define USB_PULLUP_OPEN_DRAIN   1
