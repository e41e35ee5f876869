// SPDX-License-Identifier: BSD-2-Clause
#include "arch/page_tables.h"

#include <stddef.h>

#include "arch/smp.h"
#include "lib/assert/assert.h"

#define LEVEL_BITS 9

/* From the linker script. */
extern const char kernel_begin[], text_end[], rodata_end[], kernel_end[];

static uint64_t entry_of(const struct page_format *format, uint64_t physical, uint64_t flags)
{
    return physical >> format->entry_shift | flags;
}

/* The table that `entry` points to, made if there is none; NULL when the pool is empty. */
static uint64_t *descend(struct page_tables *tables, uint64_t *entry)
{
    const struct page_format *format = tables->format;

    if (!*entry) {
        if (tables->used == tables->capacity)
            return NULL;
        *entry = entry_of(format, (uintptr_t)tables->tables[tables->used++], format->table);
    }
    return (uint64_t *)(*entry << format->entry_shift & format->address_mask);
}

static bool is_leaf(const struct page_format *format, uint64_t entry, unsigned level)
{
    return level == format->levels - 1 || (entry & format->table_mask) != format->table;
}

/* One that is mapped already stays as it is; false if it disagrees in what is fixed. */
static bool set_leaf(const struct page_format *format, uint64_t *entry, unsigned level,
                     uint64_t physical, uint64_t flags)
{
    if (*entry)
        return (*entry & format->fixed) == (flags & format->fixed);
    if (level == format->levels - 1)
        flags |= format->last_leaf;
    *entry = entry_of(format, physical, flags | format->valid);
    return true;
}

/*
 * Maps from `virtual` on what one entry maps, as large a page as alignment, `size` and what is
 * there already admit. Returns the bytes mapped; 0: no table left, or mapped with other flags.
 */
static uint64_t map_some(struct page_tables *tables, uint64_t virtual, uint64_t physical,
                         uint64_t size, uint64_t flags)
{
    const struct page_format *format = tables->format;
    uint64_t *table = tables->tables[0];

    for (unsigned level = 0; table; level++) {
        unsigned shift = PAGE_SHIFT + LEVEL_BITS * (format->levels - 1 - level);
        uint64_t *entry = &table[virtual >> shift & ((1u << LEVEL_BITS) - 1)];
        uint64_t page = 1ull << shift;
        bool fits = level >= format->first_leaf_level && !((virtual | physical) & (page - 1)) &&
                    size >= page;

        if (*entry ? is_leaf(format, *entry, level) : fits)
            return set_leaf(format, entry, level, physical, flags) ? page - (virtual & (page - 1))
                                                                   : 0;
        table = descend(tables, entry);
    }
    return 0;
}

/* All three are multiples of a page. */
static bool map(struct page_tables *tables, uint64_t virtual, uint64_t physical, uint64_t size,
                uint64_t flags)
{
    while (size) {
        uint64_t step = map_some(tables, virtual, physical, size, flags);

        if (!step)
            return false;
        step = step < size ? step : size;
        virtual += step;
        physical += step;
        size -= step;
    }
    return true;
}

void page_tables_map_image(struct page_tables *tables, uint64_t text, uint64_t rodata,
                           uint64_t data)
{
    const uint64_t end = (uintptr_t)kernel_end;

    for (uint64_t page = (uintptr_t)kernel_begin; page < end; page += SMALL_PAGE) {
        uint64_t flags = page < (uintptr_t)text_end     ? text
                         : page < (uintptr_t)rodata_end ? rodata
                                                        : data;

        if (!smp_is_guard(page))
            ASSERT(map(tables, page, page, SMALL_PAGE, flags));
    }
}

void *page_tables_map(struct page_tables *tables, uint64_t base, uint64_t size, uint64_t flags)
{
    uint64_t page = base & -SMALL_PAGE;
    uint64_t alias = page ? 0 : tables->page_0;

    if (!size || size > tables->physical_end || base > tables->physical_end - size)
        return NULL;
    uint64_t whole = ((base + size + SMALL_PAGE - 1) & -SMALL_PAGE) - page;

    return map(tables, alias + page, page, whole, flags) ? (void *)(alias + base) : NULL;
}
