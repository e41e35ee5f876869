/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a device is: one of the two, the other is NULL. */
#pragma once

#include "drivers/pci/pci.h"
#include "drivers/virtio/transport_mmio.h"
#include "drivers/virtio/transport_pci.h"
#include "lib/topology/topology.h"

struct device_location {
    const struct pci_function *function;
    const struct virtio_mmio_block *block;
};

#define LOCATION_TEXT 24

static inline bool location_is(const struct device_location *a, const struct device_location *b)
{
    return a->function == b->function && a->block == b->block;
}

/* What descriptions of the topology call the device; and the endpoint whose requests it sends. */
struct topology_device location_device(const struct device_location *place);
struct topology_device location_requester(const struct device_location *place);

/* Whether it is a virtio-iommu, by the ids that its bus shows. */
bool location_is_virtio_iommu(const struct device_location *place);

/* "0000:00:03.0" or "mmio 0xa003e00"; "unknown". Returns `text`. */
const char *location_text(const struct device_location *place, char text[LOCATION_TEXT]);

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
bool location_find_endpoint(const struct device_location *place, const struct topology *topology,
                            struct topology_match *match);

/* Opens the device's transport; false, with what is wrong said. */
bool location_open_virtio(const struct device_location *place, union virtio_any *device,
                          const struct sink *diagnostics);
