/*
 * The chip: what every one is made of, around the processor. Which devices it has and how they are
 * wired is a table (struct chip_info). One plain struct without pointers to anything that changes
 * outside of it, except for the board's: a copy of it is a snapshot of the whole chip. chip_moved()
 * makes the copy run at its new place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "base/ticks.h"
#include "clocks.h"
#include "config.h"
#include "core/cortex_m3.h"
#include "device.h"
#include "info.h"
#include "pins.h"
#include "ports.h"

enum { CHIP_DEVICES = 64, CHIP_EVENTS = 64, CHIP_BLOCKS = 160, CHIP_ARENA = 160 * 1024 };
/* The board around it ------------------------------------------------------------------------------------ */

/* What the chip asks of the board around it, and tells it. */
struct chip_board {
    void *context;
    void (*report)(void *context, enum report_kind kind, const char *text);
    void (*violation)(void *context, enum violation_level level, const char *rule, const char *text);
    /* A pin's output, mode or pull changed: look at chip_pin_drive(). */
    void (*pins_changed)(void *context);
    /* Level that the world outside puts on a pin: 0, 1, or -1 when nothing is connected, or PIN_FLOATS when
     * something is that drives nothing now (a released button). port 0 is A. */
    int (*pin_level)(void *context, unsigned port, unsigned pin);
    /* Something that concerns the USB host changed: transceiver on or off, pull-up. */
    void (*usb_changed)(void *context);
    /* The board's own event (chip_schedule_host) is due. */
    void (*host_event)(void *context, ticks now);
    /* The processor fell asleep or woke. May be NULL. */
    void (*slept)(void *context, bool asleep);
    /* A frame has left the TX pin of USART 1 to 5: its data bits without parity. */
    void (*serial_sent)(void *context, unsigned usart, uint16_t data);
};

/* Where in a flash operation the power is to fail. */
enum power_cut_phase { CUT_BEFORE, CUT_INSIDE, CUT_AFTER };

enum reset_cause {
    RESET_POWER,
    RESET_PIN,
    RESET_SOFTWARE,
    RESET_IWDG,
    RESET_WWDG,
    RESET_LOW_POWER, /* Stop or Standby was entered while an option byte forbids it */
    RESET_OPTIONS,   /* a program has the option bytes loaded again */
    RESET_STANDBY    /* the way out of Standby: a power reset that spares the backup domain */
};

enum sleep_state { AWAKE, IN_STOP, IN_STANDBY };

/* What the flash is about, and did, whatever its registers look like. */
struct flash_operation {
    enum {
        FLASH_NOTHING,
        FLASH_PROGRAM,
        FLASH_HALF_PAGE,    /* 32 words at once, L1 */
        FLASH_DATA_PROGRAM, /* of data EEPROM, L1 */
        FLASH_PAGE_ERASE,
        FLASH_MASS_ERASE,
        FLASH_OPTION_ERASE,
        FLASH_OPTION_PROGRAM
    } kind;
    uint32_t address; /* absolute */
    uint32_t value;
    ticks ends;
};
struct flash {
    struct flash_operation operation;
    uint64_t operations;        /* programs and erases begun since power was first applied */
    uint64_t erases, programs;  /* the same, apart */
    uint32_t erased[MAX_PAGES]; /* how often each page was */
};

/* What the core may read of the flash without asking. */
struct open_flash {
    uint32_t from, size;
    uint8_t wait_states;
};

struct chip {
    struct cortex_m3 cpu;
    const struct chip_info *info;
    struct chip_config config;
    struct chip_board board;
    const struct chip *home; /* where this was when its pointers into itself were made: chip_moved() */

    /* time = clock_time + (cpu.cycles - clock_cycles) * ticks_per_cycle */
    ticks clock_time;
    uint64_t clock_cycles;
    ticks ticks_per_cycle;
    unsigned events;
    ticks due[CHIP_EVENTS];            /* TICKS_NEVER: not scheduled */
    uint8_t event_device[CHIP_EVENTS]; /* or EVENT_OF_HOST */
    unsigned host_slot;
    ticks event_time;                /* inside an event's handler: its own time; else TICKS_NEVER */
    ticks run_limit;                 /* what the core was told to run to */
    bool core_runs;                  /* inside cortex_m3_run */
    bool replan;                     /* cpu.stop was set only to look at the events again */
    bool halt;                       /* cpu.stop was meant for the caller of chip_run */
    bool bus_error;                  /* a device refuses the access under way */
    uint64_t bridge_free;            /* processor cycle in which the last write through a bridge is over */
    uint8_t bus_master, bus_channel; /* who makes the access under way: NO_DEVICE the core */
    enum sleep_state sleep_state;
    ticks wakes_at;       /* from Stop; TICKS_NEVER: nothing calls yet */
    uint64_t slept_cycle; /* in which the core fell asleep with SLEEPDEEP; UINT64_MAX: it did not */

    bool powered;
    bool reset_requested;
    enum reset_cause reset_cause;
    bool nrst_low;
    bool backup_writable;  /* the power controller has the backup domain's lock open */
    uint8_t voltage_range; /* of the core, 1 the highest; 0: the chip has no such ranges */

    unsigned variant;
    struct device device[CHIP_DEVICES];
    uint8_t block[CHIP_REGIONS][CHIP_BLOCKS]; /* device at each BLOCK_SIZE of a region, or NO_DEVICE */
    unsigned routes, pin_functions;           /* how many the tables have */
    uint8_t pin_watchers[CHIP_DEVICES];       /* devices that look at pins, NO_DEVICE ends them */
    uint8_t irq_sources[CORTEX_M3_MAX_IRQS];  /* how many outputs ask for each */
    struct clock_node node[CHIP_NODES];
    struct clock_gates gates[CHIP_BANKS];
    uint32_t bus_divider[CHIP_BUSES];
    struct pin_state pins;
    struct flash flash;
    struct open_flash open_flash;

    /* The power fails at the flash operation of this number (flash.operations, from 1), once; 0: never. */
    uint64_t power_cut_operation;
    enum power_cut_phase power_cut_phase;

    uint64_t violations;    /* of any level */
    uint32_t report_wanted; /* 1 << report_kind: which of the frequent ones (packet, flash, register) are to
                               be made */
    uint64_t random_state;

    _Alignas(16) uint8_t arena[CHIP_ARENA]; /* the devices' states */
    uint8_t ram[MAX_RAM];
    uint8_t flash_bytes[MAX_FLASH];
};

/* Life --------------------------------------------------------------------------------------------------- */

/* A new chip, without power, its flash erased. */
void chip_init(struct chip *chip, const struct chip_info *info, const struct chip_config *config,
               const struct chip_board *board);
/* Of a copy: makes its pointers into itself point to itself. board is as it was. */
void chip_moved(struct chip *chip);

/* Power on and off. Flash, option bytes and (as on a board without a battery) nothing else outlives power. */
void chip_power(struct chip *chip, bool on);
/* System reset: every device but for the backup domain, and the processor. */
void chip_reset(struct chip *chip, enum reset_cause cause);
/* Backup domain reset: at power-up and when a program asks for it. */
void chip_reset_backup_domain(struct chip *chip);

/* Runs until then; stops early if cpu.stop is set by anyone, and at breakpoints. */
void chip_run(struct chip *chip, ticks until);
void chip_stop(struct chip *chip);
/* Around a call of the board during which cpu.stop may be set by it. */
bool chip_begin_call(struct chip *chip);
void chip_end_call(struct chip *chip, bool stopped);

/* Time --------------------------------------------------------------------------------------------------- */

/* Virtual time now; inside an event, the event's own time. */
ticks chip_now(const struct chip *chip);
/* The host's own event. */
void chip_schedule_host(struct chip *chip, ticks at);
ticks chip_host_due(const struct chip *chip);
/* A processor cycle lasts this long from now on. */
void chip_set_clock(struct chip *chip, ticks ticks_per_cycle);
uint32_t chip_hclk_hz(const struct chip *chip);
/* Holds the processor until the time given (wait states, a busy flash): adds to cpu.cycles. Events on the way
 * are handled at their times. */
void chip_stall(struct chip *chip, ticks until);
/* Time passes without a cycle of the processor: in Stop and Standby. */
void chip_pass_asleep(struct chip *chip, ticks until);
/* Deterministic pseudo-random bits from config.seed. */
uint32_t chip_random(struct chip *chip);

/* Messages ----------------------------------------------------------------------------------------------- */

/* printf-like; reports at the chip's present time. */
void chip_report(struct chip *chip, enum report_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void chip_violation(struct chip *chip, enum violation_level level, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Address of the instruction being executed. */
uint32_t chip_pc(const struct chip *chip);
static inline bool chip_wants(const struct chip *chip, enum report_kind kind)
{
    return chip->report_wanted >> kind & 1;
}

/* The bus ------------------------------------------------------------------------------------------------ */

/* As the processor reaches what is outside of its windows. context: the chip. false: bus error. */
bool bus_read(void *context, uint32_t address, unsigned size, uint32_t *value);
bool bus_write(void *context, uint32_t address, unsigned size, uint32_t value);
bool bus_fetch(void *context, uint32_t address, uint16_t *half_word);
/* The core may read this stretch of the flash by itself; size 0: nothing of it. */
void chip_open_flash(struct chip *chip, uint32_t from, uint32_t size, uint8_t wait_states);
/* cpu.closed_windows changed. */
void chip_open_windows(struct chip *chip);

/* Devices ------------------------------------------------------------------------------------------------ */

/* NULL: the chip has none. */
struct device *chip_device(const struct chip *chip, uint8_t number);
/* Whether a chip of this config has it. */
bool chip_info_has(const struct chip_info *info, const struct chip_config *config, uint8_t number);
/* A power controller's: the core goes on instead of sleeping; an event wakes it from WFE. */
void chip_cancel_sleep(struct chip *chip);
void chip_send_event(struct chip *chip);
/* A device of the backup domain is written: is its lock open? Complains if it is not. */
bool device_backup_writable(struct device *device, const char *what, uint32_t value);
/* The board's: something about USB changed; a frame has left. */
void device_usb_changed(struct device *device);
void device_serial_sent(struct device *device, uint16_t data);

static inline bool chip_flash_is_busy(const struct chip *chip)
{
    return chip->flash.operation.kind != FLASH_NOTHING;
}
/* Some device will reset the chip, sooner or later. */
bool chip_will_reset(const struct chip *chip);

/* Ports of the chip's devices (ports.h), for those outside of it. USART 1 is 1. */
unsigned chip_serial_send(struct chip *chip, unsigned usart, const uint8_t *bytes, unsigned length);
void chip_serial_baud(struct chip *chip, unsigned usart, uint32_t baud);
bool flash_load(struct chip *chip, uint32_t address, const void *bytes, uint32_t length);
uint16_t flash_unstable_bits(const struct chip *chip, uint32_t address);
bool flash_make_unstable(struct chip *chip, uint32_t address, uint16_t bits);
uint32_t chip_backup_get(const struct chip *chip, unsigned number);
void chip_backup_set(struct chip *chip, unsigned number, uint32_t value);
