/*
 * Every power cut of a download: before, inside and after each flash operation. What the board does after
 * each one is compared with the promise: the bootloader can be reached, and an application is started only if
 * every byte of it is the whole old or the whole new image. Of a signed target the new image is started only
 * if the maker signed it and its version was recorded, and no recorded version is ever lost.
 */
#pragma once

#include "client.h"

enum { WHOLE_AREA = UINT32_MAX };

struct scenario {
    const char *name;
    uint32_t old_length; /* bytes of the application that is there; 0: blank; or WHOLE_AREA */
    uint32_t new_length; /* bytes of the image sent; or WHOLE_AREA */
    uint32_t surplus;    /* bytes beyond that */
    enum {
        NEW_ALL,     /* every page of the new image differs from the old one's */
        NEW_SAME,    /* none does */
        NEW_PAGES,   /* those in `changed` do */
        NEW_BLANK,   /* all behind the first two words reads as erased flash does */
        NEW_REFUSED, /* as NEW_ALL, but not an application */
    } content;
    uint64_t changed; /* a bit for each of the first 64 pages */
    uint32_t abort_at;
    bool protected; /* the application's pages from the fifth on, eight of them, by option bytes */
    bool clone;     /* a chip that refuses to program 0 over data */
    /* of signed targets: who signed the new image, or that its version is below the old one's */
    enum { MAKER, STRANGER, OLDER } maker;
    bool upload;       /* a part of the area is read before each download */
    bool first;        /* the chip is blank; the old application only says what is sent after a cut */
    bool junk_log;     /* the page of the log of versions has the rest of something else */
    uint8_t ends_with; /* bStatus */
    unsigned every;    /* cut at each n-th operation; 1: at all of them */
};

struct figures {
    uint64_t operations; /* of the clean run */
    uint64_t cuts, second_cuts;
    uint64_t interruptions;                    /* by the host, and a cut after that */
    uint64_t old_started, new_started, waited; /* what the board did after the cut */
    uint64_t no_reset_vector;                  /* the high variant only */
    uint64_t enumerations;                     /* with the button held, after a cut */
    uint64_t recoveries;                       /* whole downloads after a cut */
    /* of cuts that leave unstable cells */
    uint64_t power_ups; /* after a cut, each with other readings */
    uint64_t retries;   /* downloads that such a cell made end with an error */
    uint64_t weak;      /* power-ups that would start an image with unstable cells besides the key */
};

/* Each fails the test with a sentence. */
void sweep(const char *target, const struct scenario *scenario, struct figures *figures);
/* The same with cuts that leave unstable cells: in what decides which image is valid, and a second cut in the
 * download that follows. Each cut is followed by several power-ups, in which the cells read differently. */
void sweep_cells(const char *target, const struct scenario *scenario, struct figures *figures);
/* The old image is shorter than the new one. A cut behind its end, while the new one is written; then the old
 * one is sent, whole, and then the new one: no cell of that may be in doubt. */
void sweep_behind(const char *target, const struct scenario *scenario, struct figures *figures);
/* No cuts but a host that interrupts, before, within and after each operation that decides something: nothing
 * may be used up by that, and the next download works with a power cycle and without. */
void sweep_hosts(const char *target, const struct scenario *scenario, struct figures *figures);

/* Everything once: DEEP=1 in the environment. Else a sample. */
bool sweep_deep(void);
