/*
 * bxCAN (RM0008 chapter 24): registers and interrupts. Modes are in bus.c, what is sent in
 * transmit.c, what is received in filter.c. Not modelled: wake-up by the bus (AWUM), for nobody else
 * is on it, and the debugger's freeze (DBF).
 */
#include "private.h"

enum { MCR_RESET_VALUE = 0x00010002, BTR_RESET_VALUE = 0x01230000, FMR_RESET_VALUE = 0x2A1C0E01 };

/* Interrupts (24.8) */

/* FMR and the flags that ones clear: the bits that are reserved read as ones, or may be written as read. */
#define CAN_MAILBOX(number, at)                                                                              \
    AT(at) = {"TI" #number "R", RW | STABLE, 0}, AT(at + 4) = {"TDT" #number "R", RW | STABLE, 0x0000FEF0},  \
    AT(at + 8) = {"TDL" #number "R", RW | STABLE, 0}, AT(at + 12) = {"TDH" #number "R", RW | STABLE, 0}
#define CAN_FIFO(number, at)                                                                                 \
    AT(at) = {"RI" #number "R", READ_ONLY | STABLE, 0},                                                      \
    AT(at + 4) = {"RDT" #number "R", READ_ONLY | STABLE, 0},                                                 \
    AT(at + 8) = {"RDL" #number "R", READ_ONLY | STABLE, 0},                                                 \
    AT(at + 12) = {"RDH" #number "R", READ_ONLY | STABLE, 0}
#define CAN_BANK(number)                                                                                     \
    AT(0x240 + 8 * number) = {"F" #number "R1", RW | STABLE, 0},                                             \
                   AT(0x244 + 8 * number) = {"F" #number "R2", RW | STABLE, 0}
static const struct device_register registers[] = {
    AT(0x000) = {"MCR", RW | STABLE, 0xFFFE7F00, MCR_RESET_VALUE},
    AT(0x004) = {"MSR", RW | STABLE, 0, 0x0C02},
    AT(0x008) = {"TSR", RW | STABLE, 0, 0x1C000000},
    AT(0x00C) = {"RF0R", RW | STABLE, 0xFFFFFFC4},
    AT(0x010) = {"RF1R", RW | STABLE, 0xFFFFFFC4},
    AT(0x014) = {"IER", RW | STABLE, 0xFFFC7080},
    AT(0x018) = {"ESR", RW | STABLE, 0x0000FF88},
    AT(0x01C) = {"BTR", RW | STABLE, 0x3C80FC00, BTR_RESET_VALUE},
    CAN_MAILBOX(0, 0x180),
    CAN_MAILBOX(1, 0x190),
    CAN_MAILBOX(2, 0x1A0),
    CAN_FIFO(0, 0x1B0),
    CAN_FIFO(1, 0x1C0),
    AT(0x200) = {"FMR", RW | STABLE, 0, FMR_RESET_VALUE},
    AT(0x204) = {"FM1R", RW | STABLE, 0xFFFFC000},
    AT(0x20C) = {"FS1R", RW | STABLE, 0xFFFFC000},
    AT(0x214) = {"FFA1R", RW | STABLE, 0xFFFFC000},
    AT(0x21C) = {"FA1R", RW | STABLE, 0xFFFFC000},
    CAN_BANK(0),
    CAN_BANK(1),
    CAN_BANK(2),
    CAN_BANK(3),
    CAN_BANK(4),
    CAN_BANK(5),
    CAN_BANK(6),
    CAN_BANK(7),
    CAN_BANK(8),
    CAN_BANK(9),
    CAN_BANK(10),
    CAN_BANK(11),
    CAN_BANK(12),
    CAN_BANK(13),
};

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

void can_update_irqs(struct device *device)
{
    const struct can *can = can_of(device);
    device_drive(device, BXCAN_TX_IRQ, can->IER & IER_TMEIE && any_request_done(can));
    device_drive(device, BXCAN_RX0_IRQ, fifo_wants(can, 0));
    device_drive(device, BXCAN_RX1_IRQ, fifo_wants(can, 1));
    device_drive(device, BXCAN_SCE_IRQ,
                 (can->IER & IER_ERRIE && can->MSR & MSR_ERRI) ||
                     (can->IER & IER_WKUIE && can->MSR & MSR_WKUI) ||
                     (can->IER & IER_SLKIE && can->MSR & MSR_SLAKI));
}

/* Control */

static void master_reset(struct device *device)
{
    struct can *can = can_of(device);
    can->MCR = MCR_RESET_VALUE;
    can->MSR = MSR_SLAK;
    can->doing = CAN_STILL;
    for (unsigned i = 0; i < sizeof can->fifo / sizeof can->fifo[0]; i++)
        can->fifo[i] = (struct can_fifo){0};
    device_schedule(device, 0, TICKS_NEVER);
}

/* The manual wants SLEEP to be cleared with it; ST's HAL does so afterwards, and the chip obeys. */
static void check_INRQ(struct device *device, uint32_t value)
{
    if (value & ~can_of(device)->MCR & MCR_INRQ && value & MCR_SLEEP && can_of(device)->MSR & MSR_SLAK)
        device_violation(
            device, SUSPICIOUS, "can-init-asleep",
            "CAN_MCR = 0x%X: initialization asked for in sleep mode, with SLEEP still set (RM0008 "
            "24.4.3)",
            (unsigned)value);
}

static void write_MCR(struct device *device, uint32_t value)
{
    check_INRQ(device, value);
    if (value & MCR_RESET)
        master_reset(device);
    else
        can_of(device)->MCR = value;
}

static uint32_t read_MSR(const struct device *device)
{
    const struct can *can = can_of(device);
    return can->MSR | (can->doing == CAN_SENDS ? MSR_TXM : 0) |
           (can_rx_is_recessive(device) ? MSR_RX | MSR_SAMP : 0);
}

static void write_BTR(struct device *device, uint32_t value)
{
    if (can_of(device)->MSR & MSR_INAK)
        can_of(device)->BTR = value;
    else
        device_violation(device, FORBIDDEN, "can-btr-locked",
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
static void abort_request(struct device *device, unsigned mailbox)
{
    struct can *can = can_of(device);
    if (is_empty(can, mailbox))
        return;
    if (can_is_sending(can, mailbox))
        can->aborting |= (uint8_t)(1u << mailbox);
    else
        can_mailbox_done(device, mailbox, 0);
}

/* RQCP clears the other flags of its mailbox with it. */
static void write_TSR(struct device *device, uint32_t value)
{
    const uint32_t flags = TSR_RQCP | TSR_TXOK | TSR_ALST | TSR_TERR;
    for (unsigned i = 0; i < CAN_MAILBOXES; i++) {
        uint32_t of_mailbox = value >> TSR_SHIFT * i;
        uint32_t cleared = of_mailbox & TSR_RQCP ? flags : of_mailbox & flags;
        can_of(device)->TSR &= ~(cleared << TSR_SHIFT * i);
        if (of_mailbox & TSR_ABRQ)
            abort_request(device, i);
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

static void write_mailbox(struct device *device, uint32_t offset, uint32_t value)
{
    struct can *can = can_of(device);
    unsigned mailbox = (offset - MAILBOXES_AT) / MESSAGE_SIZE;
    if (!is_empty(can, mailbox)) {
        device_violation(device, FORBIDDEN, "can-mailbox-busy",
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

static void write_register(struct device *device, uint32_t offset, uint32_t value)
{
    struct can *can = can_of(device);
    switch (offset) {
    case MCR: write_MCR(device, value); break;
    case MSR: can->MSR &= ~(value & (MSR_ERRI | MSR_WKUI | MSR_SLAKI)); break;
    case TSR: write_TSR(device, value); break;
    case RF0R:
    case RF1R: can_write_RFR(device, (offset - RF0R) / 4, value); break;
    case IER: can->IER = value; break;
    case ESR: can->ESR = (can->ESR & ~(uint32_t)ESR_LEC) | (value & ESR_LEC); break;
    case BTR: write_BTR(device, value); break;
    default: write_mailbox(device, offset, value); break;
    }
}

static void write(struct device *device, uint32_t offset, uint32_t value)
{
    if (offset >= FMR)
        can_write_filter(device, offset, value);
    else
        write_register(device, offset, value);
    can_proceed(device);
    can_update_irqs(device);
}

static uint32_t read(struct device *device, uint32_t offset)
{
    struct can *can = can_of(device);
    if (offset >= FMR)
        return can_read_filter(can, offset);
    if (offset >= FIFOS_AT)
        return can_read_fifo(can, offset);
    switch (offset) {
    case MCR: return can->MCR;
    case MSR: return read_MSR(device);
    case TSR: return read_TSR(can);
    case RF0R:
    case RF1R: return can_read_RFR(can, (offset - RF0R) / 4);
    case IER: return can->IER;
    case ESR: return can->ESR;
    case BTR: return can->BTR;
    default: return *mailbox_register(can, offset);
    }
}

static void reset(struct device *device)
{
    *can_of(device) = (struct can){.BTR = BTR_RESET_VALUE,
                                   .FMR = FMR_RESET_VALUE,
                                   .clocked = can_of(device)->clocked,
                                   .memory_taken = can_of(device)->memory_taken,
                                   .paused = TICKS_NEVER};
    master_reset(device);
    can_update_irqs(device);
}

/* Recessive, high, as soon as it is clocked; the bits of a frame are not made. */
static int pin_level(const struct device *device, unsigned signal)
{
    return signal == BXCAN_TX && can_of(device)->clocked ? 1 : -1;
}

static void line(struct device *device, unsigned input, bool level)
{
    (void)input;
    can_of(device)->memory_taken = level;
}

const struct device_class bxcan_class = {
    .state = sizeof(struct can),
    REGISTERS(registers),
    .sizes = ONLY_WORDS,
    .events = 1,
    .read = read,
    .write = write,
    .reset = reset,
    .event = can_event,
    .clock_changed = can_clock_changed,
    .line = line,
    .pin_level = pin_level,
};
