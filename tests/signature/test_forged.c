/*
 * What nobody signed does not pass, nor what was signed in another form; and OpenSSL says the same of
 * everything. docs/signing.md says what was decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "curve.h"
#include "signer.h"

enum { KEY = 32, SIGNATURE = 64, SAMPLES = 2, MESSAGE = 40, KIB = 1024 };

static const uint8_t order[KEY] = {0xed,
                                   0xd3,
                                   0xf5,
                                   0x5c,
                                   0x1a,
                                   0x63,
                                   0x12,
                                   0x58,
                                   0xd6,
                                   0x9c,
                                   0xf7,
                                   0xa2,
                                   0xde,
                                   0xf9,
                                   0xde,
                                   0x14,
                                   [KEY - 1] = 0x10};

struct sample {
    struct signer signer;
    uint8_t message[MESSAGE], signature[SIGNATURE];
};

static struct sample sample_new(unsigned i)
{
    struct sample sample = {.signer = signer_new(1000 + i)};

    noise(sample.message, MESSAGE, i);
    signer_sign(&sample.signer, sample.message, MESSAGE, sample.signature);
    return sample;
}

static bool passes(const struct sample *sample)
{
    return accepted(sample->signer.encoded, sample->signature, sample->message, MESSAGE);
}

static void flip(uint8_t *bytes, unsigned bit)
{
    bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static void every_bit_counts(uint8_t *bytes, size_t length, const struct sample *sample)
{
    for (unsigned bit = 0; bit < 8 * length; bit++) {
        flip(bytes, bit);
        if (passes(sample))
            fail_msg("bit %u does not count", bit);
        flip(bytes, bit);
    }
    assert_true(passes(sample));
}

static void every_bit_of_the_signature_counts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_new(i);

        every_bit_counts(sample.signature, SIGNATURE, &sample);
        signer_free(&sample.signer);
    }
}

static void every_bit_of_the_message_counts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_new(i);

        every_bit_counts(sample.message, MESSAGE, &sample);
        signer_free(&sample.signer);
    }
}

static void every_bit_of_the_key_counts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_new(i);

        every_bit_counts(sample.signer.encoded, KEY, &sample);
        signer_free(&sample.signer);
    }
}

static void no_message_may_be_longer_or_shorter(void **state)
{
    uint8_t message[2 * MESSAGE] = {0}, signature[SIGNATURE];
    struct signer signer = signer_new(1);

    (void)state;
    signer_sign(&signer, message, MESSAGE, signature);
    for (size_t length = 0; length < sizeof message; length++)
        assert_int_equal(accepted(signer.encoded, signature, message, length), length == MESSAGE);
    signer_free(&signer);
}

static void anothers_signature_is_not_the_makers(void **state)
{
    struct sample sample = sample_new(1), other = sample_new(2);

    (void)state;
    assert_false(accepted(sample.signer.encoded, other.signature, other.message, MESSAGE));
    assert_false(accepted(sample.signer.encoded, other.signature, sample.message, MESSAGE));
    /* halves of two good ones */
    memcpy(other.signature, sample.signature, KEY);
    assert_false(accepted(sample.signer.encoded, other.signature, sample.message, MESSAGE));
    signer_free(&sample.signer);
    signer_free(&other.signer);
}

/* S + L would be a second signature of the same message (RFC 8032 8.4). */
static void s_is_below_the_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        for (unsigned times = 1; times < 16; times++) {
            struct sample sample = sample_new(i);

            assert_true(scalar_add_order(sample.signature + KEY, times));
            assert_false(passes(&sample));
            signer_free(&sample.signer);
        }
}

/*
 * A bit of R is changed before the hash and S answers that hash, so that the sum is the R that was: all
 * depends on the comparison with R, which must look at every bit.
 */
static void every_bit_of_r_is_compared(void **state)
{
    struct sample sample = sample_new(1);
    struct signer nonce = signer_new(1);

    (void)state;
    forge(sample.signature, nonce.encoded, nonce.scalar, sample.signer.encoded, sample.signer.scalar,
          sample.message, MESSAGE);
    assert_true(passes(&sample));
    for (unsigned bit = 0; bit < 8 * KEY; bit++) {
        uint8_t r[KEY];

        memcpy(r, nonce.encoded, KEY);
        flip(r, bit);
        forge(sample.signature, r, nonce.scalar, sample.signer.encoded, sample.signer.scalar, sample.message,
              MESSAGE);
        if (passes(&sample))
            fail_msg("bit %u of R is not compared", bit);
    }
    signer_free(&nonce);
    signer_free(&sample.signer);
}

/* Whoever asks again gets the same answer. */
static void a_verdict_stays(void **state)
{
    enum { KINDS = 3, TIMES = 4 };

    (void)state;
    for (unsigned kind = 0; kind < KINDS * 4; kind++) {
        struct sample sample = sample_new(kind);
        enum ed25519_verdict verdict = ED25519_WORKING;

        if (kind % KINDS == 1)
            assert_true(scalar_add_order(sample.signature + KEY, 1));
        if (kind % KINDS == 2)
            flip(sample.signature, kind);
        ed25519_begin(&sample.signer.key, sample.signature);
        ed25519_message(sample.message, MESSAGE);
        while (verdict == ED25519_WORKING)
            verdict = ed25519_step();
        assert_int_equal(verdict, kind % KINDS == 0 ? ED25519_GENUINE : ED25519_FORGED);
        for (unsigned i = 0; i < TIMES; i++)
            assert_int_equal(ed25519_step(), verdict);
        signer_free(&sample.signer);
    }
}

/* R and S of all values that are special to someone, in all combinations. */
static void special_values(void **state)
{
    enum { VALUES = 14 };
    uint8_t values[VALUES][KEY] = {{0}};
    struct sample sample = sample_new(1);

    (void)state;
    values[1][0] = 1;
    memcpy(values[2], order, KEY);
    memcpy(values[3], order, KEY);
    values[3][0]--;
    memcpy(values[4], order, KEY);
    values[4][0]++;
    memset(values[5], 0xff, KEY);
    memset(values[6], 0xff, KEY);
    values[6][KEY - 1] = 0x7f;
    memcpy(values[7], values[6], KEY);
    values[7][0] = 0xed; /* p */
    memcpy(values[8], values[6], KEY);
    values[8][0] = 0xec; /* p - 1 */
    memcpy(values[9], values[6], KEY);
    values[9][0] = 0xee; /* p + 1 */
    values[10][KEY - 1] = 0x10;
    values[11][KEY - 1] = 0x80;
    memset(values[12], 0x66, KEY);
    values[12][0] = 0x58; /* the base point */
    memcpy(values[13], sample.signer.encoded, KEY);
    for (int r = 0; r < VALUES; r++)
        for (int s = 0; s < VALUES; s++) {
            memcpy(sample.signature, values[r], KEY);
            memcpy(sample.signature + KEY, values[s], KEY);
            assert_false(passes(&sample));
        }
    signer_free(&sample.signer);
}

/* Keys and signatures of noise, without anything to find in them. */
static void noise_is_no_signature(void **state)
{
    uint8_t key[KEY], message[MESSAGE], signature[SIGNATURE];

    (void)state;
    for (unsigned i = 0; i < KIB; i++) {
        noise(key, KEY, 3 * i);
        noise(message, MESSAGE, 3 * i + 1);
        noise(signature, SIGNATURE, 3 * i + 2);
        if (i % 2)
            signature[SIGNATURE - 1] &= 0x0f;
        assert_false(accepted(key, signature, message, MESSAGE));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_the_signature_counts),
        cmocka_unit_test(every_bit_of_the_message_counts),
        cmocka_unit_test(every_bit_of_the_key_counts),
        cmocka_unit_test(no_message_may_be_longer_or_shorter),
        cmocka_unit_test(anothers_signature_is_not_the_makers),
        cmocka_unit_test(s_is_below_the_order),
        cmocka_unit_test(every_bit_of_r_is_compared),
        cmocka_unit_test(a_verdict_stays),
        cmocka_unit_test(special_values),
        cmocka_unit_test(noise_is_no_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
