/* What is around the chip: LED, button, D+, cable; strictness; snapshots. */
#include "chip_test.h"

enum { INPUT_FLOATING = 4, OUTPUT = 1, OPEN_DRAIN = 5, SWJ_NONE = 4 << 24 };

static void set_pin(struct lab *lab, uint8_t pin, uint32_t mode, bool level)
{
    char port = (char)('A' + (pin >> 4));
    unsigned number = pin & 15;
    uint32_t address = GPIO(port, number < 8 ? GPIO_CRL : GPIO_CRH);
    put(lab, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    put(lab, AFIO(AFIO_MAPR), SWJ_NONE);
    put(lab, GPIO(port, GPIO_BSRR), level ? 1u << number : 0x10000u << number);
    put(lab, address, (get(lab, address) & ~(0xFu << 4 * (number % 8))) | mode << 4 * (number % 8));
}

static void every_board_has_its_led(void **state)
{
    (void)state;
    for (const struct board_info *info = board_list; info->name; info++) {
        if (info->family != &stm32f103) /* others: test_l1_pins.c */
            continue;
        struct lab *lab = lab_with(info->name, NULL);
        assert_false(lab->board->led_on);
        if (info->led != PIN_NONE) {
            set_pin(lab, info->led, OUTPUT, info->led_active_high);
            assert_true(lab->board->led_on);
            set_pin(lab, info->led, OUTPUT, !info->led_active_high);
            assert_false(lab->board->led_on);
            set_pin(lab, info->led, OPEN_DRAIN, info->led_active_high);
            assert_int_equal(lab->board->led_on, !info->led_active_high);
            set_pin(lab, info->led, INPUT_FLOATING, info->led_active_high);
            assert_false(lab->board->led_on);
            assert_true(heard(lab, "LED on"));
        }
        expect_violation(lab, NULL);
        lab_free(lab);
    }
}

static void a_fixed_pull_up_is_beaten_by_pa12_only(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    uint8_t dplus = BOARD_PIN('A', 12);
    assert_true(lab->board->dplus);
    set_pin(lab, dplus, OUTPUT, false);
    assert_false(lab->board->dplus);
    set_pin(lab, dplus, OUTPUT, true);
    assert_true(lab->board->dplus);
    set_pin(lab, dplus, OUTPUT, false);
    put(lab, RCC(RCC_APB1ENR), APB1ENR_USB);
    put(lab, USB(0x40), 1); /* transceiver on, in reset: the pin is USB's */
    assert_true(lab->board->dplus);
    put(lab, USB(0x40), 3);
    assert_false(lab->board->dplus);
    set_pin(lab, dplus, INPUT_FLOATING, false);
    assert_true(lab->board->dplus);
    board_power(lab->board, false);
    assert_false(lab->board->dplus);
    lab_free(lab);
}

static void a_switched_pull_up_follows_its_pin(void **state)
{
    (void)state;
    for (const struct board_info *info = board_list; info->name; info++) {
        if (info->pullup == PIN_NONE || info->family != &stm32f103)
            continue;
        struct lab *lab = lab_with(info->name, NULL);
        assert_false(lab->board->dplus);
        set_pin(lab, info->pullup, OPEN_DRAIN, info->pullup_active_high);
        assert_true(lab->board->dplus);
        set_pin(lab, info->pullup, OPEN_DRAIN, !info->pullup_active_high);
        assert_false(lab->board->dplus);
        board_reset_button(lab->board);
        assert_false(lab->board->dplus);
        lab_free(lab);
    }
}

static void the_host_sees_the_cable(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    assert_int_not_equal(lab->board->host.port, USB_PORT_EMPTY);
    board_plug(lab->board, false);
    assert_int_equal(lab->board->host.port, USB_PORT_EMPTY);
    assert_true(lab->board->dplus);
    board_plug(lab->board, true);
    assert_int_equal(lab->board->host.port, USB_PORT_DEBOUNCE);
    wait_us(lab, 110000);
    assert_int_equal(lab->board->host.port, USB_PORT_ATTACHED);
    lab_free(lab);
}

static void buttons_have_their_levels(void **state)
{
    (void)state;
    for (const struct board_info *info = board_list; info->name; info++) {
        if (info->button == PIN_NONE || info->family != &stm32f103)
            continue;
        struct lab *lab = lab_with(info->name, NULL);
        uint32_t IDR = GPIO('A' + (info->button >> 4), GPIO_IDR);
        unsigned number = info->button & 15;
        if (info->button_floats)
            set_pin(lab, info->button, 8, !info->button_active_high);
        else
            set_pin(lab, info->button, INPUT_FLOATING, false);
        assert_int_equal(get(lab, IDR) >> number & 1, !info->button_active_high);
        board_press(lab->board, true);
        assert_int_equal(get(lab, IDR) >> number & 1, info->button_active_high);
        expect_violation(lab, NULL);
        lab_free(lab);
    }
}

static void strict_boards_stop_at_a_violation_but_not_at_a_suspicion(void **state)
{
    (void)state;
    /* ldr r1, [r0]; loop: b loop */
    static const uint8_t program[] = {0x01, 0x68, 0xFE, 0xE7};
    struct lab *lab = lab_new();
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    lab->board->stop_on_violation = true;
    flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
    cpu->r[15] = FLASH_AT + 0x100;
    cpu->r[0] = 0xE0042000;
    wait_us(lab, 10);
    assert_false(board_failed(lab->board));
    cpu->r[15] = FLASH_AT + 0x100;
    cpu->r[0] = 0x40007400; /* the DAC, which this chip has not */
    wait_us(lab, 10);
    assert_true(board_failed(lab->board));
    assert_int_equal(cpu->r[15], FLASH_AT + 0x102);
    assert_non_null(strstr(lab->board->first_violation, "FORBIDDEN absent-peripheral"));
    assert_non_null(strstr(lab->board->first_violation, "PC 0x08000100"));
    ticks at = board_now(lab->board);
    wait_us(lab, 10);
    assert_int_equal(board_now(lab->board), at);
    lab_free(lab);
}

static void pedantic_boards_stop_at_a_suspicion_unless_it_is_allowed(void **state)
{
    (void)state;
    static const uint8_t program[] = {0x01, 0x68, 0xFE, 0xE7}; /* ldr r1, [r0]; loop: b loop */
    for (unsigned allowed = 0; allowed < 2; allowed++) {
        struct lab *lab = lab_new();
        struct cortex_m3 *cpu = &lab->board->chip.cpu;
        int rule = rule_find("debug-registers", strlen("debug-registers"));
        lab->board->stop_on_violation = lab->board->stop_on_suspicion = true;
        lab->board->allowed[rule] = allowed;
        flash_load(&lab->board->chip, FLASH_AT + 0x100, program, sizeof program);
        cpu->r[15] = FLASH_AT + 0x100;
        cpu->r[0] = 0xE0042000; /* DBGMCU_IDCODE */
        wait_us(lab, 10);
        assert_int_equal(board_failed(lab->board), !allowed);
        assert_int_equal(lab->board->broken[rule], 1);
        assert_non_null(
            strstr(lab->last, allowed ? "ALLOWED debug-registers" : "SUSPICIOUS debug-registers"));
        assert_int_equal(strlen(lab->board->first_violation) == 0, allowed);
        lab_free(lab);
    }
}

static void every_rule_is_found_by_its_name_and_by_names_like_it(void **state)
{
    (void)state;
    for (int i = 0; rule_names[i]; i++) {
        char name[64];
        assert_int_equal(rule_find(rule_names[i], strlen(rule_names[i])), i);
        assert_true(i == 0 || strcmp(rule_names[i - 1], rule_names[i]) < 0);
        snprintf(name, sizeof name, "%sx", rule_names[i]);
        assert_int_equal(rule_find(name, strlen(name)), RULE_UNKNOWN);
        assert_string_equal(rule_nearest(name, strlen(name)), rule_names[i]);
    }
}

static void stop_at_flash(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    struct board *board = watcher;
    (void)at;
    (void)text;
    if (kind == REPORT_FLASH)
        board->chip.cpu.stop = true;
}

static void a_watcher_can_stop_the_board(void **state)
{
    (void)state;
    static const uint8_t program[] = {0x01, 0x80, 0xFE, 0xE7}; /* strh r1, [r0]; loop: b loop */
    struct lab *lab = lab_new();
    struct cortex_m3 *cpu = &lab->board->chip.cpu;
    unlock_flash(lab);
    put(lab, FLASH(FLASH_CR), 1);
    memcpy(lab->board->chip.ram, program, sizeof program);
    cpu->r[15] = RAM_AT;
    cpu->r[0] = FLASH_AT + 0x2000;
    lab->board->watcher = lab->board;
    lab->board->report = stop_at_flash;
    lab->board->chip.report_wanted = 1u << REPORT_FLASH;
    ticks begun = board_now(lab->board);
    wait_us(lab, 1000);
    assert_true(board_now(lab->board) - begun < ticks_from_us(2));
    wait_us(lab, 1000);
    assert_true(board_now(lab->board) - begun >= ticks_from_us(1000));
    lab_free(lab);
}

static void a_snapshot_brings_everything_back(void **state)
{
    (void)state;
    struct lab *lab = lab_new();
    wait_us(lab, 100);
    put(lab, RAM_AT, 0x1234);
    void *snapshot = board_save(lab->board);
    ticks at = board_now(lab->board);
    set_pin(lab, BOARD_PIN('C', 13), OUTPUT, false);
    put(lab, RAM_AT, 0x5678);
    wait_us(lab, 100);
    uint64_t cycles = lab->board->chip.cpu.cycles;
    board_restore(lab->board, snapshot);
    assert_int_equal(board_now(lab->board), at);
    assert_int_equal(get(lab, RAM_AT), 0x1234);
    assert_false(lab->board->led_on);
    wait_us(lab, 100);
    assert_int_equal(lab->board->chip.cpu.cycles, cycles);
    free(snapshot);
    lab_free(lab);
}

/* Runs the same program to the same end as the board that it was taken of, which may be gone. */
static void a_snapshot_can_go_on_in_another_board(void **state)
{
    (void)state;
    /* loop: str r0, [r1]; adds r0, #1; b loop */
    static const uint8_t program[] = {0x08, 0x60, 0x01, 0x30, 0xFC, 0xE7};
    struct lab *first = lab_new(), *second = lab_new();
    struct cortex_m3 *cpu = &first->board->chip.cpu;
    flash_load(&first->board->chip, FLASH_AT + 0x100, program, sizeof program);
    cpu->r[0] = 0;
    cpu->r[1] = RAM_AT + 0x100;
    cpu->r[15] = FLASH_AT + 0x100;
    wait_us(first, 100);
    void *snapshot = board_save(first->board);
    wait_us(first, 100);
    uint32_t reached = get(first, RAM_AT + 0x100);
    uint64_t cycles = cpu->cycles;
    lab_free(first);
    board_restore(second->board, snapshot);
    second->board->watcher = second;
    assert_int_not_equal(get(second, RAM_AT + 0x100), reached);
    wait_us(second, 100);
    assert_int_equal(get(second, RAM_AT + 0x100), reached);
    assert_int_equal(second->board->chip.cpu.cycles, cycles);
    assert_false(second->board->led_on);
    set_pin(second, BOARD_PIN('C', 13), OUTPUT, false);
    assert_true(second->board->led_on);
    free(snapshot);
    lab_free(second);
}

static void boards_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(board_find("MAPLEMINI")->name, "MAPLEMINI");
    assert_null(board_find("ARDUINO"));
    const struct board_info *pill = board_find("BLUEPILL");
    assert_int_equal(pill->flash_kib, 128);
    assert_int_equal(pill->flash_size_register, 64);
}

static void the_same_seed_gives_the_same_board(void **state)
{
    (void)state;
    struct lab *one = lab_new(), *two = lab_new();
    struct chip_config config = board_default_config(board_find("BLUEPILL"));
    config.seed = 2;
    struct lab *other = lab_with("BLUEPILL", &config);
    assert_memory_equal(one->board->chip.ram, two->board->chip.ram, 20480);
    assert_memory_not_equal(one->board->chip.ram, other->board->chip.ram, 20480);
    lab_free(one);
    lab_free(two);
    lab_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_board_has_its_led),
        cmocka_unit_test(a_fixed_pull_up_is_beaten_by_pa12_only),
        cmocka_unit_test(a_switched_pull_up_follows_its_pin),
        cmocka_unit_test(the_host_sees_the_cable),
        cmocka_unit_test(buttons_have_their_levels),
        cmocka_unit_test(strict_boards_stop_at_a_violation_but_not_at_a_suspicion),
        cmocka_unit_test(pedantic_boards_stop_at_a_suspicion_unless_it_is_allowed),
        cmocka_unit_test(every_rule_is_found_by_its_name_and_by_names_like_it),
        cmocka_unit_test(a_watcher_can_stop_the_board),
        cmocka_unit_test(a_snapshot_brings_everything_back),
        cmocka_unit_test(a_snapshot_can_go_on_in_another_board),
        cmocka_unit_test(boards_are_found_by_name),
        cmocka_unit_test(the_same_seed_gives_the_same_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
