/* Into the serving half and out of it, through reset; the check of a signature at start. */
#include "clock.h"            // clock_*
#include "cortex_m/startup.h" // startup_fill_ram
#include "cortex_m/systick.h" // systick_*
#include "flash.h"            // flash_start
#include "flash_size.h"       // flash_size_find
#include "iwdg.h"             // iwdg_feed
#include "option_bytes.h"     // option_bytes_protect_bootloader
#include "pins.h"             // pins_*
#include "port.h"
#include "registers.h" // unique_id_byte
#include "usb.h"       // usb_start, usb_stop

enum { DISCONNECT_MS = 20 };

FROM_FLASH void port_begin_check(void)
{
    startup_fill_ram();
    flash_size_find_for_check();
    clock_start_check();
    systick_start(CHECK_KHZ);
}

FROM_FLASH void port_end_check(void)
{
    clock_end_check();
    systick_stop();
}

FROM_FLASH void port_start_serving(void)
{
    startup_fill_ram();
    if (HIGH)
        SCB->VTOR = BOOTLOADER_BASE;
    pins_start();
    systick_wait(DISCONNECT_MS * RESET_KHZ);

    uint32_t khz = clock_start();

    flash_start();
    flash_size_find();
    if (PROTECT_BOOTLOADER)
        option_bytes_protect_bootloader();
    usb_start();
    pins_connect();
    systick_start(khz);
}

FROM_FLASH _Noreturn void port_restart(void)
{
    usb_stop();
    pins_disconnect();
    systick_wait(DISCONNECT_MS * SERVING_KHZ);
    SCB->AIRCR = SCB_AIRCR_SYSRESETREQ;
    for (;;) {}
}

bool port_tick(void)
{
    if (!systick_elapsed())
        return false;
    iwdg_feed();
    return true;
}

uint8_t port_unique_id(uint32_t i)
{
    return *unique_id_byte(i);
}
