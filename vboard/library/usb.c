/* libvboard: the host at the other end of the USB cable, one transfer a call. */
#include <string.h>

#include "private.h"

enum { IN = 0x80 };

static struct usb_host *host_of(struct vboard *board)
{
    return &board->board->host;
}

bool vboard_usb_is_attached(const struct vboard *board)
{
    return board->board->dplus && board->board->cable;
}

uint32_t vboard_usb_detachments(const struct vboard *board)
{
    return board->detachments;
}

bool vboard_usb_is_configured(const struct vboard *board)
{
    return board->enumerated;
}

enum vboard_status library_usb_step(struct vboard *board, ticks end)
{
    ticks now = board_now(board->board), due = chip_host_due(&board->board->chip);
    ticks next = (due > now && due < end ? due : now) + TICKS_PER_MICROSECOND;
    if (due == TICKS_NEVER || due >= end)
        next = now + TICKS_PER_MILLISECOND;
    return library_run_to(board, next < end ? next : end);
}

enum vboard_status library_usb_judge(struct vboard *board, enum usb_host_status status)
{
    switch (status) {
    case USB_DONE: return VBOARD_OK;
    case USB_STALLED: return library_fail(board, VBOARD_STALLED, "the device answered STALL");
    case USB_GONE: return library_fail(board, VBOARD_GONE, "no device on the bus, or it left meanwhile");
    case USB_TIMED_OUT: return library_fail(board, VBOARD_TIMED_OUT, "the device did not answer within 5 s");
    case USB_BABBLE:
        return library_fail(board, VBOARD_USB_ERROR,
                            "the device sent more than the packet size, or than there was room for");
    default: return library_fail(board, VBOARD_USB_ERROR, "the device did not answer three times");
    }
}

/* Whether transfers can be made now. */
static enum vboard_status ready(struct vboard *board)
{
    if (vboard_usb_is_enumerating(board))
        return library_fail(board, VBOARD_WRONG,
                            "an enumeration is under way; vboard_usb_finish_enumeration() ends it");
    return library_trouble(board);
}

static enum vboard_status transfer(struct vboard *board, struct usb_transfer *transfer, uint32_t *actual,
                                   uint64_t timeout)
{
    ticks end = library_after(board, timeout);
    enum vboard_status status = ready(board);
    if (status != VBOARD_OK)
        return status;
    bool going = usb_host_submit(host_of(board), transfer);
    while (going && transfer->status == USB_PENDING && status == VBOARD_OK) {
        if (board_now(board->board) < end) {
            status = library_usb_step(board, end);
        } else {
            status = library_fail(board, VBOARD_TIMED_OUT, "the transfer was not over within %llu us",
                                  (unsigned long long)timeout);
        }
    }
    if (going && transfer->status == USB_PENDING)
        usb_host_cancel(host_of(board), transfer);
    else if (status == VBOARD_OK)
        status = library_usb_judge(board, transfer->status);
    if (actual)
        *actual = transfer->actual;
    return status;
}

/* Control transfers */

enum vboard_status vboard_usb_control(struct vboard *board, uint8_t bmRequestType, uint8_t bRequest,
                                      uint16_t wValue, uint16_t wIndex, void *data, uint16_t wLength,
                                      uint32_t *actual, uint64_t timeout)
{
    const uint16_t words[] = {wValue, wIndex, wLength};
    struct usb_transfer control = {.type = USB_CONTROL, .data = data, .length = wLength};
    if (actual)
        *actual = 0;
    if (wLength && !data)
        return library_fail(board, VBOARD_WRONG, "wLength is %u, and data is NULL", wLength);
    control.setup[0] = bmRequestType;
    control.setup[1] = bRequest;
    for (unsigned i = 0; i < 3; i++) {
        control.setup[2 + 2 * i] = (uint8_t)words[i];
        control.setup[3 + 2 * i] = (uint8_t)(words[i] >> 8);
    }
    enum vboard_status status = transfer(board, &control, actual, timeout);
    if (status == VBOARD_OK)
        usb_identity_observe(&board->enumerator.identity, board->alternate, host_of(board), control.setup);
    return status;
}

/* Endpoints */

bool library_usb_aim(struct vboard *board, uint8_t endpoint, struct usb_transfer *transfer)
{
    enum { ENDPOINT_BITS = 0x8F };
    if (!board->enumerated) {
        library_fail(board, VBOARD_WRONG, "no device is configured; vboard_usb_enumerate() does that");
    } else if ((endpoint & ~ENDPOINT_BITS) || !(endpoint & 15)) {
        library_fail(board, VBOARD_WRONG,
                     "0x%02X is no endpoint: 0x01 to 0x0F (OUT) and 0x81 to 0x8F (IN) are", endpoint);
    } else if (!usb_identity_aim(&board->enumerator.identity, board->alternate, endpoint, transfer)) {
        library_fail(board, VBOARD_WRONG, "the device has no endpoint 0x%02X as it is configured", endpoint);
    } else if (library_usb_is_busy(board, endpoint)) {
        library_fail(board, VBOARD_WRONG, "a transfer with endpoint 0x%02X is under way already", endpoint);
    } else {
        return true;
    }
    return false;
}

/* false: the board's error says why not. */
static bool aim(struct vboard *board, uint8_t endpoint, bool in, struct usb_transfer *transfer)
{
    if (board->enumerated && in != ((endpoint & IN) != 0)) {
        library_fail(board, VBOARD_WRONG, "0x%02X is no %s endpoint: 0x%s1 to 0x%sF are", endpoint,
                     in ? "IN" : "OUT", in ? "8" : "0", in ? "8" : "0");
        return false;
    }
    return library_usb_aim(board, endpoint, transfer);
}

static enum vboard_status use(struct vboard *board, uint8_t endpoint, bool in, uint8_t *data, uint32_t length,
                              uint32_t *actual, uint64_t timeout)
{
    uint8_t nothing = 0;
    struct usb_transfer one = {.data = data ? data : &nothing, .length = length};
    if (actual)
        *actual = 0;
    if (!aim(board, endpoint, in, &one))
        return VBOARD_WRONG;
    if (length && !data) {
        return library_fail(board, VBOARD_WRONG, "%u bytes are to go over, and data is NULL",
                            (unsigned)length);
    }
    return transfer(board, &one, actual, timeout);
}

enum vboard_status vboard_usb_out(struct vboard *board, uint8_t endpoint, const void *data, uint32_t length,
                                  uint32_t *actual, uint64_t timeout)
{
    /* the host writes to the data of IN transfers only */
    return use(board, endpoint, false, (uint8_t *)(uintptr_t)data, length, actual, timeout);
}

enum vboard_status vboard_usb_in(struct vboard *board, uint8_t endpoint, void *data, uint32_t size,
                                 uint32_t *actual, uint64_t timeout)
{
    return use(board, endpoint, true, data, size, actual, timeout);
}
