/* usb-redir messages that ask the device for something, turned into transfers of the virtual host and back.
 */
#include <stdlib.h>
#include <string.h>
#include <usbredirfilter.h>

#include "usbredir_private.h"

enum { CONTROL_PACKET = 64, MAX_BULK = 16 << 20, SETUP_BYTES = 8 };

enum kind {
    CONTROL,
    BULK,
    INTERRUPT_OUT,
    ISOCHRONOUS_OUT,
    STREAM, /* interrupt or isochronous IN: goes on by itself until stopped */
    SET_CONFIGURATION,
    GET_CONFIGURATION,
    SET_ALTERNATE,
    GET_ALTERNATE
};

struct request {
    struct request *next;
    struct usbredir *redirection;
    enum kind kind;
    uint64_t id;
    bool on_bus, unwanted; /* unwanted: nobody waits for the answer */
    struct usb_transfer transfer;
    union {
        struct usb_redir_control_packet_header control;
        struct usb_redir_bulk_packet_header bulk;
        struct usb_redir_interrupt_packet_header interrupt;
    } header;
    uint8_t data[];
};

static uint8_t status_of(enum usb_host_status status)
{
    switch (status) {
    case USB_DONE: return usb_redir_success;
    case USB_STALLED: return usb_redir_stall;
    case USB_BABBLE: return usb_redir_babble;
    case USB_TIMED_OUT: return usb_redir_timeout;
    case USB_GONE:
    case USB_CANCELLED: return usb_redir_cancelled;
    case USB_PENDING:
    case USB_ERROR: break;
    }
    return usb_redir_ioerror;
}

static void release(struct request *request)
{
    struct request **at = &request->redirection->first;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    free(request);
}

static void answer_control(struct request *request, uint8_t status, uint32_t length)
{
    struct usb_redir_control_packet_header header = request->header.control;
    bool in = header.endpoint & 0x80;
    header.status = status;
    header.length = (uint16_t)length;
    usbredirparser_send_control_packet(request->redirection->parser, request->id, &header,
                                       in && length ? request->data : NULL, in ? (int)length : 0);
}

static void answer_bulk(struct request *request, uint8_t status, uint32_t length)
{
    struct usb_redir_bulk_packet_header header = request->header.bulk;
    bool in = header.endpoint & 0x80;
    header.status = status;
    header.length = (uint16_t)length;
    header.length_high = (uint16_t)(length >> 16);
    usbredirparser_send_bulk_packet(request->redirection->parser, request->id, &header,
                                    in && length ? request->data : NULL, in ? (int)length : 0);
}

static void answer_interrupt_out(struct request *request, uint8_t status, uint32_t length)
{
    struct usb_redir_interrupt_packet_header header = request->header.interrupt;
    header.status = status;
    header.length = (uint16_t)length;
    usbredirparser_send_interrupt_packet(request->redirection->parser, request->id, &header, NULL, 0);
}

static void answer_configuration(struct request *request, uint8_t status)
{
    struct usbredir *redirection = request->redirection;
    struct usb_redir_configuration_status_header header = {.status = status};
    header.configuration = request->kind == SET_CONFIGURATION ? request->transfer.setup[2] : request->data[0];
    if (request->kind == SET_CONFIGURATION && status == usb_redir_success) {
        memset(redirection->alternate, 0, sizeof redirection->alternate);
        usbredir_tell_endpoints(redirection);
    }
    usbredirparser_send_configuration_status(redirection->parser, request->id, &header);
}

/* SET_INTERFACE starts the interface's endpoints with DATA0 (USB 2.0 9.1.1.5). */
static void clear_toggles(struct usbredir *redirection, uint8_t interface)
{
    uint8_t of = 0;
    const uint8_t *at = NULL;
    while ((at = usb_identity_next(&redirection->identity, redirection->alternate, at, &of))) {
        enum { ENDPOINT = 5 };
        if (at[1] == ENDPOINT && of == interface)
            (at[2] & 0x80 ? redirection->host->toggle_in : redirection->host->toggle_out)[at[2] & 15] = 0;
    }
}

static void answer_alternate(struct request *request, uint8_t status)
{
    struct usbredir *redirection = request->redirection;
    uint8_t interface = request->transfer.setup[4];
    struct usb_redir_alt_setting_status_header header = {.status = status, .interface = interface};
    header.alt = request->kind == SET_ALTERNATE ? request->transfer.setup[2] : request->data[0];
    if (request->kind == SET_ALTERNATE && status == usb_redir_success && interface < USBREDIR_INTERFACES) {
        redirection->alternate[interface] = header.alt;
        clear_toggles(redirection, interface);
        usbredir_tell_endpoints(redirection);
    }
    usbredirparser_send_alt_setting_status(redirection->parser, request->id, &header);
}

static void answer(struct request *request)
{
    uint8_t status = status_of(request->transfer.status);
    uint32_t length = request->transfer.actual;
    switch (request->kind) {
    case CONTROL: answer_control(request, status, length); break;
    case BULK: answer_bulk(request, status, length); break;
    case INTERRUPT_OUT: answer_interrupt_out(request, status, length); break;
    case SET_CONFIGURATION:
    case GET_CONFIGURATION: answer_configuration(request, status); break;
    case SET_ALTERNATE:
    case GET_ALTERNATE: answer_alternate(request, status); break;
    case ISOCHRONOUS_OUT:
    case STREAM: break;
    }
}

static void tell_stream_status(struct request *request, uint8_t status)
{
    struct usbredirparser *parser = request->redirection->parser;
    uint8_t endpoint = request->transfer.endpoint;
    if (request->transfer.type == USB_ISOCHRONOUS) {
        struct usb_redir_iso_stream_status_header header = {status, endpoint};
        usbredirparser_send_iso_stream_status(parser, request->id, &header);
    } else {
        struct usb_redir_interrupt_receiving_status_header header = {status, endpoint};
        usbredirparser_send_interrupt_receiving_status(parser, request->id, &header);
    }
}

/* A packet of a stream came, or the stream ended. An isochronous one goes on whatever happens; any goes on
 * after a bus reset. */
static void stream_step(struct request *request)
{
    struct usbredirparser *parser = request->redirection->parser;
    const struct usb_transfer *transfer = &request->transfer;
    uint8_t status = status_of(transfer->status);
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
        tell_stream_status(request, status);
        release(request);
    }
}

static void transfer_done(struct usb_transfer *transfer)
{
    struct request *request = transfer->context;
    struct usbredir *redirection = request->redirection;
    bool unplugged = transfer->status == USB_GONE && redirection->host->port == USB_PORT_EMPTY;
    if (request->unwanted || unplugged) {
        release(request);
    } else if (request->kind == STREAM) {
        stream_step(request);
    } else {
        answer(request);
        release(request);
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
    for (struct request *request = redirection->first; request; request = request->next)
        if (!request->on_bus && !endpoint_busy(request))
            request->on_bus = usb_host_submit(redirection->host, &request->transfer);
}

static void discard(struct request *request)
{
    request->unwanted = true;
    if (request->on_bus)
        usb_host_cancel(request->redirection->host, &request->transfer);
    else
        release(request);
}

void usbredir_drop(struct usbredir *redirection)
{
    enum usbredir_device device = redirection->device;
    redirection->device = DEVICE_NONE; /* so that nothing takes the place of what is dropped */
    while (redirection->first)
        discard(redirection->first);
    redirection->device = device;
}

static struct request *new_request(struct usbredir *redirection, enum kind kind, uint64_t id,
                                   enum usb_transfer_type type, uint32_t length)
{
    struct request *request = calloc(1, sizeof *request + length);
    if (!request)
        abort();
    request->redirection = redirection;
    request->kind = kind;
    request->id = id;
    request->transfer = (struct usb_transfer){.type = type,
                                              .length = length,
                                              .data = request->data,
                                              .max_packet = CONTROL_PACKET,
                                              .context = request,
                                              .done = transfer_done};
    return request;
}

/* Requests to a device that is gone are not answered: the disconnect answers them all. */
static void enqueue(struct request *request)
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
    usbredir_submit(redirection);
}

/* Takes the endpoint's type and sizes from its descriptor. false: it has none, or is of another type. */
static bool aim(struct request *request, uint8_t endpoint)
{
    enum {
        ISOCHRONOUS = 1,
        BULK_TYPE = 2,
        INTERRUPT = 3,
        ATTRIBUTES = 3,
        SIZE = 4,
        INTERVAL = 6,
        SIZE_BITS = 0x7FF
    };
    static const uint8_t attributes[] = {[USB_CONTROL] = 0,
                                         [USB_BULK] = BULK_TYPE,
                                         [USB_INTERRUPT] = INTERRUPT,
                                         [USB_ISOCHRONOUS] = ISOCHRONOUS};
    const struct usbredir *redirection = request->redirection;
    const uint8_t *descriptor =
        usb_identity_endpoint(&redirection->identity, redirection->alternate, endpoint);
    if (!descriptor || (descriptor[ATTRIBUTES] & 3) != attributes[request->transfer.type])
        return false;
    request->transfer.endpoint = endpoint;
    request->transfer.max_packet = (uint16_t)((descriptor[SIZE] | descriptor[SIZE + 1] << 8) & SIZE_BITS);
    request->transfer.interval = descriptor[INTERVAL];
    return request->transfer.max_packet > 0 && request->transfer.max_packet <= USB_MAX_PACKET;
}

static void refuse(struct request *request)
{
    request->transfer.status = USB_ERROR;
    answer(request);
    free(request);
}

static void control_packet(void *context, uint64_t id, struct usb_redir_control_packet_header *header,
                           uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    struct request *request = new_request(redirection, CONTROL, id, USB_CONTROL, header->length);
    const uint8_t setup[SETUP_BYTES] = {header->requesttype,     header->request,
                                        (uint8_t)header->value,  (uint8_t)(header->value >> 8),
                                        (uint8_t)header->index,  (uint8_t)(header->index >> 8),
                                        (uint8_t)header->length, (uint8_t)(header->length >> 8)};
    memcpy(request->transfer.setup, setup, sizeof setup);
    request->header.control = *header;
    if (data_length > 0)
        memcpy(request->data, data, (size_t)data_length);
    usbredirparser_free_packet_data(redirection->parser, data);
    bool in = header->requesttype & 0x80;
    bool agrees = header->endpoint == (in ? 0x80 : 0) && (in || data_length == header->length);
    if (agrees || (header->length == 0 && (header->endpoint & 0x7F) == 0))
        enqueue(request);
    else
        refuse(request);
}

static void bulk_packet(void *context, uint64_t id, struct usb_redir_bulk_packet_header *header,
                        uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    uint32_t length = header->length | (uint32_t)header->length_high << 16;
    bool too_long = length > MAX_BULK;
    struct request *request = new_request(redirection, BULK, id, USB_BULK, too_long ? 0 : length);
    request->header.bulk = *header;
    bool in = header->endpoint & 0x80;
    bool agrees = !too_long && (in || (uint32_t)data_length == length);
    if (!in && agrees && length)
        memcpy(request->data, data, length);
    usbredirparser_free_packet_data(redirection->parser, data);
    if (agrees && aim(request, header->endpoint))
        enqueue(request);
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
        enqueue(request);
    else
        refuse(request);
}

static void interrupt_packet(void *context, uint64_t id, struct usb_redir_interrupt_packet_header *header,
                             uint8_t *data, int data_length)
{
    struct usbredir *redirection = context;
    struct request *request =
        new_request(redirection, INTERRUPT_OUT, id, USB_INTERRUPT, (uint32_t)data_length);
    request->header.interrupt = *header;
    packet_out(redirection, request, header->endpoint, data, data_length);
}

static void iso_packet(void *context, uint64_t id, struct usb_redir_iso_packet_header *header, uint8_t *data,
                       int data_length)
{
    struct usbredir *redirection = context;
    struct request *request =
        new_request(redirection, ISOCHRONOUS_OUT, id, USB_ISOCHRONOUS, (uint32_t)data_length);
    packet_out(redirection, request, header->endpoint, data, data_length);
}

static void start_stream(struct usbredir *redirection, uint64_t id, uint8_t endpoint,
                         enum usb_transfer_type type)
{
    struct request *request = new_request(redirection, STREAM, id, type, USB_MAX_PACKET);
    bool out = !(endpoint & 0x80); /* only the guest's packets make an OUT stream */
    bool known = aim(request, endpoint);
    request->transfer.endpoint = endpoint;
    request->transfer.length = request->transfer.max_packet;
    tell_stream_status(request, known ? usb_redir_success : usb_redir_inval);
    if (!known || out) {
        free(request);
        return;
    }
    request->id = 0; /* packets of a stream are numbered */
    enqueue(request);
}

static void stop_stream(struct usbredir *redirection, uint64_t id, uint8_t endpoint,
                        enum usb_transfer_type type)
{
    struct request stopped = {
        .redirection = redirection, .id = id, .transfer = {.type = type, .endpoint = endpoint}};
    for (struct request *request = redirection->first; request; request = request->next)
        if (request->kind == STREAM && request->transfer.endpoint == endpoint) {
            discard(request);
            break;
        }
    tell_stream_status(&stopped, usb_redir_success);
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

static void standard(struct usbredir *redirection, enum kind kind, uint64_t id,
                     const uint8_t setup[SETUP_BYTES])
{
    struct request *request = new_request(redirection, kind, id, USB_CONTROL, setup[6]);
    memcpy(request->transfer.setup, setup, SETUP_BYTES);
    enqueue(request);
}

static void set_configuration(void *context, uint64_t id, struct usb_redir_set_configuration_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x00, 9, header->configuration, 0, 0, 0, 0, 0};
    standard(context, SET_CONFIGURATION, id, setup);
}

static void get_configuration(void *context, uint64_t id)
{
    const uint8_t setup[SETUP_BYTES] = {0x80, 8, 0, 0, 0, 0, 1, 0};
    standard(context, GET_CONFIGURATION, id, setup);
}

static void set_alternate(void *context, uint64_t id, struct usb_redir_set_alt_setting_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x01, 11, header->alt, 0, header->interface, 0, 0, 0};
    standard(context, SET_ALTERNATE, id, setup);
}

static void get_alternate(void *context, uint64_t id, struct usb_redir_get_alt_setting_header *header)
{
    const uint8_t setup[SETUP_BYTES] = {0x81, 10, 0, 0, header->interface, 0, 1, 0};
    standard(context, GET_ALTERNATE, id, setup);
}

static void cancel(void *context, uint64_t id)
{
    struct usbredir *redirection = context;
    for (struct request *request = redirection->first; request; request = request->next) {
        if (request->id != id || request->kind == STREAM)
            continue;
        if (request->on_bus) {
            usb_host_cancel(redirection->host, &request->transfer);
        } else {
            request->transfer.status = USB_CANCELLED;
            answer(request);
            release(request);
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
