// SPDX-License-Identifier: BSD-2-Clause
/* The rangemap at its limits: the ends of the address space, granules, memory, height, and many mappings. */
#include <stdlib.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/suites/bench/rangemap/trie.h"
#include "tests/unit/fixtures/range_map.h"
#include "tests/unit/fixtures/unit.h"

static void edges_of_the_address_space(void)
{
    range_map_start_for(4, 1);
    CHECK(range_map_at(0) == NULL);
    CHECK(range_map_at(UINT64_MAX) == NULL);
    CHECK(range_map_next(0) == NULL);
    CHECK(range_map_next(UINT64_MAX) == NULL);
    CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&range_map, 0, UINT64_MAX, 7, 1), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&range_map, 0, 0, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&range_map, UINT64_MAX, UINT64_MAX, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&range_map, 0, UINT64_MAX, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(range_map_at(UINT64_MAX)->phys, 7);
    CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX - 1), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&range_map, 1, UINT64_MAX), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&range_map, 5, 4), RANGEMAP_INVALID);
    CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&range_map, UINT64_MAX, UINT64_MAX, 1, 0), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&range_map, 0, 0, 2, 0), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&range_map, 0, 1, 2, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&range_map, 1, UINT64_MAX, 3, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&range_map, 1, UINT64_MAX - 1, 3, 0), RANGEMAP_OK);
    CHECK_EQ(range_map.count, 3);
    CHECK_EQ(range_map_at(UINT64_MAX)->phys, 1);
    CHECK_EQ(range_map_at(UINT64_MAX - 1)->phys, 3);
    CHECK_EQ(range_map_at(0)->phys, 2);
    CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(range_map.nodes, 0);
    range_map_stop();
}

static void ranges_must_be_whole_granules(void)
{
    static const struct {
        uint64_t first, last;
        enum rangemap_result expected;
    } cases[] = {
        {0x1000, 0x0fff, RANGEMAP_INVALID}, {0x1000, 0x1ffe, RANGEMAP_INVALID},
        {0x1001, 0x1fff, RANGEMAP_INVALID}, {0x1001, 0x2000, RANGEMAP_INVALID},
        {0x3000, 0x1fff, RANGEMAP_INVALID}, {-0x1000ull, UINT64_MAX, RANGEMAP_OK},
        {0, UINT64_MAX, RANGEMAP_OVERLAP},  {0x1000, 0x1fff, RANGEMAP_OK},
    };

    range_map_start_for(ARRAY_LENGTH(cases), 0x1000);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        CHECK_EQ(rangemap_insert(&range_map, cases[i].first, cases[i].last, 0, 0),
                 cases[i].expected);
    CHECK_EQ(range_map.count, 2);
    CHECK_EQ(rangemap_remove(&range_map, 0x1001, 0x1fff), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&range_map, 0x0fff, 0x1ffe), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&range_map, 0x0123, 0x2345), RANGEMAP_OK);
    CHECK_EQ(rangemap_remove(&range_map, 0x0123, 0x2345), RANGEMAP_OK);
    CHECK_EQ(range_map.count, 1);
    range_map_stop();
}

/* The bytes that rangemap_bytes() returns suffice, also when they were used for something else. */
static void rangemap_bytes_suffice(void)
{
    enum { MAPPINGS = 500 };
    static const uint64_t strides[] = {4096, 1 << 18, 1ull << 24, 1ull << 43, 1ull << 54};
    uint64_t base = (1ull << 62) - 0x7000;

    range_map_start(rangemap_bytes(MAPPINGS, 4096, 0, UINT64_MAX), 4096);
    for (size_t round = 0; round < 2 * ARRAY_LENGTH(strides); round++) {
        uint64_t stride = strides[round % ARRAY_LENGTH(strides)];

        for (size_t i = 0; i < MAPPINGS; i++)
            CHECK_EQ(rangemap_insert(&range_map, base + i * stride, base + i * stride + 4095, i, 0),
                     RANGEMAP_OK);
        for (size_t i = 0; i < MAPPINGS; i++)
            CHECK_EQ(rangemap_remove(&range_map, base + i * stride, base + i * stride + 4095),
                     RANGEMAP_OK);
        CHECK_EQ(range_map.nodes, 0);
    }
    range_map_stop();
    for (size_t round = 0; round < ARRAY_LENGTH(strides); round++) {
        uint64_t stride = strides[round];

        range_map_start(rangemap_bytes(MAPPINGS, 4096, base, base + (MAPPINGS - 1) * stride), 4096);
        for (uint64_t first = base; range_map.count < MAPPINGS; first += stride)
            if (rangemap_insert(&range_map, first, first + 4095, 0, 0) != RANGEMAP_OK)
                break;
        CHECK_EQ(range_map.count, MAPPINGS);
        range_map_stop();
    }
}

/* A far away mapping makes the trie high; when it goes, so do the levels. */
static void height_follows_the_addresses(void)
{
    range_map_start_for(8, 4096);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(rangemap_insert(&range_map, 0x4000000000, 0x4000000fff, 0, 0), RANGEMAP_OK);
        CHECK_EQ(range_map.root_shift, 0);
        CHECK_EQ(range_map.nodes, 1);
        CHECK_EQ(rangemap_insert(&range_map, 0x4000040000, 0x4000040fff, 0, 0), RANGEMAP_OK);
        CHECK_EQ(range_map.root_shift, 6);
        CHECK_EQ(range_map.nodes, 3);
        CHECK_EQ(rangemap_insert(&range_map, -0x1000ull, UINT64_MAX, 0, 0), RANGEMAP_OK);
        CHECK_EQ(range_map.root_shift, 48);
        CHECK_EQ(rangemap_remove(&range_map, -0x1000ull, UINT64_MAX), RANGEMAP_OK);
        CHECK_EQ(range_map.root_shift, 6);
        CHECK_EQ(range_map.nodes, 3);
        CHECK_EQ(rangemap_remove(&range_map, 0x4000000000, 0x4000000fff), RANGEMAP_OK);
        CHECK_EQ(range_map.root_shift, 0);
        CHECK_EQ(range_map.nodes, 1);
        CHECK_EQ(range_map_at(0x4000040abc)->first, 0x4000040000);
        CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
        CHECK_EQ(range_map.nodes, 0);
    }
    range_map_stop();
}

/* 64 K mappings in a shuffled order, in and out; far too many for the oracle. */
static void many_mappings(void)
{
    enum { MAPPINGS = 65536 };
    uint64_t *keys = malloc(MAPPINGS * sizeof(*keys));
    uint64_t base = 1ull << 32, expected = base;
    struct rng rng;

    rng_seed(&rng, 37);
    for (size_t i = 0; i < MAPPINGS; i++) {
        size_t other = rng_below(&rng, i + 1);

        keys[i] = keys[other];
        keys[other] = i;
    }
    range_map_start(rangemap_bytes(MAPPINGS, 4096, base, base + MAPPINGS * 8192ull - 1), 4096);
    for (size_t i = 0; i < MAPPINGS; i++)
        CHECK_EQ(rangemap_insert(&range_map, base + keys[i] * 8192, base + keys[i] * 8192 + 4095,
                                 keys[i], 0),
                 RANGEMAP_OK);
    for (const struct rangemap_entry *entry = range_map_next(0); entry;
         entry = range_map_after(entry), expected += 8192)
        CHECK_EQ(entry->first, expected);
    CHECK_EQ(expected, base + MAPPINGS * 8192ull);
    for (size_t i = 0; i < MAPPINGS; i++) {
        CHECK_EQ(range_map_at(base + keys[i] * 8192 + 5)->phys, keys[i]);
        CHECK(range_map_at(base + keys[i] * 8192 + 4096) == NULL);
        CHECK_EQ(rangemap_remove(&range_map, base + keys[i] * 8192, base + keys[i] * 8192 + 8191),
                 RANGEMAP_OK);
    }
    CHECK_EQ(range_map.count, 0);
    CHECK_EQ(range_map.nodes, 0);
    range_map_stop();
    free(keys);
}

int main(void)
{
    static const struct unit units[] = {
        {"edges_of_the_address_space", edges_of_the_address_space},
        {"ranges_must_be_whole_granules", ranges_must_be_whole_granules},
        {"rangemap_bytes_suffice", rangemap_bytes_suffice},
        {"height_follows_the_addresses", height_follows_the_addresses},
        {"many_mappings", many_mappings},
    };

    return unit_main("rangemap", units, ARRAY_LENGTH(units));
}
