/* Any STM32L151, L152 or L100 of categories 1 to 3 with 10 KiB of RAM or more, nothing known of its board. */
#define BOARD_TITLE    "Generic STM32L1"
#define BOARD_CHIP     "STM32L151"
#define BOARD_PORT     "stm32l1"
#define BOARD_VARIANTS "_4K"

#define FLASH_PAGE_SIZE 256
#define RAM_SIZE        (32 * 1024)
