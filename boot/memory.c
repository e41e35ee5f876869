// SPDX-License-Identifier: BSD-2-Clause
#include "boot/memory.h"

#define LIMIT (4ull << 30)

/* From the linker script. */
extern const char kernel_begin[], kernel_end[];

void boot_report(const struct boot_info *boot, const struct sink *complaints)
{
    for (unsigned i = 0; i < boot->complaint_count; i++)
        sink_printf(complaints, "%s", boot->complaints[i]);
}

void boot_memory(const struct boot_info *boot, struct pages *pages, const struct sink *complaints)
{
    struct boot_region region;

    if (!boot_largest_usable(boot, LIMIT, (uintptr_t)kernel_begin, (uintptr_t)kernel_end,
                             &region)) {
        sink_printf(complaints, "memory map: %u regions, none usable below 4 GiB",
                    boot->memory_count);
        pages_init(pages, NULL, 0);
        return;
    }
    pages_init(pages, (void *)region.first, region.last - region.first + 1);
}
