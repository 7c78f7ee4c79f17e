/* Signatures of OpenSSL's, and both verifiers' answers. */
#include "signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "curve.h"

enum { KEY = 32, SIGNATURE = 64 };

/* splitmix64 */
void noise(uint8_t *bytes, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        bytes[i] = (uint8_t)(z >> 56);
    }
}

struct signer signer_new(uint64_t seed)
{
    struct signer signer;
    uint8_t secret[KEY], hash[SHA512_DIGEST_LENGTH];
    size_t length = KEY;

    noise(secret, sizeof secret, seed);
    signer.pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
    assert_int_equal(EVP_PKEY_get_raw_public_key(signer.pair, signer.encoded, &length), 1);
    assert_true(curve_key(&signer.key, signer.encoded));

    SHA512(secret, sizeof secret, hash);
    memcpy(signer.scalar, hash, KEY);
    signer.scalar[0] &= 0xf8;
    signer.scalar[KEY - 1] = (signer.scalar[KEY - 1] & 0x7f) | 0x40;
    return signer;
}

void signer_free(struct signer *signer)
{
    EVP_PKEY_free(signer->pair);
}

void signer_sign(const struct signer *signer, const uint8_t *message, size_t length, uint8_t signature[64])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t room = SIGNATURE;

    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, signer->pair), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &room, message, length), 1);
    EVP_MD_CTX_free(context);
}

unsigned forge(uint8_t signature[64], const uint8_t encoded_r[32], const uint8_t r[32],
               const uint8_t encoded_a[32], const uint8_t a[32], const uint8_t *message, size_t length)
{
    uint8_t digest[SHA512_DIGEST_LENGTH];
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    EVP_DigestInit(context, EVP_sha512());
    EVP_DigestUpdate(context, encoded_r, KEY);
    EVP_DigestUpdate(context, encoded_a, KEY);
    EVP_DigestUpdate(context, message, length);
    EVP_DigestFinal(context, digest, NULL);
    EVP_MD_CTX_free(context);
    memmove(signature, encoded_r, KEY);
    scalar_respond(signature + KEY, r, digest, a);
    return scalar_modulo_8(digest);
}

bool openssl_accepts(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message,
                     size_t length)
{
    EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, KEY);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool accepts = EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
                   EVP_DigestVerify(context, signature, SIGNATURE, message, length) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public);
    return accepts;
}

bool we_accept(const struct ed25519_key *key, const uint8_t signature[64], const uint8_t *message,
               size_t length, size_t piece)
{
    enum ed25519_verdict verdict = ED25519_WORKING;

    ed25519_begin(key, signature);
    while (length) {
        size_t next = piece && piece < length ? piece : length;

        ed25519_message(message, (uint32_t)next);
        message += next;
        length -= next;
    }
    while (verdict == ED25519_WORKING)
        verdict = ed25519_step();
    return verdict == ED25519_GENUINE;
}

bool accepted(const uint8_t key[32], const uint8_t signature[64], const uint8_t *message, size_t length)
{
    struct ed25519_key ours;
    bool answer = curve_key(&ours, key) && we_accept(&ours, signature, message, length, 0);

    assert_int_equal(answer, openssl_accepts(key, signature, message, length));
    return answer;
}
