/* Stands for what the firmware's build makes of DEFS: the size of the flash is the fake chip's. */
#undef FLASH_SIZE_OVERRIDE
#define FLASH_SIZE_OVERRIDE 0
