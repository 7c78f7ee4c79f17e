/* The vector table, and what has to happen before main(). VTOR is as the bootloader has set it. */
#include "startup.h"

#include "chip.h"
#include "dapboot.h" // dapboot_enter

extern uint32_t stack_top[], data_image[], data_start[], data_end[], bss_end[]; /* application.ld */

void reset(void);
void reset(void)
{
    uint32_t *to = data_start;

    for (const uint32_t *from = data_image; to < data_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;
    main();
    dapboot_enter();
}

/* A fault, or an interrupt nobody asked for: this application should be replaced, so it makes way. */
void unexpected(void)
{
    dapboot_enter();
}

#define OR_UNEXPECTED __attribute__((weak, alias("unexpected")))
void sv_call(void) OR_UNEXPECTED;
void pend_sv(void) OR_UNEXPECTED;
void sys_tick(void) OR_UNEXPECTED;
void usb_lp(void) OR_UNEXPECTED;

/* PM0056 2.3.4. Words 7 to 10 are reserved: the high variants of the bootloader use two of them. */
__attribute__((section(".vectors"), used)) static void *const vectors[16 + IRQS] = {
    [0] = stack_top,
    [1] = (void *)reset,
    [2 ... 6] = (void *)unexpected,
    [11] = (void *)sv_call,
    [12] = (void *)unexpected,
    [14] = (void *)pend_sv,
    [15] = (void *)sys_tick,
    [16 ... 16 + USB_LP_IRQ - 1] = (void *)unexpected,
    [16 + USB_LP_IRQ] = (void *)usb_lp,
    [16 + USB_LP_IRQ + 1 ... 16 + IRQS - 1] = (void *)unexpected,
};
