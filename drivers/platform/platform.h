/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine says of itself: firmware tables, PCI, and which endpoints an IOMMU manages.
 * Filled once, read-only afterwards.
 */
#pragma once

#include "drivers/pci/pci.h"
#include "lib/acpi/acpi.h"
#include "lib/text/sink.h"
#include "lib/topology/topology.h"

struct platform {
    bool has_acpi;
    struct acpi acpi;
    struct pci pci;
    struct topology topology;
};

/*
 * `rsdp` is the boot protocol's pointer, 0 if it gave none. Whatever is malformed is named in the
 * sink and left out; a machine without ACPI is a machine with PCI by ports and no topology.
 */
void platform_discover(struct platform *platform, uint64_t rsdp, const struct sink *complaints);
