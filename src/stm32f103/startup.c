/* The vector table, the ways in and out: into the serving half, into the application, through reset. */
#include "application.h" // stack_pointer
#include "clock.h"
#include "flash.h"
#include "pins.h"
#include "port.h"
#include "registers.h"
#include "usb.h"

/* From the linker script. */
extern uint32_t stack_top[], ram_image[], ram_start[], ram_end[], bss_end[];

_Noreturn void main(void);

#if HIGH
/* Word 0 of the vector table is the application's, or blank: the stack has to be set before it is used. */
__attribute__((naked, section(".boot"))) static void reset(void)
{
    __asm__("ldr r0, =stack_top\n\t"
            "mov sp, r0\n\t"
            "b main");
}
#else
#define reset main
#endif

/* Nothing here enables an interrupt or should fault: what remains is reset. */
static void *const vectors[]
    __attribute__((used, section(".vectors"))) = {stack_top, reset, port_restart, port_restart};

#if HIGH
/* What a chip without an application holds at address 0, to be flashed together with the bootloader. */
__attribute__((used, section(".hook"))) static void *const hook[] = {stack_top, reset};
#endif

uint32_t port_reset_vector(void)
{
    return (uint32_t)reset;
}

enum { DISCONNECT_MS = 20, RESET_KHZ = 8000, CHECK_KHZ = 64000, FASTEST_KHZ = 72000 };

/* Everything before and beside it is as after reset already. */
FROM_FLASH _Noreturn void port_start_application(const uint32_t words[2])
{
    SCB->VTOR = APP_BASE_ADDRESS;
    __asm__ volatile("msr msp, %0\n\t"
                     "mov lr, #0xFFFFFFFF\n\t"
                     "bx %1" ::"r"(stack_pointer(words)),
                     "r"(words[1])
                     : "lr");
    __builtin_unreachable();
}

/* In flash, of course; merged into its caller where there is only one. */
__attribute__((section(".boot"))) static void fill_ram(void)
{
    uint32_t *to = ram_start;

    for (const uint32_t *from = ram_image; to < ram_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;
}

static inline void start_tick(uint32_t khz)
{
    SYSTICK->LOAD = khz - 1;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_ENABLE | SYSTICK_CTRL_CLKSOURCE;
}

FROM_FLASH void port_begin_check(void)
{
    fill_ram();
    flash_measure();
    clock_hurry();
    start_tick(CHECK_KHZ);
}

FROM_FLASH void port_end_check(void)
{
    clock_rest();
    SYSTICK->CTRL = 0;
    SYSTICK->LOAD = 0;
    SYSTICK->VAL = 0;
}

FROM_FLASH void port_start_serving(void)
{
    fill_ram();
    if (HIGH)
        SCB->VTOR = BOOTLOADER_BASE;
    pins_start();
    pins_disconnect();
    wait_cycles(DISCONNECT_MS * RESET_KHZ);

    uint32_t khz = clock_start();

    flash_start();
    if (PROTECT_BOOTLOADER)
        flash_protect_bootloader();
    usb_start();
    pins_connect();
    start_tick(khz);
}

FROM_FLASH _Noreturn void port_restart(void)
{
    usb_stop();
    pins_disconnect();
    wait_cycles(DISCONNECT_MS * FASTEST_KHZ);
    SCB->AIRCR = SCB_AIRCR_SYSRESETREQ;
    for (;;) {}
}

const uint8_t *port_unique_id(void)
{
    return UNIQUE_ID;
}
