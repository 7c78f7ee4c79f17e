/* The host's side of the wire: which transaction is next within a frame, how long its packets take, what
 * follows from the answer (USB 2.0 chapter 8, 11.2.5). */
#include <stddef.h>

#include "chip/chip.h"
#include "host_private.h"

#define BIT (TICKS_PER_MICROSECOND / 12)

enum {
    SYNC_BITS = 8,
    PID_BITS = 8,
    EOP_BITS = 3,
    TOKEN_BITS = SYNC_BITS + PID_BITS + 16 + EOP_BITS,
    HANDSHAKE_BITS = SYNC_BITS + PID_BITS + EOP_BITS,
    CRC16_BITS = 16,
    GAP_BITS = 7,      /* between packets: 2 to 7.5 (USB 2.0 7.1.18) */
    TIMEOUT_BITS = 18, /* 16 to 18 (7.1.19) */
    EOF1_BITS = 32     /* nothing may be on the wire this close to the next frame (11.2.5) */
};

/* A device that said NAK this often in a row is asked again after a pause, not at once: hosts do so to save
 * their memory bus, the virtual one to save the PC. */
enum { IMPATIENT_NAKS = 4 };
#define NAK_PAUSE (31 * TICKS_PER_MICROSECOND)
/* Three attempts at a silent device are not spent in its busiest moment: one a microframe, as a hub's
 * transaction translator does. */
#define ERROR_PAUSE (USB_FRAME / 8)

ticks usb_token_time(void)
{
    return TOKEN_BITS * BIT;
}

ticks usb_gap_time(void)
{
    return GAP_BITS * BIT;
}

ticks usb_data_time(unsigned bytes)
{
    return (SYNC_BITS + PID_BITS + 8 * (ticks)bytes + CRC16_BITS + EOP_BITS) * BIT;
}

ticks usb_handshake_time(void)
{
    return HANDSHAKE_BITS * BIT;
}

static const char *answer_name(enum usb_answer answer)
{
    static const char *const names[] = {
        [USB_SILENCE] = "silence", [USB_ACK] = "ACK",     [USB_NAK] = "NAK",
        [USB_STALL] = "STALL",     [USB_DATA0] = "DATA0", [USB_DATA1] = "DATA1",
    };
    return names[answer];
}

static void trace(const struct usb_host *host, const struct usb_next *next, enum usb_answer answer,
                  const uint8_t *data, unsigned length)
{
    static const char *const tokens[] = {
        [USB_TOKEN_SETUP] = "SETUP", [USB_TOKEN_OUT] = "OUT", [USB_TOKEN_IN] = "IN"};
    enum { SHOWN = 64 };
    char bytes[3 * SHOWN + 1] = "";
    if (!chip_wants(host->chip, REPORT_PACKET))
        return;
    static const char digits[] = "0123456789abcdef";
    char *end = bytes;
    for (unsigned i = 0; i < length && i < SHOWN; i++) {
        *end++ = ' ';
        *end++ = digits[data[i] >> 4];
        *end++ = digits[data[i] & 15];
    }
    *end = 0;
    chip_report(host->chip, REPORT_PACKET, "%s %u.%u [%u]%s%s %s", tokens[next->token], host->address,
                next->endpoint, length, bytes, length > SHOWN ? " ..." : "", answer_name(answer));
}

/* Bus time of the next transaction of a transfer, at most. */
static ticks longest(const struct usb_transfer *transfer, const struct usb_next *next)
{
    ticks time = usb_token_time() + usb_gap_time() + usb_data_time(next->length);
    return transfer->type == USB_ISOCHRONOUS ? time : time + usb_gap_time() + usb_handshake_time();
}

static void put_token(struct usb_host *host, struct usb_transfer *transfer, ticks start)
{
    struct usb_next next = usb_transfer_next(host, transfer);
    bool in = next.token == USB_TOKEN_IN;
    host->wire.transfer = transfer;
    host->wire.started = start;
    host->wire.phase = in ? USB_WIRE_IN_TOKEN : USB_WIRE_OUT;
    host->wire.at = start + (in ? usb_token_time() + usb_gap_time() : longest(transfer, &next));
    host->transactions++;
}

/* false: not now; *look is when, unless the next frame is soon enough. */
static bool try_to_start(struct usb_host *host, struct usb_transfer *transfer, ticks start, ticks *look)
{
    struct usb_next next = usb_transfer_next(host, transfer);
    if (transfer->progress.due > start) {
        *look = usb_earlier(*look, transfer->progress.due);
        return false;
    }
    if (start + longest(transfer, &next) + EOF1_BITS * BIT > host->frame_started + USB_FRAME)
        return false;
    put_token(host, transfer, start);
    return true;
}

/* Periodic transfers come first (USB 2.0 5.4 to 5.7), the others take turns. */
ticks usb_wire_start(struct usb_host *host, ticks now)
{
    ticks start = usb_later(now, host->bus_free), look = TICKS_NEVER;
    for (unsigned i = 0; i < host->queued; i++)
        if (usb_is_periodic(host->queue[i]) && try_to_start(host, host->queue[i], start, &look))
            return host->wire.at;
    for (unsigned i = 0; i < host->queued; i++) {
        unsigned turn = (host->next + i) % host->queued;
        if (!usb_is_periodic(host->queue[turn]) && try_to_start(host, host->queue[turn], start, &look)) {
            host->next = turn + 1;
            return host->wire.at;
        }
    }
    return look;
}

/* When the transfer may be tried again. */
static void pause_after(struct usb_host *host, struct usb_transfer *transfer, enum usb_answer answer,
                        ticks now)
{
    if (usb_is_periodic(transfer)) {
        unsigned frames = transfer->type == USB_INTERRUPT && transfer->interval ? transfer->interval : 1;
        transfer->progress.due = *usb_host_periodic_due(host, transfer) =
            host->frame_started + frames * USB_FRAME;
    }
    if (answer != USB_NAK) {
        transfer->progress.naks = 0;
        if (answer == USB_SILENCE && !usb_is_periodic(transfer))
            transfer->progress.due = now + ERROR_PAUSE;
        return;
    }
    host->naks++;
    transfer->progress.naks++;
    if (usb_is_periodic(transfer))
        return;
    if (host->nak_limit && transfer->progress.naks % host->nak_limit == 0)
        transfer->progress.due = host->frame_started + USB_FRAME;
    else if (transfer->progress.naks > IMPATIENT_NAKS)
        transfer->progress.due = now + NAK_PAUSE;
}

static void transaction_over(struct usb_host *host, enum usb_answer answer, unsigned length, ticks now)
{
    struct usb_transaction *wire = &host->wire;
    struct usb_transfer *transfer = wire->transfer;
    struct usb_next next = usb_transfer_next(host, transfer);
    wire->phase = USB_WIRE_IDLE;
    wire->transfer = NULL;
    trace(host, &next, answer, next.token == USB_TOKEN_IN ? wire->data : next.data, length);
    if (host->record)
        usb_record_transaction(host, transfer, &next, answer,
                               next.token == USB_TOKEN_IN ? wire->data : next.data, length);
    enum usb_host_status status = usb_transfer_answer(host, transfer, answer, wire->data, length);
    pause_after(host, transfer, answer, now);
    if (status != USB_PENDING)
        usb_host_finish(host, transfer, status);
}

static void out_over(struct usb_host *host, ticks now)
{
    struct usb_next next = usb_transfer_next(host, host->wire.transfer);
    enum usb_answer answer =
        next.token == USB_TOKEN_SETUP
            ? usb_setup(host->chip, host->address, next.endpoint, next.data)
            : usb_out(host->chip, host->address, next.endpoint, next.toggle, next.data, next.length);
    host->bus_free = now + usb_gap_time();
    transaction_over(host, answer, next.length, now);
}

static void in_token_over(struct usb_host *host, ticks now)
{
    struct usb_transaction *wire = &host->wire;
    struct usb_next next = usb_transfer_next(host, wire->transfer);
    wire->length = 0;
    wire->answer = usb_in_begin(host->chip, host->address, next.endpoint, wire->data, &wire->length);
    if (wire->answer == USB_DATA0 || wire->answer == USB_DATA1) {
        wire->phase = USB_WIRE_IN_DATA;
        wire->at = now + usb_data_time(wire->length);
        if (wire->transfer->type != USB_ISOCHRONOUS)
            wire->at += usb_gap_time() + usb_handshake_time();
        return;
    }
    bool silent = wire->answer == USB_SILENCE;
    host->bus_free = now + (silent ? TIMEOUT_BITS * BIT : usb_handshake_time() + usb_gap_time());
    transaction_over(host, wire->answer, 0, now);
}

static void in_data_over(struct usb_host *host, ticks now)
{
    struct usb_transaction *wire = &host->wire;
    struct usb_next next = usb_transfer_next(host, wire->transfer);
    usb_in_end(host->chip, host->address, next.endpoint, usb_transfer_accepts(wire->transfer, wire->length));
    host->bus_free = now + usb_gap_time();
    transaction_over(host, wire->answer, wire->length, now);
}

void usb_wire_event(struct usb_host *host, ticks now)
{
    if (host->wire.transfer == NULL) {
        host->wire.phase = USB_WIRE_IDLE;
        host->bus_free = now + usb_gap_time();
        return;
    }
    switch (host->wire.phase) {
    case USB_WIRE_OUT: out_over(host, now); break;
    case USB_WIRE_IN_TOKEN: in_token_over(host, now); break;
    case USB_WIRE_IN_DATA: in_data_over(host, now); break;
    case USB_WIRE_IDLE: break;
    }
}
