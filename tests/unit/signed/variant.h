/* Stands for what the firmware's build makes of VERIFY_AT_START and the suffix _SIGNED. */
#define HIGH            0
#define BOOTLOADER_SIZE 0x2000
#define SIGNED          1
#define BOARD_NAME      "BLUEPILL"
#define VERIFY_AT_START 1
