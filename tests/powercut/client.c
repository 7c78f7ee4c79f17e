/* See client.h. */
#include "client.h"

#include <string.h>

enum { TIMEOUT_S = 5 };

void client_start(struct client *client, const struct client_plan *plan)
{
    memset(client, 0, sizeof *client);
    client->plan = *plan;
}

static bool submit(struct client *client, struct rig *rig, uint8_t bmRequestType, uint8_t bRequest,
                   uint16_t wValue, uint16_t wLength, uint8_t *data)
{
    client->transfer = (struct usb_transfer){
        .type = USB_CONTROL,
        .setup = {bmRequestType, bRequest, wValue & 0xFF, wValue >> 8, 0, 0, wLength & 0xFF, wLength >> 8},
        .data = data,
        .length = wLength,
        .max_packet = 64,
        .timeout = TIMEOUT_S * TICKS_PER_SECOND,
    };
    client->under_way = usb_host_submit(rig->host, &client->transfer);
    return client->under_way;
}

static bool next_request(struct client *client, struct rig *rig)
{
    const struct client_plan *plan = &client->plan;
    uint32_t left = plan->length - client->sent;

    switch (client->step) {
    case CLIENT_SEND:
        if (plan->abort_at && client->sent >= plan->abort_at) {
            client->step = CLIENT_ABORT;
            return submit(client, rig, DFU_OUT, DFU_ABORT, 0, 0, NULL);
        }
        client->now = (uint16_t)(left < rig->transfer_size ? left : rig->transfer_size);
        return submit(client, rig, DFU_OUT, DFU_DNLOAD, client->number, client->now,
                      (uint8_t *)plan->image + client->sent);
    case CLIENT_WAIT:
        client->step = CLIENT_ASK;
        return submit(client, rig, DFU_IN, DFU_GETSTATUS, 0, 6, client->reply);
    case CLIENT_ASK: return submit(client, rig, DFU_IN, DFU_GETSTATUS, 0, 6, client->reply);
    case CLIENT_ABORT: break;
    }
    return false;
}

static enum client_progress status_read(struct client *client, struct rig *rig)
{
    const uint8_t *reply = client->reply;

    client->status = (struct dfu_status){reply[0], reply[4], reply[5], reply[1] | (uint32_t)reply[2] << 8};
    switch (client->status.bState) {
    case dfuERROR: return CLIENT_REFUSED;
    case dfuIDLE: return CLIENT_DONE;
    case dfuDNLOAD_IDLE:
        client->sent += client->now;
        client->number++;
        client->step = CLIENT_SEND;
        break;
    default:
        client->step = CLIENT_WAIT;
        client->ask_at = board_now(rig->board) + client->status.poll_ms * TICKS_PER_MILLISECOND;
    }
    return CLIENT_STOPPED;
}

/* CLIENT_STOPPED: there is more to do. */
static enum client_progress transfer_ended(struct client *client, struct rig *rig)
{
    client->under_way = false;
    if (client->transfer.status != USB_DONE && client->transfer.status != USB_STALLED)
        return CLIENT_LOST;
    if (client->step == CLIENT_ABORT)
        return client->transfer.status == USB_DONE ? CLIENT_ABORTED : CLIENT_LOST;
    if (client->step == CLIENT_ASK) {
        if (client->transfer.status == USB_DONE)
            return status_read(client, rig);
        /* an error after the last block: the next answer tells it */
        return client->now == 0 && client->stalls++ == 0 ? CLIENT_STOPPED : CLIENT_LOST;
    }
    client->step = CLIENT_ASK; /* after a stall too: the status says why */
    return CLIENT_STOPPED;
}

enum client_progress client_run(struct client *client, struct rig *rig)
{
    struct chip *chip = &rig->board->chip;

    for (;;) {
        ticks now = board_now(rig->board), until = chip_host_due(chip);

        if (!chip->powered || rig->board->failed || until == TICKS_NEVER)
            return CLIENT_LOST;
        if (client->under_way && client->transfer.status != USB_PENDING) {
            enum client_progress progress = transfer_ended(client, rig);

            if (progress != CLIENT_STOPPED)
                return progress;
        }
        if (!client->under_way) {
            if (client->step == CLIENT_WAIT && now < client->ask_at)
                until = client->ask_at;
            else if (!next_request(client, rig))
                return CLIENT_LOST;
            else
                continue;
        }
        chip_run(chip, (until > now ? until : now) + TICKS_PER_MICROSECOND);
        if (chip->cpu.stop)
            return chip->powered ? CLIENT_STOPPED : CLIENT_LOST;
    }
}
