/* The CAN controller for its tests: registers by name, frames to send and to fetch. */
#pragma once

#include "chip_test.h"

#define CAN(offset)             (0x40006400u + (offset))
#define MAILBOX(number, offset) CAN(0x180u + 16u * (number) + (offset))
#define FIFO(number, offset)    CAN(0x1B0u + 16u * (number) + (offset))
#define BANK(number, half)      CAN(0x240u + 8u * (number) + 4u * (half))

enum { MCR = 0x00, MSR = 0x04, TSR = 0x08, RF0R = 0x0C, RF1R = 0x10, IER = 0x14, ESR = 0x18, BTR = 0x1C };
enum { FMR = 0x200, FM1R = 0x204, FS1R = 0x20C, FFA1R = 0x214, FA1R = 0x21C };
enum { IR = 0x0, DTR = 0x4, DLR = 0x8, DHR = 0xC };
enum {
    INRQ = 1,
    SLEEP = 2,
    TXFP = 4,
    RFLM = 8,
    NART = 1 << 4,
    ABOM = 1 << 6,
    TTCM = 1 << 7,
    RESET = 1 << 15
};
enum { INAK = 1, SLAK = 2, ERRI = 4, SLAKI = 1 << 4, TXM = 1 << 8, SAMP_RX = 3 << 10 };
enum { RQCP = 1, TXOK = 2, TERR = 8, ABRQ = 1 << 7, TME_ALL = 7 << 26, TXRQ = 1, RTR = 2, IDE = 4 };
enum { FULL = 1 << 3, FOVR = 1 << 4, RFOM = 1 << 5, EWGF = 1, EPVF = 2, BOFF = 4 };
enum { TMEIE = 1, FMPIE0 = 1 << 1, FFIE0 = 1 << 2, FOVIE0 = 1 << 3, FMPIE1 = 1 << 4 };
enum { EWGIE = 1 << 8, EPVIE = 1 << 9, BOFIE = 1 << 10, LECIE = 1 << 11, ERRIE = 1 << 15, SLKIE = 1 << 17 };
enum { IRQ_TX = 19, IRQ_RX0 = 20, IRQ_RX1 = 21, IRQ_SCE = 22, APB1ENR_CAN = 1 << 25 };
/* 500 kbit/s of 8 MHz: 16 quanta, 1 + 13 + 2; with loop-back, silent. */
enum { BITS_500K = 1 << 20 | 12 << 16, LOOP_BACK = 1 << 30, BIT_CYCLES = 16, AFTER_CRC = 10 };
enum { SLACK = 5 }; /* cycles: a wait ends with the instruction that is under way */
#define SILENT (1u << 31)

/* As after reset, with a clock, and its pins as RM0008 table 30 wants them. */
static inline struct lab *lab_with_can(void)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_CAN);
    put(lab, GPIO('A', GPIO_CRH), 0x444B8444); /* PA11 pull-up, PA12 AF push-pull */
    put(lab, GPIO('A', GPIO_BSRR), 1 << 11);
    return lab;
}

static inline void initialize(struct lab *lab, uint32_t mode, uint32_t timing)
{
    put(lab, CAN(MCR), INRQ);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    put(lab, CAN(BTR), timing);
    put(lab, CAN(MCR), mode);
}

/* Bank 0: everything into FIFO 0. */
static inline void accept_all(struct lab *lab)
{
    put(lab, CAN(FS1R), 1);
    put(lab, CAN(FA1R), 1);
    put(lab, CAN(FMR), get(lab, CAN(FMR)) & ~1u);
}

static inline struct lab *lab_with_loop_back(uint32_t mode)
{
    struct lab *lab = lab_with_can();
    initialize(lab, mode, BITS_500K | LOOP_BACK);
    accept_all(lab);
    wait_cycles(lab, 12 * BIT_CYCLES);
    assert_int_equal(get(lab, CAN(MSR)) & INAK, 0);
    return lab;
}

static inline void request(struct lab *lab, unsigned mailbox, uint32_t identifier, uint32_t length)
{
    put(lab, MAILBOX(mailbox, DTR), length);
    put(lab, MAILBOX(mailbox, DLR), 0x44332211);
    put(lab, MAILBOX(mailbox, DHR), 0x88776655);
    put(lab, MAILBOX(mailbox, IR), identifier | TXRQ);
}

static inline uint32_t standard(uint32_t identifier)
{
    return identifier << 21;
}

static inline uint32_t extended(uint32_t identifier)
{
    return identifier << 3 | IDE;
}

static inline void send_numbers(struct lab *lab, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        request(lab, 0, standard(i), 0);
        wait_us(lab, 200);
    }
}

static inline unsigned transmit_errors(struct lab *lab)
{
    return get(lab, CAN(ESR)) >> 16 & 0xFF;
}
