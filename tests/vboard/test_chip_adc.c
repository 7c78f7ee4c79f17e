/* The analog-to-digital converters (RM0008 chapter 11). */
#include "chip_test.h"

#define ADC1(offset) (0x40012400u + (offset))
#define ADC2(offset) (0x40012800u + (offset))

enum { SR = 0x00, CR1 = 0x04, CR2 = 0x08, SMPR1 = 0x0C, JOFR1 = 0x14, HTR = 0x24, LTR = 0x28 };
enum { SQR1 = 0x2C, SQR3 = 0x34, JSQR = 0x38, JDR1 = 0x3C, JDR2 = 0x40, DR = 0x4C };
enum { AWD = 1 << 0, EOC = 1 << 1, JEOC = 1 << 2, JSTRT = 1 << 3, STRT = 1 << 4 };
enum { EOCIE = 1 << 5, AWDIE = 1 << 6, SCAN = 1 << 8, JAUTO = 1 << 10, AWDEN = 1 << 23 };
enum { ADON = 1 << 0, CONT = 1 << 1, CAL = 1 << 2, RSTCAL = 1 << 3, DMA_MODE = 1 << 8, ALIGN = 1 << 11 };
enum { JSOFTWARE = 7 << 12 | 1 << 15, SOFTWARE = 7 << 17 | 1 << 20, JSWSTART = 1 << 21, SWSTART = 1 << 22 };
enum { TSVREFE = 1 << 23, APB2ENR_ADCS = 3 << 9, TEMPERATURE = 16, REFERENCE = 17, IRQ_ADC = 18 };
enum { TEMPERATURE_VALUE = 1775, REFERENCE_VALUE = 1489 };

/* ADCCLK is 4 MHz: PCLK2 by 2. */
static struct lab *lab_with_adc(uint32_t mode)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ADCS | APB2ENR_ALL_PORTS);
    put(lab, ADC1(CR2), mode | ADON);
    wait_us(lab, 2);
    return lab;
}

static bool interrupts(const struct lab *lab)
{
    return lab->board->chip.cpu.nvic.line[IRQ_ADC];
}

static void registers_are_as_after_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ADCS);
    for (uint32_t offset = SR; offset <= DR; offset += 4)
        assert_int_equal(get(lab, ADC2(offset)), offset == HTR ? 0xFFF : 0);
    put(lab, ADC1(CR1), 1 << 20);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    put(lab, ADC1(DR), 1);
    expect_violation(lab, "SUSPICIOUS read-only-register");
    lab_free(lab);
}

static void calibration_takes_83_cycles(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(0);
    put(lab, ADC1(CR2), ADON | RSTCAL);
    assert_int_equal(get(lab, ADC1(CR2)), ADON | RSTCAL);
    wait_us(lab, 3);
    assert_int_equal(get(lab, ADC1(CR2)), ADON);
    put(lab, ADC1(CR2), ADON | CAL);
    wait_us(lab, 20);
    assert_int_equal(get(lab, ADC1(CR2)), ADON | CAL);
    wait_us(lab, 1);
    assert_int_equal(get(lab, ADC1(CR2)), ADON);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_conversion_takes_its_sample_time_and_12_and_a_half_cycles(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(SOFTWARE | TSVREFE);
    put(lab, ADC1(SQR3), TEMPERATURE);
    put(lab, ADC1(SMPR1), 7 << 18); /* 239.5 cycles; 252 in all: 63 us */
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | SWSTART | ADON);
    assert_int_equal(get(lab, ADC1(CR2)), SOFTWARE | TSVREFE | ADON);
    assert_int_equal(get(lab, ADC1(SR)), STRT);
    wait_us(lab, 62);
    assert_int_equal(get(lab, ADC1(SR)), STRT);
    wait_us(lab, 2);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC);
    assert_int_equal(get(lab, ADC1(DR)), TEMPERATURE_VALUE);
    assert_int_equal(get(lab, ADC1(SR)), STRT);
    put(lab, ADC1(SR), ~(uint32_t)STRT);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void adon_written_once_more_starts_but_not_with_another_change(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(0);
    wait_us(lab, 100);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    put(lab, ADC1(CR2), ADON | ALIGN);
    wait_us(lab, 100);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    put(lab, ADC1(CR2), ADON | ALIGN);
    wait_us(lab, 5);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC);
    put(lab, ADC1(CR2), 0);
    put(lab, ADC1(SR), 0);
    put(lab, ADC1(CR2), ADON);
    wait_us(lab, 100);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    lab_free(lab);
}

static void levels_of_pins_are_the_ends_of_the_scale(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(SOFTWARE);
    static const struct {
        uint32_t mode, level, value; /* of PA1 */
    } pins[] = {{2, 0, 0}, {2, 1, 0xFFF}, {8, 0, 0}, {8, 1, 0xFFF}, {0, 0, 0x800}};
    put(lab, ADC1(SQR3), 1);
    for (unsigned i = 0; i < sizeof pins / sizeof pins[0]; i++) {
        put(lab, GPIO('A', GPIO_ODR), pins[i].level << 1);
        put(lab, GPIO('A', GPIO_CRL), 0x44444404 | pins[i].mode << 4);
        put(lab, ADC1(CR2), SOFTWARE | SWSTART | ADON);
        wait_us(lab, 5);
        assert_int_equal(get(lab, ADC1(DR)), pins[i].value);
    }
    put(lab, GPIO('A', GPIO_CRL), 0x44444484);
    put(lab, GPIO('A', GPIO_ODR), 2);
    put(lab, ADC1(CR2), SOFTWARE | ALIGN | ADON);
    put(lab, ADC1(CR2), SOFTWARE | ALIGN | SWSTART | ADON);
    wait_us(lab, 5);
    assert_int_equal(get(lab, ADC1(DR)), 0xFFF0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* 11.3.8, 11.3.10: DMA takes each value of the sequence, EOC comes at its end. */
static void dma_takes_a_sequence_over_and_over(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    enum { CCR1 = 0x08, CNDTR1 = 0x0C, CPAR1 = 0x10, CMAR1 = 0x14, PLACES = 3 };
    enum { CIRCULAR_HALF_WORDS = 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10, BUFFER = 0x20000100 };
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA1);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ADCS | APB2ENR_ALL_PORTS);
    put(lab, DMA(CNDTR1), PLACES);
    put(lab, DMA(CPAR1), ADC1(DR));
    put(lab, DMA(CMAR1), BUFFER);
    put(lab, DMA(CCR1), CIRCULAR_HALF_WORDS);
    put(lab, ADC1(SQR1), (PLACES - 1) << 20);
    put(lab, ADC1(SQR3), TEMPERATURE | REFERENCE << 5 | 1 << 10);
    put(lab, ADC1(CR1), SCAN);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | DMA_MODE | CONT | ADON);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | DMA_MODE | CONT | SWSTART | ADON);
    wait_us(lab, 9); /* 14 cycles each: 3.5 us */
    assert_int_equal(get(lab, ADC1(SR)), STRT);
    wait_us(lab, 100);
    assert_int_equal(get_size(lab, BUFFER, 2), TEMPERATURE_VALUE);
    assert_int_equal(get_size(lab, BUFFER + 2, 2), REFERENCE_VALUE);
    assert_int_equal(get_size(lab, BUFFER + 4, 2), 0x800);
    put(lab, ADC1(CR2), 0);
    wait_us(lab, 5);
    uint32_t left = get(lab, DMA(CNDTR1));
    wait_us(lab, 100);
    assert_int_equal(get(lab, DMA(CNDTR1)), left);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void injected_channels_have_registers_and_offsets_of_their_own(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(JSOFTWARE | TSVREFE);
    put(lab, ADC1(CR1), SCAN);
    put(lab, ADC1(JSQR), 1 << 20 | TEMPERATURE << 10 | REFERENCE << 15); /* two: JSQ3, JSQ4 */
    put(lab, ADC1(JOFR1), 775);
    put(lab, ADC1(JOFR1 + 4), 2000);
    put(lab, ADC1(CR2), JSOFTWARE | TSVREFE | JSWSTART | ADON);
    assert_int_equal(get(lab, ADC1(SR)), JSTRT);
    wait_us(lab, 10);
    assert_int_equal(get(lab, ADC1(SR)), JSTRT | JEOC);
    assert_int_equal(get(lab, ADC1(JDR1)), 1000);
    assert_int_equal(get(lab, ADC1(JDR2)), (uint16_t)(REFERENCE_VALUE - 2000));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void injected_channels_can_follow_regular_ones(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(SOFTWARE | TSVREFE);
    put(lab, ADC1(CR1), JAUTO);
    put(lab, ADC1(JSQR), REFERENCE << 15);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | SWSTART | ADON);
    wait_us(lab, 10);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC | JEOC);
    assert_int_equal(get(lab, ADC1(JDR1)), REFERENCE_VALUE);
    lab_free(lab);
}

static void the_watchdog_and_the_end_interrupt(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(SOFTWARE | TSVREFE);
    put(lab, ADC1(SQR3), REFERENCE);
    put(lab, ADC1(HTR), REFERENCE_VALUE);
    put(lab, ADC1(LTR), REFERENCE_VALUE);
    put(lab, ADC1(CR1), AWDEN | AWDIE);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | SWSTART | ADON);
    wait_us(lab, 5);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC);
    assert_false(interrupts(lab));
    put(lab, ADC1(LTR), REFERENCE_VALUE + 1);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | SWSTART | ADON);
    wait_us(lab, 5);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC | AWD);
    assert_true(interrupts(lab));
    put(lab, ADC1(SR), 0);
    assert_false(interrupts(lab));
    put(lab, ADC1(CR1), EOCIE);
    put(lab, ADC1(CR2), SOFTWARE | TSVREFE | SWSTART | ADON);
    wait_us(lab, 5);
    assert_true(interrupts(lab));
    (void)get(lab, ADC1(DR));
    assert_false(interrupts(lab));
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* 11.7: TIM3_TRGO each 100 us, a match of TIM2's channel 2 each ms. */
static void timers_start_conversions(void **state)
{
    (void)state;
    enum { BY_TIM3_TRGO = 4 << 17 | 1 << 20, BY_TIM2_CC2 = 3 << 17 | 1 << 20, TRGO_UPDATE = 2 << 4, CEN = 1 };
    struct lab *lab = lab_with_adc(TSVREFE);
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    put(lab, ADC1(SQR3), REFERENCE);
    put(lab, TIM3(TIM_ARR), 799);
    put(lab, TIM3(TIM_CR2), TRGO_UPDATE);
    put(lab, TIM3(TIM_CR1), CEN);
    wait_us(lab, 250); /* nobody listens yet */
    put(lab, ADC1(CR2), TSVREFE | BY_TIM3_TRGO | ADON);
    wait_us(lab, 45);
    assert_int_equal(get(lab, ADC1(SR)), 0);
    wait_us(lab, 10);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC);
    assert_int_equal(get(lab, ADC1(DR)), REFERENCE_VALUE);
    wait_us(lab, 100);
    assert_int_equal(get(lab, ADC1(SR)), STRT | EOC);
    put(lab, TIM3(TIM_CR1), 0);
    (void)get(lab, ADC1(DR));
    put(lab, ADC1(CR2), TSVREFE | BY_TIM2_CC2 | ADON);
    put(lab, TIM2(TIM_ARR), 7999);
    put(lab, TIM2(TIM_CCR2), 4000);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 490);
    assert_false(get(lab, ADC1(SR)) & EOC);
    wait_us(lab, 20);
    assert_true(get(lab, ADC1(SR)) & EOC);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void what_is_not_modelled_is_said(void **state)
{
    (void)state;
    struct lab *lab = lab_with_adc(0);
    put(lab, ADC1(CR1), 6 << 16);
    expect_violation(lab, "SUSPICIOUS unmodelled: ADC1_CR1");
    put(lab, ADC1(CR1), 1 << 11);
    expect_violation(lab, "SUSPICIOUS unmodelled: ADC1_CR1");
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_as_after_reset),
        cmocka_unit_test(calibration_takes_83_cycles),
        cmocka_unit_test(a_conversion_takes_its_sample_time_and_12_and_a_half_cycles),
        cmocka_unit_test(adon_written_once_more_starts_but_not_with_another_change),
        cmocka_unit_test(levels_of_pins_are_the_ends_of_the_scale),
        cmocka_unit_test(dma_takes_a_sequence_over_and_over),
        cmocka_unit_test(injected_channels_have_registers_and_offsets_of_their_own),
        cmocka_unit_test(injected_channels_can_follow_regular_ones),
        cmocka_unit_test(the_watchdog_and_the_end_interrupt),
        cmocka_unit_test(timers_start_conversions),
        cmocka_unit_test(what_is_not_modelled_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
