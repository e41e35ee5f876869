/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables of 512 entries of 8 bytes, pages of 4 KiB, for CPUs whose tables differ in bits only:
 * arch/common/page_tables.c. Nothing that is mapped is ever changed, so no translation has to be
 * taken back; the caller makes new entries visible to the CPU.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define SMALL_PAGE (1ull << PAGE_SHIFT)

/* What differs between CPUs. An entry of 0 maps nothing and points to nothing. */
struct page_format {
    unsigned levels;
    unsigned first_leaf_level; /* level 0 is the top; leaves are on all levels from this one on */
    unsigned entry_shift;      /* right shift from an address to its bits in an entry */
    uint64_t address_mask;     /* of an address, not shifted, that an entry holds */
    uint64_t valid;
    uint64_t table_mask, table; /* above the last level, `entry & table_mask` is `table` */
    uint64_t last_leaf;         /* more flags of a leaf on the last level */
    uint64_t fixed;             /* flags that two mappings of one page must agree on */
};

struct page_tables {
    const struct page_format *format;
    uint64_t (*tables)[512]; /* the first is the top level, and in use */
    unsigned capacity, used;
    uint64_t physical_end; /* what the CPU can address, exclusive */
    uint64_t page_0;       /* where page 0 is mapped: at its own address it stays unmapped */
};

/* The kernel's image at its own address but for the guard pages of stacks, by the flags of each of
 * its parts. */
void page_tables_map_image(struct page_tables *tables, uint64_t text, uint64_t rodata,
                           uint64_t data);

/*
 * arch_map(): the physical range [base, base + size) at its own address, with `flags`; what is
 * mapped already stays as it is. NULL when size is 0, the range does not end below physical_end, a
 * page of it is mapped with other `fixed` flags, or the tables are used up.
 */
void *page_tables_map(struct page_tables *tables, uint64_t base, uint64_t size, uint64_t flags);
