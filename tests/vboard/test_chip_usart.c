/* USARTs: frames in their time, flags and how they are cleared, interrupts, errors;
 * DMA1, with and without them. */
#include "chip_test.h"

enum { TXE = 1 << 7, TC = 1 << 6, RXNE = 1 << 5, IDLE = 1 << 4, ORE = 1 << 3, FE = 1 << 1 };
enum {
    UE = 1 << 13,
    M = 1 << 12,
    PCE = 1 << 10,
    PS = 1 << 9,
    RXNEIE = 1 << 5,
    IDLEIE = 1 << 4,
    TE = 1 << 3,
    RE = 1 << 2
};
enum { DMAT = 1 << 7, DMAR = 1 << 6, BAUD_115200 = 69, FRAME_CYCLES = 10 * BAUD_115200 };
enum {
    ISR = 0,
    IFCR = 4,
    EN = 1,
    TCIE = 2,
    HTIE = 4,
    TEIE = 8,
    FROM_MEMORY = 16,
    CIRC = 32,
    PINC = 64,
    MINC = 128
};
enum { MEM2MEM = 1 << 14, PSIZE_16 = 1 << 8, PSIZE_32 = 2 << 8, MSIZE_16 = 1 << 10, MSIZE_32 = 2 << 10 };

struct port {
    char text[256];
    unsigned length;
    ticks last;
    uint16_t last_word;
};

static void heard_serial(void *watcher, unsigned usart, ticks at, uint16_t data)
{
    struct port *port = watcher;
    assert_int_equal(usart, 1);
    port->text[port->length++ % sizeof port->text] = (char)data;
    port->last = at;
    port->last_word = data;
}

static struct lab *lab_with_usart(struct port *port)
{
    struct lab *lab = lab_new();
    memset(port, 0, sizeof *port);
    lab->board->serial_watcher = port;
    lab->board->serial = heard_serial;
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | APB2ENR_USART1);
    put(lab, RCC(RCC_AHBENR), 0x14 | AHBENR_DMA1);
    put(lab, GPIO('A', GPIO_CRH), 0x444444B4);
    put(lab, USART1(USART_BRR), BAUD_115200);
    put(lab, USART1(USART_CR1), UE | TE | RE);
    wait_cycles(lab, FRAME_CYCLES); /* the idle frame */
    return lab;
}

static void a_byte_takes_ten_bits(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    assert_int_equal(get(lab, USART1(USART_SR)), TXE | TC);
    ticks began = board_now(lab->board);
    put(lab, USART1(USART_DR), 'A');
    assert_int_equal(get(lab, USART1(USART_SR)), TXE); /* on its way; the next may come */
    put(lab, USART1(USART_DR), 'B');
    assert_int_equal(get(lab, USART1(USART_SR)), 0);
    wait_cycles(lab, FRAME_CYCLES);
    assert_int_equal(port.length, 1);
    assert_int_equal(port.last - began, FRAME_CYCLES * (TICKS_PER_MICROSECOND / 8));
    assert_int_equal(get(lab, USART1(USART_SR)), TXE);
    wait_cycles(lab, FRAME_CYCLES);
    assert_int_equal(get(lab, USART1(USART_SR)), TXE | TC);
    assert_string_equal(port.text, "AB");
    (void)get(lab, USART1(USART_SR));
    put(lab, USART1(USART_DR), 'C'); /* SR read, DR written: TC goes */
    wait_cycles(lab, 10);
    assert_int_equal(get(lab, USART1(USART_SR)), TXE);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void formats_change_the_frame(void **state)
{
    (void)state;
    static const struct {
        uint32_t CR1, CR2;
        unsigned half_bits;
        uint16_t sent, heard;
    } formats[] = {
        {0, 0, 20, 0x1FF, 0xFF},  {M, 0, 22, 0x1FF, 0x1FF}, {M | PCE, 0, 22, 0x1FF, 0xFF},
        {PCE, 0, 20, 0xFF, 0x7F}, {0, 2 << 12, 22, 1, 1},   {0, 1 << 12, 19, 1, 1},
        {0, 3 << 12, 21, 1, 1},
    };
    for (unsigned i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct port port;
        struct lab *lab = lab_with_usart(&port);
        put(lab, USART1(USART_CR2), formats[i].CR2);
        put(lab, USART1(USART_CR1), UE | TE | RE | formats[i].CR1);
        ticks began = board_now(lab->board);
        put(lab, USART1(USART_DR), formats[i].sent);
        wait_cycles(lab, 2 * FRAME_CYCLES);
        assert_int_equal(port.length, 1);
        assert_int_equal(port.last_word, formats[i].heard);
        assert_int_equal((port.last - began) / (TICKS_PER_MICROSECOND / 8),
                         formats[i].half_bits * BAUD_115200 / 2);
        lab_free(lab);
    }
}

static void bytes_arrive_one_by_one(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    put(lab, USART1(USART_CR1), UE | TE | RE | RXNEIE);
    assert_int_equal(board_serial_send(lab->board, 1, "xy", 2), 2);
    wait_cycles(lab, FRAME_CYCLES - 10);
    assert_false(irq(lab, IRQ_USART1));
    wait_cycles(lab, 10);
    assert_true(irq(lab, IRQ_USART1));
    assert_int_equal(get(lab, USART1(USART_SR)) & RXNE, RXNE);
    assert_int_equal(get(lab, USART1(USART_DR)), 'x');
    assert_false(irq(lab, IRQ_USART1));
    wait_cycles(lab, FRAME_CYCLES);
    assert_int_equal(get(lab, USART1(USART_DR)), 'y');
    wait_cycles(lab, FRAME_CYCLES);
    assert_int_equal(get(lab, USART1(USART_SR)) & IDLE, IDLE);
    (void)get(lab, USART1(USART_DR));
    assert_int_equal(get(lab, USART1(USART_SR)) & IDLE, 0);
    wait_cycles(lab, 10 * FRAME_CYCLES);
    assert_int_equal(get(lab, USART1(USART_SR)) & IDLE, 0); /* once for each silence */
    lab_free(lab);
}

static void what_is_not_read_in_time_is_lost(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    (void)board_serial_send(lab->board, 1, "abc", 3);
    wait_cycles(lab, 3 * FRAME_CYCLES + 10);
    assert_int_equal(get(lab, USART1(USART_SR)) & (ORE | RXNE), ORE | RXNE);
    assert_int_equal(get(lab, USART1(USART_DR)), 'a');
    assert_int_equal(get(lab, USART1(USART_SR)) & (ORE | RXNE), 0);
    lab_free(lab);
}

static void parity_and_a_wrong_rate_are_seen(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    put(lab, USART1(USART_CR1), UE | TE | RE | M | PCE); /* even */
    (void)board_serial_send(lab->board, 1, "\x01", 1);
    wait_cycles(lab, 2 * FRAME_CYCLES);
    assert_int_equal(get(lab, USART1(USART_DR)), 0x101);
    put(lab, USART1(USART_CR1), UE | TE | RE);
    board_serial_baud(lab->board, 1, 9600);
    (void)board_serial_send(lab->board, 1, "\x01", 1);
    wait_us(lab, 1100);
    assert_int_equal(get(lab, USART1(USART_SR)) & (FE | RXNE), FE | RXNE);
    (void)get(lab, USART1(USART_DR));
    board_serial_baud(lab->board, 1, 115200);
    (void)board_serial_send(lab->board, 1, "\x02", 1);
    wait_us(lab, 200);
    assert_int_equal(get(lab, USART1(USART_SR)) & (FE | RXNE), RXNE);
    assert_int_equal(get(lab, USART1(USART_DR)), 2);
    lab_free(lab);
}

static void rules_of_the_usart(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    put(lab, GPIO('A', GPIO_CRH), 0x44444444);
    put(lab, USART1(USART_DR), 'A');
    wait_cycles(lab, FRAME_CYCLES);
    expect_violation(lab, "SUSPICIOUS usart-tx-pin");
    assert_int_equal(port.length, 0);
    for (unsigned i = 0; i < 3; i++)
        put(lab, USART1(USART_DR), 'A');
    expect_violation(lab, "SUSPICIOUS usart-overwrite");
    put(lab, USART1(USART_CR1), 0);
    wait_cycles(lab, FRAME_CYCLES);
    put(lab, USART1(USART_SR), 0);
    put(lab, USART1(USART_DR), 'A');
    expect_violation(lab, "SUSPICIOUS usart-off");
    wait_cycles(lab, FRAME_CYCLES);
    put(lab, USART1(USART_CR1), UE | TE); /* that byte goes out */
    wait_cycles(lab, 3 * FRAME_CYCLES);
    put(lab, USART1(USART_CR1), 0);
    lab->violations = 0;
    put(lab, USART1(USART_BRR), 8);
    put(lab, USART1(USART_CR1), UE | TE);
    expect_violation(lab, "SUSPICIOUS usart-baud-rate");
    put(lab, USART1(USART_DR), 'A');
    expect_violation(lab, "FORBIDDEN usart-baud-rate");
    put(lab, USART1(USART_BRR), 16);
    put(lab, USART1(USART_CR2), 1 << 14);
    expect_violation(lab, "SUSPICIOUS unmodelled: USART1");
    lab_free(lab);
}

/* DMA1 */

static void channel(struct lab *lab, unsigned number, uint32_t CPAR, uint32_t CMAR, uint32_t CNDTR,
                    uint32_t CCR)
{
    uint32_t at = DMA(8 + 20 * (number - 1));
    put(lab, at + 8, CPAR);
    put(lab, at + 12, CMAR);
    put(lab, at + 4, CNDTR);
    put(lab, at, CCR);
}

static uint32_t ram_word(struct lab *lab, uint32_t offset)
{
    return get(lab, RAM_AT + offset);
}

static void memory_is_copied(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    for (unsigned i = 0; i < 8; i++)
        put(lab, RAM_AT + 0x100 + 4 * i, 0x11223344u * (i + 1));
    channel(lab, 1, RAM_AT + 0x100, RAM_AT + 0x200, 8,
            EN | TCIE | HTIE | PINC | MINC | PSIZE_32 | MSIZE_32 | MEM2MEM);
    wait_cycles(lab, 30);
    assert_true(irq(lab, IRQ_DMA1_CHANNEL1));
    assert_int_equal(get(lab, DMA(ISR)), 5);
    wait_cycles(lab, 30);
    assert_int_equal(get(lab, DMA(ISR)), 7);
    assert_int_equal(get(lab, DMA(12)), 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(ram_word(lab, 0x200 + 4 * i), 0x11223344u * (i + 1));
    put(lab, DMA(IFCR), 1);
    assert_int_equal(get(lab, DMA(ISR)), 0);
    assert_false(irq(lab, IRQ_DMA1_CHANNEL1));
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* RM0008 table 77: sizes that differ. */
static void sizes_are_converted(void **state)
{
    (void)state;
    static const struct {
        uint32_t sizes;
        uint32_t expected[2];
    } cases[] = {
        {0, {0xA3A2A1A0, 0}},
        {MSIZE_16, {0x00A100A0, 0x00A300A2}},
        {PSIZE_16, {0xA6A4A2A0, 0}},
        {PSIZE_32 | MSIZE_16, {0xA5A4A1A0, 0xADACA9A8}},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct port port;
        struct lab *lab = lab_with_usart(&port);
        for (unsigned at = 0; at < 16; at++) {
            put_size(lab, RAM_AT + 0x100 + at, 1, 0xA0 + at);
            put_size(lab, RAM_AT + 0x200 + at, 1, 0);
        }
        channel(lab, 7, RAM_AT + 0x100, RAM_AT + 0x200, 4, EN | PINC | MINC | cases[i].sizes | MEM2MEM);
        wait_cycles(lab, 100);
        assert_int_equal(ram_word(lab, 0x200), cases[i].expected[0]);
        assert_int_equal(ram_word(lab, 0x204), cases[i].expected[1]);
        lab_free(lab);
    }
}

static void a_text_is_sent_and_received_by_dma(void **state)
{
    (void)state;
    static const char text[] = "the quick brown fox";
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    for (unsigned i = 0; i < sizeof text; i++)
        put_size(lab, RAM_AT + 0x100 + i, 1, (uint8_t)text[i]);
    put(lab, USART1(USART_CR3), DMAT | DMAR);
    channel(lab, 4, USART1(USART_DR), RAM_AT + 0x100, sizeof text - 1, EN | TCIE | FROM_MEMORY | MINC);
    wait_cycles(lab, 40 * FRAME_CYCLES);
    assert_string_equal(port.text, text);
    assert_true(irq(lab, IRQ_DMA1_CHANNEL1 + 3));
    channel(lab, 5, USART1(USART_DR), RAM_AT + 0x200, 8, EN | CIRC | MINC);
    (void)board_serial_send(lab->board, 1, "0123456789", 10);
    wait_cycles(lab, 11 * FRAME_CYCLES);
    assert_int_equal(get_size(lab, RAM_AT + 0x200, 1), '8');
    assert_int_equal(get_size(lab, RAM_AT + 0x207, 1), '7');
    assert_int_equal(get(lab, DMA(8 + 20 * 4 + 4)), 6);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_timer_paces_dma(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    for (unsigned i = 0; i < 4; i++)
        put_size(lab, RAM_AT + 0x100 + 2 * i, 2, 1u << i);
    put(lab, GPIO('B', GPIO_CRL), 0x44441111);
    channel(lab, 2, GPIO('B', GPIO_ODR), RAM_AT + 0x100, 4,
            EN | CIRC | FROM_MEMORY | MINC | PSIZE_32 | MSIZE_16);
    put(lab, TIM2(TIM_ARR), 799);
    put(lab, TIM2(TIM_EGR), 1);
    put(lab, TIM2(TIM_DIER), 1 << 8);
    put(lab, TIM2(TIM_CR1), 1);
    for (unsigned i = 0; i < 8; i++) {
        wait_us(lab, i ? 100 : 101);
        assert_int_equal(get(lab, GPIO('B', GPIO_ODR)), 1u << i % 4);
    }
    lab_free(lab);
}

static void priority_decides(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    channel(lab, 1, RAM_AT + 0x100, RAM_AT + 0x200, 20, EN | MEM2MEM);
    channel(lab, 3, RAM_AT + 0x100, RAM_AT + 0x300, 20, EN | MEM2MEM | 2 << 12);
    wait_cycles(lab, 110);
    assert_true(get(lab, DMA(12)) > 15);
    assert_true(get(lab, DMA(8 + 40 + 4)) < 5);
    lab_free(lab);
}

static void rules_of_dma(void **state)
{
    (void)state;
    struct port port;
    struct lab *lab = lab_with_usart(&port);
    channel(lab, 6, 0x30000000, RAM_AT, 1, EN | TEIE | MEM2MEM);
    wait_cycles(lab, 20);
    expect_violation(lab, "SUSPICIOUS dma-transfer-error");
    assert_int_equal(get(lab, DMA(8 + 100)) & EN, 0);
    assert_true(irq(lab, IRQ_DMA1_CHANNEL1 + 5));
    put(lab, DMA(8), MEM2MEM | CIRC);
    expect_violation(lab, "FORBIDDEN dma-mem2mem-circular");
    put(lab, DMA(8), 3 << 8);
    expect_violation(lab, "UNDEFINED dma-size");
    put(lab, DMA(8), EN);
    put(lab, DMA(12), 5);
    expect_violation(lab, "FORBIDDEN dma-changed-while-on");
    assert_int_equal(get(lab, DMA(12)), 0);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_takes_ten_bits),
        cmocka_unit_test(formats_change_the_frame),
        cmocka_unit_test(bytes_arrive_one_by_one),
        cmocka_unit_test(what_is_not_read_in_time_is_lost),
        cmocka_unit_test(parity_and_a_wrong_rate_are_seen),
        cmocka_unit_test(rules_of_the_usart),
        cmocka_unit_test(memory_is_copied),
        cmocka_unit_test(sizes_are_converted),
        cmocka_unit_test(a_text_is_sent_and_received_by_dma),
        cmocka_unit_test(a_timer_paces_dma),
        cmocka_unit_test(priority_decides),
        cmocka_unit_test(rules_of_dma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
