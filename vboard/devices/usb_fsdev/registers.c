/*
 * Registers, interrupts and power of the USB full-speed device peripheral (RM0008 23.4, 23.5). Reset, frames
 * and suspend are in bus.c, transactions in wire.c, packet memory in memory.c. The memory is
 * shared with CAN, which therefore may not be on at the same time (RM0008 23.2).
 */
#include <stddef.h>
#include <string.h>

#include "private.h"

enum {
    REMOTE_WAKEUP_IDLE_MS = 5, /* USB 2.0 7.1.7.7 */
    RESUME_MIN_MS = 1,         /* CNTR.RESUME */
    RESUME_MAX_MS = 15
};

#define STARTUP_TIME (1 * TICKS_PER_MICROSECOND) /* DS5319 table "USB startup time" */

const struct usb_fsdev_info *fsdev_info_of(const struct device *device)
{
    return device_config(device);
}

bool fsdev_transceiver_on(const struct device *device)
{
    return device_chip(device)->powered && !(usb_of(device)->CNTR & CNTR_PDWN);
}

bool fsdev_powered(const struct device *device)
{
    return fsdev_transceiver_on(device) && !(usb_of(device)->CNTR & CNTR_FRES) && device_is_enabled(device);
}

bool fsdev_drives_resume(const struct device *device)
{
    return fsdev_powered(device) && usb_of(device)->CNTR & CNTR_RESUME;
}

/* 23.5.1: double-buffered endpoints first, then by register number. */
static unsigned first_event(const struct usb *usb)
{
    unsigned found = USB_ENDPOINT_REGISTERS;
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
        if (!(usb->EPR[n] & EPR_CTR))
            continue;
        if (fsdev_double_buffered(usb->EPR[n]))
            return n;
        if (found == USB_ENDPOINT_REGISTERS)
            found = n;
    }
    return found;
}

static uint16_t istr(const struct usb *usb)
{
    unsigned n = first_event(usb);
    if (n == USB_ENDPOINT_REGISTERS)
        return usb->ISTR;
    return (uint16_t)(usb->ISTR | ISTR_CTR | (usb->EPR[n] & EPR_CTR_RX ? ISTR_DIR : 0) | n);
}

void fsdev_update_interrupts(struct device *device)
{
    const struct usb *usb = usb_of(device);
    unsigned n = first_event(usb);
    bool high = n < USB_ENDPOINT_REGISTERS && fsdev_double_buffered(usb->EPR[n]);
    uint16_t mask = (usb->CNTR & ISTR_FLAGS) | (device_chip(device)->config.ctr_masked ? 0 : ISTR_CTR);
    device_drive(device, USB_FSDEV_LP_IRQ, (istr(usb) & mask) != 0);
    device_drive(device, USB_FSDEV_HP_IRQ, high && usb->CNTR & ISTR_CTR);
    device_drive(device, USB_FSDEV_WAKEUP, (usb->ISTR & ISTR_WKUP) != 0);
}

void fsdev_raise(struct device *device, uint16_t flag)
{
    struct usb *usb = usb_of(device);
    usb->events_seen &= (uint16_t)~flag;
    usb->ISTR |= flag;
    device_changed(device);
    fsdev_update_interrupts(device);
}

/* Hardly any library in the field waits for tSTARTUP, and no packet can come that
 * soon: that is only suspicious.
 */
static void check_enabled(struct device *device)
{
    const struct usb *usb = usb_of(device);
    ticks now = device_now(device);
    if (usb->CNTR & CNTR_PDWN)
        device_violation(device, SUSPICIOUS, "usb-power", "FRES released while PDWN is set");
    else if (now - usb->powered_at < STARTUP_TIME)
        device_violation(device, SUSPICIOUS, "usb-startup-time",
                         "FRES released %u ns after PDWN was cleared, tSTARTUP is 1000 ns",
                         (unsigned)((now - usb->powered_at) * 1000 / TICKS_PER_MICROSECOND));
    if (device_kernel_hz(device) != USB_BUS_CLOCK_HZ)
        device_violation(device, FORBIDDEN, "usb-clock", "FRES released with a USB clock of %u Hz",
                         (unsigned)device_kernel_hz(device));
    if (device_clock_hz(device) < USB_MIN_PCLK1_HZ)
        device_violation(device, FORBIDDEN, "usb-apb-clock", "PCLK1 is %u Hz, USB needs 8 MHz",
                         (unsigned)device_clock_hz(device));
    const struct device *rival = chip_device(device_chip(device), fsdev_info_of(device)->rival);
    if (rival && device_is_enabled(rival))
        device_violation(device, FORBIDDEN, "usb-can-memory",
                         "USB enabled while CAN, which shares its memory, is");
}

static void check_suspend(struct device *device, uint16_t old, uint16_t next)
{
    struct usb *usb = usb_of(device);
    uint16_t set = next & ~old, cleared = old & ~next;
    ticks now = device_now(device);
    if (set & CNTR_FSUSP && !usb->suspend_told)
        device_violation(device, SUSPICIOUS, "usb-suspend", "FSUSP set on a bus that is not silent");
    if (set & CNTR_LP_MODE && !(next & CNTR_FSUSP))
        device_violation(device, SUSPICIOUS, "usb-suspend", "LP_MODE set without FSUSP");
    if (set & CNTR_RESUME) {
        usb->resume_started = now;
        if (now - usb->last_activity < REMOTE_WAKEUP_IDLE_MS * TICKS_PER_MILLISECOND)
            device_violation(device, FORBIDDEN, "usb-resume", "RESUME set before 5 ms of silence");
    }
    ticks lasted = now - usb->resume_started;
    if (cleared & CNTR_RESUME &&
        (lasted < RESUME_MIN_MS * TICKS_PER_MILLISECOND || lasted > RESUME_MAX_MS * TICKS_PER_MILLISECOND))
        device_violation(device, FORBIDDEN, "usb-resume", "RESUME was set for %u us, not 1 to 15 ms",
                         (unsigned)ticks_to_us(lasted));
}

/* The transceiver, when it is on, has the pins whatever their port says, and the memory. */
static void transceiver_changed(struct device *device)
{
    bool on = fsdev_transceiver_on(device);
    device_claim_pins(device, on);
    device_drive(device, USB_FSDEV_HAS_MEMORY, on);
}

static void write_cntr(struct device *device, uint16_t value)
{
    struct usb *usb = usb_of(device);
    uint16_t old = usb->CNTR, next = value & CNTR_ALL, changed = old ^ next;
    usb->CNTR = next;
    if (!changed)
        return;
    ticks now = device_now(device);
    device_changed(device);
    if (changed & CNTR_PDWN && !(next & CNTR_PDWN))
        usb->powered_at = now;
    if (!(next & CNTR_FRES))
        check_suspend(device, old, next);
    if (changed & CNTR_FRES) {
        usb->spurious_reset = true;
        usb->last_activity = now;
        usb->clock_told = false;
        if (!(next & CNTR_FRES))
            check_enabled(device);
        fsdev_reset_protocol(device);
    }
    if (changed & (CNTR_FRES | CNTR_PDWN | CNTR_LP_MODE))
        fsdev_watch_for_sof(device, now);
    fsdev_update_interrupts(device);
    if (changed & CNTR_PDWN)
        transceiver_changed(device);
    if (changed & (CNTR_PDWN | CNTR_RESUME))
        device_usb_changed(device);
}

/* A flag that the firmware clears without ever having seen it set is an event lost, as a read-modify-write of
 * ISTR does it. The RESET left by FRES is meant to be cleared so (23.4.2). */
static void write_istr(struct device *device, uint16_t value)
{
    struct usb *usb = usb_of(device);
    uint16_t cleared = usb->ISTR & ~value & ISTR_FLAGS;
    uint16_t unseen = cleared & ~usb->events_seen & (ISTR_RESET | ISTR_SUSP | ISTR_WKUP);
    if (usb->spurious_reset)
        unseen &= ~ISTR_RESET;
    if (unseen)
        device_violation(device, SUSPICIOUS, "usb-event-lost",
                         "ISTR flags 0x%04x cleared before they were read", unseen);
    if (cleared & ISTR_RESET)
        usb->spurious_reset = false;
    usb->ISTR &= (uint16_t)~cleared;
    if (cleared)
        device_changed(device);
    fsdev_update_interrupts(device);
}

static void write_plain(struct device *device, uint16_t *reg, uint16_t value)
{
    if (*reg != value)
        device_changed(device);
    *reg = value;
}

static void write_btable(struct device *device, uint16_t value)
{
    enum { ALIGNMENT = 8 };
    const struct usb *usb = usb_of(device);
    if (value % ALIGNMENT || value >= usb->memory_bytes)
        device_violation(device, FORBIDDEN, "usb-table-alignment", "BTABLE=0x%04x", value);
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++)
        if (value != usb->BTABLE && usb->EPR[n] & (EPR_STAT_RX | EPR_STAT_TX))
            device_violation(device, SUSPICIOUS, "usb-table-moved", "BTABLE changed while EP%uR is enabled",
                             n);
    write_plain(device, &usb_of(device)->BTABLE, value & (uint16_t) ~(ALIGNMENT - 1));
}

static void write_daddr(struct device *device, uint16_t value)
{
    uint16_t before = usb_of(device)->DADDR;
    if (usb_of(device)->CNTR & CNTR_FRES)
        device_violation(device, SUSPICIOUS, "usb-in-reset", "DADDR written while FRES holds it in reset");
    else
        write_plain(device, &usb_of(device)->DADDR, value & (DADDR_EF | DADDR_ADD));
    if (usb_of(device)->DADDR & ~before & DADDR_EF) {
        for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
            fsdev_check_endpoint(device, n);
            fsdev_check_layout(device, n);
        }
    }
}

/* Bits that must be written as 0. ISTR has none: ones there are how a flag is left alone. */
static uint32_t reserved_bits(uint32_t offset)
{
    switch (offset) {
    case USB_CNTR: return ~(uint32_t)CNTR_ALL;
    case USB_ISTR: return 0;
    case USB_DADDR: return ~(uint32_t)(DADDR_EF | DADDR_ADD);
    default: return ~(uint32_t)UINT16_MAX;
    }
}

void fsdev_write(struct device *device, uint32_t offset, uint32_t value)
{
    uint16_t low = (uint16_t)value;
    if (value & reserved_bits(offset))
        device_violation(device, SUSPICIOUS, "usb-reserved-bits", "0x%08x written to USB register 0x%02x",
                         value, offset);
    if (offset < USB_EPR_END && offset % 4 == 0) {
        fsdev_write_endpoint(device, offset / 4, low);
        return;
    }
    switch (offset) {
    case USB_CNTR: write_cntr(device, low); break;
    case USB_ISTR: write_istr(device, low); break;
    case USB_DADDR: write_daddr(device, low); break;
    case USB_BTABLE: write_btable(device, low); break;
    case USB_FNR:
        device_violation(device, SUSPICIOUS, "usb-read-only", "FNR written with 0x%04x", low);
        break;
    default:
        device_violation(device, FORBIDDEN, "usb-reserved-register", "write to USB offset 0x%03x", offset);
    }
}

static uint16_t read_istr(struct usb *usb)
{
    uint16_t value = istr(usb);
    usb->events_seen |= value & ISTR_FLAGS;
    if (value & ISTR_CTR)
        usb->endpoint_seen[first_event(usb)] |= value & ISTR_DIR ? EPR_CTR_RX : EPR_CTR_TX;
    return value;
}

/* The wires as the receiver sees them: SE0, K, or J (a connected, idle bus). */
static uint16_t lines(const struct device *device)
{
    if (!fsdev_transceiver_on(device) || usb_of(device)->bus_reset)
        return 0;
    return usb_of(device)->bus_resume || usb_of(device)->CNTR & CNTR_RESUME ? FNR_RXDM : FNR_RXDP;
}

uint32_t fsdev_read(struct device *device, uint32_t offset)
{
    struct usb *usb = usb_of(device);
    if (offset < USB_EPR_END && offset % 4 == 0) {
        usb->endpoint_seen[offset / 4] |= usb->EPR[offset / 4] & EPR_CTR;
        return usb->EPR[offset / 4];
    }
    switch (offset) {
    case USB_CNTR: return usb->CNTR;
    case USB_ISTR: return read_istr(usb);
    case USB_FNR: return usb->FNR | lines(device);
    case USB_DADDR: return usb->DADDR;
    case USB_BTABLE: return usb->BTABLE;
    default:
        device_violation(device, SUSPICIOUS, "usb-reserved-register", "read of USB offset 0x%03x", offset);
    }
    return 0;
}

/* The wire does not notice; what packet memory holds after a reset is not promised anywhere. */
void fsdev_reset(struct device *device)
{
    struct usb *usb = usb_of(device);
    bool was_on = fsdev_transceiver_on(device);
    struct usb fresh = {.memory_bytes = fsdev_info_of(device)->memory_bytes,
                        .stride = fsdev_info_of(device)->stride,
                        .CNTR = CNTR_AFTER_RESET,
                        .pulled_up = usb->pulled_up,
                        .bus_reset = usb->bus_reset,
                        .bus_resume = usb->bus_resume};
    memcpy(fresh.packet_memory, usb->packet_memory, sizeof fresh.packet_memory);
    *usb = fresh;
    device_schedule(device, 0, TICKS_NEVER);
    fsdev_update_interrupts(device);
    transceiver_changed(device);
    if (was_on)
        device_usb_changed(device);
}
