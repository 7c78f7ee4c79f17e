/*
 * The processor: an interpreter of ARMv7-M (Thumb-2, Cortex-M3 r1p1) with its system peripherals: NVIC, SCB,
 * SysTick, DWT cycle counter. Knows nothing of the chip around it. Source: ARMv7-M Architecture Reference
 * Manual (DDI 0403), Cortex-M3 Technical Reference Manual (DDI 0337), ST PM0056.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

enum { CORTEX_M3_MAX_IRQS = 80, CORTEX_M3_WINDOWS = 3, CORTEX_M3_BREAKPOINTS = 32, CORTEX_M3_PLAIN = 96 };

/* What is outside the core. `context` is handed back unchanged. */
struct cortex_m3_bus {
    void *context;
    /*
     * Data access outside every window, naturally aligned (the core splits unaligned ones), size 1, 2 or 4
     * bytes. false is a bus error. A write of fewer than 4 bytes has its data in the low bits of value.
     */
    bool (*read)(void *context, uint32_t address, unsigned size, uint32_t *value);
    bool (*write)(void *context, uint32_t address, unsigned size, uint32_t value);
    /* Instruction fetch of a half-word outside every window. */
    bool (*fetch)(void *context, uint32_t address, uint16_t *half_word);
    /* AIRCR.SYSRESETREQ was written: the chip resets the core (cortex_m3_reset)
     * after cortex_m3_run has returned. */
    void (*reset_request)(void *context);
    /* The kind is REPORT_FAULT or REPORT_NOTE. */
    void (*report)(void *context, enum report_kind kind, const char *text);
    /* A rule was broken; names like "unpredictable-instruction", text says registers and values. */
    void (*violation)(void *context, enum violation_level level, const char *rule, const char *text);
};

/*
 * Plain memory that the core reads (and writes) without asking the bus. base and size are multiples of 4.
 * size 0 closes a window; the chip does that to the flash ones while the flash is busy, so that the next
 * access comes through the bus and can be made to wait.
 */
struct cortex_m3_window {
    uint32_t base;
    uint32_t size;
    uint8_t *bytes;
    bool writable;
    uint8_t wait_states; /* cycles an access waits; straight code: see m3_next_line */
};

struct cortex_m3_systick {
    uint32_t csr; /* ENABLE, TICKINT, CLKSOURCE; COUNTFLAG */
    uint32_t rvr;
    uint32_t cvr;     /* at `counted`; between, computed */
    uint64_t counted; /* cpu cycles at which cvr was up to date */
    uint64_t wraps;   /* cpu cycles at which the counter next reaches 0; UINT64_MAX when it does not run */
};

struct cortex_m3_nvic {
    bool enabled[CORTEX_M3_MAX_IRQS];
    bool pending[CORTEX_M3_MAX_IRQS];
    bool active[CORTEX_M3_MAX_IRQS];
    bool line[CORTEX_M3_MAX_IRQS]; /* level of the request line */
    uint8_t priority[CORTEX_M3_MAX_IRQS];
};

struct cortex_m3_system {
    uint32_t vtor, aircr, scr, ccr, shcsr, cfsr, hfsr, dfsr, mmfar, bfar, demcr;
    uint8_t priority[16]; /* of exceptions 4 to 15 */
    bool pending[16];
    bool active[16];
    uint32_t dwt_ctrl;
    uint64_t dwt_base;               /* cycles at which CYCCNT was 0 */
    uint32_t dwt_held;               /* CYCCNT while it stands still */
    bool trace_told;                 /* that a trace unit was read while TRCENA is 0 */
    uint32_t plain[CORTEX_M3_PLAIN]; /* registers that only hold what was written */
};

/* A place where a loop comes around, and the core's state when it last did (cortex_m3_idle.c). */
struct cortex_m3_loop {
    uint32_t head;
    uint32_t used;     /* when, for replacement */
    uint32_t passes;   /* since the state was taken */
    uint32_t patience; /* passes until it is taken anew */
    uint64_t run;      /* which call of cortex_m3_run; others do not compare */
    uint64_t side_effects, cycles, instructions, changes;
    uint32_t r[16];
    uint32_t other_sp, apsr, exclusive_address, masks, mode;
};

enum { CORTEX_M3_LOOP_SETS = 8, CORTEX_M3_LOOP_WAYS = 4, CORTEX_M3_CHANGES = 256 };

/* What the core keeps for itself. */
struct cortex_m3_private {
    uint32_t code_base, code_size; /* window instructions come from; size 0: look for it */
    const uint8_t *code;
    uint32_t code_wait;
    /* Instructions that need no new line: those of the line of 8 bytes being executed if the window has wait
     * states, else all of the window's. at_hand 0: look for the window. */
    uint32_t line, at_hand;
    bool line_timed;        /* line is one of 8 bytes */
    uint64_t line_ready;    /* cycles at which the line behind it is there */
    uint64_t line_began[2]; /* cycles at which this line and the one before began */
    uint32_t at;            /* address of the instruction being executed */
    uint8_t at_itstate;     /* ITSTATE it runs under */
    uint8_t attention;      /* why the inner loop must end */
    bool unprivileged;      /* LDRT, STRT and their kind */
    bool unbuffered;        /* STREX: waits for the bus's answer */
    bool sleep_is_wfe;
    bool entered;     /* an exception was, and none of its instructions is executed yet */
    bool below_limit; /* stack overflow has been reported */
    uint64_t limit;   /* the inner loop ends at these cycles */
    uint64_t horizon; /* nothing outside changes before */
    uint64_t run;
    uint32_t loop_clock;
    uint64_t changes; /* of memory in windows, ever */
    struct {
        uint32_t address, was;
    } change[CORTEX_M3_CHANGES]; /* the latest */
    struct cortex_m3_loop loop[CORTEX_M3_LOOP_SETS][CORTEX_M3_LOOP_WAYS];
};

struct cortex_m3 {
    uint32_t r[16];    /* r[13] is the stack pointer in use, r[15] the address of the next instruction */
    uint32_t other_sp; /* the banked one: PSP while MSP is in use, and the other way round */
    uint32_t apsr;     /* N Z C V Q in bits 31..27 */
    uint16_t ipsr;     /* number of the exception being handled, 0 in thread mode */
    uint8_t itstate;
    bool thumb; /* EPSR.T */
    uint8_t primask, faultmask, basepri, control;
    bool exclusive; /* local monitor */
    uint32_t exclusive_address;
    bool sleeping; /* after WFI, WFE or sleep-on-exit */
    bool event;    /* event register of WFE */
    bool locked_up;
    bool stop;             /* anyone may set it: cortex_m3_run returns before the next instruction */
    bool at_breakpoint;    /* cortex_m3_run returned because of one */
    uint64_t cycles;       /* processor cycles since power-up; the chip may add to it (wait states) */
    uint64_t instructions; /* executed since power-up */
    /*
     * Grows with everything that makes two passes of a loop differ. The core sees to memory in windows and
     * to its own registers; the chip must increment it for every register access that is not the same each
     * time, and for every change to a window's bytes it makes during cortex_m3_run (see cortex_m3_idle.c).
     */
    uint64_t side_effects;
    uint32_t stack_limit; /* a push below it is the violation "stack-overflow"; 0: not checked */
    unsigned irqs;        /* implemented interrupt lines */
    struct cortex_m3_window window[CORTEX_M3_WINDOWS];
    struct cortex_m3_nvic nvic;
    struct cortex_m3_system system;
    struct cortex_m3_systick systick;
    struct cortex_m3_bus bus;
    unsigned breakpoint_count;
    uint32_t breakpoint[CORTEX_M3_BREAKPOINTS];
    bool every_pass; /* never skip idle loops; for comparisons in tests */
    /* The largest divider of a bus clock, minus 1: accesses wait for that clock, so passes of a loop are
     * alike only if they begin at the same phase of it. */
    uint32_t phase_mask;
    /*
     * Not NULL: a debugger is there, and BKPT ends cortex_m3_run (at_breakpoint) instead of raising a fault.
     */
    void *debugger;
    /* A bit for each window: whoever opens windows leaves these closed, so that a debugger sees every access
     * go through the bus. */
    uint8_t closed_windows;
    /* The processor fell asleep or woke; bus.context is handed back. May be NULL. */
    void (*slept)(void *context, bool asleep);
    bool sleep_told;
    struct cortex_m3_private private_state;
};

/*
 * Cold start: everything zero, then cortex_m3_reset. The windows must be in place: the vector table is read.
 */
void cortex_m3_init(struct cortex_m3 *cpu, const struct cortex_m3_bus *bus, unsigned irqs);

/* System reset: all of the core but its debug units as after reset, SP and PC from the table at address 0.
 * cycles goes on. */
void cortex_m3_reset(struct cortex_m3 *cpu);

/*
 * Executes until cycles >= until, or stop is set, or a breakpoint is reached (the instruction there is not
 * executed; it is if at_breakpoint is still set from the call before, so that a run can go on). A sleeping or
 * locked-up core lets the cycles pass. SysTick counts on the way. At least one instruction is executed, or
 * one exception entered, if cycles < until.
 */
void cortex_m3_run(struct cortex_m3 *cpu, uint64_t until);

/* Level of an interrupt request line, 0..irqs-1. A rising edge pends, a level that
 * stays pends again on return. */
void cortex_m3_set_irq(struct cortex_m3 *cpu, unsigned irq, bool level);
void cortex_m3_pend_nmi(struct cortex_m3 *cpu);
/* An event from outside (SEV, EXTI event): wakes WFE. */
void cortex_m3_send_event(struct cortex_m3 *cpu);

/* For debuggers and tests; they have no side effects on peripherals: only windows are read. */
bool cortex_m3_peek(const struct cortex_m3 *cpu, uint32_t address, void *to, size_t length);
uint32_t cortex_m3_xpsr(const struct cortex_m3 *cpu);
void cortex_m3_set_xpsr(struct cortex_m3 *cpu, uint32_t value);
uint32_t cortex_m3_msp(const struct cortex_m3 *cpu);
uint32_t cortex_m3_psp(const struct cortex_m3 *cpu);
/* Registers in four lines of text, for fault reports. Returns `text`. */
char *cortex_m3_describe(const struct cortex_m3 *cpu, char *text, size_t size);
