/* What the guest asked for, from the message to its end: when it goes on the bus, and what becomes of it. */
#include <stdlib.h>

#include "base/allocate.h"
#include "board/board.h"
#include "private.h"

void usbredir_release(struct request *request)
{
    queue_remove(&request->redirection->queue, &request->queued);
    free(request);
}

/* A packet of a stream came, or the stream ended. An isochronous one goes on whatever happens; any goes on
 * after a bus reset. */
static void stream_step(struct request *request)
{
    struct usbredirparser *parser = request->redirection->parser;
    const struct usb_transfer *transfer = &request->queued.transfer;
    uint8_t status = usbredir_status(transfer->status);
    uint16_t length = transfer->status == USB_DONE ? (uint16_t)transfer->actual : 0;
    uint8_t *data = length ? request->data : NULL;
    request->queued.on_bus = false;
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

void usbredir_submit(struct usbredir *redirection)
{
    if (redirection->device != DEVICE_READY || redirection->host->port != USB_PORT_ENABLED)
        return;
    queue_submit(&redirection->queue, redirection->host, board_now(redirection->board));
}

void usbredir_forget(struct request *request)
{
    queue_silence(request->redirection->host, &request->queued);
    usbredir_release(request);
}

void usbredir_drop(struct usbredir *redirection)
{
    for (struct queued *queued; (queued = queue_take(&redirection->queue, redirection->host));)
        free(queued);
}

struct request *usbredir_new_request(struct usbredir *redirection, enum request_kind kind, uint64_t id,
                                     enum usb_transfer_type type, uint32_t length)
{
    struct request *request = allocate(sizeof *request + length);
    request->redirection = redirection;
    request->kind = kind;
    request->id = id;
    request->queued.transfer = (struct usb_transfer){
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
    queue_add(&redirection->queue, &request->queued);
    redirection->touched = true;
    request->queued.due =
        think_time_ends(&redirection->think, redirection->clock_us, board_now(redirection->board));
    usbredir_submit(redirection);
}
