// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's page tables, Sv39: the image by what its sections may be used for, without the guard
 * pages of the stacks, and what arch_map() is asked for, everything at its own address. Which
 * memory is a device's the machine knows by itself (physical memory attributes). Nothing that is
 * mapped is ever changed. Privileged section 4.4.
 */
#include "arch/riscv64/cpu.h"
#include "arch/smp.h"

#define VALID        (1ull << 0)
#define READABLE     (1ull << 1)
#define WRITABLE     (1ull << 2)
#define EXECUTABLE   (1ull << 3)
#define LEAF         (READABLE | WRITABLE | EXECUTABLE) /* any of them */
#define ACCESSED     (1ull << 6)
#define DIRTY        (1ull << 7)
#define PPN_SHIFT    10
#define ADDRESS_MASK ((1ull << 44) - 1)
#define SATP_SV39    (8ull << 60)

#define LEVELS         3
#define LEVEL_SHIFT(n) (12 + 9 * (LEVELS - 1 - (n)))
#define PAGE_SHIFT     LEVEL_SHIFT(LEVELS - 1)
#define SMALL_PAGE     (1ull << PAGE_SHIFT)
#define TABLES         128 /* a range takes two at most, beside those it shares */
/* What can be at its own address: the lower half of the virtual addresses. */
#define PHYSICAL_END (1ull << 38)
/* Where page 0 is seen, at the start of the upper half: as a null pointer it stays unmapped. */
#define ZERO_PAGE_ALIAS (-PHYSICAL_END)

#define RODATA (VALID | READABLE | ACCESSED)
#define TEXT   (RODATA | EXECUTABLE)
#define DATA   (RODATA | WRITABLE | DIRTY)

extern const char kernel_begin[], text_end[], rodata_end[], kernel_end[];

/* The first is the top level. */
static uint64_t tables[TABLES][512] __attribute__((aligned(4096)));
static unsigned tables_used = 1;

static uint64_t entry_of(uint64_t physical, uint64_t flags)
{
    return physical >> PAGE_SHIFT << PPN_SHIFT | flags;
}

/* The table that `entry` points to, made if there is none; NULL when the pool is empty. */
static uint64_t *descend(uint64_t *entry)
{
    if (!(*entry & VALID)) {
        if (tables_used == TABLES)
            return NULL;
        *entry = entry_of((uintptr_t)tables[tables_used++], VALID);
    }
    return (uint64_t *)((*entry >> PPN_SHIFT & ADDRESS_MASK) << PAGE_SHIFT);
}

/*
 * Maps from `virtual` on what one entry maps, as large a page as alignment, `size` and what is
 * there already admit; what is mapped already stays as it is. Returns the bytes mapped; 0: no table
 * left.
 */
static uint64_t map_some(uint64_t virtual, uint64_t physical, uint64_t size, uint64_t flags)
{
    uint64_t *table = tables[0];

    for (unsigned level = 0; table; level++) {
        uint64_t *entry = &table[virtual >> LEVEL_SHIFT(level) & 511];
        uint64_t page = 1ull << LEVEL_SHIFT(level);
        bool fits = !((virtual | physical) & (page - 1)) && size >= page;

        if (!(*entry & VALID) && fits)
            *entry = entry_of(physical, flags);
        if (*entry & LEAF)
            return page - (virtual & (page - 1));
        table = descend(entry);
    }
    return 0;
}

static bool map(uint64_t virtual, uint64_t physical, uint64_t size, uint64_t flags)
{
    while (size) {
        uint64_t step = map_some(virtual, physical, size, flags);

        if (!step)
            return false;
        step = step < size ? step : size;
        virtual += step;
        physical += step;
        size -= step;
    }
    return true;
}

static void map_image(void)
{
    const uint64_t end = (uintptr_t)kernel_end;

    for (uint64_t page = (uintptr_t)kernel_begin; page < end; page += SMALL_PAGE) {
        uint64_t flags = page < (uintptr_t)text_end     ? TEXT
                         : page < (uintptr_t)rodata_end ? RODATA
                                                        : DATA;

        if (!smp_is_guard(page))
            map(page, page, SMALL_PAGE, flags);
    }
}

/* A translation that was looked for in vain may be remembered as well. */
static void flush(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

void mmu_init(void)
{
    map_image();
    flush();
    WRITE_CSR("satp", SATP_SV39 | (uintptr_t)tables >> PAGE_SHIFT);
    flush();
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    uint64_t page = base & -SMALL_PAGE;
    uint64_t alias = page ? 0 : ZERO_PAGE_ALIAS;

    (void)kind;
    if (!size || size > PHYSICAL_END || base > PHYSICAL_END - size)
        return NULL;
    uint64_t whole = ((base + size + SMALL_PAGE - 1) & -SMALL_PAGE) - page;
    bool is_mapped = map(alias + page, page, whole, DATA);

    flush();
    return is_mapped ? (void *)(alias + base) : NULL;
}
