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
    if (to->present && to->info->class->line)
        to->info->class->line(to, route->input, level);
}

void device_drive(struct device *device, unsigned output, bool level)
{
    struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    bool changed = (device->levels >> output & 1) != level;
    device->levels ^= (uint64_t)changed << output;
    for (; route < end; route++) {
        if (route->output != output)
            continue;
        if (route->to != NVIC)
            deliver(chip, route, level);
        else if (changed)
            set_irq(chip, route->input, level);
    }
}

void device_pulse(struct device *device, unsigned output)
{
    struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    for (; route < end; route++)
        if (route->output == output && route->to != NVIC)
            deliver(chip, route, true);
}

/* Calls for those who drive inputs of it, once each: routes are grouped by where they come from. */
static void for_sources(struct chip *chip, const struct device *device, void (*call)(struct device *source))
{
    unsigned told = NO_DEVICE;
    for (unsigned i = 0; i < chip->routes; i++) {
        struct device *from = &chip->device[chip->info->routes[i].from];
        if (chip->info->routes[i].to == device->number && from->number != told && from->present) {
            told = from->number;
            call(from);
        }
    }
}

static void tell_source(struct device *source)
{
    if (source->info->class->listeners_changed)
        source->info->class->listeners_changed(source);
}

/* Which of its outputs anybody waits for. */
static void count_listeners(struct device *source)
{
    const struct chip *chip = device_chip(source);
    const struct route *route = &chip->info->routes[source->first_route], *end = route + source->routes;
    source->heard = 0;
    for (; route < end; route++)
        if (route->to != NVIC && chip->device[route->to].listens >> route->input & 1)
            source->heard |= 1ull << route->output;
}

void device_listen(struct device *device, uint64_t inputs)
{
    struct chip *chip = device_chip(device);
    for_sources(chip, device, tell_source);
    device->listens = inputs;
    for_sources(chip, device, count_listeners);
    for_sources(chip, device, tell_source);
}

bool device_is_heard(const struct device *device, unsigned output)
{
    return device->heard >> output & 1;
}

bool device_irq_enabled(const struct device *device, unsigned output)
{
    const struct chip *chip = device_chip(device);
    const struct route *route = &chip->info->routes[device->first_route], *end = route + device->routes;
    for (; route < end; route++)
        if (route->output == output && route->to == NVIC && chip->cpu.nvic.enabled[route->input])
            return true;
    return false;
}

void chip_forget_lines(struct chip *chip)
{
    memset(chip->irq_sources, 0, sizeof chip->irq_sources);
    memset(chip->cpu.nvic.line, 0, sizeof chip->cpu.nvic.line);
    for (unsigned i = 0; i < chip->info->device_count; i++)
        chip->device[i].levels = 0;
}
