/* Watchpoints: the windows of the memory that is watched stay closed, so that every access comes through the
 * bus, and is looked at there. What is not watched costs nothing. */
#include "private.h"

enum { SRAM = 0x20000000, SRAM_END = 0x40000000 };
/* Bits of closed_windows, as bus.c numbers the windows. */
enum { FLASH_WINDOWS = 3, SRAM_WINDOW = 4 };

static bool concerns(const struct gdb_watchpoint *watch, uint32_t address, unsigned size, bool write)
{
    enum gdb_watch_kind kind = write ? GDB_WATCH_WRITE : GDB_WATCH_READ;
    bool overlap = address < watch->address + watch->length && watch->address < address + size;
    return overlap && (watch->kind == GDB_WATCH_ACCESS || watch->kind == kind);
}

static void look(struct chip *chip, uint32_t address, unsigned size, bool write)
{
    struct gdb *gdb = chip->cpu.debugger;
    for (unsigned i = 0; i < gdb->watchpoint_count; i++)
        if (gdb->hit.length == 0 && concerns(&gdb->watchpoint[i], address, size, write)) {
            gdb->hit = gdb->watchpoint[i];
            chip_stop(chip);
        }
}

static bool watched_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    look(context, address, size, false);
    return bus_read(context, address, size, value);
}

static bool watched_write(void *context, uint32_t address, unsigned size, uint32_t value)
{
    look(context, address, size, true);
    return bus_write(context, address, size, value);
}

static uint8_t windows_of(const struct gdb_watchpoint *watch)
{
    if (watch->address < SRAM)
        return FLASH_WINDOWS;
    return watch->address < SRAM_END ? SRAM_WINDOW : 0;
}

void gdb_arm_watchpoints(struct gdb *gdb)
{
    struct chip *chip = &gdb->board->chip;
    uint8_t closed = 0;
    for (unsigned i = 0; i < gdb->watchpoint_count; i++)
        closed |= windows_of(&gdb->watchpoint[i]);
    gdb->hit.length = 0;
    chip->cpu.bus.read = gdb->watchpoint_count ? watched_read : bus_read;
    chip->cpu.bus.write = gdb->watchpoint_count ? watched_write : bus_write;
    chip->cpu.closed_windows = closed;
    if (chip->powered)
        chip_open_windows(chip);
}

bool gdb_watch(struct gdb *gdb, enum gdb_watch_kind kind, uint32_t address, uint32_t length)
{
    if (gdb->watchpoint_count == GDB_WATCHPOINTS || length == 0)
        return false;
    gdb->watchpoint[gdb->watchpoint_count++] = (struct gdb_watchpoint){kind, address, length};
    return true;
}

bool gdb_unwatch(struct gdb *gdb, enum gdb_watch_kind kind, uint32_t address, uint32_t length)
{
    for (unsigned i = 0; i < gdb->watchpoint_count; i++) {
        const struct gdb_watchpoint *watch = &gdb->watchpoint[i];
        if (watch->kind == kind && watch->address == address && watch->length == length) {
            gdb->watchpoint[i] = gdb->watchpoint[--gdb->watchpoint_count];
            return true;
        }
    }
    return false;
}
