/* Stands for what the firmware's build makes of VERIFY_AT_START and the suffix _HIGH_128_SIGNED. */
#define HIGH            1
#define HIGH_FLASH_SIZE 0x20000
#define SIGNED          1
#define BOARD_NAME      "BLUEPILL"
#define VERIFY_AT_START 1
