/* What a debugger sees of the board: registers and memory. */
#include <stdio.h>
#include <string.h>

#include "base/addresses.h"
#include "core/private.h"
#include "private.h"

/* Features and names are gdb's (its manual, "ARM Features"). */
#define REGISTER(name, type) "<reg name=\"" name "\" bitsize=\"32\" type=\"" type "\"/>"

const char gdb_target_xml[] =
    "<?xml version=\"1.0\"?><target>"
    "<architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">" REGISTER("r0", "int")
        REGISTER("r1", "int") REGISTER("r2", "int") REGISTER("r3", "int") REGISTER("r4", "int")
            REGISTER("r5", "int") REGISTER("r6", "int") REGISTER("r7", "int") REGISTER("r8", "int") REGISTER(
                "r9", "int") REGISTER("r10", "int") REGISTER("r11", "int") REGISTER("r12", "int")
                REGISTER("sp", "data_ptr") REGISTER("lr", "int") REGISTER("pc", "code_ptr")
                    REGISTER("xpsr", "int") "</feature><feature name=\"org.gnu.gdb.arm.m-system\">" REGISTER(
                        "msp", "data_ptr") REGISTER("psp", "data_ptr") REGISTER("primask", "int")
                        REGISTER("basepri", "int") REGISTER("faultmask", "int")
                            REGISTER("control", "int") "</feature></target>";

enum { XPSR = 16, MSP, PSP, PRIMASK, BASEPRI, FAULTMASK, CONTROL };

uint32_t gdb_read_register(const struct board *board, unsigned number)
{
    const struct cortex_m3 *cpu = &board->chip.cpu;
    switch (number) {
    case XPSR: return cortex_m3_xpsr(cpu);
    case MSP: return cortex_m3_msp(cpu);
    case PSP: return cortex_m3_psp(cpu);
    case PRIMASK: return cpu->primask;
    case BASEPRI: return cpu->basepri;
    case FAULTMASK: return cpu->faultmask;
    case CONTROL: return cpu->control;
    default: return cpu->r[number];
    }
}

static bool write_xpsr(struct cortex_m3 *cpu, uint32_t value)
{
    unsigned ipsr = value & XPSR_IPSR;
    if (ipsr != 0 && ipsr != cpu->ipsr && !m3_is_active(cpu, (int)ipsr))
        return false;
    cortex_m3_set_xpsr(cpu, value);
    return true;
}

bool gdb_write_register(struct board *board, unsigned number, uint32_t value)
{
    enum { BASEPRI_BITS = 0xF0, CONTROL_BITS = 3 };
    struct cortex_m3 *cpu = &board->chip.cpu;
    bool good = number < GDB_REGISTERS;
    switch (number) {
    case SP: m3_set_sp(cpu, value); break;
    case PC: cpu->r[PC] = value & ~1u; break;
    case XPSR: good = write_xpsr(cpu, value); break;
    case MSP: *(m3_uses_psp(cpu) ? &cpu->other_sp : &cpu->r[SP]) = value & ~3u; break;
    case PSP: *(m3_uses_psp(cpu) ? &cpu->r[SP] : &cpu->other_sp) = value & ~3u; break;
    case PRIMASK: cpu->primask = value & 1; break;
    case BASEPRI: cpu->basepri = value & BASEPRI_BITS; break;
    case FAULTMASK: cpu->faultmask = value & 1; break;
    case CONTROL: m3_set_mode(cpu, cpu->ipsr, value & CONTROL_BITS); break;
    default:
        if (number < SP || number == LR)
            cpu->r[number] = value;
        break;
    }
    cpu->private_state.attention |= ATTENTION_EXCEPTIONS; /* the masks may let one in */
    return good;
}

/* Memory */

static void no_report(void *context, enum report_kind kind, const char *text)
{
    (void)context, (void)kind, (void)text;
}

static void no_violation(void *context, enum violation_level level, const char *rule, const char *text)
{
    (void)context, (void)level, (void)rule, (void)text;
}

static void no_change(void *context)
{
    (void)context;
}

static void no_event(void *context, ticks now)
{
    (void)context, (void)now;
}

static void no_serial(void *context, unsigned usart, uint16_t data)
{
    (void)context, (void)usart, (void)data;
}

/* A chip to be read: nobody hears of it, and it is thrown away. */
static struct cortex_m3 *copy_chip(struct gdb *gdb)
{
    const struct chip *chip = &gdb->board->chip;
    struct chip *copy = gdb->copy;
    memcpy(copy, chip, sizeof *copy);
    copy->board = (struct chip_board){
        .context = gdb->board,
        .report = no_report,
        .violation = no_violation,
        .pins_changed = no_change,
        .pin_level = chip->board.pin_level,
        .usb_changed = no_change,
        .host_event = no_event,
        .serial_sent = no_serial,
    };
    copy->report_wanted = 0;
    chip_moved(copy);
    copy->cpu.bus.read = bus_read;
    copy->cpu.bus.report = no_report;
    copy->cpu.bus.violation = no_violation;
    copy->cpu.control = 0; /* a debugger is privileged */
    return &copy->cpu;
}

/* The bytes of plain memory at an address, and how many there are; NULL: none. */
static uint8_t *plain_memory(struct chip *chip, uint32_t address, size_t *length)
{
    uint32_t ram = address - RAM_BASE, alias = address - FLASH_BASE;
    if (ram < chip->config.ram_bytes) {
        *length = chip->config.ram_bytes - ram;
        return &chip->ram[ram];
    }
    uint32_t flash = address < chip->config.flash_bytes ? address : alias;
    if (flash >= chip->config.flash_bytes)
        return NULL;
    *length = chip->config.flash_bytes - flash;
    return &chip->flash_bytes[flash];
}

/* The largest aligned piece that an access starts with, as the processor makes it. */
static unsigned piece_of(uint32_t address, size_t length)
{
    unsigned piece = address & 1 ? 1 : address & 2 ? 2 : 4;
    while (piece > length)
        piece /= 2;
    return piece;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t gdb_read_memory(struct gdb *gdb, uint32_t address, uint8_t *bytes, size_t length)
{
    size_t done = 0, there = 0, count;
    for (; done < length; done += count) {
        uint32_t at = address + (uint32_t)done, value;
        const uint8_t *plain = plain_memory(&gdb->board->chip, at, &there);
        if (plain) {
            count = smaller(there, length - done);
            memcpy(&bytes[done], plain, count);
            continue;
        }
        count = piece_of(at, length - done);
        if (!m3_access_read(copy_chip(gdb), at, (unsigned)count, &value))
            break;
        memcpy(&bytes[done], &value, count);
    }
    return done;
}

/* What lies in flash is put there as by a programmer on the bench; registers are written by the processor's
 * own way, with all that it does. */
bool gdb_write_memory(struct gdb *gdb, uint32_t address, const uint8_t *bytes, size_t length)
{
    struct chip *chip = &gdb->board->chip;
    size_t there = 0, count;
    for (size_t done = 0; done < length; done += count) {
        uint32_t at = address + (uint32_t)done, value = 0;
        uint8_t *plain = plain_memory(chip, at, &there);
        count = plain ? smaller(there, length - done) : piece_of(at, length - done);
        if (plain) {
            memcpy(plain, &bytes[done], count);
            continue;
        }
        memcpy(&value, &bytes[done], count);
        if (!m3_access_write(&chip->cpu, at, (unsigned)count, value))
            return false;
    }
    chip->cpu.side_effects++;
    return true;
}

enum { REGIONS = 7 };

/* In the order of their addresses: flash at 0, flash, system memory and option bytes, RAM, bit bands,
 * peripherals with their bit bands, the private peripheral bus. */
static void list_regions(const struct board *board, struct gdb_region regions[REGIONS])
{
    const struct chip_config *config = &board->chip.config;
    const struct gdb_region list[REGIONS] = {
        {0, config->flash_bytes, "rom", "rx"}, {FLASH_BASE, config->flash_bytes, "flash", "rx"},
        {0x1FFFF000, 0x1000, "rom", "rx"},     {RAM_BASE, config->ram_bytes, "ram", "rwx"},
        {0x22000000, 0x02000000, "ram", "rw"}, {0x40000000, 0x60001000, "ram", "rw"},
        {0xE0000000, 0x00100000, "ram", "rw"},
    };
    memcpy(regions, list, sizeof list);
}

void gdb_memory_map(const struct board *board, char *xml, size_t size)
{
    struct gdb_region regions[REGIONS];
    list_regions(board, regions);
    size_t used = (size_t)snprintf(xml, size, "<?xml version=\"1.0\"?><memory-map>");
    for (unsigned i = 0; i < REGIONS; i++) {
        const struct gdb_region *region = &regions[i];
        bool flash = strcmp(region->type, "flash") == 0;
        used +=
            (size_t)snprintf(xml + used, size - used, "<memory type=\"%s\" start=\"0x%x\" length=\"0x%x\">",
                             region->type, (unsigned)region->start, (unsigned)region->length);
        if (flash)
            used += (size_t)snprintf(xml + used, size - used, "<property name=\"blocksize\">0x%x</property>",
                                     (unsigned)board->chip.config.page_bytes);
        used += (size_t)snprintf(xml + used, size - used, "</memory>");
    }
    snprintf(xml + used, size - used, "</memory-map>");
}

struct gdb_region gdb_region_at(const struct board *board, uint64_t address)
{
    struct gdb_region regions[REGIONS];
    uint64_t gap = 0;
    list_regions(board, regions);
    for (unsigned i = 0; i < REGIONS; i++) {
        if (address < regions[i].start)
            return (struct gdb_region){.start = gap, .length = regions[i].start - gap};
        if (address - regions[i].start < regions[i].length)
            return regions[i];
        gap = regions[i].start + regions[i].length;
    }
    return (struct gdb_region){.start = gap, .length = UINT64_MAX - gap};
}
