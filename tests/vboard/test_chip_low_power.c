/* What counts slowly or not at all: RTC, window watchdog, Stop and Standby; and the CRC unit. */
#include "chip_test.h"

enum {
    RTC_CRH = 0x00,
    RTC_CRL = 0x04,
    PRLH = 0x08,
    PRLL = 0x0C,
    DIVL = 0x14,
    CNTH = 0x18,
    CNTL = 0x1C,
    ALRL = 0x24
};
enum { SECF = 1, ALRF = 2, OWF = 4, RSF = 8, CNF = 16, RTOFF = 32, ALRH = 0x20 };
enum { LSI_SOURCE = 2 << 8, LSE_SOURCE = 1 << 8, HSE_SOURCE = 3 << 8, RTCEN = 1 << 15, LSEON = 1, LSION = 1 };
enum { WWDG_CR = 0, WWDG_CFR = 4, WWDG_SR = 8, WDGA = 0x80, EWI = 1 << 9 };
enum { PWR_CR = 0, PWR_CSR = 4, LPDS = 1, PDDS = 2, CWUF = 4, CSBF = 8, WUF = 1, SBF = 2, EWUP = 1 << 8 };
enum { EXTI_IMR = 0, EXTI_EMR = 4, EXTI_RTSR = 8, EXTI_FTSR = 12, EXTI_PR = 20, SCR_SLEEPDEEP = 4 };
enum { PORRSTF = 1 << 27, WWDGRSTF = 1 << 30, LINE_ALARM = 17, IRQ_EXTI9 = 23 };
#define LPWRRSTF (1u << 31)

static struct lab *lab_with_backup(const char *name)
{
    struct lab *lab = lab_with(name, NULL);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, PWR(PWR_CR), PWR_DBP);
    return lab;
}

/* Until a bit of CRL is set, as programs do. */
static void wait_CRL(struct lab *lab, uint32_t bit)
{
    for (unsigned i = 0; !(get(lab, RTC(RTC_CRL)) & bit); i++) {
        assert_true(i < 100);
        wait_us(lab, 10);
    }
}

static void configure_rtc(struct lab *lab, uint32_t prescaler, uint32_t count, uint32_t alarm)
{
    wait_CRL(lab, RTOFF);
    put(lab, RTC(RTC_CRL), CNF);
    put(lab, RTC(PRLH), prescaler >> 16);
    put(lab, RTC(PRLL), prescaler & 0xFFFF);
    put(lab, RTC(CNTH), count >> 16);
    put(lab, RTC(CNTL), count & 0xFFFF);
    put(lab, RTC(ALRH), alarm >> 16);
    put(lab, RTC(ALRL), alarm & 0xFFFF);
    put(lab, RTC(RTC_CRL), 0);
    wait_CRL(lab, RTOFF);
}

static struct lab *lab_with_rtc(const char *name)
{
    struct lab *lab = lab_with_backup(name);
    put(lab, RCC(RCC_CSR), LSION);
    wait_us(lab, 100);
    put(lab, RCC(RCC_BDCR), LSI_SOURCE | RTCEN);
    put(lab, RTC(RTC_CRL), RTOFF);
    wait_CRL(lab, RSF);
    return lab;
}

static uint32_t counter(struct lab *lab)
{
    return get(lab, RTC(CNTL)) | get(lab, RTC(CNTH)) << 16;
}

static void seconds_pass_and_alarm(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    configure_rtc(lab, 39999, 0xFFFE, 0x10000);
    put(lab, RTC(RTC_CRH), SECF | ALRF);
    wait_us(lab, 990000);
    assert_false(irq(lab, IRQ_RTC));
    assert_int_equal(counter(lab), 0xFFFE);
    wait_us(lab, 10000);
    assert_true(irq(lab, IRQ_RTC));
    assert_int_equal(counter(lab), 0xFFFF);
    put(lab, RTC(RTC_CRL), (uint32_t) ~(SECF | RSF) & 0x2F);
    assert_false(irq(lab, IRQ_RTC));
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RTC(RTC_CRL)) & ALRF, 0);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RTC(RTC_CRL)) & ALRF, ALRF);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void it_does_not_drift(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("BLUEPILL");
    put(lab, RCC(RCC_BDCR), LSEON | LSE_SOURCE | RTCEN);
    wait_us(lab, 3100000);
    assert_int_equal(get(lab, RCC(RCC_BDCR)) & 2, 2);
    wait_CRL(lab, RSF);
    configure_rtc(lab, 32767, 0, UINT32_MAX);
    ticks began = board_now(lab->board);
    put(lab, RTC(RTC_CRH), SECF);
    for (unsigned i = 0; i < 600; i++) {
        wait_us(lab, 1000000);
        put(lab, RTC(RTC_CRL), RTOFF | RSF | (i % 2 ? SECF : 0));
    }
    uint32_t expected = (uint32_t)(ticks_to_us(board_now(lab->board) - began + ticks_from_us(50)) / 1000000);
    assert_in_range(counter(lab), expected - 1, expected);
    lab_free(lab);
}

static void it_overflows(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    configure_rtc(lab, 39, 0xFFFFFFFE, 5);
    put(lab, RTC(RTC_CRH), OWF);
    wait_us(lab, 1900);
    assert_true(irq(lab, IRQ_RTC));
    wait_us(lab, 200);
    assert_in_range(counter(lab), 0, 1);
    lab_free(lab);
}

static void it_goes_on_through_a_reset_but_must_be_synchronized(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("BLUEPILL");
    put(lab, RCC(RCC_CR), 0x10083);
    wait_us(lab, 3000);
    put(lab, RCC(RCC_BDCR), HSE_SOURCE | RTCEN);
    wait_CRL(lab, RSF);
    configure_rtc(lab, 62499, 100, 0);
    wait_us(lab, 2000000);
    assert_int_equal(counter(lab), 102);
    board_reset_button(lab->board); /* HSE stops, and the clock with it */
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    (void)counter(lab);
    assert_int_equal(lab->violations, 2);
    assert_non_null(strstr(lab->last, "UNDEFINED rtc-not-synchronized"));
    lab->violations = 0;
    put(lab, RCC(RCC_CR), 0x10083);
    wait_us(lab, 3000);
    wait_CRL(lab, RSF);
    assert_int_equal(counter(lab), 102);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_clock_of_the_rtc_is_chosen_once(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    put(lab, RCC(RCC_BDCR), HSE_SOURCE | RTCEN);
    expect_violation(lab, "SUSPICIOUS rtcsel");
    assert_int_equal(get(lab, RCC(RCC_BDCR)) & HSE_SOURCE, LSI_SOURCE);
    put(lab, RCC(RCC_BDCR), 1 << 16);
    put(lab, RCC(RCC_BDCR), HSE_SOURCE | RTCEN);
    assert_int_equal(get(lab, RCC(RCC_BDCR)) & HSE_SOURCE, HSE_SOURCE);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void rules_of_the_rtc(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    put(lab, RTC(CNTL), 5);
    expect_violation(lab, "FORBIDDEN rtc-configuration-mode");
    put(lab, RTC(RTC_CRL), CNF);
    put(lab, RTC(CNTL), 5);
    put(lab, RTC(RTC_CRL), 0);
    put(lab, RTC(RTC_CRL), CNF);
    expect_violation(lab, "FORBIDDEN rtc-busy");
    wait_us(lab, 100);
    put(lab, PWR(PWR_CR), 0);
    put(lab, RTC(RTC_CRL), CNF);
    put(lab, RTC(CNTL), 6);
    expect_violation(lab, "FORBIDDEN backup-write-protected");
    lab_free(lab);
}

/* Window watchdog */

static struct lab *lab_with_wwdg(void)
{
    struct lab *lab = lab_with_backup("BLUEPILL");
    put(lab, RCC(RCC_APB1ENR), APB1ENR_WWDG);
    return lab;
}

/* 8 MHz / 4096: 512 us a count. */
static void it_bites_when_nobody_refreshes(void **state)
{
    (void)state;
    struct lab *lab = lab_with_wwdg();
    put(lab, WWDG(WWDG_CFR), 0x7F | EWI);
    put(lab, WWDG(WWDG_CR), WDGA | 0x50);
    wait_us(lab, 512 * 15);
    assert_false(irq(lab, IRQ_WWDG));
    wait_us(lab, 520);
    assert_true(irq(lab, IRQ_WWDG)); /* 0x40: the last count is a warning */
    assert_int_equal(get(lab, WWDG(WWDG_SR)), 1);
    wait_us(lab, 520);
    assert_true(heard(lab, "window watchdog reset"));
    assert_true(get(lab, RCC(RCC_CSR)) & WWDGRSTF);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_refresh_in_time_keeps_it_quiet(void **state)
{
    (void)state;
    struct lab *lab = lab_with_wwdg();
    put(lab, WWDG(WWDG_CFR), 0x60);
    put(lab, WWDG(WWDG_CR), WDGA | 0x7F);
    for (unsigned i = 0; i < 10; i++) {
        wait_us(lab, 512 * 40);
        put(lab, WWDG(WWDG_CR), WDGA | 0x7F);
    }
    assert_false(heard(lab, "window watchdog reset"));
    wait_us(lab, 512 * 10);
    put(lab, WWDG(WWDG_CR), WDGA | 0x7F); /* too early */
    expect_violation(lab, "SUSPICIOUS wwdg-window");
    wait_us(lab, 10);
    assert_true(heard(lab, "window watchdog reset"));
    lab_free(lab);
}

static void it_can_be_asked_to_bite(void **state)
{
    (void)state;
    struct lab *lab = lab_with_wwdg();
    put(lab, WWDG(WWDG_CR), 0x3F); /* off */
    wait_us(lab, 100);
    assert_false(heard(lab, "window watchdog reset"));
    put(lab, WWDG(WWDG_CR), WDGA | 0x3F);
    wait_us(lab, 10);
    assert_true(heard(lab, "window watchdog reset"));
    lab_free(lab);
}

/* Stop and Standby */

/* wfi or wfe, then a loop that counts in r0. */
static void sleep_by(struct lab *lab, uint8_t instruction)
{
    const uint8_t program[] = {instruction, 0xBF, 0x40, 0x1C, 0xFD, 0xE7};
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
    cpu->r[15] = FLASH_AT + 0x100;
    cpu->r[0] = 0;
    cpu->primask = 1;
    cpu->system.scr = SCR_SLEEPDEEP;
}
enum { WFE = 0x20, WFI = 0x30 };

static bool awake(const struct lab *lab)
{
    return lab->board->chip.cpu.r[0] > 0;
}

static void stop_holds_every_clock_until_a_line_calls(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("OLIMEXSTM32H103");
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_TIMERS);
    put(lab, RCC(RCC_CR), 0x10083);
    wait_us(lab, 3000);
    put(lab, RCC(RCC_CFGR), 1); /* HSE */
    wait_us(lab, 10);
    put(lab, TIM2(TIM_DIER), 1);
    put(lab, TIM2(TIM_ARR), 7999); /* an update each millisecond */
    put(lab, TIM2(TIM_CR1), 1);
    lab->board->chip.cpu.nvic.enabled[IRQ_TIM2] = true;
    lab->board->chip.cpu.nvic.enabled[IRQ_EXTI0] = true;
    lab->board->chip.cpu.systick.csr = 0;
    put(lab, EXTI(EXTI_IMR), 1);
    put(lab, EXTI(EXTI_FTSR), 1);
    sleep_by(lab, WFI);
    wait_us(lab, 10);
    uint64_t cycles = lab->board->chip.cpu.cycles;
    assert_true(heard(lab, "Stop mode"));
    wait_us(lab, 50000);
    assert_false(awake(lab));
    assert_int_equal(lab->board->chip.cpu.cycles, cycles);
    board_press(lab->board, true);
    wait_us(lab, 3);
    assert_false(awake(lab));
    wait_us(lab, 10);
    assert_true(awake(lab));
    assert_int_equal(get(lab, RCC(RCC_CFGR)) & 0xF, 0); /* on HSI */
    assert_int_equal(get(lab, RCC(RCC_CR)) & 0x30003, 3);
    assert_in_range(get(lab, TIM2(TIM_CNT)), 0, 400); /* it went on from where it stood */
    expect_violation(lab, NULL);
    lab_free(lab);
}

/* DDI 0337E 10.2.4: DEMCR is reset by power only, and so is what it enables. */
static void only_power_and_standby_reset_the_trace_units(void **state)
{
    (void)state;
    enum { TRCENA = 1 << 24, CYCCNTENA = 1 };
    static const enum reset_cause causes[] = {RESET_SOFTWARE, RESET_PIN, RESET_IWDG, RESET_WWDG};
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        chip->cpu.system.demcr = TRCENA;
        chip->cpu.system.dwt_ctrl = CYCCNTENA;
        chip_reset(chip, causes[i]);
        assert_int_equal(chip->cpu.system.demcr, TRCENA);
        assert_int_equal(chip->cpu.system.dwt_ctrl, CYCCNTENA);
    }
    chip_reset(chip, RESET_STANDBY);
    assert_int_equal(chip->cpu.system.demcr, 0);
    chip->cpu.system.demcr = TRCENA;
    board_power(lab->board, false);
    board_power(lab->board, true);
    assert_int_equal(chip->cpu.system.demcr, 0);
    lab_free(lab);
}

static void an_event_wakes_wfe_and_leaves_no_pending_bit(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("OLIMEXSTM32H103");
    put(lab, EXTI(EXTI_EMR), 1);
    put(lab, EXTI(EXTI_FTSR), 1);
    sleep_by(lab, WFE);
    wait_us(lab, 1000);
    assert_false(awake(lab));
    board_press(lab->board, true);
    wait_us(lab, 20);
    assert_true(awake(lab));
    assert_int_equal(get(lab, EXTI(EXTI_PR)), 0);
    lab_free(lab);
}

static void the_alarm_wakes_from_stop(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    configure_rtc(lab, 3999, 0, 4); /* a tenth of a second each */
    put(lab, EXTI(EXTI_IMR), 1 << LINE_ALARM);
    put(lab, EXTI(EXTI_RTSR), 1 << LINE_ALARM);
    lab->board->chip.cpu.nvic.enabled[IRQ_RTC_ALARM] = true;
    sleep_by(lab, WFI);
    wait_us(lab, 490000);
    assert_false(awake(lab));
    wait_us(lab, 20000);
    assert_true(awake(lab));
    lab_free(lab);
}

static void stop_wants_a_clean_slate(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("OLIMEXSTM32H103");
    put(lab, EXTI(EXTI_FTSR), 1 << 3);
    put(lab, EXTI(EXTI_IMR), 1 << 3);
    put(lab, EXTI(0x10), 1 << 3); /* SWIER */
    sleep_by(lab, WFI);
    wait_us(lab, 20);
    expect_violation(lab, "SUSPICIOUS stop-with-pending");
    assert_true(awake(lab));
    lab_free(lab);
}

static void standby_ends_in_a_reset(void **state)
{
    (void)state;
    struct lab *lab = lab_with_rtc("BLUEPILL");
    put(lab, BKP(0x04), 0x1234);
    put(lab, RAM_AT + 0x100, 0xCAFEF00D);
    configure_rtc(lab, 3999, 0, 4);
    set_bits(lab, PWR(PWR_CR), PDDS | CWUF);
    sleep_by(lab, WFI);
    wait_us(lab, 490000);
    assert_true(heard(lab, "Standby mode"));
    assert_false(heard(lab, "wake-up from Standby"));
    wait_us(lab, 20000);
    assert_true(heard(lab, "wake-up from Standby"));
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    assert_int_equal(get(lab, PWR(PWR_CSR)), WUF | SBF);
    assert_true(get(lab, RCC(RCC_CSR)) & PORRSTF);
    assert_int_equal(get(lab, BKP(0x04)), 0x1234);
    assert_true(get(lab, RAM_AT + 0x100) != 0xCAFEF00D);
    put(lab, PWR(PWR_CR), CWUF | CSBF);
    assert_int_equal(get(lab, PWR(PWR_CSR)), 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_wakeup_pin_ends_standby(void **state)
{
    (void)state;
    struct lab *lab = lab_with_backup("BLUEPILLPLUSSTM32"); /* its button drives PA0 high */
    put(lab, PWR(PWR_CSR), EWUP);
    set_bits(lab, PWR(PWR_CR), PDDS | CWUF);
    sleep_by(lab, WFI);
    wait_us(lab, 1000);
    assert_true(heard(lab, "Standby mode"));
    board_press(lab->board, true);
    wait_us(lab, 100);
    assert_true(heard(lab, "wake-up from Standby"));
    put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
    set_bits(lab, PWR(PWR_CR), PDDS);
    sleep_by(lab, WFI);
    wait_us(lab, 100);
    expect_violation(lab, "SUSPICIOUS standby-with-wuf");
    lab_free(lab);
}

/* nRST_STOP and nRST_STDBY cleared: entering is a reset instead. */
static void option_bytes_can_forbid_both(void **state)
{
    (void)state;
    for (unsigned standby = 0; standby < 2; standby++) {
        struct lab *lab = lab_with_backup("BLUEPILL");
        static const uint8_t user[2][2] = {{0xFD, 0x02}, {0xFB, 0x04}};
        assert_true(flash_load(&lab->board->chip, 0x1FFFF802, user[standby], 2));
        board_reset_button(lab->board);
        put(lab, RCC(RCC_CSR), 1 << 24);
        put(lab, RCC(RCC_APB1ENR), APB1ENR_BKP_PWR);
        put(lab, PWR(PWR_CR), standby ? PDDS | CWUF : 0);
        sleep_by(lab, WFI);
        wait_us(lab, 100);
        assert_true(heard(lab, "low-power management reset"));
        assert_true(get(lab, RCC(RCC_CSR)) & LPWRRSTF);
        lab_free(lab);
    }
}

/* CRC */

static void the_crc_is_the_one_of_ethernet(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_AHBENR), 0x14 | AHBENR_CRC);
    assert_int_equal(get(lab, CRC(0)), 0xFFFFFFFF);
    put(lab, CRC(0), 0x00000000);
    assert_int_equal(get(lab, CRC(0)), 0xC704DD7B);
    put(lab, CRC(8), 1);
    put(lab, CRC(0), 0x12345678);
    assert_int_equal(get(lab, CRC(0)), 0xDF8A8A2B);
    put(lab, CRC(4), 0xAB);
    put(lab, CRC(8), 1);
    assert_int_equal(get(lab, CRC(4)), 0xAB);
    expect_violation(lab, NULL);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_pass_and_alarm),
        cmocka_unit_test(it_does_not_drift),
        cmocka_unit_test(it_overflows),
        cmocka_unit_test(it_goes_on_through_a_reset_but_must_be_synchronized),
        cmocka_unit_test(the_clock_of_the_rtc_is_chosen_once),
        cmocka_unit_test(rules_of_the_rtc),
        cmocka_unit_test(it_bites_when_nobody_refreshes),
        cmocka_unit_test(a_refresh_in_time_keeps_it_quiet),
        cmocka_unit_test(it_can_be_asked_to_bite),
        cmocka_unit_test(stop_holds_every_clock_until_a_line_calls),
        cmocka_unit_test(only_power_and_standby_reset_the_trace_units),
        cmocka_unit_test(an_event_wakes_wfe_and_leaves_no_pending_bit),
        cmocka_unit_test(the_alarm_wakes_from_stop),
        cmocka_unit_test(stop_wants_a_clean_slate),
        cmocka_unit_test(standby_ends_in_a_reset),
        cmocka_unit_test(the_wakeup_pin_ends_standby),
        cmocka_unit_test(option_bytes_can_forbid_both),
        cmocka_unit_test(the_crc_is_the_one_of_ethernet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
