// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/location.h"

#include <stdio.h>

#include "lib/spec/wire.h"

#define TRANSITIONAL_IOMMU 0x1014 /* QEMU's until September 2020, with the modern interface too */

struct topology_device location_device(const struct device_location *place)
{
    const struct pci_function *function = place->function;

    return function ? topology_function(function->host->segment, function->bdf)
                    : topology_block(place->block->machine->base);
}

struct topology_device location_requester(const struct device_location *place)
{
    struct topology_device device = location_device(place);

    if (place->function)
        device.bdf = place->function->requester_id;
    return device;
}

bool location_is_virtio_iommu(const struct device_location *place)
{
    const struct pci_function *function = place->function;

    if (!function)
        return place->block && place->block->device == VIRTIO_ID_IOMMU;
    return function->vendor == VIRTIO_PCI_VENDOR &&
           (function->device == VIRTIO_PCI_DEVICE(VIRTIO_ID_IOMMU) ||
            function->device == TRANSITIONAL_IOMMU);
}

const char *location_text(const struct device_location *place, char text[LOCATION_TEXT])
{
    const struct pci_function *function = place->function;

    if (function)
        snprintf(text, LOCATION_TEXT, "%04x:%02x:%02x.%x", function->host->segment,
                 PCI_BUS(function->bdf), PCI_DEVICE(function->bdf), PCI_FUNCTION(function->bdf));
    else if (place->block)
        snprintf(text, LOCATION_TEXT, "mmio 0x%llx",
                 (unsigned long long)place->block->machine->base);
    else
        snprintf(text, LOCATION_TEXT, "unknown");
    return text;
}

bool location_find_endpoint(const struct device_location *place, const struct topology *topology,
                            struct topology_match *match)
{
    const struct topology_device device = location_requester(place);

    return topology_find(topology, &device, match);
}

bool location_open_virtio(const struct device_location *place, union virtio_any *device,
                          const struct sink *diagnostics)
{
    if (place->function)
        return virtio_pci_open(place->function, &device->pci, diagnostics);
    return virtio_mmio_open(place->block, &device->mmio, diagnostics);
}
