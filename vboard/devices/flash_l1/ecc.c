/*
 * The code that corrects a wrong bit of a word (the data sheets say "Flash with ECC"). ST publishes neither
 * the code nor how many check bits there are. This one is a Hsiao code of 7 bits: it corrects one wrong bit
 * and finds two, of which the L1 tells nobody. The word 0 has the check bits 0, as an erased word must.
 */
#include "private.h"

enum { DATA_BITS = 32 };

/* Which check bits each data bit counts in: the numbers of 7 bits of which 3 are set. */
static const uint8_t column[DATA_BITS] = {7,  11, 13, 14, 19, 21, 22, 25, 26, 28, 35, 37, 38, 41, 42, 44,
                                          49, 50, 52, 56, 67, 69, 70, 73, 74, 76, 81, 82, 84, 88, 97, 98};

static uint32_t check_bits(uint32_t data)
{
    uint32_t check = 0;
    for (unsigned bit = 0; data; bit++, data >>= 1)
        check ^= data & 1 ? column[bit] : 0;
    return check;
}

uint64_t flash_l1_encode(uint32_t data)
{
    return (uint64_t)check_bits(data) << CHECK_SHIFT;
}

uint32_t flash_l1_decode(uint64_t bits)
{
    uint32_t data = (uint32_t)bits, syndrome = check_bits(data) ^ (uint32_t)(bits >> CHECK_SHIFT);
    for (unsigned bit = 0; syndrome && bit < DATA_BITS; bit++)
        if (column[bit] == syndrome)
            return data ^ 1u << bit;
    return data; /* right, or a check bit is wrong, or more than one bit is */
}
