/* Stands for what the firmware's build makes of the suffix of TARGET: none. */
#define HIGH            0
#define BOOTLOADER_SIZE 0x2000
#define SIGNED          0
