/* Whether there is memory at an address: of processors that have bus faults, ARMv7-M (PM0056 4.4.7). */
#pragma once

#include <stdbool.h>

#include "cortex_m.h" // SCB

/* Without this in CCR a read of nothing would be a HardFault. */
#define PROBE_CCR SCB_CCR_BFHFNMIGN

/* A read where no memory is is a bus error, which is ignored with FAULTMASK and PROBE_CCR set. */
static inline bool probe(uint32_t address)
{
    __asm__ volatile("cpsid f\n\t"
                     "ldr %0, [%0]\n\t"
                     "cpsie f"
                     : "+r"(address));

    uint32_t faults = SCB->CFSR;

    SCB->CFSR = faults;
    return !faults;
}
