/* bxCAN: registers, modes, bit timing, transmission, interrupts and pins, against RM0008 chapter 24. */
#include "can_test.h"

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
        cmocka_unit_test(frames_ask_for_the_processor),
        cmocka_unit_test(its_pins_are_where_afio_puts_them),
        cmocka_unit_test(a_frame_stands_still_with_its_clock),
        cmocka_unit_test(time_stamps_count_bits_in_time_triggered_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
