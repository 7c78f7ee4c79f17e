/* The transfers that commands ask of the PC, see usb_pc.h: in order on each endpoint, their ends told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "usb_pc.h"

/* The time-out is that of Linux for requests (USB_CTRL_GET_TIMEOUT). */
enum { PATIENCE_S = 5, MOST_ORDERS = 64, NAME_SIZE = 32, SETUP_BYTES = 8, IN = 0x80 };

struct usb_order {
    struct usb_order *next;
    struct usb_pc *pc;
    struct usb_transfer transfer;
    char name[NAME_SIZE]; /* for the report */
    bool in;
    uint8_t data[];
};

static void tell(struct usb_pc *pc, const char *text)
{
    const struct board *board = pc->board;
    if (board->report)
        board->report(board->watcher, REPORT_USB, board_now(board), text);
}

static const char *trouble(enum usb_host_status status)
{
    switch (status) {
    case USB_DONE: return NULL;
    case USB_STALLED: return "the device answered STALL";
    case USB_GONE: return "no device on the bus, or it left meanwhile";
    case USB_BABBLE: return "the device sent more than the packet size, or than there was room for";
    case USB_TIMED_OUT: return "not over within 5 s";
    default: return "the device did not answer three times";
    }
}

/* "in 0x81: 2 bytes: 01 02", "out 0x01: not over within 5 s; 64 bytes" */
static void tell_end(const struct usb_order *order)
{
    enum { EACH = 3, REST = 128 };
    static const char digits[] = "0123456789ABCDEF";
    const struct usb_transfer *transfer = &order->transfer;
    char text[USB_PC_BYTES * EACH + REST];
    const char *why = trouble(transfer->status);
    int length = snprintf(text, sizeof text, "%s: %s", order->name, why ? why : "");
    if (!why || transfer->actual) {
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%u byte%s%s", why ? "; " : "",
                           (unsigned)transfer->actual, transfer->actual == 1 ? "" : "s",
                           order->in && transfer->actual ? ":" : "");
    }
    char *end = text + length;
    for (uint32_t i = 0; order->in && i < transfer->actual; i++) {
        *end++ = ' ';
        *end++ = digits[order->data[i] >> 4];
        *end++ = digits[order->data[i] & 0xF];
    }
    *end = '\0';
    tell(order->pc, text);
}

static void remove_order(struct usb_order *order)
{
    struct usb_order **at = &order->pc->orders;
    while (*at != order)
        at = &(*at)->next;
    *at = order->next;
    free(order);
}

static struct usb_order *first_of(const struct usb_pc *pc, uint8_t endpoint)
{
    struct usb_order *order = pc->orders;
    while (order && order->transfer.endpoint != endpoint)
        order = order->next;
    return order;
}

/* Starts what waits for this endpoint. Without a device all of it is over at once. */
static void start_next(struct usb_pc *pc, uint8_t endpoint)
{
    struct usb_order *order;
    while ((order = first_of(pc, endpoint)) && !usb_host_submit(&pc->board->host, &order->transfer)) {
        tell_end(order);
        remove_order(order);
    }
}

static void observe(struct usb_pc *pc, const uint8_t setup[SETUP_BYTES])
{
    usb_identity_observe(&pc->enumerator.identity, pc->alternate, &pc->board->host, setup);
    if (usb_is_set_configuration(setup))
        pc->state = setup[2] ? USB_PC_CONFIGURED : USB_PC_FOUND;
}

static void done(struct usb_transfer *transfer)
{
    struct usb_order *order = transfer->context;
    struct usb_pc *pc = order->pc;
    uint8_t endpoint = transfer->endpoint;
    if (transfer->type == USB_CONTROL && transfer->status == USB_DONE)
        observe(pc, transfer->setup);
    tell_end(order);
    remove_order(order);
    start_next(pc, endpoint);
}

static struct usb_order *new_order(struct usb_pc *pc, uint32_t length, const uint8_t *data)
{
    struct usb_order *order = allocate(sizeof *order + length + 1);
    order->pc = pc;
    order->transfer = (struct usb_transfer){.data = order->data,
                                            .length = length,
                                            .timeout = PATIENCE_S * TICKS_PER_SECOND,
                                            .context = order,
                                            .done = done};
    if (data)
        memcpy(order->data, data, length);
    return order;
}

static bool has_room(struct usb_pc *pc)
{
    unsigned count = 0;
    for (const struct usb_order *order = pc->orders; order; order = order->next)
        count++;
    if (count == MOST_ORDERS)
        tell(pc, "64 transfers wait already; 'wait' lets them go on");
    return count < MOST_ORDERS;
}

static void place(struct usb_order *order)
{
    struct usb_pc *pc = order->pc;
    bool alone = !first_of(pc, order->transfer.endpoint);
    struct usb_order **at = &pc->orders;
    while (*at)
        at = &(*at)->next;
    *at = order;
    if (alone)
        start_next(pc, order->transfer.endpoint);
}

bool usb_pc_control(struct usb_pc *pc, const uint8_t setup[SETUP_BYTES], const uint8_t *data)
{
    bool in = setup[0] & IN;
    if (pc->state == USB_PC_SEARCHES) {
        tell(pc, "no device is enumerated yet; 'wait' until one was found");
        return false;
    }
    if (!has_room(pc))
        return false;
    struct usb_order *order = new_order(pc, setup[6] | (uint32_t)setup[7] << 8, in ? NULL : data);
    order->in = in;
    order->transfer.type = USB_CONTROL;
    memcpy(order->transfer.setup, setup, SETUP_BYTES);
    (void)snprintf(order->name, sizeof order->name, "control 0x%02X %u", setup[0], setup[1]);
    place(order);
    return true;
}

bool usb_pc_transfer(struct usb_pc *pc, uint8_t endpoint, const uint8_t *data, uint32_t length)
{
    struct usb_transfer aimed = {0};
    bool in = endpoint & IN;
    char text[128];
    if (pc->state != USB_PC_CONFIGURED) {
        tell(pc, "no device is configured; 'wait' until one is");
        return false;
    }
    if (!usb_identity_aim(&pc->enumerator.identity, pc->alternate, endpoint, &aimed)) {
        (void)snprintf(text, sizeof text, "the device has no endpoint 0x%02X as it is configured", endpoint);
        tell(pc, text);
        return false;
    }
    if (aimed.type == USB_ISOCHRONOUS && length > aimed.max_packet) {
        (void)snprintf(text, sizeof text, "endpoint 0x%02X is isochronous: one packet, up to %u bytes",
                       endpoint, aimed.max_packet);
        tell(pc, text);
        return false;
    }
    if (!has_room(pc))
        return false;
    struct usb_order *order = new_order(pc, in && !length ? aimed.max_packet : length, data);
    order->in = in;
    order->transfer.type = aimed.type;
    order->transfer.endpoint = endpoint;
    order->transfer.max_packet = aimed.max_packet;
    order->transfer.interval = aimed.interval;
    (void)snprintf(order->name, sizeof order->name, "%s 0x%02X", in ? "in" : "out", endpoint);
    place(order);
    return true;
}

void usb_pc_detach(struct usb_pc *pc)
{
    while (pc->orders) {
        struct usb_order *order = pc->orders;
        order->transfer.done = NULL;
        usb_host_cancel(&pc->board->host, &order->transfer);
        remove_order(order);
    }
    pc->board->pc = NULL;
}
