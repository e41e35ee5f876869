// SPDX-License-Identifier: BSD-2-Clause
/* The rangemap beside an array that is searched from its beginning, on random insertions and removals. */
#include <string.h>

#include "lib/array/array.h"
#include "lib/rng/rng.h"
#include "tests/suites/bench/rangemap/trie.h"
#include "tests/unit/fixtures/range_map.h"
#include "tests/unit/fixtures/unit.h"

#define ORACLE_MAX 600

/* What the map should hold: an array in order of address, searched from its beginning. */
struct range {
    uint64_t first, last, phys;
    uint32_t flags;
};

static struct range oracle[ORACLE_MAX];
static size_t oracle_count;

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

    check_same(range_map_next(address), range);
    check_same(range_map_at(address), range && range->first <= address ? range : NULL);
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
    const struct rangemap_entry *entry = range_map_next(0);

    CHECK_EQ(range_map.count, oracle_count);
    for (size_t i = 0; i < oracle_count; i++) {
        check_same(entry, &oracle[i]);
        if (!entry)
            return;
        entry = range_map_after(entry);
    }
    CHECK(entry == NULL);
    CHECK_EQ(range_map.nodes, oracle_count ? check_node(range_map.root, range_map.root_shift) : 0);
    CHECK(!range_map.root_shift || range_map.root->occupied & (range_map.root->occupied - 1));
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
        CHECK_EQ(rangemap_insert(&range_map, first, last, range.phys, range.flags),
                 oracle_insert(range, walk->granule));
    } else {
        if (oracle_count && rng_chance(rng, 1, 2)) {
            const struct range *victim = &oracle[rng_below(rng, oracle_count)];

            first = victim->first;
            last = rng_chance(rng, 1, 8) ? victim->last + 1 : victim->last;
        }
        CHECK_EQ(rangemap_remove(&range_map, first, last), oracle_remove(first, last));
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
        range_map_start_for(ORACLE_MAX, walks[i].granule);
        for (unsigned k = 0; k < 6000; k++) {
            step(&walks[i], &rng);
            if (k % 64 == 0)
                check_map();
        }
        check_map();
        CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
        oracle_count = 0;
        check_map();
        range_map_stop();
    }
}

/* Whatever the memory ends for, a node or an entry, the map stays as it was and goes on. */
static void memory_runs_out(void)
{
    static const uint64_t strides[] = {1, 64, 4097, 1ull << 40, (1ull << 58) + 12345};
    size_t all = rangemap_bytes(8, 1, 0, UINT64_MAX);

    for (size_t i = 0; i < ARRAY_LENGTH(strides); i++)
        for (size_t bytes = 0; bytes < all; bytes += 24) {
            size_t held;

            range_map_start(bytes, 1);
            for (held = 0; held < 20; held++) {
                struct range range = {strides[i] * held, strides[i] * held, held, 0};

                if (rangemap_insert(&range_map, range.first, range.last, held, 0) != RANGEMAP_OK)
                    break;
                oracle_insert(range, 1);
            }
            check_map();
            if (held < 20)
                CHECK_EQ(rangemap_insert(&range_map, strides[i] * held, strides[i] * held, 0, 0),
                         RANGEMAP_NO_MEMORY);
            CHECK_EQ(rangemap_remove(&range_map, 0, UINT64_MAX), RANGEMAP_OK);
            oracle_count = 0;
            check_map();
            CHECK_EQ(rangemap_insert(&range_map, 9, 9, 0, 0),
                     held ? RANGEMAP_OK : RANGEMAP_NO_MEMORY);
            range_map_stop();
        }
}

int main(void)
{
    static const struct unit units[] = {
        {"random_walks", random_walks},
        {"memory_runs_out", memory_runs_out},
    };

    return unit_main("rangemap_walk", units, ARRAY_LENGTH(units));
}
