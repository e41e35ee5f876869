/* SPDX-License-Identifier: BSD-2-Clause */
/* What every reader of a description owes to struct topology. */
#pragma once

#include "lib/topology/topology.h"
#include "tests/unit/fixtures/find.h"
#include "tests/unit/fuzz/fuzz.h"

static inline void fuzz_check_range(const struct topology *topology,
                                    const struct topology_range *range)
{
    struct topology_match match;

    FUZZ_CHECK(range->iommu < topology->iommu_count);
    if (range->bus == TOPOLOGY_MMIO) {
        FUZZ_READ(find_block(topology, range->base, &match));
        return;
    }
    FUZZ_CHECK(range->segment_first <= range->segment_last);
    FUZZ_CHECK(range->bdf_first <= range->bdf_last);
    FUZZ_CHECK(topology_last_id(range) <= UINT32_MAX);
    if (FUZZ_READ(find_function(topology, range->segment_last, range->bdf_last, &match)))
        FUZZ_CHECK(match.iommu < topology->iommu_count);
}

static inline void fuzz_check_topology(const struct topology *topology)
{
    FUZZ_CHECK(topology->iommu_count <= TOPOLOGY_MAX_IOMMUS);
    FUZZ_CHECK(topology->range_count <= TOPOLOGY_MAX_RANGES);
    for (unsigned i = 0; i < topology->range_count; i++)
        fuzz_check_range(topology, &topology->ranges[i]);
    FUZZ_READ(topology_check(topology, &fuzz_sink));
}

/* A topology that is not empty, to be added to. */
static inline void fuzz_begin_topology(struct topology *topology)
{
    memset(topology, 0, sizeof(*topology));
    topology->iommus[0] = (struct topology_iommu){.source = TOPOLOGY_OPTIONS, .device.bdf = 0x18};
    topology->iommu_count = 1;
}
