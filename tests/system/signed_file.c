/* See signed_file.h. */
#include "signed_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

enum { VENDOR = 0x1209, PRODUCT = 0xDB42, SECRET = 32 };

_Static_assert(sizeof(struct trailer_head) == TRAILER - SIGNATURE, "as in docs/signing.md");

static const char maker_path[] = "tests/maker.pem";

struct trailer_head trailer_of(const char *target, uint32_t app_base, uint32_t length, uint16_t version)
{
    struct trailer_head trailer = {"", app_base, VENDOR, PRODUCT, "", length, version, 0};

    memcpy(trailer.magic, "DBS1", sizeof trailer.magic);
    memcpy(trailer.board, target, strcspn(target, "_"));
    return trailer;
}

static void sign_with(EVP_PKEY *key, uint8_t *file, uint32_t length, const struct trailer_head *trailer)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t room = SIGNATURE;

    memcpy(file + length - TRAILER, trailer, sizeof *trailer);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, file + length - SIGNATURE, &room, file, length - SIGNATURE), 1);
    EVP_MD_CTX_free(context);
}

void sign(uint8_t *file, uint32_t length, const struct trailer_head *trailer)
{
    static EVP_PKEY *maker;

    if (!maker) {
        FILE *pem = fopen(maker_path, "r");

        maker = pem ? PEM_read_PrivateKey(pem, NULL, NULL, NULL) : NULL;
        if (!maker)
            fail_msg("%s cannot be read", maker_path);
        (void)fclose(pem);
    }
    sign_with(maker, file, length, trailer);
}

void sign_as_stranger(uint8_t *file, uint32_t length, const struct trailer_head *trailer)
{
    static const uint8_t secret[SECRET] = "somebody else";
    EVP_PKEY *stranger = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);

    sign_with(stranger, file, length, trailer);
    EVP_PKEY_free(stranger);
}
