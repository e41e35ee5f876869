// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/bench/rangemap/rangemap.h"

#include <stdalign.h>
#include <string.h>

#include "tests/suites/bench/rangemap/trie.h"

#define out_of_line         __attribute__((noinline))
#define unlikely(condition) __builtin_expect(!!(condition), 0)

static inline uint64_t key_of(const struct rangemap *map, uint64_t address)
{
    return address >> map->granule_shift;
}

static inline bool is_free(const struct rangemap *map, const struct rangemap_entry *prev,
                           uint64_t first, uint64_t last)
{
    return !(prev->last >= first && prev != &map->ends) &&
           !(prev->next->first <= last && prev->next != &map->ends);
}

/* `entry` is the head of the free list. */
static inline void add(struct rangemap *map, struct rangemap_entry *entry,
                       struct rangemap_entry *prev, struct rangemap_node *leaf, uint64_t key)
{
    struct rangemap_entry *next = prev->next;

    map->free_entries = entry->next;
    entry->prev = prev;
    entry->next = next;
    prev->next = entry;
    next->prev = entry;
    rangemap_set_slot(leaf, rangemap_digit(key, 0), entry);
    map->count++;
}

/* The root does not reach as far as the key, or there is none yet. */
static out_of_line enum rangemap_result insert_outside_root(struct rangemap *map,
                                                            struct rangemap_entry *entry)
{
    uint64_t key = key_of(map, entry->first);
    struct rangemap_entry *prev = key < map->base ? &map->ends : map->ends.prev;
    struct rangemap_node *leaf;

    if (!is_free(map, prev, entry->first, entry->last))
        return RANGEMAP_OVERLAP;
    if (!rangemap_raise_root(map, key))
        return RANGEMAP_NO_MEMORY;
    leaf = rangemap_make_leaf(map, map->root, map->root_shift, key);
    if (!leaf)
        return RANGEMAP_NO_MEMORY;
    add(map, entry, prev, leaf, key);
    return RANGEMAP_OK;
}

/* `node` and `shift` are where the search for the key ended. */
static out_of_line enum rangemap_result insert_at(struct rangemap *map,
                                                  struct rangemap_entry *entry,
                                                  struct rangemap_node *node, unsigned shift)
{
    uint64_t key = key_of(map, entry->first);
    struct rangemap_entry *prev;

    if (!map->count)
        return insert_outside_root(map, entry);
    if (node->slots[rangemap_digit(key, shift)])
        return RANGEMAP_OVERLAP;
    prev = rangemap_before(map, node, shift, key);
    if (!is_free(map, prev, entry->first, entry->last))
        return RANGEMAP_OVERLAP;
    node = rangemap_make_leaf(map, node, shift, key);
    if (!node)
        return RANGEMAP_NO_MEMORY;
    add(map, entry, prev, node, key);
    return RANGEMAP_OK;
}

/* The insertion once more, with an entry on the free list: a call in its midst costs registers. */
static out_of_line enum rangemap_result insert_fresh(struct rangemap *map, uint64_t first,
                                                     uint64_t last, uint64_t phys, uint32_t flags)
{
    struct rangemap_entry *entry = rangemap_take_fresh(map, sizeof(*entry));

    if (!entry)
        return RANGEMAP_NO_MEMORY;
    entry->next = NULL;
    map->free_entries = entry;
    return rangemap_insert(map, first, last, phys, flags);
}

/*
 * In the usual case the leaf is there and has a lower neighbour. The entry is filled in while it is
 * still on the free list, and stays there if nothing comes of it.
 */
enum rangemap_result rangemap_insert(struct rangemap *map, uint64_t first, uint64_t last,
                                     uint64_t phys, uint32_t flags)
{
    uint64_t key = key_of(map, first), below;
    struct rangemap_node *node = map->root, *child;
    struct rangemap_entry *entry = map->free_entries, *prev;
    unsigned shift = map->root_shift;

    if (unlikely(((first | (last + 1)) & map->granule_mask) || last < first))
        return RANGEMAP_INVALID;
    if (unlikely(!entry))
        return insert_fresh(map, first, last, phys, flags);
    entry->first = first;
    entry->last = last;
    entry->phys = phys;
    entry->flags = flags;
    if (unlikely(!rangemap_is_within_root(map, key)))
        return insert_outside_root(map, entry);
    for (; shift; shift -= RANGEMAP_DIGIT_BITS, node = child) {
        child = node->slots[rangemap_digit(key, shift)];
        if (unlikely(!child))
            return insert_at(map, entry, node, shift);
    }
    below = node->occupied & ((1ull << rangemap_digit(key, 0)) - 1);
    if (unlikely(!below))
        return insert_at(map, entry, node, 0);
    prev = node->slots[rangemap_highest(below)];
    if (unlikely(!is_free(map, prev, first, last)))
        return RANGEMAP_OVERLAP;
    add(map, entry, prev, node, key);
    return RANGEMAP_OK;
}

static inline void discard(struct rangemap *map, struct rangemap_node *leaf,
                           struct rangemap_entry *entry, uint64_t key)
{
    struct rangemap_entry *prev = entry->prev, *next = entry->next;

    prev->next = next;
    next->prev = prev;
    entry->next = map->free_entries;
    map->free_entries = entry;
    map->count--;
    rangemap_clear_slot(leaf, rangemap_digit(key, 0));
    if (unlikely(!leaf->occupied))
        rangemap_prune(map, leaf, 0, key);
}

static out_of_line enum rangemap_result remove_many(struct rangemap *map, uint64_t first,
                                                    uint64_t last)
{
    struct rangemap_entry *entry, *from = rangemap_floor(map, key_of(map, first));

    if (last < first)
        return RANGEMAP_INVALID;
    if (from == &map->ends || from->last < first)
        from = from->next;
    for (entry = from; entry != &map->ends && entry->first <= last; entry = entry->next)
        if (entry->first < first || entry->last > last)
            return RANGEMAP_SPLIT;
    for (entry = from; entry != &map->ends && entry->first <= last; entry = from) {
        uint64_t key = key_of(map, entry->first);
        struct rangemap_node *node = map->root;

        from = entry->next;
        for (unsigned shift = map->root_shift; shift; shift -= RANGEMAP_DIGIT_BITS)
            node = node->slots[rangemap_digit(key, shift)];
        discard(map, node, entry, key);
    }
    return RANGEMAP_OK;
}

/* In the usual case the range is that of one mapping. */
enum rangemap_result rangemap_remove(struct rangemap *map, uint64_t first, uint64_t last)
{
    uint64_t key = key_of(map, first);
    struct rangemap_node *node = map->root;
    struct rangemap_entry *entry;

    if (unlikely(!rangemap_is_within_root(map, key)))
        return remove_many(map, first, last);
    for (unsigned shift = map->root_shift; shift; shift -= RANGEMAP_DIGIT_BITS) {
        node = node->slots[rangemap_digit(key, shift)];
        if (unlikely(!node))
            return remove_many(map, first, last);
    }
    entry = node->slots[rangemap_digit(key, 0)];
    if (unlikely(!entry || entry->first != first || entry->last != last))
        return remove_many(map, first, last);
    discard(map, node, entry, key);
    return RANGEMAP_OK;
}

/* No level has more nodes than there are mappings, nor than the window needs wherever it is. */
size_t rangemap_bytes(size_t mappings, uint64_t granule, uint64_t first, uint64_t last)
{
    unsigned granule_shift = rangemap_lowest(granule);
    uint64_t keys = (last >> granule_shift) - (first >> granule_shift);
    size_t nodes = 0;

    for (unsigned shift = 0; shift + granule_shift < 64; shift += RANGEMAP_DIGIT_BITS) {
        uint64_t of_level = keys >> shift >> RANGEMAP_DIGIT_BITS;

        nodes += of_level < mappings ? of_level + 2 : mappings;
    }
    return mappings * sizeof(struct rangemap_entry) + nodes * sizeof(struct rangemap_node) +
           alignof(struct rangemap_entry);
}

void rangemap_init(struct rangemap *map, void *memory, size_t bytes, uint64_t granule)
{
    size_t gap = -(uintptr_t)memory & (alignof(struct rangemap_entry) - 1);

    memset(map, 0, sizeof(*map));
    map->granule_shift = rangemap_lowest(granule);
    map->granule_mask = granule - 1;
    map->ends.first = UINT64_MAX;
    map->ends.prev = &map->ends;
    map->ends.next = &map->ends;
    map->memory = (char *)memory + (gap < bytes ? gap : bytes);
    map->fresh = map->memory;
    map->memory_end = (char *)memory + bytes;
    rangemap_clear_root(map);
}
