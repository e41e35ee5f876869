// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "lib/stats/stats.h"
#include "tests/unit/fixtures/unit.h"

static void summary_of_nothing(void)
{
    struct stats stats;

    memset(&stats, 0xff, sizeof(stats));
    stats_summarize(&stats, NULL, 0);
    CHECK_EQ(stats.count, 0);
    CHECK_EQ(stats.min, 0);
    CHECK_EQ(stats.max, 0);
    CHECK_EQ(stats.sum, 0);
    CHECK_EQ(stats.p99, 0);
}

static void summary_of_one(void)
{
    uint64_t sample = 42;
    struct stats stats;

    stats_summarize(&stats, &sample, 1);
    CHECK_EQ(stats.count, 1);
    CHECK_EQ(stats.min, 42);
    CHECK_EQ(stats.p50, 42);
    CHECK_EQ(stats.p90, 42);
    CHECK_EQ(stats.p99, 42);
    CHECK_EQ(stats.max, 42);
    CHECK_EQ(stats.sum, 42);
}

/* 1 .. n in a shuffled order: the sample of rank r is r. */
static void percentiles_are_nearest_ranks(void)
{
    static const struct {
        size_t count;
        uint64_t p50, p90, p99;
    } cases[] = {{2, 1, 2, 2},          {3, 2, 3, 3},         {10, 5, 9, 10},
                 {99, 50, 90, 99},      {100, 50, 90, 99},    {101, 51, 91, 100},
                 {1000, 500, 900, 990}, {1001, 501, 901, 991}};
    static uint64_t samples[1001];
    struct stats stats;
    struct rng rng;

    rng_seed(&rng, 7);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t count = cases[i].count;

        for (size_t k = 0; k < count; k++) {
            size_t other = rng_below(&rng, k + 1);

            samples[k] = samples[other];
            samples[other] = k + 1;
        }
        stats_summarize(&stats, samples, count);
        CHECK_EQ(stats.min, 1);
        CHECK_EQ(stats.p50, cases[i].p50);
        CHECK_EQ(stats.p90, cases[i].p90);
        CHECK_EQ(stats.p99, cases[i].p99);
        CHECK_EQ(stats.max, count);
        CHECK_EQ(stats.sum, count * (count + 1) / 2);
    }
}

static void a_huge_sum_saturates(void)
{
    uint64_t samples[] = {UINT64_MAX, 1, UINT64_MAX};
    struct stats stats;

    stats_summarize(&stats, samples, ARRAY_LENGTH(samples));
    CHECK_EQ(stats.min, 1);
    CHECK_EQ(stats.p50, UINT64_MAX);
    CHECK_EQ(stats.sum, UINT64_MAX);
}

static void scaling_rounds_and_saturates(void)
{
    static const struct {
        uint64_t value, multiplier, divisor, expected;
    } cases[] = {
        {0, 0, 1, 0},
        {1, 1, 2, 1},
        {1, 1, 3, 0},
        {2, 1, 3, 1},
        {7, 1000, 3, 2333},
        {1, 1, 0, UINT64_MAX},
        {0, 0, 0, UINT64_MAX},
        {2400000000, 1000000000, 2400000000, 1000000000},
        {UINT64_MAX, 1, 1, UINT64_MAX},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX, 2, 1, UINT64_MAX},
        {UINT64_MAX, 3, 4, 0xc000000000000000 - 1},
        {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX, UINT64_MAX - 1},
        {1ull << 63, 1ull << 63, UINT64_MAX, 1ull << 62},
        {86400ull * 3000000000, 1000000000, 3000000000, 86400ull * 1000000000},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        CHECK_EQ(stats_scale(cases[i].value, cases[i].multiplier, cases[i].divisor),
                 cases[i].expected);
}

static void scaling_agrees_with_the_compiler(void)
{
    struct rng rng;

    rng_seed(&rng, 3);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t value = rng_next64(&rng) >> rng_below(&rng, 64);
        uint64_t multiplier = rng_next64(&rng) >> rng_below(&rng, 64);
        uint64_t divisor = (rng_next64(&rng) >> rng_below(&rng, 64)) | 1;
        unsigned __int128 wide = ((unsigned __int128)value * multiplier + divisor / 2) / divisor;

        CHECK_EQ(stats_scale(value, multiplier, divisor),
                 wide > UINT64_MAX ? UINT64_MAX : (uint64_t)wide);
    }
}

/* The first outputs of the authors' generators from known states. */
static void generator_gives_published_numbers(void)
{
    static const uint64_t expected[] = {
        11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600};
    static const uint64_t split[] = {6457827717110365317, 3203168211198807973, 9817491932198370423u,
                                     4593380528125082431};
    struct rng rng = {{1, 2, 3, 4}};

    for (size_t i = 0; i < ARRAY_LENGTH(expected); i++)
        CHECK_EQ(rng_next64(&rng), expected[i]);
    rng_seed(&rng, 1234567);
    for (size_t i = 0; i < ARRAY_LENGTH(split); i++)
        CHECK_EQ(rng.state[i], split[i]);
}

static void streams_depend_on_seed_and_name(void)
{
    static const struct {
        uint64_t seed;
        const char *name;
    } streams[] = {{1, "stress.random_walk"},
                   {1, "stress.random_wall"},
                   {2, "stress.random_walk"},
                   {0, ""},
                   {1, ""},
                   {0, "a"}};
    uint64_t first[ARRAY_LENGTH(streams)];
    struct rng rng, again;

    for (size_t i = 0; i < ARRAY_LENGTH(streams); i++) {
        rng_derive(&rng, streams[i].seed, streams[i].name);
        rng_derive(&again, streams[i].seed, streams[i].name);
        first[i] = rng_next64(&rng);
        CHECK_EQ(rng_next64(&again), first[i]);
        for (size_t k = 0; k < i; k++)
            CHECK(first[k] != first[i]);
    }
}

static void numbers_below_are_even(void)
{
    unsigned seen[6] = {0};
    struct rng rng;

    rng_seed(&rng, 11);
    for (unsigned i = 0; i < 60000; i++) {
        uint64_t number = rng_below(&rng, ARRAY_LENGTH(seen));

        CHECK(number < ARRAY_LENGTH(seen));
        seen[number]++;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(seen); i++)
        CHECK(seen[i] > 9600 && seen[i] < 10400);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ(rng_below(&rng, 1), 0);
}

/* 3 * 2^62: a plain multiplication would favour one number in three, 2 to 1. */
static void numbers_below_a_huge_bound_are_even(void)
{
    uint64_t bound = 3ull << 62;
    unsigned thirds[3] = {0};
    struct rng rng;

    rng_seed(&rng, 13);
    for (unsigned i = 0; i < 30000; i++) {
        uint64_t number = rng_below(&rng, bound);

        CHECK(number < bound);
        thirds[number >> 62]++;
    }
    for (unsigned i = 0; i < 3; i++)
        CHECK(thirds[i] > 9600 && thirds[i] < 10400);
}

static void chances_are_kept(void)
{
    unsigned hits = 0;
    struct rng rng;

    rng_seed(&rng, 19);
    for (unsigned i = 0; i < 40000; i++) {
        hits += rng_chance(&rng, 1, 4);
        CHECK(!rng_chance(&rng, 0, 4));
        CHECK(rng_chance(&rng, 4, 4));
    }
    CHECK(hits > 9600 && hits < 10400);
}

static const struct unit units[] = {
    {"summary_of_nothing", summary_of_nothing},
    {"summary_of_one", summary_of_one},
    {"percentiles_are_nearest_ranks", percentiles_are_nearest_ranks},
    {"a_huge_sum_saturates", a_huge_sum_saturates},
    {"scaling_rounds_and_saturates", scaling_rounds_and_saturates},
    {"scaling_agrees_with_the_compiler", scaling_agrees_with_the_compiler},
    {"generator_gives_published_numbers", generator_gives_published_numbers},
    {"streams_depend_on_seed_and_name", streams_depend_on_seed_and_name},
    {"numbers_below_are_even", numbers_below_are_even},
    {"numbers_below_a_huge_bound_are_even", numbers_below_a_huge_bound_are_even},
    {"chances_are_kept", chances_are_kept},
};

int main(void)
{
    return unit_main("stats", units, ARRAY_LENGTH(units));
}
