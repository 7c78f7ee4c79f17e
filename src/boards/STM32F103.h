/* Any STM32F103 with an 8 MHz crystal, nothing known of its board: no LED, no button. */
#define BOARD_TITLE    "Generic STM32F103"
#define BOARD_CHIP     "STM32F103"
#define BOARD_PORT     "stm32f103"
#define BOARD_VARIANTS "_4K"

#define FLASH_PAGE_SIZE     1024
#define FLASH_SIZE_OVERRIDE 0x20000
#define RAM_SIZE            (64 * 1024)
