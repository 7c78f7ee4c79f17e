/* SHA-512, small. FIPS 180-4 names the variables. */
#include "sha512.h"

enum {
    BLOCK = 128,
    LENGTH_AT = 112,
    WORDS = 16,
    ROUNDS = 80,
    ROUNDS_PER_STEP = 8,
    LAST_BYTE = 8 * ROUNDS - 1
};

static struct {
    uint64_t h[8];
    uint64_t w[ROUNDS];
    /* a to h of the last round; those of the next begin one place before, so that b to d and f to h need no
     * moving */
    uint64_t working[ROUNDS + 8];
    uint32_t length; /* of the message, bytes */
    uint32_t left;   /* rounds */
    uint32_t bits;   /* of the message, once it is ending */
    uint8_t padding; /* the next byte of it */
} hash;

/* Fractional parts of the square and cube roots of the first primes: FIPS 180-4, 5.3.5 and 4.2.3. */
// clang-format off
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint64_t k[ROUNDS] = {
    0x6c44198c4a475817, 0x5fcb6fab3ad6faec, 0x597f299cfc657e2a, 0x4cc5d4becb3e42b6,
    0x431d67c49c100d4c, 0x3c9ebe0a15c9bebc, 0x32caab7b40c72493, 0x28db77f523047d84,
    0x1b710b35131c471b, 0x113f9804bef90dae, 0x0a637dc5a2c898a6, 0x06f067aa72176fba,
    0xf57d4f7fee6ed178, 0xeada7dd6cde0eb1e, 0xd186b8c721c0c207, 0xca273eceea26619c,
    0xc67178f2e372532b, 0xbef9a3f7b2c67915, 0xa4506cebde82bde9, 0x90befffa23631e28,
    0x8cc702081a6439ec, 0x84c87814a1f0ab72, 0x78a5636f43172f60, 0x748f82ee5defb2fc,
    0x682e6ff3d6b2b8a3, 0x5b9cca4f7763e373, 0x4ed8aa4ae3418acb, 0x391c0cb3c5c95a63,
    0x34b0bcb5e19b48a8, 0x2748774cdf8eeb99, 0x1e376c085141ab53, 0x19a4c116b8d2d0c8,
    0x106aa07032bbd1b8, 0xf40e35855771202a, 0xd69906245565a910, 0xd192e819d6ef5218,
    0xc76c51a30654be30, 0xc24b8b70d0f89791, 0xa81a664bbc423001, 0xa2bfe8a14cf10364,
    0x92722c851482353b, 0x81c2c92e47edaee6, 0x766a0abb3c77b2a8, 0x650a73548baf63de,
    0x53380d139d95b3df, 0x4d2c6dfc5ac42aed, 0x2e1b21385c26c926, 0x27b70a8546d22ffc,
    0x142929670a0e6e70, 0x06ca6351e003826f, 0xd5a79147930aa725, 0xc6e00bf33da88fc2,
    0xbf597fc7beef0ee4, 0xb00327c898fb213f, 0xa831c66d2db43210, 0x983e5152ee66dfab,
    0x76f988da831153b5, 0x5cb0a9dcbd41fbd4, 0x4a7484aa6ea6e483, 0x2de92c6f592b0275,
    0x240ca1cc77ac9c65, 0x0fc19dc68b8cd5b5, 0xefbe4786384f25e3, 0xe49b69c19ef14ad2,
    0xc19bf174cf692694, 0x9bdc06a725c71235, 0x80deb1fe3b1696b1, 0x72be5d74f27b896f,
    0x550c7dc3d5ffb4e2, 0x243185be4ee4b28c, 0x12835b0145706fbe, 0xd807aa98a3030242,
    0xab1c5ed5da6d8118, 0x923f82a4af194f9b, 0x59f111f1b605d019, 0x3956c25bf348b538,
    0xe9b5dba58189dbbc, 0xb5c0fbcfec4d3b2f, 0x7137449123ef65cd, 0x428a2f98d728ae22,
};
// clang-format on

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are filled and read byte by byte");

/* Byte n of a row of 64-bit words that the standard has with the most significant byte first. */
static uint32_t in_memory(uint32_t n)
{
    return n ^ 7;
}

void sha512_begin(void)
{
    for (uint32_t i = 0; i < 8; i++)
        hash.h[i] = initial[i];
    hash.length = hash.left = 0;
    hash.padding = 0x80;
}

/* The lower half of x rotated right by n, of its halves; the upper one with the halves exchanged. */
__attribute__((always_inline)) static inline uint32_t rotated(uint32_t low, uint32_t high, uint32_t n)
{
    return n < 32 ? low >> n ^ high << (32 - n) : high >> (n - 32) ^ low << (64 - n);
}

/* x rotated right three times, all combined: Sigma of the standard, sigma but for its shift. */
__attribute__((always_inline)) static inline uint64_t sigma(uint64_t x, uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 32);

    return (uint64_t)(rotated(high, low, a) ^ rotated(high, low, b) ^ rotated(high, low, c)) << 32 |
           (rotated(low, high, a) ^ rotated(low, high, b) ^ rotated(low, high, c));
}

bool sha512_step(void)
{
    uint64_t *w = &hash.w[hash.left];
    uint64_t *v = &hash.working[hash.left];
    const uint64_t *constant = &k[hash.left];

    if (!hash.left)
        return true;
    if (hash.left == ROUNDS)
        for (uint32_t i = 0; i < 8; i++)
            v[i] = hash.h[i];
    do {
        w--;
        if (hash.left <= ROUNDS - WORDS) {
            uint64_t x = w[15], y = w[2];

            w[0] = w[16] + w[7] + (sigma(x, 1, 8, 7) ^ x << 57) + (sigma(y, 19, 61, 6) ^ y << 58);
        }

        uint64_t a = v[0], e = v[4];
        uint64_t t1 = v[7] + sigma(e, 14, 18, 41) + (v[6] ^ (e & (v[5] ^ v[6]))) + *--constant + w[0];
        uint64_t t2 = sigma(a, 28, 34, 39) + ((a & v[1]) | (v[2] & (a | v[1])));

        v[3] += t1;
        *--v = t1 + t2;
    } while (--hash.left % ROUNDS_PER_STEP);
    if (!hash.left)
        for (uint32_t i = 0; i < 8; i++)
            hash.h[i] += v[i];
    return !hash.left;
}

void sha512_add(const uint8_t *bytes, uint32_t length)
{
    while (length--) {
        while (hash.left)
            sha512_step();
        ((uint8_t *)hash.w)[LAST_BYTE - hash.length++ % BLOCK] = *bytes++;
        if (hash.length % BLOCK == 0)
            hash.left = ROUNDS;
    }
}

bool sha512_end(void)
{
    if (hash.padding) {
        hash.bits = hash.length * 8;
    } else if (hash.length % BLOCK == LENGTH_AT) {
        hash.w[ROUNDS - WORDS + 1] = 0;
        hash.w[ROUNDS - WORDS] = hash.bits;
        hash.left = ROUNDS;
        return true;
    }
    sha512_add(&hash.padding, 1);
    hash.padding = 0;
    return false;
}

bool sha512_bit(uint32_t bit)
{
    return ((const uint8_t *)hash.h)[in_memory(bit / 8)] >> bit % 8 & 1;
}
