/*
 * A DMA controller (RM0008 chapter 13): one transfer at a time by priority, some bus cycles each. Channels
 * are counted from 0 here, from 1 by the manual.
 */
#include "dma_v1.h"

#include "chip/chip.h"

#include <stddef.h>

enum { ISR = 0x00, IFCR = 0x04, CHANNEL1 = 0x08, CHANNEL_SIZE = 20, CCR = 0, CNDTR = 4, CPAR = 8, CMAR = 12 };
enum {
    CCR_EN = 1 << 0,
    CCR_TCIE = 1 << 1,
    CCR_HTIE = 1 << 2,
    CCR_TEIE = 1 << 3,
    CCR_DIR = 1 << 4,
    CCR_CIRC = 1 << 5,
    CCR_PINC = 1 << 6,
    CCR_MINC = 1 << 7,
    CCR_PSIZE_SHIFT = 8,
    CCR_MSIZE_SHIFT = 10,
    CCR_PL_SHIFT = 12,
    CCR_MEM2MEM = 1 << 14
};
/* Flags of a channel, 4 bits each; the interrupt enables of CCR are in the same places. */
enum { GIF = 1, TCIF = 2, HTIF = 4, TEIF = 8, FLAG_BITS = 4 };
/* From request to transfer, and for one transfer: AN2548's figures for SRAM and APB, rounded. */
enum { TRANSFER_CYCLES = 6 };

#define FLASH_END    0x20000000u
#define PRIVATE_BASE 0xE0000000u

enum { MAX_CHANNELS = 7, SMALL_CHANNELS = 5 };
struct dma_channel {
    uint32_t CCR, CNDTR, CPAR, CMAR;
    uint32_t count;              /* CNDTR when the channel was enabled */
    uint32_t peripheral, memory; /* addresses of the next transfer */
};

struct dma {
    uint32_t ISR;
    uint16_t requests; /* waiting, a bit for each channel */
    struct dma_channel channel[MAX_CHANNELS];
};

static inline struct dma *dma_of(const struct device *device)
{
    return device_state(device);
}

#define DMA_CHANNEL(number, at)                                                                              \
    AT(at) = {"CCR" #number, RW | STABLE, 0xFFFF8000},                                                       \
    AT(at + 4) = {"CNDTR" #number, RW | STABLE, 0xFFFF0000}, AT(at + 8) = {"CPAR" #number, RW | STABLE, 0},  \
    AT(at + 12) = {"CMAR" #number, RW | STABLE, 0}
static const struct device_register registers[] = {
    AT(0x00) = {"ISR", READ_ONLY | STABLE, 0},
    AT(0x04) = {"IFCR", WRITE_ONLY, 0},
    DMA_CHANNEL(1, 0x08),
    DMA_CHANNEL(2, 0x1C),
    DMA_CHANNEL(3, 0x30),
    DMA_CHANNEL(4, 0x44),
    DMA_CHANNEL(5, 0x58),
    DMA_CHANNEL(6, 0x6C),
    DMA_CHANNEL(7, 0x80),
};

static const struct device_register small_registers[] = {
    AT(0x00) = {"ISR", READ_ONLY | STABLE, 0},
    AT(0x04) = {"IFCR", WRITE_ONLY, 0},
    DMA_CHANNEL(1, 0x08),
    DMA_CHANNEL(2, 0x1C),
    DMA_CHANNEL(3, 0x30),
    DMA_CHANNEL(4, 0x44),
    DMA_CHANNEL(5, 0x58),
};

static unsigned channels_of(const struct device *device)
{
    return device->info->class == &dma_v1_class ? MAX_CHANNELS : SMALL_CHANNELS;
}

static uint32_t flags_of(const struct dma *dma, unsigned channel)
{
    return dma->ISR >> FLAG_BITS * channel & 0xF;
}

static bool wants_interrupt(const struct dma *dma, unsigned channel)
{
    return flags_of(dma, channel) & dma->channel[channel].CCR & (TCIF | HTIF | TEIF);
}

static void update_irq(struct device *device, unsigned channel)
{
    device_drive(device, DMA_V1_IRQ + channel, wants_interrupt(dma_of(device), channel));
}

static void raise_flags(struct device *device, unsigned channel, uint32_t flags)
{
    dma_of(device)->ISR |= (flags | GIF) << FLAG_BITS * channel;
    update_irq(device, channel);
}

static bool is_ready(const struct dma *dma, unsigned channel)
{
    const struct dma_channel *c = &dma->channel[channel];
    return c->CCR & CCR_EN && c->CNDTR > 0 && (c->CCR & CCR_MEM2MEM || dma->requests >> channel & 1);
}

/* The highest PL, then the lowest number; -1: none. */
static int arbitrate(const struct device *device)
{
    const struct dma *dma = dma_of(device);
    int best = -1;
    for (unsigned i = 0; i < channels_of(device); i++)
        if (is_ready(dma, i) && (best < 0 || (dma->channel[i].CCR >> CCR_PL_SHIFT & 3) >
                                                 (dma->channel[best].CCR >> CCR_PL_SHIFT & 3)))
            best = (int)i;
    return best;
}

static void schedule(struct device *device)
{
    if (device_due(device, 0) == TICKS_NEVER && arbitrate(device) >= 0) {
        ticks clock = device_clock(device);
        if (clock != 0)
            device_schedule(device, 0, device_now(device) + TRANSFER_CYCLES * clock);
    }
}

/* A device requests, or no longer requests, a transfer. */
static void line(struct device *device, unsigned channel, bool wanted)
{
    struct dma *dma = dma_of(device);
    uint16_t bit = (uint16_t)(1u << channel);
    dma->requests = wanted ? dma->requests | bit : dma->requests & (uint16_t)~bit;
    if (wanted)
        schedule(device);
}

static unsigned size_of(const struct dma_channel *c, unsigned shift)
{
    unsigned code = c->CCR >> shift & 3;
    return 1u << (code > 2 ? 2 : code);
}

/* Addresses are aligned to the size, whatever their low bits say (13.3.4). */
static bool move(struct device *device, uint32_t from, unsigned from_size, uint32_t to, unsigned to_size)
{
    struct chip *chip = device_chip(device);
    uint32_t value = 0;
    from &= ~(from_size - 1);
    to &= ~(to_size - 1);
    if (from >= PRIVATE_BASE || to >= PRIVATE_BASE || to < FLASH_END)
        return false;
    if (to_size < 4) {
        uint32_t mask = (1u << 8 * to_size) - 1;
        return bus_read(chip, from, from_size, &value) && bus_write(chip, to, to_size, value & mask);
    }
    return bus_read(chip, from, from_size, &value) && bus_write(chip, to, to_size, value);
}

static void end_of_block(struct device *device, unsigned channel)
{
    struct dma_channel *c = &dma_of(device)->channel[channel];
    if (c->CCR & CCR_CIRC) {
        c->CNDTR = c->count;
        c->peripheral = c->CPAR;
        c->memory = c->CMAR;
    }
    raise_flags(device, channel, TCIF);
}

static void transfer_failed(struct device *device, unsigned channel)
{
    struct dma_channel *c = &dma_of(device)->channel[channel];
    device_violation(device, SUSPICIOUS, "dma-transfer-error",
                     "%s channel %u: CPAR 0x%08X CMAR 0x%08X: bus error, the channel is turned off (RM0008 "
                     "13.3.5)",
                     device_name(device), channel + 1, (unsigned)c->peripheral, (unsigned)c->memory);
    c->CCR &= ~(uint32_t)CCR_EN;
    raise_flags(device, channel, TEIF);
}

static void transfer(struct device *device, unsigned channel)
{
    struct dma_channel *c = &dma_of(device)->channel[channel];
    unsigned peripheral_size = size_of(c, CCR_PSIZE_SHIFT), memory_size = size_of(c, CCR_MSIZE_SHIFT);
    bool to_peripheral = c->CCR & CCR_DIR;
    dma_of(device)->requests &= (uint16_t) ~(1u << channel); /* asked for anew if still wanted */
    device_chip(device)->bus_master = device->number;
    device_chip(device)->bus_channel = (uint8_t)(channel + 1);
    bool done = to_peripheral ? move(device, c->memory, memory_size, c->peripheral, peripheral_size)
                              : move(device, c->peripheral, peripheral_size, c->memory, memory_size);
    device_chip(device)->bus_master = NO_DEVICE;
    if (!done) {
        transfer_failed(device, channel);
        return;
    }
    c->peripheral += c->CCR & CCR_PINC ? peripheral_size : 0;
    c->memory += c->CCR & CCR_MINC ? memory_size : 0;
    c->CNDTR--;
    if (c->CNDTR == c->count / 2 && c->count > 1)
        raise_flags(device, channel, HTIF);
    if (c->CNDTR == 0)
        end_of_block(device, channel);
}

static bool is_flash(uint32_t address)
{
    return address < FLASH_END;
}

static void event(struct device *device, unsigned n)
{
    (void)n;
    const struct chip *chip = device_chip(device);
    int channel = arbitrate(device);
    if (channel < 0)
        return;
    const struct dma_channel *c = &dma_of(device)->channel[channel];
    if (chip_flash_is_busy(chip) && (is_flash(c->peripheral) || is_flash(c->memory))) {
        device_schedule(device, 0, chip->flash.operation.ends);
        return;
    }
    transfer(device, (unsigned)channel);
    schedule(device);
}

/* Registers */

static void check_CCR(struct device *device, unsigned channel, uint32_t value)
{
    uint32_t psize = value >> CCR_PSIZE_SHIFT & 3, msize = value >> CCR_MSIZE_SHIFT & 3;
    if (value & CCR_MEM2MEM && value & CCR_CIRC) {
        device_violation(device, FORBIDDEN, "dma-mem2mem-circular",
                         "%s_CCR%u = 0x%X: memory to memory cannot be circular (RM0008 13.3.3)",
                         device_name(device), channel + 1, (unsigned)value);
    }
    if (psize == 3 || msize == 3) {
        device_violation(device, UNDEFINED, "dma-size",
                         "%s_CCR%u = 0x%X: 3 is no size, PSIZE and MSIZE are 0, 1 or 2 (RM0008 13.4.3)",
                         device_name(device), channel + 1, (unsigned)value);
    }
}

static void write_CCR(struct device *device, unsigned channel, uint32_t value)
{
    struct dma_channel *c = &dma_of(device)->channel[channel];
    bool enabled = value & ~c->CCR & CCR_EN;
    check_CCR(device, channel, value);
    c->CCR = value;
    if (enabled) {
        c->count = c->CNDTR;
        c->peripheral = c->CPAR;
        c->memory = c->CMAR;
    }
    update_irq(device, channel);
    schedule(device);
}

static void write_channel(struct device *device, unsigned channel, uint32_t offset, uint32_t value)
{
    struct dma_channel *c = &dma_of(device)->channel[channel];
    if (offset == CCR) {
        write_CCR(device, channel, value);
        return;
    }
    if (c->CCR & CCR_EN) {
        device_violation(device, FORBIDDEN, "dma-changed-while-on",
                         "%s channel %u: 0x%X to its %s is ignored while CCR.EN is set (RM0008 13.4.4 to "
                         "13.4.6)",
                         device_name(device), channel + 1, (unsigned)value,
                         offset == CNDTR  ? "CNDTR"
                         : offset == CPAR ? "CPAR"
                                          : "CMAR");
        return;
    }
    switch (offset) {
    case CNDTR: c->CNDTR = c->count = value & 0xFFFF; break;
    case CPAR: c->CPAR = value; break;
    default: c->CMAR = value; break;
    }
}

static void write_IFCR(struct device *device, uint32_t value)
{
    struct dma *dma = dma_of(device);
    for (unsigned channel = 0; channel < channels_of(device); channel++) {
        uint32_t cleared = value >> FLAG_BITS * channel & 0xF;
        cleared = cleared & GIF ? 0xF : cleared;
        dma->ISR &= ~(cleared << FLAG_BITS * channel);
        if (!(flags_of(dma, channel) & (TCIF | HTIF | TEIF)))
            dma->ISR &= ~((uint32_t)GIF << FLAG_BITS * channel);
        update_irq(device, channel);
    }
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset >= CHANNEL1) {
        unsigned channel = (offset - CHANNEL1) / CHANNEL_SIZE;
        write_channel(device, channel, (offset - CHANNEL1) % CHANNEL_SIZE, value);
    } else {
        write_IFCR(device, value);
    }
}

static uint32_t read(struct device *device, uint32_t offset)
{
    if (offset < CHANNEL1)
        return offset == ISR ? dma_of(device)->ISR : 0;
    const struct dma_channel *c = &dma_of(device)->channel[(offset - CHANNEL1) / CHANNEL_SIZE];
    switch ((offset - CHANNEL1) % CHANNEL_SIZE) {
    case CCR: return c->CCR;
    case CNDTR: return c->CNDTR;
    case CPAR: return c->CPAR;
    default: return c->CMAR;
    }
}

static void reset(struct device *device)
{
    *dma_of(device) = (struct dma){0};
    for (unsigned i = 0; i < channels_of(device); i++)
        update_irq(device, i);
    device_schedule(device, 0, TICKS_NEVER);
}

static void clock_changed(struct device *device)
{
    if (device_clock(device) == 0)
        device_schedule(device, 0, TICKS_NEVER);
    else
        schedule(device);
}

#define DMA_CLASS(table)                                                                                     \
    {                                                                                                        \
        .state = sizeof(struct dma), REGISTERS(table), .sizes = ANY_SIZE, .events = 1, .read = read,         \
        .write = write, .reset = reset, .event = event, .clock_changed = clock_changed, .line = line         \
    }
const struct device_class dma_v1_class = DMA_CLASS(registers);
const struct device_class dma_v1_small_class = DMA_CLASS(small_registers);
