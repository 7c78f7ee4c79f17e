/*
 * Keys and R of small and of mixed order, and in encodings that are not canonical: nobody's program makes
 * them, and verifiers differ on them. docs/signing.md says what was decided; OpenSSL says the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "curve.h"
#include "signer.h"

enum { KEY = 32, SIGNATURE = 64, MESSAGE = 40 };

static const uint8_t zero[KEY];

/* R = 0 can only be made with the private key, so it says what a signature says; S = k a. */
static void r_may_be_the_neutral_point_but_not_in_other_encodings(void **state)
{
    struct signer signer = signer_new(1000);
    uint8_t r[KEY], message[MESSAGE], signature[SIGNATURE];

    (void)state;
    noise(message, MESSAGE, 1);
    curve_torsion(r, 0);
    forge(signature, r, zero, signer.encoded, signer.scalar, message, MESSAGE);
    assert_true(accepted(signer.encoded, signature, message, MESSAGE));
    for (unsigned i = 0; i < NOT_CANONICAL; i++) {
        curve_not_canonical(r, i);
        forge(signature, r, zero, signer.encoded, signer.scalar, message, MESSAGE);
        assert_false(accepted(signer.encoded, signature, message, MESSAGE));
    }
    signer_free(&signer);
}

/*
 * R = r B + i T, A = a B + j T with T of order 8; with r or a 0 they have small order. Both sides of the
 * equation are compared as they are, not times 8, so all depends on i = -k j modulo 8.
 */
static void small_and_mixed_order_are_compared_without_cofactor(void **state)
{
    struct signer nonce = signer_new(1), signer = signer_new(2);
    uint8_t encoded_r[KEY], encoded_a[KEY], message[MESSAGE], signature[SIGNATURE];
    unsigned passed = 0;

    (void)state;
    for (unsigned n = 0; n < 4 * TORSION_POINTS * TORSION_POINTS; n++) {
        const unsigned i = n % TORSION_POINTS, j = n / TORSION_POINTS % TORSION_POINTS;
        const uint8_t *r = n & 2 * TORSION_POINTS * TORSION_POINTS ? zero : nonce.scalar;
        const uint8_t *a = n & TORSION_POINTS * TORSION_POINTS ? zero : signer.scalar;

        noise(message, MESSAGE, n);
        curve_torsion(encoded_r, i);
        if (r != zero)
            curve_add(encoded_r, encoded_r, nonce.encoded);
        curve_torsion(encoded_a, j);
        if (a != zero)
            curve_add(encoded_a, encoded_a, signer.encoded);

        unsigned k = forge(signature, encoded_r, r, encoded_a, a, message, MESSAGE);
        bool right = (i + k * j) % TORSION_POINTS == 0;

        assert_int_equal(accepted(encoded_a, signature, message, MESSAGE), right);
        passed += right;
    }
    assert_true(passed > 20 && passed < 100);
    signer_free(&nonce);
    signer_free(&signer);
}

/* A key's bytes are hashed as they are; such keys are refused by tools/public-key anyway. */
static void a_is_hashed_as_encoded(void **state)
{
    struct signer nonce = signer_new(1);
    uint8_t encoded[KEY], message[MESSAGE], signature[SIGNATURE];
    unsigned passed = 0;

    (void)state;
    for (unsigned n = 0; n < 8 * NOT_CANONICAL; n++) {
        noise(message, MESSAGE, n);

        unsigned j = curve_not_canonical(encoded, n % NOT_CANONICAL);
        unsigned k = forge(signature, nonce.encoded, nonce.scalar, encoded, zero, message, MESSAGE);
        bool right = k * j % TORSION_POINTS == 0;

        assert_int_equal(accepted(encoded, signature, message, MESSAGE), right);
        passed += right;
    }
    assert_true(passed > 0);
    signer_free(&nonce);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_may_be_the_neutral_point_but_not_in_other_encodings),
        cmocka_unit_test(small_and_mixed_order_are_compared_without_cofactor),
        cmocka_unit_test(a_is_hashed_as_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
