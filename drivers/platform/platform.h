/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine says of itself: firmware tables, PCI, virtio-mmio, and which endpoints an IOMMU
 * manages. Filled once, read-only afterwards.
 */
#pragma once

#include "drivers/pci/pci.h"
#include "drivers/platform/place.h"
#include "lib/machine/machine.h"
#include "lib/text/sink.h"
#include "lib/topology/topology.h"

struct platform {
    const struct machine *machine;
    struct pci pci;
    /* Blocks that hold a device of virtio-mmio version 2. */
    struct virtio_mmio_block blocks[MACHINE_MAX_MMIO];
    unsigned block_count;
    struct topology topology;
};

/*
 * Whatever is malformed is named in the sink and left out; a machine that describes no host bridge
 * is one with PCI by ports, if there are any. *machine must stay; `told` is the part of the
 * topology that boot options describe.
 */
void platform_discover(struct platform *platform, const struct machine *machine,
                       const struct topology *told, const struct sink *complaints);

/* Where the IOMMU that a description names is; false: nowhere on this platform. */
bool platform_find_iommu(const struct platform *platform, const struct topology_iommu *iommu,
                         struct place *place);
/* The endpoint at `place`; false: no description covers it, or it is the IOMMU itself. */
bool platform_find_endpoint(const struct platform *platform, const struct place *place,
                            struct topology_match *match);
