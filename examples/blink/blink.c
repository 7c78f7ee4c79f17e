/*
 * The smallest application worth flashing: blinks the Blue Pill's LED (PC13) at 1 Hz from SysTick interrupts,
 * without a library, on the reset clock. Returns to the bootloader when BOOT1 (PB2) is high, or when a
 * debugger or another part of the program sets `enter_bootloader`.
 */
#include <stdbool.h>
#include <stdint.h>

#include "dapboot.h" // dapboot_enter

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_APB2ENR       REGISTER(0x40021018)
#define GPIOB_IDR         REGISTER(0x40010C08)
#define GPIOC_CRH         REGISTER(0x40011004)
#define GPIOC_BSRR        REGISTER(0x40011010)
#define SYST_CSR          REGISTER(0xE000E010)
#define SYST_RVR          REGISTER(0xE000E014)
#define SYST_CVR          REGISTER(0xE000E018)

enum { HSI_HZ = 8000000, HALF_PERIODS_PER_SECOND = 2 };

extern uint32_t stack_top[], data_image[], data_start[], data_end[], bss_end[];

volatile bool enter_bootloader;
static volatile uint32_t half_periods;

static void sys_tick(void)
{
    half_periods++;
    /* PC13 is low while the LED is on */
    GPIOC_BSRR = half_periods & 1 ? 1u << (13 + 16) : 1u << 13;
}

void reset(void);
void reset(void)
{
    uint32_t *to = data_start;

    for (const uint32_t *from = data_image; to < data_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;

    RCC_APB2ENR |= 1u << 3 | 1u << 4;                  /* ports B and C */
    GPIOC_BSRR = 1u << 13;                             /* off at first */
    GPIOC_CRH = (GPIOC_CRH & ~(15u << 20)) | 6u << 20; /* PC13: open drain, 2 MHz */
    SYST_RVR = HSI_HZ / HALF_PERIODS_PER_SECOND - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, interrupt, on */
    for (;;) {
        if (enter_bootloader || GPIOB_IDR & 1u << 2)
            dapboot_enter();
        __asm__ volatile("wfi");
    }
}

static void fault(void)
{
    for (;;) {}
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    [0] = stack_top,      [1] = (void *)reset,  [2] = (void *)fault,     [3] = (void *)fault,
    [4] = (void *)fault,  [5] = (void *)fault,  [6] = (void *)fault,     [11] = (void *)fault,
    [12] = (void *)fault, [14] = (void *)fault, [15] = (void *)sys_tick,
};
