/*
 * Every host: one that is pulled out, resets, suspends, forgets, hurries or dawdles, at every
 * step of a download and inside its data stages. Nothing is violated, nothing half is ever
 * started, and the next download works.
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

enum { KIB = 1024, OLD = 7000, NEW = 4 * KIB + 500, NEXT = KIB + 77 };
enum { HOOK_BYTES = 8, HIDDEN = 28 };

static const char *const variants[] = {"BLUEPILL", "BLUEPILL_4K", "BLUEPILL_HIGH_128"};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* The _4K variant is another's code, linked elsewhere: with DEEP=1. */
static bool is_due(const char *variant)
{
    return rig_deep() || !strstr(variant, "_4K");
}

static struct rig rig;
static uint8_t *old, *new, *next; /* what is there, what is sent, what is sent after the trouble */
static char what[160];

/* The bench ---------------------------------------------------------------------------------------------- */

static bool high(void)
{
    return rig.app_base == FLASH_BASE;
}

/* With a whole vector table: reserved words are 0. */
static uint8_t *application(uint32_t length, unsigned seed)
{
    uint8_t *image = rig_application(&rig, length, seed);

    memset(image + HIDDEN, 0, 16);
    return image;
}

static void use_chip(const char *target, const struct chip_config *config)
{
    rig = rig_new_with(target, config);
    old = application(OLD, 1);
    new = application(NEW, 2);
    next = application(NEXT, 3);
    snprintf(what, sizeof what, "%s", target);
}

static void use(const char *target)
{
    struct chip_config config = rig_config(target);
    use_chip(target, &config);
}

static int finish(void **state)
{
    (void)state;
    if (rig.board)
        rig_free(&rig);
    rig.board = NULL;
    free(old);
    free(new);
    free(next);
    old = new = next = NULL;
    return 0;
}

static bool holds(const uint8_t *image, uint32_t length)
{
    const uint8_t *flash = rig_flash(&rig, rig.app_base);

    if (!high())
        return memcmp(flash, image, length) == 0;
    return memcmp(flash + HIDDEN, image, 8) == 0 && memcmp(flash + 8, image + 8, HIDDEN - 8) == 0 &&
           memcmp(flash + HIDDEN + 8, image + HIDDEN + 8, length - HIDDEN - 8) == 0;
}

static void burn_old(void)
{
    uint32_t from = high() ? HIDDEN + 8 : 0;

    rig_burn(&rig, rig.app_base + from, old + from, OLD - from);
    if (high()) {
        rig_burn(&rig, FLASH_BASE + HOOK_BYTES, old + HOOK_BYTES, HIDDEN - HOOK_BYTES);
        rig_burn(&rig, FLASH_BASE + HIDDEN, old, 8);
    }
}

static void enter(void)
{
    board_press(rig.board, true);
    if (!rig_enter_dfu(&rig)) {
        rig_power_cycle(&rig);
        if (!rig_enter_dfu(&rig))
            fail_msg("%s: no DFU device on the bus", what);
    }
    board_press(rig.board, false);
}

static void expect_clean(void)
{
    if (rig.board->failed)
        fail_msg("%s: violation: %s", what, rig.board->first_violation);
    rig_assert_clean(&rig);
}

static bool is_whole(void)
{
    return holds(old, OLD) || holds(new, NEW);
}

/* What would start now is whole. */
static void expect_nothing_half(void)
{
    void *now = board_save(rig.board);

    rig_power_cycle(&rig);
    bool starts = rig_starts_application(&rig, 30 * TICKS_PER_MILLISECOND);
    if (starts && !is_whole())
        fail_msg("%s: half an application would be started", what);
    if (!starts && !rig_enter_dfu(&rig))
        fail_msg("%s: neither an application nor the bootloader after power-up", what);
    rig_assert_clean(&rig);
    board_restore(rig.board, now);
    free(now);
}

/* As dfu-util does: to dfuIDLE from whatever state the device is in. */
static void to_idle(void)
{
    struct dfu_status status;

    for (unsigned tries = 0; tries < 10; tries++) {
        enum usb_host_status result = dfu_get_status(&rig, &status);

        if (result != USB_DONE)
            fail_msg("%s: the status cannot be read, %u", what, result);
        if (status.bState == dfuIDLE)
            return;
        if (status.bState == dfuERROR)
            dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0);
        else
            dfu_send(&rig, DFU_ABORT, 0, NULL, 0);
    }
    fail_msg("%s: no way back to dfuIDLE", what);
}

static void expect_next_download_works(void)
{
    enter();
    to_idle();
    struct dfu_result result = dfu_download(&rig, next, NEXT, KIB);
    if (!result.done)
        fail_msg("%s: the next download: status %u in state %u after %u bytes", what, result.last.bStatus,
                 result.last.bState, result.bytes);
    if (!holds(next, NEXT))
        fail_msg("%s: the next download arrived damaged", what);
    rig_power_cycle(&rig);
    if (!rig_starts_application(&rig, 100 * TICKS_PER_MILLISECOND))
        fail_msg("%s: what was downloaded next does not start", what);
    rig_assert_clean(&rig);
}

/* A download, transfer by transfer ----------------------------------------------------------------------- */

static struct session {
    uint32_t sent;
    uint16_t number;
    bool ask, finished; /* the next transfer asks for the status; the empty block was sent */
    bool done;
    uint32_t poll_ms; /* to be waited before the next transfer */
} session;

static uint16_t block_length(void)
{
    return NEW - session.sent < KIB ? NEW - session.sent : KIB;
}

static void send_block(void)
{
    uint16_t now = block_length();

    if (dfu_send(&rig, DFU_DNLOAD, session.number++, new + session.sent, now) != USB_DONE)
        fail_msg("%s: block %u of the download is refused", what, session.number - 1);
    session.sent += now;
    session.finished = now == 0;
    session.ask = true;
}

static void ask(void)
{
    struct dfu_status status;

    if (dfu_get_status(&rig, &status) != USB_DONE || status.bStatus != OK)
        fail_msg("%s: status %u in state %u after %u bytes", what, status.bStatus, status.bState,
                 session.sent);
    session.poll_ms = status.poll_ms;
    session.ask = status.bState != dfuDNLOAD_IDLE;
    session.done = session.finished && status.bState == dfuIDLE;
}

static void wait_as_told(void)
{
    rig_run_ms(&rig, session.poll_ms);
    session.poll_ms = 0;
}

static void transfer(void)
{
    wait_as_told();
    if (session.ask)
        ask();
    else
        send_block();
}

static void go_on(void)
{
    while (!session.done)
        transfer();
    if (!holds(new, NEW))
        fail_msg("%s: the image arrived damaged", what);
    rig_assert_clean(&rig);
}

static void begin_over_old(const char *target)
{
    use(target);
    burn_old();
    enter();
    session = (struct session){0};
}

/* At every step of it, and in the middle of every data stage: `trouble`, which must leave the board as it
 * likes, in a state from which everything goes on. */
static unsigned steps;

/* Of a data stage the beginning of each third packet, and before it: with DEEP=1. Else one of them, another
 * in each block. */
static bool is_part_due(unsigned part)
{
    enum { EVERY = 3, POINTS = 6 };

    if (part % EVERY != 1)
        return part == 0;
    return rig_deep() || part / EVERY == session.number % POINTS;
}

static void at_every_step(const char *target, const char *name, void (*trouble)(bool inside), bool pause)
{
    enum { SETUP_DATA_STATUS = 1 + KIB / 64 + 1 };

    begin_over_old(target);
    for (unsigned step = 0;; step++) {
        struct session then = session;
        void *board = board_save(rig.board);
        bool data = !session.ask && !session.done && block_length();

        for (unsigned part = 0; part < (data ? SETUP_DATA_STATUS : 1); part++) {
            if (!is_part_due(part))
                continue;
            snprintf(what, sizeof what, "%s: %s, step %u, transaction %u", target, name, step, part);
            wait_as_told();
            if (part) {
                const uint8_t setup[8] = {DFU_OUT, DFU_DNLOAD, session.number & 0xFF, 0,
                                          0,       0,          block_length() & 0xFF, block_length() >> 8};
                struct usb_transfer half = {.type = USB_CONTROL,
                                            .data = new + session.sent,
                                            .length = block_length(),
                                            .max_packet = 64};
                memcpy(half.setup, setup, sizeof setup);
                uint64_t until = rig.host->transactions + part;
                assert_true(usb_host_submit(rig.host, &half));
                for (unsigned us = 0; rig.host->transactions < until && us < 100000; us += 5)
                    board_run(rig.board, ticks_from_us(5));
                usb_host_cancel(rig.host, &half);
                if (pause)
                    rig_run_ms(&rig, 1); /* a host needs a frame to take a transfer back */
                trouble(true);
            } else {
                trouble(false);
            }
            expect_clean();
            expect_nothing_half();
            expect_next_download_works();
            steps++;
            board_restore(rig.board, board);
            session = then;
        }
        free(board);
        if (session.done)
            break;
        transfer();
    }
    finish(NULL);
}

static void for_every_variant(const char *name, void (*trouble)(bool inside))
{
    steps = 0;
    for (size_t i = 0; i < VARIANTS; i++)
        if (is_due(variants[i]))
            at_every_step(variants[i], name, trouble, true);
    print_message("%s: %u times\n", name, steps);
}

/* The device may have begun to leave after a whole download; it then starts what is whole. */
static void watch_ms(unsigned milliseconds)
{
    if (rig_starts_application(&rig, milliseconds * TICKS_PER_MILLISECOND) && !is_whole())
        fail_msg("%s: half an application was started", what);
}

/* Trouble ------------------------------------------------------------------------------------------------ */

static void unplugged(bool inside)
{
    (void)inside;
    board_plug(rig.board, false);
    watch_ms(700);
    board_plug(rig.board, true);
}

static void the_cable_may_be_pulled_at_every_step(void **state)
{
    (void)state;
    for_every_variant("unplugged", unplugged);
}

static void bus_reset(bool inside)
{
    (void)inside;
    usb_host_reset(rig.host, 10);
    watch_ms(700);
}

static void the_bus_may_be_reset_at_every_step(void **state)
{
    (void)state;
    for_every_variant("bus reset", bus_reset);
}

/* Two resets in a row, and no time between them and the next request: as a hasty hub does. */
static void bus_resets(bool inside)
{
    (void)inside;
    usb_host_reset(rig.host, 10);
    rig_run_ms(&rig, 3);
    usb_host_reset(rig.host, 50);
    rig_run_ms(&rig, 61);
}

static void the_bus_may_be_reset_twice_at_every_step(void **state)
{
    (void)state;
    for_every_variant("bus reset twice", bus_resets);
}

/* Between transfers a download goes on after it. */
static void suspended(bool inside)
{
    usb_host_suspend(rig.host);
    watch_ms(1000);
    if (rig.host->port != USB_PORT_SUSPENDED)
        return;
    usb_host_resume(rig.host);
    rig_run_ms(&rig, 35);
    if (!inside && !session.finished)
        go_on();
}

static void the_bus_may_be_suspended_at_every_step(void **state)
{
    (void)state;
    for_every_variant("suspended", suspended);
}

/* Long enough for the device to give up waiting for the last status; now and then for minutes. */
static void silent(bool inside)
{
    watch_ms(steps % 16 ? 6000 : 180000);
    if (!inside && !session.finished)
        go_on();
}

static void the_host_may_go_silent_for_minutes_at_every_step(void **state)
{
    (void)state;
    for_every_variant("silent", silent);
}

/* The first client goes away without a word; the second one finds the device as it is. */
static void second_client(bool inside)
{
    (void)inside;
    to_idle();
}

static void a_second_client_may_take_over_at_every_step(void **state)
{
    (void)state;
    for_every_variant("second client", second_client);
}

/* No host known takes a transfer back within the same frame. But a SETUP may come at any time (USB 2.0
 * 8.5.3), even while the packet before it is looked at. */
static void a_setup_may_follow_at_once_inside_a_data_stage(void **state)
{
    (void)state;
    steps = 0;
    at_every_step("BLUEPILL", "a SETUP at once", second_client, false);
}

/* The second one asks for all descriptors first, while the flash works. */
static void second_client_enumerates(bool inside)
{
    uint8_t data[256];

    (void)inside;
    if (usb_host_enumerate(rig.host) != USB_DONE)
        fail_msg("%s: the device does not enumerate", what);
    for (uint16_t string = 0; string < 5; string++)
        rig_request(&rig, 0x80, 6, 0x0300 | string, string ? 0x0409 : 0, sizeof data, data, NULL);
    rig_request(&rig, 0x80, 6, 0x0200, 0, sizeof data, data, NULL);
    rig_request(&rig, 0x80, 6, 0x0F00, 0, sizeof data, data, NULL);
    rig_assert_clean(&rig);
}

static void a_second_client_may_enumerate_at_every_step(void **state)
{
    (void)state;
    for_every_variant("second client enumerates", second_client_enumerates);
}

static void detached(bool inside)
{
    (void)inside;
    dfu_send(&rig, DFU_DETACH, 0, NULL, 0);
    watch_ms(700);
}

static void the_device_may_be_detached_at_every_step(void **state)
{
    (void)state;
    for_every_variant("detached", detached);
}

/* Given up and detached at once: the board starts anew with whatever is in flash. */
static void given_up_and_detached(bool inside)
{
    (void)inside;
    to_idle();
    dfu_send(&rig, DFU_DETACH, 0, NULL, 0);
    watch_ms(700);
}

static void a_download_may_be_given_up_and_the_device_detached_at_every_step(void **state)
{
    (void)state;
    for_every_variant("given up and detached", given_up_and_detached);
}

static void wrong_blocks(bool inside)
{
    static const uint16_t off[] = {0, 2, 3, 256, 65534}; /* from the last block: duplicated, skipped, ... */

    if (inside || session.ask || session.finished || !session.number)
        return;
    void *then = board_save(rig.board);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        struct dfu_status status;
        uint16_t number = session.number - 1 + off[i];

        if (number == session.number)
            continue;
        if (dfu_send(&rig, DFU_DNLOAD, number, new + session.sent, block_length()) != USB_STALLED)
            fail_msg("%s: block %u is taken for block %u", what, number, session.number);
        assert_int_equal(dfu_get_status(&rig, &status), USB_DONE);
        assert_int_equal(status.bStatus, errSTALLEDPKT);
        assert_int_equal(status.bState, dfuERROR);
        expect_nothing_half();
        if (i + 1 < sizeof off / sizeof *off)
            board_restore(rig.board, then);
    }
    free(then);
}

static void duplicated_and_skipped_blocks_are_refused_at_every_step(void **state)
{
    (void)state;
    for_every_variant("duplicated and skipped blocks", wrong_blocks);
}

/* Amid the work on the last page, millisecond by millisecond: the only time at which the high variant may
 * have no reset vector is one page erase and four half-words. */
static void give_up(unsigned way)
{
    if (way == 0) {
        to_idle();
    } else if (way == 1) {
        dfu_send(&rig, DFU_ABORT, 0, NULL, 0); /* stalls in dfuMANIFEST */
        dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0);
        dfu_send(&rig, DFU_DETACH, 0, NULL, 0);
    } else {
        usb_host_reset(rig.host, 10);
        rig_run_ms(&rig, 25);
        usb_host_enumerate(rig.host);
        dfu_send(&rig, DFU_ABORT, 0, NULL, 0);
        dfu_send(&rig, DFU_CLRSTATUS, 0, NULL, 0);
    }
}

static void a_download_may_be_given_up_at_every_moment_of_its_end(void **state)
{
    (void)state;
    enum { MOMENTS = 60, STEP_US = 1300, WAYS = 3 };

    for (size_t i = 0; i < VARIANTS; i++)
        for (unsigned way = 0; way < WAYS; way++) {
            if (!is_due(variants[i]))
                continue;
            begin_over_old(variants[i]);
            while (!session.finished)
                transfer();
            for (unsigned moment = 0; moment < MOMENTS; moment++) {
                if (!rig_deep() && moment % WAYS != way) {
                    board_run(rig.board, ticks_from_us(STEP_US));
                    continue;
                }
                void *board = board_save(rig.board);

                snprintf(what, sizeof what, "%s: given up in way %u, %u us after the empty block",
                         variants[i], way, moment * STEP_US);
                give_up(way);
                rig_assert_clean(&rig);
                watch_ms(700);
                expect_nothing_half();
                expect_next_download_works();
                board_restore(rig.board, board);
                free(board);
                board_run(rig.board, ticks_from_us(STEP_US));
            }
            finish(NULL);
        }
}

/* Hosts of their own kind -------------------------------------------------------------------------------- */

static void whole_download(const char *target, const char *kind, void (*set)(struct usb_host *host))
{
    begin_over_old(target);
    set(rig.host);
    snprintf(what, sizeof what, "%s: %s", target, kind);
    go_on();
    rig_power_cycle(&rig);
    if (!rig_starts_application(&rig, 100 * TICKS_PER_MILLISECOND))
        fail_msg("%s: the application does not start", what);
    rig_assert_clean(&rig);
    finish(NULL);
}

static void lose_frames(struct usb_host *host)
{
    host->sof_off = true;
}

static void storm(struct usb_host *host)
{
    host->nak_limit = UINT32_MAX;
}

static void one_try_a_frame(struct usb_host *host)
{
    host->nak_limit = 1;
}

static void dawdle(struct usb_host *host)
{
    host->turnaround = 50 * TICKS_PER_MILLISECOND;
}

static void hurry(struct usb_host *host)
{
    host->turnaround = 0;
}

static void hosts_of_every_kind_are_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        whole_download(variants[i], "no frames", lose_frames);
        whole_download(variants[i], "a storm of tokens", storm);
        whole_download(variants[i], "one token a frame", one_try_a_frame);
        whole_download(variants[i], "50 ms between transfers", dawdle);
        whole_download(variants[i], "no time between transfers", hurry);
    }
}

static void frames_lost(bool inside)
{
    (void)inside;
    rig.host->sof_off = true;
    watch_ms(500);
    rig.host->sof_off = false;
    rig_run_ms(&rig, 5);
    if (!inside && !session.finished)
        go_on();
}

static void frames_may_be_lost_at_every_step(void **state)
{
    (void)state;
    for_every_variant("frames lost", frames_lost);
}

/* Poll timeouts ------------------------------------------------------------------------------------------ */

/* How long the flash goes on with the page in work: until it turns to another
 * one, or rests for a millisecond. */
static ticks really_left(void)
{
    enum { STEP_US = 20, REST = 1000 / STEP_US, MOST_US = 2000000 };
    void *then = board_save(rig.board);
    const struct flash *flash = &rig.board->chip.flash;
    uint32_t page = flash->operation.address / KIB;
    ticks from = board_now(rig.board), last = from;

    for (unsigned us = 0, rest = 0; us < MOST_US && rest < REST; us += STEP_US) {
        board_run(rig.board, ticks_from_us(STEP_US));
        rest = chip_flash_is_busy(&rig.board->chip) ? 0 : rest + 1;
        if (!rest && flash->operation.address / KIB != page)
            break;
        if (!rest)
            last = board_now(rig.board);
    }
    board_restore(rig.board, then);
    free(then);
    return last - from;
}

/* Blank half-words are not programmed: they take no time. */
static void with_gaps(uint8_t *image)
{
    enum { WRITTEN = 100 };

    for (uint32_t i = 0; i < NEW; i++)
        if (i % KIB >= WRITTEN)
            image[i] = 0xFF;
}

/* A millisecond is rounding; the rest is how finely this is looked at. */
static void watch_polls(const char *image_kind)
{
    static const struct {
        uint32_t page_erase_us, half_word_ns;
    } times[] = {{20000, 40000}, {20000, 52500}, {40000, 70000}, {400000, 700000}};
    enum { ROUNDING_US = 1100, MOST = 1 << 30 };
    int most = -MOST;
    unsigned polls = 0;

    for (size_t i = 0; i < VARIANTS; i++)
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            for (unsigned blank = 0; blank < 2; blank++) {
                if (!is_due(variants[i]))
                    continue;
                struct chip_config config = rig_config(variants[i]);

                config.page_erase_us = times[t].page_erase_us;
                config.program_ns = times[t].half_word_ns;
                use_chip(variants[i], &config);
                if (*image_kind)
                    with_gaps(new);
                if (!blank)
                    burn_old();
                enter();
                session = (struct session){0};
                while (!session.done) {
                    transfer();
                    if (!session.poll_ms)
                        continue;
                    int over = (int)session.poll_ms * 1000 - (int)ticks_to_us(really_left());
                    polls++;
                    if (over > most)
                        most = over;
                    if (over > ROUNDING_US)
                        fail_msg("%s%s, erase %u us: told to wait %u ms, %d us more than is left", what,
                                 image_kind, times[t].page_erase_us, session.poll_ms, over);
                }
                finish(NULL);
            }
    print_message("%u polling timeouts%s, at most %d us longer than what was left\n", polls, image_kind,
                  most);
}

static void no_poll_timeout_is_longer_than_what_is_left(void **state)
{
    (void)state;
    watch_polls("");
}

static void no_poll_timeout_of_an_image_with_gaps_is_longer_than_what_is_left(void **state)
{
    (void)state;
    watch_polls(" (an image with gaps)");
}

#define TEST(name) cmocka_unit_test_teardown(name, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_cable_may_be_pulled_at_every_step),
        TEST(the_bus_may_be_reset_at_every_step),
        TEST(the_bus_may_be_reset_twice_at_every_step),
        TEST(the_bus_may_be_suspended_at_every_step),
        TEST(the_host_may_go_silent_for_minutes_at_every_step),
        TEST(a_second_client_may_take_over_at_every_step),
        TEST(a_setup_may_follow_at_once_inside_a_data_stage),
        TEST(a_second_client_may_enumerate_at_every_step),
        TEST(the_device_may_be_detached_at_every_step),
        TEST(a_download_may_be_given_up_and_the_device_detached_at_every_step),
        TEST(duplicated_and_skipped_blocks_are_refused_at_every_step),
        TEST(a_download_may_be_given_up_at_every_moment_of_its_end),
        TEST(hosts_of_every_kind_are_served),
        TEST(frames_may_be_lost_at_every_step),
        TEST(no_poll_timeout_is_longer_than_what_is_left),
        TEST(no_poll_timeout_of_an_image_with_gaps_is_longer_than_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
