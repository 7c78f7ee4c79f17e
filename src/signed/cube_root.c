/*
 * Cube roots of primes by Newton's method, without division: y approaches 1/cbrt(n), as y (4 -
 * n y^3) / 3, and the root is n y^2. Fixed point with 96 bits after the point, so some 20 of
 * them may be wrong in the end.
 */
#include "cube_root.h"

#include "big.h" // BIG

#include "number.h" // number_*

enum {
    FRACTION = 3, /* words after the point */
    USED = FRACTION + 1,
    THIRD = 0x55555555,     /* each of these words of 1/3 */
    BEGINNING = 0xC0000000, /* 1/cbrt(2) is 0.79; each prime is the beginning for the next */
    STEPS = 7,              /* so that each of the first 80 primes has its 64 bits; 6 are too few */
};

static struct {
    number y, t, four, third;
    uint32_t n;
    uint32_t left; /* steps */
} root BIG;

/* r = a * b */
static void multiply(uint32_t *r, const uint32_t *a, const uint32_t *b)
{
    number product;

    number_multiply(product, a, b);
    for (uint32_t i = 0; i < USED; i++)
        r[i] = product[i + FRACTION];
}

static bool is_prime(uint32_t n)
{
    for (uint32_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return false;
    return true;
}

static void begin(void)
{
    root.n = 1;
    root.four[FRACTION] = 4;
    for (uint32_t i = 0; i < FRACTION; i++)
        root.third[i] = THIRD;
    root.y[FRACTION - 1] = BEGINNING;
}

bool cube_root_step(uint64_t *fraction)
{
    uint32_t *y = root.y, *t = root.t;

    if (root.n == 0)
        begin();
    if (root.left == 0) {
        do
            root.n++;
        while (!is_prime(root.n));
        root.left = STEPS;
    }
    multiply(t, y, y);
    if (--root.left == 0) {
        number_add(t, t, t, (int32_t)root.n - 1);
        *fraction = (uint64_t)t[FRACTION - 1] << 32 | t[FRACTION - 2];
        return true;
    }
    multiply(t, t, y);
    number_add(t, t, t, (int32_t)root.n - 1);
    number_add(t, root.four, t, -1);
    multiply(t, t, root.third);
    multiply(y, y, t);
    return false;
}
