/* usb-redir messages that ask the device for something, turned into requests. */
#include <stdlib.h>
#include <string.h>
#include <usbredirfilter.h>

#include "private.h"

enum { MAX_BULK = 16 << 20, SETUP_BYTES = 8 };

/* Takes packet size and interval from the endpoint's descriptor. false: it has none, or is of another type.
 */
static bool aim(struct request *request, uint8_t endpoint)
{
    const struct usbredir *redirection = request->redirection;
    struct usb_transfer *transfer = &request->queued.transfer;
    const enum usb_transfer_type wanted = transfer->type;
    return usb_identity_aim(&redirection->identity, redirection->alternate, endpoint, transfer) &&
           transfer->type == wanted;
}

static void refuse(struct request *request)
{
    request->queued.transfer.status = USB_ERROR;
    usbredir_answer(request);
    free(request);
}

static void control_packet(void *context, uint64_t id, struct usb_redir_control_packet_header *header,
                           uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    struct request *request =
        usbredir_new_request(redirection, REQUEST_CONTROL, id, USB_CONTROL, header->length);
    const uint8_t setup[SETUP_BYTES] = {header->requesttype,     header->request,
                                        (uint8_t)header->value,  (uint8_t)(header->value >> 8),
                                        (uint8_t)header->index,  (uint8_t)(header->index >> 8),
                                        (uint8_t)header->length, (uint8_t)(header->length >> 8)};
    memcpy(request->queued.transfer.setup, setup, sizeof setup);
    request->header.control = *header;
    if (data_length > 0)
        memcpy(request->data, data, (size_t)data_length);
    usbredirparser_free_packet_data(redirection->parser, data);
    bool in = header->requesttype & 0x80;
    bool agrees = header->endpoint == (in ? 0x80 : 0) && (in || data_length == header->length);
    if (agrees || (header->length == 0 && (header->endpoint & 0x7F) == 0))
        usbredir_enqueue(request);
    else
        refuse(request);
}

static void bulk_packet(void *context, uint64_t id, struct usb_redir_bulk_packet_header *header,
                        uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    uint32_t length = header->length | (uint32_t)header->length_high << 16;
    bool too_long = length > MAX_BULK;
    struct request *request =
        usbredir_new_request(redirection, REQUEST_BULK, id, USB_BULK, too_long ? 0 : length);
    request->header.bulk = *header;
    bool in = header->endpoint & 0x80;
    bool agrees = !too_long && (in || (uint32_t)data_length == length);
    if (!in && agrees && length)
        memcpy(request->data, data, length);
    usbredirparser_free_packet_data(redirection->parser, data);
    if (agrees && aim(request, header->endpoint))
        usbredir_enqueue(request);
    else
        refuse(request);
}

static void packet_out(struct usbredir *redirection, struct request *request, uint8_t endpoint, uint8_t *data,
                       int data_length)
{
    if (data_length > 0)
        memcpy(request->data, data, (size_t)data_length);
    usbredirparser_free_packet_data(redirection->parser, data);
    if (aim(request, endpoint))
        usbredir_enqueue(request);
    else
        refuse(request);
}

static void interrupt_packet(void *context, uint64_t id, struct usb_redir_interrupt_packet_header *header,
                             uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    struct request *request =
        usbredir_new_request(redirection, REQUEST_INTERRUPT_OUT, id, USB_INTERRUPT, (uint32_t)data_length);
    request->header.interrupt = *header;
    packet_out(redirection, request, header->endpoint, data, data_length);
}

static void iso_packet(void *context, uint64_t id, struct usb_redir_iso_packet_header *header, uint8_t *data,
                       int data_length)
{
    struct usbredir *redirection = context;
    struct request *request = usbredir_new_request(redirection, REQUEST_ISOCHRONOUS_OUT, id, USB_ISOCHRONOUS,
                                                   (uint32_t)data_length);
    packet_out(redirection, request, header->endpoint, data, data_length);
}

static void start_stream(struct usbredir *redirection, uint64_t id, uint8_t endpoint,
                         enum usb_transfer_type type)
{
    struct request *request = usbredir_new_request(redirection, REQUEST_STREAM, id, type, USB_MAX_PACKET);
    bool out = !(endpoint & 0x80); /* only the guest's packets make an OUT stream */
    bool known = aim(request, endpoint);
    request->queued.transfer.endpoint = endpoint;
    request->queued.transfer.length = request->queued.transfer.max_packet;
    usbredir_tell_stream(request, known ? usb_redir_success : usb_redir_inval);
    if (!known || out) {
        free(request);
        return;
    }
    request->id = 0; /* packets of a stream are numbered */
    usbredir_enqueue(request);
}

static void stop_stream(struct usbredir *redirection, uint64_t id, uint8_t endpoint,
                        enum usb_transfer_type type)
{
    struct request stopped = {
        .redirection = redirection, .id = id, .queued.transfer = {.type = type, .endpoint = endpoint}};
    for (struct queued *queued = redirection->queue.first; queued; queued = queued->next)
        if (((struct request *)queued)->kind == REQUEST_STREAM && queued->transfer.endpoint == endpoint) {
            usbredir_forget((struct request *)queued);
            break;
        }
    usbredir_submit(redirection);
    usbredir_tell_stream(&stopped, usb_redir_success);
}

static void start_interrupt(void *context, uint64_t id,
                            struct usb_redir_start_interrupt_receiving_header *header)
{
    start_stream(context, id, header->endpoint, USB_INTERRUPT);
}

static void stop_interrupt(void *context, uint64_t id,
                           struct usb_redir_stop_interrupt_receiving_header *header)
{
    stop_stream(context, id, header->endpoint, USB_INTERRUPT);
}

static void start_iso(void *context, uint64_t id, struct usb_redir_start_iso_stream_header *header)
{
    start_stream(context, id, header->endpoint, USB_ISOCHRONOUS);
}

static void stop_iso(void *context, uint64_t id, struct usb_redir_stop_iso_stream_header *header)
{
    stop_stream(context, id, header->endpoint, USB_ISOCHRONOUS);
}

static void standard(struct usbredir *redirection, enum request_kind kind, uint64_t id,
                     const uint8_t setup[SETUP_BYTES])
{
    struct request *request = usbredir_new_request(redirection, kind, id, USB_CONTROL, setup[6]);
    memcpy(request->queued.transfer.setup, setup, SETUP_BYTES);
    usbredir_enqueue(request);
}

static void set_configuration(void *context, uint64_t id, struct usb_redir_set_configuration_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x00, 9, header->configuration, 0, 0, 0, 0, 0};
    standard(context, REQUEST_SET_CONFIGURATION, id, setup);
}

static void get_configuration(void *context, uint64_t id)
{
    const uint8_t setup[SETUP_BYTES] = {0x80, 8, 0, 0, 0, 0, 1, 0};
    standard(context, REQUEST_GET_CONFIGURATION, id, setup);
}

static void set_alternate(void *context, uint64_t id, struct usb_redir_set_alt_setting_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x01, 11, header->alt, 0, header->interface, 0, 0, 0};
    standard(context, REQUEST_SET_ALTERNATE, id, setup);
}

static void get_alternate(void *context, uint64_t id, struct usb_redir_get_alt_setting_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x81, 10, 0, 0, header->interface, 0, 1, 0};
    standard(context, REQUEST_GET_ALTERNATE, id, setup);
}

static void cancel(void *context, uint64_t id)
{
    struct usbredir *redirection = context;
    for (struct queued *queued = redirection->queue.first; queued; queued = queued->next) {
        struct request *request = (struct request *)queued;
        if (request->id != id || request->kind == REQUEST_STREAM)
            continue;
        if (request->queued.on_bus) {
            usb_host_cancel(redirection->host, &request->queued.transfer);
        } else {
            request->queued.transfer.status = USB_CANCELLED;
            usbredir_answer(request);
            usbredir_release(request);
        }
        return;
    }
}

static void reset(void *context)
{
    usbredir_reset(context);
}

static void filter(void *context, struct usbredirfilter_rule *rules, int count)
{
    (void)context, (void)count; /* the guest's rules are checked by the guest too */
    free(rules);
}

static void filter_reject(void *context)
{
    struct usbredir *redirection = context;
    usbredir_drop(redirection);
}

void usbredir_set_callbacks(struct usbredirparser *parser)
{
    parser->reset_func = reset;
    parser->set_configuration_func = set_configuration;
    parser->get_configuration_func = get_configuration;
    parser->set_alt_setting_func = set_alternate;
    parser->get_alt_setting_func = get_alternate;
    parser->start_interrupt_receiving_func = start_interrupt;
    parser->stop_interrupt_receiving_func = stop_interrupt;
    parser->start_iso_stream_func = start_iso;
    parser->stop_iso_stream_func = stop_iso;
    parser->control_packet_func = control_packet;
    parser->bulk_packet_func = bulk_packet;
    parser->interrupt_packet_func = interrupt_packet;
    parser->iso_packet_func = iso_packet;
    parser->cancel_data_packet_func = cancel;
    parser->filter_filter_func = filter;
    parser->filter_reject_func = filter_reject;
}
