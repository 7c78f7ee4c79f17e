/* USB/IP's first word on a connection: which boards are there, and who gets one. */
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "private.h"

enum { VERSION = 0x0111, REQUEST = 0x8000, LIST = 5, IMPORT = 3 };
enum { STATUS_OK = 0, STATUS_BUSY = 2, STATUS_NO_DEVICE = 4 };
enum { PREFIX = 8, BUSID = 32, PATH = 256, RECORD = 312, SPEED_FULL = 2 };

/* How long a client may take to configure its board while others wait. */
#define SETTLING (5000 * TICKS_PER_MILLISECOND)

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
    static const uint8_t no_alternates[USB_INTERFACES];
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

/*
 * Between SET_ADDRESS and the first look at the device's configuration Linux lists it as attached
 * to vhci_hcd, but not in /sys/bus/usb yet; and its `usbip attach`, once it was given a board,
 * gives up if it finds any such device ("open vhci_driver"). So who asks for a board waits until
 * those given before are configured.
 */
static bool one_is_settling(const struct usbip *usbip)
{
    for (unsigned i = 0; i < usbip->count; i++) {
        const struct usbip_export *board = &usbip->board[i];
        if (board->client && !board->settled && board_now(board->board) - board->given < SETTLING)
            return true;
    }
    return false;
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
    board->settled = false;
    board->given = board_now(board->board);
    client->board = board;
    describe(usbip, board, record);
    send_prefix(client, IMPORT, STATUS_OK);
    usbip_send(client, record, sizeof record);
    chip_report(&board->board->chip, REPORT_NOTE, "USB/IP: attached by a client");
}

bool usbip_operation(struct usbip *usbip, struct usbip_client *client)
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
    if (in->used < PREFIX + BUSID || one_is_settling(usbip))
        return false;
    answer_import(usbip, client, in->bytes + PREFIX);
    usbip_take_off(&client->in, PREFIX + BUSID);
    return true;
}
