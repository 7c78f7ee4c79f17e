/* SHA-512, small. FIPS 180-4 names the variables. */
#include "sha512.h"

#include "big.h" // BIG

#include "cube_root.h" // cube_root_step

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
    uint64_t w[ROUNDS]; /* the last round's first: the message's bytes follow each other downwards */
    /*
     * a to h of the last round; those of the next begin one place before, so that b
     * to d and f to h need no moving
     */
    uint64_t working[ROUNDS + 8];
    uint32_t length; /* of the message, bytes */
    uint32_t left;   /* rounds */
    uint32_t bits;   /* of the message, once it is ending */
    uint8_t padding; /* the next byte of it */
} hash BIG;

/* Of the rounds, the last one's first: computed when they are first needed. */
static uint64_t k[ROUNDS] BIG;
static uint32_t constants;

/* Fractional parts of the square roots of the first primes: FIPS 180-4, 5.3.5. */
// clang-format off
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
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

/* One half of a word rotated right by n, not 0 or 32, of its halves. */
__attribute__((always_inline)) static inline uint32_t rotated(uint32_t same, uint32_t other, uint32_t n)
{
    uint32_t below = n < 32 ? same : other, above = n < 32 ? other : same;

    return below >> n % 32 ^ above << (32 - n % 32);
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
    if (constants < ROUNDS) {
        constants += cube_root_step(&k[ROUNDS - 1 - constants]);
        return false;
    }
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
