/* 256-bit arithmetic, small: one loop adds, subtracts, multiplies by a small factor and reduces. */
#include "number.h"

enum { FOLD = 38 /* 2^256 modulo p */ };

void number_add(uint32_t *r, const uint32_t *a, const uint32_t *b, int32_t factor)
{
    int64_t carry = 0;

    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        carry += (int64_t)b[i] * factor + a[i];
        r[i] = (uint32_t)carry;
        carry >>= 32;
    }
    while (carry) {
        carry *= FOLD;
        for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
            carry += r[i];
            r[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
}

void number_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b)
{
    uint32_t product[2 * NUMBER_WORDS];

    for (uint32_t i = 0; i < NUMBER_WORDS; i++)
        product[i] = 0;
    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        uint32_t *at = &product[i];
        uint64_t carry = 0;

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
    int64_t carry = 0;

    for (uint32_t i = 0; i < NUMBER_WORDS; i++) {
        carry += (int64_t)r[i] - m[i];
        difference[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        return false;
    for (uint32_t i = 0; i < NUMBER_WORDS; i++)
        r[i] = difference[i];
    return true;
}

bool number_bit(const uint32_t *a, uint32_t bit)
{
    return a[bit / 32] >> bit % 32 & 1;
}
