// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/platform.h"

#include "arch/arch.h"
#include "drivers/platform/internal.h"
#include "lib/spec/wire.h"

/* False, with the reason said: its configuration space can't be mapped, or nobody answers there. */
static bool open_host(struct pci_host *host, const struct machine_host *machine,
                      const struct sink *diagnostics)
{
    uint64_t functions = (machine->bus_last - machine->bus_first + 1u) * PCI_FUNCTIONS_OF_A_BUS;
    const char *reason = "can't be mapped";

    *host = (struct pci_host){.ops = machine->is_cam ? &pci_cam : &pci_ecam,
                              .machine = machine,
                              .segment = machine->segment,
                              .bus_first = machine->bus_first,
                              .bus_last = machine->bus_last};
    if (machine->is_unusable) /* and named by who read that */
        return false;
    host->ecam = arch_map(machine->ecam, functions * host->ops->size, ARCH_DEVICE);
    if (host->ecam && pci_host_answers(host))
        return true;
    if (host->ecam)
        reason = "no function answers there";
    sink_printf(diagnostics, "pci segment %u buses %u-%u: %s at 0x%llx: %s; left out",
                host->segment, host->bus_first, host->bus_last, host->ops->name,
                (unsigned long long)machine->ecam, reason);
    return false;
}

static void open_hosts(struct pci *pci, const struct machine *machine,
                       const struct sink *diagnostics)
{
    for (unsigned i = 0; i < machine->host_count; i++)
        pci->host_count += open_host(&pci->hosts[pci->host_count], &machine->hosts[i], diagnostics);
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

static void read_messages(const struct platform *platform, struct machine *machine,
                          const struct sink *diagnostics)
{
    struct sink_share share;

    if (!platform->has_iort)
        return;
    machine_read_messages(machine, &platform->iort, sink_begin(&share, diagnostics, "IORT"));
    sink_end(&share);
}

void platform_discover(struct platform *platform, struct machine *machine,
                       const struct topology *by_options, const struct topology_choice *choice,
                       const struct sink *diagnostics)
{
    *platform = (struct platform){.machine = machine, .choice = *choice};
    open_hosts(&platform->pci, machine, diagnostics);
    pci_enumerate(&platform->pci, diagnostics);
    find_blocks(platform, diagnostics);
    platform_read_topology(platform, by_options, diagnostics);
    read_messages(platform, machine, diagnostics);
    platform_read_builtins(platform, diagnostics);
    platform_check_topology(platform, diagnostics);
}

static const struct virtio_mmio_block *find_block(const struct platform *platform, uint64_t base)
{
    for (unsigned i = 0; i < platform->block_count; i++)
        if (platform->blocks[i].machine->base == base)
            return &platform->blocks[i];
    return NULL;
}

bool platform_find_device(const struct platform *platform, const struct topology_device *device,
                          struct device_location *place)
{
    *place = (struct device_location){0};
    if (device->bus == TOPOLOGY_PCI)
        place->function = pci_find(&platform->pci, device->segment, device->bdf);
    else
        place->block = find_block(platform, device->base);
    return place->function || place->block;
}

bool platform_first_iommu(const struct platform *platform, struct device_location *place)
{
    for (unsigned i = 0; i < platform->pci.function_count; i++) {
        *place = (struct device_location){.function = &platform->pci.functions[i]};
        if (location_is_virtio_iommu(place))
            return true;
    }
    for (unsigned i = 0; i < platform->block_count; i++) {
        *place = (struct device_location){.block = &platform->blocks[i]};
        if (location_is_virtio_iommu(place))
            return true;
    }
    *place = (struct device_location){0};
    return false;
}

bool platform_is_left_out(const struct platform *platform, uint16_t segment, uint16_t bdf)
{
    bool is_described = false;

    for (unsigned i = 0; i < platform->machine->host_count; i++) {
        const struct machine_host *host = &platform->machine->hosts[i];

        is_described |= host->segment == segment && PCI_BUS(bdf) >= host->bus_first &&
                        PCI_BUS(bdf) <= host->bus_last;
    }
    for (unsigned i = 0; i < platform->pci.host_count; i++) {
        const struct pci_host *host = &platform->pci.hosts[i];

        if (host->segment == segment && PCI_BUS(bdf) >= host->bus_first &&
            PCI_BUS(bdf) <= host->bus_last)
            return false;
    }
    return is_described;
}

bool platform_find_endpoint(const struct platform *platform, const struct device_location *place,
                            struct topology_match *match)
{
    return location_find_endpoint(place, &platform->topology, match);
}

bool platform_find_other(const struct platform *platform, const struct pci_function *function,
                         struct topology_match *match)
{
    const struct device_location place = {.function = function};
    const struct topology *others = &platform->others;

    if (location_find_endpoint(&place, others, match))
        return true;
    for (const struct pci_function *bridge = function->bridge; bridge; bridge = bridge->bridge) {
        const struct topology_device device =
            topology_function(function->host->segment, bridge->bdf);

        if (topology_find(others, &device, match) && others->ranges[match->range].has_below)
            return true;
    }
    return false;
}
