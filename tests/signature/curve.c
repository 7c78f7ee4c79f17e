/* RFC 8032, 5.1, written with OpenSSL's big numbers. */
#include "curve.h"

#include <assert.h>
#include <string.h>

#include <openssl/bn.h>

enum { COORDINATE_BITS = 255, ENCODED = 32, DIGEST = 64 };

struct point {
    BIGNUM *x, *y;
};

static const char p_hex[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
static const char order_hex[] = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

static struct {
    BN_CTX *context;
    BIGNUM *p, *d, *order;
} the;

static void start(void)
{
    if (the.context)
        return;

    BIGNUM *divisor = NULL;

    the.context = BN_CTX_new();
    BN_hex2bn(&the.p, p_hex);
    BN_hex2bn(&the.order, order_hex);
    BN_dec2bn(&the.d, "-121665");
    BN_dec2bn(&divisor, "121666");
    BN_mod_inverse(divisor, divisor, the.p, the.context);
    BN_mod_mul(the.d, the.d, divisor, the.p, the.context);
    BN_free(divisor);
}

static BIGNUM *product(const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *r = BN_CTX_get(the.context);

    BN_mod_mul(r, a, b, the.p, the.context);
    return r;
}

static BIGNUM *sum(const BIGNUM *a, const BIGNUM *b)
{
    BIGNUM *r = BN_CTX_get(the.context);

    BN_mod_add(r, a, b, the.p, the.context);
    return r;
}

static BIGNUM *one_and(const BIGNUM *a, int sign)
{
    BIGNUM *r = BN_CTX_get(the.context);

    BN_one(r);
    (sign > 0 ? BN_mod_add : BN_mod_sub)(r, r, a, the.p, the.context);
    return r;
}

static BIGNUM *inverse(const BIGNUM *a)
{
    BIGNUM *r = BN_CTX_get(the.context);

    BN_mod_inverse(r, a, the.p, the.context);
    return r;
}

/* 5.1.3, but y may be p or more, and x = 0 have a sign. */
static bool decode(struct point *point, const uint8_t encoded[32])
{
    uint8_t bytes[ENCODED];
    int odd = encoded[ENCODED - 1] >> 7;

    memcpy(bytes, encoded, ENCODED);
    bytes[ENCODED - 1] &= 0x7f;
    point->x = BN_CTX_get(the.context);
    point->y = BN_CTX_get(the.context);
    BN_lebin2bn(bytes, ENCODED, point->y);
    BN_nnmod(point->y, point->y, the.p, the.context);

    BIGNUM *y2 = product(point->y, point->y);
    BIGNUM *u = one_and(y2, -1); /* of -x^2 v, so that -u / v is the square */
    BIGNUM *square = product(u, inverse(one_and(product(the.d, y2), 1)));

    BN_mod_sub(square, the.p, square, the.p, the.context);
    if (!BN_mod_sqrt(point->x, square, the.p, the.context))
        return false;
    if (BN_is_odd(point->x) != odd)
        BN_mod_sub(point->x, the.p, point->x, the.p, the.context);
    return true;
}

static void encode(uint8_t encoded[32], const struct point *point)
{
    BN_bn2lebinpad(point->y, encoded, ENCODED);
    encoded[ENCODED - 1] |= (uint8_t)(BN_is_odd(point->x) << 7);
}

bool curve_key(struct ed25519_key *key, const uint8_t encoded[32])
{
    struct point point;

    start();
    BN_CTX_start(the.context);
    bool good = decode(&point, encoded);

    if (good) {
        BN_mod_sub(point.x, the.p, point.x, the.p, the.context);
        memcpy(key->encoded, encoded, ENCODED);
        BN_bn2lebinpad(point.x, (uint8_t *)key->minus_x, ENCODED);
    }
    BN_CTX_end(the.context);
    return good;
}

/* 5.1.4 in plain coordinates; complete. */
void curve_add(uint8_t encoded[32], const uint8_t a[32], const uint8_t b[32])
{
    struct point p, q, r;

    start();
    BN_CTX_start(the.context);
    bool points = decode(&p, a) && decode(&q, b);

    assert(points);
    BIGNUM *xx = product(p.x, q.x), *yy = product(p.y, q.y);
    BIGNUM *dxy = product(the.d, product(xx, yy));

    r.x = product(sum(product(p.x, q.y), product(q.x, p.y)), inverse(one_and(dxy, 1)));
    r.y = product(sum(yy, xx), inverse(one_and(dxy, -1)));
    encode(encoded, &r);
    BN_CTX_end(the.context);
}

void curve_torsion(uint8_t point[32], unsigned n)
{
    static const uint8_t of_order_8[ENCODED] = {
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};

    memset(point, 0, ENCODED);
    point[0] = 1;
    for (unsigned i = 0; i < n; i++)
        curve_add(point, point, of_order_8);
}

unsigned curve_not_canonical(uint8_t encoded[32], unsigned which)
{
    /* first byte, those between, last */
    static const uint8_t bytes[NOT_CANONICAL][3] = {
        {0x01, 0x00, 0x80}, /* y = 1, x = 0 but odd */
        {0xee, 0xff, 0x7f}, /* y = p + 1 */
        {0xee, 0xff, 0xff}, /* both */
        {0xec, 0xff, 0xff}, /* y = -1, x = 0 but odd */
        {0xed, 0xff, 0x7f}, /* y = p */
        {0xed, 0xff, 0xff},
    };
    uint8_t canonical[ENCODED], torsion[ENCODED], neutral[ENCODED];
    unsigned n = 0;

    encoded[0] = bytes[which][0];
    memset(encoded + 1, bytes[which][1], ENCODED - 2);
    encoded[ENCODED - 1] = bytes[which][2];

    curve_torsion(neutral, 0);
    curve_add(canonical, encoded, neutral);
    assert(memcmp(canonical, encoded, ENCODED) != 0);
    do {
        assert(n < TORSION_POINTS);
        curve_torsion(torsion, n);
    } while (memcmp(canonical, torsion, ENCODED) != 0 && ++n);
    return n;
}

static BIGNUM *number(const uint8_t *bytes, int length)
{
    return BN_lebin2bn(bytes, length, BN_CTX_get(the.context));
}

void scalar_respond(uint8_t s[32], const uint8_t r[32], const uint8_t digest[64], const uint8_t a[32])
{
    start();
    BN_CTX_start(the.context);
    BIGNUM *result = BN_CTX_get(the.context);

    BN_mod_mul(result, number(digest, DIGEST), number(a, ENCODED), the.order, the.context);
    BN_mod_add(result, result, number(r, ENCODED), the.order, the.context);
    BN_bn2lebinpad(result, s, ENCODED);
    BN_CTX_end(the.context);
}

bool scalar_add_order(uint8_t s[32], unsigned times)
{
    start();
    BN_CTX_start(the.context);
    BIGNUM *result = number(s, ENCODED);

    for (unsigned i = 0; i < times; i++)
        BN_add(result, result, the.order);
    bool fits = BN_num_bytes(result) <= ENCODED;

    if (fits)
        BN_bn2lebinpad(result, s, ENCODED);
    BN_CTX_end(the.context);
    return fits;
}

unsigned scalar_modulo_8(const uint8_t digest[64])
{
    start();
    BN_CTX_start(the.context);
    BIGNUM *k = number(digest, DIGEST);

    BN_nnmod(k, k, the.order, the.context);
    unsigned result = (unsigned)BN_mod_word(k, TORSION_POINTS);

    BN_CTX_end(the.context);
    return result;
}
