/* The constants of SHA-512 as FIPS 180-4, 4.2.3, defines them, with OpenSSL's big numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/bn.h>

#include "cube_root.h"

enum { CONSTANTS = 80, SCALE = 64 };

static uint64_t next_constant(void)
{
    uint64_t fraction = 0;

    while (!cube_root_step(&fraction)) {}
    return fraction;
}

/* cube of root <= prime 2^(3 SCALE) < cube of root + 1 */
static bool is_root(const BIGNUM *root, unsigned prime, BN_CTX *context)
{
    BIGNUM *target = BN_new(), *cube = BN_new(), *above = BN_dup(root);
    bool good;

    BN_set_word(target, prime);
    BN_lshift(target, target, 3 * SCALE);
    BN_sqr(cube, root, context);
    BN_mul(cube, cube, root, context);
    good = BN_cmp(cube, target) <= 0;
    BN_add_word(above, 1);
    BN_sqr(cube, above, context);
    BN_mul(cube, cube, above, context);
    good = good && BN_cmp(cube, target) > 0;
    BN_free(target);
    BN_free(cube);
    BN_free(above);
    return good;
}

static void roots_of_the_first_primes(void **state)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *root = BN_new();
    unsigned prime = 1, whole = 1;

    (void)state;
    for (unsigned i = 0; i < CONSTANTS; i++) {
        do {
            prime++;
            BN_set_word(root, prime);
        } while (BN_check_prime(root, context, NULL) != 1);
        while ((whole + 1) * (whole + 1) * (whole + 1) <= prime)
            whole++;
        BN_set_word(root, whole);
        BN_lshift(root, root, SCALE);
        BN_add_word(root, next_constant());
        if (!is_root(root, prime, context))
            fail_msg("constant %u, of %u, is wrong", i, prime);
    }
    BN_free(root);
    BN_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_of_the_first_primes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
