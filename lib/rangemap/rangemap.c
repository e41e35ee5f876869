// SPDX-License-Identifier: BSD-2-Clause
#include "lib/rangemap/rangemap.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#define DIGIT_BITS 6
#define SLOTS      (1u << DIGIT_BITS)
#define TOP_SHIFT  60 /* of the digit that holds bit 63 of a key */

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/*
 * At a shift of 0 the slots hold entries, above it nodes. A node is never left empty, and the root
 * never with a single node, so that whatever node a search ends in has a neighbour to offer.
 */
struct rangemap_node {
    uint64_t occupied; /* bit n: slots[n] is not NULL */
    struct rangemap_node *parent;
    void *slots[SLOTS];
};

static inline unsigned digit(uint64_t key, unsigned shift)
{
    return key >> shift & (SLOTS - 1);
}

static inline unsigned highest(uint64_t bits)
{
    return 63 ^ (unsigned)__builtin_clzll(bits);
}

static inline unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

static inline void set_slot(struct rangemap_node *node, unsigned slot, void *value)
{
    node->slots[slot] = value;
    node->occupied |= 1ull << slot;
}

static inline void clear_slot(struct rangemap_node *node, unsigned slot)
{
    node->slots[slot] = NULL;
    node->occupied &= ~(1ull << slot);
}

static void *take_fresh(struct rangemap *map, size_t bytes)
{
    char *taken = map->fresh;

    if ((size_t)(map->memory_end - taken) < bytes)
        return NULL;
    map->fresh += bytes;
    return taken;
}

static struct rangemap_entry *take_entry(struct rangemap *map)
{
    struct rangemap_entry *entry = map->free_entries;

    if (unlikely(!entry))
        return take_fresh(map, sizeof(*entry));
    map->free_entries = entry->next;
    return entry;
}

/* A node on the free list is all NULL but for `parent`, which links the list. */
static struct rangemap_node *take_node(struct rangemap *map, struct rangemap_node *parent)
{
    struct rangemap_node *node = map->free_nodes;

    if (likely(node)) {
        map->free_nodes = node->parent;
    } else {
        node = take_fresh(map, sizeof(*node));
        if (!node)
            return NULL;
        memset(node, 0, sizeof(*node));
    }
    node->parent = parent;
    map->nodes++;
    return node;
}

static void give_node(struct rangemap *map, struct rangemap_node *node)
{
    node->parent = map->free_nodes;
    map->free_nodes = node;
    map->nodes--;
}

/* The root of an empty map: read by every search, never written. */
static const struct rangemap_node nothing;

static void set_root(struct rangemap *map, struct rangemap_node *root, uint64_t key, unsigned shift)
{
    map->root = root;
    map->root_shift = shift;
    map->reach = shift == TOP_SHIFT ? UINT64_MAX : (1ull << (shift + DIGIT_BITS)) - 1;
    map->base = key & ~map->reach;
}

static void empty(struct rangemap *map)
{
    set_root(map, (struct rangemap_node *)&nothing, 0, 0);
}

static inline bool is_within_root(const struct rangemap *map, uint64_t key)
{
    return key - map->base <= map->reach;
}

/*
 * The entry before the key, whose search ended without success in a slot of `node`. There is one
 * lower in the node, or the lowest that is higher in it has a predecessor: no way leads up.
 */
static struct rangemap_entry *before(struct rangemap *map, struct rangemap_node *node,
                                     unsigned shift, uint64_t key)
{
    uint64_t below = node->occupied & ((1ull << digit(key, shift)) - 1);
    struct rangemap_entry *entry;

    if (!node->occupied)
        return &map->ends;
    if (below) {
        for (; shift; shift -= DIGIT_BITS) {
            node = node->slots[highest(below)];
            below = node->occupied;
        }
        return node->slots[highest(below)];
    }
    for (; shift; shift -= DIGIT_BITS)
        node = node->slots[lowest(node->occupied)];
    entry = node->slots[lowest(node->occupied)];
    return entry->prev;
}

/* The entry with the highest first address whose key is not above `key`; `ends` if there is none.
 */
static struct rangemap_entry *floor_of(struct rangemap *map, uint64_t key)
{
    struct rangemap_node *node = map->root;
    unsigned shift = map->root_shift;
    void *child;

    if (!is_within_root(map, key))
        return key < map->base ? &map->ends : map->ends.prev;
    for (;;) {
        child = node->slots[digit(key, shift)];
        if (!child)
            return before(map, node, shift, key);
        if (!shift)
            return child;
        node = child;
        shift -= DIGIT_BITS;
    }
}

/* Takes nodes away that hold nothing, from `node` upwards, and roots that hold a single node. */
static void prune(struct rangemap *map, struct rangemap_node *node, unsigned shift, uint64_t key)
{
    while (!node->occupied) {
        struct rangemap_node *parent = node->parent;

        give_node(map, node);
        if (!parent) {
            empty(map);
            return;
        }
        node = parent;
        shift += DIGIT_BITS;
        clear_slot(node, digit(key, shift));
    }
    while (map->root_shift && !(map->root->occupied & (map->root->occupied - 1))) {
        struct rangemap_node *root = map->root;
        unsigned slot = lowest(root->occupied);
        struct rangemap_node *child = root->slots[slot];

        clear_slot(root, slot);
        give_node(map, root);
        child->parent = NULL;
        set_root(map, child, map->base | (uint64_t)slot << map->root_shift,
                 map->root_shift - DIGIT_BITS);
    }
}

/* Puts nodes above the root until the key is within; false if there is no memory. */
static bool raise_root(struct rangemap *map, uint64_t key)
{
    while (!is_within_root(map, key)) {
        unsigned shift = map->root_shift + DIGIT_BITS;
        struct rangemap_node *root = take_node(map, NULL);

        if (!root)
            return false;
        map->root->parent = root;
        set_slot(root, digit(map->base, shift), map->root);
        set_root(map, root, map->base, shift);
    }
    return true;
}

/* The leaf for the key, made with all above it if need be; NULL, and nothing made, without memory.
 */
static struct rangemap_node *make_leaf(struct rangemap *map, uint64_t key)
{
    struct rangemap_node *node, *child;
    unsigned shift;

    if (!map->count) {
        node = take_node(map, NULL);
        if (node)
            set_root(map, node, key, 0);
        return node;
    }
    child = raise_root(map, key) ? map->root : NULL;
    node = map->root;
    for (shift = map->root_shift; child && shift; shift -= DIGIT_BITS) {
        node = child;
        child = node->slots[digit(key, shift)];
        if (child)
            continue;
        child = take_node(map, node);
        if (!child)
            break;
        set_slot(node, digit(key, shift), child);
    }
    if (!child)
        prune(map, node, shift, key);
    return child;
}

static inline void add(struct rangemap *map, struct rangemap_node *leaf, uint64_t key,
                       struct rangemap_entry *entry, struct rangemap_entry *prev)
{
    struct rangemap_entry *next = prev->next;

    entry->prev = prev;
    entry->next = next;
    prev->next = entry;
    next->prev = entry;
    set_slot(leaf, digit(key, 0), entry);
    map->count++;
}

static inline bool is_free(const struct rangemap *map, const struct rangemap_entry *prev,
                           uint64_t first, uint64_t last)
{
    return !(prev->last >= first && prev != &map->ends) &&
           !(prev->next->first <= last && prev->next != &map->ends);
}

/* Entries and nodes that were given back are of use to their own kind only; a new start helps. */
static void start_anew(struct rangemap *map)
{
    if (map->fresh - map->memory <= (ptrdiff_t)(sizeof(struct rangemap_entry) + sizeof(nothing)))
        return;
    map->free_entries = NULL;
    map->free_nodes = NULL;
    map->fresh = map->memory;
}

static __attribute__((noinline)) enum rangemap_result
insert_slowly(struct rangemap *map, uint64_t first, uint64_t last, uint64_t phys, uint32_t flags)
{
    uint64_t key = first >> map->granule_shift;
    struct rangemap_entry *prev = floor_of(map, key);
    struct rangemap_entry *entry;
    struct rangemap_node *leaf;

    if (!is_free(map, prev, first, last))
        return RANGEMAP_OVERLAP;
    if (!map->count)
        start_anew(map);
    entry = take_entry(map);
    if (!entry)
        return RANGEMAP_NO_MEMORY;
    leaf = make_leaf(map, key);
    if (!leaf) {
        entry->next = map->free_entries;
        map->free_entries = entry;
        return RANGEMAP_NO_MEMORY;
    }
    entry->first = first;
    entry->last = last;
    entry->phys = phys;
    entry->flags = flags;
    add(map, leaf, key, entry, prev);
    return RANGEMAP_OK;
}

/* The usual case, written out for few instructions: the leaf is there and has a lower neighbour. */
enum rangemap_result rangemap_insert(struct rangemap *map, uint64_t first, uint64_t last,
                                     uint64_t phys, uint32_t flags)
{
    uint64_t key = first >> map->granule_shift, below;
    struct rangemap_node *node = map->root;
    struct rangemap_entry *entry = map->free_entries, *prev;

    if (unlikely(((first | (last + 1)) & map->granule_mask) || last < first))
        return RANGEMAP_INVALID;
    if (unlikely(!is_within_root(map, key) || !entry))
        return insert_slowly(map, first, last, phys, flags);
    for (unsigned shift = map->root_shift; shift; shift -= DIGIT_BITS) {
        node = node->slots[digit(key, shift)];
        if (unlikely(!node))
            return insert_slowly(map, first, last, phys, flags);
    }
    below = node->occupied & ((1ull << digit(key, 0)) - 1);
    if (unlikely(!below))
        return insert_slowly(map, first, last, phys, flags);
    prev = node->slots[highest(below)];
    if (unlikely(!is_free(map, prev, first, last)))
        return RANGEMAP_OVERLAP;
    map->free_entries = entry->next;
    entry->first = first;
    entry->last = last;
    entry->phys = phys;
    entry->flags = flags;
    add(map, node, key, entry, prev);
    return RANGEMAP_OK;
}

static inline void discard(struct rangemap *map, struct rangemap_node *leaf,
                           struct rangemap_entry *entry, uint64_t key)
{
    entry->prev->next = entry->next;
    entry->next->prev = entry->prev;
    entry->next = map->free_entries;
    map->free_entries = entry;
    map->count--;
    clear_slot(leaf, digit(key, 0));
    if (unlikely(!leaf->occupied))
        prune(map, leaf, 0, key);
}

static __attribute__((noinline)) enum rangemap_result remove_slowly(struct rangemap *map,
                                                                    uint64_t first, uint64_t last)
{
    struct rangemap_entry *entry, *from = floor_of(map, first >> map->granule_shift);

    if (last < first)
        return RANGEMAP_INVALID;
    if (from == &map->ends || from->last < first)
        from = from->next;
    for (entry = from; entry != &map->ends && entry->first <= last; entry = entry->next)
        if (entry->first < first || entry->last > last)
            return RANGEMAP_SPLIT;
    for (entry = from; entry != &map->ends && entry->first <= last; entry = from) {
        uint64_t key = entry->first >> map->granule_shift;
        struct rangemap_node *node = map->root;

        from = entry->next;
        for (unsigned shift = map->root_shift; shift; shift -= DIGIT_BITS)
            node = node->slots[digit(key, shift)];
        discard(map, node, entry, key);
    }
    return RANGEMAP_OK;
}

/* The usual case, again: the range is that of one mapping. */
enum rangemap_result rangemap_remove(struct rangemap *map, uint64_t first, uint64_t last)
{
    uint64_t key = first >> map->granule_shift;
    struct rangemap_node *node = map->root;
    struct rangemap_entry *entry;

    if (unlikely(!is_within_root(map, key)))
        return remove_slowly(map, first, last);
    for (unsigned shift = map->root_shift; shift; shift -= DIGIT_BITS) {
        node = node->slots[digit(key, shift)];
        if (unlikely(!node))
            return remove_slowly(map, first, last);
    }
    entry = node->slots[digit(key, 0)];
    if (unlikely(!entry || entry->first != first || entry->last != last))
        return remove_slowly(map, first, last);
    discard(map, node, entry, key);
    return RANGEMAP_OK;
}

const struct rangemap_entry *rangemap_find(const struct rangemap *map, uint64_t address)
{
    const struct rangemap_entry *entry =
        floor_of((struct rangemap *)map, address >> map->granule_shift);

    return entry->first <= address && address <= entry->last ? entry : NULL;
}

const struct rangemap_entry *rangemap_next(const struct rangemap *map, uint64_t address)
{
    const struct rangemap_entry *entry =
        floor_of((struct rangemap *)map, address >> map->granule_shift);

    if (entry->first <= address && address <= entry->last)
        return entry;
    return rangemap_after(map, entry);
}

const struct rangemap_entry *rangemap_after(const struct rangemap *map,
                                            const struct rangemap_entry *entry)
{
    return entry->next == &map->ends ? NULL : entry->next;
}

size_t rangemap_count(const struct rangemap *map)
{
    return map->count;
}

size_t rangemap_bytes(size_t mappings, uint64_t granule, uint64_t first, uint64_t last)
{
    unsigned granule_shift = lowest(granule);
    uint64_t keys = (last >> granule_shift) - (first >> granule_shift);
    size_t nodes = 0;

    for (unsigned shift = 0; shift + granule_shift < 64; shift += DIGIT_BITS) {
        uint64_t of_level = keys >> shift >> DIGIT_BITS;

        nodes += of_level < mappings ? of_level + 2 : mappings;
    }
    return mappings * sizeof(struct rangemap_entry) + nodes * sizeof(struct rangemap_node) +
           alignof(struct rangemap_entry);
}

void rangemap_init(struct rangemap *map, void *memory, size_t bytes, uint64_t granule)
{
    size_t gap = -(uintptr_t)memory & (alignof(struct rangemap_entry) - 1);

    memset(map, 0, sizeof(*map));
    map->granule_shift = lowest(granule);
    map->granule_mask = granule - 1;
    map->ends = (struct rangemap_entry){
        .first = UINT64_MAX, .last = 0, .prev = &map->ends, .next = &map->ends};
    map->memory_end = (char *)memory + bytes;
    map->memory = gap < bytes ? (char *)memory + gap : map->memory_end;
    map->fresh = map->memory;
    empty(map);
}
