/* I2C masters on a bus with nobody on it (RM0008 chapter 26). */
#include "chip_test.h"

#define I2C1(offset) (0x40005400u + (offset))
#define I2C2(offset) (0x40005800u + (offset))

enum { CR1 = 0x00, CR2 = 0x04, OAR1 = 0x08, DR = 0x10, SR1 = 0x14, SR2 = 0x18, CCR = 0x1C, TRISE = 0x20 };
enum { PE = 1, START = 1 << 8, STOP = 1 << 9, SWRST = 1 << 15, SB = 1, AF = 1 << 10, MSL = 1, BUSY = 2 };
enum { ITERREN = 1 << 8, ITEVTEN = 1 << 9, EVENT = 31, ERROR = 32, APB1ENR_I2CS = 3 << 21 };

/* 100 kHz of 8 MHz. */
static struct lab *lab_with_i2c(void)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB1ENR), APB1ENR_I2CS);
    put(lab, I2C1(CR2), 8 | ITERREN | ITEVTEN);
    put(lab, I2C1(CCR), 40);
    put(lab, I2C1(CR1), PE);
    return lab;
}

static bool interrupts(const struct lab *lab, unsigned irq)
{
    return lab->board->chip.cpu.nvic.line[irq];
}

static void an_address_is_not_acknowledged(void **state)
{
    (void)state;
    struct lab *lab = lab_with_i2c();
    put(lab, I2C1(CR1), PE | START);
    wait_us(lab, 9);
    assert_int_equal(get(lab, I2C1(SR1)), 0);
    wait_us(lab, 2);
    assert_int_equal(get(lab, I2C1(CR1)), PE);
    assert_int_equal(get(lab, I2C1(SR1)), SB);
    assert_int_equal(get(lab, I2C1(SR2)), MSL | BUSY);
    assert_true(interrupts(lab, EVENT));
    put(lab, I2C1(DR), 0xA0);
    assert_int_equal(get(lab, I2C1(SR1)), 0);
    assert_false(interrupts(lab, EVENT));
    wait_us(lab, 89);
    assert_int_equal(get(lab, I2C1(SR1)), 0);
    wait_us(lab, 2);
    assert_int_equal(get(lab, I2C1(SR1)), AF);
    assert_true(interrupts(lab, ERROR));
    put(lab, I2C1(SR1), ~(uint32_t)AF);
    assert_int_equal(get(lab, I2C1(SR1)), 0);
    assert_false(interrupts(lab, ERROR));
    put(lab, I2C1(CR1), PE | STOP);
    wait_us(lab, 11);
    assert_int_equal(get(lab, I2C1(CR1)), PE);
    assert_int_equal(get(lab, I2C1(SR2)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_start_condition_can_be_repeated(void **state)
{
    (void)state;
    struct lab *lab = lab_with_i2c();
    for (unsigned i = 0; i < 2; i++) {
        put(lab, I2C1(CR1), PE | START);
        wait_us(lab, 11);
        put(lab, I2C1(DR), 0xA0); /* SR1 was not read: SB stays */
        assert_int_equal(get(lab, I2C1(SR1)), SB);
        put(lab, I2C1(DR), 0xA0);
        wait_us(lab, 91);
        assert_int_equal(get(lab, I2C1(SR1)), AF);
        put(lab, I2C1(SR1), 0);
    }
    lab_free(lab);
}

static void off_or_reset_it_forgets(void **state)
{
    (void)state;
    struct lab *lab = lab_with_i2c();
    put(lab, I2C1(CR1), PE | START);
    wait_us(lab, 11);
    put(lab, I2C1(CR1), 0);
    assert_int_equal(get(lab, I2C1(SR2)), 0);
    assert_int_equal(get(lab, I2C1(CCR)), 40);
    put(lab, I2C1(CR1), SWRST);
    put(lab, I2C1(CR1), 0);
    assert_int_equal(get(lab, I2C1(CCR)), 0);
    assert_int_equal(get(lab, I2C2(TRISE)), 2);
    put(lab, I2C1(OAR1), 1 << 14); /* to be kept at 1 (26.6.3) */
    expect_violation(lab, NULL);
    put(lab, I2C1(OAR1), 1 << 13);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_not_acknowledged),
        cmocka_unit_test(a_start_condition_can_be_repeated),
        cmocka_unit_test(off_or_reset_it_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
