/* The two lines of a USART: frames that last as long as BRR says, out (RM0008 27.3.2) and in (27.3.3). */
#include "usart_registers.h"

enum { BAUD_TOLERANCE_PERCENT = 4 };

const uint32_t usart_base[USARTS] = {0x40013800, 0x40004400, 0x40004800, 0x40004C00, 0x40005000};
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
static ticks frame_time(const struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    return rcc_peripheral_clock(chip, usart_base[n]) * usart->BRR * frame_half_bits(usart) / 2;
}

static uint32_t baud(const struct chip *chip, unsigned n)
{
    ticks bit = rcc_peripheral_clock(chip, usart_base[n]) * chip->usart[n].BRR;
    return bit ? (uint32_t)(TICKS_PER_SECOND / bit) : 0;
}

bool usart_transmits(const struct chip *chip, unsigned n)
{
    return usart_is_on(&chip->usart[n], CR1_TE);
}

/* Transmitter (27.3.2) */

static void schedule_tx(struct chip *chip, unsigned n, ticks at)
{
    chip_schedule(chip, (enum event)(EVENT_USART_TX + n), at);
}

static void check_tx_pin(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_USART_TX, (uint8_t)n, 0});
    bool out = at >= 0 && gpio_pin_is_alternate(chip, (unsigned)at >> 4, (unsigned)at & 0xF);
    if (!out && !usart->pin_told) {
        usart->pin_told = true;
        chip_violation(chip, SUSPICIOUS, "usart-tx-pin",
                       "%s%u sends, but its TX pin P%c%u is no alternate-function output, nothing leaves "
                       "the chip (RM0008 9.1.11 table 24)",
                       usart_kind(n), n + 1, 'A' + (at >> 4), (unsigned)at & 0xF);
    }
}

/* A frame is due, and there is no baud rate to send it with. */
static void check_baud_rate(struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    if (usart->CR1 & CR1_UE && usart->CR1 & CR1_TE && usart->clocked && usart->BRR < MIN_BRR) {
        chip_violation(
            chip, FORBIDDEN, "usart-baud-rate",
            "USART%u has a frame to send and BRR is 0x%X: USARTDIV must be at least 1 (RM0008 27.3.4)", n + 1,
            (unsigned)usart->BRR);
    }
}

void usart_start_frame(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    if (usart->shifting || usart->SR & SR_TXE) {
        return;
    }
    check_baud_rate(chip, n);
    if (!usart_is_on(usart, CR1_TE)) {
        return;
    }
    usart->sending = usart->TDR;
    usart->shifting = true;
    usart->SR |= SR_TXE;
    schedule_tx(chip, n, chip_now(chip) + frame_time(chip, n));
}

void usart_start_idle_frame(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    if (!usart->shifting && usart_is_on(usart, CR1_TE)) {
        usart->shifting = usart->idle_frame = true;
        schedule_tx(chip, n, chip_now(chip) + frame_time(chip, n));
    }
}

static void deliver(struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_USART_TX, (uint8_t)n, 0});
    check_tx_pin(chip, n);
    if (at >= 0 && gpio_pin_is_alternate(chip, (unsigned)at >> 4, (unsigned)at & 0xF)) {
        bool stopped = chip_begin_call(chip);
        chip->board.serial_sent(chip->board.context, n + 1, usart->sending & data_mask(usart));
        chip_end_call(chip, stopped);
    }
}

void usart_tx_event(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    usart->shifting = false;
    bool idle_frame = usart->idle_frame;
    usart->idle_frame = false;
    if (!idle_frame) {
        deliver(chip, n);
    }
    usart_start_frame(chip, n);
    if (!usart->shifting && !idle_frame) {
        usart->SR |= SR_TC;
    }
    usart_update(chip, n);
}

/* Receiver (27.3.3) */

static void schedule_rx(struct chip *chip, unsigned n, ticks at)
{
    chip_schedule(chip, (enum event)(EVENT_USART_RX + n), at);
}

/* How long the world outside takes for a frame. */
static ticks peer_frame_time(const struct chip *chip, unsigned n)
{
    const struct usart *usart = &chip->usart[n];
    if (usart->peer_baud) {
        return TICKS_PER_SECOND / usart->peer_baud * frame_half_bits(usart) / 2;
    }
    return usart->BRR >= MIN_BRR ? frame_time(chip, n) : 0;
}

/* What is sent waits at the other end until somebody listens: the wire is not longer than the patience. */
void usart_listen(struct chip *chip, unsigned n)
{
    struct usart *usart = &chip->usart[n];
    ticks *due = &chip->due[EVENT_USART_RX + n];
    if (!usart_is_on(usart, CR1_RE)) {
        schedule_rx(chip, n, TICKS_NEVER);
    } else if (*due == TICKS_NEVER && (usart->queued || usart->idle_due)) {
        schedule_rx(chip, n, chip_now(chip) + peer_frame_time(chip, n));
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

static bool baud_matches(const struct chip *chip, unsigned n)
{
    uint32_t ours = baud(chip, n), theirs = chip->usart[n].peer_baud;
    uint32_t apart = ours > theirs ? ours - theirs : theirs - ours;
    return theirs == 0 || (uint64_t)apart * 100 <= (uint64_t)theirs * BAUD_TOLERANCE_PERCENT;
}

static void receive(struct chip *chip, unsigned n, uint8_t byte)
{
    struct usart *usart = &chip->usart[n];
    uint16_t word = with_parity(usart, byte);
    uint32_t flags = SR_RXNE;
    if (!baud_matches(chip, n)) {
        word = (uint16_t)(chip_random(chip) & 0xFF);
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

void usart_rx_event(struct chip *chip, unsigned n)
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
    usart_listen(chip, n);
    usart_update(chip, n);
}

unsigned usart_send_to(struct chip *chip, unsigned n, const uint8_t *bytes, unsigned length)
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
    usart_listen(chip, n);
    return taken;
}

/* Frames under way stand still with the clock. */
static void pause(struct chip *chip, enum event event, ticks *paused, bool clocked)
{
    ticks now = chip_now(chip), due = chip->due[event];
    if (!clocked) {
        *paused = due == TICKS_NEVER ? TICKS_NEVER : due > now ? due - now : 0;
        chip_schedule(chip, event, TICKS_NEVER);
    } else if (*paused != TICKS_NEVER) {
        chip_schedule(chip, event, now + *paused);
    }
}

void usart_clock_changed(struct chip *chip)
{
    for (unsigned n = 0; n < USARTS; n++) {
        struct usart *usart = &chip->usart[n];
        bool clocked = rcc_peripheral_clock(chip, usart_base[n]) != 0;
        if (clocked == usart->clocked) {
            continue;
        }
        usart->clocked = clocked;
        pause(chip, (enum event)(EVENT_USART_TX + n), &usart->paused_tx, clocked);
        pause(chip, (enum event)(EVENT_USART_RX + n), &usart->paused_rx, clocked);
        usart_listen(chip, n);
    }
}
