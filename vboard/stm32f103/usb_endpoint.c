/* Endpoint registers: bits that toggle, bits that only clear, and what must not be set together
 * (RM0008 23.5.2). */
#include "usb_registers.h"

void usb_check_endpoint(struct chip *chip, unsigned n)
{
    const struct usb *usb = &chip->usb;
    uint16_t epr = usb->EPR[n];
    if (!(usb->DADDR & DADDR_EF))
        return; /* ST's own library gives them their numbers last of all */
    enum usb_stat rx = usb_stat(epr, USB_RX), tx = usb_stat(epr, USB_TX);
    unsigned type = epr & EPR_EP_TYPE;
    if (usb_isochronous(epr) && (rx == STAT_STALL || rx == STAT_NAK || tx == STAT_STALL || tx == STAT_NAK))
        chip_violation(chip, FORBIDDEN, "usb-endpoint-status", "EP%uR=0x%04x: isochronous with STALL or NAK",
                       n, epr);
    if (usb_double_buffered(epr) && rx != STAT_DISABLED && tx != STAT_DISABLED)
        chip_violation(chip, FORBIDDEN, "usb-endpoint-direction",
                       "EP%uR=0x%04x: double-buffered in both directions", n, epr);
    if (epr & EPR_EP_KIND && (type == EPR_ISOCHRONOUS || type == EPR_INTERRUPT))
        chip_violation(chip, SUSPICIOUS, "usb-endpoint-kind", "EP%uR=0x%04x: EP_KIND has no meaning here", n,
                       epr);
    for (unsigned m = 0; m < USB_ENDPOINT_REGISTERS; m++)
        if (m != n && ((usb->EPR[m] ^ epr) & EPR_EA) == 0 &&
            ((rx != STAT_DISABLED && usb_stat(usb->EPR[m], USB_RX) != STAT_DISABLED) ||
             (tx != STAT_DISABLED && usb_stat(usb->EPR[m], USB_TX) != STAT_DISABLED)))
            chip_violation(chip, FORBIDDEN, "usb-endpoint-twice", "EP%uR and EP%uR both answer endpoint %u",
                           n, m, epr & EPR_EA);
}

void usb_write_endpoint(struct chip *chip, unsigned n, uint16_t value)
{
    struct usb *usb = &chip->usb;
    uint16_t old = usb->EPR[n];
    uint16_t lost = old & ~value & EPR_CTR & ~usb->endpoint_seen[n];
    if (lost)
        chip_violation(chip, SUSPICIOUS, "usb-event-lost", "EP%uR: CTR flags 0x%04x cleared before read", n,
                       lost);
    uint16_t new = old &(uint16_t)(value | ~EPR_CTR);
    if (usb->CNTR & CNTR_FRES) {
        chip_violation(chip, SUSPICIOUS, "usb-in-reset", "EP%uR written while FRES holds it in reset", n);
    } else {
        new ^= value &EPR_TOGGLE;
        new = (uint16_t)((new & ~EPR_READ_WRITE) | (value & EPR_READ_WRITE));
    }
    if (new == old)
        return;
    chip->cpu.side_effects++;
    usb->EPR[n] = new;
    usb->flow_control[n] &= usb_double_buffered_bulk(new);
    usb_check_endpoint(chip, n);
    if ((new ^ old) & (EPR_STAT_RX | EPR_STAT_TX | EPR_EP_TYPE))
        usb_check_layout(chip, n);
    usb_update_interrupts(chip);
}
