/*
 * Registers, interrupts and power of the USB full-speed device peripheral (RM0008 23.4, 23.5). Reset, frames
 * and suspend are in usb_bus.c, transactions in usb_wire.c, packet memory in usb_memory.c. The memory is
 * shared with CAN, which therefore may not be on at the same time (RM0008 23.2).
 */
#include <stddef.h>
#include <string.h>

#include "usb_registers.h"

enum {
    APB1ENR_CANEN = 1 << 25,
    REMOTE_WAKEUP_IDLE_MS = 5, /* USB 2.0 7.1.7.7 */
    RESUME_MIN_MS = 1,         /* CNTR.RESUME */
    RESUME_MAX_MS = 15
};

#define STARTUP_TIME (1 * TICKS_PER_MICROSECOND) /* DS5319 table "USB startup time" */

bool usb_transceiver_on(const struct chip *chip)
{
    return chip->powered && !(chip->usb.CNTR & CNTR_PDWN);
}

bool usb_powered(const struct chip *chip)
{
    return usb_transceiver_on(chip) && !(chip->usb.CNTR & CNTR_FRES) && rcc_clock_enabled(chip, USB_BASE);
}

bool usb_drives_resume(const struct chip *chip)
{
    return usb_powered(chip) && chip->usb.CNTR & CNTR_RESUME;
}

/* 23.5.1: double-buffered endpoints first, then by register number. */
static unsigned first_event(const struct usb *usb)
{
    unsigned found = USB_ENDPOINT_REGISTERS;
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
        if (!(usb->EPR[n] & EPR_CTR))
            continue;
        if (usb_double_buffered(usb->EPR[n]))
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

void usb_update_interrupts(struct chip *chip)
{
    const struct usb *usb = &chip->usb;
    unsigned n = first_event(usb);
    bool high = n < USB_ENDPOINT_REGISTERS && usb_double_buffered(usb->EPR[n]);
    uint16_t mask = (usb->CNTR & ISTR_FLAGS) | (chip->config.ctr_masked ? 0 : ISTR_CTR);
    cortex_m3_set_irq(&chip->cpu, IRQ_USB_LP, (istr(usb) & mask) != 0 || chip->can.rx0_irq);
    cortex_m3_set_irq(&chip->cpu, IRQ_USB_HP, (high && usb->CNTR & ISTR_CTR) || chip->can.tx_irq);
    exti_set_line(chip, USB_EXTI_LINE, (usb->ISTR & ISTR_WKUP) != 0);
}

void usb_raise(struct chip *chip, uint16_t flag)
{
    struct usb *usb = &chip->usb;
    usb->events_seen &= (uint16_t)~flag;
    usb->ISTR |= flag;
    chip->cpu.side_effects++;
    usb_update_interrupts(chip);
}

/* Hardly any library in the field waits for tSTARTUP, and no packet can come that soon: that is only
 * suspicious.
 */
static void check_enabled(struct chip *chip)
{
    const struct usb *usb = &chip->usb;
    ticks now = chip_now(chip);
    if (usb->CNTR & CNTR_PDWN)
        chip_violation(chip, SUSPICIOUS, "usb-power", "FRES released while PDWN is set");
    else if (now - usb->powered_at < STARTUP_TIME)
        chip_violation(chip, SUSPICIOUS, "usb-startup-time",
                       "FRES released %u ns after PDWN was cleared, tSTARTUP is 1000 ns",
                       (unsigned)((now - usb->powered_at) * 1000 / TICKS_PER_MICROSECOND));
    if (rcc_usb_hz(chip) != USB_BUS_CLOCK_HZ)
        chip_violation(chip, FORBIDDEN, "usb-clock", "FRES released with a USB clock of %u Hz",
                       (unsigned)rcc_usb_hz(chip));
    if (rcc_pclk1_hz(chip) < USB_MIN_PCLK1_HZ)
        chip_violation(chip, FORBIDDEN, "usb-apb-clock", "PCLK1 is %u Hz, USB needs 8 MHz",
                       (unsigned)rcc_pclk1_hz(chip));
    if (chip->rcc.APB1ENR & APB1ENR_CANEN)
        chip_violation(chip, FORBIDDEN, "usb-can-memory",
                       "USB enabled while CAN, which shares its memory, is");
}

static void check_suspend(struct chip *chip, uint16_t old, uint16_t new)
{
    struct usb *usb = &chip->usb;
    uint16_t set = new & ~old, cleared = old & ~new;
    ticks now = chip_now(chip);
    if (set & CNTR_FSUSP && !usb->suspend_told)
        chip_violation(chip, SUSPICIOUS, "usb-suspend", "FSUSP set on a bus that is not silent");
    if (set & CNTR_LP_MODE && !(new &CNTR_FSUSP))
        chip_violation(chip, SUSPICIOUS, "usb-suspend", "LP_MODE set without FSUSP");
    if (set & CNTR_RESUME) {
        usb->resume_started = now;
        if (now - usb->last_activity < REMOTE_WAKEUP_IDLE_MS * TICKS_PER_MILLISECOND)
            chip_violation(chip, FORBIDDEN, "usb-resume", "RESUME set before 5 ms of silence");
    }
    ticks lasted = now - usb->resume_started;
    if (cleared & CNTR_RESUME &&
        (lasted < RESUME_MIN_MS * TICKS_PER_MILLISECOND || lasted > RESUME_MAX_MS * TICKS_PER_MILLISECOND))
        chip_violation(chip, FORBIDDEN, "usb-resume", "RESUME was set for %u us, not 1 to 15 ms",
                       (unsigned)ticks_to_us(lasted));
}

static void write_cntr(struct chip *chip, uint16_t value)
{
    struct usb *usb = &chip->usb;
    uint16_t old = usb->CNTR, new = value &CNTR_ALL, changed = old ^ new;
    usb->CNTR = new;
    if (!changed)
        return;
    ticks now = chip_now(chip);
    chip->cpu.side_effects++;
    if (changed & CNTR_PDWN && !(new &CNTR_PDWN))
        usb->powered_at = now;
    if (!(new &CNTR_FRES))
        check_suspend(chip, old, new);
    if (changed & CNTR_FRES) {
        usb->spurious_reset = true;
        usb->last_activity = now;
        usb->clock_told = false;
        if (!(new &CNTR_FRES))
            check_enabled(chip);
        usb_reset_protocol(chip);
    }
    if (changed & (CNTR_FRES | CNTR_PDWN | CNTR_LP_MODE))
        usb_watch_for_sof(chip, now);
    usb_update_interrupts(chip);
    if (changed & (CNTR_PDWN | CNTR_RESUME) && chip->board.usb_changed)
        chip->board.usb_changed(chip->board.context);
}

/* A flag that the firmware clears without ever having seen it set is an event lost, as a read-modify-write of
 * ISTR does it. The RESET left by FRES is meant to be cleared so (23.4.2). */
static void write_istr(struct chip *chip, uint16_t value)
{
    struct usb *usb = &chip->usb;
    uint16_t cleared = usb->ISTR & ~value & ISTR_FLAGS;
    uint16_t unseen = cleared & ~usb->events_seen & (ISTR_RESET | ISTR_SUSP | ISTR_WKUP);
    if (usb->spurious_reset)
        unseen &= ~ISTR_RESET;
    if (unseen)
        chip_violation(chip, SUSPICIOUS, "usb-event-lost", "ISTR flags 0x%04x cleared before they were read",
                       unseen);
    if (cleared & ISTR_RESET)
        usb->spurious_reset = false;
    usb->ISTR &= (uint16_t)~cleared;
    if (cleared)
        chip->cpu.side_effects++;
    usb_update_interrupts(chip);
}

static void write_plain(struct chip *chip, uint16_t *reg, uint16_t value)
{
    if (*reg != value)
        chip->cpu.side_effects++;
    *reg = value;
}

static void write_btable(struct chip *chip, uint16_t value)
{
    enum { ALIGNMENT = 8 };
    const struct usb *usb = &chip->usb;
    if (value % ALIGNMENT || value >= USB_MEMORY_BYTES)
        chip_violation(chip, FORBIDDEN, "usb-table-alignment", "BTABLE=0x%04x", value);
    for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++)
        if (value != usb->BTABLE && usb->EPR[n] & (EPR_STAT_RX | EPR_STAT_TX))
            chip_violation(chip, SUSPICIOUS, "usb-table-moved", "BTABLE changed while EP%uR is enabled", n);
    write_plain(chip, &chip->usb.BTABLE, value & (uint16_t) ~(ALIGNMENT - 1));
}

static void write_daddr(struct chip *chip, uint16_t value)
{
    uint16_t before = chip->usb.DADDR;
    if (chip->usb.CNTR & CNTR_FRES)
        chip_violation(chip, SUSPICIOUS, "usb-in-reset", "DADDR written while FRES holds it in reset");
    else
        write_plain(chip, &chip->usb.DADDR, value & (DADDR_EF | DADDR_ADD));
    if (chip->usb.DADDR & ~before & DADDR_EF) {
        for (unsigned n = 0; n < USB_ENDPOINT_REGISTERS; n++) {
            usb_check_endpoint(chip, n);
            usb_check_layout(chip, n);
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

void usb_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    uint16_t low = (uint16_t)value;
    if (offset >= USB_MEMORY_OFFSET && offset < USB_MEMORY_END) {
        usb_memory_write(chip, offset, value);
        return;
    }
    if (value & reserved_bits(offset))
        chip_violation(chip, SUSPICIOUS, "usb-reserved-bits", "0x%08x written to USB register 0x%02x", value,
                       offset);
    if (offset < USB_EPR_END && offset % 4 == 0) {
        usb_write_endpoint(chip, offset / 4, low);
        return;
    }
    switch (offset) {
    case USB_CNTR: write_cntr(chip, low); break;
    case USB_ISTR: write_istr(chip, low); break;
    case USB_DADDR: write_daddr(chip, low); break;
    case USB_BTABLE: write_btable(chip, low); break;
    case USB_FNR: chip_violation(chip, SUSPICIOUS, "usb-read-only", "FNR written with 0x%04x", low); break;
    default: chip_violation(chip, FORBIDDEN, "usb-reserved-register", "write to USB offset 0x%03x", offset);
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
static uint16_t lines(const struct chip *chip)
{
    if (!usb_transceiver_on(chip) || chip->usb.bus_reset)
        return 0;
    return chip->usb.bus_resume || chip->usb.CNTR & CNTR_RESUME ? FNR_RXDM : FNR_RXDP;
}

uint32_t usb_read(struct chip *chip, uint32_t offset)
{
    struct usb *usb = &chip->usb;
    if (offset >= USB_MEMORY_OFFSET && offset < USB_MEMORY_END)
        return usb_memory_read(chip, offset);
    if (offset < USB_EPR_END && offset % 4 == 0) {
        usb->endpoint_seen[offset / 4] |= usb->EPR[offset / 4] & EPR_CTR;
        return usb->EPR[offset / 4];
    }
    switch (offset) {
    case USB_CNTR: return usb->CNTR;
    case USB_ISTR: return read_istr(usb);
    case USB_FNR: return usb->FNR | lines(chip);
    case USB_DADDR: return usb->DADDR;
    case USB_BTABLE: return usb->BTABLE;
    default: chip_violation(chip, SUSPICIOUS, "usb-reserved-register", "read of USB offset 0x%03x", offset);
    }
    return 0;
}

/* The wire does not notice; what packet memory holds after a reset is not promised anywhere. */
void usb_reset(struct chip *chip)
{
    struct usb *usb = &chip->usb;
    bool was_on = usb_transceiver_on(chip);
    struct usb fresh = {.CNTR = CNTR_AFTER_RESET, .bus_reset = usb->bus_reset, .bus_resume = usb->bus_resume};
    memcpy(fresh.packet_memory, usb->packet_memory, sizeof fresh.packet_memory);
    *usb = fresh;
    chip_schedule(chip, EVENT_USB, TICKS_NEVER);
    usb_update_interrupts(chip);
    if (was_on && chip->board.usb_changed)
        chip->board.usb_changed(chip->board.context);
}
