/* What only chips above 128 KiB have more of: timers, serial ports, SPI3, ADC3, DMA2, ports F and G. */
#include "chip_test.h"

#define TIM5(offset)  (0x40000C00u + (offset))
#define TIM6(offset)  (0x40001000u + (offset))
#define TIM7(offset)  (0x40001400u + (offset))
#define TIM8(offset)  (0x40013400u + (offset))
#define SPI3(offset)  (0x40003C00u + (offset))
#define UART4(offset) (0x40004C00u + (offset))
#define UART5(offset) (0x40005000u + (offset))
#define ADC1(offset)  (0x40012400u + (offset))
#define ADC3(offset)  (0x40013C00u + (offset))
#define DMA2(offset)  (0x40020400u + (offset))

enum { CEN = 1, UIF = 1, UG = 1, CC1IF = 2, UIE = 1, UDE = 1 << 8, PWM1 = 0x60, MMS_UPDATE = 2 << 4 };
enum {
    MOE = 1 << 15,
    BG = 1 << 7,
    AHBENR_DMA2 = 2,
    DMA_EN = 1,
    DMA_TCIE = 2,
    FROM_MEMORY = 1 << 4,
    MINC = 1 << 7
};
enum { PSIZE_16 = 1 << 8, MSIZE_16 = 1 << 10, CHANNEL = 20 };
enum {
    UE = 1 << 13,
    TE = 1 << 3,
    RE = 1 << 2,
    RXNEIE = 1 << 5,
    DMAT = 1 << 7,
    RXNE = 1 << 5,
    BAUD_115200 = 69
};
enum { LINE_TIM8_BRK = 43, LINE_TIM8_UP, LINE_ADC3 = 47, LINE_TIM5 = 50, LINE_SPI3, LINE_UART4, LINE_UART5 };
enum { LINE_TIM6 = 54, LINE_TIM7, LINE_DMA2_1, LINE_DMA2_4_5 = 59 };

static struct lab *large_lab(void)
{
    struct lab *lab = lab_with("BTTSKRMINIE3V2", NULL);
    put(lab, RCC(RCC_APB1ENR), 0x0018803F);                 /* TIM2 to TIM7, SPI3, UART4, UART5 */
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | 0xA380); /* F, G, ADC1, TIM8, ADC3 */
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA2);
    return lab;
}

static void small_chips_have_none_of_it(void **state)
{
    (void)state;
    static const uint32_t absent[] = {
        0x40000C00, 0x40001000, 0x40001400, 0x40013400, 0x40003C00, 0x40004C00, 0x40005000,
        0x40013C00, 0x40020400, 0x40007400, 0x40018000, 0xA0000000, 0x40011C00, 0x40012000,
    };
    struct lab *lab = lab_new();
    for (unsigned i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        (void)get(lab, absent[i]);
        expect_violation(lab, "FORBIDDEN absent-peripheral");
    }
    uint32_t value;
    assert_false(bus_read(&lab->board->chip, 0x60000000, 4, &value));
    lab_free(lab);
}

/* TIM9 to TIM14 came with chips above 512 KiB. */
static void timers_9_to_14_are_on_no_chip_up_to_512_kib(void **state)
{
    (void)state;
    static const uint32_t absent[] = {0x40014C00, 0x40015000, 0x40015400, 0x40001800, 0x40001C00, 0x40002000};
    struct lab *lab = large_lab();
    for (unsigned i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_int_equal(get(lab, absent[i]), 0);
        expect_violation(lab, "FORBIDDEN absent-peripheral");
    }
    lab_free(lab);
}

static void basic_timers_count_and_have_no_channels(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    put(lab, TIM6(TIM_PSC), 7);
    put(lab, TIM6(TIM_ARR), 99);
    put(lab, TIM6(TIM_EGR), UG);
    put(lab, TIM6(TIM_SR), 0);
    put(lab, TIM6(TIM_DIER), UIE);
    put(lab, TIM6(TIM_CR1), CEN);
    wait_us(lab, 60);
    assert_int_equal(get(lab, TIM6(TIM_CNT)), 60);
    assert_int_equal(get(lab, TIM6(TIM_SR)), 0); /* no match of a channel that it lacks */
    wait_us(lab, 41);
    assert_int_equal(get(lab, TIM6(TIM_SR)), UIF);
    assert_true(irq(lab, LINE_TIM6));
    put(lab, TIM6(TIM_SR), 0);
    assert_false(irq(lab, LINE_TIM6));
    put(lab, TIM7(TIM_DIER), UIE);
    put(lab, TIM7(TIM_EGR), UG);
    assert_true(irq(lab, LINE_TIM7));
    expect_violation(lab, NULL);
    put(lab, TIM6(TIM_CR1), 1 << 4);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    put(lab, TIM6(TIM_CCR1), 1);
    expect_violation(lab, "FORBIDDEN reserved-register");
    lab_free(lab);
}

static void timer_5_has_four_channels_on_port_a(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    put(lab, GPIO('A', GPIO_CRL), 0x444444B4); /* PA1: CH2 */
    put(lab, TIM5(TIM_ARR), 999);
    put(lab, TIM5(TIM_CCR2), 250);
    put(lab, TIM5(TIM_CCMR1), PWM1 << 8);
    put(lab, TIM5(TIM_CCER), 1 << 4);
    put(lab, TIM5(TIM_DIER), UIE);
    put(lab, TIM5(TIM_CR1), CEN);
    assert_int_equal(chip_pin_duty(&lab->board->chip, 0, 1), 250);
    wait_us(lab, 200);
    assert_true(irq(lab, LINE_TIM5));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void timer_8_needs_its_main_switch_and_has_four_lines(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    struct chip *chip = &lab->board->chip;
    put(lab, GPIO('C', GPIO_CRL), 0x4B444444); /* PC6: CH1 */
    put(lab, GPIO('A', GPIO_CRL), 0xB4444444); /* PA7: CH1N */
    put(lab, TIM8(TIM_ARR), 99);
    put(lab, TIM8(TIM_CCR1), 30);
    put(lab, TIM8(TIM_CCMR1), PWM1);
    put(lab, TIM8(TIM_CCER), 1 | 1 << 2);
    put(lab, TIM8(TIM_CR1), CEN);
    assert_int_equal(chip_pin_duty(chip, 2, 6), -1);
    put(lab, TIM8(TIM_BDTR), MOE);
    assert_int_equal(chip_pin_duty(chip, 2, 6), 300);
    assert_int_equal(chip_pin_duty(chip, 0, 7), 700);
    put(lab, TIM8(TIM_DIER), UIE | BG);
    wait_us(lab, 100);
    assert_true(irq(lab, LINE_TIM8_UP));
    assert_false(irq(lab, LINE_TIM8_BRK));
    put(lab, TIM8(TIM_EGR), BG);
    assert_true(irq(lab, LINE_TIM8_BRK));
    assert_int_equal(get(lab, TIM8(TIM_BDTR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void set_up_dma2(struct lab *lab, unsigned channel, uint32_t count, uint32_t peripheral, uint32_t mode)
{
    uint32_t at = DMA2(8 + CHANNEL * (channel - 1));
    put(lab, at + 4, count);
    put(lab, at + 8, peripheral);
    put(lab, at + 12, RAM_AT + 0x100);
    put(lab, at, mode | DMA_EN | DMA_TCIE);
}

/* TIM8's channels 1 and 2, TIM5's update and the rest: table 79. */
static void timers_request_dma2(void **state)
{
    (void)state;
    static const struct {
        uint32_t timer;
        unsigned event, channel, line; /* event: the bit in EGR and DIER */
    } requests[] = {
        {TIM8(0), 0, 1, 56}, {TIM8(0), 1, 3, 58}, {TIM8(0), 2, 5, 59}, {TIM8(0), 3, 1, 56},
        {TIM8(0), 4, 2, 57}, {TIM5(0), 0, 2, 57}, {TIM5(0), 1, 5, 59}, {TIM5(0), 2, 4, 59},
        {TIM5(0), 3, 2, 57}, {TIM5(0), 4, 1, 56}, {TIM6(0), 0, 3, 58}, {TIM7(0), 0, 4, 59},
    };
    for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct lab *lab = large_lab();
        set_up_dma2(lab, requests[i].channel, 1, requests[i].timer + TIM_ARR,
                    FROM_MEMORY | PSIZE_16 | MSIZE_16);
        put(lab, RAM_AT + 0x100, 0x1234);
        put(lab, requests[i].timer + TIM_DIER, UDE << requests[i].event);
        put(lab, requests[i].timer + TIM_EGR, UG << requests[i].event);
        wait_us(lab, 5);
        assert_int_equal(get(lab, requests[i].timer + TIM_ARR), 0x1234);
        assert_true(irq(lab, requests[i].line));
        assert_int_equal(get(lab, DMA2(0)), 3u << 4 * (requests[i].channel - 1));
        put(lab, DMA2(4), 0xFFFFF);
        assert_int_equal(get(lab, DMA2(0)), 0);
        assert_false(irq(lab, requests[i].line));
        expect_violation(lab, NULL);
        lab_free(lab);
    }
}

static void dma2_has_five_channels_and_its_own_clock(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    (void)get(lab, DMA2(0x6C));
    expect_violation(lab, "SUSPICIOUS reserved-register");
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA1);
    (void)get(lab, DMA2(0));
    expect_violation(lab, "SUSPICIOUS unclocked-peripheral");
    put(lab, RCC(RCC_AHBENR), AHBENR_DMA2 | AHBENR_DMA1);
    set_up_dma2(lab, 2, 4, RAM_AT + 0x200, 1 << 14 | MINC | 1 << 6); /* memory to memory */
    put(lab, RAM_AT + 0x200, 0xCAFEF00D);
    wait_us(lab, 20);
    assert_int_equal(get(lab, RAM_AT + 0x100), 0xCAFEF00D);
    assert_int_equal(get(lab, DMA(0)), 0);
    put(lab, DMA2(8), 1 << 14 | 1 << 5);
    expect_violation(lab, "FORBIDDEN dma-mem2mem-circular: DMA2_CCR1");
    set_up_dma2(lab, 3, 1, 0x40012345, 1 << 14); /* an odd place of AFIO's block */
    lab->violations = 0;
    wait_us(lab, 5);
    assert_non_null(strstr(lab->last, "by DMA2 channel 3"));
    lab_free(lab);
}

struct port {
    char text[64];
    unsigned length, usart;
};

static void heard_serial(void *watcher, unsigned usart, ticks at, uint16_t data)
{
    struct port *port = watcher;
    (void)at;
    port->usart = usart;
    port->text[port->length++] = (char)data;
}

static void serial_ports_4_and_5_send_and_receive(void **state)
{
    (void)state;
    struct port port = {.length = 0};
    struct lab *lab = large_lab();
    lab->board->serial_watcher = &port;
    lab->board->serial = heard_serial;
    put(lab, GPIO('C', GPIO_CRH), 0x444B4B44); /* PC10, PC12 */
    for (unsigned i = 0; i < 2; i++) {
        uint32_t base = i ? UART5(0) : UART4(0);
        put(lab, base + USART_BRR, BAUD_115200);
        put(lab, base + USART_CR1, UE | TE | RE | RXNEIE);
        wait_us(lab, 200);
        put(lab, base + USART_DR, 'A' + i);
        wait_us(lab, 200);
        assert_int_equal(port.length, i + 1);
        assert_int_equal(port.text[i], 'A' + i);
        assert_int_equal(port.usart, 4 + i);
        assert_int_equal(board_serial_send(lab->board, 4 + i, "x", 1), 1);
        wait_us(lab, 200);
        assert_true(irq(lab, LINE_UART4 + i));
        assert_int_equal(get(lab, base + USART_DR), 'x');
        assert_false(irq(lab, LINE_UART4 + i));
    }
    put(lab, RAM_AT + 0x100, 0x21212121);
    set_up_dma2(lab, 5, 3, UART4(USART_DR), FROM_MEMORY | MINC);
    put(lab, UART4(USART_CR3), DMAT);
    wait_us(lab, 500);
    assert_string_equal(port.text, "AB!!!");
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* BR = 0: 16 cycles for 8 bits; PB4 has the pull-up of NJTRST. */
static void spi3_is_a_master_on_apb1(void **state)
{
    (void)state;
    enum { CR1 = 0x00, CR2 = 0x04, SR = 0x08, DR = 0x0C, MASTER = 1 << 2 | 1 << 6 | 1 << 8 | 1 << 9 };
    enum { SPI_RXNE = 1, SPI_TXE = 2, SPI_RXNEIE = 1 << 6, RXDMAEN = 1 };
    struct lab *lab = large_lab();
    put(lab, SPI3(CR1), MASTER);
    put(lab, SPI3(CR2), SPI_RXNEIE);
    put(lab, SPI3(DR), 0x55);
    wait_us(lab, 3);
    assert_int_equal(get(lab, SPI3(SR)), SPI_TXE | SPI_RXNE);
    assert_true(irq(lab, LINE_SPI3));
    assert_int_equal(get(lab, SPI3(DR)), 0xFF);
    set_up_dma2(lab, 1, 1, SPI3(DR), MINC);
    put(lab, SPI3(CR2), RXDMAEN);
    put(lab, SPI3(DR), 0x55);
    wait_us(lab, 10);
    assert_true(irq(lab, LINE_DMA2_1));
    expect_violation(lab, NULL);
    lab_free(lab);
}

enum {
    ADC_SR = 0,
    ADC_CR1 = 4,
    ADC_CR2 = 8,
    ADC_SQR3 = 0x34,
    ADC_JSQR = 0x38,
    ADC_JDR1 = 0x3C,
    ADC_DR = 0x4C
};
enum { ADON = 1, ADC_DMA = 1 << 8, SOFTWARE = 7 << 17 | 1 << 20, SWSTART = 1 << 22, EOC = 2, JEOC = 4 };

static void adc3_has_its_own_line_channels_and_dma(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    put(lab, GPIO('F', GPIO_CRL), 0x48444444); /* PF6: pull-down */
    put(lab, ADC3(ADC_CR1), 1 << 5);
    put(lab, ADC3(ADC_CR2), ADON | SOFTWARE);
    put(lab, ADC3(ADC_SQR3), 4);
    put(lab, ADC3(ADC_CR2), ADON | SOFTWARE | SWSTART);
    wait_us(lab, 10);
    assert_true(irq(lab, LINE_ADC3));
    assert_false(irq(lab, 18));
    assert_int_equal(get(lab, ADC3(ADC_DR)), 0);
    put(lab, GPIO('F', GPIO_BSRR), 1 << 6);
    set_up_dma2(lab, 5, 1, ADC3(ADC_DR), MINC | PSIZE_16 | MSIZE_16);
    put(lab, ADC3(ADC_CR2), ADON | SOFTWARE | ADC_DMA);
    put(lab, ADC3(ADC_CR2), ADON | SOFTWARE | ADC_DMA | SWSTART);
    wait_us(lab, 10);
    assert_int_equal(get_size(lab, RAM_AT + 0x100, 2), 0xFFF);
    assert_true(irq(lab, LINE_DMA2_4_5));
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void overflow_in_a_while(struct lab *lab, uint32_t timer)
{
    put(lab, timer + TIM_ARR, 799);
    put(lab, timer + TIM_CR2, MMS_UPDATE);
    put(lab, timer + TIM_CR1, CEN);
    wait_us(lab, 150);
    put(lab, timer + TIM_CR1, 0);
}

static void adc3_starts_by_timers_5_and_8(void **state)
{
    (void)state;
    enum { EXTSEL_TIM8_TRGO = 4 << 17 | 1 << 20, JEXTSEL_TIM5_TRGO = 5 << 12 | 1 << 15 };
    struct lab *lab = large_lab();
    put(lab, ADC3(ADC_CR2), ADON | EXTSEL_TIM8_TRGO | JEXTSEL_TIM5_TRGO);
    overflow_in_a_while(lab, TIM8(0));
    assert_int_equal(get(lab, ADC3(ADC_SR)) & (EOC | JEOC), EOC);
    put(lab, ADC3(ADC_SR), 0);
    overflow_in_a_while(lab, TIM5(0));
    assert_int_equal(get(lab, ADC3(ADC_SR)) & (EOC | JEOC), JEOC);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void adc1_starts_by_a_pin_or_by_timer_8_in_its_place(void **state)
{
    (void)state;
    enum {
        EXTSEL_PIN = 6 << 17 | 1 << 20,
        JEXTSEL_PIN = 6 << 12 | 1 << 15,
        ETRGREG = 1 << 18,
        ETRGINJ = 1 << 17
    };
    struct lab *lab = large_lab();
    put(lab, EXTI(0x04), 1 << 11 | 1 << 15); /* EMR */
    put(lab, EXTI(0x08), 1 << 11 | 1 << 15); /* RTSR */
    put(lab, ADC1(ADC_CR2), ADON | EXTSEL_PIN | JEXTSEL_PIN);
    put(lab, GPIO('A', GPIO_CRH), 0x38443444); /* PA11 output, PA15 is the debug port's: its pull-up */
    put(lab, GPIO('A', GPIO_BSRR), 1 << 11);
    wait_us(lab, 20);
    assert_int_equal(get(lab, ADC1(ADC_SR)) & (EOC | JEOC), EOC);
    put(lab, ADC1(ADC_SR), 0);
    put(lab, EXTI(0x10), 1 << 15); /* SWIER */
    wait_us(lab, 20);
    assert_int_equal(get(lab, ADC1(ADC_SR)) & (EOC | JEOC), JEOC);
    put(lab, ADC1(ADC_SR), 0);
    put(lab, AFIO(AFIO_MAPR), ETRGREG);
    put(lab, GPIO('A', GPIO_BRR), 1 << 11);
    put(lab, GPIO('A', GPIO_BSRR), 1 << 11);
    wait_us(lab, 20);
    assert_int_equal(get(lab, ADC1(ADC_SR)), 0);
    overflow_in_a_while(lab, TIM8(0));
    assert_int_equal(get(lab, ADC1(ADC_SR)) & (EOC | JEOC), EOC);
    put(lab, AFIO(AFIO_MAPR), ETRGINJ);
    put(lab, ADC1(ADC_SR), 0);
    put(lab, TIM8(TIM_CCR4), 100); /* CC4 */
    overflow_in_a_while(lab, TIM8(0));
    assert_int_equal(get(lab, ADC1(ADC_SR)) & (EOC | JEOC), JEOC);
    lab_free(lab);
}

static void ports_f_and_g_drive_read_and_interrupt(void **state)
{
    (void)state;
    struct lab *lab = large_lab();
    put(lab, GPIO('G', GPIO_CRL), 0x44444443);
    put(lab, GPIO('F', GPIO_CRH), 0x84444444);
    put(lab, AFIO(AFIO_EXTICR1), 6); /* PG0 */
    put(lab, EXTI(0x00), 1);
    put(lab, EXTI(0x08), 1);
    put(lab, GPIO('G', GPIO_BSRR), 1);
    assert_int_equal(get(lab, GPIO('G', GPIO_IDR)) & 1, 1);
    assert_true(irq(lab, 6));
    assert_int_equal(get(lab, GPIO('F', GPIO_IDR)) >> 15 & 1, 0);
    put(lab, GPIO('F', GPIO_BSRR), 1u << 15);
    assert_int_equal(get(lab, GPIO('F', GPIO_IDR)) >> 15 & 1, 1);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* Prepares a flag that comes later; which register, which bit, and the level that ends the wait. */
struct wait {
    void (*prepare)(struct lab *lab);
    uint32_t address;
    unsigned bit;
    bool ends_set;
};

static void can_leaves_initialization(struct lab *lab)
{
    put(lab, 0x40006400, 1);
    put(lab, 0x4000641C, 1 << 30 | 1 << 20 | 12 << 16);
    put(lab, 0x40006400, 0);
}

static void can_sends(struct lab *lab)
{
    can_leaves_initialization(lab);
    put(lab, 0x40006580, 1);
}

static void a_card_is_asked(struct lab *lab)
{
    put(lab, 0x40018000, 3);
    put(lab, 0x40018004, 1 << 8 | 18);
    put(lab, 0x4001800C, 8 | 1 << 6 | 1 << 10);
}

static void timer_6_runs(struct lab *lab)
{
    put(lab, TIM6(TIM_ARR), 4999);
    put(lab, TIM6(TIM_CR2), MMS_UPDATE);
    put(lab, TIM6(TIM_CR1), CEN);
}

static void timer_6_moves_the_dac(struct lab *lab)
{
    put(lab, 0x40007400, 1 | 4);
    put(lab, 0x40007408, 1);
    timer_6_runs(lab);
}

static uint64_t cycles_of_wait(const struct wait *wait, bool every_pass)
{
    /* ldr r1, [r0]; lsls r1, r1, #n; bpl or bmi; b . */
    uint8_t program[] = {0x01, 0x68, 0x09, 0x00, 0xFC, wait->ends_set ? 0xD5 : 0xD4, 0xFE, 0xE7};
    unsigned shift = 31 - wait->bit;
    program[2] = (uint8_t)(0x09 | shift << 6);
    program[3] = (uint8_t)(shift >> 2);
    struct lab *lab = large_lab();
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    put(lab, RCC(RCC_APB1ENR), 1 << 25 | 1 << 29 | 1 << 4);
    put(lab, RCC(RCC_AHBENR), 1 << 10);
    flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
    cpu->every_pass = every_pass;
    cpu->r[15] = FLASH_AT + 0x100;
    cpu->r[0] = wait->address;
    wait->prepare(lab);
    while (cpu->r[15] != FLASH_AT + 0x106) {
        board_run(lab->board, TICKS_PER_MICROSECOND);
        assert_true(board_now(lab->board) < ticks_from_us(6000));
    }
    uint64_t cycles = cpu->cycles;
    lab_free(lab);
    return cycles;
}

/* Loops that wait are skipped up to the next event: what they wait for must come as if they were not. */
static void what_is_waited_for_comes_at_the_same_cycle_whether_passes_are_skipped_or_not(void **state)
{
    (void)state;
    static const struct wait waits[] = {
        {can_leaves_initialization, 0x40006404, 0, false}, /* CAN_MSR.INAK */
        {can_sends, 0x40006408, 0, true},                  /* CAN_TSR.RQCP0 */
        {a_card_is_asked, 0x40018034, 2, true},            /* SDIO_STA.CTIMEOUT */
        {timer_6_runs, TIM6(TIM_SR), 0, true},
        {timer_6_moves_the_dac, 0x4000742C, 0, true}, /* DAC_DOR1 */
    };
    for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++)
        assert_int_equal(cycles_of_wait(&waits[i], false), cycles_of_wait(&waits[i], true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_chips_have_none_of_it),
        cmocka_unit_test(timers_9_to_14_are_on_no_chip_up_to_512_kib),
        cmocka_unit_test(basic_timers_count_and_have_no_channels),
        cmocka_unit_test(timer_5_has_four_channels_on_port_a),
        cmocka_unit_test(timer_8_needs_its_main_switch_and_has_four_lines),
        cmocka_unit_test(timers_request_dma2),
        cmocka_unit_test(dma2_has_five_channels_and_its_own_clock),
        cmocka_unit_test(serial_ports_4_and_5_send_and_receive),
        cmocka_unit_test(spi3_is_a_master_on_apb1),
        cmocka_unit_test(adc3_has_its_own_line_channels_and_dma),
        cmocka_unit_test(adc3_starts_by_timers_5_and_8),
        cmocka_unit_test(adc1_starts_by_a_pin_or_by_timer_8_in_its_place),
        cmocka_unit_test(ports_f_and_g_drive_read_and_interrupt),
        cmocka_unit_test(what_is_waited_for_comes_at_the_same_cycle_whether_passes_are_skipped_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
