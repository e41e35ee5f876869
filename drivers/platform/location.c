// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/location.h"

#include <stdio.h>

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
    const struct pci_function *function = place->function;

    if (function)
        return topology_find_pci(topology, function->host->segment, function->requester_id, match);
    return topology_find_mmio(topology, place->block->machine->base, match);
}

bool location_open_virtio(const struct device_location *place, union virtio_any *device,
                          const struct sink *diagnostics)
{
    if (place->function)
        return virtio_pci_open(place->function, &device->pci, diagnostics);
    return virtio_mmio_open(place->block, &device->mmio, diagnostics);
}
