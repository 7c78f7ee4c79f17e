/*
 * A chip without a chip: flash in an array that keeps the rules of PM0075 or RM0038, a control endpoint
 * driven token by token, a clock that counts turns of the main loop. Whatever a port must never be asked to
 * do fails the test.
 */
#pragma once

#include "port.h"

#include <setjmp.h>

#define FAKE_FLASH_SIZE (FLASH_PAGE_SIZE > 1024 ? 0x40000 : 0x20000)

enum {
    FAKE_LOG = 1 << 18,
    BLANK_BYTE = FLASH_BLANK & 0xFF,
    FAKE_MARK_BYTES = FLASH_MARKS ? 2 * FLASH_PAGE_SIZE : 0
};

struct fake_operation {
    uint32_t address;
    uint32_t value; /* of a burst, its first unit */
    bool erase;
};

/* Why a session ended. */
enum fake_end { FAKE_FINISHED, FAKE_RESTARTED, FAKE_POWER_CUT };

struct fake {
    /* What a test may set; fake_power_on sets a fast, healthy board. */
    uint32_t flash_size;                 /* bytes, FAKE_FLASH_SIZE or less */
    uint32_t erase_turns, program_turns; /* how long an operation takes, turns of the main loop */
    uint32_t turns_per_ms;               /* change it with fake_set_clock */
    bool crystal_dead;
    bool refuses_zero;             /* as some clones: 0x0000 over data is PGERR */
    bool pages_too_large;          /* the chip erases more at a time than the build knows */
    uint32_t page_bytes;           /* what it erases at a time: FLASH_PAGE_SIZE or SMALLEST_FLASH_PAGE */
    uint32_t protected_page;       /* address of a page that answers WRPRTERR; 0: none */
    uint32_t worn_page;            /* address of a page that keeps a 0 bit when erased; 0: none */
    uint32_t worn_unit;            /* address of a unit that keeps bit 3 at 1 when programmed; 0: none */
    uint32_t programming_fails_at; /* address of a unit whose programming fails; 0: none */
    uint32_t cut_at;               /* power fails with this operation, counted from 1; 0: never */
    bool cut_within;               /* it is left half done, else it was just finished */
    uint32_t seed;                 /* for what is left half done */

    /* What a test may look at. */
    uint32_t turns, ms;
    uint32_t operations, erases;
    struct fake_operation log[FAKE_LOG];
    bool led;
    uint32_t led_changes;
    uint8_t address;     /* on the bus */
    uint32_t last_erase; /* ms at which the last erase began */

    /* The control endpoint, as the peripheral keeps it. */
    struct fake_endpoint {
        enum { FAKE_NAK, FAKE_VALID, FAKE_STALL } rx, tx;
        bool reset, setup, out, sent; /* what waits for port_usb_event */
        uint8_t received[PORT_USB_PACKET], sending[PORT_USB_PACKET];
        uint32_t received_length, sending_length;
    } endpoint;

    /* Inside. */
    uint32_t busy_until;
    uint8_t error;
    uint32_t next_tick;
    bool in_session;
    jmp_buf end;
};
extern struct fake fake;

/* Blank flash (with the bootloader's vectors in place), healthy chip, freshly reset core,
 * on the bus but not enumerated. */
void fake_power_on(void);
/* The same, but flash stays as it is: what follows a power cut or a restart. */
void fake_power_cycle(void);
/* One turn of the main loop, as main.c does it. */
void fake_turn(void);
void fake_wait_ms(uint32_t ms);
void fake_set_clock(uint32_t turns_per_ms);
/* Runs something that may end by a restart or a power cut; anywhere else those fail the test. */
enum fake_end fake_session(void (*session)(void *), void *context);
/* Milliseconds until the device restarts, or -1 if it does not within `limit`. */
int fake_ms_until_restart(uint32_t limit);

/* What the boot decision makes of the flash: an application starts. */
bool fake_application_starts(void);
/* The application area, for a test to prepare and compare, whatever the chip is doing. */
uint8_t *fake_area(void);
uint32_t fake_area_size(void);
/* The two pages of marks, FAKE_MARK_BYTES. */
uint8_t *fake_mark_pages(void);
/* A download began and did not end, as flash tells it. */
void fake_interrupted_before(void);
bool fake_flash_busy(void);
bool fake_usb_idle(void);
