/*
 * Every chip that may be on a board: slow ones, small ones, worn ones, protected ones, clones.
 * A download arrives exactly or its error reaches the host; nothing half is ever started; and
 * the bootloader stays reachable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { KIB = 1024, UNIT = 4 * KIB, LENGTH = 20000, CMD_BOOT = 0x4F42 };
enum { SMALLEST = 16 }; /* KiB of flash; a register that says less is none */
enum { FASTEST_LSI = 60000, DOWNLOADED = 0xFF };

static struct rig rig;
static char what[160]; /* the case under test, for messages */

static const char *const variants[] = {"BLUEPILL", "BLUEPILL_4K", "BLUEPILL_HIGH_128"};
enum { VARIANTS = sizeof variants / sizeof *variants };

static void use(const char *build, const char *target, const struct chip_config *config)
{
    if (rig.board)
        rig_free(&rig);
    rig = rig_new_build(build, target, config);
}

static int finish(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig.board = NULL;
    return 0;
}

/* With a whole vector table: reserved words are 0. */
static uint8_t *application(uint32_t length, unsigned seed)
{
    uint8_t *image = rig_application(&rig, length, seed);

    memset(image + 28, 0, 16);
    return image;
}

/* Power off and on, with the button held or, where there is none, the command in the backup register. */
static void enter(void)
{
    board_power(rig.board, false);
    rig_run_ms(&rig, 10);
    board_press(rig.board, true);
    board_power(rig.board, true);
    if (rig.board->info->button == PIN_NONE) {
        rig_run_ms(&rig, 1);
        chip_backup_set(&rig.board->chip, 1, CMD_BOOT);
        board_reset_button(rig.board);
    }
    if (!rig_enter_dfu(&rig))
        fail_msg("%s: no DFU device on the bus", what);
    board_press(rig.board, false);
}

/* The image as it lies in flash; in the high variant the start words are elsewhere. */
static bool holds(const uint8_t *image, uint32_t length)
{
    const uint8_t *flash = rig_flash(&rig, rig.app_base);

    if (rig.app_base != FLASH_BASE)
        return memcmp(flash, image, length) == 0;
    return memcmp(flash + 28, image, 8) == 0 && memcmp(flash + 8, image + 8, 20) == 0 &&
           memcmp(flash + 36, image + 36, length - 36) == 0;
}

static bool starts(void)
{
    rig_power_cycle(&rig);
    return rig_starts_application(&rig, TICKS_PER_SECOND);
}

static void expect_application(const uint8_t *image, uint32_t length)
{
    if (!holds(image, length))
        fail_msg("%s: the image in flash is another than was sent", what);
    if (!starts())
        fail_msg("%s: the application does not start", what);
    rig_assert_clean(&rig);
}

static struct dfu_result download(const uint8_t *image, uint32_t length)
{
    struct dfu_result result = dfu_download(&rig, image, length, rig.transfer_size);

    if (!result.done)
        fail_msg("%s: status %u in state %u after %u bytes", what, result.last.bStatus, result.last.bState,
                 result.bytes);
    return result;
}

static void expect_refusal(const uint8_t *image, uint32_t length, uint8_t bStatus)
{
    struct dfu_result result = dfu_download(&rig, image, length, rig.transfer_size);

    if (result.done || result.last.bState != dfuERROR || result.last.bStatus != bStatus)
        fail_msg("%s: expected status %u, came status %u in state %u after %u bytes", what, bStatus,
                 result.last.bStatus, result.last.bState, result.bytes);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
}

/* Over an older application, to its start. */
static struct dfu_result replace(uint32_t length)
{
    uint8_t *old = application(length + 3000, 1), *new = application(length, 2);

    rig_burn(&rig, rig.app_base + (rig.app_base == FLASH_BASE ? 36 : 0),
             old + (rig.app_base == FLASH_BASE ? 36 : 0), length + 2000);
    if (rig.app_base == FLASH_BASE)
        rig_burn(&rig, FLASH_BASE + 28, old, 8);
    enter();
    struct dfu_result result = download(new, length);
    expect_application(new, length);
    free(old);
    free(new);
    return result;
}

/* Flash times ------------------------------------------------------------------------------------------- */

static const struct {
    uint32_t page_erase_us, half_word_ns;
} times[] = {{20000, 40000}, {20000, 52500}, {40000, 52500}, {40000, 70000}, {400000, 700000}};
enum { TIMES = sizeof times / sizeof *times };

static void downloads_succeed_whatever_the_flash_takes(void **state)
{
    (void)state;
    static const char *const targets[] = {"BLUEPILL", "BLUEPILL_4K", "BLUEPILL_HIGH_128", "BTTSKRMINIE3V2",
                                          "BTTSKRMINIE3V2_HIGH_256"};

    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
        for (size_t i = 0; i < TIMES; i++) {
            struct chip_config config = rig_config(targets[t]);

            config.page_erase_us = times[i].page_erase_us;
            config.program_ns = times[i].half_word_ns;
            snprintf(what, sizeof what, "%s, %u us and %u ns", targets[t], times[i].page_erase_us,
                     times[i].half_word_ns);
            use(targets[t], targets[t], &config);

            struct dfu_result result = replace(LENGTH);
            uint32_t pages = (LENGTH + config.page_bytes - 1) / config.page_bytes;
            double floor_us =
                pages * (config.page_erase_us + config.page_bytes / 2 * config.program_ns / 1e3);
            double took_us = (double)ticks_to_us(result.time);

            if (took_us > floor_us * 1.1)
                fail_msg("%s: the flash works for %.1f ms, the download took %.1f ms", what, floor_us / 1000,
                         took_us / 1000);
        }
}

/* Flash sizes and pages --------------------------------------------------------------------------------- */

static void expect_area(uint32_t kib)
{
    uint32_t area = kib * KIB - (rig.app_base - FLASH_BASE);
    uint8_t *image = application(area + 1, 3), *back = malloc(1024 * KIB + 1);

    enter();
    struct dfu_result uploaded = dfu_upload(&rig, back, 1024 * KIB, rig.transfer_size);
    if (!uploaded.done || uploaded.bytes != area)
        fail_msg("%s: %u bytes were uploaded, the area has %u", what, uploaded.bytes, area);
    expect_refusal(image, area + 1, errADDRESS);
    download(image, area);
    uploaded = dfu_upload(&rig, back, 1024 * KIB, rig.transfer_size);
    assert_true(uploaded.done);
    assert_int_equal(uploaded.bytes, area);
    assert_memory_equal(back, image, area);
    expect_application(image, area);
    free(image);
    free(back);
}

/* As configured, as the register says, and where both are wrong: the area is what is really there. */
static void the_application_area_is_what_is_really_there(void **state)
{
    (void)state;
    static const uint16_t sizes[] = {16, 32, 64, 128};
    static const struct {
        const char *build, *target;
        bool trusts_register;
    } builds[] = {{"flash-register", "BLUEPILL", true},
                  {"MAPLEMINI", "MAPLEMINI", true},
                  {"BLUEPILL", "BLUEPILL", false},
                  {"STM32F103_4K", "STM32F103_4K", false}};

    for (size_t b = 0; b < sizeof builds / sizeof *builds; b++)
        for (size_t size = 0; size < 4; size++)
            for (unsigned lie = 0; lie < 8; lie++) {
                if (!rig_deep() && (lie + size + b) % 3)
                    continue;
                const uint16_t says[] = {sizes[size], 0, 0xFFFF, 32, 64, 128, 7, 15};
                struct chip_config config = rig_config(builds[b].target);
                uint32_t area = sizes[size];

                config.flash_bytes = sizes[size] * KIB;
                config.flash_size_register = says[lie];
                if (builds[b].trusts_register && says[lie] >= SMALLEST && says[lie] < area)
                    area = says[lie];
                snprintf(what, sizeof what, "%s on %u KiB whose register says %u", builds[b].build,
                         sizes[size], says[lie]);
                use(builds[b].build, builds[b].target, &config);
                expect_area(area);
            }
}

/* A build for small pages refuses a chip with large ones before it touches it; the other way round works. */
static void pages_of_another_size_are_refused_or_suited(void **state)
{
    (void)state;
    static const char *const small[] = {"BLUEPILL", "BLUEPILL_4K", "BLUEPILL_HIGH_128", "STM32F103",
                                        "MAPLEMINI"};
    struct chip_config config;

    for (size_t t = 0; t < sizeof small / sizeof *small; t++) {
        snprintf(what, sizeof what, "%s on 256 KiB in pages of 2 KiB", small[t]);
        config = rig_config(small[t]);
        config.flash_bytes = 256 * KIB;
        config.flash_size_register = 256;
        config.page_bytes = 2 * KIB;
        use(small[t], small[t], &config);
        rig.transfer_size = KIB;
        enter();
        uint8_t *image = application(LENGTH, 1);
        expect_refusal(image, LENGTH, errTARGET);
        assert_int_equal(rig.board->chip.flash.operations, 0);
        rig_assert_clean(&rig);
        free(image);
    }
    config = rig_config("BTTSKRMINIE3V2");
    config.page_bytes = KIB;
    config.flash_bytes = 128 * KIB;
    config.flash_size_register = 128;
    snprintf(what, sizeof what, "BTTSKRMINIE3V2 on pages of 1 KiB");
    use("BTTSKRMINIE3V2", "BTTSKRMINIE3V2", &config);
    rig.transfer_size = 2 * KIB;
    replace(LENGTH);
}

/* Protection -------------------------------------------------------------------------------------------- */

static void burn_old(const uint8_t *old, uint32_t length)
{
    uint32_t from = rig.app_base == FLASH_BASE ? 36 : 0;

    rig_burn(&rig, rig.app_base + from, old + from, length - from);
    if (from) {
        rig_burn(&rig, FLASH_BASE + 8, old + 8, 20);
        rig_burn(&rig, FLASH_BASE + 28, old, 8);
    }
}

/* After a failure: the whole old application, or the bootloader; never another thing. */
static void expect_old_or_bootloader(const uint8_t *old, uint32_t length)
{
    if (starts()) {
        if (!old || !holds(old, length))
            fail_msg("%s: half an application was started", what);
    }
    enter();
}

static void a_write_protected_unit_is_reported_and_nothing_half_starts(void **state)
{
    (void)state;
    for (size_t t = 0; t < VARIANTS; t++)
        for (unsigned unit = 0; unit < LENGTH / UNIT + 3; unit++)
            for (unsigned blank = 0; blank < 2; blank++) {
                struct chip_config config = rig_config(variants[t]);

                config.write_protected = 1u << unit;
                snprintf(what, sizeof what, "%s, 4 KiB unit %u write-protected, %s", variants[t], unit,
                         blank ? "blank" : "over an application");
                use(variants[t], variants[t], &config);
                uint32_t begins = FLASH_BASE + unit * UNIT;
                bool touched = begins + UNIT > rig.app_base && begins < rig.app_base + LENGTH;
                uint8_t *old = application(LENGTH + 3000, 1), *new = application(LENGTH, 2);

                if (!blank)
                    burn_old(old, LENGTH + 3000);
                enter();
                if (touched) {
                    expect_refusal(new, LENGTH, errWRITE);
                    rig_assert_clean(&rig);
                    expect_old_or_bootloader(blank ? NULL : old, LENGTH + 3000);
                    uint32_t shorter = begins > rig.app_base ? begins - rig.app_base : 0;
                    if (shorter && shorter < LENGTH) {
                        download(new, shorter);
                        expect_application(new, shorter);
                    }
                } else {
                    download(new, LENGTH);
                    expect_application(new, LENGTH);
                }
                free(old);
                free(new);
            }
}

/* What is there already needs no writing. */
static void the_same_image_is_accepted_by_a_wholly_protected_chip(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct chip_config config = rig_config(variants[t]);

        config.write_protected = UINT32_MAX;
        config.read_protected = true;
        snprintf(what, sizeof what, "%s, all protected", variants[t]);
        use(variants[t], variants[t], &config);
        uint8_t *image = application(LENGTH, 1);
        burn_old(image, LENGTH);
        enter();
        download(image, LENGTH);
        assert_int_equal(rig.board->chip.flash.operations, 0);
        expect_application(image, LENGTH);
        free(image);
    }
}

/* It write-protects the first 4 KiB, where only the high variant has anything to write (PM0075 2.4.1). */
static void read_out_protection_stops_only_the_high_variant(void **state)
{
    (void)state;
    for (size_t t = 0; t < VARIANTS; t++)
        for (unsigned blank = 0; blank < 2; blank++) {
            struct chip_config config = rig_config(variants[t]);

            config.read_protected = true;
            snprintf(what, sizeof what, "%s, read-protected", variants[t]);
            use(variants[t], variants[t], &config);
            if (!rig_is_high(variants[t])) {
                replace(LENGTH);
                continue;
            }
            uint8_t *old = application(LENGTH, 1), *new = application(LENGTH, 2);
            if (!blank)
                burn_old(old, LENGTH);
            enter();
            expect_refusal(new, LENGTH, errWRITE);
            rig_assert_clean(&rig);
            expect_old_or_bootloader(blank ? NULL : old, LENGTH);
            if (!blank)
                assert_true(holds(old, LENGTH));
            free(old);
            free(new);
        }
}

/* Age --------------------------------------------------------------------------------------------------- */

/* Bits that stick do so against the image: it wants the others. */
static struct flash_wear worn(const uint8_t *image, uint32_t offset, unsigned kind)
{
    uint16_t wanted = image[offset] | image[offset + 1] << 8;
    struct flash_wear wear = {.address = rig.app_base + offset};

    if (kind == errERASE)
        wear.stays_0 = wanted & -wanted;
    else if (kind == errVERIFY)
        wear.stays_1 = ~wanted & -(uint16_t)~wanted;
    else
        wear.refuses = true;
    return wear;
}

static void worn_flash(const char *target, uint32_t offset, unsigned kind, bool blank)
{
    static const char *const names[] = {[errERASE] = "an erase",
                                        [errPROG] = "programming",
                                        [errVERIFY] = "a bit that stays 1",
                                        [errWRITE] = "programming"};
    struct chip_config config = rig_config(target);

    snprintf(what, sizeof what, "%s, %s fails at offset %u, %s", target, names[kind], offset,
             blank ? "blank" : "over an application");
    use(target, target, &config);
    uint8_t *old = application(LENGTH + 3000, 1), *new = application(LENGTH, 2);

    rig.board->chip.config.worn[0] = worn(new, offset, kind);
    if (!blank)
        burn_old(old, LENGTH + 3000);
    enter();
    expect_refusal(new, LENGTH, kind);
    rig_assert_clean(&rig);
    expect_old_or_bootloader(blank ? NULL : old, LENGTH + 3000);
    if (offset >= KIB) {
        uint32_t shorter = offset / KIB * KIB;

        download(new, shorter);
        expect_application(new, shorter);
    }
    free(old);
    free(new);
}

static void worn_half_words(const char *target)
{
    static const uint32_t offsets[] = {0x44, KIB - 2, KIB, 5 * KIB + 100, LENGTH - 2};

    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        for (unsigned blank = 0; blank < 2; blank++) {
            if (!blank)
                worn_flash(target, offsets[i], errERASE, blank);
            worn_flash(target, offsets[i], errVERIFY, blank);
            worn_flash(target, offsets[i], errPROG, blank);
        }
}

static void worn_half_words_of_the_low_variants_are_reported(void **state)
{
    (void)state;
    worn_half_words("BLUEPILL");
    worn_half_words("BLUEPILL_4K");
    /* the half-word that makes the image valid cannot be made 0 either, which
     * comes before all else of its page */
    worn_flash("BLUEPILL", 2, errWRITE, true);
    worn_flash("BLUEPILL", 2, errWRITE, false);
}

/* Wherever the first page fails, its hook must be there: without it nothing can be started any more. */
static void worn_half_words_of_the_high_variant_leave_it_reachable(void **state)
{
    (void)state;
    worn_half_words("BLUEPILL_HIGH_128");
}

/* The crystal ------------------------------------------------------------------------------------------- */

static void any_crystal_will_do(void **state)
{
    (void)state;
    static const uint32_t startup_ms[] = {0, 2, 50, 90, 200};

    for (size_t t = 0; t < VARIANTS; t++)
        for (size_t i = 0; i < sizeof startup_ms / sizeof *startup_ms; i++) {
            struct chip_config config = rig_config(variants[t]);

            config.hse_startup_us = startup_ms[i] * 1000;
            if (!startup_ms[i])
                config.hse_hz = 0;
            config.hardware_watchdog = true;
            config.lsi_hz = FASTEST_LSI;
            snprintf(what, sizeof what, "%s, crystal after %u ms", variants[t], startup_ms[i]);
            use(variants[t], variants[t], &config);
            replace(LENGTH);
        }
}

/* The watchdog ------------------------------------------------------------------------------------------ */

static const uint32_t lsi[] = {30000, 40000, FASTEST_LSI};

static void no_bite(enum reset_cause expected)
{
    if (rig.board->chip.reset_cause != expected)
        fail_msg("%s: the watchdog bit", what);
}

static void a_hardware_watchdog_never_bites_while_serving_and_flashing(void **state)
{
    (void)state;
    for (size_t t = 0; t < VARIANTS; t++)
        for (size_t i = 0; i < TIMES; i++)
            for (size_t l = 0; l < 3; l++) {
                struct chip_config config = rig_config(variants[t]);

                config.hardware_watchdog = true;
                config.lsi_hz = lsi[l];
                config.page_erase_us = times[i].page_erase_us;
                config.program_ns = times[i].half_word_ns;
                snprintf(what, sizeof what, "%s, LSI %u Hz, erase %u us", variants[t], lsi[l],
                         times[i].page_erase_us);
                use(variants[t], variants[t], &config);
                uint8_t *old = application(LENGTH, 1), *new = application(LENGTH, 2),
                        *back = malloc(KIB * KIB);

                burn_old(old, LENGTH);
                enter();
                assert_true(chip_will_reset(&rig.board->chip));
                rig_run_ms(&rig, 2000);
                assert_true(dfu_upload(&rig, back, KIB * KIB, KIB).done);
                no_bite(RESET_POWER);
                download(new, LENGTH);
                no_bite(RESET_POWER);
                rig_run_ms(&rig, 340); /* to leave the bus */
                no_bite(RESET_SOFTWARE);
                free(old);
                free(new);
                free(back);
            }
}

/* From reset to the application's first instruction, whatever was built in; the application then feeds it. */
static void a_hardware_watchdog_never_bites_at_boot(const char *build)
{
    for (size_t l = 0; l < 3; l++) {
        struct chip_config config = rig_config("BLUEPILL");

        config.hardware_watchdog = true;
        config.lsi_hz = lsi[l];
        config.hse_hz = 0;
        snprintf(what, sizeof what, "%s, LSI %u Hz", build, lsi[l]);
        use(build, "BLUEPILL", &config);
        uint8_t *image = application(2000, 1);
        enter();
        rig_run_ms(&rig, 1000);
        no_bite(RESET_POWER);
        download(image, 2000);
        rig_power_cycle(&rig);
        if (!rig_starts_application(&rig, TICKS_PER_SECOND))
            fail_msg("%s: the application does not start", what);
        no_bite(RESET_POWER);
        rig_assert_clean(&rig);
        free(image);
    }
}

static void a_hardware_watchdog_never_bites_at_boot_whatever_the_button_takes(void **state)
{
    (void)state;
    a_hardware_watchdog_never_bites_at_boot("BLUEPILL");
    a_hardware_watchdog_never_bites_at_boot("hsi");
    a_hardware_watchdog_never_bites_at_boot("delay-100ms");
}

static void a_hardware_watchdog_never_bites_at_boot_with_the_watchdog_for_applications(void **state)
{
    (void)state;
    a_hardware_watchdog_never_bites_at_boot("app-watchdog");
}

static void a_hardware_watchdog_never_bites_while_the_bootloader_is_protected(void **state)
{
    (void)state;
    a_hardware_watchdog_never_bites_at_boot("protect");
}

static void a_hardware_watchdog_never_bites_while_a_second_reset_is_awaited(void **state)
{
    (void)state;
    a_hardware_watchdog_never_bites_at_boot("double-tap");
}

/* Clones ------------------------------------------------------------------------------------------------ */

static void a_lock_bit_that_reads_0_is_not_believed(void **state)
{
    (void)state;
    for (size_t t = 0; t < VARIANTS; t++) {
        struct chip_config config = rig_config(variants[t]);

        config.lock_reads_0 = true;
        snprintf(what, sizeof what, "%s, LOCK reads 0", variants[t]);
        use(variants[t], variants[t], &config);
        replace(LENGTH);
    }
}

/* Between the start of an operation and the next look at BSY there is a whole round of the main loop. */
static void bsy_may_rise_late(void **state)
{
    (void)state;
    static const uint16_t cycles[] = {1, 2, 4, 8, 16, 24};

    for (size_t t = 0; t < VARIANTS; t++)
        for (size_t i = 0; i < sizeof cycles / sizeof *cycles; i++) {
            struct chip_config config = rig_config(variants[t]);

            config.busy_late_cycles = cycles[i];
            snprintf(what, sizeof what, "%s, BSY rises %u cycles late", variants[t], cycles[i]);
            use(variants[t], variants[t], &config);
            replace(LENGTH);
        }
}

/* What an unclocked peripheral answers never matters: none is asked (the virtual board reports any). */
static void no_peripheral_is_asked_while_its_clock_is_off(void **state)
{
    (void)state;
    for (const char *const *target = rig_targets; *target; target++) {
        struct chip_config config = rig_config(*target);

        snprintf(what, sizeof what, "%s", *target);
        use(*target, *target, &config);
        board_power(rig.board, true);
        rig_run_ms(&rig, 1);
        chip_backup_set(&rig.board->chip, 1, rig.boot_command);
        chip_backup_set(&rig.board->chip, 10, rig.boot_command);
        board_reset_button(rig.board);
        assert_true(rig_enter_dfu(&rig));
        rig_assert_clean(&rig);
    }
}

/* Then the first page is erased at once: there is no application from then on until the new one is whole. */
static void where_0_cannot_go_over_data_the_first_page_is_erased_first(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct chip_config config = rig_config(variants[t]);

        config.zero_needs_erase = true;
        snprintf(what, sizeof what, "%s, 0x0000 refused over data", variants[t]);
        use(variants[t], variants[t], &config);
        uint8_t *old = application(LENGTH, 1), *new = application(LENGTH, 2);

        burn_old(old, LENGTH);
        enter();
        uint32_t first = (rig.app_base - FLASH_BASE) / config.page_bytes;
        for (uint16_t block = 0; block < 4; block++)
            assert_true(dfu_send_block(&rig, block, new + block *KIB, KIB));
        assert_int_equal(rig.board->chip.flash.erased[first], 1);
        assert_false(starts());
        enter();
        download(new, LENGTH);
        /* once more: nothing that a download left which did not end is trusted */
        assert_int_equal(rig.board->chip.flash.erased[first], 2);
        expect_application(new, LENGTH);
        free(old);
        free(new);
    }
}

static void everything_a_clone_does_at_once(void **state)
{
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct chip_config config = rig_config(variants[t]);

        config.zero_needs_erase = config.lock_reads_0 = config.hardware_watchdog = true;
        config.busy_late_cycles = 8;
        config.lsi_hz = FASTEST_LSI;
        config.hse_hz = 0;
        config.page_erase_us = 400000;
        config.program_ns = 700000;
        config.flash_size_register = 0xFFFF;
        snprintf(what, sizeof what, "%s, all at once", variants[t]);
        use(variants[t], variants[t], &config);
        replace(LENGTH);
    }
}

/*
 * The high variant has its reset vector in that page: the one erase there is, with the hook right after it.
 */
static void where_0_cannot_go_over_data_the_high_variant_erases_its_hook_once(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL_HIGH_128");

    config.zero_needs_erase = true;
    snprintf(what, sizeof what, "BLUEPILL_HIGH_128, 0x0000 refused over data");
    use("BLUEPILL_HIGH_128", "BLUEPILL_HIGH_128", &config);
    uint8_t *old = application(LENGTH, 1), *new = application(LENGTH, 2);

    enter();
    download(old, LENGTH);
    expect_application(old, LENGTH);
    uint32_t before = rig.board->chip.flash.erased[0];
    enter();
    for (uint16_t block = 0; block < 4; block++)
        assert_true(dfu_send_block(&rig, block, new + block *KIB, KIB));
    assert_int_equal(rig.board->chip.flash.erased[0], before + 1);
    assert_false(starts());
    enter();
    download(new, LENGTH);
    assert_int_equal(rig.board->chip.flash.erased[0], before + 2);
    expect_application(new, LENGTH);
    free(old);
    free(new);
}

#define TEST(name) cmocka_unit_test_teardown(name, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(downloads_succeed_whatever_the_flash_takes),
        TEST(the_application_area_is_what_is_really_there),
        TEST(pages_of_another_size_are_refused_or_suited),
        TEST(a_write_protected_unit_is_reported_and_nothing_half_starts),
        TEST(the_same_image_is_accepted_by_a_wholly_protected_chip),
        TEST(read_out_protection_stops_only_the_high_variant),
        TEST(worn_half_words_of_the_low_variants_are_reported),
        TEST(worn_half_words_of_the_high_variant_leave_it_reachable),
        TEST(any_crystal_will_do),
        TEST(a_hardware_watchdog_never_bites_while_serving_and_flashing),
        TEST(a_hardware_watchdog_never_bites_at_boot_whatever_the_button_takes),
        TEST(a_hardware_watchdog_never_bites_at_boot_with_the_watchdog_for_applications),
        TEST(a_hardware_watchdog_never_bites_while_the_bootloader_is_protected),
        TEST(a_hardware_watchdog_never_bites_while_a_second_reset_is_awaited),
        TEST(a_lock_bit_that_reads_0_is_not_believed),
        TEST(bsy_may_rise_late),
        TEST(no_peripheral_is_asked_while_its_clock_is_off),
        TEST(where_0_cannot_go_over_data_the_first_page_is_erased_first),
        TEST(everything_a_clone_does_at_once),
        TEST(where_0_cannot_go_over_data_the_high_variant_erases_its_hook_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
