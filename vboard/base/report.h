/* What the virtual board tells its user: one way for everything that happens, so that
 * each user picks what to hear. */
#pragma once

#include <stdbool.h>

enum report_kind {
    REPORT_USB,       /* attach, bus reset, address, configuration, suspend */
    REPORT_LED,       /* the LED's state changed */
    REPORT_RESET,     /* power, NRST, software reset, watchdog */
    REPORT_FAULT,     /* exceptions of the fault kind, lock-up, with registers */
    REPORT_VIOLATION, /* a rule of the manual broken; text starts with the rule's level and name */
    REPORT_PACKET,    /* each USB packet */
    REPORT_FLASH,     /* each flash operation */
    REPORT_REGISTER,  /* each access to a peripheral register */
    REPORT_NOTE,      /* whatever else a person wants to know */
    REPORT_KINDS
};

/* How bad a violation is. */
enum violation_level {
    FORBIDDEN,  /* the manual says it must not be done */
    UNDEFINED,  /* the manual does not say what happens */
    SUSPICIOUS, /* allowed, but hardly what its author wanted */
};
