/* Asynchronous enumeration (USB 2.0 9.1.2). */
#include "enumerator.h"

#include <stddef.h>
#include <string.h>

#include "chip/chip.h"

enum { RESET_MS = 10, ADDRESS = 5, REQUEST_MS = 5000, FIRST_BYTES = 8, CONFIGURATION_HEADER = 9 };

/*
 * How long Linux lets pass between an attempt that failed and the next reset, about, as its log has it of a
 * device that never answers: two attempts with a pause, and all that twice more, with the port's power
 * switched off between (which most ports cannot do). It gives up 2.3 s after the first reset.
 */
static const unsigned pause_ms[] = {220, 360, 220, 650, 190, 320, 190};
enum { ATTEMPTS = 1 + sizeof pause_ms / sizeof pause_ms[0] };

enum {
    STEP_IDLE,
    STEP_PAUSE,
    STEP_RESET,
    STEP_PACKET_SIZE,
    STEP_ADDRESS,
    STEP_DEVICE,
    STEP_TOTAL,
    STEP_CONFIGURATION
};

static void attempt(void *context)
{
    struct usb_enumerator *enumerator = context;
    enumerator->attempts++;
    enumerator->step = STEP_RESET;
    usb_host_reset(enumerator->host, RESET_MS);
}

static void stop_pause(struct usb_enumerator *enumerator)
{
    usb_host_call_at(enumerator->host, TICKS_NEVER, NULL, NULL);
}

static void failed(struct usb_enumerator *enumerator)
{
    struct usb_host *host = enumerator->host;
    if (enumerator->attempts < ATTEMPTS && host->port >= USB_PORT_ATTACHED) {
        ticks pause = pause_ms[enumerator->attempts - 1] * TICKS_PER_MILLISECOND;
        enumerator->step = STEP_PAUSE;
        usb_host_call_at(host, chip_now(host->chip) + pause, attempt, enumerator);
        return;
    }
    enumerator->step = STEP_IDLE;
    enumerator->done(enumerator->context, false);
}

static void ask(struct usb_enumerator *enumerator, unsigned step, const uint8_t setup[8], uint8_t *data)
{
    enumerator->step = step;
    memcpy(enumerator->transfer.setup, setup, sizeof enumerator->transfer.setup);
    enumerator->transfer.data = data;
    enumerator->transfer.length = setup[6] | (uint32_t)setup[7] << 8;
    if (!usb_host_submit(enumerator->host, &enumerator->transfer))
        failed(enumerator);
}

static void ask_configuration(struct usb_enumerator *enumerator, unsigned step, uint32_t length)
{
    const uint8_t setup[8] = {0x80, 6, 0, 2, 0, 0, (uint8_t)length, (uint8_t)(length >> 8)};
    ask(enumerator, step, setup, enumerator->identity.configuration);
}

static void ask_device(struct usb_enumerator *enumerator, unsigned step, uint8_t length)
{
    const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, length, 0};
    ask(enumerator, step, setup, enumerator->identity.device);
}

static void answered(struct usb_transfer *transfer)
{
    static const uint8_t set_address[8] = {0x00, 5, ADDRESS, 0, 0, 0, 0, 0};
    struct usb_enumerator *enumerator = transfer->context;
    struct usb_identity *identity = &enumerator->identity;
    if (transfer->status == USB_GONE)
        return; /* whoever reset or unplugged says how it goes on */
    bool short_answer = transfer->actual < transfer->length;
    if (transfer->status != USB_DONE || short_answer) {
        failed(enumerator);
        return;
    }
    switch (enumerator->step) {
    case STEP_PACKET_SIZE: ask(enumerator, STEP_ADDRESS, set_address, NULL); break;
    case STEP_ADDRESS: ask_device(enumerator, STEP_DEVICE, USB_DEVICE_DESCRIPTOR); break;
    case STEP_DEVICE: ask_configuration(enumerator, STEP_TOTAL, CONFIGURATION_HEADER); break;
    case STEP_TOTAL:
        identity->configuration_length = identity->configuration[2] | (uint32_t)identity->configuration[3]
                                                                          << 8;
        if (identity->configuration_length < CONFIGURATION_HEADER ||
            identity->configuration_length > USB_MAX_CONFIGURATION)
            failed(enumerator);
        else
            ask_configuration(enumerator, STEP_CONFIGURATION, identity->configuration_length);
        break;
    case STEP_CONFIGURATION:
        enumerator->step = STEP_IDLE;
        enumerator->done(enumerator->context, true);
        break;
    }
}

void usb_enumerator_start(struct usb_enumerator *enumerator)
{
    enumerator->transfer = (struct usb_transfer){.type = USB_CONTROL,
                                                 .timeout = REQUEST_MS * TICKS_PER_MILLISECOND,
                                                 .context = enumerator,
                                                 .done = answered};
    memset(&enumerator->identity, 0, sizeof enumerator->identity);
    enumerator->attempts = 0;
    stop_pause(enumerator);
    attempt(enumerator);
}

void usb_enumerator_stop(struct usb_enumerator *enumerator)
{
    enumerator->step = STEP_IDLE;
    stop_pause(enumerator);
    enumerator->transfer.done = NULL;
    usb_host_cancel(enumerator->host, &enumerator->transfer);
}

void usb_enumerator_port(struct usb_enumerator *enumerator, enum usb_port_state state)
{
    if (state == USB_PORT_EMPTY) {
        enumerator->step = STEP_IDLE;
        stop_pause(enumerator);
    } else if (state == USB_PORT_ENABLED && enumerator->step == STEP_RESET)
        ask_device(enumerator, STEP_PACKET_SIZE, FIRST_BYTES);
}
