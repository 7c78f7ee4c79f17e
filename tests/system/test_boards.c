/* Every board and variant: what is soldered to the chip is used the right way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static struct rig rig;
static const char *target;

/* The test, for each target in turn, on a new board. */
static void for_each_target(void (*test)(void))
{
    for (const char *const *each = rig_targets; *each; each++) {
        target = *each;
        rig = rig_new(target);
        test();
        rig_assert_clean(&rig);
        rig_free(&rig);
    }
}

static bool is_skr(void)
{
    return strncmp(target, "BTTSKRMINIE3V2", 14) == 0;
}

/* Places an application as the bootloader would have. */
static void burn_application(void)
{
    uint8_t *image = rig_application(&rig, 1000, 1);

    if (rig_is_high(target)) {
        memcpy(image + 28, image, 8);
        memcpy(image, rig_flash(&rig, rig.bootloader), 8);
    }
    rig_burn(&rig, rig.app_base, image, 1000);
    free(image);
}

static void enters_dfu_or_fails(const char *when)
{
    if (!rig_enter_dfu(&rig))
        fail_msg("%s: no DFU device on the bus %s", target, when);
}

static void starts_or_fails(const char *when)
{
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("%s: the application does not start %s", target, when);
}

static void download_and_start(void)
{
    uint8_t *image = rig_application(&rig, 9000, 1);

    enters_dfu_or_fails("with an empty flash");
    struct dfu_result result = dfu_download(&rig, image, 9000, rig.transfer_size);
    if (!result.done)
        fail_msg("%s: the download ended with status %u", target, result.last.bStatus);
    if (is_skr()) { /* DFU_WILL_DETACH 0: stays until the bus is reset */
        rig_run_ms(&rig, 2000);
        assert_int_equal(dfu_get_state(&rig), dfuIDLE);
        usb_host_reset(rig.host, 10);
    }
    starts_or_fails("after a download");
    board_power(rig.board, false);
    rig_run_ms(&rig, 10);
    board_power(rig.board, true);
    starts_or_fails("at power-up");
    free(image);
}

static void every_target_takes_an_application_and_starts_it(void **state)
{
    (void)state;
    for_each_target(download_and_start);
}

static void whole_area(void)
{
    uint32_t length = rig.app_bytes;
    uint8_t *image = rig_application(&rig, length, 1), *back = malloc(length + 4096);

    memset(image + 8, 0, 56); /* reserved words of the table are 0 */
    enters_dfu_or_fails("with an empty flash");
    rig.board->chip.config.page_erase_us = 1; /* to save the PC's time */
    rig.board->chip.config.program_ns = 100;
    struct dfu_result result = dfu_download(&rig, image, length, rig.transfer_size);
    if (!result.done)
        fail_msg("%s: the download of %u bytes ended with status %u after %u", target, length,
                 result.last.bStatus, result.bytes);
    result = dfu_upload(&rig, back, length + 4096, rig.transfer_size);
    if (!result.done || result.bytes != length || memcmp(image, back, length) != 0)
        fail_msg("%s: %u bytes came back, not the image of %u", target, result.bytes, length);
    free(image);
    free(back);
}

static void every_target_writes_and_reads_its_whole_area(void **state)
{
    (void)state;
    for_each_target(whole_area);
}

/* Or whatever should come in its place: the STM32L152 Discovery has its clock from the ST-Link. */
static void serve_without_crystal(void)
{
    struct chip_config config = rig_config(target);

    rig_free(&rig);
    config.hse_hz = 0;
    rig = rig_new_with(target, &config);
    download_and_start();
}

static void every_target_serves_on_the_internal_clock_if_the_crystal_is_dead(void **state)
{
    (void)state;
    for_each_target(serve_without_crystal);
}

static void press_button(void)
{
    burn_application();
    board_power(rig.board, true);
    starts_or_fails("with the button released");
    if (rig.board->info->button == PIN_NONE)
        return;
    board_press(rig.board, true);
    board_reset_button(rig.board);
    enters_dfu_or_fails("with the button held");
    board_press(rig.board, false);
    board_reset_button(rig.board);
    starts_or_fails("once the button was released");
}

static void the_button_of_every_board_is_read_the_right_way_round(void **state)
{
    (void)state;
    for_each_target(press_button);
}

/* Waiting: one flash of the LED a second; a command to the board's LED, whatever its polarity. Both states
 * are driven, and an open-drain pin never drives high. */
static void watch_led(void)
{
    const struct board_info *info = rig.board->info;

    enters_dfu_or_fails("with an empty flash");
    rig_run_ms(&rig, 1024);
    uint64_t before = rig.board->led_changes, expected = info->led == PIN_NONE ? 0 : 8;
    rig_run_ms(&rig, 4096);
    uint64_t changes = rig.board->led_changes - before;
    if (changes + 1 < expected || changes > expected + 1)
        fail_msg("%s: the LED changed %u times in 4 s", target, (unsigned)changes);
    if (info->led == PIN_NONE)
        return;
    uint8_t *image = rig_application(&rig, 1000, 1);
    assert_true(dfu_send_block(&rig, 0, image, rig.transfer_size < 1000 ? rig.transfer_size : 1000));
    rig_run_ms(&rig, 2);
    for (unsigned ms = 0; ms < 1000; ms += 10) {
        rig_run_ms(&rig, 10);
        if (!rig.board->led_on)
            fail_msg("%s: the LED is off amid a download", target);
    }
    free(image);
}

static void the_led_of_every_board_is_lit_the_right_way_round(void **state)
{
    (void)state;
    for_each_target(watch_led);
}

/* The host must see the device go: D+ low for 2.5 us and more (USB 2.0 7.1.7.3), here for milliseconds. */
static void leave_and_return(void)
{
    enters_dfu_or_fails("with an empty flash");
    assert_true(rig.board->dplus);
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 0, NULL, 0), USB_DONE);
    unsigned gone = 0;
    for (unsigned ms = 0; ms < 400; ms++) {
        rig_run_ms(&rig, 1);
        gone += !rig.board->dplus;
    }
    if (gone < 10)
        fail_msg("%s: off the bus for %u ms only", target, gone);
    enters_dfu_or_fails("after DFU_DETACH with an empty flash");
}

static void every_board_leaves_the_bus_and_returns(void **state)
{
    (void)state;
    for_each_target(leave_and_return);
}

/* A board with a switched pull-up is not there until the bootloader says so; the
 * application decides for itself. */
static void pull_up_left_alone(void)
{
    if (rig.board->info->pullup == PIN_NONE)
        return;
    burn_application();
    board_power(rig.board, true);
    starts_or_fails("at power-up");
    rig_run_ms(&rig, 100);
    if (rig.board->dplus)
        fail_msg("%s: the bootloader left the pull-up on for the application", target);
}

static void switched_pull_ups_are_off_when_the_application_starts(void **state)
{
    (void)state;
    for_each_target(pull_up_left_alone);
}

struct command {
    uint8_t first_register, second_register; /* 0: none */
    uint32_t first, second;
    bool honoured;
};

static void command(const struct command *c, const char *when)
{
    struct chip *chip = &rig.board->chip;

    for (unsigned i = 1; i <= 10; i++)
        chip_backup_set(chip, i, 0);
    chip_backup_set(chip, c->first_register, c->first);
    if (c->second_register)
        chip_backup_set(chip, c->second_register, c->second);
    board_reset_button(rig.board);
    if (c->honoured) {
        enters_dfu_or_fails(when);
        if (chip_backup_get(chip, c->first_register) != 0)
            fail_msg("%s: the boot command is still there %s", target, when);
        board_reset_button(rig.board);
    }
    starts_or_fails(when);
}

static void boot_commands(void)
{
    static const struct command usual[] = {
        {1, 0, 0x4F42, 0, true},      /* the convention */
        {1, 2, 0x4F42, 0x544F, true}, /* that of old releases */
        {1, 0, 0x544F, 0, false},     {2, 0, 0x4F42, 0, false}, {1, 0, 0x424F, 0, false},
        {10, 0, 1, 0, false},         {1, 0, 1, 0, false},      {1, 0, 0xFFFF, 0, false},
    };
    static const struct command skr[] = {
        {10, 0, 1, 0, true}, {1, 0, 0x4F42, 0, false}, {10, 0, 0x4F42, 0, false}, {10, 0, 2, 0, false}};
    /* registers of 32 bits: the STM32L1's */
    static const struct command wide[] = {
        {1, 0, 0x544F4F42, 0, true},  {1, 0, 0x4F42, 0, false},     {1, 0, 0x544F0000, 0, false},
        {2, 0, 0x544F4F42, 0, false}, {1, 0, 0x544F4F43, 0, false}, {1, 0, 0xFFFFFFFF, 0, false},
    };
    const struct command *list = rig.marks ? wide : is_skr() ? skr : usual;
    size_t count = rig.marks  ? sizeof wide / sizeof *wide
                   : is_skr() ? sizeof skr / sizeof *skr
                              : sizeof usual / sizeof *usual;

    burn_application();
    board_power(rig.board, true);
    starts_or_fails("at power-up");
    for (size_t i = 0; i < count; i++)
        command(&list[i], "by a boot command");
    /* while the button is held, too, the command is seen and cleared */
    if (rig.board->info->button != PIN_NONE) {
        struct command both = list[0];
        board_press(rig.board, true);
        chip_backup_set(&rig.board->chip, both.first_register, both.first);
        board_reset_button(rig.board);
        enters_dfu_or_fails("by button and command");
        board_press(rig.board, false);
        board_reset_button(rig.board);
        starts_or_fails("after button and command");
    }
}

static void boot_commands_of_all_conventions_are_honoured_once(void **state)
{
    (void)state;
    for_each_target(boot_commands);
}

/* A backup register that is not the command's is the application's. */
static void other_registers(void)
{
    burn_application();
    board_power(rig.board, true);
    rig_run_ms(&rig, 30);
    for (unsigned i = 1; i <= 10; i++)
        chip_backup_set(&rig.board->chip, i, 0x1110 + i);
    board_reset_button(rig.board);
    starts_or_fails("with its own data in backup registers");
    for (unsigned i = 1; i <= 10; i++)
        if (chip_backup_get(&rig.board->chip, i) != 0x1110 + i)
            fail_msg("%s: backup register %u was changed", target, i);
}

static void backup_registers_with_other_contents_are_left_alone(void **state)
{
    (void)state;
    for_each_target(other_registers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target_takes_an_application_and_starts_it),
        cmocka_unit_test(every_target_writes_and_reads_its_whole_area),
        cmocka_unit_test(every_target_serves_on_the_internal_clock_if_the_crystal_is_dead),
        cmocka_unit_test(the_button_of_every_board_is_read_the_right_way_round),
        cmocka_unit_test(the_led_of_every_board_is_lit_the_right_way_round),
        cmocka_unit_test(every_board_leaves_the_bus_and_returns),
        cmocka_unit_test(switched_pull_ups_are_off_when_the_application_starts),
        cmocka_unit_test(boot_commands_of_all_conventions_are_honoured_once),
        cmocka_unit_test(backup_registers_with_other_contents_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
