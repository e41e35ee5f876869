// SPDX-License-Identifier: BSD-2-Clause
#include "lib/rng/rng.h"

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* One step of splitmix64: a Weyl sequence whose members are mixed. */
static uint64_t split(uint64_t *weyl)
{
    uint64_t z = *weyl += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void rng_seed(struct rng *rng, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        rng->state[i] = split(&seed);
}

/* FNV-1a over the name; the seed goes through the mixer first, so that near seeds are far apart. */
void rng_derive(struct rng *rng, uint64_t seed, const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
    rng_seed(rng, split(&seed) ^ hash);
}

uint64_t rng_next64(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/*
 * Lemire, "Fast random integer generation in an interval" (2019): the high half of a 128-bit
 * product is the number; the 2^64 mod n lowest low halves would make some numbers likelier and are
 * refused.
 */
uint64_t rng_below(struct rng *rng, uint64_t n)
{
    unsigned __int128 product;

    if (n == 0)
        return rng_next64(rng);
    uint64_t refused = -n % n;

    do
        product = (unsigned __int128)rng_next64(rng) * n;
    while ((uint64_t)product < refused);
    return product >> 64;
}

bool rng_chance(struct rng *rng, uint64_t numerator, uint64_t denominator)
{
    return rng_below(rng, denominator) < numerator;
}
