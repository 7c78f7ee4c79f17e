/* What each packet of gdb's remote serial protocol asks for (gdb manual, appendix E). An empty answer says
 * that there is no such packet here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "gdb_private.h"

/* NULL when the number is not there. */
static const char *parse_hex(const char *text, uint32_t *value)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 16);
    *value = (uint32_t)number;
    return end == text || number > UINT32_MAX ? NULL : end;
}

/* "ADDRESS<between>LENGTH<after>": what comes behind; NULL when it is not so. */
static const char *parse_range(const char *text, char after, uint32_t *address, uint32_t *length)
{
    text = parse_hex(text, address);
    if (!text || *text != ',')
        return NULL;
    text = parse_hex(text + 1, length);
    if (!text || *text != after)
        return NULL;
    return after ? text + 1 : text;
}

/* How many bytes the text gives. */
static size_t from_hex(const char *text, uint8_t *bytes, size_t room)
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

static void say_done(struct gdb *gdb, bool good)
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
    size_t count = from_hex(text, (uint8_t *)values, sizeof values) / sizeof values[0];
    for (unsigned i = 0; i < count; i++)
        gdb_write_register(gdb->board, i, values[i]);
    say_done(gdb, true);
}

static void read_register(struct gdb *gdb, const char *text)
{
    uint32_t number;
    if (parse_hex(text, &number) && number < GDB_REGISTERS)
        say_register(gdb, number);
    else
        say_done(gdb, false);
}

static void write_register(struct gdb *gdb, const char *text)
{
    uint32_t number, value;
    text = parse_hex(text, &number);
    bool good = text && *text == '=' && number < GDB_REGISTERS &&
                from_hex(text + 1, (uint8_t *)&value, sizeof value) == sizeof value;
    if (good)
        gdb_write_register(gdb->board, number, value);
    say_done(gdb, good);
}

/* Memory */

static void read_memory(struct gdb *gdb, const char *text)
{
    uint8_t bytes[GDB_PACKET / 2];
    uint32_t address, length;
    if (!parse_range(text, '\0', &address, &length)) {
        say_done(gdb, false);
        return;
    }
    size_t got = gdb_read_memory(gdb, address, bytes, length < sizeof bytes ? length : sizeof bytes);
    gdb_say_hex(gdb, bytes, got);
    if (got == 0 && length)
        say_done(gdb, false);
}

static void write_memory_hex(struct gdb *gdb, const char *text)
{
    uint8_t bytes[GDB_PACKET];
    uint32_t address, length;
    text = parse_range(text, ':', &address, &length);
    say_done(gdb, text && length <= sizeof bytes && from_hex(text, bytes, length) == length &&
                      gdb_write_memory(gdb, address, bytes, length));
}

static void write_memory(struct gdb *gdb, const char *packet, size_t packet_length)
{
    uint32_t address, length;
    const char *data = parse_range(packet + 1, ':', &address, &length);
    say_done(gdb, data && (size_t)(packet + packet_length - data) == length &&
                      gdb_write_memory(gdb, address, (const uint8_t *)data, length));
}

/* Flash, for gdb's `load` */

static void erase_flash(struct gdb *gdb, const char *text)
{
    enum { ERASED = 0xFF };
    static const uint8_t blank = ERASED;
    uint32_t address, length;
    bool good = parse_range(text, '\0', &address, &length);
    for (uint32_t i = 0; good && i < length; i++)
        good = flash_load(&gdb->board->chip, address + i, &blank, 1);
    say_done(gdb, good);
}

static void write_flash(struct gdb *gdb, const char *packet, size_t packet_length)
{
    uint32_t address;
    const char *data = parse_hex(packet + strlen("vFlashWrite:"), &address);
    say_done(gdb, data && *data == ':' &&
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
    const char *end = packet[2] == ',' ? parse_hex(packet + 3, &address) : NULL;
    if (kind < 0 || kind > GDB_WATCH_ACCESS)
        return;
    if (!end || *end != ',' || !parse_hex(end + 1, &length))
        say_done(gdb, false);
    else if (kind < GDB_WATCH_WRITE)
        say_done(gdb, insert ? insert_breakpoint(gdb, address) : remove_breakpoint(gdb, address));
    else
        say_done(gdb, (insert ? gdb_watch : gdb_unwatch)(gdb, (enum gdb_watch_kind)kind, address, length));
}

/* Going on: c, s, C and S with a signal that means nothing here, each with an address or without. */

static void resume_at(struct gdb *gdb, const char *address, bool step)
{
    uint32_t pc;
    if (address && parse_hex(address, &pc))
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

static void reset_and_hold(struct gdb *gdb)
{
    board_power(gdb->board, true);
    board_reset_button(gdb->board);
    gdb->held = true;
    gdb->signal = GDB_SIGTRAP;
}

/* monitor */

static void monitor(struct gdb *gdb, const char *hex)
{
    char line[GDB_TEXT] = "", text[GDB_TEXT] = "";
    from_hex(hex, (uint8_t *)line, sizeof line - 1);
    if (strcmp(line, "halt") == 0) {
        snprintf(text, sizeof text, "the board stands still while you type; 'continue' lets it run\n");
    } else if (strcmp(line, "reset") == 0 || strcmp(line, "reset halt") == 0) {
        reset_and_hold(gdb);
        snprintf(text, sizeof text, "reset, PC 0x%08X; 'maintenance flush register-cache' shows it to gdb\n",
                 (unsigned)gdb_read_register(gdb->board, 15));
    } else if (command_obey(gdb->board, line)) {
        snprintf(text, sizeof text, "%s: done\n", line);
    } else {
        snprintf(text, sizeof text, "monitor knows: halt, reset halt, %s\n", command_names);
    }
    gdb_say_hex(gdb, text, strlen(text));
}

/* Questions */

/* "OFFSET,LENGTH" of a document; l before its last part, m before the others. */
static void transfer(struct gdb *gdb, const char *document, const char *range)
{
    uint32_t offset, length;
    size_t total = strlen(document);
    if (!parse_range(range, '\0', &offset, &length) || offset > total) {
        say_done(gdb, false);
        return;
    }
    size_t left = total - offset, room = sizeof gdb->answer - 2;
    size_t part = length < room ? length : room;
    gdb_say(gdb, "%c%.*s", part < left ? 'm' : 'l', (int)(part < left ? part : left), document + offset);
}

static void query(struct gdb *gdb, const char *packet)
{
    static const char features[] = "qXfer:features:read:target.xml:", map[] = "qXfer:memory-map:read::";
    char memory_map[GDB_PACKET / 4];
    if (starts_with(packet, "qSupported")) {
        gdb_say(gdb,
                "PacketSize=%x;qXfer:features:read+;qXfer:memory-map:read+;vContSupported+;"
                "QStartNoAckMode+;hwbreak-;swbreak-",
                GDB_PACKET);
    } else if (starts_with(packet, features)) {
        transfer(gdb, gdb_target_xml, packet + strlen(features));
    } else if (starts_with(packet, map)) {
        gdb_memory_map(gdb->board, memory_map, sizeof memory_map);
        transfer(gdb, memory_map, packet + strlen(map));
    } else if (starts_with(packet, "qRcmd,")) {
        monitor(gdb, packet + strlen("qRcmd,"));
    } else if (strcmp(packet, "qC") == 0) {
        gdb_say(gdb, "QC1");
    } else if (strcmp(packet, "qfThreadInfo") == 0) {
        gdb_say(gdb, "m1");
    } else if (strcmp(packet, "qsThreadInfo") == 0) {
        gdb_say(gdb, "l");
    } else if (starts_with(packet, "qAttached")) {
        gdb_say(gdb, "1");
    } else if (starts_with(packet, "qSymbol")) {
        gdb_say(gdb, "OK");
    }
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
        say_done(gdb, true);
    } else if (starts_with(packet, "vRun")) {
        reset_and_hold(gdb);
        gdb_say_stopped(gdb);
    } else if (starts_with(packet, "vKill")) {
        gdb->killed = true;
        say_done(gdb, true);
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
    case 'q': query(gdb, packet); return true;
    case 'H':
    case 'T':
    case '!': say_done(gdb, true); return true;
    case 'R': reset_and_hold(gdb); return false;
    case 'k': gdb->killed = true; return false;
    case 'D':
        gdb_detach(gdb);
        say_done(gdb, true);
        return true;
    case 'Q':
        if (strcmp(packet, "QStartNoAckMode") == 0) {
            gdb->no_acknowledgements = true;
            say_done(gdb, true);
        }
        return true;
    default: return true;
    }
}
