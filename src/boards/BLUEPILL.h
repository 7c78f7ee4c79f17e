/* Blue Pill: STM32F103C8 or CB on a narrow board. C8 chips hold 128 KiB too, though they are sold as 64. */
#define BOARD_TITLE    "Blue Pill"
#define BOARD_CHIP     "STM32F103C8/CB"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K _HIGH _HIGH_128"

#define FLASH_PAGE_SIZE     1024
#define FLASH_SIZE_OVERRIDE 0x20000

#define HAVE_LED       1
#define LED_GPIO_PORT  GPIOC
#define LED_GPIO_PIN   GPIO13
#define LED_OPEN_DRAIN 1

/* The BOOT1 jumper, through 100 kohm to PB2. */
#define HAVE_BUTTON        1
#define BUTTON_GPIO_PORT   GPIOB
#define BUTTON_GPIO_PIN    GPIO2
#define BUTTON_ACTIVE_HIGH 1
#define BUTTON_USES_PULL   0
