/*
 * Tests of firmware with libvboard: an LED that blinks, a serial port, a USB endpoint. Each test has a board
 * of its own. A test that fails says what was expected and ends the program with status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vboard.h>

enum { MS = 1000, S = 1000000 }; /* in us */

static void check(const struct vboard *board, bool good, const char *expected)
{
    if (good)
        return;
    fprintf(stderr, "expected: %s\nat %llu us; the last error: %s\n", expected,
            (unsigned long long)vboard_now(board), vboard_error(board));
    exit(EXIT_FAILURE);
}

/* A Blue Pill with this firmware, switched on. */
static struct vboard *board_with(const char *firmware)
{
    struct vboard *board = vboard_new("BLUEPILL", NULL);
    if (!board) {
        fprintf(stderr, "%s\n", vboard_error(NULL));
        exit(EXIT_FAILURE);
    }
    check(board, vboard_load_file(board, firmware, 0) == VBOARD_OK, "the firmware is loaded");
    vboard_power(board, true);
    return board;
}

/* The firmware broke no rule of the chip's manual. */
static void end(struct vboard *board)
{
    check(board, vboard_violations(board) == 0, vboard_first_violation(board));
    vboard_free(board);
}

static bool led_is_on(struct vboard *board, void *context)
{
    (void)context;
    return vboard_led(board) > 0;
}

static void the_led_blinks_once_a_second(const char *firmware)
{
    struct vboard *board = board_with(firmware);
    check(board, vboard_run_until(board, led_is_on, NULL, 2 * S) == VBOARD_OK, "the LED goes on");
    uint64_t changes = vboard_led_changes(board);
    check(board, vboard_run(board, 10 * S) == VBOARD_OK, "ten seconds pass");
    check(board, vboard_led_changes(board) - changes == 20, "on and off, ten times");
    end(board);
}

static void a_line_comes_back_in_capitals(const char *firmware)
{
    struct vboard *board = board_with(firmware);
    char text[16] = "";
    check(board, vboard_run(board, 10 * MS) == VBOARD_OK, "it starts");
    vboard_serial_read(board, 1, text, sizeof text - 1);
    check(board, strcmp(text, "ready\n") == 0, "it says that it is ready");
    check(board, vboard_serial_send(board, 1, "hello\n", 6, 0) == VBOARD_OK, "it has USART1");
    check(board, vboard_run(board, 10 * MS) == VBOARD_OK, "it answers");
    vboard_serial_read(board, 1, text, sizeof text - 1);
    check(board, strcmp(text, "HELLO\n") == 0, "in capitals");
    end(board);
}

static void a_usb_endpoint_gives_back_what_it_got(const char *firmware)
{
    struct vboard *board = board_with(firmware);
    char packet[64];
    uint32_t length;
    check(board, vboard_usb_enumerate(board, 5 * S) == VBOARD_OK, "it enumerates");
    check(board, vboard_usb_out(board, 0x01, "hello", 5, NULL, S) == VBOARD_OK, "endpoint 1 takes a packet");
    check(board, vboard_usb_in(board, 0x81, packet, sizeof packet, &length, S) == VBOARD_OK, "and gives one");
    check(board, length == 5 && memcmp(packet, "hello", 5) == 0, "the same");
    end(board);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr,
                "Usage: check BLINK SERIAL CDC-ECHO\nThree files of firmware (.elf, .hex, .bin) to test\n");
        return 2;
    }
    the_led_blinks_once_a_second(argv[1]);
    a_line_comes_back_in_capitals(argv[2]);
    a_usb_endpoint_gives_back_what_it_got(argv[3]);
    puts("3 passed, 0 failed");
    return EXIT_SUCCESS;
}
