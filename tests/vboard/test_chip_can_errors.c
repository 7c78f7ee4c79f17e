/* bxCAN alone on its bus: errors and bus-off, against RM0008 24.7.6. */
#include "can_test.h"

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
        cmocka_unit_test(without_retransmission_it_fails_once),
        cmocka_unit_test(initialization_waits_for_the_frame_on_the_bus),
        cmocka_unit_test(a_tx_pin_that_is_no_output_leads_to_bus_off),
        cmocka_unit_test(bus_off_ends_by_itself_if_it_is_to),
        cmocka_unit_test(can_and_usb_are_not_to_be_on_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
