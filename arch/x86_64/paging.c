// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's page tables: everything below 4 GiB at its own address in 2 MiB pages, the image in
 * 4 KiB pages by what its sections may be used for, the guard pages of the stacks and page 0 not at
 * all. What lies higher is added by arch_map(), which also makes device memory uncached. AMD64
 * manual volume 2, chapter 5.
 */
#include "arch/smp.h"
#include "arch/x86_64/internal.h"
#include "lib/assert/assert.h"

#define PRESENT       (1ull << 0)
#define WRITABLE      (1ull << 1)
#define WRITE_THROUGH (1ull << 3)
#define UNCACHED      (1ull << 4)
#define LARGE         (1ull << 7)
#define NO_EXECUTE    (1ull << 63)
#define ADDRESS_MASK  0x000ffffffffff000ull

#define SMALL_PAGE        4096ull
#define LARGE_PAGE        (2ull << 20)
#define TABLES            256 /* each maps 1 GiB of large pages or 2 MiB of small ones */
#define LOW_END           (4ull << 30)
#define PHYSICAL_BITS_MAX 46 /* of the lower half of the address space, without its top bit */
#define PHYSICAL_BITS_OLD 36 /* of a CPU that does not tell */
/* Where page 0 is seen: as a null pointer it stays unmapped. */
#define ZERO_PAGE_ALIAS (1ull << PHYSICAL_BITS_MAX)

#define EFER     0xc0000080
#define EFER_NXE (1ull << 11)
#define CR0_WP   (1ull << 16)

extern const char kernel_begin[], text_end[], rodata_end[], kernel_end[];

static uint64_t tables[TABLES][512] __attribute__((aligned(4096)));
static unsigned tables_used;
static uint64_t no_execute;   /* NO_EXECUTE, or 0 on a CPU without it */
static uint64_t physical_end; /* what the CPU can address, exclusive */

static uint64_t *new_table(void)
{
    return tables_used < TABLES ? tables[tables_used++] : NULL;
}

/* The table that `entry` points to, made if there is none; NULL when the pool is empty. */
static uint64_t *descend(uint64_t *entry)
{
    if (!(*entry & PRESENT)) {
        uint64_t *table = new_table();

        if (!table)
            return NULL;
        *entry = (uintptr_t)table | PRESENT | WRITABLE;
    }
    return (uint64_t *)(*entry & ADDRESS_MASK);
}

/* The page directory entry of `virtual`. */
static uint64_t *directory_entry(uint64_t virtual)
{
    uint64_t *pointers = descend(&tables[0][virtual >> 39 & 511]);
    uint64_t *directory = pointers ? descend(&pointers[virtual >> 30 & 511]) : NULL;

    return directory ? &directory[virtual >> 21 & 511] : NULL;
}

static void set_entry(uint64_t *entry, uint64_t virtual, uint64_t value)
{
    *entry = value;
    __asm__ volatile("invlpg (%0)" : : "r"(virtual) : "memory");
}

/* A large page at its own address; one that is mapped already only gains flags. */
static bool map_large(uint64_t address, uint64_t flags)
{
    uint64_t *entry = directory_entry(address);

    if (!entry)
        return false;
    if (!(*entry & PRESENT))
        set_entry(entry, address, address | flags | LARGE | PRESENT);
    else if (*entry & LARGE)
        set_entry(entry, address, *entry | flags);
    return true;
}

static bool map_small(uint64_t virtual, uint64_t physical, uint64_t flags)
{
    uint64_t *entry = directory_entry(virtual);
    uint64_t *table = entry ? descend(entry) : NULL;

    if (table)
        table[virtual >> 12 & 511] = physical | flags;
    return table;
}

/*
 * What the 4 KiB page at `address`, in the large pages of page 0 and of the image, may be used for.
 */
static uint64_t small_flags(uint64_t address)
{
    if (address == 0 || smp_is_guard(address))
        return 0;
    if (address >= (uintptr_t)kernel_begin && address < (uintptr_t)text_end)
        return PRESENT;
    if (address >= (uintptr_t)text_end && address < (uintptr_t)rodata_end)
        return PRESENT | no_execute;
    return PRESENT | WRITABLE | no_execute;
}

static void map_low_memory(void)
{
    uint64_t image_end = ((uintptr_t)kernel_end + LARGE_PAGE - 1) & -LARGE_PAGE;

    for (uint64_t address = 0; address < image_end; address += SMALL_PAGE)
        ASSERT(map_small(address, address, small_flags(address)));
    for (uint64_t address = image_end; address < LOW_END; address += LARGE_PAGE)
        ASSERT(map_large(address, WRITABLE | no_execute));
}

static void ask_cpu(void)
{
    unsigned bits = PHYSICAL_BITS_OLD;
    uint32_t leaf[4];

    read_cpuid(0x80000001, leaf); /* every CPU with long mode has it */
    no_execute = leaf[3] >> 20 & 1 ? NO_EXECUTE : 0;
    read_cpuid(0x80000000, leaf);
    if (leaf[0] >= 0x80000008) {
        read_cpuid(0x80000008, leaf);
        bits = leaf[0] & 0xff;
    }
    physical_end = 1ull << (bits < PHYSICAL_BITS_MAX ? bits : PHYSICAL_BITS_MAX);
}

void paging_init(void)
{
    uint64_t cr0;

    ask_cpu();
    new_table(); /* the top level is tables[0] */
    if (no_execute)
        write_msr(EFER, read_msr(EFER) | EFER_NXE);
    map_low_memory();
    ASSERT(map_small(ZERO_PAGE_ALIAS, 0, PRESENT | no_execute));
    __asm__ volatile("mov %0, %%cr3" : : "r"(tables[0]) : "memory");
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_WP) : "memory");
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    uint64_t flags = WRITABLE | no_execute | (kind == ARCH_DEVICE ? WRITE_THROUGH | UNCACHED : 0);

    if (!size || size > physical_end || base > physical_end - size)
        return NULL;
    if (base < SMALL_PAGE)
        return base + size <= SMALL_PAGE ? (void *)(ZERO_PAGE_ALIAS + base) : NULL;
    for (uint64_t page = base & -LARGE_PAGE; page < base + size; page += LARGE_PAGE)
        if (!map_large(page, flags))
            return NULL;
    return (void *)base;
}
