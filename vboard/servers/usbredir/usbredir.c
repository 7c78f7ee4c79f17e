/* The usb-redir server's socket, and the plug: when the guest is told that a device came or went. */
#include "usbredir.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/allocate.h"
#include "board/board.h"
#include "private.h"
#include "servers/loopback.h"

/* A Linux guest whose device is unplugged within some 30 ms of a bus reset, or plugged in right after it was
 * unplugged, stalls in its xHCI driver for up to a minute; and the bus is reset some 100 ms after a device
 * came. Real time, as the guest's is. */
enum { CALM_US = 900000 };

/* The plug */

static void announce(struct usbredir *redirection)
{
    const uint8_t *device = redirection->identity.device;
    struct usb_redir_device_connect_header header = {
        .speed = usb_redir_speed_full,
        .device_class = device[4],
        .device_subclass = device[5],
        .device_protocol = device[6],
        .vendor_id = (uint16_t)(device[8] | device[9] << 8),
        .product_id = (uint16_t)(device[10] | device[11] << 8),
        .device_version_bcd = (uint16_t)(device[12] | device[13] << 8),
    };
    memset(redirection->alternate, 0, sizeof redirection->alternate);
    usbredir_tell_endpoints(redirection);
    usbredirparser_send_device_connect(redirection->parser, &header);
    redirection->announced = true;
    redirection->touched = false;
    redirection->calm_us = redirection->clock_us + CALM_US;
}

static void leave(struct usbredir *redirection)
{
    redirection->leaving = redirection->announced;
    usbredir_drop(redirection);
}

static bool same_device(const struct usb_identity *a, const struct usb_identity *b)
{
    return a->configuration_length == b->configuration_length &&
           memcmp(a->device, b->device, sizeof a->device) == 0 &&
           memcmp(a->configuration, b->configuration, a->configuration_length) == 0;
}

static void enumerated(void *context, bool found)
{
    struct usbredir *redirection = context;
    const struct usb_identity *now = &redirection->enumerator.identity;
    redirection->device = found ? DEVICE_READY : DEVICE_NONE;
    if (!found)
        chip_report(&redirection->board->chip, REPORT_USB, "the device does not enumerate");
    if (redirection->announced && (!found || !same_device(&redirection->identity, now)))
        leave(redirection);
    if (found)
        redirection->identity = *now;
    usbredir_submit(redirection);
}

static void port_changed(void *context, enum usb_port_state state)
{
    struct usbredir *redirection = context;
    if (state == USB_PORT_EMPTY) {
        redirection->device = DEVICE_NONE;
        leave(redirection);
    } else if (state == USB_PORT_ATTACHED) {
        redirection->device = DEVICE_ENUMERATING;
        usb_enumerator_start(&redirection->enumerator);
        return;
    }
    usb_enumerator_port(&redirection->enumerator, state);
}

static void restart(struct usbredir *redirection)
{
    redirection->touched = false;
    redirection->device = DEVICE_ENUMERATING;
    usb_enumerator_start(&redirection->enumerator);
}

/* A guest resets in bursts while it enumerates. A reset of a device that nobody has spoken to since the last
 * one, or whose reset is still going on, adds nothing and would throw a DFU device out of its mode. */
void usbredir_reset(struct usbredir *redirection)
{
    redirection->calm_us = redirection->clock_us + CALM_US;
    if (redirection->device == DEVICE_READY && redirection->announced && redirection->touched)
        restart(redirection);
}

static void move_plug(struct usbredir *redirection)
{
    if (!redirection->greeted || redirection->awaiting_ack || redirection->clock_us < redirection->calm_us)
        return;
    if (redirection->leaving) {
        usbredirparser_send_device_disconnect(redirection->parser);
        redirection->leaving = redirection->announced = false;
        redirection->awaiting_ack =
            usbredirparser_peer_has_cap(redirection->parser, usb_redir_cap_device_disconnect_ack);
        redirection->calm_us = redirection->clock_us + CALM_US;
    } else if (redirection->device == DEVICE_READY && !redirection->announced) {
        announce(redirection);
    }
}

static void disconnect_ack(void *context)
{
    struct usbredir *redirection = context;
    redirection->awaiting_ack = false;
    redirection->calm_us = redirection->clock_us + CALM_US;
}

/* The connection */

static void hello(void *context, struct usb_redir_hello_header *header)
{
    struct usbredir *redirection = context;
    (void)header;
    redirection->greeted = true;
}

static void log_line(void *context, int level, const char *message)
{
    struct usbredir *redirection = context;
    if (level <= usbredirparser_warning)
        chip_report(&redirection->board->chip, REPORT_NOTE, "usb-redir: %s", message);
}

static int outcome(ssize_t moved)
{
    if (moved < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
    return (int)moved;
}

static int read_some(void *context, uint8_t *data, int count)
{
    const struct usbredir *redirection = context;
    ssize_t got = recv(redirection->client, data, (size_t)count, 0);
    return got == 0 ? -1 : outcome(got);
}

static int write_some(void *context, uint8_t *data, int count)
{
    const struct usbredir *redirection = context;
    return outcome(send(redirection->client, data, (size_t)count, MSG_NOSIGNAL));
}

static void hang_up(struct usbredir *redirection)
{
    usbredir_drop(redirection);
    usbredirparser_destroy(redirection->parser);
    close(redirection->client);
    redirection->parser = NULL;
    redirection->client = -1;
    redirection->greeted = redirection->announced = redirection->leaving = redirection->awaiting_ack = false;
    chip_report(&redirection->board->chip, REPORT_NOTE, "usb-redir: client gone");
    if (redirection->device == DEVICE_READY && redirection->touched)
        restart(redirection); /* the next guest finds it unconfigured */
}

static void start_parser(struct usbredir *redirection)
{
    uint32_t capabilities[USB_REDIR_CAPS_SIZE] = {0};
    struct usbredirparser *parser = allocated(usbredirparser_create());
    parser->priv = redirection;
    parser->log_func = log_line;
    parser->read_func = read_some;
    parser->write_func = write_some;
    parser->hello_func = hello;
    parser->device_disconnect_ack_func = disconnect_ack;
    usbredir_set_callbacks(parser);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_filter);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_device_disconnect_ack);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(capabilities, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(parser, "dapboot vboard", capabilities, USB_REDIR_CAPS_SIZE,
                        usbredirparser_fl_usb_host);
    redirection->parser = parser;
}

static void take_client(struct usbredir *redirection)
{
    int client = loopback_accept(redirection->listener);
    if (client < 0)
        return;
    redirection->client = client;
    redirection->calm_us = 0;
    start_parser(redirection);
    chip_report(&redirection->board->chip, REPORT_NOTE, "usb-redir: client connected");
}

/* false: the connection broke. A message that makes no sense is skipped. */
static bool exchange(struct usbredir *redirection, bool readable)
{
    if (readable && usbredirparser_do_read(redirection->parser) == usbredirparser_read_io_error)
        return false;
    move_plug(redirection);
    if (usbredirparser_has_data_to_write(redirection->parser) &&
        usbredirparser_do_write(redirection->parser) != 0)
        return false;
    if (!usbredirparser_has_data_to_write(redirection->parser))
        think_time_begins(&redirection->think, redirection->clock_us);
    return true;
}

void usbredir_poll(struct usbredir *redirection, int64_t clock_us, int timeout_ms)
{
    redirection->clock_us = clock_us;
    if (redirection->client >= 0 && !exchange(redirection, false))
        hang_up(redirection);
    usbredir_submit(redirection);
    bool has_client = redirection->client >= 0;
    struct pollfd fd = {.fd = has_client ? redirection->client : redirection->listener, .events = POLLIN};
    if (has_client && usbredirparser_has_data_to_write(redirection->parser))
        fd.events |= POLLOUT;
    if (poll(&fd, 1, timeout_ms) <= 0)
        return;
    if (!has_client)
        take_client(redirection);
    else if (!exchange(redirection, fd.revents & (POLLIN | POLLHUP | POLLERR)))
        hang_up(redirection);
}

struct usbredir *usbredir_listen(struct board *board, unsigned port, char *error, size_t error_size)
{
    int listener = loopback_listen(port, error, error_size);
    if (listener < 0)
        return NULL;
    struct usbredir *redirection = allocate(sizeof *redirection);
    redirection->board = board;
    redirection->host = &board->host;
    redirection->listener = listener;
    redirection->client = -1;
    redirection->enumerator.host = &board->host;
    redirection->enumerator.context = redirection;
    redirection->enumerator.done = enumerated;
    board->host.context = redirection;
    board->host.port_changed = port_changed;
    if (board->host.port >= USB_PORT_ATTACHED)
        port_changed(redirection, USB_PORT_ATTACHED);
    return redirection;
}

unsigned usbredir_port(const struct usbredir *redirection)
{
    return loopback_port(redirection->listener);
}

void usbredir_close(struct usbredir *redirection)
{
    if (redirection->client >= 0)
        hang_up(redirection);
    redirection->host->port_changed = NULL;
    usb_enumerator_stop(&redirection->enumerator);
    close(redirection->listener);
    free(redirection);
}
