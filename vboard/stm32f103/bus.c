/* What the processor reaches outside its windows: memories here, peripherals in bus_peripheral.c. */
#include "bus_private.h"
#include "flash_cells.h"

#define RAM_BASE       0x20000000u
#define SYSTEM_BASE    0x1FFFF000u
#define SIGNATURE_BASE 0x1FFFF7E0u
#define UNIQUE_ID_BASE 0x1FFFF7E8u

enum { SYSTEM_SIZE = 0x800, SIGNATURE_SIZE = 0x14 };
enum { WINDOW_FLASH, WINDOW_ALIAS, WINDOW_RAM };

void bus_open_flash(struct chip *chip, bool open)
{
    struct cortex_m3_window *window = chip->cpu.window;
    uint8_t wait_states = chip->flash.ACR & ACR_LATENCY;
    uint32_t from, size; /* unstable cells are read through the bus, each time anew */
    flash_stable_stretch(chip, &from, &size);
    uint8_t *bytes = &chip->flash_bytes[from];
    size = open ? size : 0;
    window[WINDOW_FLASH] = (struct cortex_m3_window){FLASH_BASE + from, size, bytes, false, wait_states};
    window[WINDOW_ALIAS] = (struct cortex_m3_window){from, size, bytes, false, wait_states};
    window[WINDOW_RAM] = (struct cortex_m3_window){RAM_BASE, chip->config.ram_bytes, chip->ram, true, 0};
    for (unsigned i = 0; i < CORTEX_M3_WINDOWS; i++) {
        if (chip->cpu.closed_windows >> i & 1) {
            window[i].size = 0;
        }
    }
}

void bus_reset_all(struct chip *chip)
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

static void wait_for_flash(struct chip *chip)
{
    if (flash_is_busy(chip)) {
        chip_stall(chip, chip->flash.operation.ends); /* PM0075 2.3.3 */
    }
}

/* ST's boot loader is not ours to have; its signature area is. */
static uint32_t read_system(struct chip *chip, uint32_t address, unsigned size)
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
    if (!chip->system_memory_told) {
        chip->system_memory_told = true;
        chip_report(chip, REPORT_NOTE,
                    "0x%08X is read: system memory, whose boot loader is not modelled, reads as 0",
                    (unsigned)address);
    }
    return 0;
}

/* NULL: no flash there. The alias at 0 is there because BOOT0 is low. */
static const uint8_t *flash_array(const struct chip *chip, uint32_t address)
{
    uint32_t offset = address >= FLASH_BASE ? address - FLASH_BASE : address;
    return offset < chip->config.flash_bytes ? &chip->flash_bytes[offset] : NULL;
}

static bool is_flash_interface(const struct chip *chip, uint32_t address)
{
    return flash_array(chip, address) || address - SYSTEM_BASE < SYSTEM_SIZE ||
           address - OPTION_BASE < sizeof chip->flash.option_bytes;
}

static uint32_t read_flash(struct chip *chip, uint32_t address, unsigned size)
{
    wait_for_flash(chip);
    const uint8_t *bytes = flash_array(chip, address);
    if (bytes) {
        flash_sense(chip, FLASH_BASE + (uint32_t)(bytes - chip->flash_bytes), size);
        return little_endian(bytes, size);
    }
    if (address >= OPTION_BASE) {
        return little_endian(&chip->flash.option_bytes[address - OPTION_BASE], size);
    }
    return read_system(chip, address, size);
}

static bool is_ram(const struct chip *chip, uint32_t address)
{
    return address - RAM_BASE < chip->config.ram_bytes;
}

/*
 * A bridge takes two cycles of its bus's clock for an access, from an edge of that clock on (RM0008 3.1; AMBA
 * APB: setup and access). A read waits for its end. A write goes on in the processor's write buffer, which is
 * free again when it is over, so writes in a row come every two cycles of APB (DS5319 2.3.21: 18 MHz on a
 * pin).
 */
static void wait_for_bridge(struct chip *chip, const struct map_region *region, bool write)
{
    enum { APB_CYCLES = 2 };
    struct cortex_m3 *cpu = &chip->cpu;
    bool bridged = region->bus == BUS_APB1 || region->bus == BUS_APB2;
    if (!bridged || !chip->core_runs || chip->bus_master || chip->event_time != TICKS_NEVER) {
        return;
    }
    uint64_t divider = rcc_bus_divider(chip, region->bus);
    uint64_t begins = write ? cpu->cycles : cpu->cycles - 1; /* a read's data phase is counted already */
    if (begins < chip->bridge_free) {
        begins = chip->bridge_free;
    }
    uint64_t ends = (begins + divider - 1) / divider * divider + APB_CYCLES * divider;
    cpu->phase_mask |= (uint32_t)divider - 1;
    if (write) {
        cpu->cycles = begins;
        chip->bridge_free = ends;
    } else {
        cpu->cycles = ends;
    }
}

/* The processor's three doors */

bool bus_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    struct chip *chip = context;
    if (is_flash_interface(chip, address)) {
        *value = read_flash(chip, address, size);
        return true;
    }
    if (is_ram(chip, address)) {
        *value = little_endian(&chip->ram[address - RAM_BASE], size);
        return true;
    }
    if (fsmc_has(chip, address)) {
        return fsmc_memory_read(chip, address, size, value);
    }
    const struct map_region *region = map_find(address);
    if (region) {
        wait_for_bridge(chip, region, false);
    }
    return region && bus_read_peripheral(chip, region, address, size, value);
}

bool bus_write(void *context, uint32_t address, unsigned size, uint32_t value)
{
    struct chip *chip = context;
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
    if (fsmc_has(chip, address)) {
        return fsmc_memory_write(chip, address, size, value);
    }
    const struct map_region *region = map_find(address);
    if (region) {
        wait_for_bridge(chip, region, true);
    }
    return region && bus_write_peripheral(chip, region, address, size, value);
}

bool bus_fetch(void *context, uint32_t address, uint16_t *half_word)
{
    struct chip *chip = context;
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
