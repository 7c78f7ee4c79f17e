/* External interrupts and events (RM0008 10.2). */
#include "exti_v1.h"

#include "chip/chip.h"

enum { IMR = 0x00, EMR = 0x04, RTSR = 0x08, FTSR = 0x0C, SWIER = 0x10, PR = 0x14 };
enum { PIN_LINES = 16, LINES = 24 };
#define PINS_MASK ((1u << PIN_LINES) - 1)

struct exti {
    uint32_t IMR, EMR, RTSR, FTSR, SWIER, PR;
    uint32_t level; /* of each line, as last seen */
};

static inline struct exti *exti_of(const struct device *device)
{
    return device_state(device);
}

/* In PR ones only clear: ST's own library writes more of them than there are lines. */
#define EXTI_REGISTERS(lines)                                                                                \
    {                                                                                                        \
        AT(0x00) = {"IMR", RW | STABLE, UINT32_MAX << (lines)},                                              \
        AT(0x04) = {"EMR", RW | STABLE, UINT32_MAX << (lines)},                                              \
        AT(0x08) = {"RTSR", RW | STABLE, UINT32_MAX << (lines)},                                             \
        AT(0x0C) = {"FTSR", RW | STABLE, UINT32_MAX << (lines)},                                             \
        AT(0x10) = {"SWIER", RW | STABLE, UINT32_MAX << (lines)}, AT(0x14) = {"PR", RW | STABLE, 0},         \
    }
static const struct device_register registers[] = EXTI_REGISTERS(19);
static const struct device_register registers_23[] = EXTI_REGISTERS(23);
static const struct device_register registers_24[] = EXTI_REGISTERS(24);

/* Those that are high now go first: lines that share an interrupt keep it up. */
static void update_irqs(struct device *device)
{
    uint32_t active = exti_of(device)->PR & exti_of(device)->IMR;
    uint32_t changed = active ^ ((uint32_t)device->levels & ((1u << LINES) - 1));
    for (unsigned line = 0; changed && line < LINES; line++)
        if (changed & active & 1u << line)
            device_drive(device, EXTI_IRQ + line, true);
    for (unsigned line = 0; changed && line < LINES; line++)
        if (changed & ~active & 1u << line)
            device_drive(device, EXTI_IRQ + line, false);
}

/* An edge on a line that only makes events leaves its pending bit alone (RM0008 10.2.4). */
static void trigger(struct device *device, uint32_t mask)
{
    struct exti *exti = exti_of(device);
    for (unsigned line = 0; line < LINES; line++)
        if (mask >> line & 1)
            device_pulse(device, EXTI_EDGE + line);
    exti->PR |= mask & ~(exti->EMR & ~exti->IMR);
    if (exti->EMR & mask)
        chip_send_event(device_chip(device));
    update_irqs(device);
    if ((exti->EMR | exti->IMR) & mask)
        device_pulse(device, EXTI_WAKES);
}

static void set_line(struct device *device, unsigned line, bool level)
{
    struct exti *exti = exti_of(device);
    uint32_t mask = 1u << line;
    if (level == !!(exti->level & mask))
        return;
    exti->level ^= mask;
    if ((level ? exti->RTSR : exti->FTSR) & mask)
        trigger(device, mask);
}

static void pins_changed(struct device *device)
{
    uint32_t watched = exti_of(device)->RTSR | exti_of(device)->FTSR;
    for (unsigned line = 0; line < PIN_LINES; line++)
        if (watched >> line & 1)
            set_line(device, line, chip_line_level(device_chip(device), line));
}

/* Lines watched from now on start from the level they have, not with an edge. */
static void sample(struct device *device)
{
    struct exti *exti = exti_of(device);
    uint32_t watched = exti->RTSR | exti->FTSR;
    for (unsigned line = 0; line < PIN_LINES; line++) {
        if (!(watched >> line & 1)) {
            uint32_t mask = 1u << line;
            exti->level = (exti->level & ~mask) | (chip_line_level(device_chip(device), line) ? mask : 0);
        }
    }
}

/* What it waits for is to come at its exact time. */
static void watch(struct device *device)
{
    uint32_t watched = exti_of(device)->RTSR | exti_of(device)->FTSR;
    chip_watch_lines(device_chip(device), watched & PINS_MASK);
    device_listen(device, watched);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    const struct exti *exti = exti_of(device);
    switch (offset) {
    case IMR: return exti->IMR;
    case EMR: return exti->EMR;
    case RTSR: return exti->RTSR;
    case FTSR: return exti->FTSR;
    case SWIER: return exti->SWIER;
    default: return exti->PR;
    }
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    struct exti *exti = exti_of(device);
    uint32_t risen;
    switch (offset) {
    case IMR: exti->IMR = value; break;
    case EMR: exti->EMR = value; break;
    case RTSR:
        sample(device);
        exti->RTSR = value;
        break;
    case FTSR:
        sample(device);
        exti->FTSR = value;
        break;
    case SWIER:
        risen = value & ~exti->SWIER;
        exti->SWIER |= value;
        trigger(device, risen & (exti->IMR | exti->EMR));
        break;
    case PR:
        exti->PR &= ~value;
        exti->SWIER &= ~value; /* cleared along with PR (RM0008 10.3.5) */
        break;
    default: break;
    }
    update_irqs(device);
    if (offset == RTSR || offset == FTSR)
        watch(device);
}

static void reset(struct device *device)
{
    *exti_of(device) = (struct exti){.level = exti_of(device)->level & ~PINS_MASK};
    update_irqs(device);
    watch(device);
}

static void line(struct device *device, unsigned input, bool level)
{
    set_line(device, input, level);
}

static uint32_t pending(const struct device *device)
{
    return exti_of(device)->PR;
}

#define EXTI_CLASS(table)                                                                                    \
    {                                                                                                        \
        .state = sizeof(struct exti), REGISTERS(table), .sizes = ONLY_WORDS, .read = read, .write = write,   \
        .reset = reset, .line = line, .pins_changed = pins_changed, .pending = pending                       \
    }
const struct device_class exti_v1_class = EXTI_CLASS(registers);
const struct device_class exti_v1_23_class = EXTI_CLASS(registers_23);
const struct device_class exti_v1_24_class = EXTI_CLASS(registers_24);
