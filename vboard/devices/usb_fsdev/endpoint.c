/* Endpoint registers: bits that toggle, bits that only clear, and what must not be
 * set together (RM0008 23.5.2). */
#include "private.h"

void fsdev_check_endpoint(struct device *device, unsigned n)
{
    const struct usb *usb = usb_of(device);
    uint16_t epr = usb->EPR[n];
    if (!(usb->DADDR & DADDR_EF))
        return; /* ST's own library gives them their numbers last of all */
    enum usb_stat rx = fsdev_stat(epr, USB_RX), tx = fsdev_stat(epr, USB_TX);
    unsigned type = epr & EPR_EP_TYPE;
    if (fsdev_isochronous(epr) && (rx == STAT_STALL || rx == STAT_NAK || tx == STAT_STALL || tx == STAT_NAK))
        device_violation(device, FORBIDDEN, "usb-endpoint-status",
                         "EP%uR=0x%04x: isochronous with STALL or NAK", n, epr);
    if (fsdev_double_buffered(epr) && rx != STAT_DISABLED && tx != STAT_DISABLED)
        device_violation(device, FORBIDDEN, "usb-endpoint-direction",
                         "EP%uR=0x%04x: double-buffered in both directions", n, epr);
    if (epr & EPR_EP_KIND && (type == EPR_ISOCHRONOUS || type == EPR_INTERRUPT))
        device_violation(device, SUSPICIOUS, "usb-endpoint-kind", "EP%uR=0x%04x: EP_KIND has no meaning here",
                         n, epr);
    for (unsigned m = 0; m < USB_ENDPOINT_REGISTERS; m++)
        if (m != n && ((usb->EPR[m] ^ epr) & EPR_EA) == 0 &&
            ((rx != STAT_DISABLED && fsdev_stat(usb->EPR[m], USB_RX) != STAT_DISABLED) ||
             (tx != STAT_DISABLED && fsdev_stat(usb->EPR[m], USB_TX) != STAT_DISABLED)))
            device_violation(device, FORBIDDEN, "usb-endpoint-twice",
                             "EP%uR and EP%uR both answer endpoint %u", n, m, epr & EPR_EA);
}

void fsdev_write_endpoint(struct device *device, unsigned n, uint16_t value)
{
    struct usb *usb = usb_of(device);
    uint16_t old = usb->EPR[n];
    uint16_t lost = old & ~value & EPR_CTR & ~usb->endpoint_seen[n];
    if (lost)
        device_violation(device, SUSPICIOUS, "usb-event-lost", "EP%uR: CTR flags 0x%04x cleared before read",
                         n, lost);
    uint16_t new = old &(uint16_t)(value | ~EPR_CTR);
    if (usb->CNTR & CNTR_FRES) {
        device_violation(device, SUSPICIOUS, "usb-in-reset", "EP%uR written while FRES holds it in reset", n);
    } else {
        new ^= value &EPR_TOGGLE;
        new = (uint16_t)((new & ~EPR_READ_WRITE) | (value & EPR_READ_WRITE));
    }
    if (new == old)
        return;
    device_changed(device);
    usb->EPR[n] = new;
    usb->flow_control[n] &= fsdev_double_buffered_bulk(new);
    fsdev_check_endpoint(device, n);
    if ((new ^ old) & (EPR_STAT_RX | EPR_STAT_TX | EPR_EP_TYPE))
        fsdev_check_layout(device, n);
    fsdev_update_interrupts(device);
}
