/* Timers: counting in each direction, preload, flags, interrupts, PWM and what an LED makes of it. */
#include "chip_test.h"

enum { CEN = 1, UDIS = 2, URS = 4, OPM = 8, DIR = 16, CMS1 = 1 << 5, CMS3 = 3 << 5, ARPE = 1 << 7 };
enum {
    UIF = 1,
    CC1IF = 2,
    CC2IF = 4,
    CC1OF = 1 << 9,
    UG = 1,
    PWM1 = 0x60,
    PWM2 = 0x70,
    OCPE = 8,
    TOGGLE = 0x30
};
enum { ALTERNATE = 0xB, IRQ2 = IRQ_TIM2 };

static struct lab *lab_with_timers(const char *name)
{
    struct lab *lab = lab_with(name, NULL);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | APB2ENR_TIM1);
    return lab;
}

/* So that a count is a microsecond. */
static void prescale(struct lab *lab, uint32_t base, uint32_t ARR_value)
{
    put(lab, base + TIM_PSC, 7);
    put(lab, base + TIM_ARR, ARR_value);
    put(lab, base + TIM_EGR, UG);
    put(lab, base + TIM_SR, 0);
}

/* The processor ends its instruction, so that each wait is a little long; many of them must not add up. */
static void wait_until(struct lab *lab, ticks at)
{
    board_run(lab->board, at - board_now(lab->board));
}

static void it_counts_up_and_updates(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    prescale(lab, TIM2(0), 99);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 40);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 40);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    wait_us(lab, 59);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 99);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    wait_us(lab, 1);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, UIF);
    put(lab, TIM2(TIM_SR), (uint32_t)~UIF); /* as ST's library does: zeros clear, ones do nothing */
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, UIF);
    put(lab, TIM2(TIM_CR1), 0);
    wait_us(lab, 30);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void it_counts_down_and_in_both_directions(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    put(lab, TIM2(TIM_CR1), DIR);
    prescale(lab, TIM2(0), 9);
    put(lab, TIM2(TIM_CR1), DIR | CEN);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 9);
    wait_us(lab, 9);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    wait_us(lab, 1);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 9);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, UIF);

    put(lab, TIM3(TIM_CR1), CMS3);
    prescale(lab, TIM3(0), 10);
    put(lab, TIM3(TIM_CR1), CMS3 | CEN);
    static const uint8_t expected[] = {0, 1, 9, 10, 9, 1, 0, 1};
    static const uint8_t at[] = {0, 1, 9, 10, 11, 19, 20, 21};
    ticks began = board_now(lab->board);
    for (unsigned i = 0; i < sizeof at; i++) {
        unsigned now = at[i];
        wait_until(lab, began + ticks_from_us(now));
        assert_int_equal(get(lab, TIM3(TIM_CNT)), expected[i]);
        assert_int_equal(!!(get(lab, TIM3(TIM_CR1)) & DIR), now >= 10 && now < 20);
    }
    lab_free(lab);
}

static void preload_waits_for_the_update(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    put(lab, TIM2(TIM_CR1), ARPE);
    prescale(lab, TIM2(0), 99);
    put(lab, TIM2(TIM_CR1), ARPE | CEN);
    wait_us(lab, 10);
    put(lab, TIM2(TIM_ARR), 19);
    put(lab, TIM2(TIM_PSC), 15);
    wait_us(lab, 50);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 60); /* neither is in effect */
    wait_us(lab, 40 + 2 * 19);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 19); /* both are */
    wait_us(lab, 2);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 2 * 10);
    put(lab, TIM2(TIM_ARR), 5); /* at once, and the counter is past it: on to 0xFFFF */
    wait_us(lab, 2 * 100);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 110);
    put(lab, TIM2(TIM_SR), 0);
    wait_us(lab, 2 * (0x10000 - 110));
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    lab_free(lab);
}

static void updates_can_be_generated_limited_and_turned_off(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    put(lab, TIM2(TIM_EGR), UG);
    assert_int_equal(get(lab, TIM2(TIM_SR)), UIF);
    put(lab, TIM2(TIM_SR), 0);
    put(lab, TIM2(TIM_CR1), URS);
    put(lab, TIM2(TIM_EGR), UG);
    assert_int_equal(get(lab, TIM2(TIM_SR)), 0);
    prescale(lab, TIM2(0), 9);
    put(lab, TIM2(TIM_CR1), UDIS | CEN);
    wait_us(lab, 100);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, 0);
    put(lab, TIM2(TIM_CR1), OPM | CEN);
    wait_us(lab, 100);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & UIF, UIF);
    assert_int_equal(get(lab, TIM2(TIM_CR1)) & CEN, 0);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 0);

    prescale(lab, TIM1(0), 9);
    put(lab, TIM1(TIM_RCR), 2);
    put(lab, TIM1(TIM_EGR), UG);
    put(lab, TIM1(TIM_SR), 0);
    put(lab, TIM1(TIM_CR1), CEN);
    wait_us(lab, 29);
    assert_int_equal(get(lab, TIM1(TIM_SR)) & UIF, 0);
    wait_us(lab, 1);
    assert_int_equal(get(lab, TIM1(TIM_SR)) & UIF, UIF);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void interrupts_come_in_time(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    prescale(lab, TIM2(0), 999);
    put(lab, TIM2(TIM_CCR1), 300);
    put(lab, TIM2(TIM_DIER), UIF | CC1IF);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 299);
    assert_false(irq(lab, IRQ2));
    wait_us(lab, 2);
    assert_true(irq(lab, IRQ2));
    assert_int_equal(get(lab, TIM2(TIM_SR)) & 3, CC1IF);
    put(lab, TIM2(TIM_SR), 0);
    assert_false(irq(lab, IRQ2));
    wait_us(lab, 698);
    assert_false(irq(lab, IRQ2));
    wait_us(lab, 2);
    assert_true(irq(lab, IRQ2));
    assert_int_equal(get(lab, TIM2(TIM_SR)) & 3, UIF);

    prescale(lab, TIM1(0), 9);
    put(lab, TIM1(TIM_CCR1), 5);
    put(lab, TIM1(TIM_DIER), UIF | CC1IF);
    put(lab, TIM1(TIM_CR1), CEN);
    wait_us(lab, 6);
    assert_true(irq(lab, IRQ_TIM1_CC));
    assert_false(irq(lab, IRQ_TIM1_UP));
    wait_us(lab, 5);
    assert_true(irq(lab, IRQ_TIM1_UP));
    lab_free(lab);
}

/* Compare flags in each mode of centre-aligned counting; values beyond the end; zero. */
static void compare_flags_know_directions_and_ends(void **state)
{
    (void)state;
    static const struct {
        uint32_t CMS;
        unsigned up_flag, down_flag;
    } modes[] = {{1, 0, 1}, {2, 1, 0}, {3, 1, 1}};
    struct lab *lab = lab_with_timers("BLUEPILL");
    for (unsigned i = 0; i < 3; i++) {
        put(lab, TIM3(TIM_CR1), modes[i].CMS << 5);
        prescale(lab, TIM3(0), 10);
        put(lab, TIM3(TIM_CCR1), 4);
        put(lab, TIM3(TIM_CR1), modes[i].CMS << 5 | CEN);
        wait_us(lab, 8);
        assert_int_equal(!!(get(lab, TIM3(TIM_SR)) & CC1IF), modes[i].up_flag);
        put(lab, TIM3(TIM_SR), 0);
        wait_us(lab, 10);
        assert_int_equal(!!(get(lab, TIM3(TIM_SR)) & CC1IF), modes[i].down_flag);
        put(lab, TIM3(TIM_CR1), modes[i].CMS << 5);
    }
    prescale(lab, TIM2(0), 9);
    put(lab, TIM2(TIM_CCR1), 50);
    put(lab, TIM2(TIM_CCR2), 0);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 9);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & (CC1IF | CC2IF), 0);
    wait_us(lab, 1);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & (CC1IF | CC2IF), CC1IF | CC2IF);
    lab_free(lab);
}

/* RM0008 figure 8: twice PCLK1 when APB1 has a prescaler. */
static void the_clock_follows_the_tree_and_the_gate(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    prescale(lab, TIM2(0), 0xFFFF);
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 100);
    put(lab, RCC(RCC_CFGR), 4 << 8); /* PCLK1 = HCLK / 2, timers: HCLK */
    wait_us(lab, 100);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 200);
    put(lab, RCC(RCC_CFGR), 5 << 8); /* PCLK1 = HCLK / 4, timers: HCLK / 2 */
    wait_us(lab, 100);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 250);
    put(lab, RCC(RCC_APB1ENR), 0);
    wait_us(lab, 100);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 250);
    wait_us(lab, 10);
    assert_int_equal(get(lab, TIM2(TIM_CNT)), 255);
    lab_free(lab);
}

static void alternate_pin(struct lab *lab, char port, unsigned pin)
{
    uint32_t address = GPIO(port, pin < 8 ? GPIO_CRL : GPIO_CRH);
    put(lab, address, (get(lab, address) & ~(0xFu << 4 * (pin % 8))) | (uint32_t)ALTERNATE << 4 * (pin % 8));
}

/* Maple Mini: the LED is on PB1, TIM3's channel 4. */
static void pwm_on_the_led_is_brightness(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("MAPLEMINI");
    alternate_pin(lab, 'B', 1);
    assert_int_equal(lab->board->led_duty, 0);
    prescale(lab, TIM3(0), 999);
    put(lab, TIM3(TIM_CCMR2), (PWM1 | OCPE) << 8);
    put(lab, TIM3(TIM_CCR4), 250);
    put(lab, TIM3(TIM_EGR), UG);
    put(lab, TIM3(TIM_CCER), 1 << 12);
    put(lab, TIM3(TIM_CR1), CEN);
    assert_int_equal(lab->board->led_duty, 250);
    assert_true(heard(lab, "LED at 25 %"));
    put(lab, TIM3(TIM_CCR4), 700);
    assert_int_equal(lab->board->led_duty, 250); /* preloaded */
    wait_us(lab, 1001);
    assert_int_equal(lab->board->led_duty, 700);
    put(lab, TIM3(TIM_CCER), 3 << 12); /* inverted */
    assert_int_equal(lab->board->led_duty, 300);
    put(lab, TIM3(TIM_CCR4), 0);
    wait_us(lab, 1001);
    assert_int_equal(lab->board->led_duty, 1000);
    uint64_t changes = lab->board->led_changes;
    wait_us(lab, 100000);
    assert_int_equal(lab->board->led_changes, changes);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void slow_outputs_show_every_edge(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("MAPLEMINI");
    alternate_pin(lab, 'B', 1);
    put(lab, TIM3(TIM_PSC), 7999);
    put(lab, TIM3(TIM_ARR), 499);
    put(lab, TIM3(TIM_EGR), UG);
    put(lab, TIM3(TIM_CCMR2), TOGGLE << 8);
    put(lab, TIM3(TIM_CCER), 1 << 12);
    put(lab, TIM3(TIM_CR1), CEN);
    uint64_t before = lab->board->led_changes;
    wait_us(lab, 10000100);
    assert_int_equal(lab->board->led_changes - before, 20);
    lab_free(lab);
}

static unsigned high_share(struct lab *lab, char port, unsigned pin, unsigned period)
{
    unsigned high = 0;
    ticks began = board_now(lab->board);
    for (unsigned i = 1; i <= period; i++) {
        high += get(lab, GPIO(port, GPIO_IDR)) >> pin & 1;
        wait_until(lab, began + ticks_from_us(i));
    }
    return high;
}

/* The duty computed is the one measured, for each mode, direction and compare value. */
static void duty_is_what_the_pin_does(void **state)
{
    (void)state;
    static const uint32_t directions[] = {0, DIR, CMS1, CMS3};
    static const uint32_t compares[] = {0, 1, 7, 18, 19, 20, 21, 40};
    for (unsigned d = 0; d < 4; d++) {
        for (unsigned m = 0; m < 2; m++) {
            for (unsigned c = 0; c < sizeof compares / sizeof compares[0]; c++) {
                struct lab *lab = lab_with_timers("BLUEPILL");
                unsigned period = directions[d] & CMS3 ? 40 : 20;
                alternate_pin(lab, 'A', 0);
                put(lab, TIM2(TIM_CR1), directions[d]);
                prescale(lab, TIM2(0), directions[d] & CMS3 ? 20 : 19);
                put(lab, TIM2(TIM_CCMR1), m ? PWM2 : PWM1);
                put(lab, TIM2(TIM_CCR1), compares[c]);
                put(lab, TIM2(TIM_CCER), 1);
                put(lab, TIM2(TIM_CR1), directions[d] | CEN);
                int duty = chip_pin_duty(&lab->board->chip, 0, 0);
                assert_int_equal(high_share(lab, 'A', 0, period) * DUTY_FULL / period, duty);
                lab_free(lab);
            }
        }
    }
}

static void remaps_move_the_channels(void **state)
{
    (void)state;
    static const struct {
        uint32_t MAPR;
        uint32_t base;
        char port;
        unsigned pin;
    } remaps[] = {
        {0, TIM2(0), 'A', 0},      {1 << 8 | 2 << 24, TIM2(0), 'A', 15}, {2 << 8, TIM2(0), 'A', 0},
        {0, TIM3(0), 'A', 6},      {2 << 10 | 1 << 24, TIM3(0), 'B', 4}, {3 << 10, TIM3(0), 'C', 6},
        {0, TIM4(0), 'B', 6},      {1 << 12, TIM4(0), 'D', 12},          {0, TIM1(0), 'A', 8},
        {3 << 6, TIM1(0), 'E', 9},
    };
    for (unsigned i = 0; i < sizeof remaps / sizeof remaps[0]; i++) {
        struct lab *lab = lab_with_timers("BLUEPILL");
        put(lab, AFIO(AFIO_MAPR), remaps[i].MAPR);
        alternate_pin(lab, remaps[i].port, remaps[i].pin);
        put(lab, remaps[i].base + TIM_CCMR1, 0x50); /* forced active */
        put(lab, remaps[i].base + TIM_CCER, 1);
        if (remaps[i].base == TIM1(0)) {
            assert_int_equal(chip_pin_duty(&lab->board->chip, (unsigned)remaps[i].port - 'A', remaps[i].pin),
                             -1);
            put(lab, TIM1(TIM_BDTR), 1 << 15);
        }
        assert_int_equal(
            chip_pin_drive(&lab->board->chip, (unsigned)remaps[i].port - 'A', remaps[i].pin).output, 1);
        expect_violation(lab, NULL);
        lab_free(lab);
    }
    struct lab *lab = lab_with_timers("BLUEPILL");
    put(lab, AFIO(AFIO_MAPR), 1 << 10);
    expect_violation(lab, "UNDEFINED afio-remap");
    lab_free(lab);
}

/* Blue Pill: the jumper on PB2 has no channel; the H103's button on PA0 is TIM2's channel 1. */
static void edges_are_captured(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("OLIMEXSTM32H103");
    prescale(lab, TIM2(0), 0xFFFF);
    put(lab, TIM2(TIM_CCMR1), 1 | 2 << 8); /* channel 1 direct, channel 2 crossed */
    put(lab, TIM2(TIM_CCER), 1 | 3 << 4);  /* rising, falling */
    put(lab, TIM2(TIM_CR1), CEN);
    wait_us(lab, 100);
    board_press(lab->board, true); /* falls */
    wait_us(lab, 50);
    board_press(lab->board, false);
    wait_us(lab, 1);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & (CC1IF | CC2IF), CC1IF | CC2IF);
    assert_int_equal(get(lab, TIM2(TIM_CCR2)), 100);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & (CC1IF | CC2IF), CC1IF);
    board_press(lab->board, true);
    board_press(lab->board, false);
    assert_int_equal(get(lab, TIM2(TIM_SR)) & CC1OF, CC1OF);
    put(lab, TIM2(TIM_CCR1), 5);
    expect_violation(lab, "SUSPICIOUS read-only-register");
    lab_free(lab);
}

static void rules_of_the_timers(void **state)
{
    (void)state;
    struct lab *lab = lab_with_timers("BLUEPILL");
    put(lab, TIM2(TIM_CR1), CEN);
    put(lab, TIM2(TIM_CR1), CEN | CMS3);
    expect_violation(lab, "FORBIDDEN tim-cms-while-on");
    put(lab, TIM3(TIM_CCER), 1);
    put(lab, TIM3(TIM_CCMR1), 1);
    expect_violation(lab, "SUSPICIOUS tim-ccs-while-on");
    put(lab, TIM4(TIM_SMCR), 7);
    expect_violation(lab, "SUSPICIOUS unmodelled: TIM4_SMCR");
    put(lab, TIM2(TIM_CCER), 1 << 2);
    expect_violation(lab, "SUSPICIOUS reserved-bits");
    put(lab, TIM1(TIM_CCER), 1 << 2);
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* A count that is read differs each time; a status that is read changes only at an event. */
static void polling_stays_exact(void **state)
{
    (void)state;
    static const uint8_t program[] = {
        0x01, 0x69, 0xC9, 0x07, 0xFC, 0xD5, /* ldr r1, [r0, #0x10]; lsls r1, #31; bpl */
        0xFE, 0xE7,
    };
    uint64_t cycles[2];
    for (unsigned every_pass = 0; every_pass < 2; every_pass++) {
        struct lab *lab = lab_with_timers("BLUEPILL");
        struct cortex_m3 *cpu = &lab->board->chip.cpu;
        flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
        prescale(lab, TIM2(0), 4999);
        cpu->every_pass = every_pass;
        cpu->r[15] = FLASH_AT + 0x100;
        cpu->r[0] = TIM2(0);
        put(lab, TIM2(TIM_CR1), CEN);
        cycles[every_pass] = 0;
        while (cpu->r[15] != FLASH_AT + 0x106) {
            board_run(lab->board, TICKS_PER_MICROSECOND);
            assert_true(board_now(lab->board) < ticks_from_us(6000));
        }
        cycles[every_pass] = cpu->cycles;
        lab_free(lab);
    }
    assert_int_equal(cycles[0], cycles[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_up_and_updates),
        cmocka_unit_test(it_counts_down_and_in_both_directions),
        cmocka_unit_test(preload_waits_for_the_update),
        cmocka_unit_test(updates_can_be_generated_limited_and_turned_off),
        cmocka_unit_test(interrupts_come_in_time),
        cmocka_unit_test(compare_flags_know_directions_and_ends),
        cmocka_unit_test(the_clock_follows_the_tree_and_the_gate),
        cmocka_unit_test(pwm_on_the_led_is_brightness),
        cmocka_unit_test(slow_outputs_show_every_edge),
        cmocka_unit_test(duty_is_what_the_pin_does),
        cmocka_unit_test(remaps_move_the_channels),
        cmocka_unit_test(edges_are_captured),
        cmocka_unit_test(rules_of_the_timers),
        cmocka_unit_test(polling_stays_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
