/* The USB host: port states, frames, and the order of transactions on the wire (USB 2.0 chapters 7, 8, 11).
 */
#include "usb_host.h"

#include <stddef.h>
#include <string.h>

#include "stm32f103/chip.h"
#include "usb_host_private.h"

#define BIT   (TICKS_PER_MICROSECOND / 12)
#define FRAME TICKS_PER_MILLISECOND

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

enum { DEBOUNCE_MS = 100, RECOVERY_MS = 10, RESUME_MS = 20, WAKEUP_POLL_MS = 1 };

/* A device that said NAK this often in a row is asked again after a pause, not at once: hosts do so to save
 * their memory bus, the virtual one to save the PC. */
enum { IMPATIENT_NAKS = 4 };
#define NAK_PAUSE (31 * TICKS_PER_MICROSECOND)
/* Three attempts at a silent device are not spent in its busiest moment: one a microframe, as a hub's
 * transaction translator does. */
#define ERROR_PAUSE (FRAME / 8)

ticks usb_token_time(void)
{
    return TOKEN_BITS * BIT;
}

ticks usb_data_time(unsigned bytes)
{
    return (SYNC_BITS + PID_BITS + 8 * (ticks)bytes + CRC16_BITS + EOP_BITS) * BIT;
}

ticks usb_handshake_time(void)
{
    return HANDSHAKE_BITS * BIT;
}

static ticks later(ticks a, ticks b)
{
    return a > b ? a : b;
}

static ticks earlier(ticks a, ticks b)
{
    return a < b ? a : b;
}

static bool frames_run(const struct usb_host *host)
{
    return host->line == USB_LINE_RECOVERY ||
           (host->port == USB_PORT_ENABLED && host->line == USB_LINE_STEADY);
}

static bool tokens_allowed(const struct usb_host *host)
{
    return host->port == USB_PORT_ENABLED && host->line == USB_LINE_STEADY;
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
    if (!stm32f103_wants(host->chip, REPORT_PACKET))
        return;
    static const char digits[] = "0123456789abcdef";
    char *end = bytes;
    for (unsigned i = 0; i < length && i < SHOWN; i++) {
        *end++ = ' ';
        *end++ = digits[data[i] >> 4];
        *end++ = digits[data[i] & 15];
    }
    *end = 0;
    stm32f103_report(host->chip, REPORT_PACKET, "%s %u.%u [%u]%s%s %s", tokens[next->token], host->address,
                     next->endpoint, length, bytes, length > SHOWN ? " ..." : "", answer_name(answer));
}

void usb_host_clear_toggles(struct usb_host *host)
{
    memset(host->toggle_in, 0, sizeof host->toggle_in);
    memset(host->toggle_out, 0, sizeof host->toggle_out);
}

void usb_host_init(struct usb_host *host, struct stm32f103 *chip)
{
    *host = (struct usb_host){.chip = chip, .state_ends = TICKS_NEVER};
    stm32f103_schedule(chip, EVENT_HOST, TICKS_NEVER);
}

static ticks *periodic_due(struct usb_host *host, const struct usb_transfer *transfer)
{
    return &host->periodic_due[(transfer->endpoint & USB_DIRECTION_IN) != 0][transfer->endpoint & 15];
}

/* false: it was not in the queue. */
static bool forget(struct usb_host *host, struct usb_transfer *transfer)
{
    unsigned i = 0;
    while (i < host->queued && host->queue[i] != transfer)
        i++;
    if (i == host->queued)
        return false;
    host->queued--;
    memmove(&host->queue[i], &host->queue[i + 1], (host->queued - i) * sizeof host->queue[0]);
    if (host->next > i)
        host->next--;
    if (host->wire.transfer == transfer)
        host->wire.transfer = NULL;
    return true;
}

static void finish(struct usb_host *host, struct usb_transfer *transfer, enum usb_host_status status)
{
    ticks now = stm32f103_now(host->chip);
    if (!forget(host, transfer))
        return;
    transfer->status = status;
    transfer->ended = now;
    host->bus_free = later(host->bus_free, now + host->turnaround);
    if (status == USB_DONE)
        usb_transfer_observe(host, transfer);
    if (transfer->done)
        transfer->done(transfer);
}

/* Only while no tokens are allowed: nothing can be submitted meanwhile. */
static void finish_all(struct usb_host *host, enum usb_host_status status)
{
    host->wire = (struct usb_transaction){.phase = USB_WIRE_IDLE};
    while (host->queued)
        finish(host, host->queue[0], status);
}

static void port(struct usb_host *host, enum usb_port_state state)
{
    host->port = state;
    if (host->port_changed)
        host->port_changed(host->context, state);
}

/* Bus time of the next transaction of a transfer, at most. */
static ticks longest(const struct usb_transfer *transfer, const struct usb_next *next)
{
    ticks time = usb_token_time() + GAP_BITS * BIT + usb_data_time(next->length);
    return transfer->type == USB_ISOCHRONOUS ? time : time + GAP_BITS * BIT + usb_handshake_time();
}

static void put_token(struct usb_host *host, struct usb_transfer *transfer, ticks start)
{
    struct usb_next next = usb_transfer_next(host, transfer);
    bool in = next.token == USB_TOKEN_IN;
    host->wire.transfer = transfer;
    host->wire.phase = in ? USB_WIRE_IN_TOKEN : USB_WIRE_OUT;
    host->wire.at = start + (in ? usb_token_time() + GAP_BITS * BIT : longest(transfer, &next));
    host->transactions++;
}

/* Periodic transfers come first (USB 2.0 5.4 to 5.7), the others take turns. */
static struct usb_transfer *candidate(const struct usb_host *host, unsigned i)
{
    if (i < host->queued)
        return usb_is_periodic(host->queue[i]) ? host->queue[i] : NULL;
    struct usb_transfer *transfer = host->queue[(host->next + i) % host->queued];
    return usb_is_periodic(transfer) ? NULL : transfer;
}

/* Puts the next transaction on the wire, or returns when it is worth looking again. */
static ticks start_next(struct usb_host *host, ticks now)
{
    ticks start = later(now, host->bus_free), frame_ends = host->frame_started + FRAME, look = TICKS_NEVER;
    for (unsigned i = 0; i < 2 * host->queued; i++) {
        struct usb_transfer *transfer = candidate(host, i);
        if (!transfer)
            continue;
        if (transfer->progress.due > start) {
            look = earlier(look, transfer->progress.due);
            continue;
        }
        struct usb_next next = usb_transfer_next(host, transfer);
        if (start + longest(transfer, &next) + EOF1_BITS * BIT > frame_ends)
            continue; /* the frame's event looks again */
        if (!usb_is_periodic(transfer))
            host->next = (host->next + i + 1) % host->queued;
        put_token(host, transfer, start);
        return host->wire.at;
    }
    return look;
}

static void schedule(struct usb_host *host)
{
    if (host->in_event)
        return;
    ticks due = host->state_ends;
    if (frames_run(host))
        due = earlier(due, host->frame_started + FRAME);
    if (host->wire.phase != USB_WIRE_IDLE)
        due = earlier(due, host->wire.at);
    else if (tokens_allowed(host) && host->queued)
        due = earlier(due, start_next(host, stm32f103_now(host->chip)));
    stm32f103_schedule(host->chip, EVENT_HOST, due);
}

/* When the transfer may be tried again. */
static void pause_after(struct usb_host *host, struct usb_transfer *transfer, enum usb_answer answer,
                        ticks now)
{
    if (usb_is_periodic(transfer)) {
        unsigned frames = transfer->type == USB_INTERRUPT && transfer->interval ? transfer->interval : 1;
        transfer->progress.due = *periodic_due(host, transfer) = host->frame_started + frames * FRAME;
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
        transfer->progress.due = host->frame_started + FRAME;
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
    enum usb_host_status status = usb_transfer_answer(host, transfer, answer, wire->data, length);
    pause_after(host, transfer, answer, now);
    if (status != USB_PENDING)
        finish(host, transfer, status);
}

static void out_over(struct usb_host *host, ticks now)
{
    struct usb_next next = usb_transfer_next(host, host->wire.transfer);
    enum usb_answer answer =
        next.token == USB_TOKEN_SETUP
            ? usb_setup(host->chip, host->address, next.endpoint, next.data)
            : usb_out(host->chip, host->address, next.endpoint, next.toggle, next.data, next.length);
    host->bus_free = now + GAP_BITS * BIT;
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
            wire->at += GAP_BITS * BIT + usb_handshake_time();
        return;
    }
    bool silent = wire->answer == USB_SILENCE;
    host->bus_free = now + (silent ? TIMEOUT_BITS * BIT : usb_handshake_time() + GAP_BITS * BIT);
    transaction_over(host, wire->answer, 0, now);
}

static void in_data_over(struct usb_host *host, ticks now)
{
    struct usb_transaction *wire = &host->wire;
    struct usb_next next = usb_transfer_next(host, wire->transfer);
    usb_in_end(host->chip, host->address, next.endpoint, usb_transfer_accepts(wire->transfer, wire->length));
    host->bus_free = now + GAP_BITS * BIT;
    transaction_over(host, wire->answer, wire->length, now);
}

static void wire_event(struct usb_host *host, ticks now)
{
    if (host->wire.transfer == NULL) {
        host->wire.phase = USB_WIRE_IDLE;
        host->bus_free = now + GAP_BITS * BIT;
        return;
    }
    switch (host->wire.phase) {
    case USB_WIRE_OUT: out_over(host, now); break;
    case USB_WIRE_IN_TOKEN: in_token_over(host, now); break;
    case USB_WIRE_IN_DATA: in_data_over(host, now); break;
    case USB_WIRE_IDLE: break;
    }
}

static void start_frame(struct usb_host *host, ticks now)
{
    enum { FRAME_NUMBERS = 2048 };
    host->frame_started = now;
    host->frame = (host->frame + 1) % FRAME_NUMBERS;
    host->bus_free = later(host->bus_free, now + usb_token_time() + GAP_BITS * BIT);
    if (!host->sof_off)
        usb_sof(host->chip, host->frame);
    for (unsigned i = host->queued; i-- > 0;) {
        struct usb_transfer *transfer = i < host->queued ? host->queue[i] : NULL;
        if (transfer && transfer->timeout && now - transfer->started >= transfer->timeout)
            finish(host, transfer, USB_TIMED_OUT);
    }
}

static void recover(struct usb_host *host, ticks now)
{
    host->line = USB_LINE_RECOVERY;
    host->state_ends = now + RECOVERY_MS * TICKS_PER_MILLISECOND;
    start_frame(host, now);
}

static void recovered(struct usb_host *host)
{
    if (host->port == USB_PORT_SUSPENDED)
        stm32f103_report(host->chip, REPORT_USB, "resumed");
    host->line = USB_LINE_STEADY;
    port(host, USB_PORT_ENABLED);
}

static void state_event(struct usb_host *host, ticks now)
{
    host->state_ends = TICKS_NEVER;
    switch (host->line) {
    case USB_LINE_RESET:
        usb_bus_reset(host->chip, false);
        recover(host, now);
        return;
    case USB_LINE_RESUME:
        usb_bus_resume(host->chip, false);
        recover(host, now);
        return;
    case USB_LINE_RECOVERY: recovered(host); return;
    case USB_LINE_STEADY: break;
    }
    if (host->port == USB_PORT_DEBOUNCE) {
        stm32f103_report(host->chip, REPORT_USB, "attached");
        port(host, USB_PORT_ATTACHED);
    } else if (host->port == USB_PORT_SUSPENDED) {
        host->state_ends = now + WAKEUP_POLL_MS * TICKS_PER_MILLISECOND;
        if (usb_drives_resume(host->chip)) {
            stm32f103_report(host->chip, REPORT_USB, "remote wake-up");
            usb_host_resume(host);
        }
    }
}

void usb_host_event(struct usb_host *host, ticks now)
{
    host->in_event = true;
    if (host->wire.phase != USB_WIRE_IDLE && host->wire.at <= now)
        wire_event(host, now);
    if (host->state_ends <= now)
        state_event(host, now);
    if (frames_run(host) && host->frame_started + FRAME <= now)
        start_frame(host, now);
    host->in_event = false;
    schedule(host);
}

void usb_host_line(struct usb_host *host, bool pulled_up)
{
    if (pulled_up == (host->port != USB_PORT_EMPTY))
        return;
    if (pulled_up) {
        host->state_ends = stm32f103_now(host->chip) + DEBOUNCE_MS * TICKS_PER_MILLISECOND;
        port(host, USB_PORT_DEBOUNCE);
    } else {
        if (host->port != USB_PORT_DEBOUNCE)
            stm32f103_report(host->chip, REPORT_USB, "detached");
        host->line = USB_LINE_STEADY;
        host->state_ends = TICKS_NEVER;
        host->address = 0;
        host->port = USB_PORT_EMPTY;
        usb_bus_reset(host->chip, false);
        usb_bus_resume(host->chip, false);
        finish_all(host, USB_GONE);
        port(host, USB_PORT_EMPTY);
    }
    schedule(host);
}

void usb_host_reset(struct usb_host *host, unsigned milliseconds)
{
    if (host->port == USB_PORT_EMPTY || host->port == USB_PORT_DEBOUNCE)
        return;
    stm32f103_report(host->chip, REPORT_USB, "bus reset");
    host->port = USB_PORT_RESET;
    host->line = USB_LINE_RESET;
    host->state_ends = stm32f103_now(host->chip) + milliseconds * TICKS_PER_MILLISECOND;
    host->address = 0;
    memset(host->periodic_due, 0, sizeof host->periodic_due);
    usb_host_clear_toggles(host);
    usb_bus_resume(host->chip, false);
    usb_bus_reset(host->chip, true);
    finish_all(host, USB_GONE);
    schedule(host);
}

void usb_host_suspend(struct usb_host *host)
{
    if (host->port != USB_PORT_ENABLED)
        return;
    stm32f103_report(host->chip, REPORT_USB, "suspended");
    host->wire = (struct usb_transaction){.phase = USB_WIRE_IDLE};
    host->state_ends = stm32f103_now(host->chip) + WAKEUP_POLL_MS * TICKS_PER_MILLISECOND;
    port(host, USB_PORT_SUSPENDED);
    schedule(host);
}

void usb_host_resume(struct usb_host *host)
{
    if (host->port != USB_PORT_SUSPENDED || host->line != USB_LINE_STEADY)
        return;
    host->line = USB_LINE_RESUME;
    host->state_ends = stm32f103_now(host->chip) + RESUME_MS * TICKS_PER_MILLISECOND;
    usb_bus_resume(host->chip, true);
    schedule(host);
}

bool usb_host_submit(struct usb_host *host, struct usb_transfer *transfer)
{
    usb_transfer_begin(transfer);
    transfer->started = stm32f103_now(host->chip);
    if (!tokens_allowed(host) || host->queued == USB_HOST_QUEUE) {
        transfer->status = tokens_allowed(host) ? USB_ERROR : USB_GONE;
        return false;
    }
    if (usb_is_periodic(transfer))
        transfer->progress.due = *periodic_due(host, transfer);
    host->queue[host->queued++] = transfer;
    schedule(host);
    return true;
}

void usb_host_cancel(struct usb_host *host, struct usb_transfer *transfer)
{
    finish(host, transfer, USB_CANCELLED);
    schedule(host);
}
