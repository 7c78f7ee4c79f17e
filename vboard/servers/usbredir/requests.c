/* What the guest asked for, from the message to its end: when it goes on the bus, and what becomes of it. */
#include <stdlib.h>

#include "base/allocate.h"
#include "board/board.h"
#include "private.h"

void usbredir_release(struct request *request)
{
    struct request **at = &request->redirection->first;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    free(request);
}

/* A packet of a stream came, or the stream ended. An isochronous one goes on whatever happens; any goes on
 * after a bus reset. */
static void stream_step(struct request *request)
{
    struct usbredirparser *parser = request->redirection->parser;
    const struct usb_transfer *transfer = &request->transfer;
    uint8_t status = usbredir_status(transfer->status);
    uint16_t length = transfer->status == USB_DONE ? (uint16_t)transfer->actual : 0;
    uint8_t *data = length ? request->data : NULL;
    request->on_bus = false;
    if (transfer->type == USB_ISOCHRONOUS && transfer->status != USB_GONE) {
        struct usb_redir_iso_packet_header header = {transfer->endpoint, status, length};
        usbredirparser_send_iso_packet(parser, request->id++, &header, data, length);
    } else if (transfer->status == USB_DONE) {
        struct usb_redir_interrupt_packet_header header = {transfer->endpoint, status, length};
        usbredirparser_send_interrupt_packet(parser, request->id++, &header, data, length);
    } else if (transfer->status != USB_GONE) {
        usbredir_tell_stream(request, status);
        usbredir_release(request);
    }
}

static void transfer_done(struct usb_transfer *transfer)
{
    struct request *request = transfer->context;
    struct usbredir *redirection = request->redirection;
    redirection->think.answered = transfer->ended;
    bool unplugged = transfer->status == USB_GONE && redirection->host->port == USB_PORT_EMPTY;
    if (unplugged) {
        usbredir_release(request);
    } else if (request->kind == REQUEST_STREAM) {
        stream_step(request);
    } else {
        usbredir_answer(request);
        usbredir_release(request);
    }
    usbredir_submit(redirection);
}

static bool endpoint_busy(const struct request *request)
{
    for (const struct request *r = request->redirection->first; r != request; r = r->next)
        if (r->transfer.endpoint == request->transfer.endpoint)
            return true;
    return false;
}

void usbredir_submit(struct usbredir *redirection)
{
    if (redirection->device != DEVICE_READY || redirection->host->port != USB_PORT_ENABLED)
        return;
    ticks now = board_now(redirection->board);
    for (struct request *request = redirection->first; request; request = request->next)
        if (!request->on_bus && request->due <= now && !endpoint_busy(request))
            request->on_bus = usb_host_submit(redirection->host, &request->transfer);
}

/* Off the bus, and nobody hears of it. */
static void silence(struct request *request)
{
    request->transfer.done = NULL;
    usb_host_cancel(request->redirection->host, &request->transfer);
}

void usbredir_forget(struct request *request)
{
    silence(request);
    usbredir_release(request);
}

void usbredir_drop(struct usbredir *redirection)
{
    struct request *request = redirection->first;
    redirection->first = NULL;
    while (request) {
        struct request *next = request->next;
        silence(request);
        free(request);
        request = next;
    }
}

struct request *usbredir_new_request(struct usbredir *redirection, enum request_kind kind, uint64_t id,
                                     enum usb_transfer_type type, uint32_t length)
{
    struct request *request = allocate(sizeof *request + length);
    request->redirection = redirection;
    request->kind = kind;
    request->id = id;
    request->transfer = (struct usb_transfer){
        .type = type, .length = length, .data = request->data, .context = request, .done = transfer_done};
    return request;
}

void usbredir_enqueue(struct request *request)
{
    struct usbredir *redirection = request->redirection;
    if (!redirection->announced || redirection->leaving) {
        free(request);
        return;
    }
    struct request **end = &redirection->first;
    while (*end)
        end = &(*end)->next;
    *end = request;
    redirection->touched = true;
    request->due = think_time_ends(&redirection->think, redirection->clock_us, board_now(redirection->board));
    usbredir_submit(redirection);
}
