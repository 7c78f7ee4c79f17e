/*
 * USART1 to USART3 as UARTs (RM0008 chapter 27): frames that last as long as BRR says, their flags,
 * interrupts and DMA requests.
 */
#include "chip.h"

#include <stddef.h>

enum { SR = 0x00, DR = 0x04, BRR = 0x08, CR1 = 0x0C, CR2 = 0x10, CR3 = 0x14, GTPR = 0x18 };
enum {
    SR_PE = 1 << 0,
    SR_FE = 1 << 1,
    SR_NE = 1 << 2,
    SR_ORE = 1 << 3,
    SR_IDLE = 1 << 4,
    SR_RXNE = 1 << 5,
    SR_TC = 1 << 6,
    SR_TXE = 1 << 7,
    SR_LBD = 1 << 8,
    SR_CTS = 1 << 9
};
enum {
    SR_RESET = SR_TXE | SR_TC,
    SR_BY_SEQUENCE = SR_PE | SR_FE | SR_NE | SR_ORE | SR_IDLE, /* cleared by reading SR, then DR */
    SR_BY_ZERO = SR_RXNE | SR_TC | SR_LBD | SR_CTS
};
enum {
    CR1_SBK = 1 << 0,
    CR1_RWU = 1 << 1,
    CR1_RE = 1 << 2,
    CR1_TE = 1 << 3,
    CR1_IDLEIE = 1 << 4,
    CR1_RXNEIE = 1 << 5,
    CR1_TCIE = 1 << 6,
    CR1_TXEIE = 1 << 7,
    CR1_PEIE = 1 << 8,
    CR1_PS = 1 << 9,
    CR1_PCE = 1 << 10,
    CR1_M = 1 << 12,
    CR1_UE = 1 << 13
};
enum { CR2_STOP_SHIFT = 12, CR2_CLKEN = 1 << 11, CR2_LINEN = 1 << 14 };
enum {
    CR3_EIE = 1 << 0,
    CR3_IREN = 1 << 1,
    CR3_HDSEL = 1 << 3,
    CR3_SCEN = 1 << 5,
    CR3_DMAR = 1 << 6,
    CR3_DMAT = 1 << 7,
    CR3_CTSE = 1 << 9
};
enum { MIN_BRR = 16, BAUD_TOLERANCE_PERCENT = 4 };

static const uint32_t bases[USARTS] = {0x40013800, 0x40004400, 0x40004800};
/* RM0008 table 78. */
static const uint8_t dma_tx[USARTS] = {4, 7, 2}, dma_rx[USARTS] = {5, 6, 3};

/* Frames */

static unsigned word_bits(const struct usart *usart)
{
    return usart->CR1 & CR1_M ? 9 : 8;
}

static uint16_t data_mask(const struct usart *usart)
{
    unsigned bits = word_bits(usart) - (usart->CR1 & CR1_PCE ? 1 : 0);
    return (uint16_t)((1u << bits) - 1);
}

/* In half bits: start, word, stop (CR2.STOP: 1, 0.5, 2, 1.5). */
static unsigned frame_half_bits(const struct usart *usart)
{
    static const uint8_t stop[] = {2, 1, 4, 3};
    return 2 * (1 + word_bits(usart)) + stop[usart->CR2 >> CR2_STOP_SHIFT & 3];
}

/* A bit takes 16 * USARTDIV cycles, and BRR holds 16 * USARTDIV (27.3.4). */
static ticks frame_time(const struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    return rcc_peripheral_clock(chip, bases[n]) * usart->BRR * frame_half_bits(usart) / 2;
}

static uint32_t baud(const struct stm32f103 *chip, unsigned n)
{
    ticks bit = rcc_peripheral_clock(chip, bases[n]) * chip->usart[n].BRR;
    return bit ? (uint32_t)(TICKS_PER_SECOND / bit) : 0;
}

static bool is_on(const struct usart *usart, uint32_t direction)
{
    return usart->CR1 & CR1_UE && usart->CR1 & direction && usart->clocked && usart->BRR >= MIN_BRR;
}

bool usart_transmits(const struct stm32f103 *chip, unsigned n)
{
    return is_on(&chip->usart[n], CR1_TE);
}

/* Requests */

static bool wants_interrupt(const struct usart *usart)
{
    uint32_t flags = usart->SR, CR1_value = usart->CR1;
    bool error_by_dma = usart->CR3 & CR3_EIE && usart->CR3 & CR3_DMAR && flags & (SR_FE | SR_NE | SR_ORE);
    return (flags & SR_TXE && CR1_value & CR1_TXEIE) || (flags & SR_TC && CR1_value & CR1_TCIE) ||
           (flags & (SR_RXNE | SR_ORE) && CR1_value & CR1_RXNEIE) ||
           (flags & SR_IDLE && CR1_value & CR1_IDLEIE) || (flags & SR_PE && CR1_value & CR1_PEIE) ||
           error_by_dma;
}

static void update(struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    cortex_m3_set_irq(&chip->cpu, IRQ_USART1 + n, wants_interrupt(usart));
    dma_request(chip, dma_tx[n], usart->SR & SR_TXE && usart->CR3 & CR3_DMAT && is_on(usart, CR1_TE));
    dma_request(chip, dma_rx[n], usart->SR & SR_RXNE && usart->CR3 & CR3_DMAR);
}

/* Transmitter (27.3.2) */

static void schedule_tx(struct stm32f103 *chip, unsigned n, ticks at)
{
    stm32f103_schedule(chip, (enum event)(EVENT_USART_TX + n), at);
}

static void check_tx_pin(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_USART_TX, (uint8_t)n, 0});
    bool out = at >= 0 && gpio_pin_is_alternate(chip, (unsigned)at >> 4, (unsigned)at & 0xF);
    if (!out && !usart->pin_told) {
        usart->pin_told = true;
        stm32f103_violation(
            chip, SUSPICIOUS, "usart-tx-pin",
            "USART%u sends, but its TX pin P%c%u is no alternate-function output, nothing leaves "
            "the chip (RM0008 9.1.11 table 24)",
            n + 1, 'A' + (at >> 4), (unsigned)at & 0xF);
    }
}

/* The data register's content moves on into the shift register. */
static void start_frame(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    if (usart->shifting || usart->SR & SR_TXE || !is_on(usart, CR1_TE)) {
        return;
    }
    usart->sending = usart->TDR;
    usart->shifting = true;
    usart->SR |= SR_TXE;
    schedule_tx(chip, n, stm32f103_now(chip) + frame_time(chip, n));
}

/* Setting TE sends a frame of ones first. */
static void start_idle_frame(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    if (!usart->shifting && is_on(usart, CR1_TE)) {
        usart->shifting = usart->idle_frame = true;
        schedule_tx(chip, n, stm32f103_now(chip) + frame_time(chip, n));
    }
}

static void deliver(struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_USART_TX, (uint8_t)n, 0});
    check_tx_pin(chip, n);
    if (at >= 0 && gpio_pin_is_alternate(chip, (unsigned)at >> 4, (unsigned)at & 0xF)) {
        bool stopped = stm32f103_begin_call(chip);
        chip->board.serial_sent(chip->board.context, n + 1, usart->sending & data_mask(usart));
        stm32f103_end_call(chip, stopped);
    }
}

void usart_tx_event(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    usart->shifting = false;
    bool idle_frame = usart->idle_frame;
    usart->idle_frame = false;
    if (!idle_frame) {
        deliver(chip, n);
    }
    start_frame(chip, n);
    if (!usart->shifting && !idle_frame) {
        usart->SR |= SR_TC;
    }
    update(chip, n);
}

static void write_data(struct stm32f103 *chip, unsigned n, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    if (!(usart->CR1 & CR1_UE) || !(usart->CR1 & CR1_TE)) {
        stm32f103_violation(
            chip, SUSPICIOUS, "usart-off",
            "USART%u_DR = 0x%X: the transmitter is off, UE and TE in CR1 0x%X (RM0008 27.3.2)", n + 1,
            (unsigned)value, (unsigned)usart->CR1);
    } else if (!(usart->SR & SR_TXE)) {
        stm32f103_violation(chip, SUSPICIOUS, "usart-overwrite",
                            "USART%u_DR = 0x%X while TXE is 0: the byte before is lost (RM0008 27.3.2)",
                            n + 1, (unsigned)value);
    }
    if (usart->flags_seen & SR_TC) {
        usart->SR &= ~(uint32_t)SR_TC; /* reading SR, then writing DR */
    }
    usart->flags_seen = 0;
    usart->TDR = (uint16_t)(value & 0x1FF);
    usart->SR &= ~(uint32_t)SR_TXE;
    start_frame(chip, n);
    update(chip, n);
}

/* Receiver (27.3.3) */

static void schedule_rx(struct stm32f103 *chip, unsigned n, ticks at)
{
    stm32f103_schedule(chip, (enum event)(EVENT_USART_RX + n), at);
}

/* How long the world outside takes for a frame. */
static ticks peer_frame_time(const struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    if (usart->peer_baud) {
        return TICKS_PER_SECOND / usart->peer_baud * frame_half_bits(usart) / 2;
    }
    return usart->BRR >= MIN_BRR ? frame_time(chip, n) : 0;
}

/* What is sent waits at the other end until somebody listens: the wire is not longer than the patience. */
static void listen(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    ticks *due = &chip->due[EVENT_USART_RX + n];
    if (!is_on(usart, CR1_RE)) {
        schedule_rx(chip, n, TICKS_NEVER);
    } else if (*due == TICKS_NEVER && (usart->queued || usart->idle_due)) {
        schedule_rx(chip, n, stm32f103_now(chip) + peer_frame_time(chip, n));
    }
}

static uint16_t with_parity(const struct usart *usart, uint16_t data)
{
    if (!(usart->CR1 & CR1_PCE)) {
        return data;
    }
    data &= data_mask(usart);
    bool odd = __builtin_parity(data), wanted_odd = usart->CR1 & CR1_PS;
    return (uint16_t)(data | (odd != wanted_odd) << (word_bits(usart) - 1));
}

static bool baud_matches(const struct stm32f103 *chip, unsigned n)
{
    uint32_t ours = baud(chip, n), theirs = chip->usart[n].peer_baud;
    uint32_t apart = ours > theirs ? ours - theirs : theirs - ours;
    return theirs == 0 || (uint64_t)apart * 100 <= (uint64_t)theirs * BAUD_TOLERANCE_PERCENT;
}

static void receive(struct stm32f103 *chip, unsigned n, uint8_t byte)
{
    struct usart *usart = &chip->usart[n];
    uint16_t word = with_parity(usart, byte);
    uint32_t flags = SR_RXNE;
    if (!baud_matches(chip, n)) {
        word = (uint16_t)(stm32f103_random(chip) & 0xFF);
        flags |= SR_FE;
    }
    usart->idle_due = true;
    if (usart->SR & SR_RXNE) {
        usart->SR |= SR_ORE; /* the new word is lost, the old one stays */
    } else {
        usart->RDR = word;
        usart->SR |= flags;
    }
}

void usart_rx_event(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    if (usart->queued) {
        uint8_t byte = usart->queue[usart->queue_head];
        usart->queue_head = (usart->queue_head + 1) % SERIAL_QUEUE;
        usart->queued--;
        receive(chip, n, byte);
    } else if (usart->idle_due) {
        usart->idle_due = false;
        usart->SR |= SR_IDLE;
    }
    listen(chip, n);
    update(chip, n);
}

unsigned usart_send_to(struct stm32f103 *chip, unsigned n, const uint8_t *bytes, unsigned length)
{
    struct usart *usart = &chip->usart[n];
    unsigned room = SERIAL_QUEUE - usart->queued, taken = length < room ? length : room;
    bool was_silent = usart->queued == 0;
    for (unsigned i = 0; i < taken; i++) {
        usart->queue[(usart->queue_head + usart->queued++) % SERIAL_QUEUE] = bytes[i];
    }
    if (was_silent) {
        chip->due[EVENT_USART_RX + n] = TICKS_NEVER; /* the silence ends */
    }
    listen(chip, n);
    return taken;
}

static uint32_t read_data(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    uint32_t before = usart->SR;
    usart->SR &= ~(usart->flags_seen & SR_BY_SEQUENCE) & ~(uint32_t)SR_RXNE;
    usart->flags_seen = 0;
    chip->cpu.side_effects += before != usart->SR;
    update(chip, n);
    return usart->RDR;
}

/* Registers */

static void check_modes(struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    const char *what = usart->CR1 & (CR1_SBK | CR1_RWU) ? "break and mute mode (27.3.6, 27.3.8)"
                       : usart->CR2 & CR2_LINEN         ? "LIN (27.3.8)"
                       : usart->CR2 & CR2_CLKEN         ? "synchronous mode (27.3.9)"
                       : usart->CR3 & CR3_HDSEL         ? "half duplex (27.3.10)"
                       : usart->CR3 & CR3_SCEN          ? "smartcard mode (27.3.11)"
                       : usart->CR3 & CR3_IREN          ? "IrDA (27.3.12)"
                       : usart->CR3 & CR3_CTSE          ? "CTS (27.3.14)"
                                                        : NULL;
    if (what) {
        stm32f103_violation(chip, SUSPICIOUS, "unmodelled",
                            "USART%u_CR1 0x%X CR2 0x%X CR3 0x%X: %s is not modelled (RM0008 chapter 27)",
                            n + 1, (unsigned)usart->CR1, (unsigned)usart->CR2, (unsigned)usart->CR3, what);
    }
}

static void check_BRR(struct stm32f103 *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    if (usart->CR1 & CR1_UE && usart->CR1 & (CR1_TE | CR1_RE) && usart->BRR < MIN_BRR) {
        stm32f103_violation(chip, FORBIDDEN, "usart-baud-rate",
                            "USART%u_BRR = 0x%X: USARTDIV must be at least 1 (RM0008 27.3.4)", n + 1,
                            (unsigned)usart->BRR);
    }
}

static void write_CR1(struct stm32f103 *chip, unsigned n, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    uint32_t before = usart->CR1;
    usart->CR1 = value & ~(uint32_t)CR1_SBK;
    if (value & ~before & (CR1_SBK | CR1_RWU)) {
        check_modes(chip, n);
    }
    bool was_on = (before & (CR1_UE | CR1_TE)) == (CR1_UE | CR1_TE);
    if (!was_on) {
        check_BRR(chip, n);
        start_idle_frame(chip, n);
    }
    if (!is_on(usart, CR1_TE) && usart->shifting && !(value & CR1_UE)) {
        usart->shifting = usart->idle_frame = false; /* UE off stops at the end of the byte; here: now */
        usart->SR |= SR_TC;
        schedule_tx(chip, n, TICKS_NEVER);
    }
    chip->board.pins_changed(chip->board.context);
}

static void write_register(struct stm32f103 *chip, unsigned n, uint32_t offset, uint32_t value)
{
    struct usart *usart = &chip->usart[n];
    switch (offset) {
    case SR: usart->SR &= value | ~(uint32_t)SR_BY_ZERO; break;
    case BRR:
        usart->BRR = value;
        check_BRR(chip, n);
        break;
    case CR1: write_CR1(chip, n, value); break;
    case CR2:
        usart->CR2 = value;
        check_modes(chip, n);
        break;
    case CR3:
        usart->CR3 = value;
        check_modes(chip, n);
        break;
    default: usart->GTPR = value; break;
    }
    start_frame(chip, n);
    listen(chip, n);
    update(chip, n);
}

void usart_write(struct stm32f103 *chip, uint32_t offset, uint32_t value)
{
    unsigned n = offset / INSTANCE_SIZE;
    offset %= INSTANCE_SIZE;
    if (offset == DR) {
        write_data(chip, n, value);
    } else {
        write_register(chip, n, offset, value);
    }
}

static uint32_t read_status(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    chip->cpu.side_effects += usart->flags_seen != usart->SR;
    usart->flags_seen = usart->SR;
    return usart->SR;
}

uint32_t usart_read(struct stm32f103 *chip, uint32_t offset)
{
    unsigned n = offset / INSTANCE_SIZE;
    const struct usart *usart = &chip->usart[n];
    switch (offset % INSTANCE_SIZE) {
    case SR: return read_status(chip, n);
    case DR: return read_data(chip, n);
    case BRR: return usart->BRR;
    case CR1: return usart->CR1;
    case CR2: return usart->CR2;
    case CR3: return usart->CR3;
    default: return usart->GTPR;
    }
}

/* Frames under way stand still with the clock. */
static void pause(struct stm32f103 *chip, enum event event, ticks *paused, bool clocked)
{
    ticks now = stm32f103_now(chip), due = chip->due[event];
    if (!clocked) {
        *paused = due == TICKS_NEVER ? TICKS_NEVER : due > now ? due - now : 0;
        stm32f103_schedule(chip, event, TICKS_NEVER);
    } else if (*paused != TICKS_NEVER) {
        stm32f103_schedule(chip, event, now + *paused);
    }
}

void usart_clock_changed(struct stm32f103 *chip)
{
    for (unsigned n = 0; n < USARTS; n++) {
        struct usart *usart = &chip->usart[n];
        bool clocked = rcc_peripheral_clock(chip, bases[n]) != 0;
        if (clocked == usart->clocked) {
            continue;
        }
        usart->clocked = clocked;
        pause(chip, (enum event)(EVENT_USART_TX + n), &usart->paused_tx, clocked);
        pause(chip, (enum event)(EVENT_USART_RX + n), &usart->paused_rx, clocked);
        listen(chip, n);
    }
}

/* What the world outside has sent and not yet put on the wire is not the chip's to lose. */
void usart_reset(struct stm32f103 *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    usart->SR = SR_RESET;
    usart->CR1 = usart->CR2 = usart->CR3 = usart->GTPR = usart->BRR = 0;
    usart->TDR = usart->RDR = usart->sending = 0;
    usart->flags_seen = 0;
    usart->shifting = usart->idle_frame = usart->idle_due = usart->pin_told = false;
    usart->paused_tx = usart->paused_rx = TICKS_NEVER;
    schedule_tx(chip, n, TICKS_NEVER);
    schedule_rx(chip, n, TICKS_NEVER);
    update(chip, n);
}
