/* SHA-512 alone, against FIPS 180-4's examples and OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "sha512.h"
#include "signer.h"

enum { DIGEST = SHA512_DIGEST_LENGTH, BLOCK = 128 };

static void digest_now(uint8_t digest[DIGEST])
{
    while (!sha512_step() || !sha512_end()) {}
    while (!sha512_step()) {}
    memset(digest, 0, DIGEST);
    for (uint32_t bit = 0; bit < 8 * DIGEST; bit++)
        digest[bit / 8] |= (uint8_t)(sha512_bit(bit) << bit % 8);
}

static void assert_digest(const char *expected)
{
    uint8_t digest[DIGEST];
    char hex[2 * DIGEST + 1];

    digest_now(digest);
    for (int i = 0; i < DIGEST; i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
    assert_string_equal(hex, expected);
}

static void add_text(const char *text)
{
    sha512_add((const uint8_t *)text, (uint32_t)strlen(text));
}

static void examples_of_the_standard(void **state)
{
    (void)state;
    sha512_begin();
    add_text("abc");
    assert_digest("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    sha512_begin();
    add_text("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
             "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu");
    assert_digest("8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
}

static void a_million_letters(void **state)
{
    (void)state;
    sha512_begin();
    for (int i = 0; i < 100000; i++)
        add_text("aaaaaaaaaa");
    assert_digest("e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                  "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

static void every_length_is_as_openssl_has_it(void **state)
{
    enum { MOST = 5 * BLOCK };
    uint8_t message[MOST], expected[DIGEST], digest[DIGEST];

    (void)state;
    noise(message, sizeof message, 1);
    for (uint32_t length = 0; length <= MOST; length++) {
        SHA512(message, length, expected);
        sha512_begin();
        sha512_add(message, length);
        digest_now(digest);
        assert_memory_equal(digest, expected, DIGEST);
    }
}

/* Pieces of every size, with as many steps between them as a bootloader happens to do. */
static void pieces_and_steps_do_not_matter(void **state)
{
    enum { LENGTH = 3 * BLOCK + 50 };
    uint8_t message[LENGTH], expected[DIGEST], digest[DIGEST];

    (void)state;
    noise(message, sizeof message, 2);
    SHA512(message, LENGTH, expected);
    for (uint32_t piece = 1; piece <= LENGTH; piece++)
        for (uint32_t steps = 0; steps < 12; steps += piece % 3 + 1) {
            sha512_begin();
            for (uint32_t at = 0; at < LENGTH; at += piece) {
                sha512_add(message + at, at + piece <= LENGTH ? piece : LENGTH - at);
                for (uint32_t i = 0; i < steps; i++)
                    sha512_step();
            }
            digest_now(digest);
            assert_memory_equal(digest, expected, DIGEST);
        }
}

static void a_new_message_forgets_the_old_one(void **state)
{
    uint8_t message[2 * BLOCK];

    (void)state;
    noise(message, sizeof message, 3);
    for (uint32_t length = 0; length < sizeof message; length++) {
        sha512_begin();
        sha512_add(message, length);
        sha512_step();
        sha512_begin();
        add_text("abc");
        assert_digest("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_standard),          cmocka_unit_test(a_million_letters),
        cmocka_unit_test(every_length_is_as_openssl_has_it), cmocka_unit_test(pieces_and_steps_do_not_matter),
        cmocka_unit_test(a_new_message_forgets_the_old_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
