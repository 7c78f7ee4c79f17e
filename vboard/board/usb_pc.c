/* See usb_pc.h. */
#include "usb_pc.h"

#include <string.h>

enum { CONFIGURE_MS = 5000, CONFIGURATION_VALUE = 5, INTERFACES = 4, ID_VENDOR = 8, ID_PRODUCT = 10 };

static unsigned half_word(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static void configured(struct usb_transfer *transfer)
{
    struct usb_pc *pc = transfer->context;
    if (transfer->status == USB_DONE) {
        usb_host_clear_toggles(&pc->board->host);
        pc->state = USB_PC_CONFIGURED;
    } else if (transfer->status != USB_GONE) {
        chip_report(&pc->board->chip, REPORT_USB, "the device cannot be configured");
        pc->state = USB_PC_FOUND;
    }
}

static void enumerated(void *context, bool found)
{
    struct usb_pc *pc = context;
    if (!found) {
        chip_report(&pc->board->chip, REPORT_USB, "the device does not enumerate");
        return;
    }
    const struct usb_identity *identity = &pc->enumerator.identity;
    const uint8_t set_configuration[8] = {0x00, 9, identity->configuration[CONFIGURATION_VALUE]};
    chip_report(&pc->board->chip, REPORT_USB, "found %04x:%04x, interfaces: %u",
                half_word(&identity->device[ID_VENDOR]), half_word(&identity->device[ID_PRODUCT]),
                identity->configuration[INTERFACES]);
    pc->configure = (struct usb_transfer){.type = USB_CONTROL,
                                          .timeout = CONFIGURE_MS * TICKS_PER_MILLISECOND,
                                          .context = pc,
                                          .done = configured};
    memcpy(pc->configure.setup, set_configuration, sizeof pc->configure.setup);
    usb_host_submit(&pc->board->host, &pc->configure);
}

static void port_changed(void *context, enum usb_port_state state)
{
    struct usb_pc *pc = context;
    if (state < USB_PORT_ENABLED) {
        pc->state = USB_PC_SEARCHES;
        memset(pc->alternate, 0, sizeof pc->alternate);
    }
    if (state == USB_PORT_ATTACHED)
        usb_enumerator_start(&pc->enumerator);
    else
        usb_enumerator_port(&pc->enumerator, state);
}

void usb_pc_attach(struct usb_pc *pc, struct board *board)
{
    *pc = (struct usb_pc){.board = board,
                          .enumerator = {.host = &board->host, .context = pc, .done = enumerated}};
    board->pc = pc;
    board->host.context = pc;
    board->host.port_changed = port_changed;
}
