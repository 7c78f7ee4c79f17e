/* What bxCAN does with a frame that it receives (RM0008 24.7.3, 24.7.4): filters, then one of two FIFOs. */
#include "private.h"

enum { BANKS = CAN_BANKS, FIFO_PLACES = CAN_FIFO_PLACES, FMI_SHIFT = 8, TIME_SHIFT = 16 };

/* Filters */

static bool is_wide(const struct can *can, unsigned bank)
{
    return can->FS1R >> bank & 1;
}

static bool is_list(const struct can *can, unsigned bank)
{
    return can->FM1R >> bank & 1;
}

static unsigned filters_in(const struct can *can, unsigned bank)
{
    return (is_wide(can, bank) ? 1 : 2) * (is_list(can, bank) ? 2 : 1);
}

/* STID, RTR, IDE, EXID[17:15] (figure 229). */
static uint32_t narrow_identifier(uint32_t IR)
{
    return (IR >> 21) << 5 | (IR & TIR_RTR ? 1 << 4 : 0) | (IR & TIR_IDE ? 1 << 3 : 0) | (IR >> 18 & 7);
}

/* In a bank of 16-bit masks each register holds an identifier below its mask. */
static bool passes(const struct can *can, unsigned bank, unsigned number, uint32_t IR)
{
    enum { UNUSED = 1 }; /* bit 0 of a 32-bit filter (figure 229) */
    const uint32_t *FR = can->filter[bank];
    if (is_wide(can, bank)) {
        uint32_t mask = is_list(can, bank) ? UINT32_MAX : FR[1];
        return !((IR ^ FR[is_list(can, bank) ? number : 0]) & mask & ~(uint32_t)UNUSED);
    }
    uint32_t identifier = narrow_identifier(IR);
    if (is_list(can, bank))
        return identifier == (FR[number / 2] >> 16 * (number % 2) & 0xFFFF);
    return !((identifier ^ FR[number]) & FR[number] >> 16 & 0xFFFF);
}

struct match {
    int fifo; /* -1: none passes */
    unsigned rank, index;
};

/* 32 bits before 16, a list before a mask, then the lower number (24.7.4). */
static void consider(struct match *best, const struct can *can, unsigned bank, unsigned index)
{
    unsigned rank = (is_wide(can, bank) ? 0 : 2) + (is_list(can, bank) ? 0 : 1);
    if (best->fifo < 0 || rank < best->rank) {
        best->fifo = (int)(can->FFA1R >> bank & 1);
        best->rank = rank;
        best->index = index;
    }
}

/* Each FIFO counts its filters from 0, those of banks that are off too. */
static struct match find_match(const struct can *can, uint32_t IR)
{
    struct match best = {.fifo = -1};
    unsigned counted[2] = {0};
    for (unsigned bank = 0; bank < BANKS; bank++) {
        unsigned fifo = can->FFA1R >> bank & 1;
        for (unsigned i = 0; i < filters_in(can, bank); i++, counted[fifo]++)
            if (can->FA1R >> bank & 1 && passes(can, bank, i, IR))
                consider(&best, can, bank, counted[fifo]);
    }
    return best;
}

/* FIFOs */

static struct can_message *place(struct can_fifo *fifo, unsigned number)
{
    return &fifo->message[(fifo->first + number) % FIFO_PLACES];
}

static void store(struct device *device, unsigned number, const struct can_message *message)
{
    struct can *can = can_of(device);
    struct can_fifo *fifo = &can->fifo[number];
    if (fifo->count == FIFO_PLACES) {
        fifo->flags |= RFR_FOVR;
        if (!(can->MCR & MCR_RFLM))
            *place(fifo, FIFO_PLACES - 1) = *message; /* the last one is overwritten */
        return;
    }
    *place(fifo, fifo->count++) = *message;
    fifo->flags |= fifo->count == FIFO_PLACES ? RFR_FULL : 0;
}

void can_receive(struct device *device, const struct can_message *message, uint16_t time)
{
    const struct can *can = can_of(device);
    struct can_message got = {.IR = message->IR & (message->IR & TIR_IDE ? ~1u : 0xFFE00000u | TIR_RTR)};
    struct match match = find_match(can, got.IR);
    if (can->FMR & FMR_FINIT || match.fifo < 0)
        return;
    unsigned bytes = can_data_bytes(message);
    uint64_t data = (uint64_t)message->DHR << 32 | message->DLR;
    data &= bytes < 8 ? (1ull << 8 * bytes) - 1 : UINT64_MAX;
    got.DLR = (uint32_t)data;
    got.DHR = (uint32_t)(data >> 32);
    got.DTR = (message->DTR & TDTR_DLC) | match.index << FMI_SHIFT | (uint32_t)time << TIME_SHIFT;
    store(device, (unsigned)match.fifo, &got);
}

uint32_t can_read_fifo(const struct can *can, uint32_t offset)
{
    const struct can_fifo *fifo = &can->fifo[(offset - FIFOS_AT) / MESSAGE_SIZE];
    const struct can_message *message = &fifo->message[fifo->first];
    switch ((offset - FIFOS_AT) % MESSAGE_SIZE / 4) {
    case 0: return message->IR;
    case 1: return message->DTR;
    case 2: return message->DLR;
    default: return message->DHR;
    }
}

uint32_t can_read_RFR(const struct can *can, unsigned fifo)
{
    return can->fifo[fifo].count | can->fifo[fifo].flags;
}

/* Released at once: RFOM reads as 0. */
void can_write_RFR(struct device *device, unsigned fifo, uint32_t value)
{
    struct can_fifo *from = &can_of(device)->fifo[fifo];
    from->flags &= (uint8_t) ~(value & (RFR_FULL | RFR_FOVR));
    if (value & RFR_RFOM && from->count > 0) {
        from->first = (uint8_t)((from->first + 1) % FIFO_PLACES);
        from->count--;
        from->flags &= (uint8_t)~RFR_FULL;
    }
}

/* Registers */

static uint32_t *register_at(struct can *can, uint32_t offset)
{
    switch (offset) {
    case FM1R: return &can->FM1R;
    case FS1R: return &can->FS1R;
    case FFA1R: return &can->FFA1R;
    case FA1R: return &can->FA1R;
    default: return &can->filter[(offset - BANKS_AT) / BANK_SIZE][offset / 4 % 2];
    }
}

uint32_t can_read_filter(const struct can *can, uint32_t offset)
{
    return offset == FMR ? can->FMR : *register_at((struct can *)can, offset);
}

/* 24.9.4: FM1R, FS1R and FFA1R only with FINIT, a bank's own registers with FINIT or while it is off. */
static bool is_writable(struct device *device, uint32_t offset, uint32_t value)
{
    const struct can *can = can_of(device);
    unsigned bank = (offset - BANKS_AT) / BANK_SIZE;
    if (can->FMR & FMR_FINIT || offset == FA1R)
        return true;
    if (offset >= BANKS_AT && can->FA1R >> bank & 1)
        device_violation(device, FORBIDDEN, "can-filter-locked",
                         "CAN_F%uR%u = 0x%X is ignored: the filter bank is active (RM0008 24.9.4)", bank,
                         (unsigned)(offset / 4 % 2) + 1, (unsigned)value);
    else if (offset < BANKS_AT)
        device_violation(device, FORBIDDEN, "can-filter-locked",
                         "CAN_%s = 0x%X is ignored: writable only with FINIT set (RM0008 24.9.4)",
                         offset == FM1R   ? "FM1R"
                         : offset == FS1R ? "FS1R"
                                          : "FFA1R",
                         (unsigned)value);
    else
        return true;
    return false;
}

void can_write_filter(struct device *device, uint32_t offset, uint32_t value)
{
    struct can *can = can_of(device);
    if (offset == FMR)
        can->FMR = (can->FMR & ~(uint32_t)FMR_FINIT) | (value & FMR_FINIT);
    else if (is_writable(device, offset, value))
        *register_at(can, offset) = value;
}
