/*
 * What was wrong in earlier releases of the bootloader, defect by defect, as users met it: each test fails on
 * them. The letter says how bad it was: A bricks a board or starts garbage, B is wrong in normal use, C is
 * against a specification, D is cosmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peek.h"
#include "rig.h"

enum { HIGH_BYTES = 7 * 1024, PAGE = 1024 };

static struct rig rig;

static void use(const char *target)
{
    if (rig.board)
        rig_free(&rig);
    rig = rig_new(target);
}

static void use_chip(const char *target, const struct chip_config *config)
{
    if (rig.board)
        rig_free(&rig);
    rig = rig_new_with(target, config);
}

static int blue_pill(void **state)
{
    (void)state;
    use("BLUEPILL");
    return 0;
}

static int blue_pill_high(void **state)
{
    (void)state;
    use("BLUEPILL_HIGH_128");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    rig_free(&rig);
    rig.board = NULL;
    return 0;
}

/* With the button, where there is one: an application may be there. */
static void enter_dfu(void)
{
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    board_press(rig.board, false);
}

static void expect_status(uint8_t bStatus, uint8_t bState)
{
    struct dfu_status status;

    assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
    if (status.bStatus != bStatus || status.bState != bState)
        fail_msg("expected status %u in state %u, came status %u in state %u", bStatus, bState,
                 status.bStatus, status.bState);
}

static void download(const void *image, uint32_t length, uint32_t block)
{
    struct dfu_result result = dfu_download(&rig, image, length, block);

    rig_assert_clean(&rig);
    if (!result.done)
        fail_msg("%u bytes in blocks of %u: status %u, state %u after %u bytes", length, block,
                 result.last.bStatus, result.last.bState, result.bytes);
}

static void expect_application(void)
{
    rig_run_ms(&rig, 150); /* to leave the bus */
    if (!rig_starts_application(&rig, TICKS_PER_SECOND))
        fail_msg("the application does not run: PC is 0x%08X", rig.board->chip.cpu.r[15]);
    rig_assert_clean(&rig);
}

static void expect_dfu_after_power_up(void)
{
    board_power(rig.board, false);
    rig_run_ms(&rig, 10);
    assert_true(rig_enter_dfu(&rig));
    rig_assert_clean(&rig);
}

/* D1 (A): an image over 57 KiB erased the page that the high variant was running from. */
static void d1_the_high_variant_protects_itself(void **state)
{
    (void)state;
    static const char *const targets[] = {"BLUEPILL_HIGH", "MAPLEMINI_HIGH_128", "BTTSKRMINIE3V2_HIGH_256"};

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        use(targets[i]);
        uint32_t length = rig.app_bytes + 1;
        uint8_t *image = rig_application(&rig, length, 1), before[HIGH_BYTES];

        memcpy(before, rig_flash(&rig, rig.bootloader), sizeof before);
        enter_dfu();
        struct dfu_result result = dfu_download(&rig, image, length, rig.transfer_size);
        assert_false(result.done);
        assert_int_equal(result.last.bStatus, errADDRESS);
        assert_memory_equal(rig_flash(&rig, rig.bootloader), before, sizeof before);
        expect_dfu_after_power_up();
        free(image);
    }
}

/* D2 (A): a first block under 36 bytes removed the bootloader's hook, and said nothing. */
static void d2_a_short_first_block_keeps_the_bootloader_reachable_in_the_high_variant(void **state)
{
    (void)state;
    static const uint32_t blocks[] = {1, 2, 7, 8, 16, 28, 31, 32, 33, 34, 35, 36, 37};

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        use("BLUEPILL_HIGH_128");
        uint8_t *image = rig_application(&rig, 1300, i);
        uint32_t hook;

        memcpy(&hook, rig_flash(&rig, 0x08000004), sizeof hook);
        enter_dfu();
        download(image, 1300, blocks[i]);
        assert_memory_equal(rig_flash(&rig, 0x08000004), &hook, sizeof hook);
        assert_memory_equal(rig_flash(&rig, FLASH_BASE), image, 4);
        assert_memory_equal(rig_flash(&rig, 0x0800001C), image, 8);
        expect_application();
        board_press(rig.board, true);
        expect_dfu_after_power_up();
        free(image);
    }
}

/* D3 (A): a DFU_DNLOAD with the direction bit set, or longer than a block, wrote past the buffer. */
static void d3_length_and_direction_of_a_download_are_checked(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {1, 64, 1024, 1025, 2048, 4096, 65535};
    static uint8_t data[65536];

    enter_dfu();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t actual = 0;
        assert_int_equal(rig_request(&rig, DFU_IN, DFU_DNLOAD, 0, 0, lengths[i], data, &actual), USB_STALLED);
        assert_int_equal(actual, 0);
        expect_status(errSTALLEDPKT, dfuERROR);
        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
        if (lengths[i] > 1024) {
            assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 0, data, lengths[i]), USB_STALLED);
            expect_status(errSTALLEDPKT, dfuERROR);
            assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
        }
    }
    uint8_t *image = rig_application(&rig, 3000, 1);
    download(image, 3000, 1024);
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 3000);
    free(image);
}

/* D4 (A): block 0 was written first, so that an interrupted download was started at the next reset. */
static void d4_an_interrupted_download_is_never_started(void **state)
{
    (void)state;
    enum { POWER_CUT, NRST, BUS_RESET, ABORT_AND_DETACH, UNPLUGGED, WAYS };

    for (unsigned way = 0; way < WAYS; way++) {
        use("BLUEPILL");
        uint8_t *old = rig_application(&rig, 30000, 1), *new = rig_application(&rig, 20000, 2);

        rig_burn(&rig, rig.app_base, old, 30000);
        enter_dfu();
        for (uint16_t block = 0; block < 6; block++)
            assert_true(dfu_send_block(&rig, block, new + 1024 * block, 1024));
        if (way == POWER_CUT)
            rig_power_cycle(&rig);
        else if (way == NRST)
            board_reset_button(rig.board);
        else if (way == BUS_RESET)
            usb_host_reset(rig.host, 10);
        else if (way == UNPLUGGED)
            board_plug(rig.board, false);
        else {
            assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
            assert_int_equal(dfu_send(&rig, DFU_DETACH, 0, NULL, 0), USB_DONE);
        }
        if (rig_starts_application(&rig, TICKS_PER_SECOND))
            fail_msg("way %u: half an application was started", way);
        board_plug(rig.board, true);
        assert_true(rig_enter_dfu(&rig));
        download(new, 20000, 1024);
        expect_application();
        free(old);
        free(new);
    }
}

/* D5 (A): the only page with a reset vector was erased at each download, changed or not. */
static void d5_the_high_variant_erases_the_page_of_its_hook_only_to_change_it(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 5000, 1);

    enter_dfu();
    download(image, 5000, 1024);
    expect_application();
    uint64_t operations = rig.board->chip.flash.operations;
    uint32_t erased = rig.board->chip.flash.erased[0];

    board_press(rig.board, true);
    expect_dfu_after_power_up();
    board_press(rig.board, false);
    download(image, 5000, 1024);
    assert_int_equal(rig.board->chip.flash.operations, operations);
    expect_application();

    image[200] ^= 0xFF;
    board_press(rig.board, true);
    expect_dfu_after_power_up();
    board_press(rig.board, false);
    download(image, 5000, 1024);
    assert_int_equal(rig.board->chip.flash.erased[0], erased + 1);
    expect_application();
    free(image);
}

/* D6 (A): of the initial stack pointer a few bits were looked at, of the reset vector none. */
static void d6_only_start_words_that_can_work_start_an_application(void **state)
{
    (void)state;
    static const struct {
        uint32_t stack, entry;
        bool starts;
    } cases[] = {
        {0x20001000, 0x08002041, true},  {0x20005000, 0x08002041, true},  {0x20000004, 0x08002041, true},
        {0x30001000, 0x08002041, false}, {0x60001000, 0x08002041, false}, {0xA0001000, 0x08002041, false},
        {0xF0001000, 0x08002041, false}, {0x20001001, 0x08002041, true},  {0x20004FFF, 0x08002041, true},
        {0x20000003, 0x08002041, false}, {0x20000000, 0x08002041, false}, {0x20005004, 0x08002041, false},
        {0x20010000, 0x08002041, false}, {0x20001000, 0x08002040, false}, {0x20001000, 0x08001FFF, false},
        {0x20001000, 0x08020001, false}, {0x20001000, 0x20000101, false}, {0x20001000, 0xFFFFFFFF, false},
        {0xFFFFFFFF, 0x08002041, false}, {0x00001000, 0x08002041, false}, {0x20001000, 0x00002041, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use("BLUEPILL");
        uint8_t *image = rig_application(&rig, 200, 1);

        memcpy(image, &cases[i].stack, 4);
        memcpy(image + 4, &cases[i].entry, 4);
        rig_burn(&rig, rig.app_base, image, 200);
        board_power(rig.board, true);
        if (rig_starts_application(&rig, 50 * TICKS_PER_MILLISECOND) != cases[i].starts)
            fail_msg("stack 0x%08X, entry 0x%08X: expected %s", cases[i].stack, cases[i].entry,
                     cases[i].starts ? "the application" : "the bootloader");
        if (!cases[i].starts)
            assert_true(rig_enter_dfu(&rig));
        rig_assert_clean(&rig);
        free(image);
    }
}

/* D7 (B): the last byte of an odd image was lost, and after an odd block everything that followed. */
static void d7_odd_images_in_odd_blocks_arrive_whole(void **state)
{
    (void)state;
    static const struct {
        uint32_t length, block;
    } cases[] = {{1637, 1024}, {1637, 1023}, {4099, 1023}, {67, 1024}, {2049, 1024}, {3071, 511}, {1025, 3}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        use("BLUEPILL");
        uint8_t *image = rig_application(&rig, cases[i].length, i);

        enter_dfu();
        download(image, cases[i].length, cases[i].block);
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, cases[i].length);
        assert_int_equal(*rig_flash(&rig, rig.app_base + cases[i].length), 0xFF);
        free(image);
    }
}

/* D8 (B): wBlockNum was never looked at, so that a repeated block was appended. */
static void d8_a_block_out_of_sequence_is_refused(void **state)
{
    (void)state;
    static const uint16_t wrong[] = {1, 0, 3, 4, 258, 0xFFFF};
    uint8_t *image = rig_application(&rig, 4096, 1);

    enter_dfu();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(dfu_send_block(&rig, 0, image, 1024));
        assert_true(dfu_send_block(&rig, 1, image + 1024, 1024));
        assert_int_equal(dfu_send(&rig, DFU_DNLOAD, wrong[i], image + 2048, 1024), USB_STALLED);
        expect_status(errSTALLEDPKT, dfuERROR);
        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    }
    download(image, 4096, 1024);
    expect_application();
    free(image);
}

/* D9 (B): on chips with 2 KiB pages, the second KiB of each erased the first, and no block said so. */
static void d9_pages_of_two_kib_keep_both_halves(void **state)
{
    (void)state;
    static const char *const targets[] = {"BLUEPILLPLUSGD32", "BTTSKRMINIE3V2", "BTTSKRMINIE3V2_HIGH_256"};
    static const uint32_t blocks[] = {2048, 1024, 700};

    for (size_t i = 0; i < 3; i++) {
        use(targets[i]);
        uint8_t *old = rig_application(&rig, 40000, 1), *new = rig_application(&rig, 40000, 2);

        enter_dfu();
        download(old, 40000, 2048);
        assert_int_equal(dfu_send(&rig, DFU_DETACH, 0, NULL, 0), USB_DONE);
        expect_application();
        board_press(rig.board, true);
        expect_dfu_after_power_up();
        download(new, 40000, blocks[i]);
        assert_memory_equal(rig_flash(&rig, rig.app_base + 64), new + 64, 40000 - 64);
        free(old);
        free(new);
    }
}

/* D9 (B): the generic build on a chip with larger pages than it was built for. */
static void d9_a_wrong_page_size_never_passes_for_a_good_download(void **state)
{
    (void)state;
    enum { LENGTH = 8 * PAGE, ALL = LENGTH / PAGE };
    struct chip_config config = rig_config("STM32F103");

    config.page_bytes = 2048;
    config.flash_bytes = 256 * 1024;
    config.flash_size_register = 256;
    /* the new image differs from the old one in one KiB, or in all */
    for (unsigned changed = 0; changed <= ALL; changed++) {
        use_chip("STM32F103", &config);
        uint8_t *old = rig_application(&rig, LENGTH, 1), *new = rig_application(&rig, LENGTH, 1);

        for (unsigned page = 0; page < ALL; page++)
            if (page == changed || changed == ALL)
                new[page * PAGE + 100] ^= 0x55;
        rig_burn(&rig, rig.app_base, old, LENGTH);
        board_power(rig.board, true);
        rig_run_ms(&rig, 1);
        chip_backup_set(&rig.board->chip, 1, 0x4F42);
        board_reset_button(rig.board);
        assert_true(rig_enter_dfu(&rig));
        struct dfu_result result = dfu_download(&rig, new, LENGTH, 1024);
        if (result.done && memcmp(rig_flash(&rig, rig.app_base), new, LENGTH) != 0)
            fail_msg("KiB %u changed: the download passed for good, but the image in flash is damaged",
                     changed);
        free(old);
        free(new);
    }
}

/* D10 (B): beyond the flash of a chip smaller than FLASH_SIZE_OVERRIDE says, the bootloader died. */
static void d10_a_chip_with_less_flash_than_assumed_never_goes_silent(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");
    static uint8_t back[130 * 1024];

    config.flash_bytes = 64 * 1024;
    use_chip("BLUEPILL", &config);
    rig.board->stop_on_violation = false; /* a read of flash that is not there is one */
    enter_dfu();
    struct dfu_result result = dfu_upload(&rig, back, sizeof back, 1024);
    assert_in_range(result.bytes, 56 * 1024, 120 * 1024);
    rig_run_ms(&rig, 500);
    assert_true(rig_enter_dfu(&rig));

    uint8_t *image = rig_application(&rig, 60000, 1);
    assert_false(dfu_download(&rig, image, 60000, 1024).done);
    rig_run_ms(&rig, 500);
    assert_true(rig_enter_dfu(&rig));
    assert_true(dfu_download(&rig, image, 50000, 1024).done);
    rig_run_ms(&rig, 150);
    assert_true(rig_starts_application(&rig, TICKS_PER_SECOND));
    free(image);
}

/* D11 (B): the application got a machine with clocks and pins in use, and none at all without a crystal.
 * test_handover.c looks at every register. */
static void d11_an_application_starts_without_a_crystal(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");

    config.hse_hz = 0;
    use_chip("BLUEPILL", &config);
    uint8_t *image = rig_application(&rig, 200, 1);
    rig_burn(&rig, rig.app_base, image, 200);
    board_power(rig.board, true);
    assert_true(rig_starts_application(&rig, 30 * TICKS_PER_MILLISECOND));
    assert_int_equal(PEEK_RCC(&rig.board->chip, 0) & 1u << 16, 0); /* HSEON */
    assert_int_equal(chip_hclk_hz(&rig.board->chip), 8000000);
    rig_assert_clean(&rig);
    free(image);
}

/* D12 (B): the 20 ms for the button were passes of a loop, four times as long. */
static void d12_the_button_is_sampled_after_20_ms(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 200, 1);

    rig_burn(&rig, rig.app_base, image, 200);
    board_power(rig.board, true);
    ticks from = board_now(rig.board);
    assert_true(rig_starts_application(&rig, TICKS_PER_SECOND));
    assert_in_range(ticks_to_us(board_now(rig.board) - from), 18000, 22000);
    free(image);
}

/* D13 (B): the backup register was read before its clock was on. The virtual board forbids that. */
static void d13_the_backup_register_is_read_with_its_clock_on(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 200, 1);

    rig_burn(&rig, rig.app_base, image, 200);
    board_power(rig.board, true);
    rig_run_ms(&rig, 1);
    chip_backup_set(&rig.board->chip, 1, 0x4F42);
    board_reset_button(rig.board);
    assert_true(rig_enter_dfu(&rig));
    assert_int_equal(chip_backup_get(&rig.board->chip, 1), 0);
    rig_assert_clean(&rig);
    free(image);
}

/* D14 (B): hosts slept 100 ms for each KiB. */
static void d14_a_download_takes_little_more_than_the_flash_does(void **state)
{
    (void)state;
    enum { LENGTH = 56 * 1024 };
    uint8_t *old = rig_application(&rig, LENGTH, 1), *new = rig_application(&rig, LENGTH, 2);

    rig_burn(&rig, rig.app_base, old, LENGTH);
    enter_dfu();
    struct dfu_result result = dfu_download(&rig, new, LENGTH, 1024);
    assert_true(result.done);

    uint64_t flash_us = 56 * (20000 + 512 * 52.5), took_us = ticks_to_us(result.time);
    if (took_us > flash_us * 11 / 10)
        fail_msg("the flash works for %u ms, the download took %u ms", (unsigned)(flash_us / 1000),
                 (unsigned)(took_us / 1000));
    free(old);
    free(new);
}

/* D15 (C): a zero-length DFU_DNLOAD in dfuIDLE was an error, but its status stage was answered, too. */
static void d15_an_empty_download_stalls_and_goes_on_stalling(void **state)
{
    (void)state;
    uint8_t packet[64];
    unsigned length;

    enter_dfu();
    assert_int_equal(wire_setup(&rig, DFU_OUT, DFU_DNLOAD, 0, 0, 0), USB_ACK);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(wire_in(&rig, packet, &length), USB_STALL);
    expect_status(errSTALLEDPKT, dfuERROR);
}

/* D15 (C): requests that a state does not take were acknowledged; test_dfu_states.c has all of them. */
static void d15_requests_that_a_state_does_not_take_stall(void **state)
{
    (void)state;
    static uint8_t data[65536];
    uint32_t actual = 0;

    enter_dfu();
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_STALLED);
    expect_status(errSTALLEDPKT, dfuERROR);
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 0, data, 64), USB_STALLED);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 64, data, NULL), USB_STALLED);
    assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_STALLED);
    expect_status(errSTALLEDPKT, dfuERROR);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);

    /* an upload amid a download disclosed RAM */
    uint8_t *image = rig_application(&rig, 1024, 1);
    assert_true(dfu_send_block(&rig, 0, image, 1024));
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 65535, data, &actual), USB_STALLED);
    assert_int_equal(actual, 0);
    expect_status(errSTALLEDPKT, dfuERROR);
    free(image);
}

/* D15 (C): six bytes of status were sent to a host that had asked for fewer, and all of the landing page. */
static void d15_no_answer_is_longer_than_asked_for(void **state)
{
    (void)state;
    uint8_t data[64];
    uint32_t actual;

    enter_dfu();
    for (uint16_t wLength = 0; wLength <= 6; wLength++) {
        assert_int_equal(rig_request(&rig, DFU_IN, DFU_GETSTATUS, 0, 0, wLength, data, &actual), USB_DONE);
        assert_int_equal(actual, wLength);
        assert_int_equal(rig_request(&rig, 0xC0, '!', 1, 2, wLength, data, &actual), USB_DONE);
        assert_int_equal(actual, wLength);
    }
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_GETSTATE, 0, 0, 0, data, &actual), USB_DONE);
    assert_int_equal(actual, 0);
}

/* D15 (C): a host that broke off DFU_GETSTATUS left a device that nothing but a reset could bring back. */
static void d15_a_status_that_is_not_fetched_to_its_end_locks_nothing(void **state)
{
    (void)state;
    uint8_t *image = rig_application(&rig, 4000, 1), packet[64];
    unsigned length;

    enter_dfu();
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 0, image, 1024), USB_DONE);
    assert_int_equal(wire_setup(&rig, DFU_IN, DFU_GETSTATUS, 0, 0, 6), USB_ACK);
    assert_int_equal(wire_in(&rig, packet, &length), USB_DATA1);
    rig_run_ms(&rig, 100);
    assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
    expect_status(OK, dfuIDLE);
    download(image, 4000, 1024);
    expect_application();
    free(image);
}

/* D16 (C): half-words and words were taken from a buffer at an odd address. Here
 * every unaligned access faults. */
static void d16_no_access_to_memory_is_unaligned(void **state)
{
    (void)state;
    enum { UNALIGN_TRP = 1 << 3 };
    static const char *const targets[] = {"BLUEPILL", "BLUEPILL_HIGH_128"};
    static uint8_t back[128 * 1024];

    for (size_t i = 0; i < 2; i++) {
        use(targets[i]);
        uint8_t *image = rig_application(&rig, 5000, 1);

        enter_dfu();
        rig.board->chip.cpu.system.ccr |= UNALIGN_TRP;
        assert_true(dfu_upload(&rig, back, sizeof back, 1001).done);
        download(image, 5000, 333);
        assert_int_equal(rig.board->chip.cpu.system.cfsr, 0);
        assert_true(rig.board->chip.cpu.system.ccr & UNALIGN_TRP);
        expect_application();
        free(image);
    }
}

/* D17 (C): a first block of an upload longer than the buffer read what was behind it. */
static void d17_the_high_variant_uploads_what_was_downloaded_whatever_the_block(void **state)
{
    (void)state;
    static const uint16_t blocks[] = {1, 7, 8, 9, 28, 29, 36, 64, 1000, 1024};
    static uint8_t back[128 * 1024];
    uint8_t *image = rig_application(&rig, 3000, 1);
    uint32_t actual;

    memset(image + 8, 0, 56); /* the rest of the vector table: the reserved words are 0 in any */
    enter_dfu();
    download(image, 3000, 1024);
    expect_application();
    board_press(rig.board, true);
    expect_dfu_after_power_up();
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        uint32_t room = blocks[i] < 64 ? 200 : 3000 / blocks[i] * blocks[i];
        struct dfu_result result = dfu_upload(&rig, back, room, blocks[i]);
        assert_in_range(result.bytes, room - blocks[i], room);
        assert_memory_equal(back, image, result.bytes);
        assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
    }
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, 1025, back, &actual), USB_STALLED);
    assert_int_equal(actual, 0);
    free(image);
}

/* D18 (C): what had been erased was remembered from one download to the next. */
static void d18_downloads_of_one_session_do_not_disturb_each_other(void **state)
{
    (void)state;
    enter_dfu();
    for (unsigned seed = 1; seed < 5; seed++) {
        uint8_t *image = rig_application(&rig, 6000, seed);

        for (uint16_t block = 0; block < seed; block++)
            assert_true(dfu_send_block(&rig, block, image + 1024 * block, 1024));
        assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
        free(image);
    }
    uint8_t *image = rig_application(&rig, 6000, 9);
    download(image, 6000, 1024);
    assert_memory_equal(rig_flash(&rig, rig.app_base), image, 6000);
    expect_application();
    free(image);
}

/* D18 (C): a page that the flash refuses to change showed as a difference found in reading back. */
static void d18_a_protected_page_is_reported_as_such(void **state)
{
    (void)state;
    enum { WRP0 = 0x1FFFF808, LAST_FOUR_KIB_OF_32 = 0x7F };
    static const uint8_t protect[2] = {LAST_FOUR_KIB_OF_32, (uint8_t)~LAST_FOUR_KIB_OF_32};
    uint8_t *old = rig_application(&rig, 40000, 1), *image = rig_application(&rig, 40000, 2);

    rig_burn(&rig, rig.app_base, old, 40000);
    rig_burn(&rig, WRP0, protect, sizeof protect);
    rig.board->stop_on_violation = false;
    enter_dfu();
    struct dfu_result result = dfu_download(&rig, image, 40000, 1024);
    assert_false(result.done);
    assert_int_equal(result.last.bState, dfuERROR);
    assert_int_equal(result.last.bStatus, errWRITE);
    free(old);
    free(image);
}

/* D19 (D): whether the debug port had to give up its pins was decided by the wrong macro. */
static void d19_the_debug_port_keeps_its_pins_unless_the_board_needs_them(void **state)
{
    (void)state;
    enum { SWJ_OFF = 4 << 24 };

    enter_dfu();
    assert_int_equal(peek_swj_cfg(&rig.board->chip), 0);
    use("MAPLEMINI");
    enter_dfu();
    assert_int_equal(peek_swj_cfg(&rig.board->chip), 0);
    use("BTTSKRMINIE3V2");
    enter_dfu();
    assert_int_equal(peek_swj_cfg(&rig.board->chip), SWJ_OFF);
}

/*
 * D19 (D): an LED on such a pin, with nothing else of the board on one, stayed dark: its port was compared
 * with the numbers of pins. D20: one that is lit by a low level without open drain could not be told of.
 */
static void d19_an_led_alone_takes_its_pin_from_the_debug_port(void **state)
{
    (void)state;
    enum { JTAG_OFF = 2 << 24, SWJ_OFF = 4 << 24 };
    static const struct {
        const char *build;
        uint8_t led;
        bool active_high;
        uint32_t swj;
    } cases[] = {{"led-swd", BOARD_PIN('A', 13), false, SWJ_OFF},
                 {"led-jtag", BOARD_PIN('B', 3), true, JTAG_OFF}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct chip_config config = rig_config("BLUEPILL");

        rig_free(&rig);
        rig = rig_new_build(cases[i].build, "BLUEPILL", &config);
        struct board_info board = *rig.board->info;
        board.led = cases[i].led;
        board.led_active_high = cases[i].active_high;
        rig.board->info = &board;
        enter_dfu();
        assert_int_equal(peek_swj_cfg(&rig.board->chip), cases[i].swj);
        uint64_t before = rig.board->led_changes;
        rig_run_ms(&rig, 4096);
        assert_in_range(rig.board->led_changes - before, 7, 9);
        /* waiting, then at work: lit */
        uint8_t *image = rig_application(&rig, 1024, 1);
        assert_true(dfu_send_block(&rig, 0, image, 1024));
        rig_run_ms(&rig, 2);
        assert_true(rig.board->led_on);
        rig_assert_clean(&rig);
        free(image);
        rig.board->info = board_find("BLUEPILL");
    }
}

/* D20 (D): the LED was configured and never lit. */
static void d20_the_led_tells_waiting_busy_and_error_apart(void **state)
{
    (void)state;
    static const char *const targets[] = {"BLUEPILL", "MAPLEMINI", "BTTSKRMINIE3V2"};

    for (size_t i = 0; i < 3; i++) {
        use(targets[i]);
        uint8_t *image = rig_application(&rig, 1024, 1);

        enter_dfu();
        rig_run_ms(&rig, 1024);
        uint64_t before = rig.board->led_changes;
        rig_run_ms(&rig, 4096);
        assert_in_range(rig.board->led_changes - before, 7, 9);

        assert_true(dfu_send_block(&rig, 0, image, 1024));
        rig_run_ms(&rig, 2);
        before = rig.board->led_changes;
        rig_run_ms(&rig, 2000);
        assert_true(rig.board->led_on);
        assert_int_equal(rig.board->led_changes, before);

        assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_STALLED);
        before = rig.board->led_changes;
        rig_run_ms(&rig, 1280);
        assert_in_range(rig.board->led_changes - before, 19, 21);
        free(image);
    }
}

/* D21 (D): the device said it had power of its own, and had Microsoft OS 1.0 descriptors only. */
static void d21_the_device_is_bus_powered_and_has_microsoft_os_20_descriptors(void **state)
{
    (void)state;
    uint8_t data[512];
    uint32_t actual;

    enter_dfu();
    assert_int_equal(rig_request(&rig, 0x80, 6, 0x0200, 0, sizeof data, data, &actual), USB_DONE);
    assert_int_equal(data[7], 0x80);
    assert_int_equal(rig_request(&rig, 0x80, 0, 0, 0, 2, data, &actual), USB_DONE);
    assert_int_equal(data[0] & 1, 0);
    assert_int_equal(rig_request(&rig, 0xC0, '!', 0, 7, sizeof data, data, &actual), USB_DONE);
    assert_true(actual > 10);
}

/* D22 (C): a watchdog started by its option byte reset the chip amid a download. */
static void d22_a_watchdog_that_the_option_bytes_start_is_fed(void **state)
{
    (void)state;
    static const uint8_t hardware_watchdog[2] = {0xFE, 0x01};
    static uint8_t back[128 * 1024];
    uint8_t *image = rig_application(&rig, 100000, 1);

    rig_burn(&rig, 0x1FFFF802, hardware_watchdog, sizeof hardware_watchdog);
    enter_dfu();
    assert_true(chip_will_reset(&rig.board->chip));
    rig_run_ms(&rig, 3000);
    download(image, 100000, 1024);
    expect_application();
    assert_int_equal(rig.board->chip.reset_cause, RESET_SOFTWARE);
    board_press(rig.board, true);
    expect_dfu_after_power_up();
    assert_true(dfu_upload(&rig, back, sizeof back, 1024).done);
    assert_int_equal(rig.board->chip.reset_cause, RESET_POWER);
    free(image);
}

#define BLUE_PILL(name) cmocka_unit_test_setup_teardown(name, blue_pill, finish)
#define HIGH(name)      cmocka_unit_test_setup_teardown(name, blue_pill_high, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLUE_PILL(d1_the_high_variant_protects_itself),
        HIGH(d2_a_short_first_block_keeps_the_bootloader_reachable_in_the_high_variant),
        BLUE_PILL(d3_length_and_direction_of_a_download_are_checked),
        BLUE_PILL(d4_an_interrupted_download_is_never_started),
        HIGH(d5_the_high_variant_erases_the_page_of_its_hook_only_to_change_it),
        BLUE_PILL(d6_only_start_words_that_can_work_start_an_application),
        BLUE_PILL(d7_odd_images_in_odd_blocks_arrive_whole),
        BLUE_PILL(d8_a_block_out_of_sequence_is_refused),
        BLUE_PILL(d9_pages_of_two_kib_keep_both_halves),
        BLUE_PILL(d9_a_wrong_page_size_never_passes_for_a_good_download),
        BLUE_PILL(d10_a_chip_with_less_flash_than_assumed_never_goes_silent),
        BLUE_PILL(d11_an_application_starts_without_a_crystal),
        BLUE_PILL(d12_the_button_is_sampled_after_20_ms),
        BLUE_PILL(d13_the_backup_register_is_read_with_its_clock_on),
        BLUE_PILL(d14_a_download_takes_little_more_than_the_flash_does),
        BLUE_PILL(d15_an_empty_download_stalls_and_goes_on_stalling),
        BLUE_PILL(d15_requests_that_a_state_does_not_take_stall),
        BLUE_PILL(d15_no_answer_is_longer_than_asked_for),
        BLUE_PILL(d15_a_status_that_is_not_fetched_to_its_end_locks_nothing),
        BLUE_PILL(d16_no_access_to_memory_is_unaligned),
        HIGH(d17_the_high_variant_uploads_what_was_downloaded_whatever_the_block),
        BLUE_PILL(d18_downloads_of_one_session_do_not_disturb_each_other),
        BLUE_PILL(d18_a_protected_page_is_reported_as_such),
        BLUE_PILL(d19_the_debug_port_keeps_its_pins_unless_the_board_needs_them),
        BLUE_PILL(d19_an_led_alone_takes_its_pin_from_the_debug_port),
        BLUE_PILL(d20_the_led_tells_waiting_busy_and_error_apart),
        BLUE_PILL(d21_the_device_is_bus_powered_and_has_microsoft_os_20_descriptors),
        BLUE_PILL(d22_a_watchdog_that_the_option_bytes_start_is_fed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
