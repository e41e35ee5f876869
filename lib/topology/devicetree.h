/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which endpoints an IOMMU manages by the device tree: iommu-map and iommu-map-mask of PCI host
 * bridges, iommus of virtio-mmio devices (devicetree bindings pci-iommu.yaml, iommu.yaml,
 * virtio/mmio.yaml, virtio/pci-iommu.yaml).
 */
#pragma once

#include "lib/fdt/fdt.h"
#include "lib/topology/topology.h"

/*
 * Adds what the tree describes. A map with an impossible entry is reported and left out as a whole;
 * a reference that leads to no virtio-iommu is reported and skipped. Where several entries of a map
 * cover a function, the first one counts, and so it stands last in *out.
 */
void devicetree_topology(const struct fdt *fdt, struct topology *out, const struct sink *sink);
