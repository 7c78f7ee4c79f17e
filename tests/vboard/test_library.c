/* libvboard's functions, each with what it refuses: boards, firmware, time, pins, serial ports. */
#include "library_test.h"

/* Boards */

static void the_boards_can_be_listed(void **state)
{
    (void)state;
    unsigned count = 0;
    while (vboard_board_name(count)) {
        struct vboard *board = vboard_new(vboard_board_name(count), NULL);
        assert_non_null(board);
        assert_true(strlen(vboard_board_title(count)) > 0);
        vboard_free(board);
        count++;
    }
    assert_true(count >= 8);
    assert_null(vboard_board_title(count));
    assert_true(strlen(vboard_version()) > 0);
    vboard_free(NULL);
}

static void no_board_is_made_of_options_that_are_out_of_range(void **state)
{
    (void)state;
    static const struct {
        struct vboard_options options;
        const char *says;
    } wrong[] = {
        {{.flash_kib = 15}, "flash_kib"},
        {{.flash_kib = 513}, "flash_kib"},
        {{.crystal_hz = 3999999}, "crystal_hz"},
        {{.crystal_hz = 16000001}, "crystal_hz"},
        {{.strictness = (enum vboard_strictness)3}, "strictness"},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(vboard_new("BLUEPILL", &wrong[i].options));
        assert_says(NULL, wrong[i].says);
    }
    assert_null(vboard_new("STM32F103xE", &(struct vboard_options){.flash_kib = 17})); /* pages of 2 KiB */
    assert_null(vboard_new("NOBOARD", NULL));
    assert_says(NULL, "no board");
    assert_null(vboard_new(NULL, NULL));
}

static void options_make_another_board(void **state)
{
    (void)state;
    uint32_t first, other;
    static const struct vboard_options options = {
        .flash_kib = 512, .crystal_hz = 12000000, .seed = 2, .strictness = VBOARD_PEDANTIC};
    struct vboard *board = running("bluepill", &options, loop, sizeof loop), *usual = looping();
    assert_int_equal(board->board->chip.config.hse_hz, 12000000);
    assert_ok(board, vboard_load(board, FLASH_AT + 512 * 1024 - 4, "1234", 4));
    assert_int_equal(vboard_pin(board, "PG15"), VBOARD_FLOATING);
    assert_ok(board, vboard_read(board, RAM_AT, &other, sizeof other));
    assert_ok(usual, vboard_read(usual, RAM_AT, &first, sizeof first));
    assert_int_not_equal(first, other);
    vboard_free(board);
    vboard_free(usual);
    board = vboard_new("BLUEPILL", &(struct vboard_options){.crystal_hz = VBOARD_NO_CRYSTAL});
    assert_int_equal(board->board->chip.config.hse_hz, 0);
    vboard_free(board);
}

/* Firmware */

static void what_is_outside_of_the_flash_is_not_loaded(void **state)
{
    (void)state;
    static const uint8_t byte = 0x55;
    struct vboard *board = vboard_new("STM32F103", NULL);
    assert_ok(board, vboard_load(board, FLASH_AT + 0x1FFFF, &byte, 1));
    assert_ok(board, vboard_load(board, FLASH_AT + 0x20000, &byte, 0));
    assert_int_equal(vboard_load(board, FLASH_AT + 0x20000, &byte, 1), VBOARD_WRONG);
    assert_says(board, "0x08020000");
    assert_int_equal(vboard_load(board, FLASH_AT - 1, &byte, 1), VBOARD_WRONG);
    assert_int_equal(vboard_load(board, FLASH_AT, &byte, SIZE_MAX), VBOARD_WRONG);
    vboard_free(board);
}

static void a_file_goes_into_whole_pages(void **state)
{
    (void)state;
    char path[] = "/tmp/test_library.XXXXXX";
    uint8_t bytes[12];
    int file = mkstemp(path);
    assert_int_equal(write(file, loop, sizeof loop), sizeof loop);
    close(file);
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    assert_ok(board, vboard_load(board, FLASH_AT + 1024, "beside", 6));
    assert_ok(board, vboard_load(board, FLASH_AT + 10, "x", 1));
    assert_ok(board, vboard_load_file(board, path, 0));
    assert_ok(board, vboard_load_file(board, path, FLASH_AT + 0x2000));
    assert_ok(board, vboard_read(board, FLASH_AT, bytes, sizeof bytes));
    assert_memory_equal(bytes, loop, sizeof loop);
    assert_int_equal(bytes[10], 0xFF);
    assert_ok(board, vboard_read(board, FLASH_AT + 1024, bytes, 6));
    assert_memory_equal(bytes, "beside", 6);
    assert_ok(board, vboard_read(board, FLASH_AT + 0x2000, bytes, sizeof loop));
    assert_memory_equal(bytes, loop, sizeof loop);
    assert_int_equal(vboard_load_file(board, path, FLASH_AT + 0x20000), VBOARD_WRONG);
    assert_says(board, "does not fit");
    unlink(path);
    assert_int_equal(vboard_load_file(board, path, 0), VBOARD_WRONG);
    assert_says(board, "there is no file");
    assert_int_equal(vboard_load_file(board, "README.md", 0), VBOARD_WRONG);
    assert_says(board, "README.md");
    vboard_free(board);
}

/* Time */

static void a_file_in_memory_goes_where_one_on_disk_goes(void **state)
{
    (void)state;
    static const char hex[] = ":020000040800F2\n:0A000000005000200900000800DE97\n:00000001FF\n",
                      damaged[] = ":0A0000";
    static const uint8_t blank[] = {0xFF, 0xFF};
    uint8_t found[sizeof undefined];
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    assert_ok(board, vboard_load(board, FLASH_AT + 1022, "no", 2));
    assert_ok(board, vboard_load_image(board, "a.hex", hex, sizeof hex - 1, 0));
    assert_ok(board, vboard_read(board, FLASH_AT, found, sizeof found));
    assert_memory_equal(found, undefined, sizeof undefined);
    assert_ok(board, vboard_read(board, FLASH_AT + 1022, found, 2));
    assert_memory_equal(found, blank, sizeof blank);
    assert_ok(board, vboard_load_image(board, "a.bin", loop, sizeof loop, FLASH_AT + 0x2000));
    assert_ok(board, vboard_read(board, FLASH_AT + 0x2000, found, sizeof found));
    assert_memory_equal(found, loop, sizeof loop);
    assert_int_equal(vboard_load_image(board, "a.hex", damaged, sizeof damaged - 1, 0), VBOARD_WRONG);
    assert_says(board, "a.hex is damaged: line 1");
    assert_int_equal(vboard_load_image(board, "a.bin", loop, 0, 0), VBOARD_WRONG);
    assert_says(board, "a.bin is empty");
    vboard_free(board);
}

static void time_passes_with_and_without_power(void **state)
{
    (void)state;
    struct vboard *board = looping();
    assert_int_equal(vboard_now(board), 0);
    assert_true(vboard_is_powered(board));
    assert_ok(board, vboard_run(board, 1234));
    assert_in_range(vboard_now(board), 1234, 1235);
    vboard_power(board, false);
    assert_false(vboard_is_powered(board));
    assert_ok(board, vboard_run(board, SECOND));
    assert_in_range(vboard_now(board), 1234 + SECOND, 1235 + SECOND);
    vboard_free(board);
}

static void a_run_ends_when_the_processor_locks_up(void **state)
{
    (void)state;
    struct vboard *board = running("BLUEPILL", NULL, undefined, sizeof undefined);
    assert_int_equal(vboard_run(board, 60 * SECOND), VBOARD_LOCKED_UP);
    assert_says(board, "locked up");
    assert_in_range(vboard_now(board), 0, MILLISECOND);
    assert_int_equal(vboard_run(board, 1), VBOARD_LOCKED_UP);
    assert_ok(board, vboard_load(board, FLASH_AT, loop, sizeof loop));
    vboard_reset(board);
    assert_ok(board, vboard_run(board, MILLISECOND));
    vboard_free(board);
}

static bool is_later(struct vboard *board, void *context)
{
    return vboard_now(board) >= *(const uint64_t *)context;
}

static void a_run_ends_within_10_us_of_its_condition(void **state)
{
    (void)state;
    uint64_t when = 777;
    struct vboard *board = looping();
    assert_ok(board, vboard_run_until(board, is_later, &when, SECOND));
    assert_in_range(vboard_now(board), when, when + 10);
    assert_ok(board, vboard_run_until(board, is_later, &when, 0));
    assert_int_equal(vboard_run_until(board, never, NULL, 105), VBOARD_TIMED_OUT);
    assert_says(board, "105 us");
    assert_int_equal(vboard_run_until(board, NULL, NULL, 5), VBOARD_WRONG);
    vboard_free(board);
    board = running("BLUEPILL", NULL, undefined, sizeof undefined);
    assert_int_equal(vboard_run_until(board, never, NULL, SECOND), VBOARD_LOCKED_UP);
    vboard_free(board);
}

/* Pins, button, LED */

static void a_pin_has_the_level_of_who_drives_it(void **state)
{
    (void)state;
    struct vboard *board = looping();
    set(board, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS);
    assert_int_equal(vboard_pin(board, "PA9"), VBOARD_FLOATING);
    assert_ok(board, vboard_drive(board, "PA9", VBOARD_HIGH));
    assert_int_equal(vboard_pin(board, "pa9"), VBOARD_HIGH);
    assert_int_equal(value_of(board, GPIO('A', GPIO_IDR)) >> 9 & 1, 1);
    assert_ok(board, vboard_drive(board, "PA9", VBOARD_LOW));
    assert_int_equal(vboard_pin(board, "PA9"), VBOARD_LOW);
    assert_int_equal(value_of(board, GPIO('A', GPIO_IDR)) >> 9 & 1, 0);
    set(board, GPIO('A', GPIO_BSRR), 1 << 9);
    set(board, GPIO('A', GPIO_CRH), 0x44444414); /* an output, high */
    assert_int_equal(vboard_pin(board, "PA9"), VBOARD_HIGH);
    set(board, GPIO('A', GPIO_CRH), 0x44444484); /* an input with a pull-up */
    assert_int_equal(vboard_pin(board, "PA9"), VBOARD_LOW);
    assert_ok(board, vboard_drive(board, "PA9", VBOARD_FLOATING));
    assert_int_equal(vboard_pin(board, "PA9"), VBOARD_HIGH);
    vboard_free(board);
}

static void a_pin_that_the_chip_lacks_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "P",    "PA",   "A9",    "PA16", "PH0",
                                        "PG15", "PA-1", "PA1x", "PA001", "PAB",  NULL};
    struct vboard *board = looping();
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vboard_pin(board, wrong[i]), -1);
        assert_says(board, "no pin");
        assert_int_equal(vboard_drive(board, wrong[i], VBOARD_HIGH), VBOARD_WRONG);
    }
    assert_int_equal(vboard_drive(board, "PA0", (enum vboard_level)3), VBOARD_WRONG);
    assert_says(board, "VBOARD_FLOATING");
    vboard_free(board);
}

static void the_button_can_be_pressed_where_there_is_one(void **state)
{
    (void)state;
    struct vboard *board = looping();
    assert_int_equal(vboard_pin(board, "PB2"), VBOARD_LOW);
    assert_ok(board, vboard_press(board, true));
    assert_int_equal(vboard_pin(board, "PB2"), VBOARD_HIGH);
    assert_ok(board, vboard_drive(board, "PB2", VBOARD_LOW));
    assert_int_equal(vboard_pin(board, "PB2"), VBOARD_LOW);
    assert_ok(board, vboard_drive(board, "PB2", VBOARD_FLOATING));
    assert_int_equal(vboard_pin(board, "PB2"), VBOARD_HIGH);
    assert_ok(board, vboard_press(board, false));
    assert_int_equal(vboard_pin(board, "PB2"), VBOARD_LOW);
    vboard_free(board);
    board = vboard_new("STM32F103", NULL);
    assert_int_equal(vboard_press(board, true), VBOARD_WRONG);
    assert_says(board, "no button");
    vboard_free(board);
}

static bool led_is_on(struct vboard *board, void *context)
{
    (void)context;
    return vboard_led(board) == 1000;
}

static void the_led_can_be_watched(void **state)
{
    (void)state;
    struct vboard *board = with_file(blink);
    assert_int_equal(vboard_led(board), 0);
    assert_ok(board, vboard_run_until(board, led_is_on, NULL, SECOND));
    assert_in_range(vboard_now(board), 500 * MILLISECOND, 501 * MILLISECOND);
    assert_int_equal(vboard_pin(board, "PC13"), VBOARD_LOW);
    assert_int_equal(vboard_led_changes(board), 1);
    assert_ok(board, vboard_run(board, 10 * SECOND));
    assert_int_equal(vboard_led_changes(board), 21);
    vboard_free(board);
}

/* Serial ports */

static bool has_received(struct vboard *board, void *context)
{
    (void)context;
    return value_of(board, USART1(USART_SR)) & RXNE;
}

static void bytes_go_both_ways_over_a_serial_port(void **state)
{
    (void)state;
    char got[8] = "";
    struct vboard *board = looping();
    open_usart1(board);
    assert_ok(board, vboard_serial_send(board, 1, "ok", 2, 0));
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(board, vboard_run_until(board, has_received, NULL, MILLISECOND));
        assert_int_equal(value_of(board, USART1(USART_DR)), "ok"[i]);
    }
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), 0);
    for (unsigned i = 0; i < 3; i++) {
        set(board, USART1(USART_DR), 'a' + i);
        assert_ok(board, vboard_run(board, MILLISECOND));
    }
    assert_int_equal(vboard_serial_read(board, 1, got, 2), 2);
    assert_memory_equal(got, "ab", 2);
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), 1);
    assert_int_equal(got[0], 'c');
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), 0);
    vboard_free(board);
}

static void all_that_a_serial_port_sends_is_kept(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    char got[MANY + 1];
    struct vboard *board = looping();
    open_usart1(board);
    for (unsigned i = 0; i < MANY; i++) {
        set(board, USART1(USART_DR), i & 0x7F);
        assert_ok(board, vboard_run(board, 100));
    }
    assert_int_equal(vboard_serial_read(board, 1, got, sizeof got), MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(got[i], i & 0x7F);
    vboard_free(board);
}

static void a_serial_port_takes_no_more_than_it_has_room_for(void **state)
{
    (void)state;
    static const uint8_t bytes[5000];
    struct vboard *board = looping(), *large = vboard_new("STM32F103xE", NULL);
    assert_int_equal(vboard_serial_send(board, 1, bytes, sizeof bytes, MILLISECOND), VBOARD_TIMED_OUT);
    assert_says(board, "904 bytes");
    assert_in_range(vboard_now(board), MILLISECOND, MILLISECOND + 1);
    static const unsigned none[] = {0, 4, 5, 6};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(vboard_serial_send(board, none[i], bytes, 1, 0), VBOARD_WRONG);
        assert_says(board, "no USART");
        assert_int_equal(vboard_serial_baud(board, none[i], 9600), VBOARD_WRONG);
        assert_int_equal(vboard_serial_read(board, none[i], NULL, 0), 0);
    }
    assert_ok(large, vboard_serial_send(large, 5, bytes, 1, 0));
    assert_ok(large, vboard_serial_baud(large, 5, 9600));
    vboard_free(board);
    vboard_free(large);
}

static void bytes_at_another_rate_come_out_wrong(void **state)
{
    (void)state;
    struct vboard *board =
        running("BLUEPILL", &(struct vboard_options){.strictness = VBOARD_LENIENT}, loop, sizeof loop);
    open_usart1(board);
    assert_ok(board, vboard_serial_baud(board, 1, 57600));
    assert_ok(board, vboard_serial_send(board, 1, "U", 1, 0));
    assert_ok(board, vboard_run_until(board, has_received, NULL, MILLISECOND));
    assert_int_not_equal(value_of(board, USART1(USART_DR)), 'U');
    vboard_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_boards_can_be_listed),
        cmocka_unit_test(no_board_is_made_of_options_that_are_out_of_range),
        cmocka_unit_test(options_make_another_board),
        cmocka_unit_test(what_is_outside_of_the_flash_is_not_loaded),
        cmocka_unit_test(a_file_goes_into_whole_pages),
        cmocka_unit_test(a_file_in_memory_goes_where_one_on_disk_goes),
        cmocka_unit_test(time_passes_with_and_without_power),
        cmocka_unit_test(a_run_ends_when_the_processor_locks_up),
        cmocka_unit_test(a_run_ends_within_10_us_of_its_condition),
        cmocka_unit_test(a_pin_has_the_level_of_who_drives_it),
        cmocka_unit_test(a_pin_that_the_chip_lacks_is_refused),
        cmocka_unit_test(the_button_can_be_pressed_where_there_is_one),
        cmocka_unit_test(the_led_can_be_watched),
        cmocka_unit_test(bytes_go_both_ways_over_a_serial_port),
        cmocka_unit_test(all_that_a_serial_port_sends_is_kept),
        cmocka_unit_test(a_serial_port_takes_no_more_than_it_has_room_for),
        cmocka_unit_test(bytes_at_another_rate_come_out_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
