/*
 * An access to a register, guarded by the manual's rules on clocks, resets, access sizes and reserved
 * registers, which hold for all devices.
 */
#include "private.h"

#include <stdio.h>

struct access {
    struct device *device;
    const struct device_register *reg; /* NULL: a memory, or none there */
    uint32_t address;
    uint32_t offset; /* of the register */
    unsigned size;
    bool write;
    uint32_t value;
};

/* "write of 0x12 to USB.CNTR" */
static void complain(struct chip *chip, const struct access *access, enum violation_level level,
                     const char *rule, const char *format, const char *section)
{
    char why[160];
    (void)snprintf(why, sizeof why, format, section);
    const char *name = access->reg ? access->reg->name : "", *dot = access->reg ? "." : "";
    if (access->write) {
        chip_violation(chip, level, rule, "write of 0x%X (%u bytes) to %s%s%s at 0x%08X: %s",
                       (unsigned)access->value, access->size, device_name(access->device), dot, name,
                       (unsigned)access->address, why);
    } else {
        chip_violation(chip, level, rule, "read of %s%s%s (%u bytes) at 0x%08X: %s",
                       device_name(access->device), dot, name, access->size, (unsigned)access->address, why);
    }
}

static bool reaches_peripheral(struct chip *chip, const struct access *access)
{
    const struct manual_sections *manual = &chip->info->manual;
    if (!access->device->present) {
        complain(chip, access, FORBIDDEN, "absent-peripheral", "this chip does not have it (%s)",
                 manual->map);
        return false;
    }
    if (!device_is_enabled(access->device)) {
        complain(chip, access, SUSPICIOUS, "unclocked-peripheral",
                 "its clock is off in RCC (%s), reads give 0, writes are lost", manual->enables);
        return false;
    }
    if (device_is_held_in_reset(access->device)) {
        complain(chip, access, FORBIDDEN, "peripheral-in-reset", "it is held in reset by RCC (%s)",
                 manual->resets);
        return false;
    }
    return true;
}

/* Reported, not refused: what a narrow access does is known (widen), and reading takes no harm. DMA may move
 * bytes (RM0008 13.3.4). */
static void check_size(struct chip *chip, const struct access *access)
{
    enum access_sizes sizes = access->device->info->class->sizes;
    bool allowed = access->size & (unsigned)sizes || (access->reg && access->reg->flags & BYTES_TOO);
    if (!allowed && chip->bus_master == NO_DEVICE) {
        complain(chip, access, SUSPICIOUS, "access-size",
                 "only %s are allowed (first lines of the manual's section on its registers)",
                 sizes == ONLY_WORDS ? "words" : "half-words and words");
    }
}

static bool register_allows(struct chip *chip, const struct access *access)
{
    const struct device_register *reg = access->reg;
    if (access->device->info->class->own_rules)
        return true;
    if (!reg) {
        complain(chip, access, access->write ? FORBIDDEN : SUSPICIOUS, "reserved-register",
                 "no register there (%s)", chip->info->manual.chapters);
        return false;
    }
    if (access->write && reg->flags & READ_ONLY) {
        complain(chip, access, SUSPICIOUS, "read-only-register", "it cannot be written", "");
        return false;
    }
    if (!access->write && reg->flags & WRITE_ONLY) {
        complain(chip, access, SUSPICIOUS, "write-only-register", "it cannot be read, 0 comes back", "");
        return false;
    }
    uint32_t lanes = access->value << 8 * (access->address & 3);
    if (access->write && lanes & reg->reserved) {
        complain(chip, access, SUSPICIOUS, "reserved-bits",
                 "sets reserved bits, which must be kept at 0 (%s)", chip->info->manual.reserved_bits);
    }
    return true;
}

static bool permitted(struct chip *chip, const struct access *access)
{
    if (!reaches_peripheral(chip, access))
        return false;
    check_size(chip, access);
    return register_allows(chip, access);
}

static struct access make_access(struct device *device, uint32_t address, unsigned size, bool write,
                                 uint32_t value)
{
    const struct device_class *class = device->info->class;
    uint32_t offset = (address - device->info->base) & ~3u;
    bool known = class && offset / 4 < class->register_count && class->registers[offset / 4].name;
    return (struct access){.device = device,
                           .address = address,
                           .offset = offset,
                           .size = size,
                           .write = write,
                           .value = value,
                           .reg = known ? &class->registers[offset / 4] : NULL};
}

static void trace(struct chip *chip, const struct access *access, uint32_t value)
{
    if (chip_wants(chip, REPORT_REGISTER)) {
        chip_report(chip, REPORT_REGISTER, "PC 0x%08X %s.%s+0x%X %s 0x%0*X", (unsigned)chip_pc(chip),
                    device_name(access->device), access->reg ? access->reg->name : "",
                    (unsigned)(access->address - access->device->info->base), access->write ? "<-" : "->",
                    (int)(2 * access->size), (unsigned)value);
    }
}

static uint32_t size_mask(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

static uint32_t class_offset(const struct access *access)
{
    return access->offset + (access->device->info->class->own_rules ? access->address & 2 : 0);
}

static uint32_t read_register(const struct access *access)
{
    return access->device->info->class->read(access->device, class_offset(access));
}

/* A class that judges half-words gives the one asked for. */
static uint32_t lane(const struct access *access)
{
    return 8 * (access->address & (access->device->info->class->own_rules ? 1 : 3));
}

/* A memory, which changes by writes only, is as good as a stable register. */
static bool is_stable(const struct access *access)
{
    return access->reg ? access->reg->flags & STABLE : access->device->info->class != NULL;
}

bool chip_read_register(struct chip *chip, struct device *device, uint32_t address, unsigned size,
                        uint32_t *value)
{
    struct access access = make_access(device, address, size, false, 0);
    *value = 0;
    chip->bus_error = false;
    if (!is_stable(&access))
        chip->cpu.side_effects++;
    if (permitted(chip, &access))
        *value = read_register(&access) >> lane(&access) & size_mask(size);
    trace(chip, &access, *value);
    return !chip->bus_error;
}

/*
 * The whole register that a narrow write makes. The bridges to APB repeat the data in all lanes (RM0008 3.1),
 * of which a 16-bit register has only two; registers on AHB take only the lanes written.
 */
static uint32_t widen(const struct access *access)
{
    uint32_t mask = size_mask(access->size), shift = 8 * (access->address & 3);
    bool repeated = access->device->info->bus == BUS_APB1 || access->device->info->bus == BUS_APB2;
    if (access->size == 4)
        return access->value;
    if (repeated) {
        uint32_t value = access->size == 1 ? access->value * 0x01010101u : access->value * 0x00010001u;
        return access->device->info->class->sizes == HALF_WORDS_TOO ? value & 0xFFFF : value;
    }
    uint32_t old = read_register(access);
    return (old & ~(mask << shift)) | access->value << shift;
}

bool chip_write_register(struct chip *chip, struct device *device, uint32_t address, unsigned size,
                         uint32_t value)
{
    struct access access = make_access(device, address, size, true, value & size_mask(size));
    const struct device_class *class = device->info->class;
    trace(chip, &access, access.value);
    chip->bus_error = false;
    if (!class || !class->counts_writes)
        chip->cpu.side_effects++;
    if (!permitted(chip, &access))
        return !chip->bus_error;
    uint32_t whole = widen(&access);
    class->write(device, class_offset(&access), access.reg ? whole & ~access.reg->reserved : whole);
    return !chip->bus_error;
}
