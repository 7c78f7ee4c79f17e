/*
 * The smallest application worth flashing: blinks the board's LED at 1 Hz from SysTick interrupts, without a
 * library, on the reset clock. Returns to the bootloader when the button is pressed, or when a debugger or
 * another part of the program sets `enter_bootloader`.
 */
#include <stdbool.h>
#include <stdint.h>

#include "dapboot.h" // dapboot_enter

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR          REGISTER(0xE000E010)
#define SYST_RVR          REGISTER(0xE000E014)
#define SYST_CVR          REGISTER(0xE000E018)

#if defined(BOARD_FILE)
#include "any_board.h"                      // the same for any board
#elif defined(DAPBOOT_STM32L1)              /* STM32L152 Discovery: LED on PB6, on when high; button on PA0 */
#define GPIO_CLOCKS    REGISTER(0x4002381C) /* RCC_AHBENR */
#define GPIO_CLOCKS_ON (1u << 0 | 1u << 1)  /* ports A and B */
#define BUTTON_IDR     REGISTER(0x40020010)
#define BUTTON         (1u << 0)
#define LED_MODES      REGISTER(0x40020400) /* GPIOB_MODER */
#define LED_MODE_FIELD (3u << 12)
#define LED_MODE       (1u << 12) /* output, push-pull */
#define LED_BSRR       REGISTER(0x40020418)
#define LED_ON         (1u << 6)
#define LED_OFF        (1u << (6 + 16))
#define FREE_LED_PIN   (void)0
#else                                       /* Blue Pill: LED on PC13, on when low; BOOT1 on PB2 */
#define GPIO_CLOCKS    REGISTER(0x40021018) /* RCC_APB2ENR */
#define GPIO_CLOCKS_ON (1u << 3 | 1u << 4)  /* ports B and C */
#define BUTTON_IDR     REGISTER(0x40010C08)
#define BUTTON         (1u << 2)
#define LED_MODES      REGISTER(0x40011004) /* GPIOC_CRH */
#define LED_MODE_FIELD (15u << 20)
#define LED_MODE       (6u << 20) /* output, open drain, 2 MHz */
#define LED_BSRR       REGISTER(0x40011010)
#define LED_ON         (1u << (13 + 16))
#define LED_OFF        (1u << 13)
#define FREE_LED_PIN   (void)0
#endif

#ifdef DAPBOOT_STM32L1
enum { RESET_HZ = 2097152 }; /* MSI */
#else
enum { RESET_HZ = 8000000 }; /* HSI */
#endif
enum { HALF_PERIODS_PER_SECOND = 2 };

extern uint32_t stack_top[], data_image[], data_start[], data_end[], bss_end[];

volatile bool enter_bootloader;
static volatile uint32_t half_periods;

static void sys_tick(void)
{
    half_periods++;
    LED_BSRR = half_periods & 1 ? LED_ON : LED_OFF;
}

void reset(void);
void reset(void)
{
    uint32_t *to = data_start;

    for (const uint32_t *from = data_image; to < data_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;

    GPIO_CLOCKS |= GPIO_CLOCKS_ON;
    FREE_LED_PIN;
    LED_BSRR = LED_OFF;
    LED_MODES = (LED_MODES & ~LED_MODE_FIELD) | LED_MODE;
    SYST_RVR = RESET_HZ / HALF_PERIODS_PER_SECOND - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, interrupt, on */
    for (;;) {
        if (enter_bootloader || BUTTON_IDR & BUTTON)
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
