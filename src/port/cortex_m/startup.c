/* The vector table, and the ways out of it: into RAM, into the application. */
#include "startup.h"

#include "cortex_m.h" // SCB
#include "port.h"     // FROM_FLASH, IN_FLASH

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

/* Everything before and beside it is as after reset already. */
FROM_FLASH _Noreturn void port_start_application(uint32_t stack, uint32_t entry)
{
    SCB->VTOR = APP_BASE_ADDRESS;
    __asm__ volatile("msr msp, %0\n\t"
                     "mov lr, #0xFFFFFFFF\n\t"
                     "bx %1" ::"r"(stack),
                     "r"(entry)
                     : "lr");
    __builtin_unreachable();
}

IN_FLASH void startup_fill_ram(void)
{
    uint32_t *to = ram_start;

    for (const uint32_t *from = ram_image; to < ram_end;)
        *to++ = *from++;
    while (to < bss_end)
        *to++ = 0;
}
