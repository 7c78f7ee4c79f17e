/*
 * How fast the bootloader is, in virtual time: the same figures on every machine. Prints a table and fails if
 * a figure misses its limit. The host takes 1 ms between transfers, as a PC does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { KIB = 1024, TURNAROUND_US = 1000 };

static unsigned met, missed;

static double seconds(ticks time)
{
    return (double)ticks_to_us(time) / 1e6;
}

static void row(const char *what, double figure, const char *unit, char relation, double limit)
{
    bool good = relation == '>' ? figure >= limit : figure <= limit;

    printf("%-58s %9.3f %-8s %s %g%s\n", what, figure, unit, relation == '>' ? "at least" : "at most", limit,
           good ? "" : "   MISSED");
    *(good ? &met : &missed) += 1;
}

/* A board in DFU mode whose application area holds `old` (NULL: blank). */
static struct rig board_with(const uint8_t *old, uint32_t length, uint32_t erase_us)
{
    struct chip_config config = rig_config("BLUEPILL");

    config.page_erase_us = erase_us;
    struct rig rig = rig_new_with("BLUEPILL", &config);
    if (old)
        rig_burn(&rig, rig.app_base, old, length);
    board_press(rig.board, true);
    if (!rig_enter_dfu(&rig))
        fail_msg("the board does not enumerate");
    rig.host->turnaround = ticks_from_us(TURNAROUND_US);
    return rig;
}

static double download_seconds(struct rig *rig, const uint8_t *image, uint32_t length)
{
    struct dfu_result result = dfu_download(rig, image, length, rig->transfer_size);

    rig_assert_clean(rig);
    if (!result.done)
        fail_msg("the download ends with status %u in state %u", result.last.bStatus, result.last.bState);
    return seconds(result.time);
}

/* What the flash alone needs: RM0008's 1 KiB pages, erased and programmed half-word by half-word. */
static double floor_seconds(uint32_t length, uint32_t erase_us)
{
    double half_word_us = rig_config("BLUEPILL").program_ns / 1e3;
    return ((length + KIB - 1) / KIB * (double)erase_us + length / 2 * half_word_us) / 1e6;
}

static void downloads(uint32_t kib, uint32_t erase_us)
{
    char what[80];
    uint32_t length = kib * KIB;
    uint8_t *old = blink_image(length, 1), *new = blink_image(length, 2);
    struct rig rig = board_with(old, length, erase_us);
    double time = download_seconds(&rig, new, length), least = floor_seconds(length, erase_us);

    printf("%u KiB over another application, %u ms page erase: %.3f s, flash alone %.3f s\n", kib,
           erase_us / 1000, time, least);
    snprintf(what, sizeof what, "  share of the flash's own speed");
    row(what, least / time, "", '>', 0.97);
    rig_free(&rig);

    rig = board_with(NULL, 0, erase_us);
    time = download_seconds(&rig, new, length);
    least = floor_seconds(length, 0) + erase_us / 1e6; /* the first page is erased whatever it reads */
    snprintf(what, sizeof what, "  on a blank chip, share of programming and one erase");
    row(what, least / time, "", '>', 0.95);
    rig_free(&rig);
    free(old);
    free(new);
}

static void same_again_and_one_page(void)
{
    uint32_t length = 56 * KIB;
    uint8_t *old = blink_image(length, 1);
    struct rig rig = board_with(old, length, 20000);
    double same = download_seconds(&rig, old, length);
    uint64_t operations = rig.board->chip.flash.operations;

    row("56 KiB that are there already, times faster than writing", floor_seconds(length, 20000) / same, "",
        '>', 10);
    row("  flash operations", (double)operations, "", '<', 0);
    rig_free(&rig);

    rig = board_with(old, length, 20000);
    old[20 * KIB] ^= 1;
    double one = download_seconds(&rig, old, length);
    row("56 KiB of which one page is new", one, "s", '<', same + 2 * floor_seconds(KIB, 20000) + 0.01);
    row("  page erases", (double)rig.board->chip.flash.erases, "", '<', 2);
    rig_free(&rig);
    free(old);
}

#define KIB_PER_SECOND(bytes, time) ((bytes) / (double)KIB / seconds(time))

/*
 * Of control reads of one block, transactions back to back: SETUP, the data in packets of 64 bytes, status.
 */
static double bus_limit(uint32_t block)
{
    ticks each = usb_token_time() + usb_handshake_time();
    ticks time = each + usb_data_time(8) + block / 64 * (each + usb_data_time(64)) + each + usb_data_time(0);

    return KIB_PER_SECOND(block, time);
}

static void upload(void)
{
    uint32_t area = 120 * KIB;
    uint8_t *old = blink_image(area, 1), *back = malloc(area + KIB);
    struct rig rig = board_with(old, area, 20000);

    rig.host->turnaround = 0;
    struct dfu_result result = dfu_upload(&rig, back, area + KIB, rig.transfer_size);
    if (!result.done || memcmp(old, back, area) != 0)
        fail_msg("the upload failed");
    row("upload, KiB/s", KIB_PER_SECOND(area, result.time), "KiB/s", '>', 0.8 * bus_limit(rig.transfer_size));
    rig_free(&rig);
    free(old);
    free(back);
}

/* From reset to the application's first instruction. */
static double start_seconds(const char *target)
{
    struct rig rig = rig_new(target);
    uint32_t length = blink_length(), entry;
    uint8_t *image = blink_image(length, 1);

    memcpy(&entry, image + 4, sizeof entry);
    rig_burn(&rig, rig.app_base, image, length);
    board_power(rig.board, true);
    ticks start = board_now(rig.board);
    if (!rig_run_to(&rig, entry & ~1u, TICKS_PER_SECOND))
        fail_msg("%s does not start its application", target);
    double time = seconds(board_now(rig.board) - start);
    rig_assert_clean(&rig);
    rig_free(&rig);
    free(image);
    return time;
}

/* The STM32L1: three operations of the same time for each page of 256 bytes, an erase and two half pages. */
static void half_pages(uint32_t kib)
{
    enum { PAGE = 256, OPERATIONS = 3 };
    static const char target[] = "STM32L152DISCOVERY";
    uint32_t length = kib * KIB;
    struct rig rig = rig_new(target);
    uint8_t *old = rig_application(&rig, length, 1), *new = rig_application(&rig, length, 2);
    double least = (double)length / PAGE * OPERATIONS * rig_config(target).program_ns / 1e9;

    rig_burn(&rig, rig.app_base, old, length);
    board_press(rig.board, true);
    if (!rig_enter_dfu(&rig))
        fail_msg("the board does not enumerate");
    rig.host->turnaround = ticks_from_us(TURNAROUND_US);
    double time = download_seconds(&rig, new, length);

    printf("%u KiB over another application, %s: %.3f s, flash alone %.3f s\n", kib, target, time, least);
    row("  share of the flash's own speed", least / time, "", '>', 0.95);
    rig_free(&rig);
    free(old);
    free(new);
}

static double half_pages_start_seconds(void)
{
    struct rig rig = rig_new("STM32L1");
    uint8_t *image = rig_application(&rig, KIB, 1);

    rig_burn(&rig, rig.app_base, image, KIB);
    board_power(rig.board, true);
    ticks start = board_now(rig.board);
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("the application does not start");
    double time = seconds(board_now(rig.board) - start);
    rig_free(&rig);
    free(image);
    return time;
}

/* From the last block to success, of an image that is there already: what is left is to look at it. */
static double check_seconds(const char *target, uint32_t kib, uint32_t crystal_hz)
{
    struct chip_config config = rig_config(target);

    config.hse_hz = crystal_hz;
    struct rig rig = rig_new_with(target, &config);
    uint32_t length = kib * KIB, block = rig.transfer_size;
    uint8_t *file = rig_application(&rig, length, 1);
    double time = 0;

    for (unsigned twice = 0; twice < 2; twice++) {
        board_press(rig.board, true);
        if (!rig_enter_dfu(&rig))
            fail_msg("%s does not enumerate", target);
        for (uint32_t at = 0; at < length; at += block)
            if (!dfu_send_block(&rig, (uint16_t)(at / block), file + at, (uint16_t)block))
                fail_msg("%s refuses a block", target);
        ticks start = board_now(rig.board);
        if (!dfu_send_block(&rig, (uint16_t)(length / block), NULL, 0))
            fail_msg("%s refuses the image", target);
        time = seconds(board_now(rig.board) - start);
        rig_power_cycle(&rig);
    }
    rig_assert_clean(&rig);
    rig_free(&rig);
    free(file);
    return time;
}

/* From reset to the application's endless loop, with VERIFY_AT_START. */
static double checked_start_seconds(uint32_t kib)
{
    const struct chip_config config = rig_config("BLUEPILL_SIGNED");
    struct rig rig = rig_new_build("verify-at-start", "BLUEPILL_SIGNED", &config);
    uint8_t *file = rig_application(&rig, kib * KIB, 1);

    rig_burn(&rig, rig.app_base, file, kib * KIB);
    board_power(rig.board, true);
    ticks start = board_now(rig.board);
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("the application does not start");
    double time = seconds(board_now(rig.board) - start);
    rig_assert_clean(&rig);
    rig_free(&rig);
    free(file);
    return time;
}

/* The limits of the first two include a look at all pages behind the program, which must be blank. */
static void signatures(void)
{
    static const struct {
        uint32_t kib;
        double most, most_without_crystal, most_at_start;
    } sizes[] = {{16, 0.28, 0.42, 0.3}, {56, 0.34, 0.54, 0.4}, {112, 0.47, 0.68, 0.54}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char what[80];

        (void)snprintf(what, sizeof what, "signature of %u KiB checked (BLUEPILL_SIGNED)", sizes[i].kib);
        row(what, check_seconds("BLUEPILL_SIGNED", sizes[i].kib, 8000000), "s", '<', sizes[i].most);
        row("  without a crystal", check_seconds("BLUEPILL_SIGNED", sizes[i].kib, 0), "s", '<',
            sizes[i].most_without_crystal);
        row("  at start, 20 ms of button included (VERIFY_AT_START)", checked_start_seconds(sizes[i].kib),
            "s", '<', sizes[i].most_at_start);
    }
}

static void bench(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {16, 56, 112}, erases[] = {20000, 40000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < sizeof erases / sizeof erases[0]; j++)
            downloads(sizes[i], erases[j]);
    same_again_and_one_page();
    upload();
    signatures();
    row("reset to application, no button (MAPLEMINI)", start_seconds("MAPLEMINI") * 1e3, "ms", '<', 0.2);
    row("reset to application, 20 ms of button (BLUEPILL)", start_seconds("BLUEPILL") * 1e3, "ms", '<', 22);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        half_pages(sizes[i]);
    row("reset to application, no button (STM32L1)", half_pages_start_seconds() * 1e3, "ms", '<', 0.2);
}

/* `bench KIB`: only how many milliseconds such a download takes, over another
 * application; for tests that compare. */
static double one_download;

static void one(void **state)
{
    uint32_t length = *(uint32_t *)*state * KIB;
    uint8_t *old = blink_image(length, 1), *new = blink_image(length, 2);
    struct rig rig = board_with(old, length, 20000);

    one_download = download_seconds(&rig, new, length);
    rig_free(&rig);
    free(old);
    free(new);
}

static int tell_one(uint32_t kib)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(one, &kib)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (cmocka_run_group_tests(tests, NULL, NULL) != 0)
        return 1;
    printf("%.0f ms\n", one_download * 1e3);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bench)};

    if (argc == 2)
        return tell_one((uint32_t)strtoul(argv[1], NULL, 10));
    cmocka_set_message_output(CM_OUTPUT_TAP);
    missed += cmocka_run_group_tests(tests, NULL, NULL) != 0; /* nothing could be measured */
    printf("%u passed, %u failed\n", met, missed);
    return missed != 0;
}
