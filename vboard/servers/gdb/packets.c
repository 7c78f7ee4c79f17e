/* What each packet of gdb's remote serial protocol asks for (gdb manual, appendix E). An empty answer says
 * that there is no such packet here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

const char *gdb_parse_hex(const char *text, uint32_t *value)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 16);
    *value = (uint32_t)number;
    return end == text || number > UINT32_MAX ? NULL : end;
}

const char *gdb_parse_range(const char *text, char after, uint32_t *address, uint32_t *length)
{
    text = gdb_parse_hex(text, address);
    if (!text || *text != ',')
        return NULL;
    text = gdb_parse_hex(text + 1, length);
    if (!text || *text != after)
        return NULL;
    return after ? text + 1 : text;
}

size_t gdb_from_hex(const char *text, uint8_t *bytes, size_t room)
{
    size_t count = 0;
    char pair[3] = "";
    for (; count < room && text[0] && text[1]; text += 2, count++) {
        memcpy(pair, text, 2);
        bytes[count] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return count;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

void gdb_say_done(struct gdb *gdb, bool good)
{
    gdb_say(gdb, good ? "OK" : "E01");
}

/* Registers */

static void say_register(struct gdb *gdb, unsigned number)
{
    uint32_t value = gdb_read_register(gdb->board, number);
    gdb_say_hex(gdb, &value, sizeof value);
}

static void read_registers(struct gdb *gdb)
{
    for (unsigned i = 0; i < GDB_REGISTERS; i++)
        say_register(gdb, i);
}

static void write_registers(struct gdb *gdb, const char *text)
{
    uint32_t values[GDB_REGISTERS];
    size_t count = gdb_from_hex(text, (uint8_t *)values, sizeof values) / sizeof values[0];
    bool good = true;
    for (unsigned i = 0; i < count; i++)
        good = gdb_write_register(gdb->board, i, values[i]) && good;
    gdb_say_done(gdb, good);
}

static void read_register(struct gdb *gdb, const char *text)
{
    uint32_t number;
    if (gdb_parse_hex(text, &number) && number < GDB_REGISTERS)
        say_register(gdb, number);
    else
        gdb_say_done(gdb, false);
}

static void write_register(struct gdb *gdb, const char *text)
{
    uint32_t number, value;
    text = gdb_parse_hex(text, &number);
    bool good = text && *text == '=' && number < GDB_REGISTERS &&
                gdb_from_hex(text + 1, (uint8_t *)&value, sizeof value) == sizeof value;
    gdb_say_done(gdb, good && gdb_write_register(gdb->board, number, value));
}

/* Memory */

static void read_memory(struct gdb *gdb, const char *text)
{
    uint8_t bytes[GDB_PACKET / 2];
    uint32_t address, length;
    if (!gdb_parse_range(text, '\0', &address, &length)) {
        gdb_say_done(gdb, false);
        return;
    }
    size_t got = gdb_read_memory(gdb, address, bytes, length < sizeof bytes ? length : sizeof bytes);
    gdb_say_hex(gdb, bytes, got);
    if (got == 0 && length)
        gdb_say_done(gdb, false);
}

static void write_memory_hex(struct gdb *gdb, const char *text)
{
    uint8_t bytes[GDB_PACKET];
    uint32_t address, length;
    text = gdb_parse_range(text, ':', &address, &length);
    gdb_say_done(gdb, text && length <= sizeof bytes && gdb_from_hex(text, bytes, length) == length &&
                          gdb_write_memory(gdb, address, bytes, length));
}

static void write_memory(struct gdb *gdb, const char *packet, size_t packet_length)
{
    uint32_t address, length;
    const char *data = gdb_parse_range(packet + 1, ':', &address, &length);
    gdb_say_done(gdb, data && (size_t)(packet + packet_length - data) == length &&
                          gdb_write_memory(gdb, address, (const uint8_t *)data, length));
}

/* Flash, for gdb's `load` */

static void erase_flash(struct gdb *gdb, const char *text)
{
    enum { ERASED = 0xFF };
    static const uint8_t blank = ERASED;
    uint32_t address, length;
    bool good = gdb_parse_range(text, '\0', &address, &length);
    for (uint32_t i = 0; good && i < length; i++)
        good = flash_load(&gdb->board->chip, address + i, &blank, 1);
    gdb_say_done(gdb, good);
}

static void write_flash(struct gdb *gdb, const char *packet, size_t packet_length)
{
    uint32_t address;
    const char *data = gdb_parse_hex(packet + strlen("vFlashWrite:"), &address);
    gdb_say_done(gdb, data && *data == ':' &&
                          flash_load(&gdb->board->chip, address, data + 1,
                                     (uint32_t)(packet + packet_length - data - 1)));
}

/* Break- and watchpoints */

static bool insert_breakpoint(struct gdb *gdb, uint32_t address)
{
    if (gdb->breakpoint_count == CORTEX_M3_BREAKPOINTS)
        return false;
    gdb->breakpoint[gdb->breakpoint_count++] = address;
    return true;
}

static bool remove_breakpoint(struct gdb *gdb, uint32_t address)
{
    for (unsigned i = 0; i < gdb->breakpoint_count; i++)
        if (gdb->breakpoint[i] == address) {
            gdb->breakpoint[i] = gdb->breakpoint[--gdb->breakpoint_count];
            return true;
        }
    return false;
}

/* Z or z, kind 0 to 4: software and hardware breakpoints are the same here. */
static void change_point(struct gdb *gdb, const char *packet)
{
    bool insert = packet[0] == 'Z';
    int kind = packet[1] - '0';
    uint32_t address, length;
    const char *end = packet[2] == ',' ? gdb_parse_hex(packet + 3, &address) : NULL;
    if (kind < 0 || kind > GDB_WATCH_ACCESS)
        return;
    if (!end || *end != ',' || !gdb_parse_hex(end + 1, &length))
        gdb_say_done(gdb, false);
    else if (kind < GDB_WATCH_WRITE)
        gdb_say_done(gdb, insert ? insert_breakpoint(gdb, address) : remove_breakpoint(gdb, address));
    else
        gdb_say_done(gdb,
                     (insert ? gdb_watch : gdb_unwatch)(gdb, (enum gdb_watch_kind)kind, address, length));
}

/* Going on: c, s, C and S with a signal that means nothing here, each with an address or without. */

static void resume_at(struct gdb *gdb, const char *address, bool step)
{
    uint32_t pc;
    if (address && gdb_parse_hex(address, &pc))
        gdb_write_register(gdb->board, 15, pc);
    gdb_resume(gdb, step);
}

static void resume(struct gdb *gdb, const char *packet)
{
    bool with_signal = packet[0] == 'C' || packet[0] == 'S';
    const char *semicolon = strchr(packet, ';');
    const char *address = with_signal ? semicolon ? semicolon + 1 : NULL : packet + 1;
    resume_at(gdb, address, packet[0] == 's' || packet[0] == 'S');
}

/* A debugger that may run it again finds it at its beginning; for others this is the end. */
static void kill_program(struct gdb *gdb)
{
    if (gdb->extended)
        gdb_reset_and_hold(gdb);
    else
        gdb->killed = true;
}

/* The letter v and a word. false: no answer yet. */
static bool long_packet(struct gdb *gdb, char *packet, size_t length)
{
    if (strcmp(packet, "vCont?") == 0) {
        gdb_say(gdb, "vCont;c;C;s;S");
    } else if (starts_with(packet, "vCont;")) {
        const char *action = packet + strlen("vCont;");
        gdb_resume(gdb, *action == 's' || *action == 'S');
        return false;
    } else if (starts_with(packet, "vFlashErase:")) {
        erase_flash(gdb, packet + strlen("vFlashErase:"));
    } else if (starts_with(packet, "vFlashWrite:")) {
        write_flash(gdb, packet, length);
    } else if (strcmp(packet, "vFlashDone") == 0) {
        gdb_say_done(gdb, true);
    } else if (starts_with(packet, "vRun")) {
        gdb_reset_and_hold(gdb);
        gdb_say_stopped(gdb);
    } else if (starts_with(packet, "vKill")) {
        kill_program(gdb);
        gdb_say_done(gdb, true);
    }
    return true;
}

bool gdb_packet(struct gdb *gdb, char *packet, size_t length)
{
    switch (packet[0]) {
    case '?': gdb_say_stopped(gdb); return true;
    case 'g': read_registers(gdb); return true;
    case 'G': write_registers(gdb, packet + 1); return true;
    case 'p': read_register(gdb, packet + 1); return true;
    case 'P': write_register(gdb, packet + 1); return true;
    case 'm': read_memory(gdb, packet + 1); return true;
    case 'M': write_memory_hex(gdb, packet + 1); return true;
    case 'X': write_memory(gdb, packet, length); return true;
    case 'Z':
    case 'z': change_point(gdb, packet); return true;
    case 'c':
    case 's':
    case 'C':
    case 'S': resume(gdb, packet); return false;
    case 'v': return long_packet(gdb, packet, length);
    case 'q': gdb_query(gdb, packet); return true;
    case '!':
        gdb->extended = true;
        gdb_say_done(gdb, true);
        return true;
    case 'H':
    case 'T': gdb_say_done(gdb, true); return true;
    case 'R': gdb_reset_and_hold(gdb); return false;
    case 'k': kill_program(gdb); return false;
    case 'D':
        gdb_detach(gdb);
        gdb_say_done(gdb, true);
        return true;
    case 'Q':
        if (strcmp(packet, "QStartNoAckMode") == 0) {
            gdb->no_acknowledgements = true;
            gdb_say_done(gdb, true);
        }
        return true;
    default: return true;
    }
}
