/*
 * libFuzzer against the verifier of signatures: whatever key, message and signature come out of its bytes,
 * OpenSSL must say the same. Made of them are signatures that are right, nearly right, and right but for
 * their form, because noise alone never gets far.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "signer.h"

enum { KEY = 32, SIGNATURE = 64, SIGNERS = 8, CHANGE = 3 };

enum kind { RAW = 1, WITHOUT_R = 2, WITHOUT_A = 4, OTHER_R = 8, OTHER_A = 16, CHANGED_R = 32 };

/* The head of an input; messages follow. RAW: key and signature do, too. */
struct recipe {
    uint8_t kind;        /* enum kind */
    uint8_t signers;     /* whose A, whose R */
    uint8_t torsion;     /* added to A and to R */
    uint8_t orders;      /* added to S */
    uint8_t encoding;    /* of R or A that is not canonical; or which bit of R to change before the hash */
    uint8_t changes;     /* bytes at the end that say what to change */
    uint8_t piece;       /* of the message, in bytes */
    uint8_t interrupted; /* steps of a verification before */
};

struct signature {
    uint8_t key[KEY], bytes[SIGNATURE];
};

static const uint8_t zero[KEY];

static const struct signer *signer(unsigned n)
{
    static struct signer signers[SIGNERS];

    if (!signers[n % SIGNERS].pair)
        signers[n % SIGNERS] = signer_new(n % SIGNERS);
    return &signers[n % SIGNERS];
}

/* A point of small order, plus that signer's if `whole`. */
static void point(uint8_t encoded[KEY], unsigned torsion, bool whole, const struct signer *whose)
{
    curve_torsion(encoded, torsion % TORSION_POINTS);
    if (whole)
        curve_add(encoded, encoded, whose->encoded);
}

static void make(struct signature *made, const struct recipe *recipe, const uint8_t *message, size_t length)
{
    const struct signer *maker = signer(recipe->signers), *nonce = signer(recipe->signers >> 4);
    bool with_r = !(recipe->kind & WITHOUT_R), with_a = !(recipe->kind & WITHOUT_A);

    point(made->key, recipe->torsion, with_a, maker);
    point(made->bytes, recipe->torsion >> 4, with_r, nonce);
    if (recipe->kind & OTHER_R && !with_r)
        curve_not_canonical(made->bytes, recipe->encoding % NOT_CANONICAL);
    if (recipe->kind & OTHER_A && !with_a)
        curve_not_canonical(made->key, recipe->encoding % NOT_CANONICAL);
    if (recipe->kind & CHANGED_R)
        made->bytes[recipe->encoding / 8] ^= (uint8_t)(1 << recipe->encoding % 8);
    forge(made->bytes, made->bytes, with_r ? nonce->scalar : zero, made->key, with_a ? maker->scalar : zero,
          message, length);
    scalar_add_order(made->bytes + KEY, recipe->orders % 16);
}

static void check(const struct signature *made, const struct recipe *recipe, const uint8_t *message,
                  size_t length)
{
    struct ed25519_key key;

    if (!curve_key(&key, made->key)) {
        if (openssl_accepts(made->key, made->bytes, message, length))
            abort();
        return;
    }
    ed25519_begin(&signer(0)->key, made->bytes);
    for (unsigned i = 0; i < recipe->interrupted && ed25519_step() == ED25519_WORKING; i++) {}

    bool ours = we_accept(&key, made->bytes, message, length, recipe->piece);

    if (ours != openssl_accepts(made->key, made->bytes, message, length)) {
        fprintf(stderr, "we %s, OpenSSL does not agree\n", ours ? "accept" : "refuse");
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recipe recipe;
    struct signature made;

    if (size < sizeof recipe)
        return 0;
    memcpy(&recipe, data, sizeof recipe);
    data += sizeof recipe;
    size -= sizeof recipe;
    if (recipe.kind & RAW) {
        if (size < sizeof made)
            return 0;
        memcpy(&made, data, sizeof made);
        check(&made, &recipe, data + sizeof made, size - sizeof made);
        return 0;
    }

    size_t changes = recipe.changes % 4;

    if (size < changes * CHANGE)
        return 0;
    size -= changes * CHANGE;
    make(&made, &recipe, data, size);
    for (const uint8_t *change = data + size; changes; changes--, change += CHANGE)
        ((uint8_t *)&made)[(change[0] << 8 | change[1]) % sizeof made] ^= change[2];
    check(&made, &recipe, data, size);
    return 0;
}
