// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's page tables: the image by what its sections may be used for, without the guard pages
 * of the stacks, and what arch_map() is asked for, everything at its own address. Nothing that is
 * mapped is ever changed, so no translation has to be taken back. Arm ARM (DDI 0487) section D8.3.
 */
#include "arch/aarch64/layout.h"

#include "arch/aarch64/cpu.h"
#include "arch/smp.h"

#define NO_EXECUTE   (3ull << 53) /* at EL1 and at EL0 */
#define ADDRESS_MASK 0x0000fffffffff000ull

#define LEVELS            4
#define LEVEL_SHIFT(n)    (12 + 9 * (LEVELS - 1 - (n)))
#define PAGE_SHIFT        LEVEL_SHIFT(LEVELS - 1)
#define SMALL_PAGE        (1ull << PAGE_SHIFT)
#define FIRST_BLOCK_LEVEL 1
#define TABLES            128 /* a range takes two at most, beside those it shares */
#define PHYSICAL_BITS_MAX 47  /* of the addresses that the tables reach, without their top bit */
/* Where page 0 is seen: as a null pointer it stays unmapped. */
#define ZERO_PAGE_ALIAS (1ull << PHYSICAL_BITS_MAX)

#define DATA   (MMU_VALID | MMU_NORMAL | MMU_INNER | MMU_ACCESSED | NO_EXECUTE)
#define DEVICE (MMU_VALID | MMU_ACCESSED | NO_EXECUTE)
#define RODATA (DATA | MMU_READ_ONLY)
#define TEXT   (RODATA & ~NO_EXECUTE)

extern const char kernel_begin[], text_end[], rodata_end[], kernel_end[];

/* The first is the top level; entry.S knows it by name. */
extern uint64_t mmu_tables[TABLES][512];
uint64_t mmu_tables[TABLES][512] __attribute__((aligned(4096)));
static unsigned tables_used = 1;
static uint64_t physical_end; /* what the CPU can address, exclusive */

/* The table that `entry` points to, made if there is none; NULL when the pool is empty. */
static uint64_t *descend(uint64_t *entry)
{
    if (!(*entry & MMU_VALID)) {
        if (tables_used == TABLES)
            return NULL;
        *entry = (uintptr_t)mmu_tables[tables_used++] | MMU_TABLE | MMU_VALID;
    }
    return (uint64_t *)(*entry & ADDRESS_MASK);
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == LEVELS - 1 || !(entry & MMU_TABLE);
}

/* One that is mapped already stays as it is; false if it is of the other kind. */
static bool set_leaf(uint64_t *entry, unsigned level, uint64_t physical, uint64_t flags)
{
    if (*entry & MMU_VALID)
        return (*entry & MMU_NORMAL) == (flags & MMU_NORMAL);
    *entry = physical | flags | (level == LEVELS - 1 ? MMU_TABLE : 0);
    return true;
}

/*
 * Maps from `virtual` on what one entry maps, as large a block as alignment, `size` and what is
 * there already admit. Returns the bytes mapped; 0: no table left, or mapped as the other kind.
 */
static uint64_t map_some(uint64_t virtual, uint64_t physical, uint64_t size, uint64_t flags)
{
    uint64_t *table = mmu_tables[0];

    for (unsigned level = 0; table; level++) {
        uint64_t *entry = &table[virtual >> LEVEL_SHIFT(level) & 511];
        uint64_t block = 1ull << LEVEL_SHIFT(level);
        bool fits =
            level >= FIRST_BLOCK_LEVEL && !((virtual | physical) & (block - 1)) && size >= block;

        if (*entry & MMU_VALID ? is_leaf(*entry, level) : fits || level == LEVELS - 1)
            return set_leaf(entry, level, physical, flags) ? block - (virtual & (block - 1)) : 0;
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

void mmu_init(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
    unsigned range = READ_SYSTEM("id_aa64mmfr0_el1") & 15;
    unsigned known = range < sizeof(bits) ? bits[range] : PHYSICAL_BITS_MAX;

    physical_end = 1ull << (known < PHYSICAL_BITS_MAX ? known : PHYSICAL_BITS_MAX);
    map_image();
    __asm__ volatile("dsb ish" : : : "memory");
    WRITE_SYSTEM("ttbr0_el1", (uintptr_t)mmu_tables | (uint64_t)MMU_KERNEL_ASID << 48);
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    uint64_t page = base & -SMALL_PAGE;
    uint64_t alias = page ? 0 : ZERO_PAGE_ALIAS;

    if (!size || size > physical_end || base > physical_end - size)
        return NULL;
    uint64_t whole = ((base + size + SMALL_PAGE - 1) & -SMALL_PAGE) - page;
    bool is_mapped = map(alias + page, page, whole, kind == ARCH_DEVICE ? DEVICE : DATA);

    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
    return is_mapped ? (void *)(alias + base) : NULL;
}
