/*
 * Frames that bxCAN sends (RM0008 24.7.1) and errors (24.7.6). In loop-back mode it receives them itself; in
 * normal mode nobody acknowledges them.
 */
#include "private.h"

/* After the last bit of the CRC: its delimiter, ACK and the delimiter of that, end of frame. */
enum { DELIMITER_BITS = 1, ACK_BITS = 1, TAIL_BITS = DELIMITER_BITS + ACK_BITS + 1 + 7 };
enum { ERROR_FRAME_BITS = 6 + 8, INTERMISSION_BITS = 3, SUSPEND_BITS = 8, SOF_BITS = 1 };
enum { TEC_STEP = 8, TEC_WARNING = 96, TEC_PASSIVE = 128, TEC_BUS_OFF = 256 };

/* The counter of bit times runs in time triggered mode only (24.7.2). */
static uint16_t time_stamp(const struct device *device)
{
    const struct can *can = can_of(device);
    ticks bit = can_bit_time(device);
    return can->MCR & MCR_TTCM && bit ? (uint16_t)((device_now(device) - can->running_since) / bit) : 0;
}

static bool tx_reaches_bus(struct device *device)
{
    int at = device_pin(device, BXCAN_TX);
    bool out = device_pin_is_out(device, BXCAN_TX);
    if (!out && !can_of(device)->pin_told) {
        can_of(device)->pin_told = true;
        device_violation(device, SUSPICIOUS, "can-tx-pin",
                         "CAN sends, but its TX pin P%c%u is no alternate-function output: nothing leaves "
                         "the chip (RM0008 9.1.11 table 30)",
                         'A' + (at >> 4), (unsigned)at & 0xF);
    }
    return out;
}

/* Errors (24.7.6) */

static unsigned transmit_errors(const struct can *can)
{
    return can->ESR >> ESR_TEC_SHIFT & 0xFF;
}

static void set_transmit_errors(struct can *can, unsigned count)
{
    can->ESR &= ~(uint32_t)(0xFF << ESR_TEC_SHIFT | ESR_EWGF | ESR_EPVF);
    can->ESR |= count << ESR_TEC_SHIFT | (count >= TEC_WARNING ? ESR_EWGF : 0) |
                (count >= TEC_PASSIVE ? ESR_EPVF : 0);
}

/* Flags that come now, and any error code, ask for the status interrupt if they are enabled. */
static void tell_error(struct can *can, uint32_t flags_before)
{
    uint32_t come = can->ESR & ~flags_before & (ESR_EWGF | ESR_EPVF | ESR_BOFF);
    if (can->IER & come * IER_EWGIE || can->IER & IER_LECIE)
        can->MSR |= MSR_ERRI;
}

static bool is_passive(const struct can *can)
{
    return can->ESR & ESR_EPVF;
}

/* A sender that is error passive and alone does not count what nobody acknowledges (ISO 11898-1 12.1.4). */
static void count_error(struct can *can, unsigned code)
{
    uint32_t before = can->ESR;
    unsigned count = transmit_errors(can) + (code == LEC_ACK && is_passive(can) ? 0 : TEC_STEP);
    can->ESR = (can->ESR & ~(uint32_t)ESR_LEC) | code << ESR_LEC_SHIFT;
    if (count < TEC_BUS_OFF)
        set_transmit_errors(can, count);
    else
        can->ESR |= ESR_BOFF;
    tell_error(can, before);
}

/* Transmission (24.7.1) */

static bool waits(const struct can *can, unsigned mailbox)
{
    return can->mailbox[mailbox].IR & TIR_TXRQ;
}

/* By request with TXFP, else by identifier; equal ones by number. */
static bool goes_before(const struct can *can, unsigned a, unsigned b)
{
    uint32_t of_a = can_arbitration_key(&can->mailbox[a]), of_b = can_arbitration_key(&can->mailbox[b]);
    if (can->MCR & MCR_TXFP)
        return (int32_t)(can->requested[a] - can->requested[b]) < 0;
    return of_a < of_b || (of_a == of_b && a < b);
}

int can_next_mailbox(const struct can *can, bool last)
{
    int best = -1;
    for (unsigned i = 0; i < CAN_MAILBOXES; i++)
        if (waits(can, i) && (best < 0 || goes_before(can, i, (unsigned)best) != last))
            best = (int)i;
    return best;
}

bool can_is_sending(const struct can *can, unsigned mailbox)
{
    return can->doing == CAN_SENDS && can->sending == mailbox;
}

void can_mailbox_done(struct device *device, unsigned mailbox, uint32_t flags)
{
    struct can *can = can_of(device);
    can->mailbox[mailbox].IR &= ~(uint32_t)TIR_TXRQ;
    can->TSR |= (TSR_RQCP | flags) << TSR_SHIFT * mailbox;
    can->aborting &= (uint8_t) ~(1u << mailbox);
}

bool can_loops_back(const struct can *can)
{
    return can->BTR & BTR_LBKM;
}

static bool may_send(const struct can *can)
{
    bool running = !(can->MSR & (MSR_INAK | MSR_SLAK)) && !(can->ESR & ESR_BOFF);
    return running && (can_loops_back(can) || !(can->BTR & BTR_SILM));
}

/* TIME in the last two of eight data bytes (24.9.3 TGT). */
static void put_time(struct can *can, struct can_message *message, uint16_t time)
{
    message->DTR = (message->DTR & UINT16_MAX) | (uint32_t)time << 16;
    if (can->MCR & MCR_TTCM && message->DTR & TDTR_TGT && can_data_bytes(message) == 8)
        message->DHR = (message->DHR & UINT16_MAX) | (uint32_t)time << 16;
}

/* Where the frame ends is known when it begins: nobody else is there. */
void can_start_frame(struct device *device)
{
    struct can *can = can_of(device);
    int next = can_next_mailbox(can, false);
    if (next < 0 || !may_send(can))
        return;
    struct can_message *message = &can->mailbox[next];
    can->sending = (uint8_t)next;
    can->sof_time = time_stamp(device);
    put_time(can, message, can->sof_time);
    unsigned bits = can_frame_bits(message);
    if (can_loops_back(can)) {
        can->error = 0;
        bits += TAIL_BITS;
    } else if (tx_reaches_bus(device) && can_rx_is_recessive(device)) {
        can->error = LEC_ACK;
        bits += DELIMITER_BITS + ACK_BITS;
    } else {
        can->error = LEC_BIT_DOMINANT;
        bits = SOF_BITS;
    }
    can_begin(device, CAN_SENDS, bits);
}

static void frame_sent(struct device *device)
{
    struct can *can = can_of(device);
    unsigned errors = transmit_errors(can);
    can->ESR &= ~(uint32_t)ESR_LEC;
    set_transmit_errors(can, errors ? errors - 1 : 0);
    can_receive(device, &can->mailbox[can->sending], can->sof_time);
    can_mailbox_done(device, can->sending, TSR_TXOK);
    can_begin(device, CAN_RESTS, INTERMISSION_BITS);
}

static void tell_alone(struct device *device)
{
    if (!can_of(device)->alone_told && can_of(device)->error == LEC_ACK) {
        can_of(device)->alone_told = true;
        device_report(device, REPORT_NOTE,
                      "CAN: no other node is on the bus, frames in normal mode are not acknowledged");
    }
}

static void frame_failed(struct device *device)
{
    struct can *can = can_of(device);
    bool was_passive = is_passive(can);
    tell_alone(device);
    count_error(can, can->error);
    if (can->MCR & MCR_NART)
        can_mailbox_done(device, can->sending, TSR_TERR);
    else if (can->aborting >> can->sending & 1)
        can_mailbox_done(device, can->sending, 0);
    if (!(can->ESR & ESR_BOFF))
        can_begin(device, CAN_RESTS, ERROR_FRAME_BITS + INTERMISSION_BITS + (was_passive ? SUSPEND_BITS : 0));
    else if (can->MCR & MCR_ABOM)
        can_begin(device, CAN_RECOVERS, CAN_RECOVERY_BITS);
    else
        can_stand_still(device);
}

void can_frame_over(struct device *device)
{
    if (can_of(device)->error)
        frame_failed(device);
    else
        frame_sent(device);
}
