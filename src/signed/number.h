/* Numbers of 256 bits, and arithmetic modulo p = 2^255 - 19 with them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_WORDS = 8, NUMBER_BITS = 256 };

/* Least significant word first. Modulo p every number below 2^256 will do. */
typedef uint32_t number[NUMBER_WORDS];

/* r = a + factor * b modulo p; not reduced if that is below 2^256 anyway. They may be the same. */
void number_add(uint32_t *r, const uint32_t *a, const uint32_t *b, int32_t factor);
/* r = a * b modulo p. They may be the same. */
void number_multiply(uint32_t *r, const uint32_t *a, const uint32_t *b);
/* Subtracts m if it is not more than r, and says whether it was. */
bool number_subtract(uint32_t *r, const uint32_t *m);
bool number_bit(const uint32_t *a, uint32_t bit);
