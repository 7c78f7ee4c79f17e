/*
 * The USB host: port states, frames, and the order of transactions on the wire (USB 2.0 chapters 7, 8, 11).
 */
#include "host.h"

#include <stddef.h>
#include <string.h>

#include "chip/chip.h"
#include "host_private.h"

enum { DEBOUNCE_MS = 100, RECOVERY_MS = 10, RESUME_MS = 20, WAKEUP_POLL_MS = 1 };

static bool frames_run(const struct usb_host *host)
{
    return host->line == USB_LINE_RECOVERY ||
           (host->port == USB_PORT_ENABLED && host->line == USB_LINE_STEADY);
}

static bool tokens_allowed(const struct usb_host *host)
{
    return host->port == USB_PORT_ENABLED && host->line == USB_LINE_STEADY;
}

void usb_host_clear_toggles(struct usb_host *host)
{
    memset(host->toggle_in, 0, sizeof host->toggle_in);
    memset(host->toggle_out, 0, sizeof host->toggle_out);
}

void usb_host_init(struct usb_host *host, struct chip *chip)
{
    *host = (struct usb_host){
        .chip = chip,
        .control_packet = USB_LARGEST_CONTROL_PACKET,
        .state_ends = TICKS_NEVER,
        .call_due = TICKS_NEVER,
    };
    chip_schedule_host(chip, TICKS_NEVER);
}

ticks *usb_host_periodic_due(struct usb_host *host, const struct usb_transfer *transfer)
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

void usb_host_finish(struct usb_host *host, struct usb_transfer *transfer, enum usb_host_status status)
{
    ticks now = chip_now(host->chip);
    if (!forget(host, transfer))
        return;
    transfer->status = status;
    transfer->ended = now;
    host->bus_free = usb_later(host->bus_free, now + host->turnaround);
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
        usb_host_finish(host, host->queue[0], status);
}

static void port(struct usb_host *host, enum usb_port_state state)
{
    host->port = state;
    usb_record_line(host);
    if (host->port_changed)
        host->port_changed(host->context, state);
}

static void schedule(struct usb_host *host)
{
    if (host->in_event)
        return;
    ticks due = usb_earlier(host->state_ends, host->call_due);
    if (frames_run(host))
        due = usb_earlier(due, host->frame_started + USB_FRAME);
    if (host->wire.phase != USB_WIRE_IDLE)
        due = usb_earlier(due, host->wire.at);
    else if (tokens_allowed(host) && host->queued)
        due = usb_earlier(due, usb_wire_start(host, chip_now(host->chip)));
    chip_schedule_host(host->chip, due);
}

static void start_frame(struct usb_host *host, ticks now)
{
    enum { FRAME_NUMBERS = 2048 };
    host->frame_started = now;
    host->frame = (host->frame + 1) % FRAME_NUMBERS;
    host->bus_free = usb_later(host->bus_free, now + usb_token_time() + usb_gap_time());
    if (!host->sof_off) {
        usb_record_frame(host, now);
        usb_sof(host->chip, host->frame);
    }
    for (unsigned i = host->queued; i-- > 0;) {
        struct usb_transfer *transfer = i < host->queued ? host->queue[i] : NULL;
        if (transfer && transfer->timeout && now - transfer->started >= transfer->timeout)
            usb_host_finish(host, transfer, USB_TIMED_OUT);
    }
}

static void recover(struct usb_host *host, ticks now)
{
    host->line = USB_LINE_RECOVERY;
    usb_record_line(host);
    host->state_ends = now + RECOVERY_MS * TICKS_PER_MILLISECOND;
    start_frame(host, now);
}

static void recovered(struct usb_host *host)
{
    if (host->port == USB_PORT_SUSPENDED)
        chip_report(host->chip, REPORT_USB, "resumed");
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
        chip_report(host->chip, REPORT_USB, "attached");
        port(host, USB_PORT_ATTACHED);
    } else if (host->port == USB_PORT_SUSPENDED) {
        host->state_ends = now + WAKEUP_POLL_MS * TICKS_PER_MILLISECOND;
        if (usb_drives_resume(host->chip)) {
            chip_report(host->chip, REPORT_USB, "remote wake-up");
            usb_host_resume(host);
        }
    }
}

void usb_host_event(struct usb_host *host, ticks now)
{
    host->in_event = true;
    if (host->wire.phase != USB_WIRE_IDLE && host->wire.at <= now)
        usb_wire_event(host, now);
    if (host->state_ends <= now)
        state_event(host, now);
    if (frames_run(host) && host->frame_started + USB_FRAME <= now)
        start_frame(host, now);
    if (host->call_due <= now) {
        host->call_due = TICKS_NEVER;
        host->call(host->call_context);
    }
    host->in_event = false;
    schedule(host);
}

void usb_host_line(struct usb_host *host, bool pulled_up)
{
    if (pulled_up == (host->port != USB_PORT_EMPTY))
        return;
    if (pulled_up) {
        host->state_ends = chip_now(host->chip) + DEBOUNCE_MS * TICKS_PER_MILLISECOND;
        port(host, USB_PORT_DEBOUNCE);
    } else {
        if (host->port != USB_PORT_DEBOUNCE)
            chip_report(host->chip, REPORT_USB, "detached");
        host->line = USB_LINE_STEADY;
        host->state_ends = TICKS_NEVER;
        host->address = 0;
        host->control_packet = USB_LARGEST_CONTROL_PACKET;
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
    chip_report(host->chip, REPORT_USB, "bus reset");
    host->port = USB_PORT_RESET;
    host->line = USB_LINE_RESET;
    host->state_ends = chip_now(host->chip) + milliseconds * TICKS_PER_MILLISECOND;
    host->address = 0;
    host->control_packet = USB_LARGEST_CONTROL_PACKET;
    memset(host->periodic_due, 0, sizeof host->periodic_due);
    usb_host_clear_toggles(host);
    usb_record_line(host);
    usb_bus_resume(host->chip, false);
    usb_bus_reset(host->chip, true);
    finish_all(host, USB_GONE);
    schedule(host);
}

void usb_host_suspend(struct usb_host *host)
{
    if (host->port != USB_PORT_ENABLED)
        return;
    chip_report(host->chip, REPORT_USB, "suspended");
    host->wire = (struct usb_transaction){.phase = USB_WIRE_IDLE};
    host->state_ends = chip_now(host->chip) + WAKEUP_POLL_MS * TICKS_PER_MILLISECOND;
    port(host, USB_PORT_SUSPENDED);
    schedule(host);
}

void usb_host_resume(struct usb_host *host)
{
    if (host->port != USB_PORT_SUSPENDED || host->line != USB_LINE_STEADY)
        return;
    host->line = USB_LINE_RESUME;
    usb_record_line(host);
    host->state_ends = chip_now(host->chip) + RESUME_MS * TICKS_PER_MILLISECOND;
    usb_bus_resume(host->chip, true);
    schedule(host);
}

void usb_host_call_at(struct usb_host *host, ticks at, void (*call)(void *call_context), void *call_context)
{
    host->call_due = at;
    host->call = call;
    host->call_context = call_context;
    schedule(host);
}

bool usb_host_submit(struct usb_host *host, struct usb_transfer *transfer)
{
    usb_transfer_begin(host, transfer);
    transfer->started = chip_now(host->chip);
    if (!tokens_allowed(host) || host->queued == USB_HOST_QUEUE) {
        transfer->status = tokens_allowed(host) ? USB_ERROR : USB_GONE;
        return false;
    }
    if (usb_is_periodic(transfer))
        transfer->progress.due = *usb_host_periodic_due(host, transfer);
    host->queue[host->queued++] = transfer;
    schedule(host);
    return true;
}

void usb_host_cancel(struct usb_host *host, struct usb_transfer *transfer)
{
    usb_host_finish(host, transfer, USB_CANCELLED);
    schedule(host);
}
