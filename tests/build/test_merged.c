/* tools/merge-high: bootloader of a high variant and application in one image, as
 * a programmer would write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "files/image.h"
#include "rig.h"

enum { HIDDEN = 28, LENGTH = 3001 };
#define FOLDER "build/host/tests/build/"

static const char *const targets[] = {"BLUEPILL_HIGH", "BLUEPILL_HIGH_128", "BTTSKRMINIE3V2_HIGH_256"};

static void save(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static bool merge(const char *target, const char *ending, const char *application, const char *merged)
{
    char command[512];

    snprintf(command, sizeof command,
             "tools/merge-high build/firmware/%s/dapboot.%s " FOLDER "%s " FOLDER "%s > " FOLDER "said 2>&1",
             target, ending, application, merged);
    return system(command) == 0;
}

/* A chip that was erased, with this image written to it and no other. */
static struct rig board_with(const char *target, const char *merged)
{
    struct rig rig = rig_new(target);
    const struct chip_config *config = &rig.board->chip.config;
    struct image image = {0};
    char path[256], error[512];

    memset(rig.board->chip.flash_bytes, 0xFF, config->flash_bytes);
    snprintf(path, sizeof path, FOLDER "%s", merged);
    if (!image_add(&image, path, FLASH_BASE, error, sizeof error) ||
        !image_burn(&image, rig.board->chip.flash_bytes, config->flash_bytes, config->page_bytes,
                    config->family->flash_blank, error, sizeof error))
        fail_msg("%s", error);
    image_free(&image);
    return rig;
}

/* It starts; the bootloader is behind it and shows the application as it was. */
static void works(const char *target, const char *merged, const uint8_t *application)
{
    struct rig rig = board_with(target, merged);
    uint8_t *back = malloc(rig.app_bytes + 4096);

    /* word 0 is the application's: an RTOS looks there for the end of its stack */
    assert_memory_equal(rig_flash(&rig, FLASH_BASE), application, 4);
    rig_power_cycle(&rig);
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("%s: the application of %s does not start", target, merged);
    board_press(rig.board, true);
    rig_power_cycle(&rig);
    if (!rig_enter_dfu(&rig))
        fail_msg("%s: no bootloader in %s", target, merged);
    struct dfu_result result = dfu_upload(&rig, back, rig.app_bytes + 4096, rig.transfer_size);
    assert_true(result.done);
    assert_int_equal(result.bytes, rig.app_bytes);
    assert_memory_equal(back, application, LENGTH);
    for (uint32_t i = LENGTH; i < rig.app_bytes; i++)
        assert_int_equal(back[i], 0xFF);
    rig_assert_clean(&rig);
    rig_free(&rig);
    free(back);
}

/* Word 0 is the application's, word 1 the bootloader's reset vector, words 7 and 8 the application's own. */
static void starts_as_the_bootloader_writes_it(const char *target, const uint8_t *application)
{
    struct rig rig = board_with(target, "merged.bin");

    assert_memory_equal(rig_flash(&rig, FLASH_BASE), application, 4);
    assert_memory_equal(rig_flash(&rig, FLASH_BASE + 4), rig_flash(&rig, rig.bootloader + 4), 4);
    assert_memory_equal(rig_flash(&rig, FLASH_BASE + HIDDEN), application, 8);
    rig_free(&rig);
}

static void an_application_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct rig rig = rig_new(targets[i]);
        uint8_t *application = rig_application(&rig, LENGTH, 1);

        rig_free(&rig);
        memset(application + HIDDEN, 0, 8);
        save(FOLDER "application.bin", application, LENGTH);
        assert_true(merge(targets[i], "hex", "application.bin", "merged.bin"));
        assert_true(merge(targets[i], "elf", "application.bin", "merged.hex"));
        works(targets[i], "merged.bin", application);
        works(targets[i], "merged.hex", application);
        starts_as_the_bootloader_writes_it(targets[i], application);
        free(application);
    }
}

static void what_was_read_from_under_a_bootloader_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct rig rig = rig_new(targets[i]);
        uint8_t *application = rig_application(&rig, LENGTH, 2);

        memset(application + HIDDEN, 0, 8);
        assert_true(rig_enter_dfu(&rig));
        assert_true(dfu_download(&rig, application, LENGTH, rig.transfer_size).done);
        save(FOLDER "read.bin", rig_flash(&rig, FLASH_BASE), rig.board->chip.config.flash_bytes);
        rig_free(&rig);
        assert_true(merge(targets[i], "hex", "read.bin", "merged.bin"));
        works(targets[i], "merged.bin", application);
        starts_as_the_bootloader_writes_it(targets[i], application);
        free(application);
    }
}

/* Its stack pointer was in word 0. */
static void what_was_read_from_under_an_older_bootloader_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct rig rig = rig_new(targets[i]);
        uint8_t *application = rig_application(&rig, LENGTH, 2), *read = malloc(LENGTH);

        memset(application + HIDDEN, 0, 8);
        memcpy(read, application, LENGTH);
        memcpy(read, rig_flash(&rig, rig.bootloader), 8);
        memcpy(read + HIDDEN, application, 8);
        rig_free(&rig);
        save(FOLDER "older.bin", read, LENGTH);
        assert_true(merge(targets[i], "hex", "older.bin", "merged.bin"));
        works(targets[i], "merged.bin", application);
        starts_as_the_bootloader_writes_it(targets[i], application);
        free(application);
        free(read);
    }
}

static void the_low_bits_of_a_stack_pointer_are_ignored(void **state)
{
    struct rig rig = rig_new("BLUEPILL_HIGH");
    uint8_t *application = rig_application(&rig, LENGTH, 4);

    (void)state;
    rig_free(&rig);
    memset(application + HIDDEN, 0, 8);
    application[0] |= 3;
    save(FOLDER "odd.bin", application, LENGTH);
    assert_true(merge("BLUEPILL_HIGH", "hex", "odd.bin", "merged.bin"));
    works("BLUEPILL_HIGH", "merged.bin", application);
    free(application);
}

static void what_is_no_application_is_refused(void **state)
{
    (void)state;
    struct rig rig = rig_new("BLUEPILL_HIGH");
    uint8_t *application = rig_application(&rig, rig.app_bytes + 1024, 3);

    save(FOLDER "large.bin", application, rig.app_bytes + 1);
    assert_false(merge("BLUEPILL_HIGH", "hex", "large.bin", "refused.bin"));
    save(FOLDER "short.bin", application, 63);
    assert_false(merge("BLUEPILL_HIGH", "hex", "short.bin", "refused.bin"));
    save(FOLDER "application.bin", application, LENGTH);
    assert_false(merge("BLUEPILL", "hex", "application.bin", "refused.bin"));
    assert_false(merge("BLUEPILL_HIGH", "hex", "application.bin", "refused.elf"));
    assert_false(merge("BLUEPILL_HIGH", "hex", "none.bin", "refused.bin"));
    application[4] &= 0xFE;
    save(FOLDER "even.bin", application, LENGTH);
    assert_false(merge("BLUEPILL_HIGH", "hex", "even.bin", "refused.bin"));
    memset(application, 0xFF, 4);
    save(FOLDER "blank.bin", application, LENGTH);
    assert_false(merge("BLUEPILL_HIGH", "hex", "blank.bin", "refused.bin"));
    assert_null(fopen(FOLDER "refused.bin", "rb"));
    rig_free(&rig);
    free(application);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_application_is_kept),
        cmocka_unit_test(what_was_read_from_under_a_bootloader_is_kept),
        cmocka_unit_test(what_was_read_from_under_an_older_bootloader_is_kept),
        cmocka_unit_test(the_low_bits_of_a_stack_pointer_are_ignored),
        cmocka_unit_test(what_is_no_application_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
