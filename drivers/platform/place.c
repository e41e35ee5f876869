// SPDX-License-Identifier: BSD-2-Clause
#include "drivers/platform/place.h"

#include <stdio.h>

const char *place_text(const struct place *place, char text[PLACE_TEXT])
{
    const struct pci_function *function = place->function;

    if (function)
        snprintf(text, PLACE_TEXT, "%04x:%02x:%02x.%x", function->host->segment,
                 PCI_BUS(function->bdf), PCI_DEVICE(function->bdf), PCI_FUNCTION(function->bdf));
    else if (place->block)
        snprintf(text, PLACE_TEXT, "mmio 0x%llx", (unsigned long long)place->block->machine->base);
    else
        snprintf(text, PLACE_TEXT, "nowhere");
    return text;
}

bool place_find_endpoint(const struct place *place, const struct topology *topology,
                         struct topology_match *match)
{
    const struct pci_function *function = place->function;

    if (function)
        return topology_find_pci(topology, function->host->segment, function->requester_id, match);
    return topology_find_mmio(topology, place->block->machine->base, match);
}

bool place_open_virtio(const struct place *place, union virtio_any *device,
                       const struct sink *complaints)
{
    if (place->function)
        return virtio_pci_open(place->function, &device->pci, complaints);
    return virtio_mmio_open(place->block, &device->mmio, complaints);
}
