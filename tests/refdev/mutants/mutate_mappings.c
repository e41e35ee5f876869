// SPDX-License-Identifier: BSD-2-Clause
/*
 * MAP and UNMAP that keep wrong mappings: ends that are off by one, merged neighbours, parts
 * removed.
 */
#include "tests/refdev/mutants/mutate_mappings.h"

#include <string.h>

#include "lib/model/mappings.h"
#include "tests/refdev/mutants/mutant.h"

static void remove_at(struct model_domain *domain, unsigned index)
{
    memmove(&domain->mappings[index], &domain->mappings[index + 1],
            (domain->count - index - 1) * sizeof(domain->mappings[0]));
    domain->count--;
}

static bool is_within(const struct model_mapping *mapping, uint64_t first, uint64_t last)
{
    return mapping->first >= first && mapping->last <= last;
}

/* Removes mappings inside [first, last], up to `limit` of them. */
static void remove_within(struct model_domain *domain, uint64_t first, uint64_t last,
                          unsigned limit)
{
    for (unsigned i = 0; i < domain->count && limit;)
        if (is_within(&domain->mappings[i], first, last)) {
            remove_at(domain, i);
            limit--;
        } else {
            i++;
        }
}

static void remove_touched(struct model_domain *domain, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < domain->count;)
        if (domain->mappings[i].first <= last && domain->mappings[i].last >= first)
            remove_at(domain, i);
        else
            i++;
}

/* The rest of a mapping of which a part is removed: what is after the part, or what is before. */
static void trim(struct model_domain *domain, uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < domain->count; i++) {
        struct model_mapping *mapping = &domain->mappings[i];

        if (mapping->first > last || mapping->last < first)
            continue;
        if (mapping->last > last) {
            mapping->physical += last + 1 - mapping->first;
            mapping->first = last + 1;
        } else if (mapping->first < first) {
            mapping->last = first - 1;
        }
    }
}

static void remove_up_to_a_hole(struct model_domain *domain, uint64_t first, uint64_t last)
{
    unsigned i = mappings_at(domain, first);
    uint64_t next = first;

    while (i < domain->count && domain->mappings[i].first == next &&
           domain->mappings[i].last <= last) {
        next = domain->mappings[i].last + 1;
        remove_at(domain, i);
    }
}

bool mutate_unmap(struct model_domain *domain, uint64_t first, uint64_t last)
{
    unsigned i = mappings_at(domain, first);
    const struct model_mapping *found = i < domain->count ? &domain->mappings[i] : NULL;

    switch (ref_mutant) {
    case MUTANT_UNMAP_NO_EFFECT:
        return true;
    case MUTANT_UNMAP_EXACT_ONLY:
        if (found && found->first == first && found->last == last)
            remove_at(domain, i);
        return true;
    case MUTANT_UNMAP_FIRST_ONLY:
        remove_within(domain, first, last, 1);
        return true;
    case MUTANT_UNMAP_AT_MOST_TWO:
        remove_within(domain, first, last, 2);
        return true;
    case MUTANT_UNMAP_STOPS_AT_HOLE:
        remove_up_to_a_hole(domain, first, last);
        return true;
    case MUTANT_UNMAP_ALL:
        domain->count = 0;
        return true;
    case MUTANT_UNMAP_END_EXCLUSIVE:
        remove_within(domain, first, last - 1, MODEL_MAPPINGS);
        return true;
    case MUTANT_UNMAP_NEIGHBOUR:
        remove_touched(domain, first, last + 1);
        return true;
    case MUTANT_UNMAP_BEFORE_NEIGHBOUR:
        remove_touched(domain, first - 1, last);
        return true;
    case MUTANT_UNMAP_LENGTH_OVERFLOWS:
        if (last - first + 1)
            remove_within(domain, first, last, MODEL_MAPPINGS);
        return true;
    case MUTANT_UNMAP_32_BITS:
        remove_within(domain, first, first + (uint32_t)(last - first), MODEL_MAPPINGS);
        return true;
    default:
        return false;
    }
}

bool mutate_map(struct model_domain *domain, const struct virtio_iommu_req_map *request)
{
    if (MUTANT(MAP_NO_EFFECT))
        return true;
    for (unsigned i = 0; MUTANT(MAP_ONE_ALIAS) && i < domain->count; i++)
        if (domain->mappings[i].physical == request->phys_start)
            remove_at(domain, i--);
    if (MUTANT(MAP_OVERLAP_REPLACES) &&
        mappings_overlap(domain, request->virt_start, request->virt_end))
        remove_touched(domain, request->virt_start, request->virt_end);
    return false;
}

void mutate_mapping(struct model_domain *domain, const struct virtio_iommu_req_map *request,
                    uint64_t granule)
{
    unsigned index = mappings_at(domain, request->virt_start);
    struct model_mapping *mapping = &domain->mappings[index];

    if (index == domain->count || mapping->first != request->virt_start)
        return;
    if (MUTANT(MAP_END_EXCLUSIVE))
        mapping->last -= mapping->last > mapping->first;
    if (MUTANT(MAP_LAST_BYTE_OF_ALL_LOST))
        mapping->last -= mapping->last == UINT64_MAX;
    if (MUTANT(MAP_ADDRESS_0_LOST) && !mapping->first) {
        mapping->first++;
        mapping->physical++;
    }
    if (MUTANT(MAP_LAST_GRANULE_MISSING) && mapping->last - mapping->first >= granule)
        mapping->last -= granule;
    if (MUTANT(MAP_ONE_BYTE_MORE))
        mapping->last++;
    if (MUTANT(MAP_ONE_BYTE_BEFORE)) {
        mapping->first--;
        mapping->physical--;
    }
    if (MUTANT(MAP_ONE_GRANULE_MORE))
        mapping->last += granule;
    if (MUTANT(MAP_PHYS_NEXT_GRANULE))
        mapping->physical += granule;
    if (MUTANT(MAP_SHORT_2M) && mapping->last - mapping->first > 0x1fffff)
        mapping->last = mapping->first + 0x1fffff;
    if (MUTANT(MAP_FIRST_PAGE_ONLY))
        mapping->last = mapping->first + granule - 1;
    if (MUTANT(MAP_ALWAYS_WRITABLE))
        mapping->flags |= VIRTIO_IOMMU_MAP_F_WRITE;
    if (MUTANT(MAP_READ_IS_WRITE) && (mapping->flags & VIRTIO_IOMMU_MAP_F_READ))
        mapping->flags |= VIRTIO_IOMMU_MAP_F_WRITE;
    if (MUTANT(MAP_NO_FLAGS_IS_ALL) && !(mapping->flags & 3))
        mapping->flags |= 3;
    if (MUTANT(MAP_NEVER_READABLE))
        mapping->flags &= ~(uint32_t)VIRTIO_IOMMU_MAP_F_READ;
    if (MUTANT(MAP_WRITE_NEEDS_READ) && !(mapping->flags & VIRTIO_IOMMU_MAP_F_READ))
        mapping->flags = 0;
    if (MUTANT(MAP_READ_NEEDS_WRITE) && !(mapping->flags & VIRTIO_IOMMU_MAP_F_WRITE))
        mapping->flags = 0;
    if (MUTANT(MAP_MERGES_NEIGHBOURS) && index && mapping[-1].last + 1 == mapping->first) {
        mapping[-1].last = mapping->last;
        remove_at(domain, index);
    }
    if (MUTANT(MAP_FORGETS_THE_FIRST) && domain->count > 8)
        remove_at(domain, 0);
}

void mutate_refused_unmap(struct model_domain *domain, uint64_t first, uint64_t last)
{
    if (!mappings_split(domain, first, last))
        return;
    if (MUTANT(UNMAP_SPLIT_REMOVES_COVERED))
        remove_within(domain, first, last, MODEL_MAPPINGS);
    if (MUTANT(UNMAP_SPLIT_REMOVES_BEFORE))
        remove_up_to_a_hole(domain, first, last);
    if (MUTANT(UNMAP_SPLIT_REMOVES_ALL) || MUTANT(UNMAP_TAKES_WHOLE))
        remove_touched(domain, first, last);
    if (MUTANT(UNMAP_TRIMS))
        trim(domain, first, last);
}
