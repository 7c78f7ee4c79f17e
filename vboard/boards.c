/* The boards, as the bootloader's build names them. */
#include "board.h"

#include <stddef.h>
#include <strings.h>

enum { IDCODE_MEDIUM = 0x20036410, IDCODE_HIGH = 0x10036414, IDCODE_GD32 = 0x13030410 };

const struct board_info board_list[] = {
    {
        .name = "BLUEPILL",
        .title = "Blue Pill",
        .chip = "STM32F103C8",
        .flash_kib = 128,
        .flash_size_register = 64,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = BOARD_PIN('C', 13),
        .button = BOARD_PIN('B', 2), /* the BOOT1 jumper: a resistor to ground or to VCC, never open */
        .button_active_high = true,
        .pullup = PIN_NONE,
    },
    {
        .name = "MAPLEMINI",
        .title = "LeafLabs Maple Mini",
        .chip = "STM32F103CB",
        .flash_kib = 128,
        .flash_size_register = 128,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = BOARD_PIN('B', 1),
        .led_active_high = true,
        .button = PIN_NONE,
        .pullup = BOARD_PIN('B', 9),
    },
    {
        .name = "STLINK",
        .title = "ST-Link/v2 and clones",
        .chip = "STM32F103C8",
        .flash_kib = 128,
        .flash_size_register = 64,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = BOARD_PIN('A', 9),
        .led_active_high = true,
        .button = PIN_NONE,
        .pullup = PIN_NONE,
    },
    {
        .name = "OLIMEXSTM32H103",
        .title = "Olimex STM32-H103",
        .chip = "STM32F103RB",
        .flash_kib = 128,
        .flash_size_register = 128,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = BOARD_PIN('C', 12),
        .button = BOARD_PIN('A', 0),
        .pullup = BOARD_PIN('C', 11),
    },
    {
        .name = "BLUEPILLPLUSSTM32",
        .title = "Blue Pill Plus with STM32F103",
        .chip = "STM32F103C8",
        .flash_kib = 128,
        .flash_size_register = 64,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = BOARD_PIN('B', 2),
        .led_active_high = true,
        .button = BOARD_PIN('A', 0),
        .button_active_high = true,
        .button_floats = true,
        .pullup = PIN_NONE,
    },
    {
        .name = "BLUEPILLPLUSGD32",
        .title = "Blue Pill Plus with GD32F103",
        .chip = "GD32F103C8",
        .flash_kib = 128,
        .flash_size_register = 64,
        .page_bytes = 2048,
        .ram_kib = 20,
        .idcode = IDCODE_GD32,
        .usb_ctr_masked = true,
        .led = BOARD_PIN('B', 2),
        .led_active_high = true,
        .button = BOARD_PIN('A', 0),
        .button_active_high = true,
        .button_floats = true,
        .pullup = PIN_NONE,
    },
    {
        .name = "BTTSKRMINIE3V2",
        .title = "BigTreeTech SKR Mini E3 V2",
        .chip = "STM32F103RC",
        .flash_kib = 256,
        .flash_size_register = 256,
        .page_bytes = 2048,
        .ram_kib = 48,
        .idcode = IDCODE_HIGH,
        .led = BOARD_PIN('A', 13),
        .led_active_high = true,
        .button = BOARD_PIN('A', 15),
        .button_floats = true,
        .pullup = BOARD_PIN('A', 14),
    },
    {
        .name = "STM32F103",
        .title = "any board with an STM32F103",
        .chip = "STM32F103C8",
        .flash_kib = 128,
        .flash_size_register = 64,
        .page_bytes = 1024,
        .ram_kib = 20,
        .idcode = IDCODE_MEDIUM,
        .led = PIN_NONE,
        .button = PIN_NONE,
        .pullup = PIN_NONE,
    },
    {0},
};

const struct board_info *board_find(const char *name)
{
    for (const struct board_info *info = board_list; info->name; info++) {
        if (strcasecmp(info->name, name) == 0) {
            return info;
        }
    }
    return NULL;
}
