/* What makers sign passes: the vectors of RFC 8032, and OpenSSL's signatures of anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "curve.h"
#include "signer.h"
#include "vectors.h"

enum { KIB = 1024, RFC_VECTORS = 5, MANY = 3000, LARGE = 60, LARGEST = 100 * KIB };

static void vectors_of_rfc_8032(void **state)
{
    static struct vector vectors[RFC_VECTORS];

    (void)state;
    assert_int_equal(vectors_read("tests/signature/rfc8032.txt", vectors, RFC_VECTORS), RFC_VECTORS);
    for (int i = 0; i < RFC_VECTORS; i++)
        if (!accepted(vectors[i].key, vectors[i].signature, vectors[i].message, vectors[i].length))
            fail_msg("%s is refused", vectors[i].name);
}

static void vectors_of_rfc_8032_in_pieces_of_any_size(void **state)
{
    static struct vector vectors[RFC_VECTORS];
    struct ed25519_key key;

    (void)state;
    vectors_read("tests/signature/rfc8032.txt", vectors, RFC_VECTORS);
    for (int i = 0; i < RFC_VECTORS; i++) {
        const struct vector *v = &vectors[i];

        assert_true(curve_key(&key, v->key));
        for (uint32_t piece = 1; piece <= v->length; piece += 1 + piece / 16)
            assert_true(we_accept(&key, v->signature, v->message, v->length, piece));
    }
}

/* Another key each time. Every length up to 300 comes, so every way to end a block. */
static void many_short_messages(void **state)
{
    uint8_t message[300], signature[64];

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        struct signer signer = signer_new(i);
        size_t length = i % (sizeof message + 1);

        noise(message, length, i);
        signer_sign(&signer, message, length, signature);
        assert_true(we_accept(&signer.key, signature, message, length, 0));
        signer_free(&signer);
    }
}

static void messages_as_long_as_applications(void **state)
{
    uint8_t *message = malloc(LARGEST), signature[64];

    (void)state;
    for (unsigned i = 0; i < LARGE; i++) {
        struct signer signer = signer_new(i);
        size_t length = i ? LARGEST - (size_t)i * i * 28 : LARGEST;

        noise(message, length, i);
        signer_sign(&signer, message, length, signature);
        assert_true(we_accept(&signer.key, signature, message, length, i * 17));
        signer_free(&signer);
    }
    free(message);
}

/* As the bootloader does it: hashing in steps, half a block at a time. */
static void steps_between_pieces(void **state)
{
    uint8_t message[4 * KIB], signature[64];
    struct signer signer = signer_new(1);
    enum ed25519_verdict verdict;
    uint32_t steps = 0;

    (void)state;
    noise(message, sizeof message, 1);
    signer_sign(&signer, message, sizeof message, signature);
    ed25519_begin(&signer.key, signature);
    for (uint32_t at = 0; at < sizeof message; at += 64) {
        while (!ed25519_hashed())
            steps++;
        ed25519_message(message + at, 64);
    }
    assert_true(steps > sizeof message / 128);
    do
        verdict = ed25519_step();
    while (verdict == ED25519_WORKING);
    assert_int_equal(verdict, ED25519_GENUINE);
    signer_free(&signer);
}

/* A host may begin anew at any time. */
static void a_new_one_forgets_what_was_before(void **state)
{
    const uint8_t message[] = "application";
    uint8_t signature[64];
    struct signer signer = signer_new(1), other = signer_new(2);

    (void)state;
    signer_sign(&signer, message, sizeof message, signature);
    for (uint32_t steps = 0; steps < 12000; steps += 61) {
        ed25519_begin(&other.key, signature);
        ed25519_message(message, steps % sizeof message);
        for (uint32_t i = 0; i < steps && ed25519_step() == ED25519_WORKING; i++) {}
        assert_true(we_accept(&signer.key, signature, message, sizeof message, 0));
    }
    signer_free(&signer);
    signer_free(&other);
}

/* The signature may be in a buffer that is used again, and in the middle of a message of odd length. */
static void the_signature_is_copied(void **state)
{
    const uint8_t message[] = "application";
    uint8_t buffer[1 + 64];
    struct signer signer = signer_new(1);
    enum ed25519_verdict verdict;

    (void)state;
    signer_sign(&signer, message, sizeof message, buffer + 1);
    ed25519_begin(&signer.key, buffer + 1);
    memset(buffer, 0, sizeof buffer);
    ed25519_message(message, sizeof message);
    do
        verdict = ed25519_step();
    while (verdict == ED25519_WORKING);
    assert_int_equal(verdict, ED25519_GENUINE);
    signer_free(&signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_rfc_8032),
        cmocka_unit_test(vectors_of_rfc_8032_in_pieces_of_any_size),
        cmocka_unit_test(many_short_messages),
        cmocka_unit_test(messages_as_long_as_applications),
        cmocka_unit_test(steps_between_pieces),
        cmocka_unit_test(a_new_one_forgets_what_was_before),
        cmocka_unit_test(the_signature_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
