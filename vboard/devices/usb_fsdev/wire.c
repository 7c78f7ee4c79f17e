/* Transactions of the USB peripheral with the host: tokens, handshakes, data
 * toggles (RM0008 23.4.2 to 23.4.4).
 */
#include "private.h"

static bool clock_right(struct device *device)
{
    struct usb *usb = usb_of(device);
    uint32_t hz = device_kernel_hz(device);
    if (hz == USB_BUS_CLOCK_HZ)
        return true;
    if (!usb->clock_told)
        device_violation(device, FORBIDDEN, "usb-clock", "a packet came while the USB clock is %u Hz",
                         (unsigned)hz);
    usb->clock_told = true;
    return false;
}

/* Reception is off in reset and until ISTR.RESET is cleared, while suspended, and without DADDR.EF. */
static bool listens(struct device *device, uint8_t address)
{
    const struct usb *usb = usb_of(device);
    fsdev_activity(device);
    if (!fsdev_powered(device) || usb->bus_reset || usb->ISTR & ISTR_RESET || usb->CNTR & CNTR_FSUSP)
        return false;
    if (!(usb->DADDR & DADDR_EF) || (usb->DADDR & DADDR_ADD) != address || !clock_right(device))
        return false;
    if (device_clock_hz(device) >= USB_MIN_PCLK1_HZ)
        return true;
    fsdev_raise(device, ISTR_PMAOVR); /* no handshake: the host tries again */
    return false;
}

/* The lowest register that takes this endpoint's packets in this direction, or USB_ENDPOINT_REGISTERS. */
static unsigned find(const struct usb *usb, uint8_t endpoint, enum usb_direction direction)
{
    unsigned n = 0;
    while (n < USB_ENDPOINT_REGISTERS &&
           ((usb->EPR[n] & EPR_EA) != endpoint || fsdev_stat(usb->EPR[n], direction) == STAT_DISABLED))
        n++;
    return n;
}

/* What STAT comes to once a double-buffered bulk endpoint has no buffer free (23.4.3). */
static enum usb_stat effective_stat(const struct usb *usb, unsigned n, enum usb_direction direction)
{
    enum usb_stat stat = fsdev_stat(usb->EPR[n], direction);
    return stat == STAT_VALID && fsdev_has_no_buffer(usb, n) ? STAT_NAK : stat;
}

/* A driver that lives on interrupts and masks this one waits for ever. */
static void check_mask(struct device *device)
{
    struct usb *usb = usb_of(device);
    bool interrupts = device_irq_enabled(device, USB_FSDEV_LP_IRQ) && usb->CNTR & ISTR_FLAGS;
    if (!interrupts || usb->CNTR & ISTR_CTR || usb->mask_told)
        return;
    usb->mask_told = true;
    device_violation(
        device, SUSPICIOUS, "usb-ctr-masked",
        "a packet was transferred while CNTR.CTRM is 0 and other USB interrupts are on (RM0008 23.5.1); "
        "chips of ST's own are said to interrupt nevertheless, clones do not (--chip masked-ctr)");
}

static void completed(struct device *device, unsigned n, uint16_t epr, uint16_t flag)
{
    usb_of(device)->EPR[n] = epr | flag;
    usb_of(device)->flow_control[n] = fsdev_double_buffered_bulk(epr);
    usb_of(device)->endpoint_seen[n] &= (uint16_t)~flag;
    device_changed(device);
    check_mask(device);
    fsdev_update_interrupts(device);
}

/* The manual drops a SETUP without an answer while the one before, or an OUT, is not acknowledged by the
 * firmware, and does not check it against STAT_RX. */
enum usb_answer fsdev_setup(struct device *device, uint8_t address, uint8_t endpoint, const uint8_t data[8])
{
    enum { SETUP_BYTES = 8 };
    struct usb *usb = usb_of(device);
    if (!listens(device, address))
        return USB_SILENCE;
    unsigned n = find(usb, endpoint, USB_RX);
    if (n == USB_ENDPOINT_REGISTERS || (usb->EPR[n] & EPR_EP_TYPE) != EPR_CONTROL || usb->EPR[n] & EPR_CTR_RX)
        return USB_SILENCE;
    usb->EPR[n] = (uint16_t)((usb->EPR[n] & ~EPR_DTOG_RX) | EPR_DTOG_TX);
    device_changed(device);
    fsdev_store(device, n, USB_RX, data, SETUP_BYTES);
    if (fsdev_receive_size(device, n, USB_RX) < SETUP_BYTES) {
        device_violation(device, FORBIDDEN, "usb-buffer-size", "EP%uR: no room for a SETUP", n);
        return USB_STALL;
    }
    fsdev_set_received(device, n, USB_RX, SETUP_BYTES);
    uint16_t epr = fsdev_with_stat(fsdev_with_stat(usb->EPR[n], USB_RX, STAT_NAK), USB_TX, STAT_NAK);
    completed(device, n, epr | EPR_DTOG_RX | EPR_SETUP, EPR_CTR_RX);
    return USB_ACK;
}

static uint16_t received(uint16_t epr)
{
    if (!(epr & EPR_CTR_RX))
        epr &= (uint16_t)~EPR_SETUP;
    if (!fsdev_double_buffered(epr))
        epr = fsdev_with_stat(epr, USB_RX, STAT_NAK);
    return epr ^ EPR_DTOG_RX;
}

static enum usb_answer take_isochronous(struct device *device, unsigned n, const uint8_t *data,
                                        unsigned length)
{
    uint16_t epr = usb_of(device)->EPR[n];
    unsigned half = fsdev_half(epr, USB_RX);
    fsdev_store(device, n, half, data, length);
    if (length <= fsdev_receive_size(device, n, half)) {
        fsdev_set_received(device, n, half, length);
        completed(device, n, received(epr), EPR_CTR_RX);
    }
    return USB_SILENCE;
}

static enum usb_answer take(struct device *device, unsigned n, unsigned toggle, const uint8_t *data,
                            unsigned length)
{
    uint16_t epr = usb_of(device)->EPR[n];
    unsigned half = fsdev_half(epr, USB_RX);
    bool expects_status = (epr & EPR_EP_TYPE) == EPR_CONTROL && epr & EPR_EP_KIND;
    if (expects_status && length > 0)
        return USB_STALL;
    fsdev_store(device, n, half, data, length);
    if (length > fsdev_receive_size(device, n, half))
        return USB_STALL; /* overrun: no interrupt, nothing changes */
    if (toggle != ((epr & EPR_DTOG_RX) != 0))
        return USB_ACK; /* a repetition: acknowledged and forgotten (USB 2.0 8.6.4) */
    if (epr & EPR_CTR_RX && !fsdev_double_buffered(epr))
        device_violation(device, SUSPICIOUS, "usb-event-lost",
                         "EP%uR: a packet came before CTR_RX of the last one was cleared", n);
    fsdev_set_received(device, n, half, length);
    completed(device, n, received(epr), EPR_CTR_RX);
    return USB_ACK;
}

enum usb_answer fsdev_out(struct device *device, uint8_t address, uint8_t endpoint, unsigned toggle,
                          const uint8_t *data, unsigned length)
{
    if (!listens(device, address))
        return USB_SILENCE;
    unsigned n = find(usb_of(device), endpoint, USB_RX);
    if (n == USB_ENDPOINT_REGISTERS)
        return USB_SILENCE;
    uint16_t epr = usb_of(device)->EPR[n];
    enum usb_stat stat = effective_stat(usb_of(device), n, USB_RX);
    if (fsdev_isochronous(epr))
        return stat == STAT_VALID ? take_isochronous(device, n, data, length) : USB_SILENCE;
    if (stat != STAT_VALID)
        return stat == STAT_STALL ? USB_STALL : USB_NAK;
    return take(device, n, toggle, data, length);
}

enum usb_answer fsdev_in_begin(struct device *device, uint8_t address, uint8_t endpoint,
                               uint8_t data[USB_MAX_PACKET], unsigned *length)
{
    if (!listens(device, address))
        return USB_SILENCE;
    unsigned n = find(usb_of(device), endpoint, USB_TX);
    if (n == USB_ENDPOINT_REGISTERS)
        return USB_SILENCE;
    uint16_t epr = usb_of(device)->EPR[n];
    enum usb_stat stat = effective_stat(usb_of(device), n, USB_TX);
    if (stat != STAT_VALID) {
        if (fsdev_isochronous(epr))
            return USB_SILENCE;
        return stat == STAT_STALL ? USB_STALL : USB_NAK;
    }
    *length = fsdev_fetch(device, n, fsdev_half(epr, USB_TX), data);
    return epr & EPR_DTOG_TX && !fsdev_isochronous(epr) ? USB_DATA1 : USB_DATA0;
}

void fsdev_in_end(struct device *device, uint8_t address, uint8_t endpoint, bool acknowledge)
{
    if (!listens(device, address))
        return;
    unsigned n = find(usb_of(device), endpoint, USB_TX);
    if (n == USB_ENDPOINT_REGISTERS)
        return;
    uint16_t epr = usb_of(device)->EPR[n];
    if (!fsdev_isochronous(epr) && !acknowledge) {
        fsdev_raise(device, ISTR_ERR); /* the time for the host's answer ran out */
        return;
    }
    if (!fsdev_double_buffered(epr))
        epr = fsdev_with_stat(epr, USB_TX, STAT_NAK);
    completed(device, n, epr ^ EPR_DTOG_TX, EPR_CTR_TX);
}
