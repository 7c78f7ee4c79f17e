/* Pins of the STM32L1: modes, functions by number, EXTI, USB's pull-up, and what its boards have on them. */
#include "l1_test.h"

#include "chip/usb_port.h"

enum { INPUT, OUTPUT, ALTERNATE, ANALOG };

static void set_mode(struct lab *lab, char port, unsigned pin, uint32_t mode)
{
    uint32_t address = GPIO(port, MODER);
    set_bits(lab, RCC(RCC_AHBENR), AHBENR_PORTS);
    put(lab, address, (get(lab, address) & ~(3u << 2 * pin)) | mode << 2 * pin);
}

static struct pin_drive drive(const struct lab *lab, char port, unsigned pin)
{
    return chip_pin_drive(&lab->board->chip, (unsigned)port - 'A', pin);
}

static void an_output_drives_and_an_input_pulls(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_mode(lab, 'C', 5, OUTPUT);
    assert_int_equal(drive(lab, 'C', 5).output, 0);
    put(lab, GPIO('C', BSRR), 1 << 5);
    assert_int_equal(drive(lab, 'C', 5).output, 1);
    assert_int_equal(get(lab, GPIO('C', IDR)) >> 5 & 1, 1);
    put(lab, GPIO('C', OTYPER), 1 << 5);
    assert_int_equal(drive(lab, 'C', 5).output, -1);
    put_size(lab, GPIO('C', BSRR) + 2, 2, 1 << 5);
    assert_int_equal(drive(lab, 'C', 5).output, 0);
    set_mode(lab, 'C', 5, INPUT);
    put(lab, GPIO('C', PUPDR), 1 << 10);
    assert_int_equal(drive(lab, 'C', 5).pull, 1);
    assert_int_equal(get(lab, GPIO('C', IDR)) >> 5 & 1, 1);
    put(lab, GPIO('C', PUPDR), 2 << 10);
    assert_int_equal(get(lab, GPIO('C', IDR)) >> 5 & 1, 0);
    put(lab, GPIO('C', PUPDR), 1 << 10);
    set_mode(lab, 'C', 5, ANALOG);
    assert_int_equal(get(lab, GPIO('C', IDR)) >> 5 & 1, 0);
    expect_violation(lab, NULL);
    put(lab, GPIO('C', PUPDR), 3 << 10);
    expect_violation(lab, "SUSPICIOUS gpio-reserved-mode");
    lab_free(lab);
}

static void a_function_is_on_the_pin_that_has_its_number(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    const struct chip *chip = &lab->board->chip;
    set_bits(lab, RCC(RCC_APB1ENR), 1 << 0);
    put(lab, 0x40000018, 5 << 4); /* TIM2's channel 1 is forced high */
    put(lab, 0x40000020, 1);
    set_mode(lab, 'A', 5, ALTERNATE);
    assert_int_equal(drive(lab, 'A', 5).output, -1);
    put(lab, GPIO('A', AFRL), 1 << 20);
    assert_int_equal(drive(lab, 'A', 5).output, 1);
    assert_int_equal(drive(lab, 'A', 0).output, -1);
    assert_true(chip_pin_is_alternate(chip, 0, 5));
    set_mode(lab, 'A', 5, INPUT);
    assert_int_equal(drive(lab, 'A', 5).output, -1);
    lab_free(lab);
}

static void a_locked_pin_stays_as_it_is(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_mode(lab, 'C', 3, OUTPUT);
    put(lab, GPIO('C', LCKR), 0x10008);
    put(lab, GPIO('C', LCKR), 0x00008);
    put(lab, GPIO('C', LCKR), 0x10008);
    assert_int_equal(get(lab, GPIO('C', LCKR)), 0x10008);
    put(lab, GPIO('C', MODER), 0);
    expect_violation(lab, "SUSPICIOUS gpio-locked");
    assert_int_equal(get(lab, GPIO('C', MODER)), OUTPUT << 6);
    put(lab, GPIO('C', AFRL), 1 << 12);
    expect_violation(lab, "SUSPICIOUS gpio-locked");
    put(lab, GPIO('C', BSRR), 1 << 3);
    assert_int_equal(drive(lab, 'C', 3).output, 1);
    lab_free(lab);
}

/* EXTICR counts A to E, then H. */
static void expect_line(struct lab *lab, char port, uint32_t number)
{
    set_bits(lab, RCC(RCC_APB2ENR), APB2ENR_SYSCFG);
    set_mode(lab, port, 1, INPUT);
    board_drive(lab->board, (uint8_t)((port - 'A') << 4 | 1), 0);
    put(lab, SYSCFG(0x08), number << 4);
    put(lab, EXTI(0x08), 1 << 1);
    put(lab, EXTI(0x00), 1 << 1);
    assert_int_equal(get(lab, EXTI(0x14)), 0);
    board_drive(lab->board, (uint8_t)((port - 'A') << 4 | 1), 1);
    assert_int_equal(get(lab, EXTI(0x14)), 1 << 1);
    assert_true(lab->board->chip.cpu.nvic.line[L1_IRQ_EXTI1]);
    put(lab, EXTI(0x14), 1 << 1);
    put(lab, EXTI(0x08), 0);
}

static void syscfg_wires_ports_to_exti_lines(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    expect_line(lab, 'A', 0);
    expect_line(lab, 'E', 4);
    expect_line(lab, 'H', 5);
    expect_violation(lab, NULL);
    lab_free(lab);
    lab = lab_with("STM32L151xC", NULL);
    expect_line(lab, 'B', 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void syscfg_pulls_dplus_up(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_false(lab->board->dplus);
    put(lab, SYSCFG(0x04), 1);
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    set_bits(lab, RCC(RCC_APB2ENR), APB2ENR_SYSCFG);
    put(lab, SYSCFG(0x04), 1);
    assert_true(lab->board->dplus);
    put(lab, SYSCFG(0x04), 0);
    assert_false(lab->board->dplus);
    put(lab, SYSCFG(0x04), 1);
    wait_us(lab, 110000);
    assert_int_equal(lab->board->host.port, USB_PORT_ATTACHED);
    board_reset_button(lab->board);
    assert_false(lab->board->dplus);
    set_bits(lab, RCC(RCC_APB2ENR), APB2ENR_SYSCFG);
    put(lab, SYSCFG(0x04), 1);
    assert_true(lab->board->dplus);
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    put(lab, RCC(0x18), APB1ENR_USB); /* USB's own reset leaves it */
    put(lab, RCC(0x18), 0);
    assert_true(lab->board->dplus);
    board_power(lab->board, false);
    assert_false(lab->board->dplus);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_discovery_has_an_led_and_a_button(void **state)
{
    (void)state;
    struct lab *lab = lab_with("STM32L152DISCOVERY", NULL);
    set_mode(lab, 'B', 6, OUTPUT);
    assert_false(lab->board->led_on);
    put(lab, GPIO('B', BSRR), 1 << 6);
    assert_true(lab->board->led_on);
    put(lab, GPIO('B', BSRR), 1 << 22);
    assert_false(lab->board->led_on);
    assert_int_equal(get(lab, GPIO('A', IDR)) & 1, 0);
    board_press(lab->board, true);
    assert_int_equal(get(lab, GPIO('A', IDR)) & 1, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_output_drives_and_an_input_pulls),
        cmocka_unit_test(a_function_is_on_the_pin_that_has_its_number),
        cmocka_unit_test(a_locked_pin_stays_as_it_is),
        cmocka_unit_test(syscfg_wires_ports_to_exti_lines),
        cmocka_unit_test(syscfg_pulls_dplus_up),
        cmocka_unit_test(the_discovery_has_an_led_and_a_button),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
