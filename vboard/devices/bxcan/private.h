/* Registers of bxCAN (RM0008 24.9), and what the files of this folder share. */
#pragma once

#include "bxcan.h"
#include "chip/chip.h"

enum {
    MCR = 0x000,
    MSR = 0x004,
    TSR = 0x008,
    RF0R = 0x00C,
    RF1R = 0x010,
    IER = 0x014,
    ESR = 0x018,
    BTR = 0x01C
};
enum { MAILBOXES_AT = 0x180, FIFOS_AT = 0x1B0, FIFOS_END = 0x1D0, MESSAGE_SIZE = 16 };
enum {
    FMR = 0x200,
    FM1R = 0x204,
    FS1R = 0x20C,
    FFA1R = 0x214,
    FA1R = 0x21C,
    BANKS_AT = 0x240,
    BANK_SIZE = 8
};

enum {
    MCR_INRQ = 1 << 0,
    MCR_SLEEP = 1 << 1,
    MCR_TXFP = 1 << 2,
    MCR_RFLM = 1 << 3,
    MCR_NART = 1 << 4,
    MCR_ABOM = 1 << 6,
    MCR_TTCM = 1 << 7,
    MCR_RESET = 1 << 15
};
enum {
    MSR_INAK = 1 << 0,
    MSR_SLAK = 1 << 1,
    MSR_ERRI = 1 << 2,
    MSR_WKUI = 1 << 3,
    MSR_SLAKI = 1 << 4,
    MSR_TXM = 1 << 8,
    MSR_RXM = 1 << 9,
    MSR_SAMP = 1 << 10,
    MSR_RX = 1 << 11
};
/* TSR has 8 bits for each mailbox, then CODE, TME and LOW. */
enum { TSR_RQCP = 1 << 0, TSR_TXOK = 1 << 1, TSR_ALST = 1 << 2, TSR_TERR = 1 << 3, TSR_ABRQ = 1 << 7 };
enum { TSR_SHIFT = 8, TSR_CODE_SHIFT = 24, TSR_TME_SHIFT = 26, TSR_LOW_SHIFT = 29 };
enum { RFR_FULL = 1 << 3, RFR_FOVR = 1 << 4, RFR_RFOM = 1 << 5 };
enum {
    IER_TMEIE = 1 << 0,
    IER_FMPIE = 1 << 1, /* of FIFO 0, with FFIE and FOVIE above it; those of FIFO 1 are 3 bits higher */
    IER_EWGIE = 1 << 8, /* EPVIE, BOFIE above it, in the order of ESR's flags */
    IER_LECIE = 1 << 11,
    IER_ERRIE = 1 << 15,
    IER_WKUIE = 1 << 16,
    IER_SLKIE = 1 << 17
};
enum { ESR_EWGF = 1 << 0, ESR_EPVF = 1 << 1, ESR_BOFF = 1 << 2, ESR_LEC_SHIFT = 4, ESR_LEC = 7 << 4 };
enum { ESR_TEC_SHIFT = 16, LEC_ACK = 3, LEC_BIT_DOMINANT = 5 };
#define BTR_SILM (1u << 31)
#define BTR_LBKM (1u << 30)
enum { TIR_TXRQ = 1 << 0, TIR_RTR = 1 << 1, TIR_IDE = 1 << 2, TDTR_DLC = 0xF, TDTR_TGT = 1 << 8 };
enum { FMR_FINIT = 1 << 0 };

/* A transmit or receive mailbox: TIxR or RIxR and the three after it. */
struct can_message {
    uint32_t IR, DTR, DLR, DHR;
};

enum { CAN_MAILBOXES = 3, CAN_FIFO_PLACES = 3, CAN_BANKS = 14 };
struct can_fifo {
    struct can_message message[CAN_FIFO_PLACES];
    uint8_t first, count;
    uint8_t flags; /* FULL and FOVR of RFxR */
};

enum can_doing { CAN_STILL, CAN_SYNCHRONIZES, CAN_SENDS, CAN_RESTS, CAN_RECOVERS };
struct can {
    uint32_t MCR, MSR, TSR, IER, ESR, BTR, FMR, FM1R, FS1R, FFA1R, FA1R;
    uint32_t filter[CAN_BANKS][2];
    struct can_message mailbox[CAN_MAILBOXES];
    struct can_fifo fifo[2];
    uint32_t requests, requested[CAN_MAILBOXES]; /* in which order they were, for TXFP */
    uint8_t aborting;                            /* a bit for each mailbox */
    enum can_doing doing;
    uint8_t sending;     /* the mailbox; */
    uint8_t error;       /* the code of LEC that the frame on the bus will end with, 0: none; */
    uint16_t sof_time;   /* when it began, in bit times */
    ticks running_since; /* when the counter of bit times was 0 */
    bool clocked;
    ticks paused;      /* what was left when the clock stopped */
    bool memory_taken; /* by USB */
    bool pin_told, alone_told, dominant_told, memory_told;
};

static inline struct can *can_of(const struct device *device)
{
    return device_state(device);
}

/* frame.c */
/* Bits on the bus from SOF to the last one of the CRC, with those that are stuffed (ISO 11898-1 10.5). */
unsigned can_frame_bits(const struct can_message *message);
/* What decides between two senders: the lower wins. */
uint32_t can_arbitration_key(const struct can_message *message);
/* 0 to 8, whatever DLC says (24.7.5: values above 8 are 8); a remote frame has none. */
unsigned can_data_bytes(const struct can_message *message);

/* filter.c */
/* A frame was received: into a FIFO, if a filter lets it pass. */
void can_receive(struct device *device, const struct can_message *message, uint16_t time);
uint32_t can_read_fifo(const struct can *can, uint32_t offset);
uint32_t can_read_RFR(const struct can *can, unsigned fifo);
void can_write_RFR(struct device *device, unsigned fifo, uint32_t value);
uint32_t can_read_filter(const struct can *can, uint32_t offset);
void can_write_filter(struct device *device, uint32_t offset, uint32_t value);

/* bus.c */
enum { CAN_RECOVERY_BITS = 128 * 11 }; /* from bus-off (24.7.6) */
/* INRQ, SLEEP, a request or an abort: what is to be done now? */
void can_proceed(struct device *device);
bool can_rx_is_recessive(const struct device *device);
ticks can_bit_time(const struct device *device);
/* An event comes after so many bits; or none does. */
void can_begin(struct device *device, enum can_doing doing, unsigned bits);
void can_stand_still(struct device *device);

/* transmit.c */
bool can_loops_back(const struct can *can);
/* The next frame, if there is one and the mode allows it; and its end. */
void can_start_frame(struct device *device);
void can_frame_over(struct device *device);
/* The transmit mailbox is empty again: with TXOK, TERR or neither (an abort). */
void can_mailbox_done(struct device *device, unsigned mailbox, uint32_t flags);
bool can_is_sending(const struct can *can, unsigned mailbox);
/* The mailbox that is sent first of those that wait; -1: none does. `last`: that is sent last. */
int can_next_mailbox(const struct can *can, bool last);

/* registers.c */
void can_update_irqs(struct device *device);
void can_event(struct device *device, unsigned n);
void can_clock_changed(struct device *device);
