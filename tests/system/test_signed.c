/*
 * Signed firmware on the real image: what is accepted, what is refused and why, and what a board keeps of it.
 */
#include "signed_test.h"

/* What is accepted --------------------------------------------------------------------------------------- */

static void a_signed_image_is_accepted_on_every_board(void **state)
{
    (void)state;
    for (const char *const *target = rig_signed_targets(); *target; target++) {
        use(*target);
        uint8_t *file = rig_application(&rig, LENGTH, 1);

        enter();
        accepted(file, LENGTH);
        assert_log((const uint16_t[]){FIRST_VERSION}, 1);
        if (!starts())
            fail_msg("%s: the application does not start", what);
        rig_assert_clean(&rig);
        in_flash(file, LENGTH);
        put_away(NULL);
        free(file);
    }
}

/* Trailers at every place of a page, also where the first page ends, which waits in RAM. */
static void its_length_does_not_matter(void **state)
{
    static const uint32_t lengths[] = {4, 8, 40, 100, 104, 108, 200, 204, 400};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        for (unsigned i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
            if (!rig_deep() && i % KINDS != kind)
                continue;
            uint32_t length = rig.transfer_size * (1 + i % 2) + lengths[i / 2];
            uint8_t *file = rig_application(&rig, length, i);

            enter();
            accepted(file, length);
            in_flash(file, length);
            free(file);
        }
        put_away(NULL);
    }
}

static void the_smallest_and_the_largest_are_accepted(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint32_t least = APPLICATION_LOOP + 4 + TRAILER;
        uint8_t *small = rig_application(&rig, least, 1), *large = rig_application(&rig, rig.app_bytes, 2);

        enter();
        accepted(small, least);
        in_flash(small, least);
        accepted(large, rig.app_bytes);
        in_flash(large, rig.app_bytes);
        assert_log((const uint16_t[]){FIRST_VERSION}, 1);
        put_away(NULL);
        free(small);
        free(large);
    }
}

static void blocks_of_any_size_will_do(void **state)
{
    static const uint32_t blocks[] = {1000, 512, 64, 10};

    (void)state;
    use("BLUEPILL_SIGNED");
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        uint8_t *file = rig_application(&rig, LENGTH, i);

        enter();
        assert_true(dfu_download(&rig, file, LENGTH, blocks[i]).done);
        in_flash(file, LENGTH);
        free(file);
    }
}

/* What is refused ---------------------------------------------------------------------------------------- */

static uint8_t *copy_of(const uint8_t *file, uint32_t length)
{
    uint8_t *copy = malloc(length + rig.transfer_size);

    memcpy(copy, file, length);
    memset(copy + length, 0xFF, rig.transfer_size);
    return copy;
}

/* A board with an application of version 5 on it, which is sent `length` bytes of `file`: nothing starts but
 * what is genuine. */
static void refused_and_harmless(const char *how, const uint8_t *file, uint32_t length, uint8_t status,
                                 const char *reason)
{
    uint8_t *good = rig_application(&rig, LENGTH, 1);
    char text[128];

    rig_sign(&rig, good, LENGTH, 5);
    enter();
    accepted(good, LENGTH);
    what = text;
    (void)snprintf(text, sizeof text, "%s: %s", rig.target, how);
    enter();
    refused_as(file, length, status, reason);
    if (starts() && memcmp(rig_flash(&rig, rig.app_base) + START_WORDS + HIDDEN, good + START_WORDS + HIDDEN,
                           LENGTH - START_WORDS - HIDDEN) != 0)
        fail_msg("%s: something is started that nobody signed", what);
    /* and the next one is taken */
    enter();
    accepted(good, LENGTH);
    if (!starts())
        fail_msg("%s: the next one does not start", what);
    assert_log((const uint16_t[]){5}, 1);
    what = rig.target;
    free(good);
}

/* `file` as it is, `length` of it, is not accepted; and is if it is signed. */
static void every_wrong_file(void)
{
    enum { PAGE_2 = 2 * KIB + 300, VERSION = 6 };
    uint8_t *good = rig_application(&rig, LENGTH, 2);
    struct trailer_head right = trailer_of(rig.target, rig.app_base, LENGTH, VERSION), trailer;
    uint8_t *file;

    rig_sign(&rig, good, LENGTH, VERSION);

    refused_and_harmless("no trailer", good, LENGTH - TRAILER, errFILE, not_signed);
    refused_and_harmless("the signature is missing", good, LENGTH - SIGNATURE, errFILE, not_signed);
    refused_and_harmless("the last word is missing", good, LENGTH - 4, errFILE, not_signed);
    refused_and_harmless("the last byte is missing", good, LENGTH - 1, errFILE, not_signed);
    refused_and_harmless("half is missing", good, LENGTH / 2, errFILE, not_signed);
    refused_and_harmless("less than a trailer", good, TRAILER - 4, errFILE, not_signed);

    file = copy_of(good, LENGTH);
    refused_and_harmless("a byte too many", file, LENGTH + 1, errFILE, not_signed);
    refused_and_harmless("a word too many", file, LENGTH + 4, errFILE, not_signed);
    refused_and_harmless("a page too many", file, LENGTH + rig.transfer_size, errFILE, not_signed);

#define SIGNED_FOR(field, value, status, reason)                                                             \
    trailer = right;                                                                                         \
    trailer.field = value;                                                                                   \
    sign(file, LENGTH, &trailer);                                                                            \
    refused_and_harmless("signed with another " #field, file, LENGTH, status, reason)

    SIGNED_FOR(magic[3], '2', errFILE, not_signed);
    SIGNED_FOR(address, right.address + 0x1000, errFILE, not_signed);
    SIGNED_FOR(vendor, 0x1208, errFILE, not_signed);
    SIGNED_FOR(product, 0xDB43, errFILE, not_signed);
    SIGNED_FOR(board[0], 'X', errFILE, not_signed);
    SIGNED_FOR(board[BOARD_BYTES - 1], 'X', errFILE, not_signed);
    SIGNED_FOR(length, LENGTH - 4, errFILE, not_signed);
    SIGNED_FOR(length, LENGTH + 4, errFILE, not_signed);
    SIGNED_FOR(version, 4, errVENDOR, older);
    SIGNED_FOR(version, 0, errVENDOR, older);

    sign_as_stranger(file, LENGTH, &right);
    refused_and_harmless("signed by somebody else", file, LENGTH, errVENDOR, forged);
    memset(file + LENGTH - SIGNATURE, 0, SIGNATURE);
    refused_and_harmless("a signature of zeros", file, LENGTH, errVENDOR, forged);

    static const uint32_t flipped[] = {
        8, 100, PAGE_2, LENGTH - TRAILER - 1, LENGTH - SIGNATURE, LENGTH - 32, LENGTH - 1};

    for (unsigned i = 0; i < sizeof flipped / sizeof flipped[0]; i++) {
        memcpy(file, good, LENGTH);
        file[flipped[i]] ^= 1u << i % 8;
        refused_and_harmless("a bit is flipped", file, LENGTH, errVENDOR, forged);
    }
    memcpy(file, good, LENGTH);
    file[LENGTH - SIGNATURE - 4] ^= 1; /* a newer version than was signed */
    refused_and_harmless("another version than was signed", file, LENGTH, errVENDOR, forged);
    free(file);

    file = rig_application(&rig, LENGTH, 3); /* another image, with the trailer of this one */
    memcpy(file + LENGTH - TRAILER, good + LENGTH - TRAILER, TRAILER);
    refused_and_harmless("the signature of another image", file, LENGTH, errVENDOR, forged);
    free(file);
    free(good);
}

static void nothing_but_what_the_maker_signed_for_this_product_is_accepted(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < (rig_deep() ? KINDS : 1); kind++) {
        use(kinds[kind]);
        every_wrong_file();
        put_away(NULL);
    }
}

/* The maker signed it, but it would start with what nobody signed. */
static void an_image_that_starts_in_its_trailer_or_behind_is_refused(void **state)
{
    static const int entries[] = {
        LENGTH - TRAILER, LENGTH - TRAILER + 4, LENGTH - 4, LENGTH, LENGTH + KIB, 0x3000, -2 * KIB};

    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        struct trailer_head right = trailer_of(rig.target, rig.app_base, LENGTH, 5);

        for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++) {
            uint8_t *file = rig_application(&rig, LENGTH, i);
            uint32_t reset = rig.app_base + (uint32_t)entries[i] + 1;

            memcpy(file + 4, &reset, sizeof reset);
            sign(file, LENGTH, &right);
            if (entries[i] < 0) { /* not even an application */
                enter();
                assert_int_equal(send(file, LENGTH).last.bStatus, errTARGET);
                assert_true(starts()); /* the one before */
            } else {
                refused_and_harmless("its entry is behind the program", file, LENGTH, errFILE, not_signed);
            }
            free(file);
        }
        /* the last instruction of the program is its own */
        uint8_t *file = rig_application(&rig, LENGTH, 1);
        uint32_t reset = rig.app_base + LENGTH - TRAILER - 2 + 1;

        memcpy(file + 4, &reset, sizeof reset);
        sign(file, LENGTH, &right);
        enter();
        accepted(file, LENGTH);
        free(file);
        put_away(NULL);
    }
}

/* What a refused download left in the area is gone when a shorter genuine image is valid. */
static void nothing_of_a_forged_image_stays_behind_a_shorter_genuine_one(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint32_t pages = (LENGTH + rig.transfer_size - 1) / rig.transfer_size * rig.transfer_size;
        uint32_t long_length[] = {pages + 4 * KIB + 100, rig.app_bytes};

        for (unsigned i = 0; i < 2; i++) {
            uint8_t *wrong = rig_application(&rig, long_length[i], 7 + i), *good = version(3);

            rig_sign(&rig, wrong, long_length[i], 3);
            wrong[long_length[i] - 1] ^= 1;
            enter();
            refused_as(wrong, long_length[i], errVENDOR, forged);
            assert_memory_equal(rig_flash(&rig, rig.app_base + pages), wrong + pages, KIB);
            accepted(good, LENGTH);
            for (uint32_t at = LENGTH; at < rig.app_bytes; at++)
                if (*rig_flash(&rig, rig.app_base + at) != 0xFF)
                    fail_msg("%s: the byte at 0x%08X was not erased", what, rig.app_base + at);
            if (!starts())
                fail_msg("%s: the genuine image does not start", what);
            assert_log((const uint16_t[]){3}, 1);
            free(wrong);
            free(good);
        }
        put_away(NULL);
    }
}

/* No forged image gets as far as the first page: in the high variants, there is always a reset vector. */
static void a_forged_image_leaves_the_first_page_alone(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        use(kinds[kind]);
        uint8_t *good = rig_application(&rig, LENGTH, 1), before[2 * KIB];
        uint64_t erases;

        enter();
        accepted(good, LENGTH);
        enter();
        memcpy(before, rig_flash(&rig, rig.app_base), rig.transfer_size);
        erases = rig.board->chip.flash.erases;
        good[100] ^= 1; /* only the first page differs */
        refused_as(good, LENGTH, errVENDOR, forged);
        assert_memory_equal(before, rig_flash(&rig, rig.app_base), rig.transfer_size);
        assert_int_equal(erases, rig.board->chip.flash.erases);
        assert_true(starts());
        free(good);
        put_away(NULL);
    }
}

/* A host that resets the bus, aborts, or never asks: a forged image is not started by that. */
static void no_way_out_of_dfu_mode_starts_a_forged_image(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned way = 0; way < 3; way++) {
            use(kinds[kind]);
            uint8_t *file = rig_application(&rig, LENGTH, 1);
            uint16_t block = 0;

            file[LENGTH - 1] ^= 1;
            enter();
            for (uint32_t at = 0; at < LENGTH; at += rig.transfer_size, block++) {
                uint32_t left = LENGTH - at, now = left < rig.transfer_size ? left : rig.transfer_size;

                assert_true(dfu_send_block(&rig, block, file + at, (uint16_t)now));
            }
            assert_int_equal(dfu_send(&rig, DFU_DNLOAD, block, NULL, 0), USB_DONE);
            board_press(rig.board, false);
            if (way == 1)
                usb_host_reset(rig.host, 10);
            if (way == 2)
                assert_int_equal(dfu_send(&rig, DFU_ABORT, 0, NULL, 0), USB_DONE);
            assert_false(rig_starts_application(&rig, 10 * TICKS_PER_SECOND));
            rig_assert_clean(&rig);
            assert_false(starts());
            put_away(NULL);
            free(file);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, put_away)
    const struct CMUnitTest tests[] = {
        TEST(a_signed_image_is_accepted_on_every_board),
        TEST(its_length_does_not_matter),
        TEST(the_smallest_and_the_largest_are_accepted),
        TEST(blocks_of_any_size_will_do),
        TEST(nothing_but_what_the_maker_signed_for_this_product_is_accepted),
        TEST(an_image_that_starts_in_its_trailer_or_behind_is_refused),
        TEST(nothing_of_a_forged_image_stays_behind_a_shorter_genuine_one),
        TEST(a_forged_image_leaves_the_first_page_alone),
        TEST(no_way_out_of_dfu_mode_starts_a_forged_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
