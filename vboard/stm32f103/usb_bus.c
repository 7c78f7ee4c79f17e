/* What the USB peripheral makes of the bus as a whole: frames and their loss, suspend, resume, reset (RM0008
 * 23.4.5, ISTR and FNR in 23.5.1). */
#include "usb_registers.h"

enum { LOCKING_SOFS = 2, SUSPEND_MS = 3 };

/* How late a SOF is before ESOF; the manual gives no figure. */
#define SOF_WINDOW (20 * TICKS_PER_MICROSECOND)

/* SOFs are expected, and missed, only by a peripheral that runs, on a bus that is not held by the host. */
void usb_watch_for_sof(struct chip *chip, ticks last)
{
    const struct usb *usb = &chip->usb;
    bool watching = usb_powered(chip) && !usb->bus_reset && !usb->bus_resume && !(usb->CNTR & CNTR_LP_MODE);
    chip_schedule(chip, EVENT_USB, watching ? last + TICKS_PER_MILLISECOND + SOF_WINDOW : TICKS_NEVER);
}

void usb_event(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    ticks now = chip_now(chip);
    usb->sofs_in_a_row = 0;
    if ((usb->FNR & FNR_LSOF) != FNR_LSOF)
        usb->FNR += FNR_ONE_LOST;
    usb_raise(chip, ISTR_ESOF);
    bool silent = now - usb->last_activity >= SUSPEND_MS * TICKS_PER_MILLISECOND;
    if (silent && !usb->suspend_told && !(usb->CNTR & CNTR_FSUSP)) {
        usb->suspend_told = true;
        usb->FNR &= (uint16_t)~FNR_LCK;
        usb_raise(chip, ISTR_SUSP);
    }
    usb_watch_for_sof(chip, now - SOF_WINDOW);
}

void usb_activity(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    usb->last_activity = chip_now(chip);
    usb->suspend_told = false;
    if (!usb_powered(chip) || !(usb->CNTR & CNTR_FSUSP))
        return;
    usb->CNTR &= (uint16_t)~CNTR_LP_MODE;
    usb_raise(chip, ISTR_WKUP);
}

void usb_sof(struct chip *chip, uint16_t frame)
{
    struct usb *usb = &chip->usb;
    usb_activity(chip);
    if (!usb_powered(chip))
        return;
    usb_watch_for_sof(chip, usb->last_activity);
    if (usb->CNTR & CNTR_FSUSP)
        return;
    usb->FNR = (uint16_t)((usb->FNR & FNR_LCK) | (frame & FNR_FN));
    if (usb->sofs_in_a_row < LOCKING_SOFS && ++usb->sofs_in_a_row == LOCKING_SOFS)
        usb->FNR |= FNR_LCK;
    usb_raise(chip, ISTR_SOF);
}

/* What a reset, from the bus or by FRES, does to the registers: CTR flags stay, so that a transfer just
 * before it is not forgotten (USB_EPnR). */
void usb_reset_protocol(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
        usb->EPR[n] &= EPR_CTR;
        usb->flow_control[n] = false;
    }
    usb->DADDR = 0;
    usb->FNR &= (uint16_t) ~(FNR_LCK | FNR_LSOF);
    usb->sofs_in_a_row = 0;
    usb->suspend_told = false;
    usb_raise(chip, ISTR_RESET);
}

void usb_bus_reset(struct chip *chip, bool driven)
{
    struct usb *usb = &chip->usb;
    if (usb->bus_reset == driven)
        return;
    usb->bus_reset = driven;
    usb_activity(chip);
    if (driven && usb_powered(chip)) {
        usb->spurious_reset = false;
        usb_reset_protocol(chip);
        for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++)
            usb->endpoint_seen[n] |= usb->EPR[n] & EPR_CTR; /* void, and may be cleared unread */
    }
    usb_watch_for_sof(chip, usb->last_activity);
}

void usb_bus_resume(struct chip *chip, bool driven)
{
    struct usb *usb = &chip->usb;
    if (usb->bus_resume == driven)
        return;
    usb->bus_resume = driven;
    usb->sofs_in_a_row = 0;
    usb_activity(chip);
    usb_watch_for_sof(chip, usb->last_activity);
}
