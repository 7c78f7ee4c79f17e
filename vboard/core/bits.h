/* Names for registers, exceptions and bits that more than one file of the processor uses. */
#pragma once

enum { SP = 13, LR = 14, PC = 15 };

#define APSR_N        (1u << 31)
#define APSR_Z        (1u << 30)
#define APSR_C        (1u << 29)
#define APSR_V        (1u << 28)
#define APSR_Q        (1u << 27)
#define APSR_MASK     0xF8000000u
#define XPSR_T        (1u << 24)
#define XPSR_ALIGN    (1u << 9) /* of a stacked one: the frame was moved by 4 */
#define XPSR_IPSR     0x1FFu
#define CONTROL_NPRIV 1u
#define CONTROL_SPSEL 2u

/* Exception numbers. */
enum {
    NMI = 2,
    HARD_FAULT = 3,
    MEM_MANAGE = 4,
    BUS_FAULT = 5,
    USAGE_FAULT = 6,
    SVCALL = 11,
    DEBUG_MONITOR = 12,
    PENDSV = 14,
    SYSTICK = 15,
    FIRST_IRQ = 16
};

/* CFSR */
#define IACCVIOL      (1u << 0)
#define IBUSERR       (1u << 8)
#define PRECISERR     (1u << 9)
#define IMPRECISERR   (1u << 10)
#define UNSTKERR      (1u << 11)
#define STKERR        (1u << 12)
#define BFARVALID     (1u << 15)
#define UNDEFINSTR    (1u << 16)
#define INVSTATE      (1u << 17)
#define INVPC         (1u << 18)
#define NOCP          (1u << 19)
#define UNALIGNED     (1u << 24)
#define DIVBYZERO     (1u << 25)
#define HFSR_VECTTBL  (1u << 1)
#define HFSR_FORCED   (1u << 30)
#define HFSR_DEBUGEVT (1u << 31)
#define DFSR_BKPT     (1u << 1)

#define CCR_NONBASETHRDENA (1u << 0)
#define CCR_USERSETMPEND   (1u << 1)
#define CCR_UNALIGN_TRP    (1u << 3)
#define CCR_DIV_0_TRP      (1u << 4)
#define CCR_BFHFNMIGN      (1u << 8)
#define CCR_STKALIGN       (1u << 9)
#define SCR_SLEEPONEXIT    (1u << 1)
#define SCR_SEVONPEND      (1u << 4)
#define SHCSR_MEMFAULTENA  (1u << 16)
#define SHCSR_BUSFAULTENA  (1u << 17)
#define SHCSR_USGFAULTENA  (1u << 18)
#define DEMCR_MON_EN       (1u << 16)
#define DEMCR_TRCENA       (1u << 24)
#define DEMCR_MONITOR      0x000F0000u /* MON_REQ, MON_STEP, MON_PEND, MON_EN */

#define EXC_RETURN_HANDLER    0xFFFFFFF1u
#define EXC_RETURN_THREAD_MSP 0xFFFFFFF9u
#define EXC_RETURN_THREAD_PSP 0xFFFFFFFDu

enum { PRIORITY_BITS = 0xF0 }; /* 16 levels */
