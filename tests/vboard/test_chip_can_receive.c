/* bxCAN: FIFOs and filters, against RM0008 24.7.3 and 24.7.4. */
#include "can_test.h"

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

static uint32_t filter16(uint32_t identifier)
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
    put(lab, BANK(2, 0), filter16(0x200) | filter16(0x7F0) << 16);
    put(lab, BANK(2, 1), filter16(0x300) | (filter16(0x700) | 1 << 4) << 16);
    put(lab, BANK(3, 0), filter16(0x123) | filter16(0x20F) << 16);
    put(lab, BANK(3, 1), filter16(0x400) | (filter16(0x401) | 1 << 4) << 16);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_fifo_loses_the_last_frame_or_locked_the_new_one),
        cmocka_unit_test(filters_pass_by_mask_and_list_of_32_and_16_bits),
        cmocka_unit_test(filters_in_use_are_locked),
        cmocka_unit_test(alone_on_the_bus_it_gets_no_acknowledgement_and_ends_error_passive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
