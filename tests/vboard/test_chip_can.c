/* bxCAN (RM0008 chapter 24): modes, mailboxes, FIFOs, filters, errors, and what a frame costs in time. */
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
static struct lab *lab_with_can(void)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_CAN);
    put(lab, GPIO('A', GPIO_CRH), 0x444B8444); /* PA11 pull-up, PA12 AF push-pull */
    put(lab, GPIO('A', GPIO_BSRR), 1 << 11);
    return lab;
}

static void initialize(struct lab *lab, uint32_t mode, uint32_t timing)
{
    put(lab, CAN(MCR), INRQ);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    put(lab, CAN(BTR), timing);
    put(lab, CAN(MCR), mode);
}

/* Bank 0: everything into FIFO 0. */
static void accept_all(struct lab *lab)
{
    put(lab, CAN(FS1R), 1);
    put(lab, CAN(FA1R), 1);
    put(lab, CAN(FMR), get(lab, CAN(FMR)) & ~1u);
}

static struct lab *lab_with_loop_back(uint32_t mode)
{
    struct lab *lab = lab_with_can();
    initialize(lab, mode, BITS_500K | LOOP_BACK);
    accept_all(lab);
    wait_cycles(lab, 12 * BIT_CYCLES);
    assert_int_equal(get(lab, CAN(MSR)) & INAK, 0);
    return lab;
}

static void request(struct lab *lab, unsigned mailbox, uint32_t identifier, uint32_t length)
{
    put(lab, MAILBOX(mailbox, DTR), length);
    put(lab, MAILBOX(mailbox, DLR), 0x44332211);
    put(lab, MAILBOX(mailbox, DHR), 0x88776655);
    put(lab, MAILBOX(mailbox, IR), identifier | TXRQ);
}

static uint32_t standard(uint32_t identifier)
{
    return identifier << 21;
}

static uint32_t extended(uint32_t identifier)
{
    return identifier << 3 | IDE;
}

static void registers_are_as_after_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    assert_int_equal(get(lab, CAN(MCR)), 0x00010002);
    assert_int_equal(get(lab, CAN(MSR)), 0x00000C02);
    assert_int_equal(get(lab, CAN(TSR)), 0x1C000000);
    assert_int_equal(get(lab, CAN(BTR)), 0x01230000);
    assert_int_equal(get(lab, CAN(FMR)), 0x2A1C0E01);
    assert_int_equal(get(lab, CAN(ESR)), 0);
    expect_violation(lab, NULL);
    put(lab, CAN(IER), 1 << 7);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    (void)get(lab, CAN(0x20));
    expect_violation(lab, "SUSPICIOUS reserved-register");
    lab_free(lab);
}

static void each_mode_is_entered_by_its_bit_and_left_after_11_recessive_bits(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, CAN(MCR), INRQ);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    put(lab, CAN(BTR), BITS_500K);
    put(lab, CAN(MCR), 0);
    wait_cycles(lab, 11 * BIT_CYCLES - SLACK);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    wait_cycles(lab, 2 * SLACK);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), 0);
    put(lab, CAN(IER), SLKIE);
    put(lab, CAN(MCR), SLEEP);
    assert_int_equal(get(lab, CAN(MSR)), SLAK | SLAKI | SAMP_RX);
    assert_true(irq(lab, IRQ_SCE));
    put(lab, CAN(MSR), SLAKI);
    assert_false(irq(lab, IRQ_SCE));
    put(lab, CAN(MCR), 0);
    wait_cycles(lab, 12 * BIT_CYCLES);
    assert_int_equal(get(lab, CAN(MSR)), SAMP_RX);
    put(lab, CAN(MCR), RESET);
    assert_int_equal(get(lab, CAN(MCR)), 0x00010002);
    assert_int_equal(get(lab, CAN(MSR)), SLAK | SAMP_RX);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* PA11 driven low by the chip itself stands for a bus that is never recessive. */
static void a_dominant_bus_keeps_it_in_initialization(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, GPIO('A', GPIO_BRR), 1 << 11);
    put(lab, GPIO('A', GPIO_CRH), 0x444B2444);
    initialize(lab, 0, BITS_500K);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(MSR)), INAK);
    expect_violation(lab, "SUSPICIOUS can-rx-dominant");
    put(lab, GPIO('A', GPIO_CRH), 0x444B8444);
    put(lab, GPIO('A', GPIO_BSRR), 1 << 11);
    wait_us(lab, 30);
    assert_int_equal(get(lab, CAN(MSR)), SAMP_RX);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* As ST's HAL does it. */
static void a_sleeper_that_keeps_its_sleep_bit_initializes_nevertheless(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, CAN(MCR), get(lab, CAN(MCR)) | INRQ);
    expect_violation(lab, "SUSPICIOUS can-init-asleep");
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    put(lab, CAN(MCR), INRQ);
    assert_int_equal(get(lab, CAN(MSR)) & (INAK | SLAK), INAK);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void bit_timing_can_be_written_in_initialization_mode_only(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, CAN(BTR), BITS_500K);
    expect_violation(lab, "FORBIDDEN can-btr-locked");
    assert_int_equal(get(lab, CAN(BTR)), 0x01230000);
    initialize(lab, 0, BITS_500K);
    assert_int_equal(get(lab, CAN(BTR)), BITS_500K);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void expect_frame_to_last(struct lab *lab, unsigned bits)
{
    wait_cycles(lab, bits * BIT_CYCLES - SLACK);
    assert_int_equal(get(lab, CAN(TSR)) & (RQCP | TXOK), 0);
    assert_int_equal(get(lab, CAN(MSR)) & TXM, TXM);
    assert_int_equal(get(lab, CAN(RF0R)), 0);
    wait_cycles(lab, 2 * SLACK);
    assert_int_equal(get(lab, CAN(TSR)), TME_ALL | RQCP | TXOK);
    assert_int_equal(get(lab, CAN(MSR)) & TXM, 0);
    assert_int_equal(get(lab, CAN(RF0R)), 1);
    put(lab, CAN(TSR), RQCP);
    assert_int_equal(get(lab, CAN(TSR)), TME_ALL);
    wait_cycles(lab, 3 * BIT_CYCLES);
}

/* 34 zeros with 6 stuffed ones; the others by a CRC and a count made elsewhere. */
static void a_frame_lasts_its_bits_with_those_stuffed(void **state)
{
    (void)state;
    static const struct {
        uint32_t identifier, length;
        unsigned bits;
    } frames[] = {{0, 0, 40}, {0x123u << 21, 8, 99}, {0x12345678u << 3 | IDE, 2, 71}};
    struct lab *lab = lab_with_loop_back(0);
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        request(lab, 0, frames[i].identifier, frames[i].length);
        expect_frame_to_last(lab, frames[i].bits + AFTER_CRC);
        assert_int_equal(get(lab, FIFO(0, IR)), frames[i].identifier);
        assert_int_equal(get(lab, FIFO(0, DTR)), frames[i].length);
        put(lab, CAN(RF0R), RFOM);
    }
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void loop_back_brings_what_was_sent(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, standard(0x321) | 0x1FF8, 5); /* the extension's bits are none of it */
    wait_us(lab, 300);
    assert_int_equal(get(lab, FIFO(0, IR)), standard(0x321));
    assert_int_equal(get(lab, FIFO(0, DTR)), 5);
    assert_int_equal(get(lab, FIFO(0, DLR)), 0x44332211);
    assert_int_equal(get(lab, FIFO(0, DHR)), 0x55);
    put(lab, CAN(RF0R), RFOM);
    assert_int_equal(get(lab, CAN(RF0R)), 0);
    request(lab, 1, extended(0x1ABCDEF0) | RTR, 15);
    wait_us(lab, 300);
    assert_int_equal(get(lab, FIFO(0, IR)), extended(0x1ABCDEF0) | RTR);
    assert_int_equal(get(lab, FIFO(0, DTR)), 15);
    assert_int_equal(get(lab, FIFO(0, DLR)), 0);
    assert_int_equal(get(lab, CAN(ESR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void silent_mode_sends_only_to_itself(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    accept_all(lab);
    initialize(lab, 0, BITS_500K | SILENT);
    request(lab, 0, standard(1), 1);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(TSR)) & RQCP, 0);
    assert_int_equal(get(lab, CAN(ESR)), 0);
    put(lab, CAN(MCR), INRQ);
    put(lab, CAN(BTR), BITS_500K | SILENT | LOOP_BACK);
    put(lab, CAN(MCR), 0);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFF, RQCP | TXOK);
    assert_int_equal(get(lab, CAN(RF0R)), 1);
    lab_free(lab);
}

static void expect_order(struct lab *lab, unsigned first, unsigned second, unsigned third)
{
    const unsigned order[] = {first, second, third};
    wait_us(lab, 2000);
    assert_int_equal(get(lab, CAN(RF0R)) & 3, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(get(lab, FIFO(0, DTR)) & 0xF, order[i]);
        put(lab, CAN(RF0R), RFOM);
    }
    put(lab, CAN(TSR), RQCP | RQCP << 8 | RQCP << 16);
}

/* The length tells which it was. While the first is on the bus the others compete. */
static void the_lowest_identifier_goes_first_or_the_first_request(void **state)
{
    (void)state;
    enum { CODE_SHIFT = 24, LOW_SHIFT = 29 };
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, standard(0x100), 1);
    assert_int_equal(get(lab, CAN(TSR)) >> CODE_SHIFT, 1 | 6 << 2);
    request(lab, 1, standard(0x300), 2);
    assert_int_equal(get(lab, CAN(TSR)) >> CODE_SHIFT, 2 | 4 << 2 | 2 << 5);
    request(lab, 2, standard(0x200), 3);
    assert_int_equal(get(lab, CAN(TSR)) >> CODE_SHIFT, 1 | 0 << 2 | 2 << 5);
    expect_order(lab, 1, 3, 2);
    request(lab, 0, standard(0x100), 1);
    request(lab, 1, extended(0x200u << 18), 2); /* loses against the standard one of the same beginning */
    request(lab, 2, standard(0x200) | RTR, 3);
    expect_order(lab, 1, 3, 2);
    put(lab, CAN(MCR), TXFP);
    request(lab, 2, standard(0x700), 3);
    request(lab, 1, standard(0x600), 2);
    request(lab, 0, standard(0x100), 1);
    assert_int_equal(get(lab, CAN(TSR)) >> LOW_SHIFT, 1);
    expect_order(lab, 3, 2, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_waiting_mailbox_is_not_to_be_written(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, standard(5), 1);
    put(lab, MAILBOX(0, DLR), 0x99);
    expect_violation(lab, "FORBIDDEN can-mailbox-busy");
    wait_us(lab, 300);
    assert_int_equal(get(lab, FIFO(0, DLR)), 0x11);
    lab_free(lab);
}

static void an_abort_empties_a_mailbox_that_is_not_on_the_bus(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, standard(1), 0);
    request(lab, 1, standard(2), 0);
    put(lab, CAN(TSR), ABRQ | ABRQ << 8);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFFFF, ABRQ | RQCP << 8);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFFFF, RQCP | TXOK | RQCP << 8);
    assert_int_equal(get(lab, CAN(RF0R)), 1);
    lab_free(lab);
}

static void send_numbers(struct lab *lab, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        request(lab, 0, standard(i), 0);
        wait_us(lab, 200);
    }
}

static void a_full_fifo_loses_the_last_frame_or_locked_the_new_one(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    put(lab, CAN(IER), FFIE0);
    send_numbers(lab, 2);
    assert_int_equal(get(lab, CAN(RF0R)), 2);
    assert_false(irq(lab, IRQ_RX0));
    send_numbers(lab, 1);
    assert_int_equal(get(lab, CAN(RF0R)), 3 | FULL);
    assert_true(irq(lab, IRQ_RX0));
    put(lab, CAN(IER), FOVIE0);
    assert_false(irq(lab, IRQ_RX0));
    send_numbers(lab, 5);
    assert_int_equal(get(lab, CAN(RF0R)), 3 | FULL | FOVR);
    assert_true(irq(lab, IRQ_RX0));
    put(lab, CAN(RF0R), FOVR);
    assert_false(irq(lab, IRQ_RX0));
    put(lab, CAN(RF0R), RFOM);
    put(lab, CAN(RF0R), RFOM);
    assert_int_equal(get(lab, FIFO(0, IR)), standard(5));
    put(lab, CAN(RF0R), RFOM);
    put(lab, CAN(RF0R), RFOM); /* of an empty one: nothing */
    put(lab, CAN(MCR), RFLM);
    send_numbers(lab, 4);
    put(lab, CAN(RF0R), RFOM);
    put(lab, CAN(RF0R), RFOM);
    assert_int_equal(get(lab, FIFO(0, IR)), standard(3));
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* Sends it and says which filter of which FIFO took it: FIFO << 8 | FMI, or -1. */
static int taken_by(struct lab *lab, uint32_t identifier)
{
    request(lab, 0, identifier, 0);
    wait_us(lab, 500);
    for (unsigned fifo = 0; fifo < 2; fifo++) {
        uint32_t at = CAN(fifo ? RF1R : RF0R);
        if (get(lab, at) & 3) {
            uint32_t info = get(lab, FIFO(fifo, DTR));
            put(lab, at, RFOM);
            return (int)(fifo << 8 | (info >> 8 & 0xFF));
        }
    }
    return -1;
}

static uint32_t narrow(uint32_t identifier)
{
    return identifier << 5;
}

static void filters_pass_by_mask_and_list_of_32_and_16_bits(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    put(lab, CAN(FMR), get(lab, CAN(FMR)) | 1);
    put(lab, CAN(FA1R), 0);
    put(lab, CAN(FS1R), 0x3);  /* banks 0 and 1 of 32 bits */
    put(lab, CAN(FM1R), 0xA);  /* banks 1 and 3 lists */
    put(lab, CAN(FFA1R), 0xC); /* banks 2 and 3 to FIFO 1 */
    put(lab, BANK(0, 0), extended(0x10000000));
    put(lab, BANK(0, 1), extended(0x1FFF0000));
    put(lab, BANK(1, 0), standard(0x123));
    put(lab, BANK(1, 1), extended(0x123));
    put(lab, BANK(2, 0), narrow(0x200) | narrow(0x7F0) << 16);
    put(lab, BANK(2, 1), narrow(0x300) | (narrow(0x700) | 1 << 4) << 16);
    put(lab, BANK(3, 0), narrow(0x123) | narrow(0x20F) << 16);
    put(lab, BANK(3, 1), narrow(0x400) | (narrow(0x401) | 1 << 4) << 16);
    put(lab, CAN(FA1R), 0xF);
    assert_int_equal(taken_by(lab, standard(0x123)), -1); /* FINIT: nothing is received */
    put(lab, CAN(FMR), get(lab, CAN(FMR)) & ~1u);
    assert_int_equal(taken_by(lab, extended(0x1000BEEF)), 0);
    assert_int_equal(taken_by(lab, extended(0x1001BEEF)), -1);
    assert_int_equal(taken_by(lab, standard(0x123)), 1); /* before the list of 16 bits */
    assert_int_equal(taken_by(lab, extended(0x123)), 2);
    assert_int_equal(taken_by(lab, standard(0x123) | RTR), -1);
    assert_int_equal(taken_by(lab, standard(0x201)), 0x100);
    assert_int_equal(taken_by(lab, standard(0x20F)), 0x103); /* a list before a mask */
    assert_int_equal(taken_by(lab, standard(0x3FF)), 0x101);
    assert_int_equal(taken_by(lab, standard(0x3FF) | RTR), -1);
    assert_int_equal(taken_by(lab, standard(0x400)), 0x104);
    assert_int_equal(taken_by(lab, standard(0x401)), -1);
    assert_int_equal(taken_by(lab, standard(0x401) | RTR), 0x105);
    put(lab, CAN(FA1R), 0x8); /* numbers are as they were */
    assert_int_equal(taken_by(lab, standard(0x123)), 0x102);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void filters_in_use_are_locked(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    put(lab, CAN(FS1R), 3);
    expect_violation(lab, "FORBIDDEN can-filter-locked: CAN_FS1R");
    put(lab, CAN(FFA1R), 3);
    expect_violation(lab, "FORBIDDEN can-filter-locked: CAN_FFA1R");
    put(lab, BANK(0, 1), 3);
    expect_violation(lab, "FORBIDDEN can-filter-locked: CAN_F0R2");
    put(lab, BANK(1, 0), 3);
    put(lab, CAN(FA1R), 0);
    put(lab, BANK(0, 1), 3);
    assert_int_equal(get(lab, BANK(0, 1)), 3);
    assert_int_equal(get(lab, CAN(FS1R)), 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static unsigned transmit_errors(struct lab *lab)
{
    return get(lab, CAN(ESR)) >> 16 & 0xFF;
}

/* Identifier 0 without data: 40 bits to the end of the CRC, its delimiter, the empty ACK slot; then 6 bits of
 * error flag, 8 of delimiter, 3 of intermission. */
static void alone_on_the_bus_it_gets_no_acknowledgement_and_ends_error_passive(void **state)
{
    (void)state;
    enum { TO_ACK = 42, TO_NEXT = 17, LEC_ACK = 3 << 4 };
    struct lab *lab = lab_with_can();
    put(lab, CAN(IER), ERRIE | EPVIE | EWGIE);
    initialize(lab, 0, BITS_500K);
    wait_cycles(lab, 11 * BIT_CYCLES + SLACK);
    request(lab, 0, 0, 0);
    wait_cycles(lab, TO_ACK * BIT_CYCLES - SLACK);
    assert_int_equal(get(lab, CAN(ESR)), 0);
    wait_cycles(lab, 2 * SLACK);
    assert_int_equal(get(lab, CAN(ESR)), 8u << 16 | LEC_ACK);
    wait_cycles(lab, (TO_NEXT + TO_ACK) * BIT_CYCLES);
    assert_int_equal(transmit_errors(lab), 16);
    wait_cycles(lab, 9 * (TO_NEXT + TO_ACK) * BIT_CYCLES);
    assert_int_equal(get(lab, CAN(ESR)), 88u << 16 | LEC_ACK);
    assert_false(irq(lab, IRQ_SCE));
    wait_cycles(lab, (TO_NEXT + TO_ACK) * BIT_CYCLES);
    assert_int_equal(get(lab, CAN(ESR)), 96u << 16 | LEC_ACK | EWGF);
    assert_int_equal(get(lab, CAN(MSR)) & ERRI, ERRI);
    assert_true(irq(lab, IRQ_SCE));
    put(lab, CAN(MSR), ERRI);
    assert_false(irq(lab, IRQ_SCE));
    wait_us(lab, 100000);
    assert_int_equal(get(lab, CAN(ESR)), 128u << 16 | LEC_ACK | EWGF | EPVF);
    assert_true(irq(lab, IRQ_SCE));
    assert_int_equal(get(lab, CAN(TSR)) & 0xFF, 0);
    assert_true(heard(lab, "no other node"));
    put(lab, CAN(TSR), ABRQ);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(TSR)), TME_ALL | RQCP);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void without_retransmission_it_fails_once(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    initialize(lab, NART, BITS_500K);
    put(lab, CAN(IER), TMEIE);
    request(lab, 0, standard(0x7FF), 8);
    wait_us(lab, 10000);
    assert_int_equal(get(lab, CAN(TSR)), TME_ALL | RQCP | TERR);
    assert_int_equal(transmit_errors(lab), 8);
    assert_true(irq(lab, IRQ_TX));
    lab_free(lab);
}

static void initialization_waits_for_the_frame_on_the_bus(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, 0, 0);
    put(lab, CAN(MCR), INRQ);
    wait_us(lab, 50);
    assert_int_equal(get(lab, CAN(MSR)) & INAK, 0);
    wait_us(lab, 100);
    assert_int_equal(get(lab, CAN(MSR)) & INAK, INAK);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFF, RQCP | TXOK);
    lab_free(lab);
}

static void a_tx_pin_that_is_no_output_leads_to_bus_off(void **state)
{
    (void)state;
    enum { LEC_BIT_DOMINANT = 5 << 4, FLAGS = 7 | 7 << 4 };
    struct lab *lab = lab_with_can();
    put(lab, GPIO('A', GPIO_CRH), 0x44448444);
    put(lab, CAN(IER), ERRIE | BOFIE);
    initialize(lab, 0, BITS_500K);
    request(lab, 0, standard(1), 1);
    wait_us(lab, 10000);
    expect_violation(lab, "SUSPICIOUS can-tx-pin: CAN sends, but its TX pin PA12");
    assert_int_equal(get(lab, CAN(ESR)) & FLAGS, LEC_BIT_DOMINANT | BOFF | EPVF | EWGF);
    assert_true(irq(lab, IRQ_SCE));
    put(lab, GPIO('A', GPIO_CRH), 0x444B8444);
    put(lab, CAN(MCR), INRQ);
    assert_int_equal(get(lab, CAN(MSR)) & INAK, INAK);
    put(lab, CAN(MCR), 0);
    wait_us(lab, 2 * (11 + 128 * 11) - 10);
    assert_int_equal(get(lab, CAN(ESR)) & BOFF, BOFF);
    wait_us(lab, 20);
    assert_int_equal(get(lab, CAN(ESR)) & BOFF, 0);
    wait_us(lab, 2000);
    assert_true(transmit_errors(lab) > 0); /* it goes on */
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void bus_off_ends_by_itself_if_it_is_to(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, GPIO('A', GPIO_CRH), 0x44448444);
    initialize(lab, ABOM | NART, BITS_500K);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(get(lab, CAN(ESR)) & BOFF, 0);
        request(lab, 0, standard(1), 1);
        wait_us(lab, 100);
    }
    assert_int_equal(get(lab, CAN(ESR)) & BOFF, BOFF);
    wait_us(lab, 2 * 128 * 11);
    assert_int_equal(get(lab, CAN(ESR)) & ~(7u << 4), 0);
    lab_free(lab);
}

static void frames_ask_for_the_processor(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    put(lab, CAN(IER), TMEIE | FMPIE0 | FMPIE1);
    send_numbers(lab, 1);
    assert_true(irq(lab, IRQ_TX));
    assert_true(irq(lab, IRQ_RX0));
    assert_false(irq(lab, IRQ_RX1));
    put(lab, CAN(TSR), RQCP);
    put(lab, CAN(RF0R), RFOM);
    assert_false(irq(lab, IRQ_TX));
    assert_false(irq(lab, IRQ_RX0));
    put(lab, CAN(FMR), get(lab, CAN(FMR)) | 1);
    put(lab, CAN(FFA1R), 1);
    put(lab, CAN(FMR), get(lab, CAN(FMR)) & ~1u);
    send_numbers(lab, 1);
    assert_true(irq(lab, IRQ_RX1));
    assert_false(irq(lab, IRQ_RX0));
    put(lab, CAN(RF1R), RFOM);
    assert_false(irq(lab, IRQ_RX1));
    lab_free(lab);
}

static void its_pins_are_where_afio_puts_them(void **state)
{
    (void)state;
    struct lab *lab = lab_with_can();
    put(lab, AFIO(AFIO_MAPR), 2 << 13);
    initialize(lab, NART, BITS_500K);
    request(lab, 0, standard(1), 1);
    wait_us(lab, 1000);
    expect_violation(lab, "SUSPICIOUS can-tx-pin: CAN sends, but its TX pin PB9");
    put(lab, GPIO('B', GPIO_CRH), 0x444444B4);
    request(lab, 0, standard(1), 1);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(ESR)) >> 4 & 7, 3);
    assert_int_equal(chip_pin_drive(&lab->board->chip, 1, 9).output, 1); /* recessive */
    put(lab, AFIO(AFIO_MAPR), 1 << 13);
    expect_violation(lab, "UNDEFINED afio-remap");
    put(lab, AFIO(AFIO_MAPR), 3 << 13);
    put(lab, GPIO('D', GPIO_CRL), 0x444444B4);
    request(lab, 0, standard(1), 1);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, CAN(ESR)) >> 4 & 7, 3);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_frame_stands_still_with_its_clock(void **state)
{
    (void)state;
    struct lab *lab = lab_with_loop_back(0);
    request(lab, 0, 0, 0);
    wait_us(lab, 50);
    put(lab, RCC(RCC_APB1ENR), 0);
    wait_us(lab, 1000);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_CAN);
    wait_us(lab, 45);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFF, 0);
    wait_us(lab, 10);
    assert_int_equal(get(lab, CAN(TSR)) & 0xFF, RQCP | TXOK);
    lab_free(lab);
}

static void time_stamps_count_bits_in_time_triggered_mode(void **state)
{
    (void)state;
    enum { TGT = 1 << 8 };
    struct lab *lab = lab_with_can();
    accept_all(lab);
    initialize(lab, TTCM, BITS_500K | LOOP_BACK);
    wait_cycles(lab, (11 + 300) * BIT_CYCLES + SLACK);
    request(lab, 0, standard(1), 8 | TGT);
    wait_us(lab, 1000);
    assert_int_equal(get(lab, FIFO(0, DTR)), 300u << 16 | 8);
    assert_int_equal(get(lab, FIFO(0, DHR)), 300u << 16 | 0x6655);
    assert_int_equal(get(lab, MAILBOX(0, DTR)), 300u << 16 | TGT | 8);
    lab_free(lab);
}

static void can_and_usb_are_not_to_be_on_together(void **state)
{
    (void)state;
    enum { USB_CNTR = 0x40, FRES = 1 };
    struct lab *lab = lab_with_can();
    put(lab, RCC(RCC_APB1ENR), APB1ENR_CAN | APB1ENR_USB);
    lab->violations = 0; /* the USB clock of this test */
    put_size(lab, USB(USB_CNTR), 2, FRES);
    initialize(lab, 0, BITS_500K);
    wait_us(lab, 100);
    expect_violation(lab, "FORBIDDEN usb-can-memory: CAN enabled");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_as_after_reset),
        cmocka_unit_test(each_mode_is_entered_by_its_bit_and_left_after_11_recessive_bits),
        cmocka_unit_test(a_dominant_bus_keeps_it_in_initialization),
        cmocka_unit_test(a_sleeper_that_keeps_its_sleep_bit_initializes_nevertheless),
        cmocka_unit_test(bit_timing_can_be_written_in_initialization_mode_only),
        cmocka_unit_test(a_frame_lasts_its_bits_with_those_stuffed),
        cmocka_unit_test(loop_back_brings_what_was_sent),
        cmocka_unit_test(silent_mode_sends_only_to_itself),
        cmocka_unit_test(the_lowest_identifier_goes_first_or_the_first_request),
        cmocka_unit_test(a_waiting_mailbox_is_not_to_be_written),
        cmocka_unit_test(an_abort_empties_a_mailbox_that_is_not_on_the_bus),
        cmocka_unit_test(a_full_fifo_loses_the_last_frame_or_locked_the_new_one),
        cmocka_unit_test(filters_pass_by_mask_and_list_of_32_and_16_bits),
        cmocka_unit_test(filters_in_use_are_locked),
        cmocka_unit_test(alone_on_the_bus_it_gets_no_acknowledgement_and_ends_error_passive),
        cmocka_unit_test(without_retransmission_it_fails_once),
        cmocka_unit_test(initialization_waits_for_the_frame_on_the_bus),
        cmocka_unit_test(a_tx_pin_that_is_no_output_leads_to_bus_off),
        cmocka_unit_test(bus_off_ends_by_itself_if_it_is_to),
        cmocka_unit_test(frames_ask_for_the_processor),
        cmocka_unit_test(its_pins_are_where_afio_puts_them),
        cmocka_unit_test(a_frame_stands_still_with_its_clock),
        cmocka_unit_test(time_stamps_count_bits_in_time_triggered_mode),
        cmocka_unit_test(can_and_usb_are_not_to_be_on_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
