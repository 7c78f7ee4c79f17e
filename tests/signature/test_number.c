/* Arithmetic on 256 bits, where carries are rare: edges and noise, against OpenSSL's big numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>

#include "number.h"
#include "signer.h"

enum { BYTES = sizeof(number), EDGES = 24, NOISY = 400, SAMPLES = EDGES + NOISY };

static BN_CTX *context;
static BIGNUM *p;
static number samples[SAMPLES];

static BIGNUM *big(const uint32_t *a)
{
    return BN_lebin2bn((const uint8_t *)a, BYTES, NULL);
}

/* 2^power + offset, modulo 2^256. */
static void edge(uint32_t *a, int power, int offset)
{
    BIGNUM *value = BN_new(), *limit = BN_new();

    BN_set_bit(limit, NUMBER_BITS);
    BN_set_bit(value, power);
    offset < 0 ? BN_sub_word(value, (BN_ULONG)-offset) : BN_add_word(value, (BN_ULONG)offset);
    BN_nnmod(value, value, limit, context);
    BN_bn2lebinpad(value, (uint8_t *)a, BYTES);
    BN_free(value);
    BN_free(limit);
}

static int set_up(void **state)
{
    static const struct {
        int power, offset;
    } edges[EDGES] = {{0, -1},    {0, 0},     {0, 1},     {0, 18},    {0, 37},   {31, 0},
                      {32, -1},   {32, 0},    {64, -1},   {128, 0},   {224, -1}, {255, -20},
                      {255, -19}, {255, -18}, {255, -1},  {255, 0},   {255, 18}, {256, -40},
                      {256, -39}, {256, -38}, {256, -37}, {256, -19}, {256, -2}, {256, -1}};

    (void)state;
    context = BN_CTX_new();
    p = BN_new();
    BN_set_bit(p, 255);
    BN_sub_word(p, 19);
    for (int i = 0; i < EDGES; i++)
        edge(samples[i], edges[i].power, edges[i].offset);
    noise((uint8_t *)samples[EDGES], (size_t)NOISY * BYTES, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    BN_free(p);
    BN_CTX_free(context);
    return 0;
}

/* r is the expected number modulo p; frees it. */
static void assert_congruent(const uint32_t *r, BIGNUM *expected)
{
    BIGNUM *difference = big(r);

    BN_mod_sub(difference, difference, expected, p, context);
    assert_true(BN_is_zero(difference));
    BN_free(difference);
    BN_free(expected);
}

static void check_add(const uint32_t *a, const uint32_t *b, int factor)
{
    BIGNUM *expected = big(b), *other = big(a);
    number r;

    BN_mul_word(expected, (BN_ULONG)(factor < 0 ? -factor : factor));
    BN_set_negative(expected, factor < 0);
    BN_add(expected, expected, other);
    BN_free(other);
    number_add(r, a, b, factor);
    assert_congruent(r, expected);
}

static void sums_and_multiples(void **state)
{
    static const int factors[] = {1, -1, 38, 121665, -121665};

    (void)state;
    for (int i = 0; i < SAMPLES; i++)
        for (int j = 0; j < EDGES + 16; j++)
            for (unsigned k = 0; k < sizeof factors / sizeof factors[0]; k++)
                check_add(samples[i], samples[j], factors[k]);
}

static void products(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++)
        for (int j = 0; j < EDGES + 16; j++) {
            BIGNUM *a = big(samples[i]), *b = big(samples[j]), *expected = BN_new();
            number r;

            BN_mul(expected, a, b, context);
            BN_free(a);
            BN_free(b);
            number_multiply(r, samples[i], samples[j]);
            assert_congruent(r, expected);
        }
}

static void results_may_replace_operands(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        number expected, r;

        number_multiply(expected, samples[i], samples[i]);
        memcpy(r, samples[i], BYTES);
        number_multiply(r, r, r);
        assert_memory_equal(r, expected, BYTES);
        number_add(expected, samples[i], samples[i], 121665);
        memcpy(r, samples[i], BYTES);
        number_add(r, r, r, 121665);
        assert_memory_equal(r, expected, BYTES);
    }
}

static void subtracts_what_is_not_more(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++)
        for (int j = 0; j < SAMPLES; j++) {
            BIGNUM *a = big(samples[i]), *b = big(samples[j]);
            number r, expected;
            bool can = BN_cmp(a, b) >= 0;

            if (can)
                BN_sub(a, a, b);
            BN_bn2lebinpad(a, (uint8_t *)expected, BYTES);
            memcpy(r, samples[i], BYTES);
            assert_int_equal(number_subtract(r, samples[j]), can);
            assert_memory_equal(r, expected, BYTES);
            BN_free(a);
            BN_free(b);
        }
}

static void bits_count_from_the_least(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        BIGNUM *a = big(samples[i]);

        for (int bit = 0; bit < NUMBER_BITS; bit++)
            assert_int_equal(number_bit(samples[i], (uint32_t)bit), BN_is_bit_set(a, bit));
        BN_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_multiples),           cmocka_unit_test(products),
        cmocka_unit_test(results_may_replace_operands), cmocka_unit_test(subtracts_what_is_not_more),
        cmocka_unit_test(bits_count_from_the_least),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
