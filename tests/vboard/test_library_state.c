/* libvboard: memory, rules, reports, power cuts and snapshots, each with what it refuses. */
#include "library_test.h"

/* Inside */

static void memory_is_read_without_effect(void **state)
{
    (void)state;
    uint8_t bytes[sizeof loop];
    struct vboard *board = looping();
    assert_ok(board, vboard_read(board, FLASH_AT, bytes, sizeof bytes));
    assert_memory_equal(bytes, loop, sizeof loop);
    set(board, RAM_AT + 0x4FFC, 0x12345678);
    assert_ok(board, vboard_read(board, RAM_AT + 0x4FFC, bytes, 4));
    assert_memory_equal(bytes, "\x78\x56\x34\x12", 4);
    static const uint32_t wrong[] = {RAM_AT + 0x4FFD, RAM_AT - 1, FLASH_AT + 0x1FFFD, 0,
                                     0x40021000,      0xFFFFFFFF};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vboard_read(board, wrong[i], bytes, 4), VBOARD_WRONG);
        assert_says(board, "not all in flash");
    }
    vboard_free(board);
}

static void break_rule(struct vboard *board)
{
    write_register(board, FLASH(FLASH_CR), 4, 1); /* it is locked */
}

static void a_broken_rule_ends_a_strict_run_for_good(void **state)
{
    (void)state;
    struct vboard *board = looping();
    assert_int_equal(vboard_violations(board), 0);
    assert_string_equal(vboard_first_violation(board), "");
    break_rule(board);
    assert_int_equal(vboard_run(board, SECOND), VBOARD_BROKEN);
    assert_says(board, "flash-locked");
    assert_int_equal(vboard_violations(board), 1);
    assert_non_null(strstr(vboard_first_violation(board), "FORBIDDEN flash-locked"));
    assert_int_equal(vboard_rule_count(board, "flash-locked"), 1);
    assert_int_equal(vboard_rule_count(board, "no-rule"), 0);
    assert_int_equal(vboard_usb_enumerate(board, SECOND), VBOARD_BROKEN);
    assert_int_equal(vboard_run_until(board, never, NULL, SECOND), VBOARD_BROKEN);
    assert_int_equal(vboard_now(board), 0);
    vboard_free(board);
}

static void an_allowed_rule_and_a_lenient_board_go_on(void **state)
{
    (void)state;
    struct vboard *board = looping();
    assert_int_equal(vboard_allow(board, "flash-lockd"), VBOARD_WRONG);
    assert_says(board, "is 'flash-locked' meant");
    assert_ok(board, vboard_allow(board, "flash-locked"));
    break_rule(board);
    assert_ok(board, vboard_run(board, MILLISECOND));
    assert_int_equal(vboard_violations(board), 0);
    assert_int_equal(vboard_rule_count(board, "flash-locked"), 1);
    vboard_free(board);
    board = running("BLUEPILL", &(struct vboard_options){.strictness = VBOARD_LENIENT}, loop, sizeof loop);
    break_rule(board);
    assert_ok(board, vboard_run(board, MILLISECOND));
    assert_int_equal(vboard_violations(board), 1);
    vboard_free(board);
}

static void suspicions_end_a_pedantic_run_only(void **state)
{
    (void)state;
    for (unsigned pedantic = 0; pedantic < 2; pedantic++) {
        struct vboard_options options = {.strictness = pedantic ? VBOARD_PEDANTIC : VBOARD_STRICT};
        struct vboard *board = running("BLUEPILL", &options, loop, sizeof loop);
        (void)value_of(board, GPIO('A', GPIO_IDR)); /* without its clock */
        assert_int_equal(vboard_run(board, MILLISECOND), pedantic ? VBOARD_BROKEN : VBOARD_OK);
        assert_int_equal(vboard_violations(board), pedantic);
        vboard_free(board);
    }
}

struct heard {
    unsigned led, all;
    uint64_t latest;
};

static void hear(void *context, uint64_t us, const char *text)
{
    struct heard *heard = context;
    heard->all++;
    heard->led += strcmp(text, "LED on") == 0;
    heard->latest = us;
}

static void a_listener_is_told_until_it_is_taken_away(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct vboard *board = with_file(blink);
    vboard_listen(board, hear, &heard);
    assert_ok(board, vboard_run(board, 2 * SECOND - MILLISECOND));
    assert_int_equal(heard.led, 2);
    assert_in_range(heard.latest, 1500 * MILLISECOND, 1501 * MILLISECOND);
    unsigned before = heard.all;
    vboard_listen(board, NULL, NULL);
    assert_ok(board, vboard_run(board, SECOND));
    assert_int_equal(heard.all, before);
    vboard_free(board);
}

/* Power cuts and snapshots */

enum { PAGE_AT = FLASH_AT + 0x4000 };

static uint16_t flash_half_word(struct vboard *board, uint32_t address)
{
    uint8_t bytes[2];
    assert_ok(board, vboard_read(board, address, bytes, sizeof bytes));
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

struct tally {
    unsigned of[VBOARD_EVENT_NOTE + 1];
    uint64_t last;
};

static void tally_up(void *context, enum vboard_event event, uint64_t us, const char *text)
{
    struct tally *tally = context;
    assert_true(us >= tally->last && text[0]);
    tally->of[event]++;
    tally->last = us;
}

static void a_watcher_is_told_by_kind_and_a_listener_nothing_frequent(void **state)
{
    (void)state;
    struct tally tally = {0};
    struct heard heard = {0};
    struct vboard *board = with_file(blink);
    vboard_listen(board, hear, &heard);
    vboard_watch(board, 1u << VBOARD_EVENT_LED | 1u << VBOARD_EVENT_REGISTER, tally_up, &tally);
    struct vboard_snapshot *start = vboard_save(board);
    assert_ok(board, vboard_run(board, 3 * SECOND));
    struct tally first = tally;
    assert_true(first.of[VBOARD_EVENT_LED] >= 2 && first.of[VBOARD_EVENT_REGISTER] > 5);
    assert_int_equal(first.of[VBOARD_EVENT_NOTE], 0);
    assert_true(heard.all < first.of[VBOARD_EVENT_REGISTER]);
    vboard_watch(board, 0, NULL, NULL);
    assert_ok(board, vboard_restore(board, start));
    assert_ok(board, vboard_run(board, 3 * SECOND));
    assert_memory_equal(&tally, &first, sizeof tally); /* it stays untold after a restore, too */
    vboard_snapshot_free(start);
    vboard_free(board);
}

static void rules_have_names_and_instructions_are_counted(void **state)
{
    (void)state;
    unsigned count = 0;
    struct vboard *board = looping();
    for (; vboard_rule_name(count); count++)
        assert_int_equal(vboard_rule_count(board, vboard_rule_name(count)), 0);
    assert_true(count > 100);
    assert_int_equal(vboard_instructions(board), 0);
    assert_ok(board, vboard_run(board, MILLISECOND));
    uint64_t instructions = vboard_instructions(board);
    assert_in_range(instructions, HSI_MHZ * MILLISECOND / 4,
                    HSI_MHZ * MILLISECOND); /* b . takes 1 to 3 cycles */
    vboard_free(board);
}

static void the_power_fails_at_the_flash_operation_that_was_named(void **state)
{
    (void)state;
    static const enum vboard_cut moments[] = {VBOARD_CUT_BEFORE, VBOARD_CUT_INSIDE, VBOARD_CUT_AFTER};
    for (unsigned i = 0; i < 3; i++) {
        struct vboard *board = looping();
        assert_int_equal(vboard_cut_power(board, 1, (enum vboard_cut)3), VBOARD_WRONG);
        program(board, PAGE_AT, 0x1111);
        assert_ok(board, vboard_cut_power(board, 2, moments[i]));
        program(board, PAGE_AT + 2, 0x2222);
        assert_true(vboard_is_powered(board));
        assert_int_equal(vboard_flash_operations(board), 2);
        program(board, PAGE_AT + 4, 0);
        assert_false(vboard_is_powered(board));
        uint16_t left = flash_half_word(board, PAGE_AT + 4);
        if (moments[i] == VBOARD_CUT_BEFORE)
            assert_int_equal(left, 0xFFFF);
        else if (moments[i] == VBOARD_CUT_AFTER)
            assert_int_equal(left, 0);
        assert_int_equal(flash_half_word(board, PAGE_AT + 2), 0x2222);
        vboard_power(board, true);
        program(board, PAGE_AT + 6, 0x3333);
        assert_true(vboard_is_powered(board)); /* once */
        vboard_free(board);
    }
}

static void a_power_cut_can_be_taken_back(void **state)
{
    (void)state;
    struct vboard *board = looping();
    assert_ok(board, vboard_cut_power(board, 1, VBOARD_CUT_INSIDE));
    assert_ok(board, vboard_cut_power(board, 0, VBOARD_CUT_INSIDE));
    program(board, PAGE_AT, 0x1111);
    assert_true(vboard_is_powered(board));
    vboard_free(board);
}

static void a_snapshot_brings_back_all_of_the_board(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual;
    struct vboard *board = with_file(cdc_echo), *other = looping();
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "1", 1, NULL, SECOND));
    uint64_t then = vboard_now(board);
    struct vboard_snapshot *snapshot = vboard_save(board);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(board, vboard_usb_in(board, DATA_IN, got, sizeof got, &actual, SECOND));
        assert_int_equal(actual, 1);
        vboard_power(board, false);
        assert_int_equal(vboard_usb_in(board, DATA_IN, got, sizeof got, NULL, SECOND), VBOARD_WRONG);
        assert_int_not_equal(vboard_now(board), then);
        assert_ok(board, vboard_restore(board, snapshot));
        assert_int_equal(vboard_now(board), then);
    }
    assert_int_equal(vboard_restore(other, snapshot), VBOARD_WRONG);
    assert_says(other, "another board");
    vboard_snapshot_free(snapshot);
    vboard_snapshot_free(NULL);
    vboard_free(board);
    vboard_free(other);
}

static void a_snapshot_keeps_serial_output_and_takes_back_a_broken_rule(void **state)
{
    (void)state;
    char got[8];
    struct vboard *board = looping();
    open_usart1(board);
    set(board, USART1(USART_DR), 'x');
    assert_ok(board, vboard_run(board, MILLISECOND));
    struct vboard_snapshot *snapshot = vboard_save(board);
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), 1);
    break_rule(board);
    assert_int_equal(vboard_run(board, 1), VBOARD_BROKEN);
    assert_ok(board, vboard_restore(board, snapshot));
    assert_ok(board, vboard_run(board, 1));
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), 1);
    assert_int_equal(got[0], 'x');
    vboard_snapshot_free(snapshot);
    vboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_read_without_effect),
        cmocka_unit_test(a_broken_rule_ends_a_strict_run_for_good),
        cmocka_unit_test(an_allowed_rule_and_a_lenient_board_go_on),
        cmocka_unit_test(suspicions_end_a_pedantic_run_only),
        cmocka_unit_test(a_listener_is_told_until_it_is_taken_away),
        cmocka_unit_test(a_watcher_is_told_by_kind_and_a_listener_nothing_frequent),
        cmocka_unit_test(rules_have_names_and_instructions_are_counted),
        cmocka_unit_test(the_power_fails_at_the_flash_operation_that_was_named),
        cmocka_unit_test(a_power_cut_can_be_taken_back),
        cmocka_unit_test(a_snapshot_brings_back_all_of_the_board),
        cmocka_unit_test(a_snapshot_keeps_serial_output_and_takes_back_a_broken_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
