// SPDX-License-Identifier: BSD-2-Clause
/* What an endpoint does to an address before the IOMMU sees it. */
#include "tests/refdev/device/endpoints.h"

#define LOW_BITS 7ull

static uint64_t seen_by_iommu(const struct ref_place *place, uint64_t address)
{
    switch (place->flaw) {
    case REF_LOW_BITS_DROPPED:
        return address & ~LOW_BITS;
    case REF_OFFSET_SMALL:
        return address + 0x800;
    case REF_OFFSET_LARGE:
        return address + (1ull << 40);
    default:
        return address;
    }
}

static bool is_within(uint64_t address, uint32_t length, uint64_t first, uint64_t last)
{
    return !length || (address >= first && address <= last && length - 1 <= last - address);
}

bool ref_place_access(const struct ref_place *place, uint64_t address, void *bytes, uint32_t length,
                      bool is_write)
{
    uint64_t reach = place->address_bits ? (1ull << place->address_bits) - 1 : UINT64_MAX;

    if ((place->drops && !is_within(address, length, 0, reach)) ||
        (place->last && !is_within(address, length, place->first, place->last)))
        return false;
    return ref_iommu_access(place->iommu, place->id, seen_by_iommu(place, address & reach), bytes,
                            length, is_write);
}

void ref_place_virtio(const struct ref_place *place, struct ref_virtio *virtio)
{
    if (place->has_no_msix)
        ref_remove_msix(&virtio->function);
    if (place->queue_size)
        virtio->queues[0].size_max = place->queue_size;
}
