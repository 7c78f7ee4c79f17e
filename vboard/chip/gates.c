/* Clock nodes and gates: see clocks.h. */
#include "private.h"

/* Nodes */

void clock_set(struct chip *chip, unsigned node, ticks period, uint32_t hz)
{
    chip->node[node] = (struct clock_node){period, hz};
}

bool clock_is_on(const struct chip *chip, unsigned node)
{
    return chip->node[node].period != 0;
}

void clock_set_divider(struct chip *chip, enum chip_bus bus, uint32_t divider)
{
    chip->bus_divider[bus] = divider;
}

bool clock_node_is_used(const struct chip *chip, unsigned node)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        const struct device *device = &chip->device[i];
        if (device->present && device->info->kernel == node && device->uses_kernel_clock)
            return true;
    }
    return false;
}

void clocks_changed(struct chip *chip)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        if (device->present && device->info->class->clock_changed)
            device->info->class->clock_changed(device);
    }
}

void clocks_check(struct chip *chip)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        if (device->present && device->info->class->check_clocks)
            device->info->class->check_clocks(device);
    }
}

/* Gates */

static bool has_bit(const struct device *device, unsigned bank, uint32_t bits)
{
    const struct device_info *info = device->info;
    return info->gate_bank == bank && info->gate_bit != ALWAYS_CLOCKED && bits >> info->gate_bit & 1;
}

/* The manual's bits are those of the largest chips; so are the rows of the table. */
static void check_enabled(struct chip *chip, unsigned bank, uint32_t enabled)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        if (!device->present && device->info->class && has_bit(device, bank, enabled) &&
            chip_device_at(chip, device->info->base) == device) {
            chip_violation(chip, SUSPICIOUS, "absent-peripheral",
                           "the clock of %s is enabled, which this chip does not have (%s)",
                           device->info->name, chip->info->manual.map);
        }
    }
}

void clock_enable(struct chip *chip, unsigned bank, uint32_t enabled)
{
    uint32_t opened = enabled & ~chip->gates[bank].enabled;
    if (opened)
        check_enabled(chip, bank, opened);
    chip->gates[bank].enabled = enabled;
}

void clock_hold_in_reset(struct chip *chip, unsigned bank, uint32_t held)
{
    uint32_t begun = held & ~chip->gates[bank].held;
    chip->gates[bank].held = held;
    for (unsigned i = 0; begun && i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        if (device->present && has_bit(device, bank, begun) && device->info->class->reset)
            device->info->class->reset(device);
    }
}

void clock_reset_gates(struct chip *chip, unsigned bank, uint32_t enabled)
{
    chip->gates[bank] = (struct clock_gates){.enabled = enabled};
}

/* What a device has of them */

bool device_is_enabled(const struct device *device)
{
    const struct device_info *info = device->info;
    return info->gate_bit == ALWAYS_CLOCKED ||
           (device_chip(device)->gates[info->gate_bank].enabled >> info->gate_bit & 1);
}

bool device_is_held_in_reset(const struct device *device)
{
    const struct device_info *info = device->info;
    return info->gate_bit != ALWAYS_CLOCKED &&
           (device_chip(device)->gates[info->gate_bank].held >> info->gate_bit & 1);
}

ticks device_clock(const struct device *device)
{
    const struct chip *chip = device_chip(device);
    bool runs = chip->powered && chip->sleep_state == AWAKE && device_is_enabled(device);
    return runs ? chip->node[device->info->clock].period : 0;
}

uint32_t device_clock_hz(const struct device *device)
{
    return device_chip(device)->node[device->info->clock].hz;
}

ticks device_kernel_clock(const struct device *device)
{
    return device_chip(device)->node[device->info->kernel].period;
}

uint32_t device_kernel_hz(const struct device *device)
{
    return device_chip(device)->node[device->info->kernel].hz;
}

void device_use_kernel_clock(struct device *device, bool uses)
{
    struct chip *chip = device_chip(device);
    struct device *controller = chip_device(chip, chip->info->clock_controller);
    bool begins = uses && !device->uses_kernel_clock;
    device->uses_kernel_clock = uses;
    if (begins && controller && controller->info->class->node_used)
        controller->info->class->node_used(controller, device->info->kernel);
}
