/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trie under a rangemap, for the files of this directory. A key is first / granule; each level
 * looks at six of its bits. At a shift of 0 the slots hold entries, above it nodes. A node is never
 * left empty, and the root never with a single node: whatever node a search ends in has a neighbour
 * to offer, and an insertion need not look further for what it could overlap.
 */
#pragma once

#include <stdbool.h>

#include "tests/suites/bench/rangemap/rangemap.h"

#define RANGEMAP_DIGIT_BITS 6
#define RANGEMAP_SLOTS      (1u << RANGEMAP_DIGIT_BITS)

struct rangemap_node {
    uint64_t occupied; /* bit n: slots[n] is not NULL */
    struct rangemap_node *parent;
    void *slots[RANGEMAP_SLOTS];
};

static inline unsigned rangemap_digit(uint64_t key, unsigned shift)
{
    return key >> shift & (RANGEMAP_SLOTS - 1);
}

static inline unsigned rangemap_highest(uint64_t bits)
{
    return 63 ^ (unsigned)__builtin_clzll(bits);
}

static inline unsigned rangemap_lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static inline void rangemap_set_slot(struct rangemap_node *node, unsigned slot, void *value)
{
    node->slots[slot] = value;
    node->occupied |= 1ull << slot;
}

static inline void rangemap_clear_slot(struct rangemap_node *node, unsigned slot)
{
    node->slots[slot] = NULL;
    node->occupied &= ~(1ull << slot);
}

static inline bool rangemap_is_within_root(const struct rangemap *map, uint64_t key)
{
    return key - map->base <= map->reach;
}

/* Takes the root away: what remains is good for searches and finds nothing. */
void rangemap_clear_root(struct rangemap *map);

/*
 * The entry before the key, whose search ended at an empty slot of `node`, `shift`. `ends` if there
 * is none.
 */
struct rangemap_entry *rangemap_before(struct rangemap *map, struct rangemap_node *node,
                                       unsigned shift, uint64_t key);

/* The entry with the highest key that is not above this one, or `ends`. */
struct rangemap_entry *rangemap_floor(struct rangemap *map, uint64_t key);

/* Makes the key are within the root; false, and nothing changed, without memory. */
bool rangemap_raise_root(struct rangemap *map, uint64_t key);

/*
 * The leaf for the key, whose search ended at an empty slot of `node`, `shift`, or in a leaf; made
 * if need be. NULL, and nothing changed, without memory.
 */
struct rangemap_node *rangemap_make_leaf(struct rangemap *map, struct rangemap_node *node,
                                         unsigned shift, uint64_t key);

/* Takes nodes away that hold nothing, from `node` upwards, and roots that hold a single node. */
void rangemap_prune(struct rangemap *map, struct rangemap_node *node, unsigned shift, uint64_t key);

/* Memory that was never used since the map was empty, or NULL. */
void *rangemap_take_fresh(struct rangemap *map, size_t bytes);
