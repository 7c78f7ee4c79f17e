/* The two DAC channels (RM0008 chapter 12). */
#include "chip_test.h"

#define DAC(offset)  (0x40007400u + (offset))
#define ADC1(offset) (0x40012400u + (offset))
#define TIM6(offset) (0x40001000u + (offset))
#define DMA2(offset) (0x40020400u + (offset))

enum { CR = 0x00, SWTRIGR = 0x04, DHR12R1 = 0x08, DHR12L1 = 0x0C, DHR8R1 = 0x10, DHR12R2 = 0x14 };
enum { DHR12RD = 0x20, DHR12LD = 0x24, DHR8RD = 0x28, DOR1 = 0x2C, DOR2 = 0x30 };
enum { EN = 1, TEN = 4, TSEL_TIM6 = 0 << 3, TSEL_EXTI9 = 6 << 3, TSEL_SOFTWARE = 7 << 3, NOISE = 1 << 6 };
enum { TRIANGLE = 2 << 6, MAMP_SHIFT = 8, DMAEN = 1 << 12, SECOND = 16 };

static struct lab *lab_with_dac(uint32_t control)
{
    struct lab *lab = lab_with("BTTSKRMINIE3V2", NULL);
    put(lab, RCC(RCC_APB1ENR), 1 << 29 | 1 << 4);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | 1 << 9);
    put(lab, RCC(RCC_AHBENR), 2);
    put(lab, DAC(CR), control);
    return lab;
}

static void every_form_of_data_reaches_the_outputs(void **state)
{
    (void)state;
    struct lab *lab = lab_with_dac(EN | EN << SECOND);
    put(lab, DAC(DHR12R1), 0xABC);
    assert_int_equal(get(lab, DAC(DOR1)), 0xABC);
    put(lab, DAC(DHR12L1), 0x1230);
    assert_int_equal(get(lab, DAC(DOR1)), 0x123);
    put(lab, DAC(DHR8R1), 0x45);
    assert_int_equal(get(lab, DAC(DOR1)), 0x450);
    put(lab, DAC(DHR12R2), 0x777);
    assert_int_equal(get(lab, DAC(DOR2)), 0x777);
    put(lab, DAC(DHR12RD), 0x0AAA0555);
    assert_int_equal(get(lab, DAC(DOR1)), 0x555);
    assert_int_equal(get(lab, DAC(DOR2)), 0xAAA);
    put(lab, DAC(DHR12LD), 0xBBB06660);
    assert_int_equal(get(lab, DAC(DOR1)), 0x666);
    assert_int_equal(get(lab, DAC(DOR2)), 0xBBB);
    put(lab, DAC(DHR8RD), 0xCC11);
    assert_int_equal(get(lab, DAC(DHR12RD)), 0x0CC00110);
    assert_int_equal(get(lab, DAC(DHR8RD)), 0xCC11);
    expect_violation(lab, NULL);
    put(lab, DAC(DHR12R1), 0x1000);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    lab_free(lab);
}

static void software_triggers_what_waits_for_it(void **state)
{
    (void)state;
    struct lab *lab = lab_with_dac(EN | TEN | TSEL_SOFTWARE);
    put(lab, DAC(DHR12R1), 0x321);
    assert_int_equal(get(lab, DAC(DOR1)), 0);
    put(lab, DAC(SWTRIGR), 2);
    assert_int_equal(get(lab, DAC(DOR1)), 0);
    put(lab, DAC(SWTRIGR), 1);
    assert_int_equal(get(lab, DAC(DOR1)), 0x321);
    lab_free(lab);
}

/* The figures of 12.3.8: 0xAAA, then 0xD55. */
static void noise_comes_from_a_shift_register(void **state)
{
    (void)state;
    struct lab *lab = lab_with_dac(EN | TEN | TSEL_SOFTWARE | NOISE | 11 << MAMP_SHIFT);
    put(lab, DAC(SWTRIGR), 1);
    assert_int_equal(get(lab, DAC(DOR1)), 0xAAA);
    put(lab, DAC(SWTRIGR), 1);
    assert_int_equal(get(lab, DAC(DOR1)), 0xD55);
    put(lab, DAC(CR), EN | TEN | TSEL_SOFTWARE | NOISE | 2 << MAMP_SHIFT);
    put(lab, DAC(DHR12R1), 0xF00);
    for (unsigned i = 0; i < 100; i++) {
        put(lab, DAC(SWTRIGR), 1);
        assert_in_range(get(lab, DAC(DOR1)), 0xF00, 0xF07);
    }
    lab_free(lab);
}

static void a_triangle_climbs_to_its_amplitude_and_falls(void **state)
{
    (void)state;
    static const uint16_t steps[] = {10, 11, 12, 13, 12, 11, 10, 11};
    struct lab *lab = lab_with_dac(EN | TEN | TSEL_SOFTWARE | TRIANGLE | 1 << MAMP_SHIFT);
    put(lab, DAC(DHR12R1), 10);
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put(lab, DAC(SWTRIGR), 1);
        assert_int_equal(get(lab, DAC(DOR1)), steps[i]);
    }
    lab_free(lab);
}

static void a_timer_moves_a_table_by_dma(void **state)
{
    (void)state;
    enum {
        CHANNEL3 = 8 + 2 * 20,
        CCR_VALUE = 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10,
        MMS_UPDATE = 2 << 4
    };
    struct lab *lab = lab_with_dac(EN | TEN | TSEL_TIM6 | DMAEN);
    put(lab, RAM_AT + 0x100, 0x02000100);
    put(lab, RAM_AT + 0x104, 0x04000300);
    put(lab, DMA2(CHANNEL3 + 4), 4);
    put(lab, DMA2(CHANNEL3 + 8), DAC(DHR12R1));
    put(lab, DMA2(CHANNEL3 + 12), RAM_AT + 0x100);
    put(lab, DMA2(CHANNEL3), CCR_VALUE);
    put(lab, TIM6(TIM_ARR), 79);
    put(lab, TIM6(TIM_CR2), MMS_UPDATE);
    put(lab, TIM6(TIM_CR1), 1);
    for (unsigned i = 0; i < 9; i++) {
        wait_us(lab, i == 0 ? 15 : 10);
        assert_int_equal(get(lab, DAC(DOR1)), i == 0 ? 0 : 0x100 * ((i - 1) % 4 + 1));
    }
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_pin_triggers_by_line_9(void **state)
{
    (void)state;
    struct lab *lab = lab_with_dac((EN | TEN | TSEL_EXTI9) << SECOND);
    put(lab, DAC(DHR12R2), 0x99);
    put(lab, EXTI(0x04), 1 << 9);
    put(lab, EXTI(0x08), 1 << 9);
    put(lab, GPIO('A', GPIO_CRH), 0x44444434);
    assert_int_equal(get(lab, DAC(DOR2)), 0);
    put(lab, GPIO('A', GPIO_BSRR), 1 << 9);
    assert_int_equal(get(lab, DAC(DOR2)), 0x99);
    lab_free(lab);
}

static void the_adc_measures_what_the_dac_makes(void **state)
{
    (void)state;
    enum {
        ADC_CR2 = 8,
        ADC_SQR3 = 0x34,
        ADC_DR = 0x4C,
        ADON = 1,
        SOFTWARE = 7 << 17 | 1 << 20,
        SWSTART = 1 << 22
    };
    struct lab *lab = lab_with_dac(EN << SECOND);
    put(lab, GPIO('A', GPIO_CRL), 0x44004444);
    put(lab, DAC(DHR12R2), 0x456);
    put(lab, ADC1(ADC_CR2), ADON | SOFTWARE);
    put(lab, ADC1(ADC_SQR3), 5);
    put(lab, ADC1(ADC_CR2), ADON | SOFTWARE | SWSTART);
    wait_us(lab, 10);
    assert_int_equal(get(lab, ADC1(ADC_DR)), 0x456);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_data_reaches_the_outputs),
        cmocka_unit_test(software_triggers_what_waits_for_it),
        cmocka_unit_test(noise_comes_from_a_shift_register),
        cmocka_unit_test(a_triangle_climbs_to_its_amplitude_and_falls),
        cmocka_unit_test(a_timer_moves_a_table_by_dma),
        cmocka_unit_test(a_pin_triggers_by_line_9),
        cmocka_unit_test(the_adc_measures_what_the_dac_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
