/*
 * BigTreeTech SKR mini E3 V2. Its USB pull-up and LED sit on the SWD pins, so a debug probe works only under
 * reset. The alternate setting and the boot command are those of the firmware made for it.
 */
#define BOARD_TITLE    "BigTreeTech SKR mini E3 V2"
#define BOARD_CHIP     "STM32F103RC"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K _HIGH_256"

#define FLASH_PAGE_SIZE 2048
#define RAM_SIZE        (48 * 1024)

#define HAVE_LED        1
#define LED_GPIO_PORT   GPIOA
#define LED_GPIO_PIN    GPIO13
#define LED_ACTIVE_HIGH 1

#define HAVE_BUTTON        1
#define BUTTON_GPIO_PORT   GPIOA
#define BUTTON_GPIO_PIN    GPIO15
#define BUTTON_ACTIVE_HIGH 0
#define BUTTON_USES_PULL   1

#define HAVE_USB_PULLUP_CONTROL 1
#define USB_PULLUP_GPIO_PORT    GPIOA
#define USB_PULLUP_GPIO_PIN     GPIO14
#define USB_PULLUP_ACTIVE_HIGH  0
#define USB_PULLUP_OPEN_DRAIN   1

#define USB_DFU_ALTN    2
#define REG_BOOT        BKP10
#define CMD_BOOT        1
#define DFU_WILL_DETACH 0
