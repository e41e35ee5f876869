// SPDX-License-Identifier: BSD-2-Clause
#include "tests/suites/bench/rangemap/trie.h"

#include <string.h>

#define TOP_SHIFT 60 /* of the digit that holds bit 63 of a key */

/* The root of an empty map: read by every search, never written. */
static const struct rangemap_node nothing;

void *rangemap_take_fresh(struct rangemap *map, size_t bytes)
{
    char *taken = map->fresh;

    if ((size_t)(map->memory_end - taken) < bytes)
        return NULL;
    map->fresh += bytes;
    return taken;
}

/* A node on the free list is all NULL but for `parent`, which links the list. */
static struct rangemap_node *take_node(struct rangemap *map, struct rangemap_node *parent)
{
    struct rangemap_node *node = map->free_nodes;

    if (node) {
        map->free_nodes = node->parent;
    } else {
        node = rangemap_take_fresh(map, sizeof(*node));
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

static void set_root(struct rangemap *map, struct rangemap_node *root, uint64_t key, unsigned shift)
{
    map->root = root;
    map->root_shift = shift;
    map->reach = shift == TOP_SHIFT ? UINT64_MAX : (1ull << (shift + RANGEMAP_DIGIT_BITS)) - 1;
    map->base = key & ~map->reach;
}

void rangemap_clear_root(struct rangemap *map)
{
    set_root(map, (struct rangemap_node *)&nothing, 0, 0);
}

struct rangemap_entry *rangemap_before(struct rangemap *map, struct rangemap_node *node,
                                       unsigned shift, uint64_t key)
{
    uint64_t below = node->occupied & ((1ull << rangemap_digit(key, shift)) - 1);
    struct rangemap_entry *entry;

    if (!node->occupied)
        return &map->ends;
    if (below) {
        for (; shift; shift -= RANGEMAP_DIGIT_BITS) {
            node = node->slots[rangemap_highest(below)];
            below = node->occupied;
        }
        return node->slots[rangemap_highest(below)];
    }
    /* The lowest of the entries above the key, of which there is one, knows its predecessor. */
    for (; shift; shift -= RANGEMAP_DIGIT_BITS)
        node = node->slots[rangemap_lowest(node->occupied)];
    entry = node->slots[rangemap_lowest(node->occupied)];
    return entry->prev;
}

struct rangemap_entry *rangemap_floor(struct rangemap *map, uint64_t key)
{
    struct rangemap_node *node = map->root;
    unsigned shift = map->root_shift;

    if (!rangemap_is_within_root(map, key))
        return key < map->base ? &map->ends : map->ends.prev;
    for (;;) {
        void *child = node->slots[rangemap_digit(key, shift)];

        if (!child)
            return rangemap_before(map, node, shift, key);
        if (!shift)
            return child;
        node = child;
        shift -= RANGEMAP_DIGIT_BITS;
    }
}

/*
 * Entries and nodes that were given back serve their own kind only. An empty map forgets them, so
 * that all memory is good for both again, unless it never held more than one mapping.
 */
static void forget_free(struct rangemap *map)
{
    size_t used = (size_t)(map->fresh - map->memory);

    if (used <= sizeof(struct rangemap_entry) + sizeof(struct rangemap_node))
        return;
    map->free_entries = NULL;
    map->free_nodes = NULL;
    map->fresh = map->memory;
}

void rangemap_prune(struct rangemap *map, struct rangemap_node *node, unsigned shift, uint64_t key)
{
    while (!node->occupied) {
        struct rangemap_node *parent = node->parent;

        give_node(map, node);
        if (!parent) {
            rangemap_clear_root(map);
            forget_free(map);
            return;
        }
        node = parent;
        shift += RANGEMAP_DIGIT_BITS;
        rangemap_clear_slot(node, rangemap_digit(key, shift));
    }
    while (map->root_shift && !(map->root->occupied & (map->root->occupied - 1))) {
        struct rangemap_node *root = map->root;
        unsigned slot = rangemap_lowest(root->occupied);
        struct rangemap_node *child = root->slots[slot];

        rangemap_clear_slot(root, slot);
        give_node(map, root);
        child->parent = NULL;
        set_root(map, child, map->base | (uint64_t)slot << map->root_shift,
                 map->root_shift - RANGEMAP_DIGIT_BITS);
    }
}

bool rangemap_raise_root(struct rangemap *map, uint64_t key)
{
    if (!map->count) {
        struct rangemap_node *root = take_node(map, NULL);

        if (root)
            set_root(map, root, key, 0);
        return root;
    }
    while (!rangemap_is_within_root(map, key)) {
        unsigned shift = map->root_shift + RANGEMAP_DIGIT_BITS;
        struct rangemap_node *root = take_node(map, NULL);

        if (!root) {
            rangemap_prune(map, map->root, map->root_shift, key);
            return false;
        }
        map->root->parent = root;
        rangemap_set_slot(root, rangemap_digit(map->base, shift), map->root);
        set_root(map, root, map->base, shift);
    }
    return true;
}

struct rangemap_node *rangemap_make_leaf(struct rangemap *map, struct rangemap_node *node,
                                         unsigned shift, uint64_t key)
{
    while (shift) {
        struct rangemap_node *child = take_node(map, node);

        if (!child) {
            rangemap_prune(map, node, shift, key);
            return NULL;
        }
        rangemap_set_slot(node, rangemap_digit(key, shift), child);
        node = child;
        shift -= RANGEMAP_DIGIT_BITS;
    }
    return node;
}
