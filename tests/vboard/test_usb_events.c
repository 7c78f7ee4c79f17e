/* Frames, resets, suspend and interrupts of the USB peripheral, RM0008 23.4.5 and 23.5. */
#include "usb_test.h"

/* Frames, suspend, interrupts */

static bool pending(struct model *model, unsigned irq)
{
    return chip_of(model)->cpu.nvic.line[irq];
}

static void test_sof_sets_the_frame_number_and_locks(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 0x123);
    assert_int_equal(model_read(model, USB_FNR) & FNR_FN, 0x123);
    assert_false(model_read(model, USB_FNR) & FNR_LCK);
    assert_true(model_read(model, USB_ISTR) & ISTR_SOF);
    usb_sof(chip_of(model), 0x124);
    assert_true(model_read(model, USB_FNR) & FNR_LCK);
}

static void test_lost_sofs_give_esof_and_after_3_ms_suspend(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 1);
    model_run_us(model, 990);
    assert_false(model_read(model, USB_ISTR) & ISTR_ESOF);
    model_run_us(model, 100);
    assert_true(model_read(model, USB_ISTR) & ISTR_ESOF);
    assert_int_equal(model_read(model, USB_FNR) & FNR_LSOF, FNR_ONE_LOST);
    model_run_us(model, 1500);
    assert_false(model_read(model, USB_ISTR) & ISTR_SUSP);
    model_run_us(model, 500);
    assert_true(model_read(model, USB_ISTR) & ISTR_SUSP);
    usb_sof(chip_of(model), 2);
    assert_int_equal(model_read(model, USB_FNR) & FNR_LSOF, 0);
}

static void test_a_bus_reset_clears_registers_but_not_ctr(void **state)
{
    struct model *model = *state;
    open_endpoint(model, EP, EPR_CONTROL, STAT_VALID, STAT_NAK);
    setup_token(model, EP);
    usb_bus_reset(chip_of(model), true);
    assert_int_equal(epr(model, EP), EPR_CTR_RX);
    assert_int_equal(model_read(model, USB_DADDR), 0);
    assert_true(model_read(model, USB_ISTR) & ISTR_RESET);
    assert_int_equal(model_read(model, USB_FNR) & (FNR_RXDP | FNR_RXDM), 0);
    usb_bus_reset(chip_of(model), false);
    model_write(model, USB_DADDR, DADDR_EF | ADDRESS);
    model_write(model, EP * 4, EPR_CONTROL | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    assert_int_equal(setup_token(model, EP), USB_SILENCE); /* ISTR.RESET still holds reception off */
    model_write(model, USB_ISTR, (uint16_t)~ISTR_RESET);
    assert_int_equal(setup_token(model, EP), USB_ACK);
    model_expect_clean(model);
}

static void test_interrupt_lines_follow_flags_and_masks(void **state)
{
    struct model *model = *state;
    usb_sof(chip_of(model), 1);
    assert_false(pending(model, IRQ_USB_LP));
    model_write(model, USB_CNTR, ISTR_SOF);
    assert_true(pending(model, IRQ_USB_LP));
    model_write(model, USB_ISTR, (uint16_t)~ISTR_SOF);
    assert_false(pending(model, IRQ_USB_LP));
    model_write(model, USB_CNTR, ISTR_CTR);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    out(model, EP, 0, 4);
    assert_true(pending(model, IRQ_USB_LP));
    assert_false(pending(model, IRQ_USB_HP));
    model_clear_ctr(model, EP, EPR_CTR_RX);
    assert_false(pending(model, IRQ_USB_LP));
}

/* RM0008 23.5.1 has CTRM mask CTR. Chips of ST's own interrupt nevertheless, clones do as the manual says:
 * HID bootloaders in wide use never set CTRM, run on the former and not on the latter. */
static void test_ctr_interrupts_are_masked_by_ctrm_on_clones_only(void **state)
{
    struct model *model = *state;
    assert_false(chip_of(model)->config.ctr_masked); /* the Blue Pill has a chip of ST's own */
    assert_true(board_default_config(board_find("BLUEPILLPLUSGD32")).ctr_masked);
    open_endpoint(model, EP, EPR_BULK, STAT_VALID, STAT_DISABLED);
    for (unsigned masked = 0; masked < 2; masked++) {
        chip_of(model)->config.ctr_masked = masked;
        model_write(model, USB_CNTR, ISTR_RESET);
        model_stat(model, EP, USB_RX, STAT_VALID);
        out(model, EP, masked, 4);
        assert_int_equal(pending(model, IRQ_USB_LP), !masked);
        model_clear_ctr(model, EP, EPR_CTR_RX);
        assert_false(pending(model, IRQ_USB_LP));
    }
}

static void test_isochronous_transfers_raise_the_high_priority_interrupt(void **state)
{
    struct model *model = *state;
    model_write(model, USB_CNTR, ISTR_CTR);
    model_table(model, EP, MODEL_RX1, MODEL_RX1 + 64);
    model_poke(model, EP * 8 + 2, MODEL_BLOCKS_64);
    model_write(model, EP * 4, EPR_ISOCHRONOUS | EP);
    model_stat(model, EP, USB_RX, STAT_VALID);
    out(model, EP, 0, 4);
    assert_true(pending(model, IRQ_USB_HP));
}

static void test_activity_wakes_a_suspended_peripheral_through_exti_18(void **state)
{
    struct model *model = *state;
    struct chip *chip = chip_of(model);
    enum { EXTI = 0x40010400, IMR = 0, RTSR = 8, PR = 20, LINE = 1 << 18 };
    uint32_t value = 0;
    bus_write(chip, EXTI + IMR, 4, LINE);
    bus_write(chip, EXTI + RTSR, 4, LINE);
    model_run_us(model, 5000);
    model_read(model, USB_ISTR);
    model_write(model, USB_ISTR, 0);
    model_write(model, USB_CNTR, CNTR_FSUSP);
    model_write(model, USB_CNTR, CNTR_FSUSP | CNTR_LP_MODE);
    usb_bus_resume(chip, true);
    assert_int_equal(model_read(model, USB_CNTR), CNTR_FSUSP);
    assert_true(model_read(model, USB_ISTR) & ISTR_WKUP);
    bus_read(chip, EXTI + PR, 4, &value);
    assert_true(value & LINE);
    assert_true(pending(model, IRQ_USB_WAKEUP));
    model_expect_clean(model);
}

static void test_forced_reset_acts_like_one_from_the_bus(void **state)
{
    struct model *model = *state;
    model_write(model, USB_CNTR, CNTR_FRES);
    assert_int_equal(model_read(model, USB_DADDR), 0);
    assert_true(model_read(model, USB_ISTR) & ISTR_RESET);
    assert_int_equal(usb_setup(chip_of(model), 0, 0, (const uint8_t[8]){0}), USB_SILENCE);
}

static void test_reads_and_void_writes_leave_no_side_effect(void **state)
{
    struct model *model = *state;
    struct chip *chip = chip_of(model);
    uint64_t before = chip->cpu.side_effects;
    for (uint32_t offset = 0x40; offset <= 0x50; offset += 4)
        usb_read(chip, offset);
    usb_write(chip, USB_DADDR, usb_read(chip, USB_DADDR));
    usb_write(chip, USB_CNTR, usb_read(chip, USB_CNTR));
    assert_int_equal(chip->cpu.side_effects, before);
    usb_write(chip, USB_DADDR, DADDR_EF);
    assert_true(chip->cpu.side_effects > before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_enabled, model_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sof_sets_the_frame_number_and_locks),
        TEST(test_lost_sofs_give_esof_and_after_3_ms_suspend),
        TEST(test_a_bus_reset_clears_registers_but_not_ctr),
        TEST(test_interrupt_lines_follow_flags_and_masks),
        TEST(test_ctr_interrupts_are_masked_by_ctrm_on_clones_only),
        TEST(test_isochronous_transfers_raise_the_high_priority_interrupt),
        TEST(test_activity_wakes_a_suspended_peripheral_through_exti_18),
        TEST(test_forced_reset_acts_like_one_from_the_bus),
        TEST(test_reads_and_void_writes_leave_no_side_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
