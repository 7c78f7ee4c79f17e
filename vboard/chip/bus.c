/* What the processor reaches outside its windows: memories here, registers in registers.c. */
#include "private.h"

enum { WINDOW_FLASH, WINDOW_ALIAS, WINDOW_RAM };

void chip_open_windows(struct chip *chip)
{
    struct cortex_m3_window *window = chip->cpu.window;
    const struct open_flash *open = &chip->open_flash;
    uint8_t *bytes = &chip->flash_bytes[open->from];
    window[WINDOW_FLASH] = (struct cortex_m3_window){chip->info->flash_base + open->from, open->size, bytes,
                                                     false, open->wait_states};
    window[WINDOW_ALIAS] = (struct cortex_m3_window){chip->info->alias_base + open->from, open->size, bytes,
                                                     false, open->wait_states};
    window[WINDOW_RAM] =
        (struct cortex_m3_window){chip->info->ram_base, chip->config.ram_bytes, chip->ram, true, 0};
    for (unsigned i = 0; i < CORTEX_M3_WINDOWS; i++)
        if (chip->cpu.closed_windows >> i & 1)
            window[i].size = 0;
}

void chip_open_flash(struct chip *chip, uint32_t from, uint32_t size, uint8_t wait_states)
{
    chip->open_flash = (struct open_flash){from, size, wait_states};
    chip_open_windows(chip);
}

/* Memories */

static uint32_t little_endian(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

static uint32_t size_of(const struct chip *chip, const struct memory_region *memory)
{
    return memory->kind == MEMORY_FLASH ? chip->config.flash_bytes
           : memory->kind == MEMORY_RAM ? chip->config.ram_bytes
                                        : memory->size;
}

/* NULL: no memory there. */
static const struct memory_region *find_memory(const struct chip *chip, uint32_t address)
{
    const struct memory_region *end = chip->info->memories + chip->info->memory_count;
    for (const struct memory_region *memory = chip->info->memories; memory < end; memory++)
        if (address - memory->base < size_of(chip, memory) &&
            (memory->kind == MEMORY_RAM || chip->device[memory->device].present))
            return memory;
    return NULL;
}

static bool read_memory(struct chip *chip, const struct memory_region *memory, uint32_t address,
                        unsigned size, uint32_t *value)
{
    if (memory->kind == MEMORY_RAM) {
        *value = little_endian(&chip->ram[address - memory->base], size);
        return true;
    }
    struct device *device = &chip->device[memory->device];
    return device->info->class->memory_read(device, address, size, value);
}

static bool write_memory(struct chip *chip, const struct memory_region *memory, uint32_t address,
                         unsigned size, uint32_t value)
{
    chip->cpu.side_effects++;
    if (memory->kind == MEMORY_RAM) {
        for (unsigned i = 0; i < size; i++)
            chip->ram[address - memory->base + i] = (uint8_t)(value >> 8 * i);
        return true;
    }
    struct device *device = &chip->device[memory->device];
    return device->info->class->memory_write(device, address, size, value);
}

/* Registers */

/*
 * A bridge takes two cycles of its bus's clock for an access, from an edge of that clock on (RM0008
 * 3.1; AMBA APB: setup and access). A read waits for its end. A write goes on in the processor's
 * write buffer, which is free again when it is over, so writes in a row come every two cycles of APB
 * (DS5319 2.3.21: 18 MHz on a pin).
 */
static void wait_for_bridge(struct chip *chip, const struct device *device, bool write)
{
    enum { APB_CYCLES = 2 };
    struct cortex_m3 *cpu = &chip->cpu;
    bool bridged = device->info->bus == BUS_APB1 || device->info->bus == BUS_APB2;
    if (!bridged || !chip->core_runs || chip->bus_master != NO_DEVICE || chip->event_time != TICKS_NEVER)
        return;
    uint64_t divider = chip->bus_divider[device->info->bus];
    uint64_t begins = write ? cpu->cycles : cpu->cycles - 1; /* a read's data phase is counted already */
    if (begins < chip->bridge_free)
        begins = chip->bridge_free;
    uint64_t ends = (begins + divider - 1) / divider * divider + APB_CYCLES * divider;
    cpu->phase_mask |= (uint32_t)divider - 1;
    if (write) {
        cpu->cycles = begins;
        chip->bridge_free = ends;
    } else {
        cpu->cycles = ends;
    }
}

/* The processor's three ways in */

bool bus_read(void *context, uint32_t address, unsigned size, uint32_t *value)
{
    struct chip *chip = context;
    struct device *device = chip_device_at(chip, address);
    if (device) {
        wait_for_bridge(chip, device, false);
        return chip_read_register(chip, device, address, size, value);
    }
    const struct memory_region *memory = find_memory(chip, address);
    return memory && read_memory(chip, memory, address, size, value);
}

bool bus_write(void *context, uint32_t address, unsigned size, uint32_t value)
{
    struct chip *chip = context;
    struct device *device = chip_device_at(chip, address);
    if (device) {
        wait_for_bridge(chip, device, true);
        return chip_write_register(chip, device, address, size, value);
    }
    const struct memory_region *memory = find_memory(chip, address);
    return memory && write_memory(chip, memory, address, size, value);
}

bool bus_fetch(void *context, uint32_t address, uint16_t *half_word)
{
    struct chip *chip = context;
    const struct memory_region *memory = find_memory(chip, address);
    uint32_t value = 0;
    bool read = memory && memory->executes && read_memory(chip, memory, address, sizeof *half_word, &value);
    *half_word = (uint16_t)value;
    return read;
}
