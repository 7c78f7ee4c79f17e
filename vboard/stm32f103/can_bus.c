/*
 * bxCAN on its bus (RM0008 24.4): bit times and modes. A transceiver is taken to be on the pins, and a
 * terminated bus without another node. Transmission is in can_transmit.c.
 */
#include "can_registers.h"

enum { SYNC_BITS = 11 };

/* Time */

ticks can_bit_time(const struct chip *chip)
{
    uint32_t value = chip->can.BTR;
    unsigned quanta = 1 + (value >> 16 & 0xF) + 1 + (value >> 20 & 7) + 1, prescaler = (value & 0x3FF) + 1;
    return rcc_peripheral_clock(chip, CAN_BASE) * prescaler * quanta;
}

void can_begin(struct chip *chip, enum can_doing doing, unsigned bits)
{
    chip->can.doing = doing;
    chip_schedule(chip, EVENT_CAN, chip_now(chip) + bits * can_bit_time(chip));
}

void can_stand_still(struct chip *chip)
{
    chip->can.doing = CAN_STILL;
    chip_schedule(chip, EVENT_CAN, TICKS_NEVER);
}

/* Pins */

bool can_rx_is_recessive(const struct chip *chip)
{
    int at = pin_of_signal(chip, (struct pin_signal){SIGNAL_CAN_RX, 0, 0});
    if (at < 0)
        return true;
    unsigned port = (unsigned)at >> 4, pin = (unsigned)at & 0xF;
    int driven = gpio_pin_drive(chip, port, pin).output;
    return driven >= 0 ? driven : chip->board.pin_level(chip->board.context, port, pin) != 0;
}

/* Modes (24.4) */

static void acknowledge(struct chip *chip, uint32_t mode)
{
    struct can *can = &chip->can;
    if (can->MSR & mode && can->doing == CAN_STILL)
        return;
    can->MSR = (can->MSR & ~(uint32_t)(MSR_INAK | MSR_SLAK)) | mode;
    if (mode == MSR_SLAK && can->IER & IER_SLKIE)
        can->MSR |= MSR_SLAKI;
    can_stand_still(chip);
}

static void tell_dominant(struct chip *chip)
{
    if (!chip->can.dominant_told) {
        chip->can.dominant_told = true;
        chip_violation(chip, SUSPICIOUS, "can-rx-dominant",
                       "CAN waits for 11 recessive bits, but its RX pin is low: it never leaves "
                       "initialization or sleep mode (RM0008 24.4.2)");
    }
}

/* The other way round is judged where USB is enabled. */
static void check_memory(struct chip *chip)
{
    if (usb_transceiver_on(chip) && !chip->can.memory_told) {
        chip->can.memory_told = true;
        chip_violation(chip, FORBIDDEN, "usb-can-memory",
                       "CAN enabled while USB, which shares its memory, is (RM0008 23.2, 24.2)");
    }
}

static void synchronized(struct chip *chip)
{
    struct can *can = &chip->can;
    if (!can_loops_back(can) && !can_rx_is_recessive(chip)) {
        tell_dominant(chip);
        can_begin(chip, CAN_SYNCHRONIZES, SYNC_BITS);
        return;
    }
    can->MSR &= ~(uint32_t)(MSR_INAK | MSR_SLAK);
    can->running_since = chip_now(chip);
    check_memory(chip);
    if (can->ESR & ESR_BOFF)
        can_begin(chip, CAN_RECOVERS, CAN_RECOVERY_BITS);
    else
        can_stand_still(chip);
}

static void recovered(struct chip *chip)
{
    chip->can.ESR &= ESR_LEC;
    can_stand_still(chip);
}

/* What is on the bus ends first. Initialization goes before sleep (figure 225). */
void can_proceed(struct chip *chip)
{
    struct can *can = &chip->can;
    if (can->doing == CAN_SENDS || can->doing == CAN_RESTS)
        return;
    if (can->MCR & MCR_INRQ) {
        acknowledge(chip, MSR_INAK);
    } else if (can->MCR & MCR_SLEEP) {
        acknowledge(chip, MSR_SLAK);
    } else if (can->MSR & (MSR_INAK | MSR_SLAK)) {
        if (can->doing != CAN_SYNCHRONIZES)
            can_begin(chip, CAN_SYNCHRONIZES, SYNC_BITS);
    } else if (can->doing == CAN_STILL) {
        can_start_frame(chip);
    }
}

void can_event(struct chip *chip)
{
    struct can *can = &chip->can;
    chip->cpu.side_effects++;
    switch (can->doing) {
    case CAN_SYNCHRONIZES: synchronized(chip); break;
    case CAN_SENDS: can_frame_over(chip); break;
    case CAN_RECOVERS: recovered(chip); break;
    default: can_stand_still(chip); break;
    }
    can_proceed(chip);
    can_update_irqs(chip);
}

/* What is under way stands still with the clock. */
void can_clock_changed(struct chip *chip)
{
    struct can *can = &chip->can;
    bool clocked = rcc_peripheral_clock(chip, CAN_BASE) != 0;
    ticks now = chip_now(chip), due = chip->due[EVENT_CAN];
    if (clocked == can->clocked)
        return;
    can->clocked = clocked;
    if (!clocked) {
        can->paused = due == TICKS_NEVER ? TICKS_NEVER : due > now ? due - now : 0;
        chip_schedule(chip, EVENT_CAN, TICKS_NEVER);
    } else if (can->doing != CAN_STILL && can->paused != TICKS_NEVER) {
        chip_schedule(chip, EVENT_CAN, now + can->paused);
    }
}
