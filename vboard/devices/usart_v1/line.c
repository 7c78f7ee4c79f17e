/* The two lines of a USART: frames that last as long as BRR says, out (RM0008 27.3.2) and in (27.3.3). */
#include "private.h"

enum { BAUD_TOLERANCE_PERCENT = 4 };

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
static ticks frame_time(const struct device *device)
{
    const struct usart *usart = usart_of(device);
    return device_clock(device) * usart->BRR * frame_half_bits(usart) / 2;
}

static uint32_t baud(const struct device *device)
{
    ticks bit = device_clock(device) * usart_of(device)->BRR;
    return bit ? (uint32_t)(TICKS_PER_SECOND / bit) : 0;
}

int usart_pin_level(const struct device *device, unsigned signal)
{
    return signal == USART_V1_TX && usart_is_on(usart_of(device), CR1_TE) ? 1 : -1;
}

/* Transmitter (27.3.2) */

static void schedule_tx(struct device *device, ticks at)
{
    device_schedule(device, EVENT_TX, at);
}

static void check_tx_pin(struct device *device)
{
    struct usart *usart = usart_of(device);
    int at = device_pin(device, USART_V1_TX);
    bool out = device_pin_is_out(device, USART_V1_TX);
    if (!out && !usart->pin_told) {
        usart->pin_told = true;
        device_violation(device, SUSPICIOUS, "usart-tx-pin",
                         "%s sends, but its TX pin P%c%u is no alternate-function output, nothing leaves "
                         "the chip (RM0008 9.1.11 table 24)",
                         device_name(device), 'A' + (at >> 4), (unsigned)at & 0xF);
    }
}

/* A frame is due, and there is no baud rate to send it with. */
static void check_baud_rate(struct device *device)
{
    const struct usart *usart = usart_of(device);
    if (usart->CR1 & CR1_UE && usart->CR1 & CR1_TE && usart->clocked && usart->BRR < MIN_BRR) {
        device_violation(
            device, FORBIDDEN, "usart-baud-rate",
            "%s has a frame to send and BRR is 0x%X: USARTDIV must be at least 1 (RM0008 27.3.4)",
            device_name(device), (unsigned)usart->BRR);
    }
}

void usart_start_frame(struct device *device)
{
    struct usart *usart = usart_of(device);
    if (usart->shifting || usart->SR & SR_TXE)
        return;
    check_baud_rate(device);
    if (!usart_is_on(usart, CR1_TE))
        return;
    usart->sending = usart->TDR;
    usart->shifting = true;
    usart->SR |= SR_TXE;
    schedule_tx(device, device_now(device) + frame_time(device));
}

void usart_start_idle_frame(struct device *device)
{
    struct usart *usart = usart_of(device);
    if (!usart->shifting && usart_is_on(usart, CR1_TE)) {
        usart->shifting = usart->idle_frame = true;
        schedule_tx(device, device_now(device) + frame_time(device));
    }
}

static void deliver(struct device *device)
{
    const struct usart *usart = usart_of(device);
    check_tx_pin(device);
    if (device_pin_is_out(device, USART_V1_TX))
        device_serial_sent(device, usart->sending & data_mask(usart));
}

static void tx_event(struct device *device)
{
    struct usart *usart = usart_of(device);
    usart->shifting = false;
    bool idle_frame = usart->idle_frame;
    usart->idle_frame = false;
    if (!idle_frame)
        deliver(device);
    usart_start_frame(device);
    if (!usart->shifting && !idle_frame)
        usart->SR |= SR_TC;
    usart_update(device);
}

/* Receiver (27.3.3) */

static void schedule_rx(struct device *device, ticks at)
{
    device_schedule(device, EVENT_RX, at);
}

/* How long the world outside takes for a frame. */
static ticks peer_frame_time(const struct device *device)
{
    const struct usart *usart = usart_of(device);
    if (usart->peer_baud)
        return TICKS_PER_SECOND / usart->peer_baud * frame_half_bits(usart) / 2;
    return usart->BRR >= MIN_BRR ? frame_time(device) : 0;
}

/* What is sent waits at the other end until somebody listens: the wire is not longer than the patience. */
void usart_listen(struct device *device)
{
    struct usart *usart = usart_of(device);
    if (!usart_is_on(usart, CR1_RE))
        schedule_rx(device, TICKS_NEVER);
    else if (device_due(device, EVENT_RX) == TICKS_NEVER && (usart->queued || usart->idle_due))
        schedule_rx(device, device_now(device) + peer_frame_time(device));
}

static uint16_t with_parity(const struct usart *usart, uint16_t data)
{
    if (!(usart->CR1 & CR1_PCE))
        return data;
    data &= data_mask(usart);
    bool odd = __builtin_parity(data), wanted_odd = usart->CR1 & CR1_PS;
    return (uint16_t)(data | (odd != wanted_odd) << (word_bits(usart) - 1));
}

static bool baud_matches(const struct device *device)
{
    uint32_t ours = baud(device), theirs = usart_of(device)->peer_baud;
    uint32_t apart = ours > theirs ? ours - theirs : theirs - ours;
    return theirs == 0 || (uint64_t)apart * 100 <= (uint64_t)theirs * BAUD_TOLERANCE_PERCENT;
}

static void receive(struct device *device, uint8_t byte)
{
    struct usart *usart = usart_of(device);
    uint16_t word = with_parity(usart, byte);
    uint32_t flags = SR_RXNE;
    if (!baud_matches(device)) {
        word = (uint16_t)(chip_random(device_chip(device)) & 0xFF);
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

static void rx_event(struct device *device)
{
    struct usart *usart = usart_of(device);
    if (usart->queued) {
        uint8_t byte = usart->queue[usart->queue_head];
        usart->queue_head = (usart->queue_head + 1) % SERIAL_QUEUE;
        usart->queued--;
        receive(device, byte);
    } else if (usart->idle_due) {
        usart->idle_due = false;
        usart->SR |= SR_IDLE;
    }
    usart_listen(device);
    usart_update(device);
}

static unsigned send(struct device *device, const uint8_t *bytes, unsigned length)
{
    struct usart *usart = usart_of(device);
    unsigned room = SERIAL_QUEUE - usart->queued, taken = length < room ? length : room;
    bool was_silent = usart->queued == 0;
    for (unsigned i = 0; i < taken; i++)
        usart->queue[(usart->queue_head + usart->queued++) % SERIAL_QUEUE] = bytes[i];
    if (was_silent)
        schedule_rx(device, TICKS_NEVER); /* the silence ends */
    usart_listen(device);
    return taken;
}

/* Frames under way stand still with the clock. */
static void pause(struct device *device, unsigned event, ticks *paused, bool clocked)
{
    ticks now = device_now(device), due = device_due(device, event);
    if (!clocked) {
        *paused = due == TICKS_NEVER ? TICKS_NEVER : due > now ? due - now : 0;
        device_schedule(device, event, TICKS_NEVER);
    } else if (*paused != TICKS_NEVER) {
        device_schedule(device, event, now + *paused);
    }
}

void usart_clock_changed(struct device *device)
{
    struct usart *usart = usart_of(device);
    bool clocked = device_clock(device) != 0;
    if (clocked == usart->clocked)
        return;
    usart->clocked = clocked;
    pause(device, EVENT_TX, &usart->paused_tx, clocked);
    pause(device, EVENT_RX, &usart->paused_rx, clocked);
    usart_listen(device);
}

void usart_event(struct device *device, unsigned n)
{
    if (n == EVENT_TX)
        tx_event(device);
    else
        rx_event(device);
}

static void set_baud(struct device *device, uint32_t baud_rate)
{
    usart_of(device)->peer_baud = baud_rate;
}

const struct serial_port usart_port = {.send = send, .set_baud = set_baud};
