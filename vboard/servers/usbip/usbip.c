/* The USB/IP server's connections, and when a board comes and goes. */
#include "usbip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/allocate.h"
#include "board/board.h"
#include "private.h"
#include "servers/loopback.h"

enum { RECEIVED_AT_ONCE = 65536 };

/*
 * A client that goes beyond these is no kernel and has to leave: before it has a board it says one message of
 * 40 bytes, and Linux lets all of usbfs have 16 MiB of requests (usbfs_memory_mb).
 */
enum { MAX_IN_WAITING = 4096, MAX_OUT = 16 * USBIP_MAX_TRANSFER, MAX_OUTSTANDING = 64 * USBIP_MAX_TRANSFER };

/* Buffers */

static void make_room(struct usbip_buffer *buffer, size_t more)
{
    if (buffer->room - buffer->used >= more)
        return;
    buffer->room = 2 * buffer->room + more;
    buffer->bytes = reallocate(buffer->bytes, buffer->room);
}

void usbip_send(struct usbip_client *client, const void *bytes, size_t length)
{
    make_room(&client->out, length);
    memcpy(&client->out.bytes[client->out.used], bytes, length);
    client->out.used += length;
}

void usbip_take_off(struct usbip_buffer *buffer, size_t length)
{
    buffer->used -= length;
    memmove(buffer->bytes, buffer->bytes + length, buffer->used);
}

/* Boards */

static void lose_client(struct usbip_export *board)
{
    usbip_drop(board);
    if (board->client) {
        board->client->leaving = true;
        board->client->board = NULL;
    }
    board->client = NULL;
}

static void enumerated(void *context, bool found)
{
    struct usbip_export *board = context;
    const struct usb_identity *now = &board->enumerator.identity;
    bool same = found && now->configuration_length == board->identity.configuration_length &&
                memcmp(now->device, board->identity.device, sizeof now->device) == 0;
    board->ready = found;
    if (!found)
        chip_report(&board->board->chip, REPORT_USB, "the device does not enumerate");
    if (!same)
        lose_client(board);
    if (found)
        board->identity = *now;
    usbip_submit(board);
}

void usbip_restart(struct usbip_export *board)
{
    board->ready = board->touched = false;
    memset(board->alternate, 0, sizeof board->alternate);
    usb_enumerator_start(&board->enumerator);
}

static void port_changed(void *context, enum usb_port_state state)
{
    struct usbip_export *board = context;
    if (state == USB_PORT_ATTACHED) {
        usbip_restart(board);
        return;
    }
    if (state == USB_PORT_EMPTY) {
        board->ready = false;
        lose_client(board);
    }
    usb_enumerator_port(&board->enumerator, state);
}

/* Connections */

static void take_client(struct usbip *usbip)
{
    for (unsigned i = 0; i < USBIP_CLIENTS; i++)
        if (usbip->client[i].socket < 0) {
            usbip->client[i].socket = loopback_accept(usbip->listener);
            return;
        }
}

static void hang_up(struct usbip_client *client)
{
    struct usbip_export *board = client->board;
    if (board) {
        chip_report(&board->board->chip, REPORT_NOTE, "USB/IP: client gone");
        lose_client(board);
        if (board->ready && board->touched)
            usbip_restart(board); /* the next client finds it unconfigured */
    }
    close(client->socket);
    free(client->in.bytes);
    free(client->out.bytes);
    *client = (struct usbip_client){.socket = -1};
}

/* false: the connection is over. */
static bool moved(ssize_t count)
{
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

/* Asks for too much, does not fetch what it asked for, or talks without waiting for an answer. */
static bool floods(const struct usbip_client *client)
{
    if (!client->board)
        return client->in.used > MAX_IN_WAITING;
    return client->out.used > MAX_OUT || client->board->outstanding > MAX_OUTSTANDING;
}

static bool receive(struct usbip_client *client)
{
    make_room(&client->in, RECEIVED_AT_ONCE);
    ssize_t got = recv(client->socket, &client->in.bytes[client->in.used], RECEIVED_AT_ONCE, 0);
    if (got > 0)
        client->in.used += (size_t)got;
    return moved(got);
}

static bool flush(struct usbip_client *client)
{
    if (client->out.used == 0)
        return !client->leaving;
    ssize_t sent = send(client->socket, client->out.bytes, client->out.used, MSG_NOSIGNAL);
    if (sent > 0)
        usbip_take_off(&client->out, (size_t)sent);
    return moved(sent) && (client->out.used > 0 || !client->leaving);
}

static bool serve(struct usbip *usbip, struct usbip_client *client)
{
    bool connected = client->leaving || receive(client);
    bool more = !client->leaving;
    while (more && !client->leaving && !floods(client))
        more = client->board ? usbip_message(usbip, client) : usbip_operation(usbip, client);
    return connected && flush(client) && !floods(client);
}

void usbip_poll(struct usbip *usbip, int64_t clock_us)
{
    usbip->clock_us = clock_us;
    take_client(usbip);
    for (unsigned i = 0; i < USBIP_CLIENTS; i++)
        if (usbip->client[i].socket >= 0 && !serve(usbip, &usbip->client[i]))
            hang_up(&usbip->client[i]);
    for (unsigned i = 0; i < usbip->count; i++) {
        think_time_begins(&usbip->board[i].think, clock_us);
        usbip_submit(&usbip->board[i]);
    }
}

static void take_over(struct usbip_export *board, struct board *real)
{
    board->board = real;
    board->host = &real->host;
    board->enumerator.host = board->host;
    board->enumerator.context = board;
    board->enumerator.done = enumerated;
    board->host->context = board;
    board->host->port_changed = port_changed;
    if (board->host->port >= USB_PORT_ATTACHED)
        usbip_restart(board);
}

struct usbip *usbip_listen(struct board *const *boards, unsigned count, unsigned port, char *error,
                           size_t error_size)
{
    int listener = loopback_listen(port, error, error_size);
    if (listener < 0)
        return NULL;
    struct usbip *usbip = allocate(sizeof *usbip + count * sizeof usbip->board[0]);
    usbip->listener = listener;
    usbip->count = count;
    for (unsigned i = 0; i < USBIP_CLIENTS; i++)
        usbip->client[i].socket = -1;
    for (unsigned i = 0; i < count; i++)
        take_over(&usbip->board[i], boards[i]);
    return usbip;
}

unsigned usbip_port(const struct usbip *usbip)
{
    return loopback_port(usbip->listener);
}

void usbip_close(struct usbip *usbip)
{
    for (unsigned i = 0; i < USBIP_CLIENTS; i++)
        if (usbip->client[i].socket >= 0)
            hang_up(&usbip->client[i]);
    for (unsigned i = 0; i < usbip->count; i++) {
        usbip->board[i].host->port_changed = NULL;
        usb_enumerator_stop(&usbip->board[i].enumerator);
    }
    close(usbip->listener);
    free(usbip);
}
