/*
 * An access to a peripheral, guarded by the manual's rules on clocks, resets, access sizes and reserved
 * registers, which hold for all of them.
 */
#include "bus_private.h"

static bool in_reset(const struct chip *chip, const struct map_region *region)
{
    if (region->clock_bit == ALWAYS_CLOCKED || region->bus == BUS_AHB) {
        return false;
    }
    uint32_t RSTR = region->bus == BUS_APB1 ? chip->rcc.APB1RSTR : chip->rcc.APB2RSTR;
    return RSTR >> region->clock_bit & 1;
}

struct access {
    const struct map_region *region;
    const struct map_register *reg; /* NULL: a memory */
    uint32_t address;
    uint32_t offset; /* of the register */
    unsigned size;
    bool write;
    uint32_t value;
};

/* "write of 0x12 to USB.CNTR" */
static void complain(struct chip *chip, const struct access *access, enum violation_level level,
                     const char *rule, const char *why)
{
    const char *name = access->reg ? access->reg->name : "", *dot = access->reg ? "." : "";
    if (access->write) {
        chip_violation(chip, level, rule, "write of 0x%X (%u bytes) to %s%s%s at 0x%08X: %s",
                       (unsigned)access->value, access->size, access->region->name, dot, name,
                       (unsigned)access->address, why);
    } else {
        chip_violation(chip, level, rule, "read of %s%s%s (%u bytes) at 0x%08X: %s", access->region->name,
                       dot, name, access->size, (unsigned)access->address, why);
    }
}

static bool reaches_peripheral(struct chip *chip, const struct access *access)
{
    const struct map_region *region = access->region;
    if (region->absent || (region->high_density && !chip_is_high_density(chip))) {
        complain(chip, access, FORBIDDEN, "absent-peripheral", "this chip does not have it (RM0008 table 3)");
        return false;
    }
    if (!rcc_clock_enabled(chip, region->base)) {
        complain(chip, access, SUSPICIOUS, "unclocked-peripheral",
                 "its clock is off in RCC (RM0008 7.3.6 to 7.3.8), reads give 0, writes are lost");
        return false;
    }
    if (in_reset(chip, region)) {
        complain(chip, access, FORBIDDEN, "peripheral-in-reset",
                 "it is held in reset by RCC (RM0008 7.3.4, 7.3.5)");
        return false;
    }
    return true;
}

/* Reported, not refused: what a narrow access does is known (widen), and reading takes no harm. DMA may move
 * bytes (RM0008 13.3.4). */
static void check_size(struct chip *chip, const struct access *access)
{
    bool allowed =
        access->size & (unsigned)access->region->sizes || (access->reg && access->reg->access == RW_ANY_SIZE);
    if (!allowed && !chip->bus_master) {
        complain(chip, access, SUSPICIOUS, "access-size",
                 access->region->sizes == ONLY_WORDS
                     ? "only words are allowed (first lines of the manual's section on its registers)"
                     : "only half-words and words are allowed (first lines of the manual's section on its "
                       "registers)");
    }
}

static bool register_allows(struct chip *chip, const struct access *access)
{
    const struct map_register *reg = access->reg;
    if (access->region->own_rules) {
        return true;
    }
    if (!reg) {
        complain(chip, access, access->write ? FORBIDDEN : SUSPICIOUS, "reserved-register",
                 "no register there (RM0008, the chapter's register map)");
        return false;
    }
    if (access->write && reg->access == READ_ONLY) {
        complain(chip, access, SUSPICIOUS, "read-only-register", "it cannot be written");
        return false;
    }
    if (!access->write && reg->access == WRITE_ONLY) {
        complain(chip, access, SUSPICIOUS, "write-only-register", "it cannot be read, 0 comes back");
        return false;
    }
    uint32_t lanes = access->value << 8 * (access->address & 3);
    if (access->write && lanes & reg->reserved) {
        complain(chip, access, SUSPICIOUS, "reserved-bits",
                 "sets reserved bits, which must be kept at 0 (RM0008 2.1)");
    }
    return true;
}

static bool permitted(struct chip *chip, const struct access *access)
{
    if (!reaches_peripheral(chip, access)) {
        return false;
    }
    check_size(chip, access);
    return register_allows(chip, access);
}

static struct access make_access(const struct chip *chip, const struct map_region *region, uint32_t address,
                                 unsigned size, bool write, uint32_t value)
{
    struct access access = {
        .region = region, .address = address, .size = size, .write = write, .value = value};
    access.offset = (address - region->base) & ~3u;
    access.reg =
        region->registers ? map_find_register(region, access.offset, chip_is_high_density(chip)) : NULL;
    return access;
}

static void trace(struct chip *chip, const struct access *access, uint32_t value)
{
    if (chip_wants(chip, REPORT_REGISTER)) {
        chip_report(chip, REPORT_REGISTER, "PC 0x%08X %s.%s+0x%X %s 0x%0*X", (unsigned)chip_pc(chip),
                    access->region->name, access->reg ? access->reg->name : "",
                    (unsigned)(access->address - access->region->base), access->write ? "<-" : "->",
                    (int)(2 * access->size), (unsigned)value);
    }
}

static uint32_t size_mask(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << 8 * size) - 1;
}

static uint32_t model_offset(const struct access *access)
{
    uint32_t half = access->region->own_rules ? access->address & 2 : 0;
    return access->offset + access->region->model_offset + half;
}

static uint32_t read_register(struct chip *chip, const struct access *access)
{
    const struct map_region *region = access->region;
    uint32_t offset = model_offset(access);
    return region->port != NOT_A_PORT ? gpio_read(chip, (unsigned)region->port, offset)
                                      : region->read(chip, offset);
}

/* A model that judges half-words gives the one asked for. */
static uint32_t lane(const struct access *access)
{
    return 8 * (access->address & (access->region->own_rules ? 1 : 3));
}

bool bus_read_peripheral(struct chip *chip, const struct map_region *region, uint32_t address, unsigned size,
                         uint32_t *value)
{
    struct access access = make_access(chip, region, address, size, false, 0);
    *value = 0;
    chip->bus_error = false;
    if (permitted(chip, &access)) {
        *value = read_register(chip, &access) >> lane(&access) & size_mask(size);
    }
    trace(chip, &access, *value);
    return !chip->bus_error;
}

/*
 * The whole register that a narrow write makes. The bridges to APB repeat the data in all lanes (RM0008 3.1),
 * of which a 16-bit register has only two; registers on AHB take only the lanes written.
 */
static uint32_t widen(struct chip *chip, const struct access *access)
{
    uint32_t mask = size_mask(access->size), shift = 8 * (access->address & 3);
    bool repeated = access->region->bus == BUS_APB1 || access->region->bus == BUS_APB2;
    if (access->size == 4) {
        return access->value;
    }
    if (repeated) {
        uint32_t value = access->size == 1 ? access->value * 0x01010101u : access->value * 0x00010001u;
        return access->region->sizes == HALF_WORDS_TOO ? value & 0xFFFF : value;
    }
    uint32_t old = read_register(chip, access);
    return (old & ~(mask << shift)) | access->value << shift;
}

bool bus_write_peripheral(struct chip *chip, const struct map_region *region, uint32_t address, unsigned size,
                          uint32_t value)
{
    struct access access = make_access(chip, region, address, size, true, value & size_mask(size));
    trace(chip, &access, access.value);
    chip->bus_error = false;
    if (!region->quiet) {
        chip->cpu.side_effects++;
    }
    if (!permitted(chip, &access)) {
        return !chip->bus_error;
    }
    uint32_t whole = widen(chip, &access), offset = model_offset(&access);
    if (access.reg) {
        whole &= ~access.reg->reserved;
    }
    if (region->port != NOT_A_PORT) {
        gpio_write(chip, (unsigned)region->port, offset, whole);
    } else {
        region->write(chip, offset, whole);
    }
    return !chip->bus_error;
}
