/*
 * bxCAN (RM0008 chapter 24): registers and interrupts. Modes are in can_bus.c, what is sent in
 * can_transmit.c, what is received in can_filter.c. Not modelled: wake-up by the bus (AWUM), for nobody else
 * is on it, and the debugger's freeze (DBF).
 */
#include "can_registers.h"

enum { MCR_RESET_VALUE = 0x00010002, BTR_RESET_VALUE = 0x01230000, FMR_RESET_VALUE = 0x2A1C0E01 };

/* Interrupts (24.8) */

static bool any_request_done(const struct can *can)
{
    uint32_t each = TSR_RQCP | TSR_RQCP << TSR_SHIFT | TSR_RQCP << 2 * TSR_SHIFT;
    return can->TSR & each;
}

static bool fifo_wants(const struct can *can, unsigned fifo)
{
    enum { ENABLES = 3 };
    uint32_t enables = can->IER >> ENABLES * fifo, flags = can->fifo[fifo].flags;
    return (enables & IER_FMPIE && can->fifo[fifo].count) || (enables & IER_FMPIE << 1 && flags & RFR_FULL) ||
           (enables & IER_FMPIE << 2 && flags & RFR_FOVR);
}

/* Two of the lines are USB's, too (table 63). */
void can_update_irqs(struct chip *chip)
{
    struct can *can = &chip->can;
    can->tx_irq = can->IER & IER_TMEIE && any_request_done(can);
    can->rx0_irq = fifo_wants(can, 0);
    usb_update_interrupts(chip);
    cortex_m3_set_irq(&chip->cpu, IRQ_CAN_RX1, fifo_wants(can, 1));
    cortex_m3_set_irq(&chip->cpu, IRQ_CAN_SCE,
                      (can->IER & IER_ERRIE && can->MSR & MSR_ERRI) ||
                          (can->IER & IER_WKUIE && can->MSR & MSR_WKUI) ||
                          (can->IER & IER_SLKIE && can->MSR & MSR_SLAKI));
}

/* Control */

static void master_reset(struct chip *chip)
{
    struct can *can = &chip->can;
    can->MCR = MCR_RESET_VALUE;
    can->MSR = MSR_SLAK;
    can->doing = CAN_STILL;
    for (unsigned i = 0; i < sizeof can->fifo / sizeof can->fifo[0]; i++)
        can->fifo[i] = (struct can_fifo){0};
    chip_schedule(chip, EVENT_CAN, TICKS_NEVER);
}

/* The manual wants SLEEP to be cleared with it; ST's HAL does so afterwards, and the chip obeys. */
static void check_INRQ(struct chip *chip, uint32_t value)
{
    if (value & ~chip->can.MCR & MCR_INRQ && value & MCR_SLEEP && chip->can.MSR & MSR_SLAK)
        chip_violation(chip, SUSPICIOUS, "can-init-asleep",
                       "CAN_MCR = 0x%X: initialization asked for in sleep mode, with SLEEP still set (RM0008 "
                       "24.4.3)",
                       (unsigned)value);
}

static void write_MCR(struct chip *chip, uint32_t value)
{
    check_INRQ(chip, value);
    if (value & MCR_RESET)
        master_reset(chip);
    else
        chip->can.MCR = value;
}

static uint32_t read_MSR(const struct chip *chip)
{
    const struct can *can = &chip->can;
    return can->MSR | (can->doing == CAN_SENDS ? MSR_TXM : 0) |
           (can_rx_is_recessive(chip) ? MSR_RX | MSR_SAMP : 0);
}

static void write_BTR(struct chip *chip, uint32_t value)
{
    if (chip->can.MSR & MSR_INAK)
        chip->can.BTR = value;
    else
        chip_violation(chip, FORBIDDEN, "can-btr-locked",
                       "CAN_BTR = 0x%08X is ignored: writable only in initialization mode, MSR.INAK is 0 "
                       "(RM0008 24.9.2)",
                       (unsigned)value);
}

/* Transmit mailboxes */

static bool is_empty(const struct can *can, unsigned mailbox)
{
    return !(can->mailbox[mailbox].IR & TIR_TXRQ);
}

/* CODE: the free mailbox of the lowest number, or else the one that is sent last (24.9.2). */
static uint32_t read_TSR(const struct can *can)
{
    uint32_t empty = 0, value = can->TSR;
    int last = can_next_mailbox(can, true), code = last;
    for (unsigned i = CAN_MAILBOXES; i-- > 0;) {
        value |= can->aborting >> i & 1 ? TSR_ABRQ << TSR_SHIFT * i : 0;
        empty |= (uint32_t)is_empty(can, i) << i;
        code = is_empty(can, i) ? (int)i : code;
    }
    bool several = last != can_next_mailbox(can, false);
    return value | (uint32_t)code << TSR_CODE_SHIFT | empty << TSR_TME_SHIFT |
           (several ? 1u << last << TSR_LOW_SHIFT : 0);
}

/* A frame on the bus is tried to its end; it is not tried again (24.7.1). */
static void abort_request(struct chip *chip, unsigned mailbox)
{
    struct can *can = &chip->can;
    if (is_empty(can, mailbox))
        return;
    if (can_is_sending(can, mailbox))
        can->aborting |= (uint8_t)(1u << mailbox);
    else
        can_mailbox_done(chip, mailbox, 0);
}

/* RQCP clears the other flags of its mailbox with it. */
static void write_TSR(struct chip *chip, uint32_t value)
{
    const uint32_t flags = TSR_RQCP | TSR_TXOK | TSR_ALST | TSR_TERR;
    for (unsigned i = 0; i < CAN_MAILBOXES; i++) {
        uint32_t of_mailbox = value >> TSR_SHIFT * i;
        uint32_t cleared = of_mailbox & TSR_RQCP ? flags : of_mailbox & flags;
        chip->can.TSR &= ~(cleared << TSR_SHIFT * i);
        if (of_mailbox & TSR_ABRQ)
            abort_request(chip, i);
    }
}

static uint32_t *mailbox_register(struct can *can, uint32_t offset)
{
    struct can_message *message = &can->mailbox[(offset - MAILBOXES_AT) / MESSAGE_SIZE];
    switch ((offset - MAILBOXES_AT) % MESSAGE_SIZE / 4) {
    case 0: return &message->IR;
    case 1: return &message->DTR;
    case 2: return &message->DLR;
    default: return &message->DHR;
    }
}

static void write_mailbox(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct can *can = &chip->can;
    unsigned mailbox = (offset - MAILBOXES_AT) / MESSAGE_SIZE;
    if (!is_empty(can, mailbox)) {
        chip_violation(chip, FORBIDDEN, "can-mailbox-busy",
                       "0x%X to transmit mailbox %u is ignored: it waits to be sent, TSR.TME%u is 0 "
                       "(RM0008 24.7.1)",
                       (unsigned)value, mailbox, mailbox);
        return;
    }
    *mailbox_register(can, offset) = value;
    if (!is_empty(can, mailbox)) {
        can->TSR &= ~((uint32_t)(TSR_RQCP | TSR_TXOK | TSR_ALST | TSR_TERR) << TSR_SHIFT * mailbox);
        can->requested[mailbox] = can->requests++;
    }
}

/* The bus */

static void write_register(struct chip *chip, uint32_t offset, uint32_t value)
{
    struct can *can = &chip->can;
    switch (offset) {
    case MCR: write_MCR(chip, value); break;
    case MSR: can->MSR &= ~(value & (MSR_ERRI | MSR_WKUI | MSR_SLAKI)); break;
    case TSR: write_TSR(chip, value); break;
    case RF0R:
    case RF1R: can_write_RFR(chip, (offset - RF0R) / 4, value); break;
    case IER: can->IER = value; break;
    case ESR: can->ESR = (can->ESR & ~(uint32_t)ESR_LEC) | (value & ESR_LEC); break;
    case BTR: write_BTR(chip, value); break;
    default: write_mailbox(chip, offset, value); break;
    }
}

void can_write(struct chip *chip, uint32_t offset, uint32_t value)
{
    if (offset >= FMR)
        can_write_filter(chip, offset, value);
    else
        write_register(chip, offset, value);
    can_proceed(chip);
    can_update_irqs(chip);
}

uint32_t can_read(struct chip *chip, uint32_t offset)
{
    struct can *can = &chip->can;
    if (offset >= FMR)
        return can_read_filter(can, offset);
    if (offset >= FIFOS_AT)
        return can_read_fifo(can, offset);
    switch (offset) {
    case MCR: return can->MCR;
    case MSR: return read_MSR(chip);
    case TSR: return read_TSR(can);
    case RF0R:
    case RF1R: return can_read_RFR(can, (offset - RF0R) / 4);
    case IER: return can->IER;
    case ESR: return can->ESR;
    case BTR: return can->BTR;
    default: return *mailbox_register(can, offset);
    }
}

void can_reset(struct chip *chip)
{
    chip->can = (struct can){
        .BTR = BTR_RESET_VALUE, .FMR = FMR_RESET_VALUE, .clocked = chip->can.clocked, .paused = TICKS_NEVER};
    master_reset(chip);
    can_update_irqs(chip);
}
