/* SPI masters with nothing connected (RM0008 chapter 25). */
#include "chip_test.h"

#define SPI1(offset) (0x40013000u + (offset))
#define SPI2(offset) (0x40003800u + (offset))

enum { CR1 = 0x00, CR2 = 0x04, SR = 0x08, DR = 0x0C, CRCPR = 0x10, I2SPR = 0x20 };
enum { MSTR = 1 << 2, SPE = 1 << 6, SSI = 1 << 8, SSM = 1 << 9, RXONLY = 1 << 10, DFF = 1 << 11 };
enum { CRCEN = 1 << 13, BIDIOE = 1 << 14, BIDIMODE = 1 << 15, MASTER = MSTR | SPE | SSI | SSM };
enum { RXNE = 1, TXE = 2, MODF = 1 << 5, OVR = 1 << 6, BSY = 1 << 7, RXNEIE = 1 << 6, IRQ_SPI1_LINE = 35 };
enum { APB2ENR_SPI1 = 1 << 12, APB1ENR_SPI2 = 1 << 14, RXDMAEN = 1, TXDMAEN = 2 };

static struct lab *lab_with_spi(uint32_t mode)
{
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_APB2ENR), APB2ENR_SPI1 | APB2ENR_ALL_PORTS);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_SPI2);
    put(lab, SPI1(CR1), mode);
    return lab;
}

static void registers_are_as_after_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(0);
    assert_int_equal(get(lab, SPI2(SR)), TXE);
    assert_int_equal(get(lab, SPI2(CRCPR)), 7);
    assert_int_equal(get(lab, SPI2(I2SPR)), 2);
    put(lab, SPI1(CR2), 1 << 3);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    lab_free(lab);
}

/* DS5319 5.3.17: 18 MHz at most. */
static void a_clock_above_18_mhz_is_told(void **state)
{
    (void)state;
    enum { HSEON = 1 << 16, PLLON = 1 << 24, PLLMUL9 = 7 << 18, PLLSRC = 1 << 16, PPRE1_2 = 4 << 8 };
    struct lab *lab = lab_with_spi(MASTER);
    expect_violation(lab, NULL); /* PCLK2 / 2 of 8 MHz */
    put(lab, SPI1(CR1), 0);
    put(lab, FLASH(FLASH_ACR), 0x12);
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 10000);
    put(lab, RCC(RCC_CFGR), PLLMUL9 | PLLSRC | PPRE1_2);
    set_bits(lab, RCC(RCC_CR), PLLON);
    wait_us(lab, 1000);
    set_bits(lab, RCC(RCC_CFGR), 2);
    expect_violation(lab, NULL);
    put(lab, SPI1(CR1), MASTER);
    expect_violation(lab, "FORBIDDEN spi-too-fast");
    put(lab, SPI1(CR1), MASTER | 1 << 3); /* PCLK2 / 4 */
    expect_violation(lab, NULL);
    put(lab, SPI2(CR1), MASTER); /* PCLK1 / 2 */
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* BR = 0: two cycles of PCLK2 a bit, 2 us for 8 bits at 8 MHz. */
static void a_frame_takes_its_bits_and_brings_the_level_of_miso(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(MASTER);
    assert_int_equal(get(lab, SPI1(SR)), TXE);
    put(lab, SPI1(DR), 0x5A);
    assert_int_equal(get(lab, SPI1(SR)), TXE | BSY);
    put(lab, SPI1(DR), 0xA5);
    assert_int_equal(get(lab, SPI1(SR)), BSY);
    wait_cycles(lab, 15);
    assert_int_equal(get(lab, SPI1(SR)), BSY);
    wait_cycles(lab, 2);
    assert_int_equal(get(lab, SPI1(SR)), RXNE | TXE | BSY);
    assert_int_equal(get(lab, SPI1(DR)), 0xFF);
    assert_int_equal(get(lab, SPI1(SR)), TXE | BSY);
    wait_cycles(lab, 16);
    assert_int_equal(get(lab, SPI1(SR)), RXNE | TXE);
    (void)get(lab, SPI1(DR));
    put(lab, GPIO('A', GPIO_CRL), 0x48444444); /* PA6: input with pull-down */
    put(lab, SPI1(CR1), MASTER | DFF);
    put(lab, SPI1(DR), 0x1234);
    wait_cycles(lab, 33);
    assert_int_equal(get(lab, SPI1(DR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_frame_that_is_not_fetched_overruns_the_next(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(MASTER);
    put(lab, SPI1(DR), 1);
    put(lab, SPI1(DR), 2);
    wait_us(lab, 10);
    assert_int_equal(get(lab, SPI1(SR)), RXNE | TXE | OVR);
    (void)get(lab, SPI1(DR));
    assert_int_equal(get(lab, SPI1(SR)), TXE | OVR);
    assert_int_equal(get(lab, SPI1(SR)), TXE);
    lab_free(lab);
}

static void one_line_sends_only_or_receives_for_ever(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(MASTER | BIDIMODE | BIDIOE);
    put(lab, SPI1(DR), 1);
    wait_us(lab, 10);
    assert_int_equal(get(lab, SPI1(SR)), TXE);
    put(lab, SPI1(CR1), MASTER | RXONLY);
    wait_us(lab, 3);
    assert_int_equal(get(lab, SPI1(SR)), RXNE | TXE | BSY);
    wait_us(lab, 2);
    assert_int_equal(get(lab, SPI1(SR)), RXNE | TXE | OVR | BSY);
    put(lab, SPI1(CR1), SSI | SSM);
    wait_us(lab, 3);
    assert_false(get(lab, SPI1(SR)) & BSY);
    lab_free(lab);
}

static void a_master_that_is_selected_is_none_any_more(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(MSTR | SPE | SSM);
    assert_int_equal(get(lab, SPI1(CR1)), SSM);
    assert_int_equal(get(lab, SPI1(SR)), TXE | MODF);
    put(lab, SPI1(CR1), SSM | SSI);
    assert_int_equal(get(lab, SPI1(SR)), TXE);
    lab_free(lab);
}

static void interrupt_and_dma(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(MASTER);
    enum { CCR2 = 0x1C, CNDTR2 = 0x20, CPAR2 = 0x24, CMAR2 = 0x28, CHANNEL = 20, BYTES = 5 };
    enum { TO_MEMORY = 1 | 1 << 7, FROM_MEMORY = 1 | 1 << 4 | 1 << 7, BUFFER = 0x20000100 };
    put(lab, SPI1(CR2), RXNEIE);
    put(lab, SPI1(DR), 1);
    wait_us(lab, 3);
    assert_true(lab->board->chip.cpu.nvic.line[IRQ_SPI1_LINE]);
    (void)get(lab, SPI1(DR));
    assert_false(lab->board->chip.cpu.nvic.line[IRQ_SPI1_LINE]);
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA1);
    for (unsigned i = 0; i < 2; i++) {
        put(lab, DMA(CNDTR2 + i * CHANNEL), BYTES);
        put(lab, DMA(CPAR2 + i * CHANNEL), SPI1(DR));
        put(lab, DMA(CMAR2 + i * CHANNEL), BUFFER + i * 16);
        put(lab, DMA(CCR2 + i * CHANNEL), i ? FROM_MEMORY : TO_MEMORY);
    }
    put(lab, SPI1(CR2), RXDMAEN | TXDMAEN);
    wait_us(lab, 30);
    assert_int_equal(get(lab, DMA(CNDTR2)), 0);
    assert_int_equal(get(lab, BUFFER), 0xFFFFFFFF);
    assert_int_equal(get_size(lab, BUFFER + 4, 1), 0xFF);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void what_is_not_modelled_is_said(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(0);
    put(lab, SPI1(CR1), CRCEN);
    expect_violation(lab, "SUSPICIOUS unmodelled: SPI1_CR1");
    put(lab, SPI2(CR1), SPE);
    wait_us(lab, 2000);
    expect_violation(lab, "SUSPICIOUS unmodelled: SPI2_CR1");
    lab_free(lab);
}

/* ST's StdPeriph library sets SPE before MSTR. */
static void a_master_may_be_on_before_it_is_one(void **state)
{
    (void)state;
    struct lab *lab = lab_with_spi(0);
    put(lab, SPI1(CR1), SPE | SSI | SSM);
    wait_us(lab, 50);
    put(lab, SPI1(CR1), MASTER | 1 << 3);
    put(lab, SPI2(CR1), SPE);
    wait_us(lab, 50);
    put(lab, SPI2(CR1), 0);
    wait_us(lab, 2000);
    expect_violation(lab, NULL);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_as_after_reset),
        cmocka_unit_test(a_clock_above_18_mhz_is_told),
        cmocka_unit_test(a_frame_takes_its_bits_and_brings_the_level_of_miso),
        cmocka_unit_test(a_frame_that_is_not_fetched_overruns_the_next),
        cmocka_unit_test(one_line_sends_only_or_receives_for_ever),
        cmocka_unit_test(a_master_that_is_selected_is_none_any_more),
        cmocka_unit_test(interrupt_and_dma),
        cmocka_unit_test(what_is_not_modelled_is_said),
        cmocka_unit_test(a_master_may_be_on_before_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
