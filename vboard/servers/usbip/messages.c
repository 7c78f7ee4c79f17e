/* USB/IP's commands: messages turned into requests. */
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "board/board.h"
#include "private.h"

enum { SHORT_NOT_OK = 0x0001, ZERO_PACKET = 0x0040 }; /* flags */
enum { SETUP_BYTES = 8, ENDPOINTS = 15 };

/* After a bus reset, and at no other time, Linux reads the device descriptor by 64 bytes or by 8: as yet it
 * does not know the packet size. */
static bool follows_reset(const uint8_t *setup)
{
    enum { SHORT = 8, LONG = 64 };
    static const uint8_t get_device_descriptor[6] = {0x80, 6, 0, 1, 0, 0};
    return memcmp(setup, get_device_descriptor, sizeof get_device_descriptor) == 0 && setup[7] == 0 &&
           (setup[6] == SHORT || setup[6] == LONG);
}

static bool aim_control(struct usbip_request *request, const uint8_t *setup)
{
    uint32_t wLength = setup[6] | (uint32_t)setup[7] << 8;
    bool in = setup[0] & 0x80;
    memcpy(request->queued.transfer.setup, setup, SETUP_BYTES);
    return wLength == 0 || (in == request->in && (in || wLength == request->length));
}

static void enqueue(struct usbip_request *request)
{
    struct usbip_export *board = request->board;
    queue_add(&board->queue, &request->queued);
    board->outstanding += usbip_cost(request);
}

static struct usbip_request *new_request(struct usbip_export *board, const uint8_t *message)
{
    const uint8_t *setup = message + USBIP_SETUP;
    uint32_t length = usbip_u32(message + USBIP_LENGTH), wLength = setup[6] | (uint32_t)setup[7] << 8;
    bool control = (usbip_u32(message + USBIP_ENDPOINT) & ENDPOINTS) == 0;
    struct usbip_request *request =
        allocate(sizeof *request + (control && wLength > length ? wLength : length));
    request->board = board;
    request->sequence = usbip_u32(message + USBIP_SEQUENCE);
    request->length = length;
    request->in = usbip_u32(message + USBIP_DIRECTION) != 0;
    request->queued.transfer = (struct usb_transfer){
        .type = USB_CONTROL, .length = length, .data = request->data, .context = request, .done = usbip_done};
    if (!request->in)
        memcpy(request->data, message + USBIP_HEADER, length);
    return request;
}

static bool aim_at_endpoint(struct usbip_request *request, const uint8_t *message, uint32_t packets)
{
    enum { IN = 0x80 };
    uint32_t flags = usbip_u32(message + USBIP_FLAGS);
    const uint8_t *descriptors = message + USBIP_HEADER + (request->in ? 0 : request->length);
    uint8_t endpoint = usbip_u32(message + USBIP_ENDPOINT) & ENDPOINTS;
    if (!usb_identity_aim(&request->board->identity, request->board->alternate,
                          request->in ? endpoint | IN : endpoint, &request->queued.transfer))
        return false;
    if (packets || request->queued.transfer.type == USB_ISOCHRONOUS)
        return usbip_isochronous_begin(request, descriptors, packets);
    bool full = request->length && request->length % request->queued.transfer.max_packet == 0;
    request->ends_with_empty_packet = !request->in && full && flags & ZERO_PACKET;
    return true;
}

static void take_submit(struct usbip_client *client, const uint8_t *message, uint32_t packets,
                        int64_t clock_us)
{
    struct usbip_export *board = client->board;
    struct usbip_request *request = new_request(board, message);
    const uint8_t *setup = message + USBIP_SETUP;
    bool control = (usbip_u32(message + USBIP_ENDPOINT) & ENDPOINTS) == 0;
    if (!(control ? aim_control(request, setup) : aim_at_endpoint(request, message, packets))) {
        usbip_answer(client, USBIP_SUBMITTED, request->sequence, -(uint32_t)USBIP_INVALID, 0);
        free(request->packet);
        free(request);
        return;
    }
    request->short_is_error = request->in && usbip_u32(message + USBIP_FLAGS) & SHORT_NOT_OK;
    if (control && follows_reset(setup) && board->touched)
        usbip_restart(board);
    else
        board->touched |= !(control && follows_reset(setup));
    request->queued.due = think_time_ends(&board->think, clock_us, board_now(board->board));
    enqueue(request);
    usbip_submit(board);
}

static void take_unlink(struct usbip_client *client, const uint8_t *message)
{
    uint32_t sequence = usbip_u32(message + USBIP_UNLINK_SEQUENCE), status = 0;
    for (struct queued *queued = client->board->queue.first; queued; queued = queued->next) {
        struct usbip_request *request = (struct usbip_request *)queued;
        if (request->sequence == sequence) {
            usbip_cancel(request);
            status = -(uint32_t)USBIP_RESET;
            break;
        }
    }
    usbip_answer(client, USBIP_UNLINKED, usbip_u32(message + USBIP_SEQUENCE), status, 0);
    usbip_submit(client->board);
}

/* Bytes behind the header. */
static size_t body_length(const uint8_t *message, uint32_t *packets)
{
    bool in = usbip_u32(message + USBIP_DIRECTION) != 0;
    *packets = usbip_u32(message + USBIP_PACKETS);
    if (*packets > USBIP_MAX_PACKETS)
        *packets = 0; /* all ones: not isochronous */
    return (in ? 0 : (size_t)usbip_u32(message + USBIP_LENGTH)) + *packets * USBIP_PACKET;
}

bool usbip_message(const struct usbip *usbip, struct usbip_client *client)
{
    const struct usbip_buffer *in = &client->in;
    uint32_t packets = 0;
    if (in->used < USBIP_HEADER)
        return false;
    uint32_t command = usbip_u32(in->bytes + USBIP_COMMAND);
    bool too_long = command == USBIP_SUBMIT && usbip_u32(in->bytes + USBIP_LENGTH) > USBIP_MAX_TRANSFER;
    size_t body = command == USBIP_SUBMIT ? body_length(in->bytes, &packets) : 0;
    if ((command != USBIP_SUBMIT && command != USBIP_UNLINK) || too_long) {
        client->leaving = true;
        return false;
    }
    if (in->used < USBIP_HEADER + body)
        return false;
    if (command == USBIP_UNLINK)
        take_unlink(client, in->bytes);
    else
        take_submit(client, in->bytes, packets, usbip->clock_us);
    usbip_take_off(&client->in, USBIP_HEADER + body);
    return true;
}
