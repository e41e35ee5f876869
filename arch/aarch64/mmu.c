// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's page tables: the image by what its sections may be used for and what arch_map() is
 * asked for. Arm ARM (DDI 0487) section D8.3.
 */
#include "arch/aarch64/layout.h"

#include "arch/aarch64/internal.h"
#include "arch/page_tables.h"
#include "lib/array/array.h"

#define NO_EXECUTE (3ull << 53) /* at EL1 and at EL0 */

#define TABLES            128 /* a range takes two at most, beside those it shares */
#define PHYSICAL_BITS_MAX 47  /* of the addresses that the tables reach, without their top bit */

#define DATA   (MMU_NORMAL | MMU_INNER | MMU_ACCESSED | NO_EXECUTE)
#define DEVICE (MMU_ACCESSED | NO_EXECUTE)
#define RODATA (DATA | MMU_READ_ONLY)
#define TEXT   (RODATA & ~NO_EXECUTE)

/* entry.S knows the top level by this name. */
extern uint64_t mmu_tables[TABLES][512];
uint64_t mmu_tables[TABLES][512] __attribute__((aligned(SMALL_PAGE)));

/* Granule 4 KiB; one page must not be mapped as two types of memory. */
static const struct page_format granule_4k = {
    .levels = 4,
    .first_leaf_level = 1,
    .address_mask = 0x0000fffffffff000ull,
    .valid = MMU_VALID,
    .table_mask = MMU_TABLE | MMU_VALID,
    .table = MMU_TABLE | MMU_VALID,
    .last_leaf = MMU_TABLE,
    .fixed = MMU_NORMAL,
};

static struct page_tables kernel = {
    .format = &granule_4k,
    .tables = mmu_tables,
    .capacity = TABLES,
    .used = 1,
    .page_0 = 1ull << PHYSICAL_BITS_MAX,
};

void mmu_init(void)
{
    static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
    unsigned range = READ_SYSTEM("id_aa64mmfr0_el1") & 15;
    unsigned known = range < ARRAY_LENGTH(bits) ? bits[range] : PHYSICAL_BITS_MAX;

    kernel.physical_end = 1ull << (known < PHYSICAL_BITS_MAX ? known : PHYSICAL_BITS_MAX);
    page_tables_map_image(&kernel, TEXT, RODATA, DATA);
    __asm__ volatile("dsb ish" : : : "memory");
    WRITE_SYSTEM("ttbr0_el1", (uintptr_t)mmu_tables | (uint64_t)MMU_KERNEL_ASID << 48);
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    void *mapped = page_tables_map(&kernel, base, size, kind == ARCH_DEVICE ? DEVICE : DATA);

    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
    return mapped;
}
