/* The registers of the processor that the bootloader touches, no others. Source: PM0056, ARMv7-M B3. */
#pragma once

#include <stdint.h>

typedef volatile uint32_t reg32;
typedef volatile uint16_t reg16;

#define BIT(n) (1u << (n))

/* PM0056 4.5 */
struct systick {
    reg32 CTRL, LOAD, VAL;
};
#define SYSTICK                ((struct systick *)0xE000E010)
#define SYSTICK_CTRL_ENABLE    BIT(0)
#define SYSTICK_CTRL_CLKSOURCE BIT(2)
#define SYSTICK_CTRL_COUNTFLAG BIT(16)

/* PM0056 4.4 */
struct scb {
    reg32 CPUID, ICSR, VTOR, AIRCR, SCR, CCR, SHPR[3], SHCSR, CFSR;
};
#define SCB                   ((struct scb *)0xE000ED00)
#define SCB_CCR_BFHFNMIGN     BIT(8)
#define SCB_CCR_STKALIGN      BIT(9)
#define SCB_AIRCR_SYSRESETREQ (0x05FA0000u | BIT(2))
