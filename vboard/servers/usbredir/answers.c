/* How transfers end, in usb-redir's words. */
#include <string.h>

#include "private.h"

uint8_t usbredir_status(enum usb_host_status status)
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
    header.configuration =
        request->kind == REQUEST_SET_CONFIGURATION ? request->queued.transfer.setup[2] : request->data[0];
    if (request->kind == REQUEST_SET_CONFIGURATION && status == usb_redir_success) {
        memset(redirection->alternate, 0, sizeof redirection->alternate);
        usbredir_tell_endpoints(redirection);
    }
    usbredirparser_send_configuration_status(redirection->parser, request->id, &header);
}

static void answer_alternate(struct request *request, uint8_t status)
{
    struct usbredir *redirection = request->redirection;
    uint8_t interface = request->queued.transfer.setup[4];
    struct usb_redir_alt_setting_status_header header = {.status = status, .interface = interface};
    header.alt =
        request->kind == REQUEST_SET_ALTERNATE ? request->queued.transfer.setup[2] : request->data[0];
    if (request->kind == REQUEST_SET_ALTERNATE && status == usb_redir_success && interface < USB_INTERFACES) {
        usb_identity_choose(&redirection->identity, redirection->alternate, redirection->host, interface,
                            header.alt);
        usbredir_tell_endpoints(redirection);
    }
    usbredirparser_send_alt_setting_status(redirection->parser, request->id, &header);
}

void usbredir_answer(struct request *request)
{
    uint8_t status = usbredir_status(request->queued.transfer.status);
    uint32_t length = request->queued.transfer.actual;
    switch (request->kind) {
    case REQUEST_CONTROL: answer_control(request, status, length); break;
    case REQUEST_BULK: answer_bulk(request, status, length); break;
    case REQUEST_INTERRUPT_OUT: answer_interrupt_out(request, status, length); break;
    case REQUEST_SET_CONFIGURATION:
    case REQUEST_GET_CONFIGURATION: answer_configuration(request, status); break;
    case REQUEST_SET_ALTERNATE:
    case REQUEST_GET_ALTERNATE: answer_alternate(request, status); break;
    case REQUEST_ISOCHRONOUS_OUT:
    case REQUEST_STREAM: break;
    }
}

void usbredir_tell_stream(struct request *request, uint8_t status)
{
    struct usbredirparser *parser = request->redirection->parser;
    uint8_t endpoint = request->queued.transfer.endpoint;
    if (request->queued.transfer.type == USB_ISOCHRONOUS) {
        struct usb_redir_iso_stream_status_header header = {status, endpoint};
        usbredirparser_send_iso_stream_status(parser, request->id, &header);
    } else {
        struct usb_redir_interrupt_receiving_status_header header = {status, endpoint};
        usbredirparser_send_interrupt_receiving_status(parser, request->id, &header);
    }
}

void usbredir_tell_endpoints(struct usbredir *redirection)
{
    enum { INTERFACE = 4, NONE = usb_redir_type_invalid };
    struct usb_redir_interface_info_header interfaces = {0};
    struct usb_redir_ep_info_header endpoints = {0};
    memset(endpoints.type, NONE, sizeof endpoints.type);
    endpoints.type[0] = endpoints.type[16] = usb_redir_type_control;
    endpoints.max_packet_size[0] = endpoints.max_packet_size[16] = redirection->host->control_packet;
    uint8_t interface = 0;
    const uint8_t *at = NULL;
    while ((at = usb_identity_next(&redirection->identity, redirection->alternate, at, &interface))) {
        if (at[1] == INTERFACE && interfaces.interface_count < USB_INTERFACES) {
            uint32_t i = interfaces.interface_count++;
            interfaces.interface[i] = interface;
            interfaces.interface_class[i] = at[5];
            interfaces.interface_subclass[i] = at[6];
            interfaces.interface_protocol[i] = at[7];
        } else if (at[1] != INTERFACE) {
            unsigned i = (at[2] & 0x80) >> 3 | (at[2] & 0x0F);
            endpoints.type[i] = at[3] & 3;
            endpoints.interval[i] = at[6];
            endpoints.interface[i] = interface;
            endpoints.max_packet_size[i] = (uint16_t)(at[4] | at[5] << 8);
        }
    }
    usbredirparser_send_interface_info(redirection->parser, &interfaces);
    usbredirparser_send_ep_info(redirection->parser, &endpoints);
}
