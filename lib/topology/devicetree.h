/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The topology that a device tree describes: iommu-map of PCI host bridges, iommus of virtio-mmio.
 */
#pragma once

#include "lib/fdt/fdt.h"
#include "lib/text/sink.h"
#include "lib/topology/topology.h"

/*
 * Adds what the tree says to *out. Of several entries for one endpoint the first counts (Linux
 * pci-iommu.txt). IOMMUs of other kinds are there too, as what they manage is nobody else's; a copy
 * of them and of their ranges goes to *others. What makes no sense is reported and left out; if
 * there is no room, or the tree asks for too much work, all of it is.
 */
void devicetree_topology(const struct fdt *fdt, struct topology *out, struct topology *others,
                         const struct sink *sink);
