/* USB/IP's commands, turned into transfers of the virtual host and back. */
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "usbip_private.h"

enum { SUBMIT = 1, UNLINK = 2, SUBMITTED = 3, UNLINKED = 4 };
/* Where things are in a message. */
enum {
    COMMAND = 0,
    SEQUENCE = 4,
    DIRECTION = 12,
    ENDPOINT = 16,
    FLAGS = 20,
    UNLINK_SEQUENCE = 20,
    LENGTH = 24,
    PACKETS = 32,
    SETUP = 40
};
enum { STATUS = 20, ACTUAL = 24 }; /* of an answer */
enum { SHORT_NOT_OK = 0x0001, ZERO_PACKET = 0x0040, MAX_ISOCHRONOUS_PACKETS = 1024, ISOCHRONOUS_BYTES = 16 };
enum { CONTROL_PACKET = 64, SETUP_BYTES = 8, ENDPOINTS = 15 };

/* Errors as Linux numbers them on every machine that speaks USB/IP. */
enum {
    INVALID = 22,
    BROKEN_PIPE = 32,
    NO_SUCH_CALL = 38,
    PROTOCOL = 71,
    OVERFLOW_ = 75,
    RESET_ = 104,
    SHUT_DOWN = 108,
    TIMED_OUT = 110,
    REMOTE_IO = 121
};

static uint32_t status_of(const struct usbip_request *request)
{
    const struct usb_transfer *transfer = &request->transfer;
    switch (transfer->status) {
    case USB_DONE:
        return request->short_is_error && transfer->actual < request->length ? -(uint32_t)REMOTE_IO : 0;
    case USB_STALLED: return -(uint32_t)BROKEN_PIPE;
    case USB_BABBLE: return -(uint32_t)OVERFLOW_;
    case USB_GONE: return -(uint32_t)SHUT_DOWN;
    case USB_CANCELLED: return -(uint32_t)RESET_;
    case USB_TIMED_OUT: return -(uint32_t)TIMED_OUT;
    case USB_ERROR:
    case USB_PENDING: break;
    }
    return -(uint32_t)PROTOCOL;
}

static void answer(struct usbip_client *client, uint32_t command, uint32_t sequence, uint32_t status,
                   uint32_t actual)
{
    uint8_t message[USBIP_HEADER] = {0};
    usbip_put_u32(&message[COMMAND], command);
    usbip_put_u32(&message[SEQUENCE], sequence);
    usbip_put_u32(&message[STATUS], status);
    usbip_put_u32(&message[ACTUAL], actual);
    usbip_send(client, message, sizeof message);
}

static void answer_submit(const struct usbip_request *request)
{
    struct usbip_client *client = request->board->client;
    uint32_t actual = request->transfer.actual;
    if (!client)
        return;
    if (actual > request->length)
        actual = request->length;
    answer(client, SUBMITTED, request->sequence, status_of(request), actual);
    if (request->in)
        usbip_send(client, request->data, actual);
}

static void release(struct usbip_request *request)
{
    struct usbip_request **at = &request->board->first;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    free(request);
}

/* SET_INTERFACE starts the interface's endpoints with DATA0 (USB 2.0 9.1.1.5). */
static void choose_alternate(struct usbip_export *board, uint8_t interface, uint8_t alternate)
{
    enum { ENDPOINT_DESCRIPTOR = 5, IN = 0x80 };
    uint8_t of = 0;
    const uint8_t *at = NULL;
    board->alternate[interface] = alternate;
    while ((at = usb_identity_next(&board->identity, board->alternate, at, &of)))
        if (at[1] == ENDPOINT_DESCRIPTOR && of == interface)
            (at[2] & IN ? board->host->toggle_in : board->host->toggle_out)[at[2] & ENDPOINTS] = 0;
}

/* What a request that succeeded means for those after it. */
static void observe(const struct usbip_request *request)
{
    enum { TO_DEVICE = 0, TO_INTERFACE = 1, SET_CONFIGURATION = 9, SET_INTERFACE = 11 };
    const uint8_t *setup = request->transfer.setup;
    struct usbip_export *board = request->board;
    if (request->transfer.type != USB_CONTROL || request->transfer.status != USB_DONE)
        return;
    if (setup[0] == TO_DEVICE && setup[1] == SET_CONFIGURATION)
        memset(board->alternate, 0, sizeof board->alternate);
    else if (setup[0] == TO_INTERFACE && setup[1] == SET_INTERFACE && setup[4] < USBIP_INTERFACES)
        choose_alternate(board, setup[4], setup[2]);
}

/* The empty packet behind a transfer that fills its last one; its length is not told to the kernel. */
static bool send_empty_packet(struct usbip_request *request)
{
    struct usb_transfer *transfer = &request->transfer;
    bool due = request->ends_with_empty_packet && transfer->status == USB_DONE;
    if (!due)
        return false;
    request->ends_with_empty_packet = false;
    transfer->length = 0;
    return usb_host_submit(request->board->host, transfer);
}

static void transfer_done(struct usb_transfer *transfer)
{
    struct usbip_request *request = transfer->context;
    struct usbip_export *board = request->board;
    if (send_empty_packet(request))
        return;
    if (!request->in && transfer->status == USB_DONE && transfer->length == 0)
        transfer->actual = request->length;
    observe(request);
    answer_submit(request);
    release(request);
    usbip_submit(board);
}

static bool endpoint_busy(const struct usbip_request *request)
{
    for (const struct usbip_request *r = request->board->first; r != request; r = r->next)
        if (r->transfer.endpoint == request->transfer.endpoint)
            return true;
    return false;
}

void usbip_submit(struct usbip_export *board)
{
    if (!board->ready || board->host->port != USB_PORT_ENABLED)
        return;
    for (struct usbip_request *request = board->first; request; request = request->next)
        if (!request->on_bus && !endpoint_busy(request))
            request->on_bus = usb_host_submit(board->host, &request->transfer);
}

/* Off the bus, and nobody hears of it. */
static void silence(struct usbip_request *request)
{
    request->transfer.done = NULL;
    usb_host_cancel(request->board->host, &request->transfer);
}

void usbip_drop(struct usbip_export *board)
{
    while (board->first) {
        silence(board->first);
        release(board->first);
    }
}

/* After a bus reset, and at no other time, Linux reads the device descriptor by 64 bytes or by 8: as yet it
 * does not know the packet size. */
static bool follows_reset(const uint8_t *setup)
{
    enum { SHORT = 8, LONG = 64 };
    static const uint8_t get_device_descriptor[6] = {0x80, 6, 0, 1, 0, 0};
    return memcmp(setup, get_device_descriptor, sizeof get_device_descriptor) == 0 && setup[7] == 0 &&
           (setup[6] == SHORT || setup[6] == LONG);
}

/* Type, packet size and interval from the endpoint's descriptor. false: it has none. */
static bool aim(struct usbip_request *request, uint8_t endpoint)
{
    enum { ATTRIBUTES = 3, SIZE = 4, INTERVAL = 6, SIZE_BITS = 0x7FF, TYPE = 3 };
    static const enum usb_transfer_type types[] = {USB_CONTROL, USB_ISOCHRONOUS, USB_BULK, USB_INTERRUPT};
    const struct usbip_export *board = request->board;
    struct usb_transfer *transfer = &request->transfer;
    const uint8_t *descriptor = usb_identity_endpoint(&board->identity, board->alternate, endpoint);
    if (!descriptor)
        return false;
    transfer->endpoint = endpoint;
    transfer->type = types[descriptor[ATTRIBUTES] & TYPE];
    transfer->max_packet = (uint16_t)((descriptor[SIZE] | descriptor[SIZE + 1] << 8) & SIZE_BITS);
    transfer->interval = descriptor[INTERVAL];
    return transfer->type != USB_CONTROL && transfer->type != USB_ISOCHRONOUS && transfer->max_packet > 0 &&
           transfer->max_packet <= USB_MAX_PACKET;
}

static bool aim_control(struct usbip_request *request, const uint8_t *setup)
{
    uint32_t wLength = setup[6] | (uint32_t)setup[7] << 8;
    bool in = setup[0] & 0x80;
    memcpy(request->transfer.setup, setup, SETUP_BYTES);
    request->transfer.max_packet = CONTROL_PACKET;
    return wLength == 0 || (in == request->in && (in || wLength == request->length));
}

static void enqueue(struct usbip_request *request)
{
    struct usbip_export *board = request->board;
    struct usbip_request **end = &board->first;
    while (*end)
        end = &(*end)->next;
    *end = request;
}

static void take_submit(struct usbip_client *client, const uint8_t *message, uint32_t length)
{
    struct usbip_export *board = client->board;
    const uint8_t *setup = message + SETUP;
    bool in = usbip_u32(message + DIRECTION) != 0;
    uint8_t endpoint = (uint8_t)((usbip_u32(message + ENDPOINT) & ENDPOINTS) | (in ? 0x80 : 0));
    uint32_t flags = usbip_u32(message + FLAGS), wLength = setup[6] | (uint32_t)setup[7] << 8;
    bool control = (endpoint & ENDPOINTS) == 0;
    size_t room = control && wLength > length ? wLength : length;
    struct usbip_request *request = calloc(1, sizeof *request + room);
    if (!request)
        abort();
    request->board = board;
    request->sequence = usbip_u32(message + SEQUENCE);
    request->length = length;
    request->in = in;
    request->transfer = (struct usb_transfer){.type = USB_CONTROL,
                                              .length = length,
                                              .data = request->data,
                                              .context = request,
                                              .done = transfer_done};
    if (!in)
        memcpy(request->data, message + USBIP_HEADER, length);
    if (!(control ? aim_control(request, setup) : aim(request, endpoint))) {
        answer(client, SUBMITTED, request->sequence, -(uint32_t)INVALID, 0);
        free(request);
        return;
    }
    bool full = !control && length && length % request->transfer.max_packet == 0;
    request->short_is_error = in && flags & SHORT_NOT_OK;
    request->ends_with_empty_packet = !in && full && flags & ZERO_PACKET;
    if (control && follows_reset(setup) && board->touched)
        usbip_restart(board);
    else
        board->touched |= !(control && follows_reset(setup));
    enqueue(request);
    usbip_submit(board);
}

static void take_unlink(struct usbip_client *client, const uint8_t *message)
{
    uint32_t sequence = usbip_u32(message + UNLINK_SEQUENCE), status = 0;
    for (struct usbip_request *request = client->board->first; request; request = request->next)
        if (request->sequence == sequence) {
            silence(request);
            release(request);
            status = -(uint32_t)RESET_;
            break;
        }
    answer(client, UNLINKED, usbip_u32(message + SEQUENCE), status, 0);
    usbip_submit(client->board);
}

/* Bytes behind the header; more than there can be when it makes no sense. */
static size_t body_length(const uint8_t *message, uint32_t *packets)
{
    uint32_t length = usbip_u32(message + LENGTH);
    bool in = usbip_u32(message + DIRECTION) != 0;
    *packets = usbip_u32(message + PACKETS);
    if (*packets > MAX_ISOCHRONOUS_PACKETS)
        *packets = 0; /* all ones: not isochronous */
    return (in ? 0 : (size_t)length) + *packets * ISOCHRONOUS_BYTES;
}

bool usbip_message(struct usbip_client *client)
{
    struct usbip_buffer *in = &client->in;
    uint32_t packets = 0;
    if (in->used < USBIP_HEADER)
        return false;
    uint32_t command = usbip_u32(in->bytes + COMMAND), length = usbip_u32(in->bytes + LENGTH);
    size_t body = command == SUBMIT ? body_length(in->bytes, &packets) : 0;
    if ((command != SUBMIT && command != UNLINK) || (command == SUBMIT && length > USBIP_MAX_TRANSFER)) {
        client->leaving = true;
        return false;
    }
    if (in->used < USBIP_HEADER + body)
        return false;
    if (command == UNLINK)
        take_unlink(client, in->bytes);
    else if (packets)
        answer(client, SUBMITTED, usbip_u32(in->bytes + SEQUENCE), -(uint32_t)NO_SUCH_CALL, 0);
    else
        take_submit(client, in->bytes, length);
    in->used -= USBIP_HEADER + body;
    memmove(in->bytes, in->bytes + USBIP_HEADER + body, in->used);
    return true;
}
