/* The independent watchdog (RM0008 19). */
#pragma once

#include "chip.h"              // IWDG_BASE
#include "cortex_m/cortex_m.h" // reg32

struct iwdg {
    reg32 KR, PR, RLR, SR;
};
#define IWDG           ((struct iwdg *)IWDG_BASE)
#define IWDG_KR_START  0xCCCCu
#define IWDG_KR_ACCESS 0x5555u
#define IWDG_KR_RELOAD 0xAAAAu
#define IWDG_PR_256    6u

/* Option bytes may have started it. */
static inline void iwdg_feed(void)
{
    IWDG->KR = IWDG_KR_RELOAD;
}
