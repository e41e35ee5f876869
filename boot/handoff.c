// SPDX-License-Identifier: BSD-2-Clause
#include "boot/handoff.h"

#include "arch/arch.h"

#define LIMIT (4ull << 30)

/* From the linker script. */
extern const char kernel_begin[], kernel_end[];

void boot_print_diagnostics(const struct boot_info *boot, const struct sink *diagnostics)
{
    for (unsigned i = 0; i < boot->diagnostic_count; i++)
        sink_printf(diagnostics, "%s", boot->diagnostics[i]);
    if (boot->diagnostics_lost)
        sink_printf(diagnostics, "%u more lines about what the loader left",
                    boot->diagnostics_lost);
}

static const void *map_firmware(void *context, uint64_t address, uint64_t size)
{
    (void)context;
    return arch_map(address, size, ARCH_NORMAL);
}

void boot_find_machine(const struct boot_info *boot, struct machine *machine,
                       const struct sink *diagnostics)
{
    const struct mem_view memory = {.map = map_firmware};
    const struct machine_roots roots = {
        .rsdp = boot->rsdp,
        .dtb = boot->dtb,
        .has_bios = arch_has_ports(),
    };

    machine->start_page = boot->start_page;
    machine_read(machine, &roots, &memory, diagnostics);
}

void boot_find_memory(const struct boot_info *boot, struct pages *pages,
                      const struct sink *diagnostics)
{
    struct boot_region region;
    uint64_t size;

    if (!boot_largest_usable(boot, LIMIT, (uintptr_t)kernel_begin, (uintptr_t)kernel_end,
                             &region)) {
        sink_printf(diagnostics, "memory map: %u regions, none usable below 4 GiB",
                    boot->memory_count);
        pages_init(pages, NULL, 0);
        return;
    }
    size = region.last - region.first + 1;
    pages_init(pages, arch_map(region.first, size, ARCH_NORMAL), size);
}
