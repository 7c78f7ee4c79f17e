/* The stages of a USB transfer (USB 2.0 8.5, 8.6, 10.2.6): which packet comes next, and what the device's
 * answer makes of it. */
#include <stddef.h>
#include <string.h>

#include "chip/chip.h"
#include "host_private.h"

enum { STAGE_SETUP, STAGE_DATA, STAGE_STATUS };
enum { SETUP_BYTES = 8, MAX_ERRORS = 3, ENDPOINT_NUMBER = 15 };

static bool is_in(const struct usb_transfer *transfer)
{
    if (transfer->type == USB_CONTROL)
        return transfer->setup[0] & USB_DIRECTION_IN;
    return transfer->endpoint & USB_DIRECTION_IN;
}

static uint8_t *toggle_of(struct usb_host *host, struct usb_transfer *transfer)
{
    if (transfer->type == USB_CONTROL)
        return &transfer->progress.toggle;
    uint8_t *toggles = is_in(transfer) ? host->toggle_in : host->toggle_out;
    return &toggles[transfer->endpoint & ENDPOINT_NUMBER];
}

void usb_transfer_begin(const struct usb_host *host, struct usb_transfer *transfer)
{
    memset(&transfer->progress, 0, sizeof transfer->progress);
    transfer->actual = 0;
    transfer->status = USB_PENDING;
    if (transfer->type == USB_CONTROL && is_in(transfer))
        transfer->length = transfer->setup[6] | (uint32_t)transfer->setup[7] << 8;
    if (transfer->type == USB_CONTROL)
        transfer->max_packet = host->control_packet;
    else
        transfer->progress.stage = STAGE_DATA;
}

struct usb_next usb_transfer_next(const struct usb_host *host, const struct usb_transfer *transfer)
{
    bool in = is_in(transfer);
    struct usb_next next = {.endpoint = transfer->endpoint & ENDPOINT_NUMBER};
    if (transfer->progress.stage == STAGE_SETUP) {
        next.token = USB_TOKEN_SETUP;
        next.data = transfer->setup;
        next.length = SETUP_BYTES;
        return next;
    }
    if (transfer->progress.stage == STAGE_STATUS) {
        bool status_in = !in || transfer->length == 0;
        next.token = status_in ? USB_TOKEN_IN : USB_TOKEN_OUT;
        next.toggle = 1;
        next.length = 0;
        return next;
    }
    uint32_t left = transfer->length - transfer->progress.at;
    next.token = in ? USB_TOKEN_IN : USB_TOKEN_OUT;
    next.length = in || left > transfer->max_packet ? transfer->max_packet : left;
    next.data = in ? NULL : transfer->data + transfer->progress.at;
    if (transfer->type == USB_CONTROL)
        next.toggle = transfer->progress.toggle;
    else if (transfer->type != USB_ISOCHRONOUS)
        next.toggle = (in ? host->toggle_in : host->toggle_out)[next.endpoint];
    return next;
}

bool usb_transfer_accepts(const struct usb_transfer *transfer, unsigned length)
{
    if (transfer->progress.stage == STAGE_STATUS)
        return length == 0;
    return length <= transfer->max_packet && length <= transfer->length - transfer->progress.at;
}

static enum usb_host_status failed_attempt(struct usb_transfer *transfer)
{
    if (transfer->type == USB_ISOCHRONOUS)
        return USB_ERROR;
    return ++transfer->progress.errors == MAX_ERRORS ? USB_ERROR : USB_PENDING;
}

/* The data stage is over: control goes on to the status stage, the others are done. */
static enum usb_host_status data_over(struct usb_transfer *transfer)
{
    if (transfer->type != USB_CONTROL)
        return USB_DONE;
    transfer->progress.stage = STAGE_STATUS;
    return USB_PENDING;
}

static enum usb_host_status after_setup(struct usb_transfer *transfer, enum usb_answer answer)
{
    if (answer != USB_ACK)
        return failed_attempt(transfer); /* no other handshake may follow a SETUP (USB 2.0 8.5.3) */
    transfer->progress.errors = 0;
    transfer->progress.toggle = 1;
    transfer->progress.stage = transfer->length ? STAGE_DATA : STAGE_STATUS;
    return USB_PENDING;
}

static enum usb_host_status after_out(struct usb_host *host, struct usb_transfer *transfer,
                                      enum usb_answer answer)
{
    bool isochronous = transfer->type == USB_ISOCHRONOUS;
    struct usb_next sent = usb_transfer_next(host, transfer);
    if (answer != USB_ACK && !isochronous)
        return failed_attempt(transfer);
    transfer->progress.errors = 0;
    if (transfer->progress.stage == STAGE_STATUS)
        return USB_DONE;
    if (!isochronous)
        *toggle_of(host, transfer) ^= 1;
    transfer->progress.at += sent.length;
    transfer->actual = transfer->progress.at;
    return transfer->progress.at == transfer->length ? data_over(transfer) : USB_PENDING;
}

static enum usb_host_status after_in(struct usb_host *host, struct usb_transfer *transfer,
                                     enum usb_answer answer, const uint8_t *data, unsigned length)
{
    if (answer != USB_DATA0 && answer != USB_DATA1)
        return failed_attempt(transfer);
    if (!usb_transfer_accepts(transfer, length))
        return USB_BABBLE;
    bool isochronous = transfer->type == USB_ISOCHRONOUS;
    unsigned toggle = answer == USB_DATA1;
    if (!isochronous && toggle != usb_transfer_next(host, transfer).toggle)
        return failed_attempt(transfer);
    transfer->progress.errors = 0;
    if (transfer->progress.stage == STAGE_STATUS)
        return USB_DONE;
    if (length)
        memcpy(transfer->data + transfer->progress.at, data, length);
    if (!isochronous)
        *toggle_of(host, transfer) ^= 1;
    transfer->progress.at += length;
    transfer->actual = transfer->progress.at;
    bool over = isochronous || length < transfer->max_packet || transfer->progress.at == transfer->length;
    return over ? data_over(transfer) : USB_PENDING;
}

enum usb_host_status usb_transfer_answer(struct usb_host *host, struct usb_transfer *transfer,
                                         enum usb_answer answer, const uint8_t *data, unsigned length)
{
    enum usb_token token = usb_transfer_next(host, transfer).token;
    if (token == USB_TOKEN_SETUP)
        return after_setup(transfer, answer);
    if (answer == USB_STALL)
        return USB_STALLED;
    if (answer == USB_NAK) {
        transfer->progress.errors = 0;
        return USB_PENDING;
    }
    if (token == USB_TOKEN_OUT)
        return after_out(host, transfer, answer);
    return after_in(host, transfer, answer, data, length);
}

bool usb_is_control_packet(unsigned size)
{
    return size == 8 || size == 16 || size == 32 || size == USB_LARGEST_CONTROL_PACKET;
}

/* The first 8 bytes of a device descriptor tell (USB 2.0 9.6.1). */
static void learn_control_packet(struct usb_host *host, const struct usb_transfer *transfer)
{
    enum { GET_DESCRIPTOR = 6, DEVICE = 1, PACKET_SIZE = 7 };
    const uint8_t *setup = transfer->setup;
    if (setup[0] == USB_DIRECTION_IN && setup[1] == GET_DESCRIPTOR && setup[3] == DEVICE &&
        transfer->actual > PACKET_SIZE && usb_is_control_packet(transfer->data[PACKET_SIZE]))
        host->control_packet = transfer->data[PACKET_SIZE];
}

void usb_transfer_observe(struct usb_host *host, const struct usb_transfer *transfer)
{
    enum { CLEAR_FEATURE = 1, SET_ADDRESS = 5, SET_CONFIGURATION = 9 };
    enum { TO_DEVICE = 0, TO_ENDPOINT = 2 };
    enum { ADDRESS_RECOVERY_MS = 2 }; /* USB 2.0 9.2.6.3 */
    const uint8_t *setup = transfer->setup;
    if (transfer->type != USB_CONTROL)
        return;
    learn_control_packet(host, transfer);
    if (setup[0] == TO_DEVICE && setup[1] == SET_ADDRESS) {
        host->address = setup[2];
        host->bus_free = transfer->ended + ADDRESS_RECOVERY_MS * TICKS_PER_MILLISECOND;
        chip_report(host->chip, REPORT_USB, "address %u", setup[2]);
    } else if (setup[0] == TO_DEVICE && setup[1] == SET_CONFIGURATION) {
        usb_host_clear_toggles(host);
        chip_report(host->chip, REPORT_USB, setup[2] ? "configured" : "not configured any more");
    } else if (setup[0] == TO_ENDPOINT && setup[1] == CLEAR_FEATURE && setup[2] == 0) {
        uint8_t *toggles = setup[4] & USB_DIRECTION_IN ? host->toggle_in : host->toggle_out;
        toggles[setup[4] & ENDPOINT_NUMBER] = 0;
    }
}
