/* Pins: modes, inputs, the lock, the debug port's claim, external interrupts. */
#include "chip_test.h"
#include "devices/usb_fsdev/usb_fsdev.h"

enum { INPUT_PULL = 8, FLOATING = 4, OUTPUT = 1, OPEN_DRAIN = 5, AF_OUTPUT = 9, RESERVED = 12 };
enum { SWJ_ONLY_SW = 2 << 24, SWJ_NONE = 4 << 24, LCKK = 1 << 16 };

static struct lab *lab_with_ports(const char *name)
{
    struct lab *lab = lab_with(name, NULL);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    return lab;
}

static void configure(struct lab *lab, char port, unsigned pin, uint32_t mode)
{
    uint32_t address = GPIO(port, pin < 8 ? GPIO_CRL : GPIO_CRH);
    put(lab, address, (get(lab, address) & ~(0xFu << 4 * (pin % 8))) | mode << 4 * (pin % 8));
}

static struct pin_drive drive(struct lab *lab, char port, unsigned pin)
{
    return chip_pin_drive(&lab->board->chip, (unsigned)(port - 'A'), pin);
}

static void each_mode_drives_as_it_should(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode;
        struct pin_drive low, high;
    } modes[] = {
        {0, {-1, -1}, {-1, -1}},         {FLOATING, {-1, -1}, {-1, -1}},  {INPUT_PULL, {-1, 0}, {-1, 1}},
        {OUTPUT, {0, -1}, {1, -1}},      {2, {0, -1}, {1, -1}},           {3, {0, -1}, {1, -1}},
        {OPEN_DRAIN, {0, -1}, {-1, -1}}, {AF_OUTPUT, {-1, -1}, {-1, -1}},
    };
    struct lab *lab = lab_with_ports("BLUEPILL");
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        configure(lab, 'C', 14, modes[i].mode);
        put(lab, GPIO('C', GPIO_BRR), 1 << 14);
        assert_int_equal(drive(lab, 'C', 14).output, modes[i].low.output);
        assert_int_equal(drive(lab, 'C', 14).pull, modes[i].low.pull);
        put(lab, GPIO('C', GPIO_BSRR), 1 << 14);
        assert_int_equal(drive(lab, 'C', 14).output, modes[i].high.output);
        assert_int_equal(drive(lab, 'C', 14).pull, modes[i].high.pull);
    }
    expect_violation(lab, NULL);
    configure(lab, 'C', 14, RESERVED);
    expect_violation(lab, "SUSPICIOUS gpio-reserved-mode");
    lab_free(lab);
}

static void outputs_are_set_and_cleared(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILL");
    put(lab, GPIO('A', GPIO_ODR), 0x00FF);
    put(lab, GPIO('A', GPIO_BSRR), 0x00010100);
    assert_int_equal(get(lab, GPIO('A', GPIO_ODR)), 0x01FE);
    put(lab, GPIO('A', GPIO_BSRR), 0x00010001); /* set wins */
    assert_int_equal(get(lab, GPIO('A', GPIO_ODR)), 0x01FF);
    put(lab, GPIO('A', GPIO_BRR), 0x000F);
    assert_int_equal(get(lab, GPIO('A', GPIO_ODR)), 0x01F0);
    configure(lab, 'A', 8, OUTPUT);
    assert_int_equal(get(lab, GPIO('A', GPIO_IDR)) >> 8 & 1, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_write_that_changes_nothing_is_no_side_effect(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILL");
    put(lab, GPIO('C', GPIO_BSRR), 1 << 13);
    uint64_t before = lab->board->chip.cpu.side_effects;
    put(lab, GPIO('C', GPIO_BSRR), 1 << 13);
    assert_int_equal(lab->board->chip.cpu.side_effects, before);
    put(lab, GPIO('C', GPIO_BRR), 1 << 13);
    assert_true(lab->board->chip.cpu.side_effects > before);
    lab_free(lab);
}

static void a_floating_button_is_told_once(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILLPLUSSTM32");
    get(lab, GPIO('A', GPIO_IDR));
    expect_violation(lab, "SUSPICIOUS floating-input");
    get(lab, GPIO('A', GPIO_IDR));
    expect_violation(lab, NULL);
    configure(lab, 'A', 0, INPUT_PULL);
    assert_int_equal(get(lab, GPIO('A', GPIO_IDR)) & 1, 0);
    board_press(lab->board, true);
    assert_int_equal(get(lab, GPIO('A', GPIO_IDR)) & 1, 1);
    lab_free(lab);
    lab = lab_with_ports("BLUEPILL");
    get(lab, GPIO('B', GPIO_IDR));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_lock_holds_until_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILL");
    put(lab, GPIO('C', GPIO_LCKR), LCKK | 0x2000);
    put(lab, GPIO('C', GPIO_LCKR), 0x2000);
    put(lab, GPIO('C', GPIO_LCKR), LCKK | 0x2000);
    assert_int_equal(get(lab, GPIO('C', GPIO_LCKR)), LCKK | 0x2000);
    configure(lab, 'C', 13, OUTPUT);
    expect_violation(lab, "SUSPICIOUS gpio-locked");
    assert_int_equal(get(lab, GPIO('C', GPIO_CRH)), 0x44444444);
    configure(lab, 'C', 14, OUTPUT);
    expect_violation(lab, NULL);
    put(lab, GPIO('C', GPIO_LCKR), 0);
    expect_violation(lab, "SUSPICIOUS gpio-locked");
    board_reset_button(lab->board);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    configure(lab, 'C', 13, OUTPUT);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void debug_pins_must_be_freed_first(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILL");
    configure(lab, 'A', 13, OUTPUT);
    expect_violation(lab, "SUSPICIOUS pin-owned-by-debug");
    assert_int_equal(drive(lab, 'A', 13).output, -1);
    assert_int_equal(drive(lab, 'A', 13).pull, 1);
    assert_int_equal(drive(lab, 'A', 14).pull, 0);
    put(lab, AFIO(AFIO_MAPR), SWJ_ONLY_SW);
    configure(lab, 'B', 3, OUTPUT);
    expect_violation(lab, NULL);
    assert_int_equal(drive(lab, 'B', 3).output, 0);
    assert_int_equal(drive(lab, 'A', 13).output, -1);
    put(lab, AFIO(AFIO_MAPR), SWJ_NONE);
    assert_int_equal(drive(lab, 'A', 13).output, 0);
    assert_int_equal(get(lab, AFIO(AFIO_MAPR)), 0);
    expect_violation(lab, NULL);
    put(lab, AFIO(AFIO_MAPR), get(lab, AFIO(AFIO_MAPR)) | 1);
    expect_violation(lab, "SUSPICIOUS swj-cfg-lost");
    lab_free(lab);
}

/* RM0008 9.4.2, SWJ_CFG: "Other combinations: no effect". ST's own libraries write 7 with every remap. */
static void other_values_of_swj_cfg_leave_the_debug_pins_as_they_are(void **state)
{
    (void)state;
    static const uint32_t others[] = {3 << 24, 5 << 24, 6 << 24, 7 << 24};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct lab *lab = lab_with_ports("BLUEPILL");
        put(lab, AFIO(AFIO_MAPR), others[i] | 1);
        expect_violation(lab, "SUSPICIOUS swj-cfg");
        assert_true(lab->board->chip.pins.debug[0] >> 13 & 1);
        assert_int_equal(get(lab, AFIO(AFIO_MAPR)) & 1, 1);
        put(lab, AFIO(AFIO_MAPR), SWJ_NONE);
        put(lab, AFIO(AFIO_MAPR), others[i]);
        assert_false(lab->board->chip.pins.debug[0] >> 13 & 1);
        expect_violation(lab, "SUSPICIOUS swj-cfg");
        lab_free(lab);
    }
}

static void edges_of_a_pin_interrupt(void **state)
{
    (void)state;
    struct lab *lab = lab_with_ports("BLUEPILL");
    const bool *line = &lab->board->chip.cpu.nvic.line[8]; /* EXTI2 */
    put(lab, AFIO(AFIO_EXTICR1), 1 << 8);                  /* PB2 */
    put(lab, EXTI(0x08), 1 << 2);
    put(lab, EXTI(0x00), 1 << 2);
    assert_int_equal(get(lab, EXTI(0x14)), 0);
    board_press(lab->board, true);
    assert_int_equal(get(lab, EXTI(0x14)), 1 << 2);
    assert_true(*line);
    put(lab, EXTI(0x14), 1 << 2);
    assert_false(*line);
    board_press(lab->board, false);
    assert_int_equal(get(lab, EXTI(0x14)), 0);
    put(lab, EXTI(0x10), 1 << 2);
    assert_true(*line);
    assert_int_equal(get(lab, EXTI(0x10)), 1 << 2);
    put(lab, EXTI(0x14), 1 << 2);
    assert_int_equal(get(lab, EXTI(0x10)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_usb_wake_up_line_interrupts(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct device *usb = chip_device(&lab->board->chip, stm32f103.usb);
    put(lab, EXTI(0x08), 1 << 18);
    put(lab, EXTI(0x00), 1 << 18);
    device_drive(usb, USB_FSDEV_WAKEUP, true);
    assert_true(lab->board->chip.cpu.nvic.line[IRQ_USB_WAKEUP]);
    device_drive(usb, USB_FSDEV_WAKEUP, false);
    assert_true(lab->board->chip.cpu.nvic.line[IRQ_USB_WAKEUP]);
    put(lab, EXTI(0x14), 1 << 18);
    assert_false(lab->board->chip.cpu.nvic.line[IRQ_USB_WAKEUP]);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mode_drives_as_it_should),
        cmocka_unit_test(outputs_are_set_and_cleared),
        cmocka_unit_test(a_write_that_changes_nothing_is_no_side_effect),
        cmocka_unit_test(a_floating_button_is_told_once),
        cmocka_unit_test(the_lock_holds_until_reset),
        cmocka_unit_test(debug_pins_must_be_freed_first),
        cmocka_unit_test(other_values_of_swj_cfg_leave_the_debug_pins_as_they_are),
        cmocka_unit_test(edges_of_a_pin_interrupt),
        cmocka_unit_test(the_usb_wake_up_line_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
