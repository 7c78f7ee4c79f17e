/* Shared by gdb.c (connection), gdb_run.c (run control), gdb_packets.c and gdb_queries.c (what each packet
 * asks for), gdb_target.c (registers, memory) and gdb_watch.c (watchpoints). */
#pragma once

#include "gdb.h"

enum {
    GDB_PACKET = 0x4000, /* the largest, either way */
    GDB_WATCHPOINTS = 16,
    GDB_TEXT = 1024
};

/* Signals as gdb numbers them. */
enum { GDB_SIGINT = 2, GDB_SIGILL = 4, GDB_SIGTRAP = 5, GDB_SIGABRT = 6 };

/* As in the packets Z2, Z3, Z4. */
enum gdb_watch_kind { GDB_WATCH_WRITE = 2, GDB_WATCH_READ, GDB_WATCH_ACCESS };

struct gdb_watchpoint {
    enum gdb_watch_kind kind;
    uint32_t address, length;
};

struct gdb {
    struct board *board;
    int listener, client; /* client: -1 without one */
    bool spoken;          /* the client speaks the protocol: its first byte was one of it */
    bool held;            /* the board stands still */
    bool stepping;        /* one instruction, then held again */
    bool answer_due;      /* the debugger waits to hear that the board stopped */
    bool no_acknowledgements;
    bool extended; /* '!': the debugger may kill the program and run it again */
    bool killed;
    int signal; /* why the board was last stopped */
    unsigned breakpoint_count;
    uint32_t breakpoint[CORTEX_M3_BREAKPOINTS];
    unsigned watchpoint_count;
    struct gdb_watchpoint watchpoint[GDB_WATCHPOINTS];
    struct gdb_watchpoint hit; /* length 0: none was */
    struct chip *copy;         /* read in place of the chip, so that reads change nothing */
    size_t received, answered;
    char in[2 * GDB_PACKET];
    char answer[GDB_PACKET + 1];
};

/* gdb.c */
void gdb_send(struct gdb *gdb, const char *packet, size_t length);
/* Adds printf-like to the answer under way. */
void gdb_say(struct gdb *gdb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gdb_say_hex(struct gdb *gdb, const void *bytes, size_t length);
void gdb_send_answer(struct gdb *gdb);

/* gdb_run.c; gdb_run itself is in gdb.h */
void gdb_resume(struct gdb *gdb, bool step);
/* Stops the board, and says so if the debugger waits for it. */
void gdb_hold(struct gdb *gdb, int signal);
void gdb_reset_and_hold(struct gdb *gdb);
void gdb_reset_and_run(struct gdb *gdb);
void gdb_detach(struct gdb *gdb);
/* Adds the stop reply to the answer. */
void gdb_say_stopped(struct gdb *gdb);
/* Hands break- and watchpoints to the core, which forgets them when power is switched. */
void gdb_arm(struct gdb *gdb, bool breakpoints);

/* gdb_packets.c: leaves in gdb->answer what to send; false: nothing yet. */
bool gdb_packet(struct gdb *gdb, char *packet, size_t length);
/* What comes behind a number; NULL when it is not there. */
const char *gdb_parse_hex(const char *text, uint32_t *value);
/* "ADDRESS,LENGTH<after>": what comes behind; NULL when it is not so. */
const char *gdb_parse_range(const char *text, char after, uint32_t *address, uint32_t *length);
/* How many bytes the text gives. */
size_t gdb_from_hex(const char *text, uint8_t *bytes, size_t room);
void gdb_say_done(struct gdb *gdb, bool good);

/* gdb_queries.c: the packets that begin with q. */
void gdb_query(struct gdb *gdb, const char *packet);

/* gdb_target.c */
extern const char gdb_target_xml[];
enum { GDB_REGISTERS = 23 };
uint32_t gdb_read_register(const struct board *board, unsigned number);
/* false: there is no such register, or it cannot have this value: IPSR (in xPSR) is 0, what it is, or the
 * number of an active exception. */
bool gdb_write_register(struct board *board, unsigned number, uint32_t value);
/* How many of the bytes could be read. */
size_t gdb_read_memory(struct gdb *gdb, uint32_t address, uint8_t *bytes, size_t length);
bool gdb_write_memory(struct gdb *gdb, uint32_t address, const uint8_t *bytes, size_t length);
void gdb_memory_map(const struct board *board, char *xml, size_t size);
/* What is at an address: a part of the memory map, or the gap between two. */
struct gdb_region {
    uint64_t start, length;
    const char *type, *permissions; /* NULL: nothing is there */
};
struct gdb_region gdb_region_at(const struct board *board, uint64_t address);

/* gdb_watch.c: both false when the watchpoint does not fit or is not there. */
bool gdb_watch(struct gdb *gdb, enum gdb_watch_kind kind, uint32_t address, uint32_t length);
bool gdb_unwatch(struct gdb *gdb, enum gdb_watch_kind kind, uint32_t address, uint32_t length);
/* Before each run: the chip forgets when its power is switched. */
void gdb_arm_watchpoints(struct gdb *gdb);
