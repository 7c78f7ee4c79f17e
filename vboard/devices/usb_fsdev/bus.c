/* What the USB peripheral makes of the bus as a whole: frames and their loss, suspend, resume, reset (RM0008
 * 23.4.5, ISTR and FNR in 23.5.1). */
#include "private.h"

enum { LOCKING_SOFS = 2, SUSPEND_MS = 3 };

/* How late a SOF is before ESOF; the manual gives no figure. */
#define SOF_WINDOW (20 * TICKS_PER_MICROSECOND)

/* SOFs are expected, and missed, only by a peripheral that runs, on a bus that is not held by the host. */
void fsdev_watch_for_sof(struct device *device, ticks last)
{
    const struct usb *usb = usb_of(device);
    bool watching =
        fsdev_powered(device) && !usb->bus_reset && !usb->bus_resume && !(usb->CNTR & CNTR_LP_MODE);
    device_schedule(device, 0, watching ? last + TICKS_PER_MILLISECOND + SOF_WINDOW : TICKS_NEVER);
}

void fsdev_event(struct device *device, unsigned n)
{
    (void)n;
    struct usb *usb = usb_of(device);
    ticks now = device_now(device);
    usb->sofs_in_a_row = 0;
    if ((usb->FNR & FNR_LSOF) != FNR_LSOF)
        usb->FNR += FNR_ONE_LOST;
    fsdev_raise(device, ISTR_ESOF);
    bool silent = now - usb->last_activity >= SUSPEND_MS * TICKS_PER_MILLISECOND;
    if (silent && !usb->suspend_told && !(usb->CNTR & CNTR_FSUSP)) {
        usb->suspend_told = true;
        usb->FNR &= (uint16_t)~FNR_LCK;
        fsdev_raise(device, ISTR_SUSP);
    }
    fsdev_watch_for_sof(device, now - SOF_WINDOW);
}

void fsdev_activity(struct device *device)
{
    struct usb *usb = usb_of(device);
    usb->last_activity = device_now(device);
    usb->suspend_told = false;
    if (!fsdev_powered(device) || !(usb->CNTR & CNTR_FSUSP))
        return;
    usb->CNTR &= (uint16_t)~CNTR_LP_MODE;
    fsdev_raise(device, ISTR_WKUP);
}

void fsdev_sof(struct device *device, uint16_t frame)
{
    struct usb *usb = usb_of(device);
    fsdev_activity(device);
    if (!fsdev_powered(device))
        return;
    fsdev_watch_for_sof(device, usb->last_activity);
    if (usb->CNTR & CNTR_FSUSP)
        return;
    usb->FNR = (uint16_t)((usb->FNR & FNR_LCK) | (frame & FNR_FN));
    if (usb->sofs_in_a_row < LOCKING_SOFS && ++usb->sofs_in_a_row == LOCKING_SOFS)
        usb->FNR |= FNR_LCK;
    fsdev_raise(device, ISTR_SOF);
}

/* What a reset, from the bus or by FRES, does to the registers: CTR flags stay, so that a transfer just
 * before it is not forgotten (USB_EPnR). */
void fsdev_reset_protocol(struct device *device)
{
    struct usb *usb = usb_of(device);
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
        usb->EPR[n] &= EPR_CTR;
        usb->flow_control[n] = false;
    }
    usb->DADDR = 0;
    usb->FNR &= (uint16_t) ~(FNR_LCK | FNR_LSOF);
    usb->sofs_in_a_row = 0;
    usb->suspend_told = false;
    fsdev_raise(device, ISTR_RESET);
}

void fsdev_bus_reset(struct device *device, bool driven)
{
    struct usb *usb = usb_of(device);
    if (usb->bus_reset == driven)
        return;
    usb->bus_reset = driven;
    fsdev_activity(device);
    if (driven && fsdev_powered(device)) {
        usb->spurious_reset = false;
        fsdev_reset_protocol(device);
        for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++)
            usb->endpoint_seen[n] |= usb->EPR[n] & EPR_CTR; /* void, and may be cleared unread */
    }
    fsdev_watch_for_sof(device, usb->last_activity);
}

void fsdev_bus_resume(struct device *device, bool driven)
{
    struct usb *usb = usb_of(device);
    if (usb->bus_resume == driven)
        return;
    usb->bus_resume = driven;
    usb->sofs_in_a_row = 0;
    fsdev_activity(device);
    fsdev_watch_for_sof(device, usb->last_activity);
}
