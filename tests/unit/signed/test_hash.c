/* SHA-512 as the core has it, handed more at once than the core itself does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "signed/sha512.h"

enum { BLOCK = 128, LENGTH = 3 * BLOCK + 50 };

static void a_message_may_come_in_one_piece(void **state)
{
    uint8_t message[LENGTH], expected[SHA512_DIGEST_LENGTH], digest[SHA512_DIGEST_LENGTH] = {0};

    (void)state;
    for (uint32_t i = 0; i < LENGTH; i++)
        message[i] = (uint8_t)(i * i + i / BLOCK);
    SHA512(message, LENGTH, expected);
    sha512_begin();
    sha512_add(message, LENGTH);
    while (!sha512_step() || !sha512_end()) {}
    while (!sha512_step()) {}
    for (uint32_t bit = 0; bit < 8 * SHA512_DIGEST_LENGTH; bit++)
        digest[bit / 8] |= (uint8_t)(sha512_bit(bit) << bit % 8);
    assert_memory_equal(digest, expected, sizeof digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_may_come_in_one_piece)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
