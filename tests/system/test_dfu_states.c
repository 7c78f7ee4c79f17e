/*
 * The DFU 1.1 state machine of the image: one description of appendix A.2, every state times every request,
 * well and badly formed; and what the states promise to hosts that wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { BLOCK = 1024, STATUS_BYTES = 6, REQUESTS = DFU_ABORT + 1 };
enum { SLOWER = 10 };

/*
 * The description ------------------------------------------------------------------------------------------
 *
 * For each state the state after each request, 0 if it stalls and leads to dfuERROR. Appendix A.2, with one
 * extension: DFU_DETACH in dfuIDLE, the way out for a client that cannot reset the bus.
 * dfuMANIFEST-WAIT-RESET cannot be reached: the device is manifestation tolerant.
 */
enum start {
    IDLE,
    DNLOAD_SYNC,
    DNLOAD_SYNC_FULL, /* no buffer left */
    DNBUSY,
    DNLOAD_IDLE,
    MANIFEST_SYNC,
    MANIFEST,
    UPLOAD_IDLE,
    ERROR,
    STARTS
};

static const struct {
    const char *name;
    uint8_t state;
    uint16_t next_block;
    uint8_t after[REQUESTS]; /* DETACH, DNLOAD, UPLOAD, GETSTATUS, CLRSTATUS, GETSTATE, ABORT */
} table[STARTS] = {
    /* clang-format off */
    [IDLE] = {"dfuIDLE", dfuIDLE, 0,
        {dfuIDLE, dfuDNLOAD_SYNC, dfuUPLOAD_IDLE, dfuIDLE, 0, dfuIDLE, dfuIDLE}},
    [DNLOAD_SYNC] = {"dfuDNLOAD-SYNC", dfuDNLOAD_SYNC, 1,
        {0, 0, 0, dfuDNLOAD_IDLE, 0, dfuDNLOAD_SYNC, dfuIDLE}},
    [DNLOAD_SYNC_FULL] = {"dfuDNLOAD-SYNC, buffers full", dfuDNLOAD_SYNC, 3,
        {0, 0, 0, dfuDNBUSY, 0, dfuDNLOAD_SYNC, dfuIDLE}},
    [DNBUSY] = {"dfuDNBUSY", dfuDNBUSY, 3, {0, 0, 0, dfuDNBUSY, 0, dfuDNBUSY, 0}},
    [DNLOAD_IDLE] = {"dfuDNLOAD-IDLE", dfuDNLOAD_IDLE, 1,
        {0, dfuDNLOAD_SYNC, 0, dfuDNLOAD_IDLE, 0, dfuDNLOAD_IDLE, dfuIDLE}},
    [MANIFEST_SYNC] = {"dfuMANIFEST-SYNC", dfuMANIFEST_SYNC, 3,
        {0, 0, 0, dfuMANIFEST, 0, dfuMANIFEST_SYNC, dfuIDLE}},
    [MANIFEST] = {"dfuMANIFEST", dfuMANIFEST, 3, {0, 0, 0, dfuMANIFEST, 0, dfuMANIFEST, 0}},
    [UPLOAD_IDLE] = {"dfuUPLOAD-IDLE", dfuUPLOAD_IDLE, 1,
        {0, 0, dfuUPLOAD_IDLE, dfuUPLOAD_IDLE, 0, dfuUPLOAD_IDLE, dfuIDLE}},
    [ERROR] = {"dfuERROR", dfuERROR, 0, {0, 0, 0, dfuERROR, dfuIDLE, dfuERROR, 0}},
    /* clang-format on */
};

static const struct {
    const char *name;
    uint8_t type;
    uint16_t wLength;
    bool numbered; /* wValue is a block number */
} requests[REQUESTS] = {
    {"DFU_DETACH", DFU_OUT, 0, false},    {"DFU_DNLOAD", DFU_OUT, BLOCK, true},
    {"DFU_UPLOAD", DFU_IN, BLOCK, true},  {"DFU_GETSTATUS", DFU_IN, STATUS_BYTES, false},
    {"DFU_CLRSTATUS", DFU_OUT, 0, false}, {"DFU_GETSTATE", DFU_IN, 1, false},
    {"DFU_ABORT", DFU_OUT, 0, false},
};

/* Getting there ------------------------------------------------------------------------------------------ */

static struct rig rig, slow_rig; /* the one in use; the one of the snapshots */
static void *snapshot[STARTS];
static uint8_t *image, data[65536];

static struct dfu_status status_now(void)
{
    struct dfu_status status;

    if (dfu_get_status(&rig, &status) != USB_DONE)
        fail_msg("DFU_GETSTATUS was not answered");
    return status;
}

static void expect_state(uint8_t expected)
{
    struct dfu_status status = status_now();

    if (status.bState != expected)
        fail_msg("expected state %u, came %u", expected, status.bState);
}

static void send_block(uint16_t number)
{
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, number, image + BLOCK * number, BLOCK), USB_DONE);
}

static void keep(enum start start)
{
    rig_assert_clean(&rig);
    snapshot[start] = board_save(rig.board);
}

static void go_to(enum start start)
{
    board_restore(rig.board, snapshot[start]);
}

/* A board with another application in flash, so that every page must be erased, in a flash so slow that a
 * state lasts while we look. */
static int take_snapshots(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");

    config.page_erase_us *= SLOWER;
    config.program_ns *= SLOWER;
    rig = slow_rig = rig_new_with("BLUEPILL", &config);

    uint8_t *old = rig_application(&rig, 8 * BLOCK, 1);
    image = rig_application(&rig, 8 * BLOCK, 2);
    rig_burn(&rig, rig.app_base, old, 8 * BLOCK);
    free(old);
    board_press(rig.board, true);
    assert_true(rig_enter_dfu(&rig));
    board_press(rig.board, false);
    keep(IDLE);

    send_block(0);
    keep(DNLOAD_SYNC);
    expect_state(dfuDNLOAD_IDLE);
    keep(DNLOAD_IDLE);
    send_block(1);
    expect_state(dfuDNLOAD_IDLE);
    send_block(2);
    keep(DNLOAD_SYNC_FULL);
    expect_state(dfuDNBUSY);
    keep(DNBUSY);

    go_to(DNLOAD_IDLE);
    send_block(1);
    expect_state(dfuDNLOAD_IDLE);
    assert_true(dfu_send_block(&rig, 2, image + 2 * BLOCK, BLOCK));
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 3, NULL, 0), USB_DONE);
    keep(MANIFEST_SYNC);
    expect_state(dfuMANIFEST);
    keep(MANIFEST);

    go_to(IDLE);
    assert_int_equal(rig_request(&rig, DFU_IN, DFU_UPLOAD, 0, 0, BLOCK, data, NULL), USB_DONE);
    keep(UPLOAD_IDLE);

    go_to(IDLE);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_STALLED);
    keep(ERROR);
    return 0;
}

static int free_snapshots(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STARTS; i++)
        free(snapshot[i]);
    free(image);
    rig_free(&rig);
    return 0;
}

/* Another board, for one test. */
static void use_board(const struct chip_config *config)
{
    if (rig.board != slow_rig.board)
        rig_free(&rig);
    rig = rig_new_with("BLUEPILL", config);
}

static int back_to_the_slow_board(void **state)
{
    (void)state;
    if (rig.board != slow_rig.board)
        rig_free(&rig);
    rig = slow_rig;
    return 0;
}

/* State times request ------------------------------------------------------------------------------------ */

struct attempt {
    enum start from;
    uint8_t type, bRequest;
    uint16_t wValue, wIndex, wLength;
};

/* Does it, and fails unless the answer and the state after it are as expected;
 * expected 0: a stall and dfuERROR. */
static void check(const struct attempt *a, uint8_t expected, uint32_t bytes)
{
    uint32_t actual = 0;

    go_to(a->from);
    memcpy(data, image, sizeof data < 8 * BLOCK ? sizeof data : 8 * BLOCK);
    enum usb_host_status result =
        rig_request(&rig, a->type, a->bRequest, a->wValue, a->wIndex, a->wLength, data, &actual);
    const char *wrong = NULL;
    uint8_t found = 0, bStatus = 0;

    if (expected == 0) {
        struct dfu_status status = status_now();
        found = status.bState;
        bStatus = status.bStatus;
        if (result != USB_STALLED)
            wrong = "it was not stalled";
        else if (found != dfuERROR)
            wrong = "the state after it is not dfuERROR";
        else if (bStatus != errSTALLEDPKT)
            wrong = "the status after it is not errSTALLEDPKT";
        else if (a->type & 0x80 && actual)
            wrong = "data came with it";
    } else {
        if (result != USB_DONE)
            wrong = "it was not answered";
        else if (actual != bytes)
            wrong = "the answer is not as long as it must be";
        else if (a->bRequest == DFU_GETSTATUS && a->wLength > 4)
            wrong = data[4] != expected ? "DFU_GETSTATUS tells another state" : NULL;
        else if ((found = dfu_get_state(&rig)) != expected)
            wrong = "the state after it is another";
    }
    if (wrong)
        fail_msg("%s, %02X request %u, wValue %u, wIndex %u, wLength %u: %s (result %u, %u bytes, state %u, "
                 "status %u; expected state %u)",
                 table[a->from].name, a->type, a->bRequest, a->wValue, a->wIndex, a->wLength, wrong, result,
                 actual, found, bStatus, expected);
    rig_assert_clean(&rig);
}

static uint16_t block_number(enum start from, unsigned request)
{
    return requests[request].numbered ? table[from].next_block : 0;
}

static void each_state_takes_the_requests_of_the_table_and_no_other(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = 0; r < REQUESTS; r++) {
            struct attempt a = {from, requests[r].type, r, block_number(from, r), 0, requests[r].wLength};
            check(&a, table[from].after[r], requests[r].wLength);
        }
}

/* Lengths that are right for a request that the state takes. */
static void requests_of_every_good_length_are_taken(void **state)
{
    (void)state;
    static const uint16_t blocks[] = {1, 2, 63, 64, 65, 127, 128, 129, 1000, 1023, 1024};
    static const uint16_t statuses[] = {1, 2, 3, 4, 5, 6, 7, 64, 4096, 65535};

    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = DFU_DNLOAD; r <= DFU_GETSTATE; r++) {
            const uint16_t *lengths = requests[r].numbered ? blocks : statuses;
            size_t count =
                requests[r].numbered ? sizeof blocks / sizeof *blocks : sizeof statuses / sizeof *statuses;

            if (!table[from].after[r] || r == DFU_CLRSTATUS)
                continue;
            for (size_t i = 0; i < count; i++) {
                struct attempt a = {from, requests[r].type, r, block_number(from, r), 0, lengths[i]};
                uint32_t most = requests[r].numbered ? BLOCK : requests[r].wLength;
                check(&a, table[from].after[r], lengths[i] < most ? lengths[i] : most);
            }
        }
}

static void requests_of_a_bad_length_are_errors_in_every_state(void **state)
{
    (void)state;
    static const uint16_t too_long[] = {1025, 1088, 2048, 32768, 65535};
    static const uint16_t data_where_none_is[] = {1, 8, 64, 1024, 65535};

    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = 0; r < REQUESTS; r++) {
            bool numbered = requests[r].numbered, without_data = requests[r].wLength == 0;

            for (unsigned i = 0; (numbered || without_data) && i < 5; i++) {
                struct attempt a = {from, requests[r].type,
                                    r,    block_number(from, r),
                                    0,    numbered ? too_long[i] : data_where_none_is[i]};
                check(&a, 0, 0);
            }
        }
}

static void requests_in_the_wrong_direction_are_errors_in_every_state(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 1, 6, 64, 1024, 65535};

    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = 0; r < REQUESTS; r++)
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
                struct attempt a = {from, requests[r].type ^ 0x80, r, block_number(from, r), 0, lengths[i]};
                check(&a, 0, 0);
            }
}

static void blocks_out_of_sequence_are_errors_in_every_state(void **state)
{
    (void)state;
    static const uint16_t off[] = {1, 2, 255, 256, 0x8000, 0xFFFF};

    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = DFU_DNLOAD; r <= DFU_UPLOAD; r++)
            for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
                struct attempt a = {from, requests[r].type, r, table[from].next_block + off[i], 0, BLOCK};
                check(&a, 0, 0);
            }
}

static void requests_that_dfu_does_not_have_are_errors_in_every_state(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++)
        for (unsigned r = REQUESTS; r < 256; r += r < 40 ? 1 : 13) {
            struct attempt out = {from, DFU_OUT, r, 0, 0, r % 3 ? 0 : 64};
            struct attempt in = {from, DFU_IN, r, 0, 0, r % 3 ? 6 : 0};
            check(&out, 0, 0);
            check(&in, 0, 0);
        }
}

/* 7.2 of USB 2.0 chapter 9's kind: whoever is meant, it is not this interface. */
static void requests_to_others_leave_the_state_alone(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++) {
        if (from == DNBUSY || from == MANIFEST)
            continue; /* looking is an error there */
        for (unsigned r = 0; r < REQUESTS; r++) {
            static const struct {
                uint8_t type;
                uint16_t wIndex;
            } others[] = {{0, 1}, {0, 0x100}, {3, 0}, {1, 0}, {2, 0}};
            for (unsigned i = 0; i < 5; i++) {
                uint8_t type = requests[r].type ^ others[i].type;
                go_to(from);
                assert_int_equal(
                    rig_request(&rig, type, r, 0, others[i].wIndex, requests[r].wLength, data, NULL),
                    USB_STALLED);
                uint8_t found = dfu_get_state(&rig);
                if (found != table[from].state)
                    fail_msg("%s, %02X %s wIndex %u: the state became %u", table[from].name, type,
                             requests[r].name, others[i].wIndex, found);
            }
        }
    }
}

static void an_empty_block_is_an_error_in_dfu_idle(void **state)
{
    (void)state;
    struct attempt a = {IDLE, DFU_OUT, DFU_DNLOAD, 0, 0, 0};
    check(&a, 0, 0);
}

/* 3.: the status of the error goes with it. */
static void clrstatus_clears_the_status_too(void **state)
{
    (void)state;
    go_to(ERROR);
    struct dfu_status status = status_now();
    assert_int_equal(status.bStatus, errSTALLEDPKT);
    status = status_now(); /* asking changes nothing */
    assert_int_equal(status.bStatus, errSTALLEDPKT);
    assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
    status = status_now();
    assert_int_equal(status.bStatus, OK);
    assert_int_equal(status.bState, dfuIDLE);
}

/* Block numbers are 16 bits and start again at 0 (DFU 1.1, 6.1.1): with 1-byte blocks that happens. */
static void block_numbers_wrap_around(void **state)
{
    (void)state;
    enum { BLOCKS = 66000 };
    uint8_t byte;

    go_to(IDLE);
    for (uint32_t i = 0; i < BLOCKS; i++)
        if (rig_request(&rig, DFU_IN, DFU_UPLOAD, i & 0xFFFF, 0, 1, &byte, NULL) != USB_DONE ||
            byte != *rig_flash(&rig, rig.app_base + i))
            fail_msg("block %u of one byte", i);
    assert_int_equal(dfu_get_state(&rig), dfuUPLOAD_IDLE);
}

/* Bus reset ---------------------------------------------------------------------------------------------- */

/* It ends a download or upload that was under way: the device is there again, and can take another. */
static void a_bus_reset_leads_to_dfu_idle(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++) {
        if (from == MANIFEST_SYNC || from == MANIFEST)
            continue;
        go_to(from);
        /* an erase may still run: its page belongs to an application that is no longer valid */
        usb_host_reset(rig.host, 10);
        rig_run_ms(&rig, 30);
        if (!rig_enter_dfu(&rig))
            fail_msg("%s: nobody there after a bus reset", table[from].name);
        struct dfu_status status = status_now();
        if (status.bState != dfuIDLE || status.bStatus != OK)
            fail_msg("%s: state %u, status %u after a bus reset", table[from].name, status.bState,
                     status.bStatus);
        struct dfu_result result = dfu_download(&rig, image, 8 * BLOCK, BLOCK);
        if (!result.done)
            fail_msg("%s: download after a bus reset: status %u, state %u", table[from].name,
                     result.last.bStatus, result.last.bState);
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, 8 * BLOCK);
        rig_assert_clean(&rig);
    }
}

/* Once everything was sent, it is written: a reset then means no more than that the host has finished. */
static void a_bus_reset_after_a_whole_download_leads_to_the_application(void **state)
{
    (void)state;
    static const enum start starts[] = {MANIFEST_SYNC, MANIFEST};

    for (size_t i = 0; i < 2; i++) {
        go_to(starts[i]);
        usb_host_reset(rig.host, 10);
        if (!rig_starts_application(&rig, 10 * TICKS_PER_SECOND))
            fail_msg("%s: no application after a bus reset", table[starts[i]].name);
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, 3 * BLOCK);
        rig_assert_clean(&rig);
    }
}

/* What a download leaves behind in each state, once it ended the way a host would end it, can be repeated. */
static void every_state_can_be_left_for_another_download(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++) {
        go_to(from);
        if (table[from].after[DFU_ABORT]) {
            assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
        } else {
            dfu_send(&rig, DFU_ABORT, 0, NULL, 0); /* an error, if it is not one already */
            assert_int_equal(dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0), USB_DONE);
        }
        struct dfu_result result = dfu_download(&rig, image, 8 * BLOCK, BLOCK);
        if (!result.done)
            fail_msg("%s: status %u, state %u after %u bytes", table[from].name, result.last.bStatus,
                     result.last.bState, result.bytes);
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, 8 * BLOCK);
        rig_assert_clean(&rig);
    }
}

/* Time --------------------------------------------------------------------------------------------------- */

/* Microseconds until the flash begins another page than now, or rests for 1 ms. */
static uint32_t us_left_of_the_page(void)
{
    enum { STEP_US = 50, RESTS_US = 1000, FOREVER_US = 20000000 };
    const struct flash_operation *operation = &rig.board->chip.flash.operation;
    uint32_t page, busy = 0;

    while (operation->kind == FLASH_NOTHING) /* between two half-words */
        board_run(rig.board, ticks_from_us(1));
    page = operation->address / BLOCK;
    for (uint32_t us = 0; us < FOREVER_US; us += STEP_US) {
        if (operation->kind != FLASH_NOTHING) {
            if (operation->address / BLOCK != page)
                return us;
            busy = us;
        } else if (us - busy > RESTS_US) {
            return busy;
        }
        board_run(rig.board, ticks_from_us(STEP_US));
    }
    fail_msg("the flash never ends");
    return 0;
}

/* Every status read on the way of a download, in flashes of all speeds. */
static void poll_timeouts_are_never_longer_than_what_is_left(void **state)
{
    (void)state;
    static const struct {
        uint32_t erase_us, half_word_ns;
    } speeds[] = {{20000, 40000}, {20000, 52500}, {30000, 60000}, {40000, 70000}, {200000, 525000}};
    unsigned busy = 0, manifesting = 0;

    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct chip_config config = rig_config("BLUEPILL");
        config.page_erase_us = speeds[i].erase_us;
        config.program_ns = speeds[i].half_word_ns;
        use_board(&config);

        uint8_t *old = rig_application(&rig, 12 * BLOCK, 5);
        rig_burn(&rig, rig.app_base, old, 12 * BLOCK);
        free(old);
        board_press(rig.board, true);
        assert_true(rig_enter_dfu(&rig));
        board_press(rig.board, false);
        for (uint16_t block = 0; block <= 8; block++) {
            uint16_t length = block < 8 ? BLOCK : 0;
            struct dfu_status status;

            assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, image + BLOCK * block, length), USB_DONE);
            do {
                status = status_now();
                if (status.bState == dfuDNBUSY || status.bState == dfuMANIFEST) {
                    void *now = board_save(rig.board);
                    uint32_t left = us_left_of_the_page();
                    board_restore(rig.board, now);
                    free(now);
                    if (status.poll_ms * 1000 > left + 1000)
                        fail_msg("erase %u us, half-word %u ns, block %u, state %u: told to wait %u ms, but "
                                 "only %u us are left",
                                 config.page_erase_us, config.program_ns, block, status.bState,
                                 status.poll_ms, left);
                    assert_int_not_equal(status.poll_ms, 0);
                    busy += status.bState == dfuDNBUSY;
                    manifesting += status.bState == dfuMANIFEST;
                } else {
                    assert_int_equal(status.poll_ms, 0);
                }
                rig_run_ms(&rig, status.poll_ms);
            } while (status.bState == dfuDNBUSY || status.bState == dfuMANIFEST);
            assert_int_equal(status.bState, length ? dfuDNLOAD_IDLE : dfuIDLE);
        }
        assert_memory_equal(rig_flash(&rig, rig.app_base), image, 8 * BLOCK);
        rig_assert_clean(&rig);
    }
    assert_true(busy > 10);
    assert_true(manifesting > 3);
}

/* Whoever waits as told is not punished for it: dfuDNBUSY is over by then. */
static void a_host_that_waits_exactly_as_told_may_ask_again(void **state)
{
    (void)state;
    static const enum start starts[] = {DNBUSY, MANIFEST, DNLOAD_SYNC_FULL};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        go_to(starts[i]);
        if (starts[i] != DNLOAD_SYNC_FULL) {
            rig_run_ms(&rig, 200);
            assert_int_equal(dfu_get_state(&rig), table[starts[i]].state - 1); /* back to its SYNC */
        }
        struct dfu_status status;
        do {
            status = status_now();
            assert_int_equal(status.bStatus, OK);
            rig_run_ms(&rig, status.poll_ms);
        } while (status.bState == dfuDNBUSY || status.bState == dfuMANIFEST);
    }
}

/* Hosts sleep a second in dfuMANIFEST, so a quick end is not announced but waited for, up to 500 ms. */
static void a_quick_manifestation_is_over_with_the_first_status(void **state)
{
    (void)state;
    struct chip_config config = rig_config("BLUEPILL");

    use_board(&config);
    assert_true(rig_enter_dfu(&rig));
    for (uint16_t block = 0; block < 8; block++)
        assert_true(dfu_send_block(&rig, block, image + BLOCK * block, BLOCK));
    assert_int_equal(dfu_send(&rig, DFU_DNLOAD, 8, NULL, 0), USB_DONE);
    ticks from = board_now(rig.board);
    expect_state(dfuIDLE);
    assert_in_range(ticks_to_us(board_now(rig.board) - from), 0, 450000);
    back_to_the_slow_board(NULL);
    go_to(MANIFEST_SYNC);
    from = board_now(rig.board);
    expect_state(dfuMANIFEST);
    assert_in_range(ticks_to_us(board_now(rig.board) - from), 0, 450000);
}

/* Leaving ------------------------------------------------------------------------------------------------ */

/* Only from dfuIDLE, and only after the host has had its answer. */
static void detach_is_answered_and_then_leaves(void **state)
{
    (void)state;
    go_to(IDLE);
    assert_int_equal(dfu_send(&rig, DFU_DETACH, 1000, NULL, 0), USB_DONE);
    rig_run_ms(&rig, 50);
    assert_int_equal(dfu_get_state(&rig), dfuIDLE); /* still there for a client that says goodbye */
    assert_true(rig_starts_application(&rig, TICKS_PER_SECOND));
    rig_assert_clean(&rig);
}

static void a_refused_detach_leaves_nowhere(void **state)
{
    (void)state;
    for (enum start from = 0; from < STARTS; from++) {
        go_to(from);
        dfu_send(&rig, DFU_DETACH, 0, data, 8);
        rig_run_ms(&rig, 1000);
        if (rig.host->port != USB_PORT_ENABLED)
            fail_msg("%s: a DFU_DETACH that was stalled made the device leave", table[from].name);
    }
}

static void a_device_that_has_finished_leaves_for_the_application(void **state)
{
    (void)state;
    go_to(IDLE);
    assert_true(dfu_download(&rig, image, 8 * BLOCK, BLOCK).done);
    assert_true(rig_starts_application(&rig, TICKS_PER_SECOND));
    /* a host that never asks how it went */
    go_to(MANIFEST_SYNC);
    assert_true(rig_starts_application(&rig, 8 * TICKS_PER_SECOND));
    rig_assert_clean(&rig);
}

#define STATE_TEST(name) cmocka_unit_test_teardown(name, back_to_the_slow_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(each_state_takes_the_requests_of_the_table_and_no_other),
        STATE_TEST(requests_of_every_good_length_are_taken),
        STATE_TEST(requests_of_a_bad_length_are_errors_in_every_state),
        STATE_TEST(requests_in_the_wrong_direction_are_errors_in_every_state),
        STATE_TEST(blocks_out_of_sequence_are_errors_in_every_state),
        STATE_TEST(requests_that_dfu_does_not_have_are_errors_in_every_state),
        STATE_TEST(requests_to_others_leave_the_state_alone),
        STATE_TEST(an_empty_block_is_an_error_in_dfu_idle),
        STATE_TEST(clrstatus_clears_the_status_too),
        STATE_TEST(block_numbers_wrap_around),
        STATE_TEST(a_bus_reset_leads_to_dfu_idle),
        STATE_TEST(a_bus_reset_after_a_whole_download_leads_to_the_application),
        STATE_TEST(every_state_can_be_left_for_another_download),
        STATE_TEST(poll_timeouts_are_never_longer_than_what_is_left),
        STATE_TEST(a_host_that_waits_exactly_as_told_may_ask_again),
        STATE_TEST(a_quick_manifestation_is_over_with_the_first_status),
        STATE_TEST(detach_is_answered_and_then_leaves),
        STATE_TEST(a_refused_detach_leaves_nowhere),
        STATE_TEST(a_device_that_has_finished_leaves_for_the_application),
    };
    return cmocka_run_group_tests(tests, take_snapshots, free_snapshots);
}
