/* SDIO with an empty slot (RM0008 chapter 22): everything ends with an error, in its time. */
#include "chip_test.h"

#define SDIO(offset) (0x40018000u + (offset))

enum { POWER = 0x00, CLKCR = 0x04, ARG = 0x08, CMD = 0x0C, RESP1 = 0x14, DTIMER = 0x24, DLEN = 0x28 };
enum { DCTRL = 0x2C, DCOUNT = 0x30, STA = 0x34, ICR = 0x38, MASK = 0x3C, FIFO = 0x80 };
enum { CLKEN = 1 << 8, BYPASS = 1 << 10, CLKDIV_400K = 18, SHORT = 1 << 6, LONG = 3 << 6, CPSMEN = 1 << 10 };
enum { DTEN = 1, FROM_CARD = 2, BLOCK_512 = 9 << 4 };
enum {
    DCRCFAIL = 2,
    CTIMEOUT = 4,
    DTIMEOUT = 8,
    CMDSENT = 1 << 7,
    CMDACT = 1 << 11,
    TXACT = 1 << 12,
    RXACT = 1 << 13
};
enum { TXFIFOHE = 1 << 14, TXFIFOE = 1 << 18, RXFIFOE = 1 << 19, IRQ_LINE = 49, SLACK = 5 };

/* SDIO_CK is 8 MHz / 20. */
static struct lab *lab_with_sdio(uint32_t clock)
{
    struct lab *lab = lab_with("BTTSKRMINIE3V2", NULL);
    put(lab, RCC(RCC_AHBENR), 1 << 10);
    put(lab, SDIO(POWER), 3);
    put(lab, SDIO(CLKCR), clock);
    return lab;
}

static void command_lasts(struct lab *lab, uint32_t command, uint64_t cycles, uint32_t flag)
{
    put(lab, SDIO(CMD), command | CPSMEN);
    assert_int_equal(get(lab, SDIO(STA)), CMDACT);
    wait_cycles(lab, cycles - SLACK);
    assert_int_equal(get(lab, SDIO(STA)), CMDACT);
    wait_cycles(lab, 2 * SLACK);
    assert_int_equal(get(lab, SDIO(STA)), flag);
    put(lab, SDIO(ICR), flag);
    assert_int_equal(get(lab, SDIO(STA)), 0);
}

static void a_command_times_out_64_card_clocks_after_its_end(void **state)
{
    (void)state;
    struct lab *lab = lab_with_sdio(CLKEN | CLKDIV_400K);
    command_lasts(lab, 0, 20 * 48, CMDSENT);
    command_lasts(lab, 8 | SHORT, 20 * (48 + 64), CTIMEOUT);
    command_lasts(lab, 2 | LONG, 20 * (48 + 64), CTIMEOUT);
    put(lab, SDIO(CLKCR), CLKEN | BYPASS);
    command_lasts(lab, 8 | SHORT, 48 + 64, CTIMEOUT);
    assert_int_equal(get(lab, SDIO(RESP1)), 0);
    assert_true(heard(lab, "SDIO: no card"));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void nothing_moves_without_power_and_clock(void **state)
{
    (void)state;
    struct lab *lab = lab_with_sdio(CLKDIV_400K);
    put(lab, SDIO(CMD), 8 | SHORT | CPSMEN);
    wait_us(lab, 10000);
    assert_int_equal(get(lab, SDIO(STA)), CMDACT);
    put(lab, SDIO(CLKCR), CLKEN | CLKDIV_400K);
    wait_us(lab, 300);
    assert_int_equal(get(lab, SDIO(STA)), CTIMEOUT);
    lab_free(lab);
}

static void its_flags_interrupt(void **state)
{
    (void)state;
    struct lab *lab = lab_with_sdio(CLKEN | CLKDIV_400K);
    put(lab, SDIO(MASK), CTIMEOUT);
    put(lab, SDIO(CMD), 55 | SHORT | CPSMEN);
    wait_us(lab, 400);
    assert_true(irq(lab, IRQ_LINE));
    put(lab, SDIO(ICR), CTIMEOUT);
    assert_false(irq(lab, IRQ_LINE));
    lab_free(lab);
}

static void data_time_out_or_are_not_confirmed(void **state)
{
    (void)state;
    struct lab *lab = lab_with_sdio(CLKEN | CLKDIV_400K);
    put(lab, SDIO(DTIMER), 1000);
    put(lab, SDIO(DLEN), 512);
    put(lab, SDIO(DCTRL), DTEN | FROM_CARD | BLOCK_512);
    assert_int_equal(get(lab, SDIO(STA)), RXACT | RXFIFOE);
    assert_int_equal(get(lab, SDIO(DCOUNT)), 512);
    wait_us(lab, 2490);
    assert_int_equal(get(lab, SDIO(STA)), RXACT | RXFIFOE);
    wait_us(lab, 20);
    assert_int_equal(get(lab, SDIO(STA)), DTIMEOUT);
    put(lab, SDIO(ICR), DTIMEOUT);
    put(lab, SDIO(DCTRL), 0);
    put(lab, SDIO(DCTRL), DTEN | BLOCK_512);
    wait_us(lab, 100000);
    assert_int_equal(get(lab, SDIO(STA)), TXACT | TXFIFOE | TXFIFOHE);
    put(lab, SDIO(FIFO), 0x12345678);
    wait_us(lab, 11000);
    assert_int_equal(get(lab, SDIO(STA)), DCRCFAIL);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void registers_have_their_reserved_bits(void **state)
{
    (void)state;
    struct lab *lab = lab_with_sdio(0);
    put(lab, SDIO(ARG), 0xFFFFFFFF);
    assert_int_equal(get(lab, SDIO(ARG)), 0xFFFFFFFF);
    put(lab, SDIO(POWER), 4);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    (void)get(lab, SDIO(0x40));
    expect_violation(lab, "SUSPICIOUS reserved-register");
    put(lab, SDIO(STA), 1);
    expect_violation(lab, "SUSPICIOUS read-only-register");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_times_out_64_card_clocks_after_its_end),
        cmocka_unit_test(nothing_moves_without_power_and_clock),
        cmocka_unit_test(its_flags_interrupt),
        cmocka_unit_test(data_time_out_or_are_not_confirmed),
        cmocka_unit_test(registers_have_their_reserved_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
