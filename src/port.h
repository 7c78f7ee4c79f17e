/*
 * What a chip family must provide: the only door between the portable core and hardware. Every function
 * returns at once unless it says otherwise; none may be called from an interrupt, there are none.
 */
#pragma once

#include "dfu_status.h" // STATUS_OK: what flash operations come to

/* Called from several places: one copy is smaller, which GCC 12 misjudges. */
#define NOINLINE __attribute__((noinline))

/*
 * Code that runs before the serving half is in RAM, or that need not be there. Never while the flash is busy.
 * IN_FLASH: the same, merged into its callers where that is smaller. FAR: called from the other memory,
 * further away than a branch reaches.
 */
#ifdef __arm__
#define IN_FLASH   __attribute__((section(".boot")))
#define FROM_FLASH IN_FLASH NOINLINE
#define FAR        __attribute__((long_call))
#else
#define IN_FLASH
#define FROM_FLASH
#define FAR
#endif

/* Boot decision, on the reset clock ---------------------------------------------------------------------- */

/* True if an application asked for the bootloader; forgets the request. */
bool port_boot_command(void);
/* True if the button is held; takes BUTTON_SAMPLE_DELAY_CYCLES / 72 us. */
bool port_button_held(void);
/* True if the last reset was the watchdog's; forgets it. */
bool port_watchdog_has_bitten(void);
/* Starts the watchdog, which bites after APP_WATCHDOG_MS unless it is fed. It
 * cannot be stopped but by a reset. */
void port_start_watchdog(void);
/* Lets a reset within half a second pass for a boot command; takes that long. The application's register has
 * its content back afterwards, unless there was a reset. */
void port_wait_for_second_reset(void);
/* Gets ready to check the application: code and data in RAM, the fastest clock there is without a crystal. */
void port_begin_check(void);
/* As after reset again, but for RAM. */
void port_end_check(void);
/* Hands the machine over, as after reset: with this stack pointer, to this address. */
_Noreturn void port_start_application(uint32_t stack, uint32_t entry);

/* Serving ------------------------------------------------------------------------------------------------ */

/* Gets ready to serve: code and data in RAM, clocks, tick, flash unlocked, on the bus; 20 ms or more. */
void port_start_serving(void);

/* Leaves the bus, long enough for a host to see it, and resets the chip. Takes 20 ms. */
FAR _Noreturn void port_restart(void);
/* True once per millisecond. Feeds the watchdog. */
bool port_tick(void);
void port_led(bool on);
/* False if the crystal is dead and the internal oscillator took its place. */
bool port_crystal_works(void);
/* The bootloader's own reset vector, which the high variant keeps in word 1 of the application's table. */
uint32_t port_reset_vector(void);
/* Byte 0 to 11 of the chip's unique id, the least significant first. */
uint8_t port_unique_id(uint32_t i);

/* Flash -------------------------------------------------------------------------------------------------- */

/* What one operation programs: FLASH_UNIT bytes, aligned, which read FLASH_BLANK before. */
#if FLASH_UNIT == 2
typedef uint16_t flash_unit;
#elif FLASH_UNIT == 4
typedef uint32_t flash_unit;
#elif FLASH_UNIT == 8
typedef uint64_t flash_unit;
#endif

/* Bytes of flash, counted from FLASH_BASE, that the chip says it has at most. */
uint32_t port_flash_limit(void);
/* The same, or as configured; a high variant is at its end. */
static inline uint32_t flash_limit(void)
{
    if (HIGH)
        return BOOTLOADER_BASE + BOOTLOADER_SIZE - FLASH_BASE;
    return FLASH_SIZE_OVERRIDE ? FLASH_SIZE_OVERRIDE : port_flash_limit();
}
/* True if there is flash at APP_BASE_ADDRESS, which a build may have put behind the end of this chip's. */
bool port_flash_is_there(void);
/* Bytes that are really there; known only while serving. */
uint32_t port_flash_size(void);
/* False if the chip erases more than FLASH_PAGE_SIZE at a time. */
bool port_flash_pages_fit(void);
/* The memory-mapped flash at an address; readable while no operation runs. */
const volatile void *port_flash(uint32_t address);
bool port_flash_busy(void);
/* What the last operation came to; STATUS_OK is 0. Call when no longer busy. */
uint8_t port_flash_error(void);
/* Start an operation and return: erase the page that begins there, program a unit, or FLASH_BURST of them. */
void port_flash_erase(uint32_t address);
void port_flash_program(uint32_t address, flash_unit value);
void port_flash_program_burst(uint32_t address, const flash_unit *values);

/* Control endpoint --------------------------------------------------------------------------------------- */

enum port_usb_event {
    PORT_USB_NOTHING,
    PORT_USB_RESET, /* the bus was reset; the endpoint waits for SETUP at address 0 again */
    PORT_USB_SETUP, /* 8 bytes wait for port_usb_read */
    PORT_USB_OUT,   /* a packet waits for port_usb_read */
    PORT_USB_SENT,  /* the host took the packet */
};

enum { PORT_USB_PACKET = 64 };

/* The oldest thing that happened. SETUP and OUT stay until read. */
enum port_usb_event port_usb_event(void);
/*
 * Copies up to `room` bytes (even) of the packet out and returns its length, which is never more. The
 * endpoint then NAKs until told what to do next.
 */
uint32_t port_usb_read(void *to, uint32_t room);
/* Lets the host take a packet of 0..64 bytes, or send one. */
void port_usb_send(const uint8_t *data, uint32_t length);
void port_usb_receive(void);
/* Both directions stall until the next SETUP. */
void port_usb_stall(void);
void port_usb_set_address(uint8_t address);
