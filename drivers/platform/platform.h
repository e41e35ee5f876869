/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine says of itself: firmware tables, PCI, and which endpoints an IOMMU manages.
 * Filled once, read-only afterwards.
 */
#pragma once

#include "drivers/pci/pci.h"
#include "lib/machine/machine.h"
#include "lib/text/sink.h"
#include "lib/topology/topology.h"

struct platform {
    const struct machine *machine;
    struct pci pci;
    struct topology topology;
};

/*
 * Whatever is malformed is named in the sink and left out; a machine that describes no host bridge
 * is one with PCI by ports, if there are any. *machine must stay.
 */
void platform_discover(struct platform *platform, const struct machine *machine,
                       const struct sink *complaints);
