/* A chip from its tables: places of the devices' states and events, and indices that make accesses quick. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16 };

static bool is_present(const struct device_info *info, unsigned variant)
{
    return info->class && (info->variants == ALL_VARIANTS || info->variants >> variant & 1);
}

bool chip_info_has(const struct chip_info *info, const struct chip_config *config, uint8_t number)
{
    return number != NO_DEVICE && is_present(&info->devices[number], info->variant(config));
}

static void place_states(struct chip *chip)
{
    size_t used = 0;
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        device->info = &chip->info->devices[i];
        device->number = (uint8_t)i;
        device->present = is_present(device->info, chip->variant);
        device->state = (uint32_t)used;
        used += device->present ? (device->info->class->state + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : 0;
    }
    if (used > sizeof chip->arena)
        abort(); /* a table that no test has been run with: CHIP_ARENA is too small for it */
}

static void add_event(struct chip *chip, unsigned number)
{
    if (chip->events == CHIP_EVENTS)
        abort(); /* as above: CHIP_EVENTS */
    chip->event_device[chip->events++] = (uint8_t)number;
}

static void place_events_of(struct chip *chip, unsigned number)
{
    struct device *device = &chip->device[number];
    device->first_event = (uint16_t)chip->events;
    for (unsigned i = 0; device->present && i < device->info->class->events; i++)
        add_event(chip, number);
}

static bool is_ordered(const struct chip_info *info, unsigned number)
{
    for (unsigned i = 0; i < info->event_order_count; i++)
        if (info->event_order[i] == number)
            return true;
    return false;
}

static void place_event_of_host(struct chip *chip)
{
    chip->host_slot = chip->events;
    add_event(chip, EVENT_OF_HOST);
}

/* Those whose order the table does not say come last. */
static void place_events(struct chip *chip)
{
    const struct chip_info *info = chip->info;
    for (unsigned i = 0; i < info->event_order_count; i++)
        if (info->event_order[i] == EVENT_OF_HOST)
            place_event_of_host(chip);
        else
            place_events_of(chip, info->event_order[i]);
    if (!is_ordered(info, EVENT_OF_HOST))
        place_event_of_host(chip);
    for (unsigned i = 0; i < info->device_count; i++)
        if (!is_ordered(info, i))
            place_events_of(chip, i);
}

/* Of several rows for a place, one that is present goes before the others. */
static void index_blocks(struct chip *chip)
{
    memset(chip->block, NO_DEVICE, sizeof chip->block);
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        const struct device_info *info = &chip->info->devices[i];
        uint32_t size = info->size ? info->size : BLOCK_SIZE;
        for (unsigned r = 0; r < CHIP_REGIONS; r++) {
            const struct chip_region *region = &chip->info->regions[r];
            if (info->base - region->base >= region->size)
                continue;
            for (uint32_t at = info->base - region->base; at < info->base - region->base + size;
                 at += BLOCK_SIZE) {
                uint8_t *block = &chip->block[r][at / BLOCK_SIZE];
                if (*block == NO_DEVICE || chip->device[i].present)
                    *block = (uint8_t)i;
            }
        }
    }
}

static void index_routes(struct chip *chip)
{
    for (unsigned i = 0; chip->info->routes[i].from != NO_DEVICE; i++) {
        struct device *device = &chip->device[chip->info->routes[i].from];
        if (device->routes == 0)
            device->first_route = (uint16_t)i;
        device->routes = (uint16_t)(i + 1 - device->first_route);
        chip->routes = i + 1;
    }
}

static void count_pin_functions(struct chip *chip)
{
    while (chip->info->pin_functions[chip->pin_functions].device != NO_DEVICE)
        chip->pin_functions++;
}

static void list_pin_watchers(struct chip *chip)
{
    unsigned count = 0;
    for (unsigned i = 0; i < chip->info->device_count; i++)
        if (chip->device[i].present && chip->device[i].info->class->pins_changed)
            chip->pin_watchers[count++] = (uint8_t)i;
    chip->pin_watchers[count] = NO_DEVICE;
}

void chip_build(struct chip *chip)
{
    chip->variant = chip->info->variant(&chip->config);
    for (unsigned i = 0; i < CHIP_BUSES; i++)
        chip->bus_divider[i] = 1;
    place_states(chip);
    place_events(chip);
    index_blocks(chip);
    index_routes(chip);
    count_pin_functions(chip);
    list_pin_watchers(chip);
}

/* Where a device is, and what it has */

struct chip *device_chip(const struct device *device)
{
    const struct device *first = device - device->number;
    void *chip = (char *)(uintptr_t)first - offsetof(struct chip, device);
    return chip;
}

void *device_state(const struct device *device)
{
    return &device_chip(device)->arena[device->state];
}

struct device *chip_device(const struct chip *chip, uint8_t number)
{
    const struct device *device = number == NO_DEVICE ? NULL : &chip->device[number];
    return device && device->present ? (struct device *)(uintptr_t)device : NULL;
}

struct device *chip_device_at(struct chip *chip, uint32_t address)
{
    const struct chip_region *regions = chip->info->regions;
    for (unsigned i = 0; i < CHIP_REGIONS; i++) {
        if (address - regions[i].base < regions[i].size) {
            uint8_t number = chip->block[i][(address - regions[i].base) / BLOCK_SIZE];
            return number == NO_DEVICE ? NULL : &chip->device[number];
        }
    }
    return NULL;
}
