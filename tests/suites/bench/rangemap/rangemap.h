/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mappings of one domain in the order of their addresses, as a driver must keep them, for few
 * instructions per operation however many there are. Entries form a list in order of address; a
 * trie of 64 slots per node over first / granule finds a place in it. The trie is only as high as
 * the addresses in use differ. A mapping takes one slot, at its first address, whatever its size.
 * Nothing is allocated but from the memory handed in, and there is no lock. A struct rangemap
 * points into itself: it is not to be copied or moved.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rangemap_node;

struct rangemap_entry {
    uint64_t first, last; /* both included */
    uint64_t phys;
    uint32_t flags;
    struct rangemap_entry *prev, *next; /* of the list; the map's own */
};

/* Read by the inside of this directory and by unit tests only. */
struct rangemap {
    struct rangemap_node *root;
    uint64_t base, reach;  /* the root holds the keys base .. base + reach */
    uint64_t granule_mask; /* granule - 1 */
    unsigned granule_shift;
    unsigned root_shift; /* of a key, so that the root's slot is in the low bits */
    struct rangemap_entry *free_entries;
    struct rangemap_node *free_nodes;
    size_t count, nodes;        /* mappings; nodes of the trie in use */
    struct rangemap_entry ends; /* before the first and behind the last; first > last */
    char *memory, *fresh, *memory_end;
};

enum rangemap_result {
    RANGEMAP_OK,
    RANGEMAP_INVALID,   /* last < first, or not a whole number of granules */
    RANGEMAP_OVERLAP,   /* with a mapping that is there */
    RANGEMAP_SPLIT,     /* a mapping is partly inside the range */
    RANGEMAP_NO_MEMORY, /* nothing was changed */
};

/* Bytes that always suffice for so many mappings which all begin in first .. last. */
size_t rangemap_bytes(size_t mappings, uint64_t granule, uint64_t first, uint64_t last);

/*
 * An empty map over memory of any content, which belongs to it from now on. `granule` is a power of
 * two, 1 included. Too little memory shows as RANGEMAP_NO_MEMORY of an insertion.
 */
void rangemap_init(struct rangemap *map, void *memory, size_t bytes, uint64_t granule);

/* Adds first .. last. `phys` and `flags` are kept, not judged. */
enum rangemap_result rangemap_insert(struct rangemap *map, uint64_t first, uint64_t last,
                                     uint64_t phys, uint32_t flags);

/*
 * Removes every mapping inside first .. last, of which there may be none; or removes nothing and
 * returns RANGEMAP_SPLIT. The ends need not be multiples of the granule.
 */
enum rangemap_result rangemap_remove(struct rangemap *map, uint64_t first, uint64_t last);
