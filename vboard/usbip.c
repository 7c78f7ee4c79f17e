/* The USB/IP server's connections: who asks for which board, and when a board comes and goes. */
#include "usbip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board.h"
#include "loopback.h"
#include "usbip_private.h"

enum { VERSION = 0x0111, REQUEST = 0x8000, LIST = 5, IMPORT = 3 };
enum { STATUS_OK = 0, STATUS_BUSY = 2, STATUS_NO_DEVICE = 4 };
enum { PREFIX = 8, BUSID = 32, PATH = 256, RECORD = 312, SPEED_FULL = 2, RECEIVED_AT_ONCE = 65536 };

/* Buffers */

static void make_room(struct usbip_buffer *buffer, size_t more)
{
    if (buffer->room - buffer->used >= more)
        return;
    buffer->room = 2 * buffer->room + more;
    buffer->bytes = realloc(buffer->bytes, buffer->room);
    if (!buffer->bytes)
        abort();
}

void usbip_send(struct usbip_client *client, const void *bytes, size_t length)
{
    make_room(&client->out, length);
    memcpy(&client->out.bytes[client->out.used], bytes, length);
    client->out.used += length;
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
        stm32f103_report(&board->board->chip, REPORT_USB, "the device does not enumerate");
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

/* Lists and imports */

static void put_u16(uint8_t *bytes, const uint8_t *little_endian)
{
    bytes[0] = little_endian[1];
    bytes[1] = little_endian[0];
}

/* A board as the protocol describes a device. */
static void describe(const struct usbip *usbip, const struct usbip_export *board, uint8_t record[RECORD])
{
    enum { BUS = 256 + 32, DEVICE = BUS + 4, SPEED = DEVICE + 4, VENDOR = SPEED + 4 };
    enum { PRODUCT = VENDOR + 2, RELEASE = PRODUCT + 2, CLASS = RELEASE + 2, CONFIGURATION = CLASS + 3 };
    const uint8_t *device = board->identity.device, *configuration = board->identity.configuration;
    unsigned number = (unsigned)(board - usbip->board) + 1;
    memset(record, 0, RECORD);
    snprintf((char *)record, PATH, "/vboard/1-%u", number);
    snprintf((char *)record + PATH, BUSID, "1-%u", number);
    usbip_put_u32(&record[BUS], 1);
    usbip_put_u32(&record[DEVICE], number);
    usbip_put_u32(&record[SPEED], SPEED_FULL);
    put_u16(&record[VENDOR], &device[8]);
    put_u16(&record[PRODUCT], &device[10]);
    put_u16(&record[RELEASE], &device[12]);
    memcpy(&record[CLASS], &device[4], 3);
    record[CONFIGURATION] = configuration[5];
    record[CONFIGURATION + 1] = device[17];
    record[CONFIGURATION + 2] = configuration[4];
}

static void send_prefix(struct usbip_client *client, unsigned code, uint32_t status)
{
    const uint8_t prefix[PREFIX] = {VERSION >> 8, VERSION & 0xFF, 0, (uint8_t)code, 0, 0, 0, (uint8_t)status};
    usbip_send(client, prefix, sizeof prefix);
}

/* Class, subclass and protocol of each interface. */
static void send_interfaces(struct usbip_client *client, const struct usbip_export *board)
{
    enum { INTERFACE = 4 };
    static const uint8_t no_alternates[USBIP_INTERFACES];
    unsigned left = board->identity.configuration[4];
    uint8_t of = 0;
    const uint8_t *at = NULL;
    while (left && (at = usb_identity_next(&board->identity, no_alternates, at, &of)))
        if (at[1] == INTERFACE) {
            const uint8_t interface[4] = {at[5], at[6], at[7], 0};
            usbip_send(client, interface, sizeof interface);
            left--;
        }
    for (; left; left--)
        usbip_send(client, (const uint8_t[4]){0}, 4);
}

static void answer_list(const struct usbip *usbip, struct usbip_client *client)
{
    uint8_t record[RECORD], count[4];
    uint32_t ready = 0;
    for (unsigned i = 0; i < usbip->count; i++)
        ready += usbip->board[i].ready;
    send_prefix(client, LIST, STATUS_OK);
    usbip_put_u32(count, ready);
    usbip_send(client, count, sizeof count);
    for (unsigned i = 0; i < usbip->count; i++)
        if (usbip->board[i].ready) {
            describe(usbip, &usbip->board[i], record);
            usbip_send(client, record, sizeof record);
            send_interfaces(client, &usbip->board[i]);
        }
    client->leaving = true;
}

static struct usbip_export *find_board(struct usbip *usbip, const char *busid)
{
    char name[BUSID];
    for (unsigned i = 0; i < usbip->count; i++) {
        snprintf(name, sizeof name, "1-%u", i + 1);
        if (strcmp(name, busid) == 0)
            return &usbip->board[i];
    }
    return NULL;
}

static void answer_import(struct usbip *usbip, struct usbip_client *client, const uint8_t *bytes)
{
    char busid[BUSID + 1] = "";
    uint8_t record[RECORD];
    memcpy(busid, bytes, BUSID);
    struct usbip_export *board = find_board(usbip, busid);
    if (!board || !board->ready || board->client) {
        send_prefix(client, IMPORT, board && board->client ? STATUS_BUSY : STATUS_NO_DEVICE);
        client->leaving = true;
        return;
    }
    board->client = client;
    client->board = board;
    describe(usbip, board, record);
    send_prefix(client, IMPORT, STATUS_OK);
    usbip_send(client, record, sizeof record);
    stm32f103_report(&board->board->chip, REPORT_NOTE, "USB/IP: attached by a client");
}

static void take_off(struct usbip_buffer *buffer, size_t length)
{
    buffer->used -= length;
    memmove(buffer->bytes, buffer->bytes + length, buffer->used);
}

/* The first message of a connection. false: it is not complete. */
static bool take_operation(struct usbip *usbip, struct usbip_client *client)
{
    const struct usbip_buffer *in = &client->in;
    if (in->used < PREFIX)
        return false;
    unsigned code = (unsigned)in->bytes[2] << 8 | in->bytes[3];
    if (code == (REQUEST | LIST)) {
        answer_list(usbip, client);
        return false;
    }
    if (code != (REQUEST | IMPORT)) {
        client->leaving = true;
        return false;
    }
    if (in->used < PREFIX + BUSID)
        return false;
    answer_import(usbip, client, in->bytes + PREFIX);
    take_off(&client->in, PREFIX + BUSID);
    return true;
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
        stm32f103_report(&board->board->chip, REPORT_NOTE, "USB/IP: client gone");
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
        take_off(&client->out, (size_t)sent);
    return moved(sent) && (client->out.used > 0 || !client->leaving);
}

static bool serve(struct usbip *usbip, struct usbip_client *client)
{
    bool connected = client->leaving || receive(client);
    bool more = !client->leaving;
    while (more && !client->leaving)
        more = client->board ? usbip_message(client) : take_operation(usbip, client);
    return connected && flush(client);
}

void usbip_poll(struct usbip *usbip)
{
    take_client(usbip);
    for (unsigned i = 0; i < USBIP_CLIENTS; i++)
        if (usbip->client[i].socket >= 0 && !serve(usbip, &usbip->client[i]))
            hang_up(&usbip->client[i]);
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
    struct usbip *usbip = calloc(1, sizeof *usbip + count * sizeof usbip->board[0]);
    if (!usbip)
        abort();
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
