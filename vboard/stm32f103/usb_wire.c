/* Transactions of the USB peripheral with the host: tokens, handshakes, data toggles (RM0008 23.4.2
 * to 23.4.4).
 */
#include "usb_registers.h"

static bool clock_right(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    uint32_t hz = rcc_usb_hz(chip);
    if (hz == USB_BUS_CLOCK_HZ)
        return true;
    if (!usb->clock_told)
        chip_violation(chip, FORBIDDEN, "usb-clock", "a packet came while the USB clock is %u Hz",
                       (unsigned)hz);
    usb->clock_told = true;
    return false;
}

/* Reception is off in reset and until ISTR.RESET is cleared, while suspended, and without DADDR.EF. */
static bool listens(struct chip *chip, uint8_t address)
{
    const struct usb *usb = &chip->usb;
    usb_activity(chip);
    if (!usb_powered(chip) || usb->bus_reset || usb->ISTR & ISTR_RESET || usb->CNTR & CNTR_FSUSP)
        return false;
    if (!(usb->DADDR & DADDR_EF) || (usb->DADDR & DADDR_ADD) != address || !clock_right(chip))
        return false;
    if (rcc_pclk1_hz(chip) >= USB_MIN_PCLK1_HZ)
        return true;
    usb_raise(chip, ISTR_PMAOVR); /* no handshake: the host tries again */
    return false;
}

/* The lowest register that takes this endpoint's packets in this direction, or USB_ENDPOINT_REGISTERS. */
static unsigned find(const struct usb *usb, uint8_t endpoint, enum usb_direction direction)
{
    unsigned n = 0;
    while (n < USB_ENDPOINT_REGISTERS &&
           ((usb->EPR[n] & EPR_EA) != endpoint || usb_stat(usb->EPR[n], direction) == STAT_DISABLED))
        n++;
    return n;
}

/* What STAT comes to once a double-buffered bulk endpoint has no buffer free (23.4.3). */
static enum usb_stat effective_stat(const struct usb *usb, unsigned n, enum usb_direction direction)
{
    enum usb_stat stat = usb_stat(usb->EPR[n], direction);
    return stat == STAT_VALID && usb_has_no_buffer(usb, n) ? STAT_NAK : stat;
}

/* A driver that lives on interrupts and masks this one waits for ever. */
static void check_mask(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    bool interrupts = chip->cpu.nvic.enabled[IRQ_USB_LP] && usb->CNTR & ISTR_FLAGS;
    if (!interrupts || usb->CNTR & ISTR_CTR || usb->mask_told)
        return;
    usb->mask_told = true;
    chip_violation(
        chip, SUSPICIOUS, "usb-ctr-masked",
        "a packet was transferred while CNTR.CTRM is 0 and other USB interrupts are on (RM0008 23.5.1); "
        "chips of ST's own are said to interrupt nevertheless, clones do not (--chip masked-ctr)");
}

static void completed(struct chip *chip, unsigned n, uint16_t epr, uint16_t flag)
{
    chip->usb.EPR[n] = epr | flag;
    chip->usb.flow_control[n] = usb_double_buffered_bulk(epr);
    chip->usb.endpoint_seen[n] &= (uint16_t)~flag;
    chip->cpu.side_effects++;
    check_mask(chip);
    usb_update_interrupts(chip);
}

/* The manual drops a SETUP without an answer while the one before, or an OUT, is not acknowledged by the
 * firmware, and does not check it against STAT_RX. */
enum usb_answer usb_setup(struct chip *chip, uint8_t address, uint8_t endpoint, const uint8_t data[8])
{
    enum { SETUP_BYTES = 8 };
    struct usb *usb = &chip->usb;
    if (!listens(chip, address))
        return USB_SILENCE;
    unsigned n = find(usb, endpoint, USB_RX);
    if (n == USB_ENDPOINT_REGISTERS || (usb->EPR[n] & EPR_EP_TYPE) != EPR_CONTROL || usb->EPR[n] & EPR_CTR_RX)
        return USB_SILENCE;
    usb->EPR[n] = (uint16_t)((usb->EPR[n] & ~EPR_DTOG_RX) | EPR_DTOG_TX);
    chip->cpu.side_effects++;
    usb_store(chip, n, USB_RX, data, SETUP_BYTES);
    if (usb_receive_size(chip, n, USB_RX) < SETUP_BYTES) {
        chip_violation(chip, FORBIDDEN, "usb-buffer-size", "EP%uR: no room for a SETUP", n);
        return USB_STALL;
    }
    usb_set_received(chip, n, USB_RX, SETUP_BYTES);
    uint16_t epr = usb_with_stat(usb_with_stat(usb->EPR[n], USB_RX, STAT_NAK), USB_TX, STAT_NAK);
    completed(chip, n, epr | EPR_DTOG_RX | EPR_SETUP, EPR_CTR_RX);
    return USB_ACK;
}

static uint16_t received(uint16_t epr)
{
    if (!(epr & EPR_CTR_RX))
        epr &= (uint16_t)~EPR_SETUP;
    if (!usb_double_buffered(epr))
        epr = usb_with_stat(epr, USB_RX, STAT_NAK);
    return epr ^ EPR_DTOG_RX;
}

static enum usb_answer take_isochronous(struct chip *chip, unsigned n, const uint8_t *data, unsigned length)
{
    uint16_t epr = chip->usb.EPR[n];
    unsigned half = usb_half(epr, USB_RX);
    usb_store(chip, n, half, data, length);
    if (length <= usb_receive_size(chip, n, half)) {
        usb_set_received(chip, n, half, length);
        completed(chip, n, received(epr), EPR_CTR_RX);
    }
    return USB_SILENCE;
}

static enum usb_answer take(struct chip *chip, unsigned n, unsigned toggle, const uint8_t *data,
                            unsigned length)
{
    uint16_t epr = chip->usb.EPR[n];
    unsigned half = usb_half(epr, USB_RX);
    bool expects_status = (epr & EPR_EP_TYPE) == EPR_CONTROL && epr & EPR_EP_KIND;
    if (expects_status && length > 0)
        return USB_STALL;
    usb_store(chip, n, half, data, length);
    if (length > usb_receive_size(chip, n, half))
        return USB_STALL; /* overrun: no interrupt, nothing changes */
    if (toggle != ((epr & EPR_DTOG_RX) != 0))
        return USB_ACK; /* a repetition: acknowledged and forgotten (USB 2.0 8.6.4) */
    if (epr & EPR_CTR_RX && !usb_double_buffered(epr))
        chip_violation(chip, SUSPICIOUS, "usb-event-lost",
                       "EP%uR: a packet came before CTR_RX of the last one was cleared", n);
    usb_set_received(chip, n, half, length);
    completed(chip, n, received(epr), EPR_CTR_RX);
    return USB_ACK;
}

enum usb_answer usb_out(struct chip *chip, uint8_t address, uint8_t endpoint, unsigned toggle,
                        const uint8_t *data, unsigned length)
{
    if (!listens(chip, address))
        return USB_SILENCE;
    unsigned n = find(&chip->usb, endpoint, USB_RX);
    if (n == USB_ENDPOINT_REGISTERS)
        return USB_SILENCE;
    uint16_t epr = chip->usb.EPR[n];
    enum usb_stat stat = effective_stat(&chip->usb, n, USB_RX);
    if (usb_isochronous(epr))
        return stat == STAT_VALID ? take_isochronous(chip, n, data, length) : USB_SILENCE;
    if (stat != STAT_VALID)
        return stat == STAT_STALL ? USB_STALL : USB_NAK;
    return take(chip, n, toggle, data, length);
}

enum usb_answer usb_in_begin(struct chip *chip, uint8_t address, uint8_t endpoint,
                             uint8_t data[USB_MAX_PACKET], unsigned *length)
{
    if (!listens(chip, address))
        return USB_SILENCE;
    unsigned n = find(&chip->usb, endpoint, USB_TX);
    if (n == USB_ENDPOINT_REGISTERS)
        return USB_SILENCE;
    uint16_t epr = chip->usb.EPR[n];
    enum usb_stat stat = effective_stat(&chip->usb, n, USB_TX);
    if (stat != STAT_VALID) {
        if (usb_isochronous(epr))
            return USB_SILENCE;
        return stat == STAT_STALL ? USB_STALL : USB_NAK;
    }
    *length = usb_fetch(chip, n, usb_half(epr, USB_TX), data);
    return epr & EPR_DTOG_TX && !usb_isochronous(epr) ? USB_DATA1 : USB_DATA0;
}

void usb_in_end(struct chip *chip, uint8_t address, uint8_t endpoint, bool acknowledge)
{
    if (!listens(chip, address))
        return;
    unsigned n = find(&chip->usb, endpoint, USB_TX);
    if (n == USB_ENDPOINT_REGISTERS)
        return;
    uint16_t epr = chip->usb.EPR[n];
    if (!usb_isochronous(epr) && !acknowledge) {
        usb_raise(chip, ISTR_ERR); /* the time for the host's answer ran out */
        return;
    }
    if (!usb_double_buffered(epr))
        epr = usb_with_stat(epr, USB_TX, STAT_NAK);
    completed(chip, n, epr ^ EPR_DTOG_TX, EPR_CTR_TX);
}

enum usb_answer usb_in(struct chip *chip, uint8_t address, uint8_t endpoint, uint8_t data[USB_MAX_PACKET],
                       unsigned *length, bool acknowledge)
{
    enum usb_answer answer = usb_in_begin(chip, address, endpoint, data, length);
    if (answer == USB_DATA0 || answer == USB_DATA1)
        usb_in_end(chip, address, endpoint, acknowledge);
    return answer;
}
