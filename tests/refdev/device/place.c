// SPDX-License-Identifier: BSD-2-Clause
/* What an endpoint does to an address before the IOMMU sees it. */
#include "tests/refdev/device/endpoints.h"

bool ref_place_access(const struct ref_place *place, uint64_t address, void *bytes, uint32_t length,
                      bool is_write)
{
    uint64_t reach = place->address_bits ? (1ull << place->address_bits) - 1 : UINT64_MAX;

    if (place->drops && length && (address > reach || length - 1 > reach - address))
        return false;
    return ref_iommu_access(place->iommu, place->id, address & reach, bytes, length, is_write);
}

void ref_place_virtio(const struct ref_place *place, struct ref_virtio *virtio)
{
    if (place->has_no_msix)
        ref_remove_msix(&virtio->function);
    if (place->queue_size)
        virtio->queues[0].size_max = place->queue_size;
}
