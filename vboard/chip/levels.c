/* Pins: see pins.h. */
#include "private.h"

static struct device *port_device(const struct chip *chip, unsigned port)
{
    return port < PORTS ? chip_device(chip, chip->info->ports[port]) : NULL;
}

/* For everybody */

struct pin_drive chip_pin_drive(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct device *device = port_device(chip, port);
    if (!device || !chip->powered || chip->pins.claimed[port] >> pin & 1)
        return (struct pin_drive){-1, -1};
    if (chip->pins.debug[port] >> pin & 1) {
        return (struct pin_drive){-1, chip->pins.pulled_up[port] >> pin & 1     ? 1
                                      : chip->pins.pulled_down[port] >> pin & 1 ? 0
                                                                                : -1};
    }
    return device->info->class->gpio->drive(device, pin);
}

bool chip_pin_is_alternate(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct device *device = port_device(chip, port);
    return device && device->info->class->gpio->is_alternate(device, pin) &&
           !(chip->pins.debug[port] >> pin & 1);
}

int chip_pin_duty(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = chip_pin_drive(chip, port, pin);
    if (!chip_pin_is_alternate(chip, port, pin))
        return drive.output < 0 ? -1 : drive.output * DUTY_FULL;
    return chip_function_duty(chip, port, pin);
}

int chip_outside_level(const struct chip *chip, unsigned port, unsigned pin)
{
    return chip->board.pin_level(chip->board.context, port, pin);
}

int chip_pin_level(const struct chip *chip, unsigned port, unsigned pin)
{
    struct pin_drive drive = chip_pin_drive(chip, port, pin);
    if (drive.output >= 0)
        return drive.output;
    int outside = chip_outside_level(chip, port, pin);
    return outside >= 0 ? outside : drive.pull >= 0 ? drive.pull : outside;
}

/* Functions */

static uint8_t mapped_pin(const struct pin_function *function, uint32_t remap)
{
    return function->pin[remap >> function->shift & function->mask];
}

static bool has_number(const struct chip *chip, unsigned at, unsigned number)
{
    const struct device *device = port_device(chip, at >> 4);
    return device && device->info->class->gpio->function &&
           device->info->class->gpio->function(device, at & 0xF) == number;
}

/* NO_PIN: nowhere now. */
static uint8_t numbered_pin(const struct chip *chip, const struct pin_function *function)
{
    for (unsigned i = 0; i < MAX_MAPPINGS && function->pin[i] != NO_PIN; i++)
        if (has_number(chip, function->pin[i], function->shift))
            return function->pin[i];
    return NO_PIN;
}

static bool is_at(const struct chip *chip, const struct pin_function *function, unsigned at)
{
    if (function->mask != PIN_BY_NUMBER)
        return mapped_pin(function, chip->pins.remap) == at;
    for (unsigned i = 0; i < MAX_MAPPINGS && function->pin[i] != NO_PIN; i++)
        if (function->pin[i] == at)
            return has_number(chip, at, function->shift);
    return false;
}

static const struct pin_function *next_function(const struct chip *chip, const struct pin_function *from,
                                                unsigned at)
{
    const struct pin_function *end = chip->info->pin_functions + chip->pin_functions;
    const struct pin_function *function = from ? from + 1 : chip->info->pin_functions;
    for (; function < end; function++)
        if (is_at(chip, function, at) && chip->device[function->device].present)
            return function;
    return NULL;
}

int chip_function_level(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct pin_function *function = NULL;
    while ((function = next_function(chip, function, port << 4 | pin))) {
        const struct device *device = &chip->device[function->device];
        const struct device_class *class = device->info->class;
        int level = class->pin_level ? class->pin_level(device, function->signal) : -1;
        if (level >= 0)
            return level;
    }
    return -1;
}

/* What has no duty of its own is high all of the time, or not at all. */
static int duty_of(const struct device *device, unsigned signal)
{
    const struct device_class *class = device->info->class;
    if (class->pin_duty)
        return class->pin_duty(device, signal);
    return class->pin_level && class->pin_level(device, signal) == 1 ? DUTY_FULL : -1;
}

int chip_function_duty(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct pin_function *function = NULL;
    while ((function = next_function(chip, function, port << 4 | pin))) {
        int duty = duty_of(&chip->device[function->device], function->signal);
        if (duty >= 0)
            return duty;
    }
    return -1;
}

bool chip_function_moves(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct pin_function *function = NULL;
    while ((function = next_function(chip, function, port << 4 | pin))) {
        const struct device *device = &chip->device[function->device];
        const struct device_class *class = device->info->class;
        if (class->pin_moves && class->pin_moves(device, function->signal))
            return true;
    }
    return false;
}

int chip_pin_analog(const struct chip *chip, unsigned port, unsigned pin)
{
    const struct pin_function *function = NULL;
    while ((function = next_function(chip, function, port << 4 | pin))) {
        const struct device *device = &chip->device[function->device];
        const struct device_class *class = device->info->class;
        int value = class->pin_analog ? class->pin_analog(device, function->signal) : -1;
        if (value >= 0)
            return value;
    }
    return -1;
}

/* For devices */

int device_pin(const struct device *device, unsigned signal)
{
    const struct chip *chip = device_chip(device);
    for (unsigned i = 0; i < chip->pin_functions; i++) {
        const struct pin_function *function = &chip->info->pin_functions[i];
        if (function->device != device->number || function->signal != signal)
            continue;
        if (function->mask != PIN_BY_NUMBER) {
            uint8_t pin = mapped_pin(function, chip->pins.remap);
            return pin == RESERVED_PIN ? -1 : pin;
        }
        uint8_t pin = numbered_pin(chip, function);
        if (pin != NO_PIN)
            return pin;
    }
    return -1;
}

bool device_pin_is_out(const struct device *device, unsigned signal)
{
    int at = device_pin(device, signal);
    return at >= 0 && chip_pin_is_alternate(device_chip(device), (unsigned)at >> 4, (unsigned)at & 0xF);
}

bool device_pin_level(const struct device *device, unsigned signal)
{
    int at = device_pin(device, signal);
    return at >= 0 && chip_pin_level(device_chip(device), (unsigned)at >> 4, (unsigned)at & 0xF) > 0;
}

void device_claim_pins(struct device *device, bool claims)
{
    struct chip *chip = device_chip(device);
    for (unsigned i = 0; i < chip->pin_functions; i++) {
        const struct pin_function *function = &chip->info->pin_functions[i];
        if (function->device == device->number && function->mask != PIN_BY_NUMBER) {
            uint8_t at = mapped_pin(function, chip->pins.remap);
            uint16_t *claimed = &chip->pins.claimed[at >> 4], bit = (uint16_t)(1u << (at & 0xF));
            *claimed = claims ? *claimed | bit : *claimed & (uint16_t)~bit;
        }
    }
}

bool chip_line_level(const struct chip *chip, unsigned line)
{
    unsigned port = chip->pins.line_port[line];
    return port < PORTS && chip_pin_level(chip, port, line) > 0;
}

void chip_watch_lines(struct chip *chip, uint32_t lines)
{
    chip->pins.watched_lines = (uint16_t)lines;
    chip_pins_configured(chip);
}

bool device_pin_is_watched(const struct device *device, unsigned signal)
{
    const struct chip *chip = device_chip(device);
    int at = device_pin(device, signal);
    unsigned pin = (unsigned)at & 0xF;
    return at >= 0 && chip->pins.watched_lines >> pin & 1 && chip->pins.line_port[pin] == (unsigned)at >> 4;
}

void chip_remap_pins(struct chip *chip, uint32_t value)
{
    chip->pins.remap = value;
}

void chip_check_remap(struct device *device, uint32_t value,
                      void (*reserved)(struct device *device, uint32_t value, unsigned shift, unsigned mask))
{
    const struct chip *chip = device_chip(device);
    uint32_t told = 0;
    for (unsigned i = 0; i < chip->pin_functions; i++) {
        const struct pin_function *function = &chip->info->pin_functions[i];
        if (function->mask != PIN_BY_NUMBER && mapped_pin(function, value) == RESERVED_PIN &&
            !(told >> function->shift & 1)) {
            told |= 1u << function->shift;
            reserved(device, value, function->shift, function->mask);
        }
    }
}

/* Changes */

void chip_outputs_changed(struct chip *chip)
{
    chip->board.pins_changed(chip->board.context);
}

void chip_inputs_changed(struct chip *chip)
{
    for (const uint8_t *number = chip->pin_watchers; *number != NO_DEVICE; number++) {
        struct device *device = &chip->device[*number];
        device->info->class->pins_changed(device);
    }
}

void chip_pins_configured(struct chip *chip)
{
    for (unsigned i = 0; i < chip->info->device_count; i++) {
        struct device *device = &chip->device[i];
        if (device->present && device->info->class->pins_configured)
            device->info->class->pins_configured(device);
    }
}

void chip_float_pins(struct chip *chip)
{
    for (unsigned i = 0; i < PORTS; i++) {
        struct device *device = port_device(chip, i);
        if (device)
            device->info->class->reset(device);
    }
}
