/* Clocks, resets, watchdog and time. */
#include "board/chip_kinds.h"
#include "chip_test.h"
#include "devices/rcc_f1/rcc_f1.h"

enum { HSEON = 1 << 16, HSERDY = 1 << 17, PLLON = 1 << 24, PLLRDY = 1 << 25 };
enum { SW_HSE = 1, SW_PLL = 2, PLLSRC_HSE = 1 << 16, PPRE1_2 = 4 << 8, USBPRE = 1 << 22 };
enum { PLL_HSE_72MHZ = 7 << 18 | PLLSRC_HSE, PLL_HSI_48MHZ = 10 << 18, ACR_TWO_WAITS = 0x12 };
enum { SFTRSTF = 1 << 28, IWDGRSTF = 1 << 29, PINRSTF = 1 << 26, PORRSTF = 1 << 27, RMVF = 1 << 24 };

static void start_hse(struct lab *lab)
{
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 2100);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, HSERDY);
}

static void start_pll(struct lab *lab, uint32_t setup)
{
    put(lab, RCC(RCC_CFGR), setup);
    set_bits(lab, RCC(RCC_CR), PLLON);
    wait_us(lab, 210);
    assert_int_equal(get(lab, RCC(RCC_CR)) & PLLRDY, PLLRDY);
}

static void the_usual_72_mhz_breaks_no_rule(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    start_hse(lab);
    put(lab, FLASH(FLASH_ACR), ACR_TWO_WAITS);
    start_pll(lab, PLL_HSE_72MHZ | PPRE1_2);
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | PPRE1_2 | SW_PLL);
    assert_int_equal(get(lab, RCC(RCC_CFGR)) >> 2 & 3, SW_PLL);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    expect_violation(lab, NULL);
    assert_int_equal(chip_hclk_hz(&lab->board->chip), 72000000);
    assert_int_equal(lab->board->chip.node[RCC_F1_PCLK1].hz, 36000000);
    assert_int_equal(lab->board->chip.node[RCC_F1_USBCLK].hz, 48000000);
    lab_free(lab);
}

static void the_crystal_takes_its_time_and_a_dead_one_forever(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 450);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, 0);
    wait_us(lab, 100);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, HSERDY);
    lab_free(lab);
    struct chip_config config = board_default_config(board_find("BLUEPILL"));
    assert_true(chip_kind_apply(&config, "slow-crystal", strlen("slow-crystal")));
    lab = lab_with("BLUEPILL", &config);
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 1900);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, 0);
    wait_us(lab, 200);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, HSERDY);
    lab_free(lab);
    config.hse_hz = 0;
    lab = lab_with("BLUEPILL", &config);
    set_bits(lab, RCC(RCC_CR), HSEON);
    wait_us(lab, 1000000);
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, 0);
    lab_free(lab);
}

/* The clocks of programs for boards with other crystals than 8 MHz. A cycle is
 * whole ticks: less than 2 ppm off. */
static void other_crystals_have_their_own_clocks(void **state)
{
    (void)state;
    static const struct {
        uint32_t crystal_hz, PLLMUL, hclk_hz;
    } cases[] = {{12000000, 4 << 18, 72000000}, {16000000, 1 << 18, 48000000}, {7372800, 6 << 18, 58982400}};
    for (unsigned i = 0; i < 3; i++) {
        struct chip_config config = board_default_config(board_find("BLUEPILL"));
        config.hse_hz = cases[i].crystal_hz;
        struct lab *lab = lab_with("BLUEPILL", &config);
        start_hse(lab);
        put(lab, FLASH(FLASH_ACR), ACR_TWO_WAITS);
        start_pll(lab, PLLSRC_HSE | cases[i].PLLMUL | PPRE1_2);
        put(lab, RCC(RCC_CFGR), PLLSRC_HSE | cases[i].PLLMUL | PPRE1_2 | SW_PLL);
        expect_violation(lab, NULL);
        assert_int_equal(lab->board->chip.node[RCC_F1_PCLK1].hz, cases[i].hclk_hz / 2);
        assert_in_range(chip_hclk_hz(&lab->board->chip), cases[i].hclk_hz,
                        cases[i].hclk_hz + cases[i].hclk_hz / 500000);
        lab_free(lab);
    }
}

static void wait_states_must_come_before_speed(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    start_pll(lab, PLL_HSI_48MHZ | PPRE1_2 | USBPRE);
    put(lab, RCC(RCC_CFGR), PLL_HSI_48MHZ | PPRE1_2 | USBPRE | SW_PLL);
    expect_violation(lab, "FORBIDDEN flash-wait-states");
    put(lab, FLASH(FLASH_ACR), 0x11);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_ACR), 0x10);
    expect_violation(lab, "FORBIDDEN flash-wait-states");
    put(lab, FLASH(FLASH_ACR), 0x13);
    expect_violation(lab, "FORBIDDEN flash-latency");
    lab_free(lab);
}

static void the_prefetch_buffer_has_rules(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, FLASH(FLASH_ACR), 0x00);
    put(lab, FLASH(FLASH_ACR), 0x10);
    assert_int_equal(get(lab, FLASH(FLASH_ACR)), 0x30);
    put(lab, FLASH(FLASH_ACR), 0x18);
    expect_violation(lab, NULL);
    put(lab, RCC(RCC_CFGR), 8 << 4);
    expect_violation(lab, "FORBIDDEN flash-half-cycle");
    put(lab, FLASH(FLASH_ACR), 0x10);
    expect_violation(lab, NULL);
    put(lab, FLASH(FLASH_ACR), 0x00);
    assert_int_equal(lab->violations, 2); /* switched, and off, under a prescaler */
    assert_non_null(strstr(lab->last, "flash-prefetch"));
    lab_free(lab);
}

/* A crystal that runs goes on running here, so that there is nothing to report (RM0008 7.2.7). */
static void the_clock_security_system_keeps_quiet(void **state)
{
    (void)state;
    enum { CSSON = 1 << 19, CSSF = 1 << 7 };
    struct lab *lab = lab_new();
    start_hse(lab);
    set_bits(lab, RCC(RCC_CR), CSSON);
    assert_true(get(lab, RCC(RCC_CR)) & CSSON);
    wait_us(lab, 1000);
    assert_false(get(lab, RCC(RCC_CIR)) & CSSF);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void clocks_have_limits(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    start_hse(lab);
    put(lab, FLASH(FLASH_ACR), ACR_TWO_WAITS);
    start_pll(lab, PLL_HSE_72MHZ);
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | SW_PLL);
    expect_violation(lab, "FORBIDDEN pclk1-too-fast");
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | PPRE1_2 | SW_PLL);
    expect_violation(lab, NULL);
    put(lab, RCC(RCC_APB2ENR), 1 << 9);
    expect_violation(lab, NULL); /* the ADC itself is off */
    put(lab, 0x40012408, 1);     /* CR2.ADON */
    expect_violation(lab, "FORBIDDEN adcclk-too-fast");
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | PPRE1_2 | SW_PLL | 1 << 14);
    expect_violation(lab, "FORBIDDEN adcclk-too-fast");
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | PPRE1_2 | SW_PLL | 2 << 14);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_processor_is_not_overclocked(void **state)
{
    (void)state;
    enum { PLL_HSE_80MHZ = 1 << 16 | 8 << 18, PPRE1_4 = 5 << 8 };
    struct lab *lab = lab_new();
    start_hse(lab);
    put(lab, FLASH(FLASH_ACR), ACR_TWO_WAITS);
    start_pll(lab, PLL_HSE_80MHZ | PPRE1_4);
    lab->board->first_violation[0] = '\0';
    put(lab, RCC(RCC_CFGR), PLL_HSE_80MHZ | PPRE1_4 | SW_PLL);
    assert_non_null(strstr(lab->board->first_violation, "FORBIDDEN hclk-too-fast"));
    lab_free(lab);
}

static void the_pll_has_a_range_and_a_fixed_setup(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_CFGR), 0);
    set_bits(lab, RCC(RCC_CR), PLLON);
    expect_violation(lab, "FORBIDDEN pll-frequency");
    put(lab, RCC(RCC_CFGR), PLL_HSI_48MHZ);
    expect_violation(lab, "SUSPICIOUS pll-changed-while-on");
    assert_int_equal(get(lab, RCC(RCC_CFGR)), 0);
    lab_free(lab);
    lab = lab_new();
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ);
    set_bits(lab, RCC(RCC_CR), PLLON);
    expect_violation(lab, "SUSPICIOUS pll-source-not-ready");
    lab_free(lab);
}

static void the_clock_in_use_cannot_be_stopped(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_CR), 0x80);
    expect_violation(lab, "SUSPICIOUS rcc-clock-in-use");
    assert_int_equal(get(lab, RCC(RCC_CR)), 0x83);
    start_hse(lab);
    put(lab, RCC(RCC_CFGR), SW_HSE);
    put(lab, RCC(RCC_CR), get(lab, RCC(RCC_CR)) & ~(uint32_t)HSEON);
    expect_violation(lab, "SUSPICIOUS rcc-clock-in-use");
    put(lab, RCC(RCC_CR), get(lab, RCC(RCC_CR)) | 1 << 18);
    expect_violation(lab, "SUSPICIOUS hsebyp");
    lab_free(lab);
}

static void a_switch_waits_for_its_clock(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    set_bits(lab, RCC(RCC_CR), HSEON);
    put(lab, RCC(RCC_CFGR), SW_HSE);
    expect_violation(lab, "SUSPICIOUS rcc-switch-not-ready");
    assert_int_equal(get(lab, RCC(RCC_CFGR)), SW_HSE);
    wait_us(lab, 2100);
    assert_int_equal(get(lab, RCC(RCC_CFGR)), SW_HSE | SW_HSE << 2);
    put(lab, RCC(RCC_CFGR), 3);
    expect_violation(lab, "FORBIDDEN rcc-switch");
    lab_free(lab);
}

static void usb_needs_48_mhz_and_a_steady_prescaler(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    start_pll(lab, PLL_HSI_48MHZ);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    expect_violation(lab, "SUSPICIOUS usb-clock-not-48mhz");
    put(lab, RCC(RCC_APB1ENR), 0);
    put(lab, RCC(RCC_CFGR), PLL_HSI_48MHZ | USBPRE);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    expect_violation(lab, NULL);
    put(lab, RCC(RCC_CFGR), PLL_HSI_48MHZ);
    expect_violation(lab, "SUSPICIOUS usbpre-changed-while-on");
    assert_int_equal(get(lab, RCC(RCC_CFGR)), PLL_HSI_48MHZ | USBPRE);
    lab_free(lab);
}

static void ready_interrupts_come_when_enabled(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RCC(RCC_CIR), 1 << 11);
    start_hse(lab);
    assert_int_equal(get(lab, RCC(RCC_CIR)), 1 << 11 | 1 << 3);
    assert_true(lab->board->chip.cpu.nvic.line[IRQ_RCC]);
    put(lab, RCC(RCC_CIR), 1 << 11 | 1 << 19);
    assert_int_equal(get(lab, RCC(RCC_CIR)), 1 << 11);
    assert_false(lab->board->chip.cpu.nvic.line[IRQ_RCC]);
    lab_free(lab);
}

static void reset_flags_tell_the_cause(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_equal(get(lab, RCC(RCC_CSR)), (uint32_t)PORRSTF | PINRSTF);
    put(lab, RCC(RCC_CSR), RMVF);
    assert_int_equal(get(lab, RCC(RCC_CSR)), 0);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, RCC(RCC_CSR)), PINRSTF);
    put(lab, RCC(RCC_CSR), RMVF);
    lab->board->chip.cpu.bus.reset_request(&lab->board->chip);
    wait_us(lab, 1);
    assert_int_equal(get(lab, RCC(RCC_CSR)), SFTRSTF | PINRSTF);
    assert_true(heard(lab, "software reset"));
    lab_free(lab);
}

static void ram_and_time_outlive_a_reset_but_ram_not_power(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, RAM_AT + 0x100, 0x12345678);
    put(lab, RCC(RCC_APB2ENR), 1 << 4);
    wait_us(lab, 100);
    ticks before = board_now(lab->board);
    board_reset_button(lab->board);
    assert_int_equal(get(lab, RAM_AT + 0x100), 0x12345678);
    assert_int_equal(get(lab, RCC(RCC_APB2ENR)), 0);
    assert_true(board_now(lab->board) >= before);
    board_power(lab->board, false);
    wait_us(lab, 100);
    board_power(lab->board, true);
    assert_int_not_equal(get(lab, RAM_AT + 0x100), 0x12345678);
    assert_true(board_now(lab->board) - before >= ticks_from_us(100));
    assert_true(board_now(lab->board) - before < ticks_from_us(101));
    lab_free(lab);
}

static void time_goes_on_evenly_over_a_change_of_clock(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    ticks begun = board_now(lab->board);
    start_hse(lab);
    put(lab, FLASH(FLASH_ACR), ACR_TWO_WAITS);
    start_pll(lab, PLL_HSE_72MHZ | PPRE1_2);
    put(lab, RCC(RCC_CFGR), PLL_HSE_72MHZ | PPRE1_2 | SW_PLL);
    uint64_t cycles = chip->cpu.cycles;
    ticks at = board_now(lab->board);
    wait_us(lab, 1000);
    assert_in_range(chip->cpu.cycles - cycles, 72000, 72010);
    assert_int_equal(board_now(lab->board) - at, (chip->cpu.cycles - cycles) * TICKS_PER_SECOND / 72000000);
    assert_in_range(ticks_to_us(board_now(lab->board) - begun), 3310, 3320);
    lab_free(lab);
}

static void events_come_in_order_at_their_own_time_even_when_late(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    set_bits(lab, RCC(RCC_CR), HSEON);
    ticks started = board_now(lab->board);
    chip_stall(chip, started + ticks_from_us(5000));
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, HSERDY);
    assert_in_range(ticks_to_us(board_now(lab->board) - started), 5000, 5001);
    lab_free(lab);
}

static void the_crystal_is_ready_after_its_start_up_time_and_not_before(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    struct chip *chip = &lab->board->chip;
    set_bits(lab, RCC(RCC_CR), HSEON);
    ticks started = board_now(lab->board);
    chip_stall(chip, started + ticks_from_us(498));
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, 0);
    chip_stall(chip, started + ticks_from_us(500));
    assert_int_equal(get(lab, RCC(RCC_CR)) & HSERDY, HSERDY);
    lab_free(lab);
}

static void the_watchdog_bites_unless_reloaded(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    put(lab, IWDG(4), 1);
    expect_violation(lab, "FORBIDDEN iwdg-write-protected");
    put(lab, IWDG(0), 0x5555);
    put(lab, IWDG(8), 99);
    assert_int_equal(get(lab, IWDG(12)), 2);
    put(lab, IWDG(8), 99);
    expect_violation(lab, "FORBIDDEN iwdg-update");
    put(lab, IWDG(0), 0xCCCC);
    put(lab, IWDG(0), 0xAAAA); /* 100 * 4 / 40 kHz = 10 ms */
    wait_us(lab, 200);
    assert_int_equal(get(lab, IWDG(12)), 0);
    wait_us(lab, 9000);
    put(lab, IWDG(0), 0xAAAA);
    wait_us(lab, 9900);
    assert_int_equal(get(lab, RCC(RCC_CSR)) & IWDGRSTF, 0);
    wait_us(lab, 200);
    assert_int_equal(get(lab, RCC(RCC_CSR)), (uint32_t)IWDGRSTF | PINRSTF | PORRSTF);
    assert_true(heard(lab, "watchdog"));
    wait_us(lab, 1000000);
    assert_false(chip_will_reset(&lab->board->chip));
    lab_free(lab);
}

static void a_loop_that_reloads_the_watchdog_is_skipped_and_not_bitten(void **state)
{
    (void)state;
    /* loop: str r1, [r0]; b loop */
    static const uint8_t program[] = {0x01, 0x60, 0xFD, 0xE7};
    struct lab *lab = lab_new();
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
    put(lab, IWDG(0), 0xCCCC);
    cpu->r[0] = IWDG(0);
    cpu->r[1] = 0xAAAA;
    cpu->r[15] = FLASH_AT + 0x100;
    uint64_t side_effects = cpu->side_effects;
    wait_us(lab, 5000000);
    assert_int_equal(get(lab, RCC(RCC_CSR)) & IWDGRSTF, 0);
    assert_true(cpu->side_effects - side_effects < 1000);
    expect_violation(lab, NULL);
    lab_free(lab);
}

static void the_option_byte_can_start_the_watchdog(void **state)
{
    (void)state;
    static const uint8_t user[] = {0xFE, 0x01};
    struct lab *lab = lab_new();
    flash_load(&lab->board->chip, 0x1FFFF802, user, sizeof user);
    board_reset_button(lab->board);
    assert_true(chip_will_reset(&lab->board->chip));
    wait_us(lab, 420000); /* 4096 * 4 / 40 kHz = 409.6 ms */
    assert_true(heard(lab, "watchdog"));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_72_mhz_breaks_no_rule),
        cmocka_unit_test(the_crystal_takes_its_time_and_a_dead_one_forever),
        cmocka_unit_test(other_crystals_have_their_own_clocks),
        cmocka_unit_test(wait_states_must_come_before_speed),
        cmocka_unit_test(the_prefetch_buffer_has_rules),
        cmocka_unit_test(the_clock_security_system_keeps_quiet),
        cmocka_unit_test(clocks_have_limits),
        cmocka_unit_test(the_processor_is_not_overclocked),
        cmocka_unit_test(the_pll_has_a_range_and_a_fixed_setup),
        cmocka_unit_test(the_clock_in_use_cannot_be_stopped),
        cmocka_unit_test(a_switch_waits_for_its_clock),
        cmocka_unit_test(usb_needs_48_mhz_and_a_steady_prescaler),
        cmocka_unit_test(ready_interrupts_come_when_enabled),
        cmocka_unit_test(reset_flags_tell_the_cause),
        cmocka_unit_test(ram_and_time_outlive_a_reset_but_ram_not_power),
        cmocka_unit_test(time_goes_on_evenly_over_a_change_of_clock),
        cmocka_unit_test(events_come_in_order_at_their_own_time_even_when_late),
        cmocka_unit_test(the_crystal_is_ready_after_its_start_up_time_and_not_before),
        cmocka_unit_test(the_watchdog_bites_unless_reloaded),
        cmocka_unit_test(a_loop_that_reloads_the_watchdog_is_skipped_and_not_bitten),
        cmocka_unit_test(the_option_byte_can_start_the_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
