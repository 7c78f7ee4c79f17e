/* USB/IP's isochronous requests: many packets, one a frame, each with a length and an end of its own. */
#include <stdlib.h>
#include <string.h>

#include "base/allocate.h"
#include "private.h"

/* Where things are in a packet's description. */
enum { OFFSET = 0, PACKET_LENGTH = 4, PACKET_ACTUAL = 8, PACKET_STATUS = 12 };

/* What came in lies without gaps, as it is sent; what goes out is taken from where the kernel put it. */
static void aim_at_packet(struct usbip_request *request)
{
    const struct usbip_packet *packet = &request->packet[request->packet_now];
    uint32_t at = request->in ? 0 : packet->offset;
    for (uint32_t i = 0; request->in && i < request->packet_now; i++)
        at += request->packet[i].actual;
    request->queued.transfer.data = request->data + at;
    request->queued.transfer.length = packet->length;
}

bool usbip_isochronous_begin(struct usbip_request *request, const uint8_t *descriptors, uint32_t packets)
{
    uint32_t total = 0;
    if (packets == 0 || request->queued.transfer.type != USB_ISOCHRONOUS)
        return false;
    request->packets = packets;
    request->packet = allocate(packets * sizeof *request->packet);
    for (uint32_t i = 0; i < packets; i++, descriptors += USBIP_PACKET) {
        struct usbip_packet *packet = &request->packet[i];
        packet->offset = usbip_u32(descriptors + OFFSET);
        packet->length = usbip_u32(descriptors + PACKET_LENGTH);
        bool fits = packet->length <= request->length && packet->offset <= request->length - packet->length &&
                    packet->length <= request->length - total;
        if (!fits || (!request->in && packet->length > request->queued.transfer.max_packet))
            return false;
        total += packet->length;
    }
    aim_at_packet(request);
    return true;
}

bool usbip_isochronous_goes_on(struct usbip_request *request)
{
    struct usb_transfer *transfer = &request->queued.transfer;
    struct usbip_packet *packet = &request->packet[request->packet_now];
    if (request->packet_now == 0)
        request->first_frame = request->board->host->frame;
    packet->status = usbip_status(transfer);
    packet->actual = transfer->status == USB_DONE ? transfer->actual : 0;
    request->failed_packets += packet->status != 0;
    if (transfer->status == USB_GONE || ++request->packet_now == request->packets)
        return false;
    aim_at_packet(request);
    return usb_host_submit(request->board->host, transfer);
}

static uint32_t all_actual(const struct usbip_request *request)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < request->packets; i++)
        all += request->packet[i].actual;
    return all;
}

void usbip_isochronous_answer(const struct usbip_request *request)
{
    struct usbip_client *client = request->board->client;
    const struct usb_transfer *transfer = &request->queued.transfer;
    uint8_t message[USBIP_HEADER] = {0}, description[USBIP_PACKET];
    uint32_t all = all_actual(request);
    if (!client)
        return;
    usbip_put_u32(&message[USBIP_COMMAND], USBIP_SUBMITTED);
    usbip_put_u32(&message[USBIP_SEQUENCE], request->sequence);
    usbip_put_u32(&message[USBIP_STATUS], transfer->status == USB_GONE ? usbip_status(transfer) : 0);
    usbip_put_u32(&message[USBIP_ACTUAL], all);
    usbip_put_u32(&message[USBIP_START_FRAME], request->first_frame);
    usbip_put_u32(&message[USBIP_PACKETS], request->packets);
    usbip_put_u32(&message[USBIP_ERRORS], request->failed_packets);
    usbip_send(client, message, sizeof message);
    if (request->in)
        usbip_send(client, request->data, all);
    for (uint32_t i = 0; i < request->packets; i++) {
        const struct usbip_packet *packet = &request->packet[i];
        usbip_put_u32(&description[OFFSET], packet->offset);
        usbip_put_u32(&description[PACKET_LENGTH], packet->length);
        usbip_put_u32(&description[PACKET_ACTUAL], packet->actual);
        usbip_put_u32(&description[PACKET_STATUS], packet->status);
        usbip_send(client, description, sizeof description);
    }
}
