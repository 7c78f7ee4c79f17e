/*
 * What the processor reaches outside its windows: memories by way of the flash interface, and the
 * peripherals, guarded by the manual's rules on clocks, resets, access sizes and reserved registers.
 */
#include "chip.h"
#include "map.h"

#define FLASH_BASE     0x08000000u
#define RAM_BASE       0x20000000u
#define SYSTEM_BASE    0x1FFFF000u
#define SIGNATURE_BASE 0x1FFFF7E0u
#define UNIQUE_ID_BASE 0x1FFFF7E8u
#define OPTION_BASE    0x1FFFF800u

enum { SYSTEM_SIZE = 0x800, SIGNATURE_SIZE = 0x14, MEDIUM_DENSITY_FLASH = 128 * 1024 };
enum { WINDOW_FLASH, WINDOW_ALIAS, WINDOW_RAM };
enum { ACR_LATENCY = 7 };
/* The last bits of unmodelled_seen are for what has no entry in the map. */
enum { SEEN_BOOT_ROM = 8 * sizeof((struct stm32f103 *)0)->unmodelled_seen - 1 };

void bus_open_flash(struct stm32f103 *chip, bool open)
{
    struct cortex_m3_window *window = chip->cpu.window;
    uint32_t size = open ? chip->config.flash_bytes : 0;
    uint8_t wait_states = chip->flash.ACR & ACR_LATENCY;
    window[WINDOW_FLASH] = (struct cortex_m3_window){FLASH_BASE, size, chip->flash_bytes, false, wait_states};
    window[WINDOW_ALIAS] = (struct cortex_m3_window){0, size, chip->flash_bytes, false, wait_states};
    window[WINDOW_RAM] = (struct cortex_m3_window){RAM_BASE, chip->config.ram_bytes, chip->ram, true, 0};
    for (unsigned i = 0; i < CORTEX_M3_WINDOWS; i++) {
        if (chip->cpu.closed_windows >> i & 1) {
            window[i].size = 0;
        }
    }
}

void bus_reset_all(struct stm32f103 *chip)
{
    for (const struct map_region *region = map; region->name; region++) {
        if (region->port != NOT_A_PORT) {
            gpio_reset(chip, (unsigned)region->port);
        } else if (region->reset) {
            region->reset(chip);
        }
    }
}

/* Memories */

static uint32_t little_endian(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)bytes[i] << 8 * i;
    }
    return value;
}

static void wait_for_flash(struct stm32f103 *chip)
{
    if (flash_is_busy(chip)) {
        stm32f103_stall(chip, chip->flash.operation.ends); /* PM0075 2.3.3 */
    }
}

static bool first_time(struct stm32f103 *chip, unsigned index)
{
    uint8_t bit = (uint8_t)(1u << index % 8), *seen = &chip->unmodelled_seen[index / 8];
    bool first = !(*seen & bit);
    *seen |= bit;
    return first;
}

/* ST's boot loader is not ours to have; its signature area is. */
static uint32_t read_system(struct stm32f103 *chip, uint32_t address, unsigned size)
{
    uint8_t signature[SIGNATURE_SIZE];
    for (unsigned i = 0; i < sizeof signature; i++) {
        signature[i] = 0xFF;
    }
    signature[0] = (uint8_t)chip->config.flash_size_register;
    signature[1] = (uint8_t)(chip->config.flash_size_register >> 8);
    for (unsigned i = 0; i < sizeof chip->config.unique_id; i++) {
        signature[UNIQUE_ID_BASE - SIGNATURE_BASE + i] = chip->config.unique_id[i];
    }
    if (address - SIGNATURE_BASE < SIGNATURE_SIZE) {
        return little_endian(&signature[address - SIGNATURE_BASE], size);
    }
    if (first_time(chip, SEEN_BOOT_ROM)) {
        stm32f103_report(chip, REPORT_NOTE,
                         "0x%08X is read: system memory, whose boot loader is not modelled, reads as 0",
                         (unsigned)address);
    }
    return 0;
}

/* NULL: no flash there. The alias at 0 is there because BOOT0 is low. */
static const uint8_t *flash_array(const struct stm32f103 *chip, uint32_t address)
{
    uint32_t offset = address >= FLASH_BASE ? address - FLASH_BASE : address;
    return offset < chip->config.flash_bytes ? &chip->flash_bytes[offset] : NULL;
}

static bool is_flash_interface(const struct stm32f103 *chip, uint32_t address)
{
    return flash_array(chip, address) || address - SYSTEM_BASE < SYSTEM_SIZE ||
           address - OPTION_BASE < sizeof chip->flash.option_bytes;
}

static uint32_t read_flash(struct stm32f103 *chip, uint32_t address, unsigned size)
{
    wait_for_flash(chip);
    const uint8_t *bytes = flash_array(chip, address);
    if (bytes) {
        return little_endian(bytes, size);
    }
    if (address >= OPTION_BASE) {
        return little_endian(&chip->flash.option_bytes[address - OPTION_BASE], size);
    }
    return read_system(chip, address, size);
}

static bool is_ram(const struct stm32f103 *chip, uint32_t address)
{
    return address - RAM_BASE < chip->config.ram_bytes;
}

/* Peripherals */

static bool high_density(const struct stm32f103 *chip)
{
    return chip->config.flash_bytes > MEDIUM_DENSITY_FLASH;
}

static bool in_reset(const struct stm32f103 *chip, const struct map_region *region)
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
static void complain(struct stm32f103 *chip, const struct access *access, enum violation_level level,
                     const char *rule, const char *why)
{
    const char *name = access->reg ? access->reg->name : "";
    if (access->write) {
        stm32f103_violation(chip, level, rule, "write of 0x%X (%u bytes) to %s.%s at 0x%08X: %s",
                            (unsigned)access->value, access->size, access->region->name, name,
                            (unsigned)access->address, why);
    } else {
        stm32f103_violation(chip, level, rule, "read of %s.%s (%u bytes) at 0x%08X: %s", access->region->name,
                            name, access->size, (unsigned)access->address, why);
    }
}

static bool reaches_peripheral(struct stm32f103 *chip, const struct access *access)
{
    const struct map_region *region = access->region;
    if (region->high_density && !high_density(chip)) {
        complain(chip, access, FORBIDDEN, "absent-peripheral", "this chip does not have it (RM0008 table 3)");
        return false;
    }
    if (!rcc_clock_enabled(chip, region->base)) {
        complain(chip, access, FORBIDDEN, "unclocked-peripheral",
                 "its clock is off in RCC (RM0008 7.3.6 to 7.3.8), reads give 0, writes are lost");
        return false;
    }
    if (in_reset(chip, region)) {
        complain(chip, access, FORBIDDEN, "peripheral-in-reset",
                 "it is held in reset by RCC (RM0008 7.3.4, 7.3.5)");
        return false;
    }
    if (map_is_modelled(region)) {
        return true;
    }
    if (first_time(chip, (unsigned)(region - map))) {
        stm32f103_report(chip, REPORT_NOTE, "%s is used but not modelled: reads give 0, writes are lost",
                         region->name);
        complain(chip, access, SUSPICIOUS, "unmodelled", "no model of it, reads give 0, writes are lost");
    }
    return false;
}

/* Reported, not refused: what a narrow access does is known (widen). */
static void check_size(struct stm32f103 *chip, const struct access *access)
{
    if (!(access->size & (unsigned)access->region->sizes)) {
        complain(chip, access, FORBIDDEN, "access-size",
                 access->region->sizes == ONLY_WORDS
                     ? "only words are allowed (first lines of the manual's section on its registers)"
                     : "only half-words and words are allowed (first lines of the manual's section on its "
                       "registers)");
    }
}

static bool register_allows(struct stm32f103 *chip, const struct access *access)
{
    const struct map_register *reg = access->reg;
    if (access->region->own_rules) {
        return true;
    }
    if (!reg) {
        complain(chip, access, FORBIDDEN, "reserved-register",
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
        complain(chip, access, FORBIDDEN, "reserved-bits",
                 "sets reserved bits, which must be kept at 0 (RM0008 2.1)");
    }
    return true;
}

static bool permitted(struct stm32f103 *chip, const struct access *access)
{
    if (!reaches_peripheral(chip, access)) {
        return false;
    }
    check_size(chip, access);
    return register_allows(chip, access);
}

static struct access make_access(const struct stm32f103 *chip, const struct map_region *region,
                                 uint32_t address, unsigned size, bool write, uint32_t value)
{
    struct access access = {
        .region = region, .address = address, .size = size, .write = write, .value = value};
    access.offset = (address - region->base) & ~3u;
    access.reg = region->registers ? map_find_register(region, access.offset, high_density(chip)) : NULL;
    return access;
}

static void trace(struct stm32f103 *chip, const struct access *access, uint32_t value)
{
    if (stm32f103_wants(chip, REPORT_REGISTER)) {
        stm32f103_report(chip, REPORT_REGISTER, "PC 0x%08X %s.%s+0x%X %s 0x%0*X",
                         (unsigned)stm32f103_pc(chip), access->region->name,
                         access->reg ? access->reg->name : "",
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

static uint32_t read_register(struct stm32f103 *chip, const struct access *access)
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

static bool read_peripheral(struct stm32f103 *chip, const struct map_region *region, uint32_t address,
                            unsigned size, uint32_t *value)
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
static uint32_t widen(struct stm32f103 *chip, const struct access *access)
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

static bool write_peripheral(struct stm32f103 *chip, const struct map_region *region, uint32_t address,
                             unsigned size, uint32_t value)
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

/* The processor's three doors */

bool bus_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    struct stm32f103 *chip = context;
    if (is_flash_interface(chip, address)) {
        *value = read_flash(chip, address, size);
        return true;
    }
    if (is_ram(chip, address)) {
        *value = little_endian(&chip->ram[address - RAM_BASE], size);
        return true;
    }
    const struct map_region *region = map_find(address);
    return region && read_peripheral(chip, region, address, size, value);
}

bool bus_write(void *context, uint32_t address, unsigned size, uint32_t value)
{
    struct stm32f103 *chip = context;
    if (is_flash_interface(chip, address)) {
        bool system = address - SYSTEM_BASE < SYSTEM_SIZE;
        chip->cpu.side_effects++;
        return !system &&
               flash_array_write(chip, address < FLASH_BASE ? address + FLASH_BASE : address, size, value);
    }
    if (is_ram(chip, address)) {
        for (unsigned i = 0; i < size; i++) {
            chip->ram[address - RAM_BASE + i] = (uint8_t)(value >> 8 * i);
        }
        chip->cpu.side_effects++;
        return true;
    }
    const struct map_region *region = map_find(address);
    return region && write_peripheral(chip, region, address, size, value);
}

bool bus_fetch(void *context, uint32_t address, uint16_t *half_word)
{
    struct stm32f103 *chip = context;
    uint32_t value;
    if (is_ram(chip, address)) {
        *half_word = (uint16_t)little_endian(&chip->ram[address - RAM_BASE], sizeof *half_word);
        return true;
    }
    if (!is_flash_interface(chip, address)) {
        return false;
    }
    value = read_flash(chip, address, sizeof *half_word);
    *half_word = (uint16_t)value;
    return true;
}
