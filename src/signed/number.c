/* 256-bit arithmetic, small: one loop adds, subtracts, multiplies by a small factor and reduces. */
#include "number.h"

enum { FOLD = 38 /* 2^256 modulo p */ };

/* r = a + factor * b + carry; returns what is beyond 256 bits, which may be negative. */
static int32_t accumulate(uint32_t *r, const uint32_t *a, const uint32_t *b, int32_t factor, int32_t carry)
{
    int64_t sum = carry;

    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        sum += (int64_t)b[i] * factor + a[i];
        r[i] = (uint32_t)sum;
        sum >>= 32;
    }
    return (int32_t)sum;
}

void number_add(uint32_t *r, const uint32_t *a, const uint32_t *b, int32_t factor)
{
    int32_t carry = accumulate(r, a, b, factor, 0);

    while (carry)
        carry = accumulate(r, r, r, 0, FOLD * carry);
}

void number_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b)
{
    uint32_t product[2 * NUMBER_WORDS];

    for (uint32_t i = 0; i < 2 * NUMBER_WORDS; i++)
        product[i] = 0;
    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        uint32_t *at = &product[i];
        uint64_t carry = 0;

        if (!a[i])
            continue; /* small numbers are quicker */
        for (uint32_t j = 0; j < NUMBER_WORDS; j++) {
            carry += (uint64_t)a[i] * b[j] + at[j];
            at[j] = (uint32_t)carry;
            carry >>= 32;
        }
        at[NUMBER_WORDS] = (uint32_t)carry;
    }
    number_add(r, product, product + NUMBER_WORDS, FOLD);
}

bool number_subtract(uint32_t *r, const uint32_t *m)
{
    number difference;

    if (accumulate(difference, r, m, -1, 0))
        return false;
    accumulate(r, r, m, -1, 0);
    return true;
}

bool number_bit(const uint32_t *a, uint32_t bit)
{
    return a[bit / 32] >> bit % 32 & 1;
}
