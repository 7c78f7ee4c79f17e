/* The flash interface of the STM32L1 (RM0038 3.9). */
#pragma once

#include "chip.h"              // FLASH_INTERFACE_BASE
#include "cortex_m/cortex_m.h" // reg32

struct flash {
    reg32 ACR, PECR, PDKEYR, PEKEYR, PRGKEYR, OPTKEYR, SR, OBR, WRPR;
};
#define FLASH             ((struct flash *)FLASH_INTERFACE_BASE)
#define FLASH_ACR_RESET   0
#define FLASH_ACR_LATENCY BIT(0)
#define FLASH_ACR_PRFTEN  BIT(1)
#define FLASH_ACR_ACC64   BIT(2)
#define FLASH_PECR_PROG   BIT(3)
#define FLASH_PECR_ERASE  BIT(9)
#define FLASH_PECR_FPRG   BIT(10)
#define FLASH_PE_KEY1     0x89ABCDEFu
#define FLASH_PE_KEY2     0x02030405u
#define FLASH_PRG_KEY1    0x8C9DAEBFu
#define FLASH_PRG_KEY2    0x13141516u
#define FLASH_SR_BSY      BIT(0)
#define FLASH_SR_EOP      BIT(1)
#define FLASH_SR_WRPERR   BIT(8)
#define FLASH_SR_PGAERR   BIT(9)
#define FLASH_SR_SIZERR   BIT(10)
#define FLASH_SR_OPTVERR  BIT(11)
