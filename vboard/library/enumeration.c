/* libvboard: enumeration, which goes on while the board runs. */
#include <string.h>

#include "private.h"

enum { SET_CONFIGURATION = 9, CONFIGURATION_VALUE = 5 };
enum { CONFIGURE_MS = 5000 }; /* USB 2.0 9.2.6.4: no standard request takes longer */

static struct usb_host *host_of(struct vboard *board)
{
    return &board->board->host;
}

bool vboard_usb_is_enumerating(const struct vboard *board)
{
    return board->enumeration == ENUMERATION_AWAITS || board->enumeration == ENUMERATION_IDENTIFIES ||
           board->enumeration == ENUMERATION_CONFIGURES;
}

static void over(struct vboard *board, bool found)
{
    board->enumeration = ENUMERATION_OVER;
    board->found = found;
}

static void configured(struct usb_transfer *transfer)
{
    struct vboard *board = transfer->context;
    if (transfer->status == USB_DONE) {
        memset(board->alternate, 0, sizeof board->alternate);
        board->enumerated = true;
    }
    over(board, true);
}

static void configure(struct vboard *board)
{
    const uint8_t setup[8] = {0, SET_CONFIGURATION,
                              board->enumerator.identity.configuration[CONFIGURATION_VALUE]};
    board->enumeration = ENUMERATION_CONFIGURES;
    board->configure = (struct usb_transfer){.type = USB_CONTROL,
                                             .timeout = CONFIGURE_MS * TICKS_PER_MILLISECOND,
                                             .context = board,
                                             .done = configured};
    memcpy(board->configure.setup, setup, sizeof setup);
    if (!usb_host_submit(host_of(board), &board->configure))
        over(board, true); /* its status says that the device has left */
}

static void identified(void *context, bool found)
{
    struct vboard *board = context;
    if (found)
        configure(board);
    else
        over(board, false);
}

static void identify(struct vboard *board)
{
    board->enumeration = ENUMERATION_IDENTIFIES;
    usb_enumerator_start(&board->enumerator);
}

static void port_changed(void *context, enum usb_port_state state)
{
    struct vboard *board = context;
    board->detachments += state == USB_PORT_EMPTY;
    if (state < USB_PORT_ENABLED)
        board->enumerated = false; /* it has left, or the bus was reset */
    if (board->enumeration == ENUMERATION_AWAITS && state == USB_PORT_ATTACHED) {
        identify(board);
    } else if (board->enumeration == ENUMERATION_IDENTIFIES) {
        usb_enumerator_port(&board->enumerator, state);
        if (state == USB_PORT_EMPTY)
            over(board, false);
    }
}

void library_usb_attach(struct vboard *board)
{
    board->enumerator = (struct usb_enumerator){.host = host_of(board), .context = board, .done = identified};
    host_of(board)->context = board;
    host_of(board)->port_changed = port_changed;
}

static void cancel(struct vboard *board)
{
    if (board->enumeration == ENUMERATION_IDENTIFIES)
        usb_enumerator_stop(&board->enumerator);
    board->configure.done = NULL;
    if (board->enumeration == ENUMERATION_CONFIGURES)
        usb_host_cancel(host_of(board), &board->configure);
    board->enumeration = ENUMERATION_NONE;
}

enum vboard_status vboard_usb_start_enumeration(struct vboard *board)
{
    enum vboard_status status = library_trouble(board);
    if (status != VBOARD_OK)
        return status;
    cancel(board);
    board->enumerated = false;
    if (host_of(board)->port < USB_PORT_ATTACHED)
        board->enumeration = ENUMERATION_AWAITS;
    else
        identify(board);
    return VBOARD_OK;
}

static enum vboard_status result(struct vboard *board)
{
    enum usb_host_status last = board->configure.status;
    if (board->found)
        return library_usb_judge(board, last == USB_DONE && !board->enumerated ? USB_GONE : last);
    return library_fail(board, VBOARD_GONE,
                        "the device does not enumerate: it left, or gives no descriptors");
}

enum vboard_status vboard_usb_finish_enumeration(struct vboard *board)
{
    enum enumeration was = board->enumeration;
    cancel(board);
    switch (was) {
    case ENUMERATION_NONE:
        return library_fail(board, VBOARD_WRONG,
                            "no enumeration was started; vboard_usb_start_enumeration() does that");
    case ENUMERATION_OVER: return result(board);
    case ENUMERATION_AWAITS:
        return library_fail(board, VBOARD_GONE, "no device was attached within the time-out");
    default: return library_fail(board, VBOARD_TIMED_OUT, "the device was not known within the time-out");
    }
}

enum vboard_status vboard_usb_enumerate(struct vboard *board, uint64_t timeout)
{
    ticks end = library_after(board, timeout);
    enum vboard_status status = vboard_usb_start_enumeration(board);
    if (status != VBOARD_OK)
        return status;
    while (status == VBOARD_OK && vboard_usb_is_enumerating(board) && board_now(board->board) < end)
        status = library_usb_step(board, end);
    if (status == VBOARD_OK)
        return vboard_usb_finish_enumeration(board);
    cancel(board); /* the error is that of the board */
    return status;
}
