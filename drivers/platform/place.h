/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a device is: one of the two, the other is NULL. */
#pragma once

#include "drivers/pci/pci.h"
#include "drivers/virtio/transport_mmio.h"
#include "drivers/virtio/transport_pci.h"
#include "lib/topology/topology.h"

struct place {
    const struct pci_function *function;
    const struct virtio_mmio_block *block;
};

#define PLACE_TEXT 24

static inline bool place_is(const struct place *a, const struct place *b)
{
    return a->function == b->function && a->block == b->block;
}

/* "0000:00:03.0" or "mmio 0xa003e00"; "nowhere". Returns `text`. */
const char *place_text(const struct place *place, char text[PLACE_TEXT]);

/* Room for the transport of a virtio device, wherever that is. */
union virtio_any {
    struct virtio_transport transport;
    struct virtio_pci pci;
    struct virtio_mmio mmio;
};

/*
 * The endpoint that the device is by *topology, or is part of: a function by its requester id,
 * which others behind the same bridge may share. False: it covers no such device, or has it for the
 * IOMMU.
 */
bool place_find_endpoint(const struct place *place, const struct topology *topology,
                         struct topology_match *match);

/* Opens the device's transport; false, with what is wrong said. */
bool place_open_virtio(const struct place *place, union virtio_any *device,
                       const struct sink *complaints);
