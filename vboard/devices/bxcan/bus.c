/*
 * bxCAN on its bus (RM0008 24.4): bit times and modes. A transceiver is taken to be on the pins, and a
 * terminated bus without another node. Transmission is in transmit.c.
 */
#include "private.h"

enum { SYNC_BITS = 11 };

/* Time */

ticks can_bit_time(const struct device *device)
{
    uint32_t value = can_of(device)->BTR;
    unsigned quanta = 1 + (value >> 16 & 0xF) + 1 + (value >> 20 & 7) + 1, prescaler = (value & 0x3FF) + 1;
    return device_clock(device) * prescaler * quanta;
}

void can_begin(struct device *device, enum can_doing doing, unsigned bits)
{
    can_of(device)->doing = doing;
    device_schedule(device, 0, device_now(device) + bits * can_bit_time(device));
}

void can_stand_still(struct device *device)
{
    can_of(device)->doing = CAN_STILL;
    device_schedule(device, 0, TICKS_NEVER);
}

/* Pins */

bool can_rx_is_recessive(const struct device *device)
{
    const struct chip *chip = device_chip(device);
    int at = device_pin(device, BXCAN_RX);
    if (at < 0)
        return true;
    unsigned port = (unsigned)at >> 4, pin = (unsigned)at & 0xF;
    int driven = chip_pin_drive(chip, port, pin).output;
    return driven >= 0 ? driven : chip_outside_level(chip, port, pin) != 0;
}

/* Modes (24.4) */

static void acknowledge(struct device *device, uint32_t mode)
{
    struct can *can = can_of(device);
    if (can->MSR & mode && can->doing == CAN_STILL)
        return;
    can->MSR = (can->MSR & ~(uint32_t)(MSR_INAK | MSR_SLAK)) | mode;
    if (mode == MSR_SLAK && can->IER & IER_SLKIE)
        can->MSR |= MSR_SLAKI;
    can_stand_still(device);
}

static void tell_dominant(struct device *device)
{
    if (!can_of(device)->dominant_told) {
        can_of(device)->dominant_told = true;
        device_violation(device, SUSPICIOUS, "can-rx-dominant",
                         "CAN waits for 11 recessive bits, but its RX pin is low: it never leaves "
                         "initialization or sleep mode (RM0008 24.4.2)");
    }
}

/* The other way round is judged where USB is enabled. */
static void check_memory(struct device *device)
{
    if (can_of(device)->memory_taken && !can_of(device)->memory_told) {
        can_of(device)->memory_told = true;
        device_violation(device, FORBIDDEN, "usb-can-memory",
                         "CAN enabled while USB, which shares its memory, is (RM0008 23.2, 24.2)");
    }
}

static void synchronized(struct device *device)
{
    struct can *can = can_of(device);
    if (!can_loops_back(can) && !can_rx_is_recessive(device)) {
        tell_dominant(device);
        can_begin(device, CAN_SYNCHRONIZES, SYNC_BITS);
        return;
    }
    can->MSR &= ~(uint32_t)(MSR_INAK | MSR_SLAK);
    can->running_since = device_now(device);
    check_memory(device);
    if (can->ESR & ESR_BOFF)
        can_begin(device, CAN_RECOVERS, CAN_RECOVERY_BITS);
    else
        can_stand_still(device);
}

static void recovered(struct device *device)
{
    can_of(device)->ESR &= ESR_LEC;
    can_stand_still(device);
}

/* What is on the bus ends first. Initialization goes before sleep (figure 225). */
void can_proceed(struct device *device)
{
    struct can *can = can_of(device);
    if (can->doing == CAN_SENDS || can->doing == CAN_RESTS)
        return;
    if (can->MCR & MCR_INRQ) {
        acknowledge(device, MSR_INAK);
    } else if (can->MCR & MCR_SLEEP) {
        acknowledge(device, MSR_SLAK);
    } else if (can->MSR & (MSR_INAK | MSR_SLAK)) {
        if (can->doing != CAN_SYNCHRONIZES)
            can_begin(device, CAN_SYNCHRONIZES, SYNC_BITS);
    } else if (can->doing == CAN_STILL) {
        can_start_frame(device);
    }
}

void can_event(struct device *device, unsigned n)
{
    (void)n;
    struct can *can = can_of(device);
    switch (can->doing) {
    case CAN_SYNCHRONIZES: synchronized(device); break;
    case CAN_SENDS: can_frame_over(device); break;
    case CAN_RECOVERS: recovered(device); break;
    default: can_stand_still(device); break;
    }
    can_proceed(device);
    can_update_irqs(device);
}

/* What is under way stands still with the clock. */
void can_clock_changed(struct device *device)
{
    struct can *can = can_of(device);
    bool clocked = device_clock(device) != 0;
    ticks now = device_now(device), due = device_due(device, 0);
    if (clocked == can->clocked)
        return;
    can->clocked = clocked;
    if (!clocked) {
        can->paused = due == TICKS_NEVER ? TICKS_NEVER : due > now ? due - now : 0;
        device_schedule(device, 0, TICKS_NEVER);
    } else if (can->doing != CAN_STILL && can->paused != TICKS_NEVER) {
        device_schedule(device, 0, now + can->paused);
    }
}
