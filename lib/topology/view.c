// SPDX-License-Identifier: BSD-2-Clause
#include "lib/topology/view.h"

bool topology_view(const struct topology *all, enum topology_source source, struct topology *view)
{
    *view = *all;
    view->range_count = 0;
    for (unsigned i = 0; i < all->range_count; i++)
        if (all->ranges[i].source == source)
            view->ranges[view->range_count++] = all->ranges[i];
    return view->range_count;
}

bool topology_same_iommu(const struct topology_iommu *a, const struct topology_iommu *b)
{
    if (a->bus != b->bus)
        return false;
    if (a->bus == TOPOLOGY_MMIO)
        return a->base == b->base;
    return a->segment == b->segment && a->bdf == b->bdf;
}

bool topology_wraps(const struct topology_range *range)
{
    uint64_t last = range->id_first;

    if (range->bus == TOPOLOGY_PCI)
        last += ((uint64_t)(range->segment_last - range->segment_first) << 16) +
                (uint64_t)(range->bdf_last - range->bdf_first);
    return last > UINT32_MAX;
}
