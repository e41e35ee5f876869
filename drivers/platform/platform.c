// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/platform.h"

#include "arch/arch.h"
#include "drivers/platform/internal.h"
#include "lib/spec/wire.h"

static void open_hosts(struct pci *pci, const struct machine *machine,
                       const struct sink *diagnostics)
{
    for (unsigned i = 0; i < machine->host_count; i++) {
        const struct machine_host *host = &machine->hosts[i];
        uint64_t size = (uint64_t)(host->bus_last - host->bus_first + 1) << PCI_ECAM_BUS_SHIFT;
        uint8_t *ecam = arch_map(host->ecam, size, ARCH_DEVICE);

        if (!ecam) {
            sink_printf(diagnostics,
                        "pci segment %u: configuration space at 0x%llx, buses 0x%02x to 0x%02x, "
                        "can't be mapped; left out",
                        host->segment, (unsigned long long)host->ecam, host->bus_first,
                        host->bus_last);
            continue;
        }
        pci->hosts[pci->host_count++] = (struct pci_host){.ops = &pci_ecam,
                                                          .machine = host,
                                                          .segment = host->segment,
                                                          .bus_first = host->bus_first,
                                                          .bus_last = host->bus_last,
                                                          .ecam = ecam};
    }
    if (!pci->host_count && arch_has_ports())
        pci->hosts[pci->host_count++] =
            (struct pci_host){.ops = &pci_ports, .bus_last = 255, .may_mirror = true};
}

/* Whether a driver could be for what the block holds; says what it finds wrong. */
static bool is_usable(const struct virtio_mmio_block *block, const struct sink *diagnostics)
{
    unsigned long long base = block->machine->base;

    if (block->magic != VIRTIO_MMIO_MAGIC) {
        if (!block->machine->is_guess)
            sink_printf(diagnostics, "virtio-mmio at 0x%llx: byte 0: magic is 0x%x, expected 0x%x",
                        base, block->magic, VIRTIO_MMIO_MAGIC);
        return false;
    }
    if (!block->device || block->version == VIRTIO_MMIO_VERSION)
        return block->device;
    if (block->version != VIRTIO_MMIO_LEGACY)
        sink_printf(diagnostics, "virtio-mmio at 0x%llx: byte 4: version is %u, expected %u", base,
                    block->version, VIRTIO_MMIO_VERSION);
    else if (block->device == VIRTIO_ID_IOMMU)
        sink_printf(diagnostics,
                    "virtio-mmio at 0x%llx: an IOMMU (device id %u) with the legacy interface, "
                    "version %u, expected %u; not driven",
                    base, block->device, block->version, VIRTIO_MMIO_VERSION);
    return false;
}

static void find_blocks(struct platform *platform, const struct sink *diagnostics)
{
    for (unsigned i = 0; i < platform->machine->mmio_count; i++) {
        const struct machine_mmio *machine = &platform->machine->mmio[i];
        struct virtio_mmio_block block;

        if (!virtio_mmio_identify(machine, &block))
            sink_printf(diagnostics, "virtio-mmio at 0x%llx: 0x%llx bytes that can't be mapped",
                        (unsigned long long)machine->base, (unsigned long long)machine->size);
        else if (is_usable(&block, diagnostics))
            platform->blocks[platform->block_count++] = block;
    }
}

void platform_discover(struct platform *platform, const struct machine *machine,
                       const struct topology *by_options, const struct topology_choice *choice,
                       const struct sink *diagnostics)
{
    *platform = (struct platform){.machine = machine, .choice = *choice};
    open_hosts(&platform->pci, machine, diagnostics);
    pci_enumerate(&platform->pci, diagnostics);
    find_blocks(platform, diagnostics);
    platform_read_builtins(platform, diagnostics);
    platform_read_topology(platform, by_options, diagnostics);
}

static const struct virtio_mmio_block *find_block(const struct platform *platform, uint64_t base)
{
    for (unsigned i = 0; i < platform->block_count; i++)
        if (platform->blocks[i].machine->base == base)
            return &platform->blocks[i];
    return NULL;
}

bool platform_find_iommu(const struct platform *platform, const struct topology_iommu *iommu,
                         struct device_location *place)
{
    *place = (struct device_location){0};
    if (iommu->bus == TOPOLOGY_PCI)
        place->function = pci_find(&platform->pci, iommu->segment, iommu->bdf);
    else
        place->block = find_block(platform, iommu->base);
    return place->function || place->block;
}

bool platform_find_endpoint(const struct platform *platform, const struct device_location *place,
                            struct topology_match *match)
{
    return location_find_endpoint(place, &platform->topology, match);
}

bool platform_find_other(const struct platform *platform, const struct pci_function *function,
                         struct topology_match *match)
{
    const struct topology *others = &platform->others;
    uint16_t segment = function->host->segment;

    if (topology_find_pci(others, segment, function->requester_id, match))
        return true;
    for (const struct pci_function *bridge = function->bridge; bridge; bridge = bridge->bridge)
        if (topology_find_pci(others, segment, bridge->bdf, match) &&
            others->ranges[match->range].has_below)
            return true;
    return false;
}
