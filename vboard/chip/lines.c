/* Lines between devices: the routes of the chip's table. Interrupts are lines to the processor. */
#include "private.h"

#include <string.h>

static void set_irq(struct chip *chip, unsigned irq, bool level)
{
    chip->irq_sources[irq] = (uint8_t)(chip->irq_sources[irq] + (level ? 1 : -1));
    cortex_m3_set_irq(&chip->cpu, irq, chip->irq_sources[irq] != 0);
}

static void deliver(struct chip *chip, const struct route *route, bool level)
{
    struct device *to = &chip->device[route->to];
    if (to->present && to->info->class->line) {
        to->info->class->line(to, route->input, level);
    }
}

void device_drive(struct device *device, unsigned output, bool level)
{
    struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    bool changed = (device->levels >> output & 1) != level;
    device->levels ^= (uint64_t)changed << output;
    for (; route < end; route++) {
        if (route->output != output) {
            continue;
        }
        if (route->to != NVIC) {
            deliver(chip, route, level);
        } else if (changed) {
            set_irq(chip, route->input, level);
        }
    }
}

void device_pulse(struct device *device, unsigned output)
{
    struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    for (; route < end; route++) {
        if (route->output == output && route->to != NVIC) {
            deliver(chip, route, true);
        }
    }
}

/* Those who drive inputs of it, once each: routes are grouped by where they come from. */
static void tell_sources(struct chip *chip, const struct device *device)
{
    const struct chip_info *info = chip->info;
    unsigned told = NO_DEVICE;
    for (unsigned i = 0; i < chip->routes; i++) {
        struct device *from = &chip->device[info->routes[i].from];
        bool its_own = info->routes[i].to == device->number;
        if (its_own && from->number != told && from->present && from->info->class->listeners_changed) {
            told = from->number;
            from->info->class->listeners_changed(from);
        }
    }
}

void device_listen(struct device *device, uint64_t inputs)
{
    struct chip *chip = device_chip(device);
    tell_sources(chip, device);
    device->listens = inputs;
    tell_sources(chip, device);
}

bool device_is_heard(const struct device *device, unsigned output)
{
    const struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    for (; route < end; route++) {
        if (route->output == output && route->to != NVIC && chip->device[route->to].present &&
            chip->device[route->to].listens >> route->input & 1) {
            return true;
        }
    }
    return false;
}

bool device_irq_enabled(const struct device *device, unsigned output)
{
    const struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    for (; route < end; route++) {
        if (route->output == output && route->to == NVIC && chip->cpu.nvic.enabled[route->input]) {
            return true;
        }
    }
    return false;
}

void chip_forget_lines(struct chip *chip)
{
    memset(chip->irq_sources, 0, sizeof chip->irq_sources);
    memset(chip->cpu.nvic.line, 0, sizeof chip->cpu.nvic.line);
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        chip->device[i].levels = 0;
    }
}
