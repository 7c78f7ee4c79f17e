/* See repeats.h. */
#include "repeats.h"

#include <string.h>

enum { TOLD_AT_FIRST = 3 };

static uint64_t hash(uint64_t seed, const char *text, size_t length)
{
    const uint64_t prime = 0x100000001B3; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        seed = (seed ^ (uint8_t)text[i]) * prime;
    return seed;
}

/* "LEVEL rule: what happened (PC 0x08000000)": registers and values between the
 * two ends may differ each time. */
static uint64_t place_of(const char *violation)
{
    const uint64_t offset_basis = 0xCBF29CE484222325;
    const char *end = strrchr(violation, '(');
    uint64_t place = hash(offset_basis, violation, strcspn(violation, ":"));
    return end ? hash(place, end, strlen(end)) : place;
}

static bool is_power_of_ten(uint32_t times)
{
    while (times % 10 == 0)
        times /= 10;
    return times == 1;
}

bool repeats_wanted(struct repeats *repeats, const char *violation, uint32_t *times)
{
    uint64_t place = place_of(violation);
    unsigned i = 0;
    while (i < REPEATS && repeats->known[i].times && repeats->known[i].place != place)
        i++;
    *times = 1;
    if (i == REPEATS)
        return true; /* so many that they are not kept apart any more */
    repeats->known[i].place = place;
    *times = ++repeats->known[i].times;
    return *times <= TOLD_AT_FIRST || is_power_of_ten(*times);
}
