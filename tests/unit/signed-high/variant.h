/* Stands for what the firmware's build makes of the suffix _HIGH_128_SIGNED. */
#define HIGH            1
#define HIGH_FLASH_SIZE 0x20000
#define SIGNED          1
#define BOARD_NAME      "BLUEPILL"
