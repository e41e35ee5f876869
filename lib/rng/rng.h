/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reproducible random numbers, for tests and not for secrets: xoshiro256** 1.0 by Blackman and
 * Vigna
 * ("Scrambled linear pseudorandom number generators", 2018), its state filled by splitmix64
 * (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014) as its authors
 * advise. The same seed gives the same numbers on every architecture.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state[4]; /* never all zero */
};

/* Any seed will do, 0 included. */
void rng_seed(struct rng *rng, uint64_t seed);
/* The stream that belongs to a name: it depends on (seed, name) and on nothing that ran before. */
void rng_derive(struct rng *rng, uint64_t seed, const char *name);

uint64_t rng_next64(struct rng *rng);
/* 0 .. n - 1, each equally likely; n == 0 stands for 2^64. */
uint64_t rng_below(struct rng *rng, uint64_t n);
/* True in numerator of denominator cases; denominator > 0. */
bool rng_chance(struct rng *rng, uint64_t numerator, uint64_t denominator);
