// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's page tables, Sv39: the image by what its sections may be used for and what
 * arch_map() is asked for. Which memory is a device's the machine knows by itself (physical memory
 * attributes). Privileged section 4.4.
 */
#include "arch/page_tables.h"
#include "arch/riscv64/internal.h"

#define VALID      (1ull << 0)
#define READABLE   (1ull << 1)
#define WRITABLE   (1ull << 2)
#define EXECUTABLE (1ull << 3)
#define LEAF       (READABLE | WRITABLE | EXECUTABLE) /* any of them */
#define ACCESSED   (1ull << 6)
#define DIRTY      (1ull << 7)
#define PPN_SHIFT  10
#define SATP_SV39  (8ull << 60)

#define TABLES 128 /* a range takes two at most, beside those it shares */
/* What can be at its own address: the lower half of the virtual addresses. */
#define PHYSICAL_END (1ull << 38)

#define RODATA (READABLE | ACCESSED)
#define TEXT   (RODATA | EXECUTABLE)
#define DATA   (RODATA | WRITABLE | DIRTY)

static uint64_t tables[TABLES][512] __attribute__((aligned(SMALL_PAGE)));

static const struct page_format sv39 = {
    .levels = 3,
    .entry_shift = PAGE_SHIFT - PPN_SHIFT,
    .address_mask = ((1ull << 44) - 1) << PAGE_SHIFT,
    .valid = VALID,
    .table_mask = VALID | LEAF,
    .table = VALID,
};

static struct page_tables kernel = {
    .format = &sv39,
    .tables = tables,
    .capacity = TABLES,
    .used = 1,
    .physical_end = PHYSICAL_END,
    .page_0 = -PHYSICAL_END, /* the start of the upper half */
};

/* A translation that was looked for in vain may be remembered as well. */
static void flush(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

void mmu_init(void)
{
    page_tables_map_image(&kernel, TEXT, RODATA, DATA);
    flush();
    WRITE_CSR("satp", SATP_SV39 | (uintptr_t)tables >> PAGE_SHIFT);
    flush();
}

void *arch_map(uint64_t base, uint64_t size, enum arch_memory kind)
{
    void *mapped = page_tables_map(&kernel, base, size, DATA);

    (void)kind;
    flush();
    return mapped;
}
