/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine says of itself: firmware tables, PCI, virtio-mmio, and which endpoints an IOMMU
 * manages. Filled once, read-only afterwards.
 */
#pragma once

#include "drivers/pci/pci.h"
#include "drivers/platform/location.h"
#include "lib/acpi/iort.h"
#include "lib/machine/machine.h"
#include "lib/text/sink.h"
#include "lib/topology/builtin.h"
#include "lib/topology/topology.h"

/* What feature bit 6 and byte 36 of a virtio-iommu's configuration are. */
struct platform_builtin {
    struct device_location place;
    bool is_offered;              /* the bit */
    struct builtin_result result; /* if it is */
};

/* What was said of the descriptions of the topology; `count` may be more than is kept. */
#define PLATFORM_MAX_DIAGNOSTICS 8
struct platform_diagnostics {
    char lines[PLATFORM_MAX_DIAGNOSTICS][160];
    unsigned count;
};

struct platform {
    const struct machine *machine;
    struct pci pci;
    /* Blocks that hold a device of virtio-mmio version 2. */
    struct virtio_mmio_block blocks[MACHINE_MAX_MMIO];
    unsigned block_count;
    struct topology_choice choice;
    struct topology topology; /* the records of every source that counts */
    struct topology unused;   /* not used: by request (topology=), and of every VIOT but one */
    struct iort iort;         /* the last one that was opened: in a VIOT, then the table IORT */
    bool has_iort;            /* ... which it is */
    struct topology others;   /* IOMMUs of other kinds, and what they manage */
    struct platform_builtin builtins[TOPOLOGY_MAX_IOMMUS];
    unsigned builtin_count;
    struct platform_diagnostics diagnostics;
};

/*
 * Whatever is malformed is named in the sink and left out; a machine that describes no host bridge
 * is one with PCI by ports, if there are any. *machine must stay, and learns what the IORT says of
 * messages, as it is opened here; `by_options` is the part of the
 * topology that boot options describe, `choice` whose descriptions count. Virtio-iommus are reset
 * and their configuration read; no other device is touched.
 */
void platform_discover(struct platform *platform, struct machine *machine,
                       const struct topology *by_options, const struct topology_choice *choice,
                       const struct sink *diagnostics);

/*
 * Whether bit 6 of the virtio-iommu at `place` is BYPASS_CONFIG: only then it may be accepted and
 * the bypass byte written.
 */
bool platform_has_bypass_config(const struct platform *platform,
                                const struct device_location *place);

/* Whether that bit stands for a built-in topology, and this is a good one. */
bool platform_has_builtin_topology(const struct platform *platform,
                                   const struct device_location *place);

/* Where the device that a description names is; false: not on this platform. */
bool platform_find_device(const struct platform *platform, const struct topology_device *device,
                          struct device_location *place);
/*
 * The first virtio-iommu that PCI, then virtio-mmio shows, whoever describes it; false: there is
 * none.
 */
bool platform_first_iommu(const struct platform *platform, struct device_location *place);
/*
 * Whether the bus is of a host bridge that is described, and was left out as nobody can drive it:
 * nothing can be said of what is there.
 */
bool platform_is_left_out(const struct platform *platform, uint16_t segment, uint16_t bdf);
/* location_find_endpoint() by all descriptions that count. */
bool platform_find_endpoint(const struct platform *platform, const struct device_location *place,
                            struct topology_match *match);
/*
 * Which IOMMU of another kind the function is behind, by itself or by a bridge above it; indices of
 * *match are platform->others'. False: none.
 */
bool platform_find_other(const struct platform *platform, const struct pci_function *function,
                         struct topology_match *match);
