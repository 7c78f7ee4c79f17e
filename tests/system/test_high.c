/* The high variant: the bootloader at the top, the application at the bottom, one vector table for both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { HOOK = 0, HIDDEN = 28, OWN_BYTES = 7 * 1024, TABLE = 64 };

static const char *const targets[] = {"BLUEPILL_HIGH", "BLUEPILL_HIGH_128", "BTTSKRMINIE3V2_HIGH_256"};
static struct rig rig;
static const char *target;
static uint8_t own[OWN_BYTES];

/* The test, for each of the targets on a new board; after it the bootloader is as it was. */
static void for_each_target(void (*test)(void))
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        target = targets[i];
        rig = rig_new(target);
        memcpy(own, rig_flash(&rig, rig.bootloader), OWN_BYTES);
        test();
        rig_assert_clean(&rig);
        if (memcmp(own, rig_flash(&rig, rig.bootloader), OWN_BYTES) != 0)
            fail_msg("%s: the bootloader's own flash was changed", target);
        rig_free(&rig);
    }
}

/* With a whole vector table: reserved words are 0. */
static uint8_t *application(uint32_t length, unsigned seed)
{
    uint8_t *image = rig_application(&rig, length, seed);

    memset(image + HIDDEN, 0, 16);
    return image;
}

static void enter(void)
{
    if (!rig_enter_dfu(&rig))
        fail_msg("%s: no DFU device on the bus", target);
}

static void by_button(void)
{
    board_press(rig.board, true);
    rig_power_cycle(&rig);
    enter();
    board_press(rig.board, false);
}

static void download(const uint8_t *image, uint32_t length, uint32_t block)
{
    struct dfu_result result = dfu_download(&rig, image, length, block);

    if (!result.done)
        fail_msg("%s: %u bytes in blocks of %u: status %u, state %u after %u bytes", target, length, block,
                 result.last.bStatus, result.last.bState, result.bytes);
}

static void expect_start(void)
{
    rig_power_cycle(&rig);
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("%s: the application does not start", target);
}

static void hook_and_hidden_words(void)
{
    uint8_t *image = application(5000, 1);
    uint32_t words[16];

    enter();
    download(image, 5000, rig.transfer_size);
    memcpy(words, rig_flash(&rig, FLASH_BASE), sizeof words);
    /* word 1 leads into the bootloader, 7 and 8 are the application's 0 and 1, the rest is as it came */
    assert_memory_equal(&words[0], image, 4);
    assert_in_range(words[1], rig.bootloader, rig.bootloader + OWN_BYTES);
    assert_int_equal(words[1] & 1, 1);
    assert_memory_equal(&words[7], image, 8);
    assert_memory_equal(&words[2], image + 8, 20);
    assert_memory_equal(rig_flash(&rig, FLASH_BASE + 36), image + 36, 5000 - 36);
    expect_start();
    assert_int_equal(rig.board->chip.cpu.system.vtor, FLASH_BASE);
    free(image);
}

static void the_table_leads_into_the_bootloader_and_hides_the_application(void **state)
{
    (void)state;
    for_each_target(hook_and_hidden_words);
}

static void upload_shows_the_original(void)
{
    static const uint16_t blocks[] = {1, 3, 8, 29, 36, 64, 1000, 1024};
    uint8_t *image = application(3000, 1), *back = malloc(rig.app_bytes + 4096);

    enter();
    download(image, 3000, rig.transfer_size);
    by_button();
    struct dfu_result result = dfu_upload(&rig, back, rig.app_bytes + 4096, rig.transfer_size);
    assert_true(result.done);
    assert_int_equal(result.bytes, rig.app_bytes); /* and none of its own 7 KiB */
    assert_memory_equal(back, image, 3000);
    for (uint32_t i = 3000; i < rig.app_bytes; i++)
        assert_int_equal(back[i], 0xFF);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        uint32_t room = 200 / blocks[i] * blocks[i];
        if (!room)
            room = blocks[i];
        dfu_upload(&rig, back, room, blocks[i]);
        if (memcmp(back, image, room) != 0)
            fail_msg("%s: an upload in blocks of %u differs from what was downloaded", target, blocks[i]);
        assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
    }
    free(image);
    free(back);
}

static void upload_shows_the_original_table(void **state)
{
    (void)state;
    for_each_target(upload_shows_the_original);
}

static void up_to_the_last_byte(void)
{
    uint8_t *image = application(rig.app_bytes + 1, 1);

    rig.board->chip.config.page_erase_us = 1;
    rig.board->chip.config.program_ns = 100;
    enter();
    download(image, rig.app_bytes, rig.transfer_size);
    assert_memory_equal(rig_flash(&rig, FLASH_BASE + TABLE), image + TABLE, rig.app_bytes - TABLE);
    expect_start();
    free(image);
}

static void an_image_up_to_the_bootloader_fits(void **state)
{
    (void)state;
    for_each_target(up_to_the_last_byte);
}

/* Sent block by block: the one that reaches into the bootloader is refused before it
 * is written, however it is cut. */
static void one_byte_too_many(void)
{
    static const uint32_t last[] = {1, 2, 64, 1000};
    uint8_t *image = application(rig.app_bytes + 1024, 1);

    rig.board->chip.config.page_erase_us = 1;
    rig.board->chip.config.program_ns = 100;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        uint32_t blocks = rig.app_bytes / 1024;

        enter();
        for (uint16_t block = 0; block < blocks; block++)
            assert_true(dfu_send_block(&rig, block, image + 1024 * block, 1024));
        rig_run_ms(&rig, 100);
        uint64_t operations = rig.board->chip.flash.operations;
        assert_int_equal(dfu_send(&rig, DFU_DNLOAD, blocks, image, last[i]), USB_STALLED);
        struct dfu_status status;
        assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
        assert_int_equal(status.bState, dfuERROR);
        assert_int_equal(status.bStatus, errADDRESS);
        rig_run_ms(&rig, 100);
        assert_int_equal(rig.board->chip.flash.operations, operations);
        assert_memory_equal(own, rig_flash(&rig, rig.bootloader), OWN_BYTES);
        rig_power_cycle(&rig); /* and the bootloader is still to be reached */
    }
    free(image);
}

static void an_image_that_reaches_into_the_bootloader_gets_erraddress(void **state)
{
    (void)state;
    for_each_target(one_byte_too_many);
}

/* Taken or refused: with 2 KiB pages, 7 KiB share their first page with what is below. */
static void all_below_the_bootloader(void)
{
    uint32_t length = rig.bootloader - FLASH_BASE;
    uint8_t *image = application(length, 1);

    rig.board->chip.config.page_erase_us = 1;
    rig.board->chip.config.program_ns = 100;
    enter();
    dfu_download(&rig, image, length, rig.transfer_size);
    free(image);
    if (memcmp(own, rig_flash(&rig, rig.bootloader), OWN_BYTES) != 0)
        fail_msg("%s: an image of %u bytes erased part of the bootloader", target, length);
}

static void the_page_the_bootloader_begins_in_is_never_erased(void **state)
{
    (void)state;
    for_each_target(all_below_the_bootloader);
}

static void first_blocks(void)
{
    static const uint32_t blocks[] = {1, 2, 3, 4, 5, 8, 9, 28, 31, 32, 33, 35, 36, 37, 63, 64, 511, 1023};

    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        uint32_t length = blocks[i] < 4 ? 1100 : 2500;
        uint8_t *image = application(length, i + 2);

        by_button();
        download(image, length, blocks[i]);
        assert_memory_equal(rig_flash(&rig, FLASH_BASE + HIDDEN), image, 8);
        assert_memory_equal(rig_flash(&rig, FLASH_BASE + 36), image + 36, length - 36);
        expect_start();
        free(image);
    }
}

static void first_blocks_of_any_size_from_1_byte_are_taken(void **state)
{
    (void)state;
    for_each_target(first_blocks);
}

static void asked_for(void)
{
    uint8_t *image = application(500, 1);
    bool skr = strncmp(target, "BTT", 3) == 0;

    enter();
    download(image, 500, rig.transfer_size);
    expect_start();
    chip_backup_set(&rig.board->chip, skr ? 10 : 1, skr ? 1 : 0x4F42);
    board_reset_button(rig.board);
    enter();
    assert_int_equal(chip_backup_get(&rig.board->chip, skr ? 10 : 1), 0);
    by_button();
    expect_start();
    free(image);
}

static void button_and_boot_command_work_as_on_the_others(void **state)
{
    (void)state;
    for_each_target(asked_for);
}

static void no_application(void)
{
    uint32_t bad[2] = {0xFFFFFFFF, 0xFFFFFFFF};
    uint8_t *image = application(500, 1);

    /* what a programmer writes with the bootloader alone: hook, nothing else */
    assert_memory_not_equal(rig_flash(&rig, FLASH_BASE), bad, 8);
    assert_memory_equal(rig_flash(&rig, FLASH_BASE + HIDDEN), bad, 8);
    enter();
    /* refused: linked for elsewhere; a reset vector in the bootloader itself */
    uint32_t entries[] = {rig.bootloader + 1, rig.bootloader + OWN_BYTES + 1, 0x20000001, FLASH_BASE + 64};
    for (size_t i = 0; i < 4; i++) {
        memcpy(image + 4, &entries[i], 4);
        struct dfu_result result = dfu_download(&rig, image, 500, 500);
        assert_false(result.done);
        assert_int_equal(result.last.bStatus, errTARGET);
        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    }
    assert_int_equal(rig.board->chip.flash.operations, 0);
    free(image);
}

static void images_for_elsewhere_are_refused_before_anything_is_written(void **state)
{
    (void)state;
    for_each_target(no_application);
}

/* True if a reset now would end in the bootloader. */
static bool leads_into_bootloader(void)
{
    uint32_t words[2];

    memcpy(words, rig_flash(&rig, FLASH_BASE), sizeof words);
    return words[1] - rig.bootloader < OWN_BYTES; /* whatever word 0 is */
}

/* While another application takes the place of one: page 0 is the last to change, and changes at the end. */
static void moment_without_vector(void)
{
    enum { STEP_US = 10, WATCHED_US = 400000 };
    uint32_t page = rig.transfer_size;
    uint8_t *old = application(3 * page, 1), *new = application(3 * page, 2);

    enter();
    download(old, 3 * page, page);
    by_button();
    for (uint16_t block = 0; block < 3; block++) {
        assert_true(dfu_send_block(&rig, block, new + page *block, page));
        rig_run_ms(&rig, 100);
        assert_true(leads_into_bootloader());
        assert_int_equal(rig.board->chip.flash.operation.kind, FLASH_NOTHING);
    }
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 3, NULL, 0), USB_DONE);
    uint32_t without = 0;
    for (uint32_t us = 0; us < WATCHED_US; us += STEP_US) {
        board_run(rig.board, ticks_from_us(STEP_US));
        const struct flash_operation *operation = &rig.board->chip.flash.operation;
        bool erasing = operation->kind == FLASH_PAGE_ERASE && operation->address < FLASH_BASE + page;
        without += erasing || !leads_into_bootloader() ? STEP_US : 0;
    }
    printf("             %s: %u us without a reset vector, of them %u for the erase\n", target, without,
           rig.board->chip.config.page_erase_us);
    /* one erase, two half-words, and looking at a blank page before */
    assert_in_range(without, rig.board->chip.config.page_erase_us,
                    rig.board->chip.config.page_erase_us + 1000);
    expect_start();

    /* the same again: never without */
    by_button();
    uint64_t operations = rig.board->chip.flash.operations;
    download(new, 3 * page, page);
    assert_int_equal(rig.board->chip.flash.operations, operations);
    free(old);
    free(new);
}

static void the_moment_without_a_reset_vector_is_one_erase_and_two_half_words(void **state)
{
    (void)state;
    for_each_target(moment_without_vector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_leads_into_the_bootloader_and_hides_the_application),
        cmocka_unit_test(upload_shows_the_original_table),
        cmocka_unit_test(an_image_up_to_the_bootloader_fits),
        cmocka_unit_test(an_image_that_reaches_into_the_bootloader_gets_erraddress),
        cmocka_unit_test(the_page_the_bootloader_begins_in_is_never_erased),
        cmocka_unit_test(first_blocks_of_any_size_from_1_byte_are_taken),
        cmocka_unit_test(button_and_boot_command_work_as_on_the_others),
        cmocka_unit_test(images_for_elsewhere_are_refused_before_anything_is_written),
        cmocka_unit_test(the_moment_without_a_reset_vector_is_one_erase_and_two_half_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
