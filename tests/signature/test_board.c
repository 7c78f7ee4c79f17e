/* The verifier on the virtual board, where numbers are those of the real processor: right, quick, small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board/board.h"
#include "curve.h"
#include "files/image.h"
#include "firmware.h"
#include "signer.h"
#include "vectors.h"

enum {
    KEY = 32,
    KIB = 1024,
    CYCLES_PER_US = 72,
    RAM_AT = 0x20000000,
    PATTERN = 0xA5,
    RFC_VECTORS = 5,
    GENUINE = 12,
    LARGE = 16 * KIB,
};

static struct {
    uint8_t flash[MAX_FLASH];
    uint32_t at; /* of the next record */
    bool genuine[MOST_RECORDS];
    unsigned count;
    struct board *board;
    const struct report *report;
} the;

static void add_record(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message,
                       uint32_t length, bool genuine)
{
    struct record *record = (struct record *)&the.flash[the.at];

    assert_true(the.count < MOST_RECORDS);
    assert_true(curve_key(&record->key, key));
    memcpy(record->signature, signature, sizeof record->signature);
    record->length = length;
    memcpy(record + 1, message, length);
    the.at += (uint32_t)sizeof *record + (length + 3) / 4 * 4;
    the.genuine[the.count++] = genuine;
}

static void add_vectors(void)
{
    static struct vector vectors[RFC_VECTORS];
    unsigned count = vectors_read("tests/signature/rfc8032.txt", vectors, RFC_VECTORS);

    for (unsigned i = 0; i < count; i++) {
        struct vector *v = &vectors[i];

        add_record(v->key, v->signature, v->message, v->length, true);
        v->signature[i * 13]++;
        add_record(v->key, v->signature, v->message, v->length, false);
    }
}

/* OpenSSL's signatures, and the same with S + L. */
static void add_signatures(void)
{
    static uint8_t message[LARGE];
    uint8_t signature[64];

    noise(message, sizeof message, 1);
    for (unsigned i = 0; i < GENUINE; i++) {
        struct signer signer = signer_new(i);
        uint32_t length = i == 0 ? LARGE : i * 61;

        signer_sign(&signer, message, length, signature);
        add_record(signer.encoded, signature, message, length, true);
        assert_true(scalar_add_order(signature + KEY, 1));
        if (i > 0)
            add_record(signer.encoded, signature, message, length, false);
        signer_free(&signer);
    }
}

/* R = 0 in canonical form, then in others; then the S that takes longest. */
static void add_encodings(void)
{
    const uint8_t zero[KEY] = {0}, message[] = "message";
    struct signer signer = signer_new(1);
    uint8_t r[KEY], signature[64];

    curve_torsion(r, 0);
    forge(signature, r, zero, signer.encoded, signer.scalar, message, sizeof message);
    add_record(signer.encoded, signature, message, sizeof message, true);
    for (unsigned i = 0; i < NOT_CANONICAL; i++) {
        curve_not_canonical(r, i);
        forge(signature, r, zero, signer.encoded, signer.scalar, message, sizeof message);
        add_record(signer.encoded, signature, message, sizeof message, false);
    }
    memset(signature + KEY, 0xff, KEY);
    add_record(signer.encoded, signature, message, sizeof message, false);
    signer_free(&signer);
}

static void load(const char *firmware)
{
    char error[512];
    struct image image = {0};

    if (!image_add(&image, firmware, FLASH_BASE, error, sizeof error) ||
        !image_burn(&image, the.flash, sizeof the.flash, 1024, 0xFF, error, sizeof error))
        fail_msg("%s", error);
    image_free(&image);
}

static int run(void **state)
{
    const struct board_info *info = board_find("BLUEPILL");
    struct chip_config config = board_default_config(info);

    (void)state;
    memset(the.flash, 0xff, sizeof the.flash);
    load("build/host/signature/firmware.elf");
    the.at = RECORDS_AT - FLASH_BASE;
    add_vectors();
    add_signatures();
    add_encodings();
    assert_true(the.at < config.flash_bytes);

    the.board = board_new(info, &config);
    the.board->stop_on_violation = true;
    the.board->stop_on_suspicion = true;
    flash_load(&the.board->chip, FLASH_BASE, the.flash, config.flash_bytes);
    board_power(the.board, true);
    memset(&the.board->chip.ram[REPORT_AT - RAM_AT], PATTERN, STACK_TOP - REPORT_AT);
    the.report = (const struct report *)&the.board->chip.ram[REPORT_AT - RAM_AT];
    for (unsigned i = 0; i < the.count && the.report->complete != 1; i++)
        board_run(the.board, TICKS_PER_SECOND);
    return 0;
}

static int end(void **state)
{
    (void)state;
    board_free(the.board);
    return 0;
}

static void the_board_says_what_the_pc_says(void **state)
{
    (void)state;
    if (board_failed(the.board))
        fail_msg("violation: %s", the.board->first_violation);
    assert_int_equal(the.report->complete, 1);
    assert_int_equal(the.report->done, the.count);
    for (unsigned i = 0; i < the.count; i++)
        if (the.report->outcomes[i].verdict != (the.genuine[i] ? ED25519_GENUINE : ED25519_FORGED))
            fail_msg("record %u: verdict %u, but genuine: %d", i, the.report->outcomes[i].verdict,
                     the.genuine[i]);
}

static void row(const char *what, double figure, const char *unit, double limit)
{
    printf("%-40s %8.1f %s, at most %g\n", what, figure, unit, limit);
    assert_true(figure <= limit);
}

static void time_is_within_limits(void **state)
{
    uint32_t curve = 0, longest = the.report->longest_preparation, hashing = 0;

    (void)state;
    for (unsigned i = 0; i < the.count; i++) {
        const struct outcome *outcome = &the.report->outcomes[i];

        curve = outcome->curve > curve ? outcome->curve : curve;
        longest = outcome->longest_step > longest ? outcome->longest_step : longest;
        hashing = outcome->hashing > hashing ? outcome->hashing : hashing;
    }
    row("hashing, a KiB", (double)hashing / CYCLES_PER_US / (LARGE / KIB), "us", 4000);
    row("the first block, once", (double)the.report->preparation / CYCLES_PER_US / 1000, "ms", 60);
    row("after the message", (double)curve / CYCLES_PER_US / 1000, "ms", 250);
    row("longest step", (double)longest / CYCLES_PER_US, "us", 100);
}

static void the_stack_stays_small(void **state)
{
    const uint8_t *ram = &the.board->chip.ram[REPORT_AT - RAM_AT];
    uint32_t at = sizeof(struct report);

    (void)state;
    while (ram[at] == PATTERN)
        at++;
    row("stack", STACK_TOP - REPORT_AT - at, "bytes", 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_board_says_what_the_pc_says),
        cmocka_unit_test(time_is_within_limits),
        cmocka_unit_test(the_stack_stays_small),
    };

    return cmocka_run_group_tests(tests, run, end);
}
