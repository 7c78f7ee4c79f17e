/* What gdb asks of the stub and, in `monitor`, its user of the board (gdb manual, appendix E.4). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "board/commands.h"
#include "private.h"

enum { PC = 15 };

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* monitor */

/* Names as OpenOCD's users know them: both reset and hold, since the board stands still while one types. */
static bool is_reset(const char *line)
{
    static const char *const names[] = {"reset", "reset halt", "reset init"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(line, names[i]) == 0)
            return true;
    return false;
}

static void monitor(struct gdb *gdb, const char *hex)
{
    char line[GDB_TEXT] = "", text[GDB_TEXT] = "";
    gdb_from_hex(hex, (uint8_t *)line, sizeof line - 1);
    if (strcmp(line, "halt") == 0)
        snprintf(text, sizeof text, "the board stands still while you type; 'continue' lets it run\n");
    else if (is_reset(line)) {
        gdb_reset_and_hold(gdb);
        snprintf(text, sizeof text, "reset, PC 0x%08X; 'maintenance flush register-cache' shows it to gdb\n",
                 (unsigned)gdb_read_register(gdb->board, PC));
    } else if (strcmp(line, "reset run") == 0) {
        gdb_reset_and_run(gdb);
        snprintf(text, sizeof text, "reset, and it runs; 'continue' waits for it, 'detach' lets it alone\n");
    } else if (strcmp(line, "version") == 0)
        snprintf(text, sizeof text, "vboard " VBOARD_VERSION "\n");
    else if (command_obey(gdb->board, line))
        snprintf(text, sizeof text, "%s: done\n", line);
    else
        snprintf(text, sizeof text,
                 "monitor reset            the reset pin; the board then waits before its first instruction\n"
                 "monitor reset run        the same, and the board runs\n"
                 "monitor version          of vboard\n"
                 "monitor power off        and power on\n"
                 "monitor unplug           and plug: the USB cable\n"
                 "monitor press            and release: the button\n");
    gdb_say_hex(gdb, text, strlen(text));
}

/* Questions */

/* "OFFSET,LENGTH" of a document; l before its last part, m before the others. */
static void transfer(struct gdb *gdb, const char *document, const char *range)
{
    uint32_t offset, length;
    size_t total = strlen(document);
    if (!gdb_parse_range(range, '\0', &offset, &length) || offset > total) {
        gdb_say_done(gdb, false);
        return;
    }
    size_t left = total - offset, room = sizeof gdb->answer - 2;
    size_t part = length < room ? length : room;
    gdb_say(gdb, "%c%.*s", part < left ? 'm' : 'l', (int)(part < left ? part : left), document + offset);
}

/* LLDB's question (its "GDB remote protocol extensions"); it walks through the whole of its 64-bit address
 * space and takes an error for a contradiction. */
static void memory_region(struct gdb *gdb, const char *text)
{
    char *end;
    unsigned long long address = strtoull(text, &end, 16);
    if (end == text) {
        gdb_say_done(gdb, false);
        return;
    }
    struct gdb_region region = gdb_region_at(gdb->board, address);
    gdb_say(gdb, "start:%llx;size:%llx;", (unsigned long long)region.start,
            (unsigned long long)region.length);
    if (region.permissions)
        gdb_say(gdb, "permissions:%s;", region.permissions);
}

void gdb_query(struct gdb *gdb, const char *packet)
{
    static const char features[] = "qXfer:features:read:target.xml:", map[] = "qXfer:memory-map:read::";
    static const char region[] = "qMemoryRegionInfo:";
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
    } else if (starts_with(packet, region)) {
        memory_region(gdb, packet + strlen(region));
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
