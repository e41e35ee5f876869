// SPDX-License-Identifier: BSD-2-Clause
#include "boot/cmdline.h"

#define IOMMU_BLOCK_SIZE 0x200 /* the registers and more than the configuration */

static bool overlaps(const struct machine_mmio *block, uint64_t first, uint64_t last)
{
    return block->base <= last && block->base + (block->size - 1) >= first;
}

static bool overlaps_memory(const struct boot_info *boot, uint64_t base, uint64_t size)
{
    for (unsigned i = 0; i < boot->memory_count; i++)
        if (boot->memory[i].kind == BOOT_USABLE && boot->memory[i].first <= base + (size - 1) &&
            base <= boot->memory[i].last)
            return true;
    return false;
}

/* The known block that `block` overlaps; NULL: none. */
static struct machine_mmio *overlapped(struct machine *machine, const struct machine_mmio *block)
{
    for (unsigned i = 0; i < machine->mmio_count; i++) {
        struct machine_mmio *known = &machine->mmio[i];

        if (overlaps(block, known->base, known->base + (known->size - 1)))
            return known;
    }
    return NULL;
}

/* False, with a report: it can't be there, or there is no room. */
static bool add_block(const struct boot_info *boot, struct machine *machine,
                      const struct machine_mmio *block, const struct sink *diagnostics)
{
    struct machine_mmio *known = overlapped(machine, block);
    const char *expected = NULL;

    if (block->base % 4 || block->size - 1 > UINT64_MAX - block->base)
        expected = "a multiple of 4 with space behind it";
    else if (overlaps_memory(boot, block->base, block->size))
        expected = "no usable memory there";
    else if (known && (known->base != block->base || known->size != block->size))
        expected = "no overlap with another block";
    else if (!known && machine->mmio_count == MACHINE_MAX_MMIO)
        expected = "fewer blocks in all";
    if (expected)
        sink_printf(diagnostics,
                    "options: virtio-mmio block of 0x%llx bytes at 0x%llx, expected %s; ignored",
                    (unsigned long long)block->size, (unsigned long long)block->base, expected);
    else
        *(known ? known : &machine->mmio[machine->mmio_count++]) = *block;
    return !expected;
}

/* An IOMMU on virtio-mmio is a block, and exists whatever else describes it. */
static bool add_iommu(const struct boot_info *boot, struct machine *machine, uint64_t base,
                      const struct sink *diagnostics)
{
    const struct machine_mmio block = {.base = base, .size = IOMMU_BLOCK_SIZE};

    for (unsigned i = 0; i < machine->mmio_count; i++)
        if (machine->mmio[i].base == base) {
            machine->mmio[i].is_guess = false;
            return true;
        }
    return add_block(boot, machine, &block, diagnostics);
}

static bool is_in_memory(const struct boot_info *boot, const struct machine_host *host,
                         const char **what)
{
    *what = "the configuration space";
    if (overlaps_memory(boot, host->ecam, (uint64_t)(host->bus_last + 1) << 20))
        return true;
    *what = "a window";
    for (unsigned i = 0; i < host->window_count; i++)
        if (host->windows[i].kind != MACHINE_WINDOW_IO &&
            overlaps_memory(boot, host->windows[i].cpu, host->windows[i].size))
            return true;
    return false;
}

static bool set_host(const struct boot_info *boot, struct machine *machine,
                     const struct machine_host *host, const struct sink *diagnostics)
{
    const char *what;

    if (is_in_memory(boot, host, &what)) {
        sink_printf(diagnostics,
                    "options: PCI host bridge at 0x%llx: %s overlaps usable memory, expected none "
                    "there; ignored",
                    (unsigned long long)host->ecam, what);
        return false;
    }
    machine->hosts[0] = *host;
    machine->host_count = 1;
    return true;
}

void boot_apply_cmdline(const struct boot_info *boot, struct cmdline *options,
                        struct machine *machine, const struct sink *diagnostics)
{
    options->refused += boot->is_cmdline_cut;
    for (unsigned i = 0; i < options->blocks.count; i++)
        add_block(boot, machine, &options->blocks.blocks[i], diagnostics);
    for (unsigned i = 0; i < options->topology.iommu_count; i++)
        if (options->topology.iommus[i].device.bus == TOPOLOGY_MMIO)
            options->refused +=
                !add_iommu(boot, machine, options->topology.iommus[i].device.base, diagnostics);
    if (options->host.ecam)
        options->refused += !set_host(boot, machine, &options->host, diagnostics);
    for (unsigned i = 0; i < machine->host_count && options->pci_lines; i++)
        if (!machine->hosts[i].line_count)
            machine_host_set_lines(&machine->hosts[i], options->pci_lines);
}
