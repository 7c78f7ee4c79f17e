/*
 * DMA1 with seven channels and DMA2 with five (RM0008 chapter 13): each makes one transfer at a time by
 * priority, some bus cycles each. Channels are counted through, DMA1's first.
 */
#include "chip.h"

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

#define FLASH_BASE   0x08000000u
#define FLASH_END    0x20000000u
#define PRIVATE_BASE 0xE0000000u

enum { DMA1_CHANNELS = 7, DMA2_CHANNELS = 5, DMA2_SEPARATE_IRQS = 3 };
static const struct {
    uint32_t base;
    unsigned first, count;
} controllers[DMAS] = {{DMA1_BASE, 0, DMA1_CHANNELS}, {DMA2_BASE, DMA1_CHANNELS, DMA2_CHANNELS}};

static unsigned controller_of(unsigned channel)
{
    return channel < DMA1_CHANNELS ? 0 : 1;
}

/* As the manual counts them. */
static unsigned number_of(unsigned channel)
{
    return channel - controllers[controller_of(channel)].first + 1;
}

static uint32_t flags_of(const struct dma *dma, unsigned channel)
{
    return dma->ISR >> FLAG_BITS * channel & 0xF;
}

static bool wants_interrupt(const struct dma *dma, unsigned channel)
{
    return flags_of(dma, channel) & dma->channel[channel].CCR & (TCIF | HTIF | TEIF);
}

/* The last two of DMA2 share a line (RM0008 table 63). */
static void update_irq(struct chip *chip, unsigned channel)
{
    enum { CHANNEL4 = DMA1_CHANNELS + DMA2_SEPARATE_IRQS, CHANNEL5 };
    const struct dma *dma = &chip->dma;
    if (channel < DMA1_CHANNELS) {
        cortex_m3_set_irq(&chip->cpu, IRQ_DMA1_CHANNEL1 + channel, wants_interrupt(dma, channel));
    } else if (channel < CHANNEL4) {
        cortex_m3_set_irq(&chip->cpu, IRQ_DMA2_CHANNEL1 + channel - DMA1_CHANNELS,
                          wants_interrupt(dma, channel));
    } else {
        cortex_m3_set_irq(&chip->cpu, IRQ_DMA2_CHANNEL4_5,
                          wants_interrupt(dma, CHANNEL4) || wants_interrupt(dma, CHANNEL5));
    }
}

static void raise_flags(struct chip *chip, unsigned channel, uint32_t flags)
{
    chip->dma.ISR |= (uint64_t)(flags | GIF) << FLAG_BITS * channel;
    update_irq(chip, channel);
}

static bool is_ready(const struct dma *dma, unsigned channel)
{
    const struct dma_channel *c = &dma->channel[channel];
    return c->CCR & CCR_EN && c->CNDTR > 0 && (c->CCR & CCR_MEM2MEM || dma->requests >> channel & 1);
}

/* The highest PL, then the lowest number; -1: none. */
static int arbitrate(const struct dma *dma, unsigned n)
{
    int best = -1;
    for (unsigned i = controllers[n].first; i < controllers[n].first + controllers[n].count; i++) {
        if (is_ready(dma, i) && (best < 0 || (dma->channel[i].CCR >> CCR_PL_SHIFT & 3) >
                                                 (dma->channel[best].CCR >> CCR_PL_SHIFT & 3))) {
            best = (int)i;
        }
    }
    return best;
}

static void schedule(struct chip *chip, unsigned n)
{
    enum event event = (enum event)(EVENT_DMA + n);
    if (chip->due[event] == TICKS_NEVER && arbitrate(&chip->dma, n) >= 0) {
        ticks clock = rcc_peripheral_clock(chip, controllers[n].base);
        if (clock != 0) {
            chip_schedule(chip, event, chip_now(chip) + TRANSFER_CYCLES * clock);
        }
    }
}

void dma_request(struct chip *chip, unsigned line, bool wanted)
{
    if (line == 0) {
        return;
    }
    uint16_t bit = (uint16_t)(1u << (line - 1));
    struct dma *dma = &chip->dma;
    dma->requests = wanted ? dma->requests | bit : dma->requests & (uint16_t)~bit;
    if (wanted) {
        schedule(chip, controller_of(line - 1));
    }
}

static unsigned size_of(const struct dma_channel *c, unsigned shift)
{
    unsigned code = c->CCR >> shift & 3;
    return 1u << (code > 2 ? 2 : code);
}

/* Addresses are aligned to the size, whatever their low bits say (13.3.4). */
static bool move(struct chip *chip, uint32_t from, unsigned from_size, uint32_t to, unsigned to_size)
{
    uint32_t value = 0;
    from &= ~(from_size - 1);
    to &= ~(to_size - 1);
    if (from >= PRIVATE_BASE || to >= PRIVATE_BASE || to < FLASH_END) {
        return false;
    }
    if (to_size < 4) {
        uint32_t mask = (1u << 8 * to_size) - 1;
        return bus_read(chip, from, from_size, &value) && bus_write(chip, to, to_size, value & mask);
    }
    return bus_read(chip, from, from_size, &value) && bus_write(chip, to, to_size, value);
}

static void end_of_block(struct chip *chip, unsigned channel)
{
    struct dma_channel *c = &chip->dma.channel[channel];
    if (c->CCR & CCR_CIRC) {
        c->CNDTR = c->count;
        c->peripheral = c->CPAR;
        c->memory = c->CMAR;
    }
    raise_flags(chip, channel, TCIF);
}

static void transfer_failed(struct chip *chip, unsigned channel)
{
    struct dma_channel *c = &chip->dma.channel[channel];
    chip_violation(chip, SUSPICIOUS, "dma-transfer-error",
                   "DMA%u channel %u: CPAR 0x%08X CMAR 0x%08X: bus error, the channel is turned off (RM0008 "
                   "13.3.5)",
                   controller_of(channel) + 1, number_of(channel), (unsigned)c->peripheral,
                   (unsigned)c->memory);
    c->CCR &= ~(uint32_t)CCR_EN;
    raise_flags(chip, channel, TEIF);
}

static void transfer(struct chip *chip, unsigned channel)
{
    struct dma_channel *c = &chip->dma.channel[channel];
    unsigned peripheral_size = size_of(c, CCR_PSIZE_SHIFT), memory_size = size_of(c, CCR_MSIZE_SHIFT);
    bool to_peripheral = c->CCR & CCR_DIR;
    chip->dma.requests &= (uint16_t) ~(1u << channel); /* asked for anew if still wanted */
    chip->bus_master = (uint8_t)(channel + 1);
    bool done = to_peripheral ? move(chip, c->memory, memory_size, c->peripheral, peripheral_size)
                              : move(chip, c->peripheral, peripheral_size, c->memory, memory_size);
    chip->bus_master = 0;
    chip->cpu.side_effects++;
    if (!done) {
        transfer_failed(chip, channel);
        return;
    }
    c->peripheral += c->CCR & CCR_PINC ? peripheral_size : 0;
    c->memory += c->CCR & CCR_MINC ? memory_size : 0;
    c->CNDTR--;
    if (c->CNDTR == c->count / 2 && c->count > 1) {
        raise_flags(chip, channel, HTIF);
    }
    if (c->CNDTR == 0) {
        end_of_block(chip, channel);
    }
}

static bool is_flash(uint32_t address)
{
    return address < FLASH_END;
}

void dma_event(struct chip *chip, unsigned n)
{
    int channel = arbitrate(&chip->dma, n);
    if (channel < 0) {
        return;
    }
    const struct dma_channel *c = &chip->dma.channel[channel];
    if (flash_is_busy(chip) && (is_flash(c->peripheral) || is_flash(c->memory))) {
        chip_schedule(chip, (enum event)(EVENT_DMA + n), chip->flash.operation.ends);
        return;
    }
    transfer(chip, (unsigned)channel);
    schedule(chip, n);
}

/* Registers */

static void check_CCR(struct chip *chip, unsigned channel, uint32_t value)
{
    uint32_t psize = value >> CCR_PSIZE_SHIFT & 3, msize = value >> CCR_MSIZE_SHIFT & 3;
    if (value & CCR_MEM2MEM && value & CCR_CIRC) {
        chip_violation(chip, FORBIDDEN, "dma-mem2mem-circular",
                       "DMA%u_CCR%u = 0x%X: memory to memory cannot be circular (RM0008 13.3.3)",
                       controller_of(channel) + 1, number_of(channel), (unsigned)value);
    }
    if (psize == 3 || msize == 3) {
        chip_violation(chip, UNDEFINED, "dma-size",
                       "DMA%u_CCR%u = 0x%X: 3 is no size, PSIZE and MSIZE are 0, 1 or 2 (RM0008 13.4.3)",
                       controller_of(channel) + 1, number_of(channel), (unsigned)value);
    }
}

static void write_CCR(struct chip *chip, unsigned channel, uint32_t value)
{
    struct dma_channel *c = &chip->dma.channel[channel];
    bool enabled = value & ~c->CCR & CCR_EN;
    check_CCR(chip, channel, value);
    c->CCR = value;
    if (enabled) {
        c->count = c->CNDTR;
        c->peripheral = c->CPAR;
        c->memory = c->CMAR;
    }
    update_irq(chip, channel);
    schedule(chip, controller_of(channel));
}

static void write_channel(struct chip *chip, unsigned channel, uint32_t offset, uint32_t value)
{
    struct dma_channel *c = &chip->dma.channel[channel];
    if (offset == CCR) {
        write_CCR(chip, channel, value);
        return;
    }
    if (c->CCR & CCR_EN) {
        chip_violation(chip, FORBIDDEN, "dma-changed-while-on",
                       "DMA%u channel %u: 0x%X to its %s is ignored while CCR.EN is set (RM0008 13.4.4 to "
                       "13.4.6)",
                       controller_of(channel) + 1, number_of(channel), (unsigned)value,
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

static void write_IFCR(struct chip *chip, unsigned n, uint32_t value)
{
    struct dma *dma = &chip->dma;
    for (unsigned i = 0; i < controllers[n].count; i++) {
        unsigned channel = controllers[n].first + i;
        uint32_t cleared = value >> FLAG_BITS * i & 0xF;
        cleared = cleared & GIF ? 0xF : cleared;
        dma->ISR &= ~((uint64_t)cleared << FLAG_BITS * channel);
        if (!(flags_of(dma, channel) & (TCIF | HTIF | TEIF))) {
            dma->ISR &= ~((uint64_t)GIF << FLAG_BITS * channel);
        }
        update_irq(chip, channel);
    }
}

void dma_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    offset %= INSTANCE_SIZE;
    if (offset >= CHANNEL1) {
        unsigned channel = controllers[n].first + (offset - CHANNEL1) / CHANNEL_SIZE;
        write_channel(chip, channel, (offset - CHANNEL1) % CHANNEL_SIZE, value);
    } else {
        write_IFCR(chip, n, value);
    }
}

static uint32_t read_ISR(const struct chip *chip, unsigned n)
{
    uint64_t mask = (1ull << FLAG_BITS * controllers[n].count) - 1;
    return (uint32_t)(chip->dma.ISR >> FLAG_BITS * controllers[n].first & mask);
}

uint32_t dma_read(struct chip *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    offset %= INSTANCE_SIZE;
    if (offset < CHANNEL1) {
        return offset == ISR ? read_ISR(chip, n) : 0;
    }
    const struct dma_channel *c =
        &chip->dma.channel[controllers[n].first + (offset - CHANNEL1) / CHANNEL_SIZE];
    switch ((offset - CHANNEL1) % CHANNEL_SIZE) {
    case CCR: return c->CCR;
    case CNDTR: return c->CNDTR;
    case CPAR: return c->CPAR;
    default: return c->CMAR;
    }
}

void dma_reset(struct chip *chip)
{
    chip->dma = (struct dma){0};
    for (unsigned i = 0; i < DMA_CHANNELS; i++) {
        update_irq(chip, i);
    }
    for (unsigned n = 0; n < DMAS; n++) {
        chip_schedule(chip, (enum event)(EVENT_DMA + n), TICKS_NEVER);
    }
}

void dma_clock_changed(struct chip *chip)
{
    for (unsigned n = 0; n < DMAS; n++) {
        if (rcc_peripheral_clock(chip, controllers[n].base) == 0) {
            chip_schedule(chip, (enum event)(EVENT_DMA + n), TICKS_NEVER);
        } else {
            schedule(chip, n);
        }
    }
}
