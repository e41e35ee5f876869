// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/suites/bench/rangemap/rangemap.h"
#include "tests/suites/bench/rangemap/trie.h"
#include "tests/unit/fixtures/unit.h"

#define ORACLE_MAX 600

/* What the map should hold: an array in order of address, searched from its beginning. */
struct range {
    uint64_t first, last, phys;
    uint32_t flags;
};

static struct range oracle[ORACLE_MAX];
static size_t oracle_count;

static struct rangemap map;
static void *memory;

/* The lowest mapping that contains the address or is above it, or NULL. */
static const struct rangemap_entry *next_mapping(uint64_t address)
{
    const struct rangemap_entry *entry = rangemap_floor(&map, address >> map.granule_shift);

    if (entry->first > address || address > entry->last)
        entry = entry->next;
    return entry == &map.ends ? NULL : entry;
}

/* The mapping that contains the address, or NULL. */
static const struct rangemap_entry *mapping_at(uint64_t address)
{
    const struct rangemap_entry *entry = next_mapping(address);

    return entry && entry->first <= address ? entry : NULL;
}

/* The mapping after `entry` in order of address, or NULL. */
static const struct rangemap_entry *mapping_after(const struct rangemap_entry *entry)
{
    return entry->next == &map.ends ? NULL : entry->next;
}

/* Memory full of ones: the map may rely on no content. */
static void start(size_t bytes, uint64_t granule)
{
    memory = malloc(bytes);
    memset(memory, 0xff, bytes);
    rangemap_init(&map, memory, bytes, granule);
    oracle_count = 0;
}

static void start_for(size_t mappings, uint64_t granule)
{
    start(rangemap_bytes(mappings, granule, 0, UINT64_MAX), granule);
}

static void stop(void)
{
    free(memory);
}

static enum rangemap_result oracle_insert(struct range range, uint64_t granule)
{
    size_t at = 0;

    if (range.last < range.first || range.first % granule || (range.last + 1) % granule)
        return RANGEMAP_INVALID;
    while (at < oracle_count && oracle[at].last < range.first)
        at++;
    if (at < oracle_count && oracle[at].first <= range.last)
        return RANGEMAP_OVERLAP;
    memmove(&oracle[at + 1], &oracle[at], (oracle_count - at) * sizeof(oracle[0]));
    oracle[at] = range;
    oracle_count++;
    return RANGEMAP_OK;
}

static enum rangemap_result oracle_remove(uint64_t first, uint64_t last)
{
    size_t kept = 0;

    if (last < first)
        return RANGEMAP_INVALID;
    for (size_t i = 0; i < oracle_count; i++)
        if (oracle[i].first <= last && oracle[i].last >= first &&
            (oracle[i].first < first || oracle[i].last > last))
            return RANGEMAP_SPLIT;
    for (size_t i = 0; i < oracle_count; i++)
        if (oracle[i].last < first || oracle[i].first > last)
            oracle[kept++] = oracle[i];
    oracle_count = kept;
    return RANGEMAP_OK;
}

/* The lowest range that ends at or behind the address, or NULL. */
static const struct range *oracle_next(uint64_t address)
{
    for (size_t i = 0; i < oracle_count; i++)
        if (oracle[i].last >= address)
            return &oracle[i];
    return NULL;
}

static void check_same(const struct rangemap_entry *entry, const struct range *range)
{
    CHECK(!entry == !range);
    if (!entry || !range)
        return;
    CHECK_EQ(entry->first, range->first);
    CHECK_EQ(entry->last, range->last);
    CHECK_EQ(entry->phys, range->phys);
    CHECK_EQ(entry->flags, range->flags);
}

static void check_lookup(uint64_t address)
{
    const struct range *range = oracle_next(address);

    check_same(next_mapping(address), range);
    check_same(mapping_at(address), range && range->first <= address ? range : NULL);
}

/* Counts the nodes from this one downwards, and checks what each must keep. */
static size_t check_node(const struct rangemap_node *node, unsigned shift)
{
    size_t nodes = 1;

    CHECK(node->occupied != 0);
    for (unsigned slot = 0; slot < RANGEMAP_SLOTS; slot++) {
        const struct rangemap_node *child = node->slots[slot];

        CHECK_EQ(node->occupied >> slot & 1, child != NULL);
        if (!child || !shift)
            continue;
        CHECK(child->parent == node);
        nodes += check_node(child, shift - RANGEMAP_DIGIT_BITS);
    }
    return nodes;
}

static void check_map(void)
{
    const struct rangemap_entry *entry = next_mapping(0);

    CHECK_EQ(map.count, oracle_count);
    for (size_t i = 0; i < oracle_count; i++) {
        check_same(entry, &oracle[i]);
        if (!entry)
            return;
        entry = mapping_after(entry);
    }
    CHECK(entry == NULL);
    CHECK_EQ(map.nodes, oracle_count ? check_node(map.root, map.root_shift) : 0);
    CHECK(!map.root_shift || map.root->occupied & (map.root->occupied - 1));
}

struct walk {
    uint64_t granule, span; /* addresses are drawn from `span` bytes above each base */
    uint64_t longest;       /* of a range, in granules */
    uint64_t bases[3];
    unsigned base_count;
};

static uint64_t any_address(const struct walk *walk, struct rng *rng)
{
    return walk->bases[rng_below(rng, walk->base_count)] + rng_below(rng, walk->span);
}

/* One insertion or removal, mostly sensible, in the map and in the oracle. */
static void step(const struct walk *walk, struct rng *rng)
{
    uint64_t mask = walk->granule - 1;
    uint64_t first = any_address(walk, rng);
    uint64_t length = 1 + rng_below(rng, rng_chance(rng, 1, 4) ? walk->longest : 2);

    if (!rng_chance(rng, 1, 50))
        first &= ~mask;

    uint64_t last = first + length * walk->granule - 1;
    struct range range = {first, last, rng_next64(rng), (uint32_t)rng_next64(rng)};

    if (rng_chance(rng, 1, 100))
        range.last = last ^= rng_below(rng, 2 * walk->granule);
    if (oracle_count < ORACLE_MAX - 1 && rng_chance(rng, 1, 2)) {
        CHECK_EQ(rangemap_insert(&map, first, last, range.phys, range.flags),
                 oracle_insert(range, walk->granule));
    } else {
        if (oracle_count && rng_chance(rng, 1, 2)) {
            const struct range *victim = &oracle[rng_below(rng, oracle_count)];

            first = victim->first;
            last = rng_chance(rng, 1, 8) ? victim->last + 1 : victim->last;
        }
        CHECK_EQ(rangemap_remove(&map, first, last), oracle_remove(first, last));
    }
    check_lookup(first);
    check_lookup(last);
    check_lookup(any_address(walk, rng));
}

static void random_walks(void)
{
    static const struct walk walks[] = {
        {1, 70, 8, {0}, 1},
        {1, 70, 8, {UINT64_MAX - 69}, 1},
        {1, 5000, 300, {0, UINT64_MAX - 4999}, 2},
        {1, 5000, 300, {1ull << 63, UINT64_MAX - 4999, 0}, 3},
        {1, UINT64_MAX, 1ull << 62, {0}, 1},
        {2, 500, 20, {0, UINT64_MAX - 499}, 2},
        {4096, 64 * 4096, 4, {0}, 1},
        {4096, 4096 * 4096, 600, {0}, 1},
        {4096, 4096 * 4096, 16, {0xfee00000, 1ull << 47, -(4096ull * 4096)}, 3},
        {4096, 1ull << 40, 1 << 16, {1ull << 33}, 1},
        {4096, UINT64_MAX, 1 << 20, {0}, 1},
        {1 << 21, 1ull << 34, 512, {0, -(1ull << 34)}, 2},
        {1ull << 62, UINT64_MAX, 2, {0}, 1},
        {1ull << 63, UINT64_MAX, 1, {0}, 1},
    };
    struct rng rng;

    rng_seed(&rng, 31);
    for (size_t i = 0; i < ARRAY_LENGTH(walks); i++) {
        start_for(ORACLE_MAX, walks[i].granule);
        for (unsigned k = 0; k < 6000; k++) {
            step(&walks[i], &rng);
            if (k % 64 == 0)
                check_map();
        }
        check_map();
        CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
        oracle_count = 0;
        check_map();
        stop();
    }
}

static void edges_of_the_address_space(void)
{
    start_for(4, 1);
    CHECK(mapping_at(0) == NULL);
    CHECK(mapping_at(UINT64_MAX) == NULL);
    CHECK(next_mapping(0) == NULL);
    CHECK(next_mapping(UINT64_MAX) == NULL);
    CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&map, 0, UINT64_MAX, 7, 1), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&map, 0, 0, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&map, UINT64_MAX, UINT64_MAX, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&map, 0, UINT64_MAX, 0, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(mapping_at(UINT64_MAX)->phys, 7);
    CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX - 1), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&map, 1, UINT64_MAX), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&map, 5, 4), RANGEMAP_INVALID);
    CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&map, UINT64_MAX, UINT64_MAX, 1, 0), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&map, 0, 0, 2, 0), RANGEMAP_OK);
    CHECK_EQ(rangemap_insert(&map, 0, 1, 2, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&map, 1, UINT64_MAX, 3, 0), RANGEMAP_OVERLAP);
    CHECK_EQ(rangemap_insert(&map, 1, UINT64_MAX - 1, 3, 0), RANGEMAP_OK);
    CHECK_EQ(map.count, 3);
    CHECK_EQ(mapping_at(UINT64_MAX)->phys, 1);
    CHECK_EQ(mapping_at(UINT64_MAX - 1)->phys, 3);
    CHECK_EQ(mapping_at(0)->phys, 2);
    CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
    CHECK_EQ(map.nodes, 0);
    stop();
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

    start_for(ARRAY_LENGTH(cases), 0x1000);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        CHECK_EQ(rangemap_insert(&map, cases[i].first, cases[i].last, 0, 0), cases[i].expected);
    CHECK_EQ(map.count, 2);
    CHECK_EQ(rangemap_remove(&map, 0x1001, 0x1fff), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&map, 0x0fff, 0x1ffe), RANGEMAP_SPLIT);
    CHECK_EQ(rangemap_remove(&map, 0x0123, 0x2345), RANGEMAP_OK);
    CHECK_EQ(rangemap_remove(&map, 0x0123, 0x2345), RANGEMAP_OK);
    CHECK_EQ(map.count, 1);
    stop();
}

/* Whatever the memory ends for, a node or an entry, the map stays as it was and goes on. */
static void memory_runs_out(void)
{
    static const uint64_t strides[] = {1, 64, 4097, 1ull << 40, (1ull << 58) + 12345};
    size_t all = rangemap_bytes(8, 1, 0, UINT64_MAX);

    for (size_t i = 0; i < ARRAY_LENGTH(strides); i++)
        for (size_t bytes = 0; bytes < all; bytes += 24) {
            size_t held;

            start(bytes, 1);
            for (held = 0; held < 20; held++) {
                struct range range = {strides[i] * held, strides[i] * held, held, 0};

                if (rangemap_insert(&map, range.first, range.last, held, 0) != RANGEMAP_OK)
                    break;
                oracle_insert(range, 1);
            }
            check_map();
            if (held < 20)
                CHECK_EQ(rangemap_insert(&map, strides[i] * held, strides[i] * held, 0, 0),
                         RANGEMAP_NO_MEMORY);
            CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
            oracle_count = 0;
            check_map();
            CHECK_EQ(rangemap_insert(&map, 9, 9, 0, 0), held ? RANGEMAP_OK : RANGEMAP_NO_MEMORY);
            stop();
        }
}

/* The bytes that rangemap_bytes() returns suffice, also when they were used for something else. */
static void memory_told_suffices(void)
{
    enum { MAPPINGS = 500 };
    static const uint64_t strides[] = {4096, 1 << 18, 1ull << 24, 1ull << 43, 1ull << 54};
    uint64_t base = (1ull << 62) - 0x7000;

    start(rangemap_bytes(MAPPINGS, 4096, 0, UINT64_MAX), 4096);
    for (size_t round = 0; round < 2 * ARRAY_LENGTH(strides); round++) {
        uint64_t stride = strides[round % ARRAY_LENGTH(strides)];

        for (size_t i = 0; i < MAPPINGS; i++)
            CHECK_EQ(rangemap_insert(&map, base + i * stride, base + i * stride + 4095, i, 0),
                     RANGEMAP_OK);
        for (size_t i = 0; i < MAPPINGS; i++)
            CHECK_EQ(rangemap_remove(&map, base + i * stride, base + i * stride + 4095),
                     RANGEMAP_OK);
        CHECK_EQ(map.nodes, 0);
    }
    stop();
    for (size_t round = 0; round < ARRAY_LENGTH(strides); round++) {
        uint64_t stride = strides[round];

        start(rangemap_bytes(MAPPINGS, 4096, base, base + (MAPPINGS - 1) * stride), 4096);
        for (uint64_t first = base; map.count < MAPPINGS; first += stride)
            if (rangemap_insert(&map, first, first + 4095, 0, 0) != RANGEMAP_OK)
                break;
        CHECK_EQ(map.count, MAPPINGS);
        stop();
    }
}

/* A far away mapping makes the trie high; when it goes, so do the levels. */
static void height_follows_the_addresses(void)
{
    start_for(8, 4096);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ(rangemap_insert(&map, 0x4000000000, 0x4000000fff, 0, 0), RANGEMAP_OK);
        CHECK_EQ(map.root_shift, 0);
        CHECK_EQ(map.nodes, 1);
        CHECK_EQ(rangemap_insert(&map, 0x4000040000, 0x4000040fff, 0, 0), RANGEMAP_OK);
        CHECK_EQ(map.root_shift, 6);
        CHECK_EQ(map.nodes, 3);
        CHECK_EQ(rangemap_insert(&map, -0x1000ull, UINT64_MAX, 0, 0), RANGEMAP_OK);
        CHECK_EQ(map.root_shift, 48);
        CHECK_EQ(rangemap_remove(&map, -0x1000ull, UINT64_MAX), RANGEMAP_OK);
        CHECK_EQ(map.root_shift, 6);
        CHECK_EQ(map.nodes, 3);
        CHECK_EQ(rangemap_remove(&map, 0x4000000000, 0x4000000fff), RANGEMAP_OK);
        CHECK_EQ(map.root_shift, 0);
        CHECK_EQ(map.nodes, 1);
        CHECK_EQ(mapping_at(0x4000040abc)->first, 0x4000040000);
        CHECK_EQ(rangemap_remove(&map, 0, UINT64_MAX), RANGEMAP_OK);
        CHECK_EQ(map.nodes, 0);
    }
    stop();
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
    start(rangemap_bytes(MAPPINGS, 4096, base, base + MAPPINGS * 8192ull - 1), 4096);
    for (size_t i = 0; i < MAPPINGS; i++)
        CHECK_EQ(
            rangemap_insert(&map, base + keys[i] * 8192, base + keys[i] * 8192 + 4095, keys[i], 0),
            RANGEMAP_OK);
    for (const struct rangemap_entry *entry = next_mapping(0); entry;
         entry = mapping_after(entry), expected += 8192)
        CHECK_EQ(entry->first, expected);
    CHECK_EQ(expected, base + MAPPINGS * 8192ull);
    for (size_t i = 0; i < MAPPINGS; i++) {
        CHECK_EQ(mapping_at(base + keys[i] * 8192 + 5)->phys, keys[i]);
        CHECK(mapping_at(base + keys[i] * 8192 + 4096) == NULL);
        CHECK_EQ(rangemap_remove(&map, base + keys[i] * 8192, base + keys[i] * 8192 + 8191),
                 RANGEMAP_OK);
    }
    CHECK_EQ(map.count, 0);
    CHECK_EQ(map.nodes, 0);
    stop();
    free(keys);
}

static const struct unit units[] = {
    {"random_walks", random_walks},
    {"edges_of_the_address_space", edges_of_the_address_space},
    {"ranges_must_be_whole_granules", ranges_must_be_whole_granules},
    {"memory_runs_out", memory_runs_out},
    {"memory_told_suffices", memory_told_suffices},
    {"height_follows_the_addresses", height_follows_the_addresses},
    {"many_mappings", many_mappings},
};

int main(void)
{
    return unit_main("rangemap", units, ARRAY_LENGTH(units));
}
