/* Clocks of the STM32L1 against RM0038: oscillators, the PLL, wait states, and what each core voltage allows.
 */
#include "l1_test.h"

static unsigned khz(const struct lab *lab)
{
    return (chip_hclk_hz(&lab->board->chip) + 500) / 1000;
}

static void fast_flash(struct lab *lab)
{
    put(lab, FLASH(FLASH_ACR), ACC64);
    put(lab, FLASH(FLASH_ACR), ACC64 | PRFTEN);
    put(lab, FLASH(FLASH_ACR), ACC64 | PRFTEN | LATENCY);
}

static void run_from_pll(struct lab *lab, uint32_t source, uint32_t setup)
{
    set_bits(lab, RCC(RCC_CR), source);
    wait_us(lab, 1000);
    put(lab, RCC(RCC_CFGR), setup);
    set_bits(lab, RCC(RCC_CR), PLLON);
    wait_us(lab, 200);
    assert_int_equal(get(lab, RCC(RCC_CR)) & PLLRDY, PLLRDY);
    put(lab, RCC(RCC_CFGR), setup | SW_PLL);
    assert_int_equal(get(lab, RCC(RCC_CFGR)) & 0xC, SW_PLL << 2);
}

static void msi_runs_at_2_1_mhz_after_reset_and_in_seven_ranges(void **state)
{
    (void)state;
    static const unsigned expected[] = {66, 131, 262, 524, 1049, 2097, 4194};
    struct lab *lab = lab_new();
    assert_int_equal(khz(lab), 2097);
    for (uint32_t range = 0; range < 7; range++) {
        put(lab, RCC(RCC_ICSCR), 0x1000 | range << 13);
        assert_int_equal(khz(lab), expected[range]);
    }
    expect_violation(lab, NULL);
    put(lab, RCC(RCC_ICSCR), 0xF000);
    expect_violation(lab, "FORBIDDEN msi-range");
    lab_free(lab);
}

static void hsi_is_16_mhz_and_needs_a_wait_state_in_range_2(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_CR), HSION);
    wait_us(lab, 10);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSIRDY, HSIRDY);
    put(lab, RCC(RCC_CFGR), SW_HSI);
    assert_int_equal(khz(lab), 16000);
    expect_violation(lab, "FORBIDDEN flash-wait-states");
    board_reset_button(lab->board);
    assert_int_equal(khz(lab), 2097);
    fast_flash(lab);
    set_bits(lab, RCC(RCC_CR), HSION);
    wait_us(lab, 10);
    put(lab, RCC(RCC_CFGR), SW_HSI);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_pll_makes_32_mhz_and_48_mhz_for_usb(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_range(lab, VOS_1);
    fast_flash(lab);
    run_from_pll(lab, HSEON, PLLSRC_HSE | PLLMUL_6 | PLLDIV_3);
    assert_int_equal(khz(lab), 32000);
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    expect_violation(lab, NULL);
    lab_free(lab);
    lab = lab_with("STM32L152DISCOVERY", NULL);
    set_range(lab, VOS_1);
    fast_flash(lab);
    run_from_pll(lab, HSEON, PLLSRC_HSE | PLLMUL_12 | PLLDIV_3);
    assert_int_equal(khz(lab), 32000);
    expect_violation(lab, NULL);
    lab_free(lab);
    lab = lab_new();
    set_range(lab, VOS_1);
    fast_flash(lab);
    run_from_pll(lab, HSION, PLLMUL_6 | PLLDIV_3);
    assert_int_equal(khz(lab), 32000);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_vco_of_another_frequency_is_nothing_for_usb(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_range(lab, VOS_1);
    fast_flash(lab);
    run_from_pll(lab, HSION, PLLMUL_4 | PLLDIV_2);
    assert_int_equal(khz(lab), 32000);
    expect_violation(lab, NULL);
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    expect_violation(lab, "SUSPICIOUS usb-clock-not-48mhz");
    lab_free(lab);
}

static void a_vco_above_48_mhz_needs_range_1(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_CR), HSION);
    wait_us(lab, 10);
    put(lab, RCC(RCC_CFGR), PLLMUL_4 | PLLDIV_4);
    expect_violation(lab, NULL);
    set_bits(lab, RCC(RCC_CR), PLLON);
    expect_violation(lab, "FORBIDDEN pll-frequency");
    put(lab, RCC(RCC_CR), get(lab, RCC(RCC_CR)) & ~(uint32_t)PLLON);
    put(lab, RCC(RCC_CFGR), PLLMUL_3 | PLLDIV_3);
    set_bits(lab, RCC(RCC_CR), PLLON);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void a_pll_without_divider_is_not_allowed(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_range(lab, VOS_1);
    set_bits(lab, RCC(RCC_CR), HSION);
    wait_us(lab, 10);
    set_bits(lab, RCC(RCC_CR), PLLON);
    expect_violation(lab, "FORBIDDEN pll-setup");
    lab_free(lab);
}

static void a_lower_voltage_does_not_bear_the_clock(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_range(lab, VOS_1);
    fast_flash(lab);
    run_from_pll(lab, HSION, PLLMUL_3 | PLLDIV_2);
    assert_int_equal(khz(lab), 24000);
    expect_violation(lab, NULL);
    put(lab, PWR(PWR_CR), VOS_2);
    assert_int_equal(lab->violations, 2); /* the PLL's output, too */
    assert_ptr_equal(strstr(lab->last, "FORBIDDEN hclk-too-fast"), lab->last);
    lab_free(lab);
}

static void range_3_has_no_hsi_and_slow_crystals_only(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_range(lab, VOS_3);
    set_bits(lab, RCC(RCC_CR), HSION);
    expect_violation(lab, "FORBIDDEN hsi-in-range-3");
    set_bits(lab, RCC(RCC_CR), HSEON);
    expect_violation(lab, "FORBIDDEN hse-too-fast");
    put(lab, RCC(RCC_ICSCR), 0x1000 | 6 << 13);
    expect_violation(lab, "FORBIDDEN flash-wait-states");
    lab_free(lab);
}

static void the_voltage_takes_its_time_to_rise(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_APB1ENR), APB1ENR_PWR);
    assert_int_equal(get(lab, PWR(PWR_CR)), VOS_2);
    put(lab, PWR(PWR_CR), VOS_1);
    assert_int_equal(get(lab, PWR(PWR_CSR)) & VOSF, VOSF);
    put(lab, PWR(PWR_CR), VOS_2);
    expect_violation(lab, "FORBIDDEN pwr-vos-busy");
    wait_us(lab, 100);
    assert_int_equal(get(lab, PWR(PWR_CSR)) & VOSF, 0);
    put(lab, PWR(PWR_CR), 0);
    expect_violation(lab, "FORBIDDEN pwr-vos");
    assert_int_equal(get(lab, PWR(PWR_CR)), VOS_1);
    lab_free(lab);
}

static void acc64_goes_first_and_last(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_ACR), LATENCY);
    expect_violation(lab, "FORBIDDEN flash-acc64");
    assert_int_equal(get(lab, FLASH(FLASH_ACR)), 0);
    put(lab, FLASH(FLASH_ACR), ACC64 | LATENCY);
    expect_violation(lab, "FORBIDDEN flash-acc64");
    assert_int_equal(get(lab, FLASH(FLASH_ACR)), ACC64);
    put(lab, FLASH(FLASH_ACR), ACC64 | LATENCY);
    put(lab, FLASH(FLASH_ACR), 0);
    expect_violation(lab, "FORBIDDEN flash-acc64");
    put(lab, FLASH(FLASH_ACR), ACC64);
    put(lab, FLASH(FLASH_ACR), 0);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_ACR), RUN_PD);
    expect_violation(lab, "FORBIDDEN flash-locked");
    lab_free(lab);
}

static void a_dead_crystal_never_gets_ready(void **state)
{
    (void)state;
    struct chip_config config = board_default_config(board_find("STM32L1"));
    config.hse_hz = 0;
    struct lab *lab = lab_with("STM32L1", &config);
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, 0);
    lab_free(lab);
}

static void the_clock_in_use_cannot_be_turned_off(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_CR), 0);
    expect_violation(lab, "SUSPICIOUS rcc-clock-in-use");
    assert_int_equal(khz(lab), 2097);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(msi_runs_at_2_1_mhz_after_reset_and_in_seven_ranges),
        cmocka_unit_test(hsi_is_16_mhz_and_needs_a_wait_state_in_range_2),
        cmocka_unit_test(the_pll_makes_32_mhz_and_48_mhz_for_usb),
        cmocka_unit_test(a_vco_of_another_frequency_is_nothing_for_usb),
        cmocka_unit_test(a_vco_above_48_mhz_needs_range_1),
        cmocka_unit_test(a_pll_without_divider_is_not_allowed),
        cmocka_unit_test(a_lower_voltage_does_not_bear_the_clock),
        cmocka_unit_test(range_3_has_no_hsi_and_slow_crystals_only),
        cmocka_unit_test(the_voltage_takes_its_time_to_rise),
        cmocka_unit_test(acc64_goes_first_and_last),
        cmocka_unit_test(a_dead_crystal_never_gets_ready),
        cmocka_unit_test(the_clock_in_use_cannot_be_turned_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
