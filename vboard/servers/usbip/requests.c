/* A board's USB/IP requests: when they go on the bus, how they end, and what is answered. */
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "private.h"

/* Errors as Linux numbers them on every machine that speaks USB/IP. */
enum { BROKEN_PIPE = 32, PROTOCOL = 71, OVERFLOW_ = 75, SHUT_DOWN = 108, TIMED_OUT = 110, REMOTE_IO = 121 };

uint32_t usbip_status(const struct usb_transfer *transfer)
{
    switch (transfer->status) {
    case USB_DONE: return 0;
    case USB_STALLED: return -(uint32_t)BROKEN_PIPE;
    case USB_BABBLE: return -(uint32_t)OVERFLOW_;
    case USB_GONE: return -(uint32_t)SHUT_DOWN;
    case USB_CANCELLED: return -(uint32_t)USBIP_RESET;
    case USB_TIMED_OUT: return -(uint32_t)TIMED_OUT;
    case USB_ERROR:
    case USB_PENDING: break;
    }
    return -(uint32_t)PROTOCOL;
}

static uint32_t status_of(const struct usbip_request *request)
{
    const struct usb_transfer *transfer = &request->queued.transfer;
    bool too_short = transfer->status == USB_DONE && transfer->actual < request->length;
    return too_short && request->short_is_error ? -(uint32_t)REMOTE_IO : usbip_status(transfer);
}

void usbip_answer(struct usbip_client *client, uint32_t command, uint32_t sequence, uint32_t status,
                  uint32_t actual)
{
    uint8_t message[USBIP_HEADER] = {0};
    usbip_put_u32(&message[USBIP_COMMAND], command);
    usbip_put_u32(&message[USBIP_SEQUENCE], sequence);
    usbip_put_u32(&message[USBIP_STATUS], status);
    usbip_put_u32(&message[USBIP_ACTUAL], actual);
    usbip_send(client, message, sizeof message);
}

static void answer_submit(const struct usbip_request *request)
{
    struct usbip_client *client = request->board->client;
    uint32_t actual = request->queued.transfer.actual;
    if (!client)
        return;
    if (actual > request->length)
        actual = request->length;
    usbip_answer(client, USBIP_SUBMITTED, request->sequence, status_of(request), actual);
    if (request->in)
        usbip_send(client, request->data, actual);
}

static void discard(struct usbip_request *request)
{
    request->board->outstanding -= usbip_cost(request);
    free(request->packet);
    free(request);
}

static void release(struct usbip_request *request)
{
    queue_remove(&request->board->queue, &request->queued);
    discard(request);
}

/* What a request that succeeded means for those after it. */
static void observe(const struct usbip_request *request)
{
    const struct usb_transfer *transfer = &request->queued.transfer;
    struct usbip_export *board = request->board;
    if (transfer->type != USB_CONTROL || transfer->status != USB_DONE)
        return;
    usb_identity_observe(&board->identity, board->alternate, board->host, transfer->setup);
    board->settled |= usb_is_set_configuration(transfer->setup);
}

/* The empty packet behind a transfer that fills its last one; its length is not told to the kernel. */
static bool send_empty_packet(struct usbip_request *request)
{
    struct usb_transfer *transfer = &request->queued.transfer;
    bool due = request->ends_with_empty_packet && transfer->status == USB_DONE;
    if (!due)
        return false;
    request->ends_with_empty_packet = false;
    transfer->length = 0;
    return usb_host_submit(request->board->host, transfer);
}

void usbip_done(struct usb_transfer *transfer)
{
    struct usbip_request *request = transfer->context;
    struct usbip_export *board = request->board;
    if (request->packet ? usbip_isochronous_goes_on(request) : send_empty_packet(request))
        return;
    if (!request->in && transfer->status == USB_DONE && transfer->length == 0)
        transfer->actual = request->length;
    observe(request);
    board->think.answered = transfer->ended;
    if (request->packet)
        usbip_isochronous_answer(request);
    else
        answer_submit(request);
    release(request);
    usbip_submit(board);
}

void usbip_submit(struct usbip_export *board)
{
    if (!board->ready || board->host->port != USB_PORT_ENABLED)
        return;
    queue_submit(&board->queue, board->host, board_now(board->board));
}

void usbip_cancel(struct usbip_request *request)
{
    queue_silence(request->board->host, &request->queued);
    release(request);
}

void usbip_drop(struct usbip_export *board)
{
    for (struct queued *queued; (queued = queue_take(&board->queue, board->host));)
        discard((struct usbip_request *)queued);
}
