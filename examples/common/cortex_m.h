/* The registers of the processor that the examples touch, no others. Source: PM0056. */
#pragma once

#include <stdint.h>

typedef volatile uint32_t reg32;

#define BIT(n) (1u << (n))

/* PM0056 4.3 to 4.5 */
struct systick {
    reg32 CTRL, LOAD, VAL;
};
#define SYSTICK                ((struct systick *)0xE000E010)
#define SYSTICK_CTRL_ENABLE    BIT(0)
#define SYSTICK_CTRL_TICKINT   BIT(1)
#define SYSTICK_CTRL_CLKSOURCE BIT(2)
struct nvic {
    reg32 ISER[8], reserved1[24], ICER[8], reserved2[24], ISPR[8], reserved3[24], ICPR[8];
};
#define NVIC ((struct nvic *)0xE000E100)
struct scb {
    reg32 CPUID, ICSR, VTOR, AIRCR, SCR, CCR, SHPR[3];
};
#define SCB                ((struct scb *)0xE000ED00)
#define SCB_ICSR_PENDSVSET BIT(28)
