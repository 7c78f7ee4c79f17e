/* libvboard's functions, each with what it refuses. Where no example's firmware does what a test needs, the
 * test itself works the registers while the processor goes in a loop. */
#include "../usb_protocol.h"
#include "chip_test.h"
#include "library/private.h"

#include <unistd.h>

static const char blink[] = "build/examples/blink/blink-high.elf";
static const char cdc_echo[] = "build/examples/cdc-echo/cdc-echo-high.elf";
static const char bulk_echo[] = "build/examples/bulk-echo/bulk-echo-high.elf";

enum { SECOND = 1000000, MILLISECOND = 1000, HSI_MHZ = 8 };
enum { STALL_REQUEST = 0x7F, DATA_OUT = 0x01, DATA_IN = 0x81, NOTIFICATION_IN = 0x82 };

/* The stack pointer, the reset vector, and from 0x08000008 on what it points to. */
static const uint8_t loop[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0xFE, 0xE7};      /* b . */
static const uint8_t undefined[] = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08, 0x00, 0xDE}; /* udf #0 */

#define assert_ok(board, call)                                                                               \
    do {                                                                                                     \
        enum vboard_status status_ = (call);                                                                 \
        if (status_ != VBOARD_OK)                                                                            \
            fail_msg("%s: %d, %s", #call, status_, vboard_error(board));                                     \
    } while (0)

#define assert_says(board, text)                                                                             \
    do {                                                                                                     \
        if (!strstr(vboard_error(board), text))                                                              \
            fail_msg("'%s' does not say '%s'", vboard_error(board), text);                                   \
    } while (0)

static struct vboard *running(const char *name, const struct vboard_options *options, const void *program,
                              size_t length)
{
    struct vboard *board = vboard_new(name, options);
    assert_non_null(board);
    assert_ok(board, vboard_load(board, FLASH_AT, program, length));
    vboard_power(board, true);
    return board;
}

static struct vboard *looping(void)
{
    return running("BLUEPILL", NULL, loop, sizeof loop);
}

static struct vboard *with_file(const char *path)
{
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    assert_non_null(board);
    assert_ok(board, vboard_load_file(board, path, 0));
    vboard_power(board, true);
    return board;
}

static void write_register(struct vboard *board, uint32_t address, unsigned size, uint32_t value)
{
    assert_true(bus_write(&board->board->chip, address, size, value));
}

static void set(struct vboard *board, uint32_t address, uint32_t value)
{
    write_register(board, address, 4, value);
}

static uint32_t value_of(struct vboard *board, uint32_t address)
{
    uint32_t value = 0;
    assert_true(bus_read(&board->board->chip, address, 4, &value));
    return value;
}

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

static bool never(struct vboard *board, void *context)
{
    (void)board, (void)context;
    return false;
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

enum { UE_TE_RE = 0x200C, RXNE = 1 << 5 };

static void open_usart1(struct vboard *board)
{
    set(board, RCC(RCC_APB2ENR), APB2ENR_ALL_PORTS | 1 << 14);
    set(board, GPIO('A', GPIO_CRH), 0x444444B4); /* PA9: alternate function, push-pull */
    set(board, USART1(USART_BRR), 69);           /* 115200 baud */
    set(board, USART1(USART_CR1), UE_TE_RE);
    assert_ok(board, vboard_run(board, MILLISECOND));
}

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

/* USB */

static void every_kind_of_endpoint_takes_one_call(void **state)
{
    (void)state;
    enum { SET_LINE_STATE = 0x22, TO_INTERFACE = 0x21, DTR = 1 };
    uint8_t got[64];
    uint32_t actual = 99;
    struct vboard *board = with_file(cdc_echo);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_true(vboard_usb_is_attached(board));
    assert_ok(board, vboard_usb_control(board, 0x80, GET_DESCRIPTOR, 0x0100, 0, got, 18, &actual, SECOND));
    assert_int_equal(actual, 18);
    assert_int_equal(got[1], 1);
    assert_ok(board, vboard_usb_control(board, TO_INTERFACE, SET_LINE_STATE, DTR, 0, NULL, 0, NULL, SECOND));
    assert_ok(board, vboard_usb_in(board, NOTIFICATION_IN, got, 10, &actual, SECOND));
    assert_int_equal(actual, 10);
    assert_int_equal(got[8], 3); /* DCD and DSR */
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "hello", 5, &actual, SECOND));
    assert_int_equal(actual, 5);
    assert_ok(board, vboard_usb_in(board, DATA_IN, got, sizeof got, &actual, SECOND));
    assert_int_equal(actual, 5);
    assert_memory_equal(got, "hello", 5);
    assert_ok(board, vboard_usb_out(board, DATA_OUT, NULL, 0, NULL, SECOND));
    assert_string_equal(vboard_first_violation(board), "");
    vboard_free(board);
}

static void a_transfer_of_many_packets_takes_one_call(void **state)
{
    (void)state;
    uint8_t sent[192], got[192];
    uint32_t actual;
    struct vboard *board = with_file(bulk_echo);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    for (unsigned i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7);
    for (unsigned i = 0; i < 10; i++) {
        assert_ok(board, vboard_usb_out(board, DATA_OUT, sent, sizeof sent, NULL, SECOND));
        assert_ok(board, vboard_usb_in(board, 0x82, got, sizeof got, &actual, SECOND));
        assert_int_equal(actual, sizeof got);
        assert_memory_equal(got, sent, sizeof got);
    }
    vboard_free(board);
}

static void usb_transfers_that_fail_say_why(void **state)
{
    (void)state;
    uint8_t got[64];
    uint32_t actual = 99;
    struct vboard *board = with_file(cdc_echo);
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, &actual, SECOND), VBOARD_WRONG);
    assert_says(board, "vboard_usb_enumerate()");
    assert_int_equal(actual, 0);
    assert_int_equal(vboard_usb_control(board, 0x80, 0, 0, 0, got, 2, NULL, SECOND), VBOARD_GONE);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    assert_int_equal(vboard_usb_control(board, 0xC0, STALL_REQUEST, 0, 0, got, 2, &actual, SECOND),
                     VBOARD_STALLED);
    assert_int_equal(vboard_usb_control(board, 0x80, 0, 0, 0, NULL, 2, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_in(board, 0x83, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_says(board, "0x83");
    assert_int_equal(vboard_usb_in(board, DATA_OUT, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_out(board, DATA_IN, got, 1, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_out(board, DATA_OUT, NULL, 1, NULL, SECOND), VBOARD_WRONG);
    uint64_t before = vboard_now(board);
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, &actual, 2500), VBOARD_TIMED_OUT);
    assert_int_equal(actual, 0);
    assert_in_range(vboard_now(board), before + 2500, before + 2502);
    assert_ok(board, vboard_usb_out(board, DATA_OUT, "too long", 8, NULL, SECOND));
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 4, NULL, SECOND), VBOARD_USB_ERROR);
    vboard_plug(board, false);
    assert_false(vboard_usb_is_attached(board));
    assert_int_equal(vboard_usb_in(board, DATA_IN, got, 64, NULL, SECOND), VBOARD_WRONG);
    assert_int_equal(vboard_usb_enumerate(board, SECOND), VBOARD_GONE);
    vboard_plug(board, true);
    assert_ok(board, vboard_usb_enumerate(board, 5 * SECOND));
    vboard_free(board);
}

static void a_device_that_does_not_answer_is_gone_or_late(void **state)
{
    (void)state;
    struct vboard *board = looping(); /* D+ is up, and nobody answers */
    assert_int_equal(vboard_usb_enumerate(board, 200 * MILLISECOND), VBOARD_TIMED_OUT);
    assert_int_equal(vboard_usb_enumerate(board, 10 * SECOND), VBOARD_GONE);
    assert_says(board, "does not enumerate");
    assert_in_range(vboard_now(board), 2 * SECOND, 4 * SECOND);
    vboard_free(board);
}

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

static void program(struct vboard *board, uint32_t address, uint16_t value)
{
    if (value_of(board, FLASH(FLASH_CR)) & 1 << 7) {
        set(board, FLASH(FLASH_KEYR), 0x45670123);
        set(board, FLASH(FLASH_KEYR), 0xCDEF89AB);
        set(board, FLASH(FLASH_CR), 1);
    }
    write_register(board, address, 2, value);
    assert_ok(board, vboard_run(board, MILLISECOND));
}

static uint16_t flash_half_word(struct vboard *board, uint32_t address)
{
    uint8_t bytes[2];
    assert_ok(board, vboard_read(board, address, bytes, sizeof bytes));
    return (uint16_t)(bytes[0] | bytes[1] << 8);
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
        cmocka_unit_test(the_boards_can_be_listed),
        cmocka_unit_test(no_board_is_made_of_options_that_are_out_of_range),
        cmocka_unit_test(options_make_another_board),
        cmocka_unit_test(what_is_outside_of_the_flash_is_not_loaded),
        cmocka_unit_test(a_file_goes_into_whole_pages),
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
        cmocka_unit_test(every_kind_of_endpoint_takes_one_call),
        cmocka_unit_test(a_transfer_of_many_packets_takes_one_call),
        cmocka_unit_test(usb_transfers_that_fail_say_why),
        cmocka_unit_test(a_device_that_does_not_answer_is_gone_or_late),
        cmocka_unit_test(memory_is_read_without_effect),
        cmocka_unit_test(a_broken_rule_ends_a_strict_run_for_good),
        cmocka_unit_test(an_allowed_rule_and_a_lenient_board_go_on),
        cmocka_unit_test(suspicions_end_a_pedantic_run_only),
        cmocka_unit_test(a_listener_is_told_until_it_is_taken_away),
        cmocka_unit_test(the_power_fails_at_the_flash_operation_that_was_named),
        cmocka_unit_test(a_power_cut_can_be_taken_back),
        cmocka_unit_test(a_snapshot_brings_back_all_of_the_board),
        cmocka_unit_test(a_snapshot_keeps_serial_output_and_takes_back_a_broken_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
