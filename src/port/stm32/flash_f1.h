/* The flash interface of the STM32F1, F0 and F3 (PM0075 3). */
#pragma once

#include "chip.h"              // FLASH_INTERFACE_BASE
#include "cortex_m/cortex_m.h" // reg32

struct flash {
    reg32 ACR, KEYR, OPTKEYR, SR, CR, AR, reserved, OBR, WRPR;
};
#define FLASH             ((struct flash *)FLASH_INTERFACE_BASE)
#define FLASH_ACR_72MHZ   (BIT(4) | 2u) /* prefetch, two wait states */
#define FLASH_ACR_RESET   BIT(4)        /* prefetch */
#define FLASH_KEY1        0x45670123u
#define FLASH_KEY2        0xCDEF89ABu
#define FLASH_SR_BSY      BIT(0)
#define FLASH_SR_PGERR    BIT(2)
#define FLASH_SR_WRPRTERR BIT(4)
#define FLASH_SR_EOP      BIT(5)
#define FLASH_CR_PG       BIT(0)
#define FLASH_CR_PER      BIT(1)
#define FLASH_CR_OPTPG    BIT(4)
#define FLASH_CR_OPTER    BIT(5)
#define FLASH_CR_STRT     BIT(6)
#define FLASH_CR_OPTWRE   BIT(9)
#define FLASH_OBR_RDPRT   BIT(1)
#define FLASH_OBR_USER    2 /* first bit of the user option byte; both data bytes follow */
/* RDP, USER, Data0, Data1, WRP0 to WRP3: each a byte, and its complement in the upper half */
#define OPTION_BYTES   ((reg16 *)OPTION_BYTES_BASE)
#define OPTION_RDP_OFF 0xA5u
