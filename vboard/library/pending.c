/* libvboard: USB transfers that go on while the board runs. */
#include <stdlib.h>

#include "base/allocate.h"
#include "private.h"

struct vboard_transfer {
    struct usb_transfer wire;
    struct vboard_transfer *next;
};

static bool is_pending(const struct vboard_transfer *transfer)
{
    return transfer->wire.status == USB_PENDING;
}

bool library_usb_is_busy(const struct vboard *board, int endpoint)
{
    for (const struct vboard_transfer *one = board->transfers; one; one = one->next)
        if (is_pending(one) && (endpoint == ANY_ENDPOINT || one->wire.endpoint == endpoint))
            return true;
    return false;
}

static void take_out(struct vboard *board, const struct vboard_transfer *transfer)
{
    struct vboard_transfer **place = &board->transfers;
    while (*place && *place != transfer)
        place = &(*place)->next;
    if (*place)
        *place = transfer->next;
}

void library_usb_forget(struct vboard *board)
{
    while (board->transfers)
        (void)vboard_usb_finish(board, board->transfers, NULL);
}

struct vboard_transfer *vboard_usb_start(struct vboard *board, uint8_t endpoint, void *data, uint32_t length)
{
    struct usb_transfer wire = {.data = data, .length = length};
    if (library_trouble(board) != VBOARD_OK || !library_usb_aim(board, endpoint, &wire))
        return NULL;
    if (!data) {
        library_fail(board, VBOARD_WRONG, "a transfer needs data, also one of 0 bytes");
        return NULL;
    }
    struct vboard_transfer *transfer = allocate(sizeof *transfer);
    *transfer = (struct vboard_transfer){.wire = wire, .next = board->transfers};
    if (!usb_host_submit(&board->board->host, &transfer->wire)) {
        library_fail(board, VBOARD_GONE, "no device on the bus, or too many transfers are under way");
        free(transfer);
        return NULL;
    }
    board->transfers = transfer;
    return transfer;
}

bool vboard_usb_is_pending(const struct vboard_transfer *transfer)
{
    return is_pending(transfer);
}

enum vboard_status vboard_usb_finish(struct vboard *board, struct vboard_transfer *transfer, uint32_t *actual)
{
    enum vboard_status status;
    if (is_pending(transfer)) {
        usb_host_cancel(&board->board->host, &transfer->wire);
        status = library_fail(board, VBOARD_TIMED_OUT, "the transfer was not over, and was cancelled");
    } else {
        status = library_usb_judge(board, transfer->wire.status);
    }
    if (actual)
        *actual = transfer->wire.actual;
    take_out(board, transfer);
    free(transfer);
    return status;
}
