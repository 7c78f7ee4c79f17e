/* Commands that use endpoints: what the PC of --enumerate makes of them, with a device that is a model. */
#include <stdio.h>
#include <string.h>

#include "board/commands.h"
#include "board/usb_pc.h"
#include "usb_model.h"

enum { SAID = 32768 };

static char said[SAID]; /* the reports on USB, one a line */

static void listen(void *watcher, enum report_kind kind, ticks at, const char *text)
{
    (void)watcher;
    (void)at;
    if (kind == REPORT_USB) {
        size_t used = strlen(said);
        (void)snprintf(said + used, sizeof said - used, "%s\n", text);
    }
}

static void assert_said(const char *line)
{
    if (!strstr(said, line))
        fail_msg("'%s' was expected, and this came: %s", line, said);
}

static void obey(struct model *model, const char *line)
{
    said[0] = '\0';
    assert_true(command_obey(model->board, line));
}

static void assert_refused(struct model *model, const char *line)
{
    said[0] = '\0';
    if (command_obey(model->board, line))
        fail_msg("'%s' was obeyed", line);
    assert_string_equal(said, "");
}

static struct usb_pc pc;

static struct model *configured(void **state)
{
    struct model *model = *state;
    model->board->report = listen;
    usb_pc_attach(&pc, model->board);
    model_run_us(model, 300000);
    assert_int_equal(model->configuration, 1);
    return model;
}

static int teardown(void **state)
{
    const struct model *model = *state;
    if (model->board->pc)
        usb_pc_detach(&pc);
    return model_teardown(state);
}

static void a_control_request_reads(void **state)
{
    struct model *model = configured(state);
    obey(model, "control 0x80 6 0x0100 0 8");
    assert_string_equal(said, "");
    model_run_us(model, 2000);
    assert_string_equal(said, "control 0x80 6: 8 bytes: 12 01 10 02 00 00 00 40\n");
    model_expect_clean(model);
}

static void a_control_request_writes(void **state)
{
    struct model *model = configured(state);
    obey(model, "control 0x00 9 0 0");
    model_run_us(model, 2000);
    assert_said("control 0x00 9: 0 bytes\n");
    assert_int_equal(model->configuration, 0);
    obey(model, "out 1 00");
    assert_string_equal(said, "no device is configured; 'wait' until one is\n");
}

static void bulk_data_goes_out_and_comes_in(void **state)
{
    struct model *model = configured(state);
    obey(model, "out 1 \"a b\" 0D 0a0B");
    model_run_us(model, 2000);
    assert_string_equal(said, "out 0x01: 6 bytes\n");
    obey(model, "in 1");
    model_run_us(model, 2000);
    assert_string_equal(said, "in 0x81: 6 bytes: 61 20 62 0D 0A 0B\n");
    model_expect_clean(model);
}

static void an_isochronous_packet_comes_in_and_goes_out(void **state)
{
    char line[32];
    struct model *model = configured(state);
    (void)snprintf(line, sizeof line, "control 0x40 %u 0 0", MODEL_ISO_START);
    obey(model, line);
    model_run_us(model, 2000);
    obey(model, "in 0x83");
    obey(model, "out 4 0102");
    model_run_us(model, 4000);
    assert_said("out 0x04: 2 bytes\n");
    (void)snprintf(line, sizeof line, "in 0x83: %u bytes: 77 77", MODEL_ISO_BYTES);
    obey(model, "in 0x83");
    model_run_us(model, 4000);
    assert_said(line);
    assert_int_equal(model->heard, 2);
    assert_memory_equal(model->data, "\x01\x02", 2);
    obey(model, "in 0x83 1000");
    assert_said("is isochronous: one packet");
}

static void a_transfer_that_the_device_keeps_waiting_ends_after_five_seconds(void **state)
{
    struct model *model = configured(state);
    ticks before = board_now(model->board);
    obey(model, "in 0x81 64");
    assert_true(board_now(model->board) == before);
    model_run_us(model, 4900000);
    assert_string_equal(said, "");
    model_run_us(model, 200000);
    assert_string_equal(said, "in 0x81: not over within 5 s\n");
}

static void transfers_of_an_endpoint_wait_for_each_other_and_not_for_others(void **state)
{
    struct model *model = configured(state);
    obey(model, "in 0x81 64");
    assert_true(command_obey(model->board, "in 0x81 64"));
    assert_true(command_obey(model->board, "out 1 31"));
    model_run_us(model, 4000);
    assert_string_equal(said, "out 0x01: 1 byte\nin 0x81: 1 byte: 31\n");
    assert_true(command_obey(model->board, "out 1 32"));
    model_run_us(model, 4000);
    assert_string_equal(said,
                        "out 0x01: 1 byte\nin 0x81: 1 byte: 31\nout 0x01: 1 byte\nin 0x81: 1 byte: 32\n");
}

static void unplugging_ends_what_is_under_way_and_what_waits(void **state)
{
    struct model *model = configured(state);
    obey(model, "in 0x81 64");
    assert_true(command_obey(model->board, "in 0x81 64"));
    board_plug(model->board, false);
    assert_said("in 0x81: no device on the bus, or it left meanwhile\n"
                "in 0x81: no device on the bus, or it left meanwhile\n");
    assert_null(pc.orders);
    obey(model, "control 0x80 0 0 0 2");
    assert_string_equal(said, "no device is enumerated yet; 'wait' until one was found\n");
}

static void no_more_than_64_transfers_wait(void **state)
{
    struct model *model = configured(state);
    for (unsigned i = 0; i < 64; i++) {
        obey(model, "in 0x81 64");
        assert_string_equal(said, "");
    }
    obey(model, "in 0x81 64");
    assert_string_equal(said, "64 transfers wait already; 'wait' lets them go on\n");
}

static void the_longest_transfer_is_told_whole(void **state)
{
    char line[64];
    struct model *model = configured(state);
    (void)snprintf(line, sizeof line, "control 0xC0 %u 0 0 4096", MODEL_PATTERN);
    obey(model, line);
    model_run_us(model, 50000);
    assert_said(": 4096 bytes: ");
    assert_int_equal(strlen(strstr(said, ": 4096 bytes:")), strlen(": 4096 bytes:") + 3 * 4096 + 1);
}

static void what_the_device_has_not_is_told(void **state)
{
    struct model *model = configured(state);
    obey(model, "in 0x8F 1");
    assert_string_equal(said, "the device has no endpoint 0x8F as it is configured\n");
    obey(model, "control 0x80 0x7F 0 0 1");
    model_run_us(model, 2000);
    assert_string_equal(said, "control 0x80 127: the device answered STALL\n");
    usb_pc_detach(&pc);
    obey(model, "in 0x81 1");
    assert_string_equal(said, "no PC is at the cable that takes commands: --enumerate\n");
}

static void wrong_arguments_are_refused(void **state)
{
    static const char *const wrong[] = {
        "control",
        "control ",
        "control 0x80 0 0 0",      /* how much? */
        "control 0x80 0 0 0 4097", /* too much */
        "control 0x80 0 0 0 2 3",  /* one number too many */
        "control 0x00 0 0 0 1",    /* half a byte */
        "control 0x100 0 0 0",     /* no byte */
        "control 0 0 0x10000 0",   /* no word */
        "control 0 -1 0 0",        /* no number */
        "control 0 0 0 0 \"a",     /* where does it end? */
        "in ",
        "in x",
        "in 1 2x",
        "in 1 2 3",
        "in 256",
        "out ",
        "out 0x81 00", /* an IN endpoint */
        "out 1 0",
        "out 1 0g",
        "out 1 00 \"",
    };
    struct model *model = configured(state);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(model, wrong[i]);
    assert_null(pc.orders);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, model_setup_device, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_control_request_reads),
        TEST(a_control_request_writes),
        TEST(bulk_data_goes_out_and_comes_in),
        TEST(an_isochronous_packet_comes_in_and_goes_out),
        TEST(a_transfer_that_the_device_keeps_waiting_ends_after_five_seconds),
        TEST(transfers_of_an_endpoint_wait_for_each_other_and_not_for_others),
        TEST(unplugging_ends_what_is_under_way_and_what_waits),
        TEST(no_more_than_64_transfers_wait),
        TEST(the_longest_transfer_is_told_whole),
        TEST(what_the_device_has_not_is_told),
        TEST(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
