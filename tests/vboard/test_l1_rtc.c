/* The RTC of the STM32L1 against RM0038: locks, the calendar, alarms and the wake-up timer. */
#include "l1_test.h"

enum { TR = 0x00, DR = 0x04, CR = 0x08, ISR = 0x0C, PRER = 0x10, WUTR = 0x14, ALRMAR = 0x1C, WPR = 0x24 };
enum { ALRAE = 1 << 8, WUTE = 1 << 10, ALRAIE = 1 << 12, WUTIE = 1 << 14, ALRAF = 1 << 8, WUTF = 1 << 10 };
enum { INITF = 1 << 6, INIT = 1 << 7, RSF = 1 << 5, RTCSEL_LSI = 2 << 16, RTCEN = 1 << 22, LSION = 1 };
enum { LSI_HZ = 37000, LINE_ALARM = 17, LINE_WAKEUP = 20 };

/* On LSI, with a second of 37000 cycles, unlocked. */
static struct lab *lab_rtc(void)
{
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    put(lab, PWR(PWR_CR), VOS_2 | DBP);
    set_bits(lab, RCC(RCC_CSR), LSION);
    wait_us(lab, 300);
    set_bits(lab, RCC(RCC_CSR), RTCSEL_LSI | RTCEN);
    put(lab, RTC(WPR), 0xCA);
    put(lab, RTC(WPR), 0x53);
    return lab;
}

static void begin(struct lab *lab)
{
    put(lab, RTC(ISR), INIT);
    wait_us(lab, 100);
    assert_int_equal(get(lab, RTC(ISR)) & INITF, INITF);
    put(lab, RTC(PRER), 36 << 16 | 999);
}

static void end(struct lab *lab)
{
    put(lab, RTC(ISR), 0);
    wait_us(lab, 100);
    assert_int_equal(get(lab, RTC(ISR)) & (INITF | RSF), RSF);
}

static void it_is_locked_by_its_keys_too(void **state)
{
    (void)state;
    struct lab *lab = lab_rtc();
    put(lab, RTC(WPR), 0);
    put(lab, RTC(CR), 0);
    expect_violation(lab, "FORBIDDEN rtc-write-protected");
    put(lab, RTC(WPR), 0xCA);
    put(lab, RTC(WPR), 0x53);
    put(lab, RTC(CR), 0);
    expect_violation(lab, NULL);
    put(lab, RTC(TR), 0x120000);
    expect_violation(lab, "FORBIDDEN rtc-initialization-mode");
    board_reset_button(lab->board);
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    put(lab, PWR(PWR_CR), VOS_2 | DBP);
    put(lab, RTC(CR), 0);
    expect_violation(lab, "FORBIDDEN rtc-write-protected");
    lab_free(lab);
}

static void initialization_mode_takes_two_cycles_of_a_clock_that_runs(void **state)
{
    (void)state;
    struct lab *lab = lab_rtc();
    put(lab, RTC(ISR), INIT);
    assert_int_equal(get(lab, RTC(ISR)) & INITF, 0);
    wait_us(lab, 60);
    assert_int_equal(get(lab, RTC(ISR)) & INITF, INITF);
    expect_violation(lab, NULL);
    lab_free(lab);
    lab = lab_new();
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    put(lab, PWR(PWR_CR), VOS_2 | DBP);
    put(lab, RTC(WPR), 0xCA);
    put(lab, RTC(WPR), 0x53);
    put(lab, RTC(ISR), INIT);
    wait_us(lab, 100000);
    assert_int_equal(get(lab, RTC(ISR)) & INITF, 0);
    lab_free(lab);
}

static void the_calendar_counts_seconds_to_years(void **state)
{
    (void)state;
    struct lab *lab = lab_rtc();
    begin(lab);
    put(lab, RTC(TR), 0x235958);
    put(lab, RTC(DR), 0x27 << 16 | 7 << 13 | 0x12 << 8 | 0x31);
    end(lab);
    assert_int_equal(get(lab, RTC(TR)), 0x235958);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RTC(TR)), 0x235959);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RTC(TR)), 0);
    assert_int_equal(get(lab, RTC(DR)), 0x28 << 16 | 1 << 13 | 1 << 8 | 1);
    board_reset_button(lab->board);
    wait_us(lab, 1000000);
    lab->violations = 0;
    assert_int_equal(get(lab, RTC(TR)), 0); /* LSI stops at a reset */
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void february_has_29_days_every_four_years(void **state)
{
    (void)state;
    static const uint32_t next[] = {0x24 << 16 | 0x229, 0x25 << 16 | 0x301};
    for (unsigned i = 0; i < 2; i++) {
        struct lab *lab = lab_rtc();
        begin(lab);
        put(lab, RTC(TR), 0x235959);
        put(lab, RTC(DR), (0x24 + i) << 16 | 1 << 13 | 0x228);
        end(lab);
        wait_us(lab, 1000000);
        assert_int_equal(get(lab, RTC(DR)), next[i] | 2 << 13);
        lab_free(lab);
    }
}

static void an_alarm_rings_at_its_time(void **state)
{
    (void)state;
    struct lab *lab = lab_rtc();
    begin(lab);
    put(lab, RTC(TR), 0x120000);
    end(lab);
    put(lab, EXTI(0x00), 1 << LINE_ALARM);
    put(lab, EXTI(0x08), 1 << LINE_ALARM);
    put(lab, RTC(ALRMAR), 0x80000000 | 0x120003);
    put(lab, RTC(CR), ALRAE | ALRAIE);
    put(lab, RTC(ALRMAR), 0);
    expect_violation(lab, "FORBIDDEN rtc-enabled");
    wait_us(lab, 2800000);
    assert_int_equal(get(lab, RTC(ISR)) & ALRAF, 0);
    wait_us(lab, 300000);
    assert_int_equal(get(lab, RTC(ISR)) & ALRAF, ALRAF);
    assert_int_equal(get(lab, EXTI(0x14)), 1 << LINE_ALARM);
    put(lab, RTC(ISR), ~(uint32_t)ALRAF & 0x3FFF & ~(uint32_t)INIT);
    assert_int_equal(get(lab, RTC(ISR)) & ALRAF, 0);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_wake_up_timer_comes_again_and_again(void **state)
{
    (void)state;
    struct lab *lab = lab_rtc();
    put(lab, EXTI(0x00), 1 << LINE_WAKEUP);
    put(lab, EXTI(0x08), 1 << LINE_WAKEUP);
    put(lab, RTC(WUTR), LSI_HZ / 16 / 10 - 1); /* RTCCLK / 16: every 0.1 s */
    put(lab, RTC(CR), WUTE | WUTIE);
    for (unsigned i = 0; i < 3; i++) {
        wait_us(lab, 95000);
        assert_int_equal(get(lab, RTC(ISR)) & WUTF, 0);
        wait_us(lab, 5000);
        assert_int_equal(get(lab, RTC(ISR)) & WUTF, WUTF);
        assert_int_equal(get(lab, EXTI(0x14)), 1 << LINE_WAKEUP);
        put(lab, EXTI(0x14), 1 << LINE_WAKEUP);
        put(lab, RTC(ISR), 0x3FFF & ~(uint32_t)(WUTF | INIT));
    }
    expect_violation(lab, NULL);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_locked_by_its_keys_too),
        cmocka_unit_test(initialization_mode_takes_two_cycles_of_a_clock_that_runs),
        cmocka_unit_test(the_calendar_counts_seconds_to_years),
        cmocka_unit_test(february_has_29_days_every_four_years),
        cmocka_unit_test(an_alarm_rings_at_its_time),
        cmocka_unit_test(the_wake_up_timer_comes_again_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
